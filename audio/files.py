"""Recordings: anything PyAV decodes, as chunks of float32 samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np

from audio.errors import AudioError
from audio.resample import HIGHEST_RATE, LOWEST_RATE, Samples


@dataclass(frozen=True)
class Recording:
    """What a file's header says."""

    path: Path
    rate: int
    """Samples a second."""
    channels: int
    """1 (mono, speaker unknown) or 2 (caller, agent)."""
    seconds: float | None
    """Length, None when the file does not say."""


class RecordingReader:
    """Opens a recording and yields it piece by piece; a context manager.

    A file that breaks off in the middle yields all that can be decoded and then has `damage` set to one sentence.
    Raises AudioError for a file that is missing, holds no audio, more than two channels, or nothing decodable.
    """

    def __init__(self, path: Path) -> None:
        self.damage: str | None = None
        if not path.is_file():
            raise AudioError(f"{path} does not exist or is no file.")
        with ExitStack() as stack:
            try:
                self._container: Any = stack.enter_context(av.open(str(path)))
            except (av.FFmpegError, OSError, ValueError) as error:
                raise AudioError(f"{path} is not an audio file that can be read ({_reason(error)}).") from error
            if not self._container.streams.audio:
                raise AudioError(f"{path} holds no audio.")
            stream = self._container.streams.audio[0]
            rate, channels = int(stream.rate or 0), int(stream.channels or 0)
            if not channels or not rate:
                raise AudioError(f"{path} holds no audio that can be decoded.")
            if channels not in (1, 2):
                raise AudioError(f"{path} has {channels} channels; expected one, or two (caller, agent).")
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                raise AudioError(f"{path} has a sample rate of {rate} Hz, which is not usable.")
            duration = self._container.duration
            self.recording = Recording(path, rate, channels, duration / 1_000_000 if duration else None)
            self._missing = _missing_bytes(path)
            self._close = stack.pop_all().close

    def __enter__(self) -> RecordingReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def chunks(self, seconds: float = 0.02) -> Iterator[Samples]:
        """float32 (channels, samples) at the recording's own rate, each `seconds` long but the last."""
        size = max(1, round(seconds * self.recording.rate))
        kept = np.zeros((self.recording.channels, 0), dtype=np.float32)
        anything = False
        for block in self._blocks():
            anything = anything or block.shape[1] > 0
            kept = np.concatenate([kept, block], axis=1)
            whole = kept.shape[1] // size * size
            for start in range(0, whole, size):
                yield kept[:, start : start + size]
            kept = kept[:, whole:]
        if kept.shape[1]:
            yield kept
        if not anything:
            raise AudioError(f"{self.recording.path} holds no audio that can be decoded.")

    def _blocks(self) -> Iterator[Samples]:
        rate, channels = self.recording.rate, self.recording.channels
        layout = "mono" if channels == 1 else "stereo"
        converter = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        try:
            for frame in self._container.decode(audio=0):
                for converted in converter.resample(frame):
                    yield converted.to_ndarray().astype(np.float32, copy=False)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.damage = (
                f"{self.recording.path} is damaged or breaks off ({_reason(error)}); what could be decoded was used."
            )
        if self._missing and not self.damage:
            self.damage = (
                f"{self.recording.path} breaks off ({self._missing} bytes are missing); what there is was used."
            )
        for converted in converter.resample(None):
            yield converted.to_ndarray().astype(np.float32, copy=False)


def _missing_bytes(path: Path) -> int:
    """How much shorter a WAV file is than its header says; FFmpeg takes a cut one without a word."""
    with path.open("rb") as file:
        head = file.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return 0
    said = int.from_bytes(head[4:8], "little")
    streamed = said in (0, 0xFFFFFFFF)  # written to a pipe, the length was never filled in
    return 0 if streamed else max(0, said + 8 - path.stat().st_size)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).split("\n")[0]


def sample() -> Path:
    """The bundled call: 8 kHz, caller and agent; a JSON file of the same name says when and from which line."""
    return Path(str(files("audio") / "samples" / "demo.flac"))
