"""Checks of a machine: can it serve calls, and how many at once?"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

import numpy as np

from assistant import model
from assistant.config import Settings, cache_dir
from assistant.demo import sample
from assistant.errors import SeatError
from assistant.library import Library
from assistant.recognizer import SAMPLE_RATE, Recognizer
from assistant.store import Store
from audio.devices import input_devices
from audio.errors import AudioError
from audio.files import RecordingReader
from audio.resample import Resampler
from kb.articles import read_articles
from kb.errors import PackError
from kb.pack import CityPack

PACKAGES = (
    "faster-whisper",
    "ctranslate2",
    "webrtcvad-wheels",
    "sounddevice",
    "onnxruntime",
    "numpy",
    "websockets",
    "jieba",
)
SPEECH_SECONDS = 5.0


@dataclass(frozen=True)
class Check:
    """One line of the report."""

    name: str
    verdict: Literal["ok", "warning", "error"]
    words: str


def checks(settings: Settings) -> Iterator[Check]:
    """All checks, one after the other (the last decodes speech for some seconds)."""
    yield Check("系统", "ok", f"{platform.platform()}，Python {platform.python_version()}，{os.cpu_count()} 核")
    yield _packages()
    yield _try("城市数据", lambda: _pack(settings))
    yield _try("数据库", lambda: _store(settings))
    yield _devices()
    yield _try("识别模型", lambda: _speed(settings))


def _try(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, "ok", check())
    except (SeatError, PackError, AudioError, OSError) as error:
        return Check(name, "error", str(error))


def _packages() -> Check:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check("软件包", "error", f"缺少 {'、'.join(missing)}；请运行 pip install -e .")
    return Check("软件包", "ok", "，".join(found))


def _pack(settings: Settings) -> str:
    pack = CityPack.load(settings.pack)
    library = Library.at_hand(settings)
    articles = library.articles() if library else read_articles(pack.articles_path)
    return (
        f"{pack.city}：{len(pack.merchants)} 商户，{len(pack.compounds)} 小区，{len(pack.roads)} 道路，"
        f"{len(pack.departments)} 单位，{len(articles)} 条知识（{settings.pack}）"
    )


def _store(settings: Settings) -> str:
    store = Store(settings.store_url())
    try:
        count = len(store.calls(1000))
        return (
            f"{store.engine.url.render_as_string(hide_password=True)}，{'1000 以上' if count == 1000 else count} 通电话"
        )
    finally:
        store.close()


def _devices() -> Check:
    try:
        devices = input_devices()
    except AudioError as error:
        return Check("录音设备", "warning", f"{error}（只有座席电脑上的 seat capture 需要）")
    if not devices:
        return Check("录音设备", "warning", "没有录音设备（只有座席电脑上的 seat capture 需要）")
    return Check("录音设备", "ok", "；".join(f"{device.number} {device.name}" for device in devices[:8]))


def _speed(settings: Settings) -> str:
    directory = model.locate(settings.model, cache_dir())
    recognizer = Recognizer(directory, device=settings.device, compute_type=settings.compute_type)
    with RecordingReader(sample()) as reader:
        rate = reader.recording.rate
        heard = Resampler(rate).feed(np.concatenate(list(reader.chunks()), axis=1)[1], last=True)
    speech = heard[SAMPLE_RATE : SAMPLE_RATE + int(SPEECH_SECONDS * SAMPLE_RATE)]
    recognizer.decode(speech)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        recognizer.decode(speech)
        times.append(time.perf_counter() - began)
    each = sorted(times)[len(times) // 2]
    finals = SPEECH_SECONDS / each * settings.workers
    how = f"{settings.model}（{directory}），{settings.device}/{settings.compute_type}"
    took = f"{SPEECH_SECONDS:.0f} 秒语音定稿 {1000 * each:.0f} ms，{settings.workers} 线程合计约 {finals:.0f} 倍实时"
    return f"{how}：{took}"
