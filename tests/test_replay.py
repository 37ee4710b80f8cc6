"""A recording goes through the pipeline that live calls go through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from assistant import config
from assistant.replay import ReplayOptions, replay
from assistant.seat import SeatAssistant
from audio.files import RecordingReader
from tests.conftest import SampleCall


@pytest.fixture(scope="module")
def assistant() -> Iterator[SeatAssistant]:
    running = SeatAssistant(config.load())
    yield running
    running.close()


def told(assistant: SeatAssistant, path: Path, options: ReplayOptions) -> dict[str, Any]:
    with RecordingReader(path) as reader:
        return asyncio.run(replay(assistant, reader, options))


@pytest.fixture(scope="module")
def excerpt(tmp_path_factory: pytest.TempPathFactory, call: SampleCall) -> Path:
    """The first twenty seconds of the bundled call."""
    path = tmp_path_factory.mktemp("replay") / "excerpt.wav"
    pcm = (call.samples[:, : 20 * 8000].T * 32767).astype(np.int16).reshape(1, -1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="stereo")
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return path


def test_full_speed_gives_what_real_time_gives(assistant: SeatAssistant, excerpt: Path, call: SampleCall) -> None:
    started = datetime.fromisoformat(call.started_at)
    fast = told(assistant, excerpt, ReplayOptions(started))
    live = told(assistant, excerpt, ReplayOptions(started, real_time=True))
    for part in ("transcript", "ticket", "suggestions", "hints", "candidates"):
        assert fast[part] == live[part], part
    assert fast["latency"]["pace"] == "full speed"
    assert live["latency"]["partial_ms"]["count"] > 0


def test_relative_days_count_from_the_calls_start(assistant: SeatAssistant, call: SampleCall) -> None:
    document = told(assistant, call.path, ReplayOptions(datetime.fromisoformat(call.started_at), call.caller_phone))
    assert document["call"]["started_at"] == call.started_at
    assert document["ticket"]["caller_name"]["value"] == "秦女士"
    assert document["ticket"]["request_type"]["value"] == "投诉"
    assert document["ticket"]["compound"]["value"] == "沁心华庭C区"
    assert document["ticket"]["contact_phone"]["value"] == "15900203147"
    assert [line["utterance"] for line in document["transcript"]] == sorted(
        line["utterance"] for line in document["transcript"]
    )
