"""Recordings of calls that the server keeps: raw while the call is on, FLAC afterwards, deleted when they are old.

While a call is on its frames are appended to a file, so that what was said can be heard at once and a killed server
loses nothing; when it is over another thread makes FLAC of it (about half the size).
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from audio.files import RecordingReader
from audio.resample import Samples, from_pcm16

DAY = 86_400.0
LONGEST_PART = 600.0
"""Seconds that are given out at once."""
_RAW = re.compile(r"[0-9a-f]{32}\.(\d+)\.(\d)\.pcm")


class Recorder:
    """One call that is being recorded; a context manager."""

    def __init__(self, raw: Path, rate: int, channels: int, at: float, left: Callable[[Path], None]) -> None:
        self.whole = False
        """The call is over: its recording can be compressed when the recorder is left."""
        self._raw = raw
        self._file = raw.open("ab", buffering=0)
        self._file.truncate(round(at * rate) * 2 * channels)  # what was not recorded is silence
        self._rate = rate
        self._channels = channels
        self._left = left

    def write(self, frame: bytes) -> None:
        """Add a frame: whole interleaved 16-bit samples."""
        self._file.write(frame)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._left(self._raw)
        if self.whole:
            threading.Thread(target=_compress, args=(self._raw, self._rate, self._channels), daemon=True).start()


class Recordings:
    """The recordings in a folder. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._on: set[Path] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def begin(self, call: str, rate: int, channels: int, at: float = 0.0) -> Recorder:
        """Record a call, or from `at` seconds on one that was cut off. Raises OSError where
        there is no room, and where it cannot follow what was recorded before."""
        raw = self._raw(call, rate, channels)
        if [other for other in self._folder.glob(f"{_name(call)}.*") if other != raw]:
            raise OSError(errno.EEXIST, "what was recorded of it before has another rate, or is compressed already")
        recorder = Recorder(raw, rate, channels, at, self._on.discard)
        self._on.add(raw)
        return recorder

    def last(self, call: str, rate: int, channels: int, seconds: float) -> tuple[float, Samples]:
        """The end of what was recorded of a call that is not over: where it begins, in seconds, and at most `seconds`
        of it, float32 (channels, n) in -1..1. Nothing where nothing was recorded."""
        try:
            with self._raw(call, rate, channels).open("rb") as file:
                samples = os.fstat(file.fileno()).st_size // (2 * channels)
                first = max(0, samples - round(seconds * rate))
                file.seek(first * 2 * channels)
                return first / rate, from_pcm16(file.read((samples - first) * 2 * channels), channels)
        except FileNotFoundError:
            return 0.0, np.zeros((channels, 0), np.float32)

    def _raw(self, call: str, rate: int, channels: int) -> Path:
        return self._folder / f"{_name(call)}.{rate}.{channels}.pcm"

    def part(self, call: str, start: float, end: float) -> bytes | None:
        """Seconds [start, end) of a call as a WAV file; None where it was not recorded or is kept no longer."""
        end = min(end, start + LONGEST_PART)
        for raw in self._folder.glob(f"{_name(call)}.*.pcm"):
            if found := _RAW.fullmatch(raw.name):
                rate, channels = int(found[1]), int(found[2])
                try:
                    with raw.open("rb") as file:
                        file.seek(int(start * rate) * 2 * channels)
                        return _wav(file.read(int((end - start) * rate) * 2 * channels), rate, channels)
                except FileNotFoundError:  # made into FLAC just now
                    break
        flac = self._folder / f"{_name(call)}.flac"
        if not flac.is_file():
            return None
        with RecordingReader(flac) as reader:
            rate, channels = reader.recording.rate, reader.recording.channels
            first, last = int(start * rate), int(end * rate)
            pieces, at = [], 0
            for piece in reader.chunks(1.0):
                pieces.append(piece[:, max(0, first - at) : max(0, last - at)])
                at += piece.shape[1]
                if at >= last:
                    break
        samples = np.concatenate(pieces, axis=1) if pieces else np.zeros((channels, 0), np.float32)
        pcm = np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2")
        return _wav(pcm.T.tobytes(), rate, channels)

    def settle(self, seconds: float) -> None:
        """Compress what is raw although nothing has been added to it for so long: calls that were cut off for good."""
        for raw in self._folder.glob("*.pcm"):
            found = _RAW.fullmatch(raw.name)
            if found and raw not in self._on and raw.stat().st_mtime < time.time() - seconds:
                _compress(raw, int(found[1]), int(found[2]))

    def expire(self, days: float) -> int:
        """Delete the recordings that are older; returns how many."""
        old = [file for file in self._folder.glob("*.flac") if file.stat().st_mtime < time.time() - days * DAY]
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)


def _name(call: str) -> str:
    return hashlib.sha256(call.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _compress(raw: Path, rate: int, channels: int) -> None:
    """FLAC in place of a raw file, which stays until that is complete."""
    whole = raw.stat().st_size // (2 * channels) * 2 * channels
    flac = raw.with_name(raw.name.split(".")[0] + ".flac")
    draft = flac.with_suffix(".new")
    if whole:
        samples: NDArray[np.int16] = np.memmap(raw, dtype="<i2", mode="r", shape=(whole // 2,))
        layout = "stereo" if channels == 2 else "mono"
        with av.open(str(draft), "w", format="flac") as container:
            stream: Any = container.add_stream("flac", rate=rate, layout=layout)
            for first in range(0, len(samples), rate * channels):
                block = np.ascontiguousarray(samples[first : first + rate * channels]).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
                frame.sample_rate = rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        draft.replace(flac)
    raw.unlink(missing_ok=True)


def _wav(pcm: bytes, rate: int, channels: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(pcm)
    return file.getvalue()
