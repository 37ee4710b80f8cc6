"""When each part of a call's audio arrived: what latencies are measured from."""

from __future__ import annotations

import bisect
import time

from audio.resample import SAMPLE_RATE


class Arrivals:
    """When each part of the audio arrived."""

    def __init__(self, rate: int) -> None:
        """`rate`: samples a second of the source."""
        self._rate = rate
        self._samples = 0
        self._ends: list[float] = []
        self._times: list[float] = []

    @property
    def seconds(self) -> float:
        """Seconds of audio so far."""
        return self._samples / self._rate

    def add(self, samples: int) -> None:
        """More samples (at the source's rate) have just arrived."""
        self._samples += samples
        self._ends.append(self.seconds)
        self._times.append(time.monotonic())
        if len(self._ends) > 20_000:
            del self._ends[:10_000], self._times[:10_000]

    def of(self, sample: int) -> float:
        """`time.monotonic()` at which a sample (at 16 kHz) arrived."""
        if not self._times:
            return time.monotonic()
        place = bisect.bisect_left(self._ends, sample / SAMPLE_RATE)
        return self._times[min(place, len(self._times) - 1)]
