"""Echo of the other leg: does a channel hear its own speaker, or the other channel come back quieter and later?

A bad headset or a hybrid sends one leg back on the other; without this the same words would appear twice. For each
piece of an utterance the path from the other leg is searched for (whitened cross-correlation over all delays that
occur), a short filter is fitted to it by least squares, and what it predicts is taken away. Speech that is left over
is the speaker's own.

Measured on twelve two-channel telephone calls with synthetic echo (rooms of 20 to 120 ms, mu-law afterwards):

    echo        delay      echoed turns found    own speech lost
    -6 dB       60 ms      227 of 239            0.7 %
    -12 dB      40 ms      240 of 257            0.2 %
    -18 dB      120 ms     217 of 237            0.0 %
    -20 dB      300 ms      95 of 110            0.0 %
    -30 dB      200 ms      90 of 185            0.1 %   (48 of the 56 that are 10 dB above the noise)

"Own speech" is 234 turns without and 455 with the other speaker talking at the same time; none was ever lost whole.
What was not found is nearly all from one call with a crowd behind the caller. An echo that went through a mobile
telephone's codec (AMR, 12.2 kbit/s) was found as often: 45 of 50. Being asked about 5 s of speech costs 5 ms when there
is echo and 0.4 ms when there is none; being fed costs 1.4 ms for each second and channel.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft, signal
from scipy.linalg import solve_toeplitz

from audio.resample import SAMPLE_RATE, Samples

KEPT_SECONDS = 25
"""How much of the past can be asked about: the longest utterance and some of what came before it."""
RATE = SAMPLE_RATE // 2
"""Samples a second of everything below."""
FRAME = RATE * 32 // 1000
BLOCK = RATE * 5 // 2
"""Samples that share one filter; the clocks of two sound cards drift apart by a fraction of a sample meanwhile."""
EARLIEST, LATEST = RATE * 64 // 1000, RATE * 640 // 1000
"""Samples that an echo may come before its source (two sound cards with different buffers) and after it."""
TAPS = RATE * 64 // 1000
"""Length of the filter: most of a room's response."""
WHITENING = 0.7
"""Share of the spectrum's shape taken out of the cross-correlation."""
RIDGE = 0.003
PEAK = 10.0
"""Least energy of the cross-correlation where the path is, over its median elsewhere."""
QUIETER = 0.8
"""Most energy an echo has of its source's."""
LEFT_OVER = 0.4
"""Share of a frame's energy left over from which the frame is the speaker's own."""
ABOVE_NOISE = 5.0
"""Energy over the channel's noise from which a frame is sound."""
SILENCE = 1e-8
"""Mean square of a frame that holds nothing."""
RUN, OF = 3, 5
"""So many frames of the speaker's own among so many in a row are speech, fewer an accident."""
MARGIN = RATE // 5
"""Audio kept around own speech."""

Flags = npt.NDArray[np.bool_]

_BAND = np.concatenate(
    [
        signal.butter(6, 3400, "low", fs=SAMPLE_RATE, output="sos"),
        signal.butter(2, 250, "high", fs=SAMPLE_RATE, output="sos"),
        signal.butter(1, 1000, "high", fs=SAMPLE_RATE, output="sos"),
    ]
)
"""The telephone's band, its high end raised as high as its low end, where speech is loudest."""


class EchoDetector:
    """The last seconds of both legs of a call; for one thread at a time.

    Sample numbers count from the call's start at 16 kHz and mean the same moment on both channels.
    """

    def __init__(self) -> None:
        self._legs = (_Leg(), _Leg())

    def feed(self, channel: int, samples: Samples) -> None:
        """The next samples of a channel: mono float32 at 16 kHz. Both channels must be fed before either is asked."""
        self._legs[channel].feed(samples)

    def advance(self, now: int) -> None:
        """Take what was fed up to sample `now`; the rest waits: answers must not depend on how far ahead it is."""
        for leg in self._legs:
            leg.advance(now)

    def own_speech(self, channel: int, start: int, end: int, now: int) -> list[tuple[int, int]]:
        """The parts of samples [start, end) in which the channel's own speaker is heard, in order, as known at `now`.

        Without echo all of [start, end), whatever it holds; an empty list when there is nothing but echo.
        """
        self.advance(now)
        near, far = self._legs[channel], self._legs[1 - channel]
        first, last = max(start // 2, near.begin), min(end // 2, near.end)
        if last - first < FRAME:
            return [(start, end)]
        count = max(1, round((last - first) / BLOCK))
        borders = [first + (last - first) * n // count // FRAME * FRAME for n in range(count)] + [last]
        noise, echoes = near.noise(), False
        own: list[Flags] = []
        for begin, stop in pairwise(borders):
            heard = near.cut(begin, stop)
            loud = _energies(heard)
            echo = _echo(heard, far.cut(begin - LATEST - TAPS, stop + EARLIEST), loud > ABOVE_NOISE * noise)
            if echo is None:
                own.append(loud > ABOVE_NOISE * noise)
            else:
                echoes = True
                own.append(_energies(heard - echo) > np.maximum(LEFT_OVER * loud, ABOVE_NOISE * noise))
        if not echoes:
            return [(start, end)]
        flags = np.concatenate(own)
        speech = np.flatnonzero(flags & (np.convolve(flags, np.ones(OF), mode="same") >= RUN))
        gaps = np.flatnonzero(np.diff(speech) * FRAME > 2 * MARGIN)
        parts = np.split(speech, gaps + 1) if len(speech) else []
        return [
            (
                max(start, 2 * (first + int(part[0]) * FRAME - MARGIN)),
                min(end, 2 * (first + int(part[-1] + 1) * FRAME + MARGIN)),
            )
            for part in parts
        ]


class _Leg:
    """The recent past of one channel at 8 kHz, within the band; samples by absolute number."""

    def __init__(self) -> None:
        self.end = 0
        self._state = np.zeros((len(_BAND), 2), dtype=np.float32)
        self._waiting: deque[Samples] = deque()
        self._taken = 0
        """Samples at 16 kHz that have been taken from what was fed."""
        self._odd = 0
        """Samples of the next piece that belong to the pair begun by the last one."""
        self._tape = np.zeros(2 * KEPT_SECONDS * RATE, dtype=np.float32)
        """Samples up to `end` are in front of `_filled`; when it is full the older half goes."""
        self._filled = 0

    @property
    def begin(self) -> int:
        """The oldest sample that is still there."""
        return self.end - self._filled

    def feed(self, samples: Samples) -> None:
        if len(samples):
            self._waiting.append(samples)

    def advance(self, now: int) -> None:
        while self._waiting and self._taken < now:
            samples = self._waiting.popleft()
            if len(samples) > now - self._taken:
                self._waiting.appendleft(samples[now - self._taken :])
                samples = samples[: now - self._taken]
            self._take(samples)

    def _take(self, samples: Samples) -> None:
        self._taken += len(samples)
        filtered, self._state = signal.sosfilt(_BAND, samples, zi=self._state)
        kept = filtered[self._odd :: 2]
        self._odd = (self._odd + len(samples)) % 2
        for first in range(0, len(kept), KEPT_SECONDS * RATE):
            self._append(kept[first : first + KEPT_SECONDS * RATE])

    def cut(self, begin: int, end: int) -> Samples:
        """Samples [begin, end), zeros where there are none."""
        found = self._tape[max(0, begin - self.begin) : max(0, min(end, self.end) - self.begin)]
        before = min(end - begin, max(0, self.begin - begin))
        return np.pad(found, (before, end - begin - before - len(found)))

    def noise(self) -> float:
        """Mean square of the quietest tenth of the last KEPT_SECONDS."""
        kept = self._tape[max(0, self._filled - KEPT_SECONDS * RATE) : self._filled]
        return max(SILENCE, float(np.quantile(_energies(kept), 0.1)))

    def _append(self, samples: Samples) -> None:
        if self._filled + len(samples) > len(self._tape):
            keep = KEPT_SECONDS * RATE
            self._tape[:keep] = self._tape[self._filled - keep : self._filled].copy()
            self._filled = keep
        self._tape[self._filled : self._filled + len(samples)] = samples
        self._filled += len(samples)
        self.end += len(samples)


def _echo(heard: Samples, source: Samples, sound: Flags) -> Samples | None:
    """What `heard` holds of `source`, which begins LATEST + TAPS samples earlier and ends EARLIEST later, if anything.

    `sound` tells which of the frames of `heard` are no noise.
    """
    lead = LATEST + TAPS
    around = np.lib.stride_tricks.sliding_window_view(_energies(source), 1 + (lead + EARLIEST) // FRAME).max(axis=1)
    loud = _energies(heard)
    count = min(len(loud), len(around))
    if np.count_nonzero(sound[:count] & (loud[:count] < QUIETER * around[:count])) < RUN:
        return None
    size = fft.next_fast_len(len(source) + TAPS, real=True)
    near, far = fft.rfft(np.pad(heard, (lead, 0)), size), fft.rfft(source, size)
    cross = near * np.conj(far)
    strength = np.abs(cross)
    # Whitened, the path stands out of speech's own periods; unwhitened is what least squares need.
    path = _delays(fft.irfft(cross / (strength + 1e-6 * strength.max()) ** WHITENING, size)) ** 2
    sums = np.cumsum(np.pad(path, (1, 0)))
    energy = sums[TAPS:] - sums[:-TAPS]
    place = int(np.argmax(energy))
    if energy[place] < PEAK * np.median(energy):
        return None
    # The filter is fitted to the very samples of the source that fall on `heard`.
    first = lead + EARLIEST - place - TAPS
    aligned = np.pad(source[max(0, first) :], (max(0, -first), 0))[: len(heard) + TAPS]
    size = fft.next_fast_len(len(aligned) + TAPS, real=True)
    near, far = fft.rfft(np.pad(heard, (TAPS, 0)), size), fft.rfft(aligned, size)
    likeness = fft.irfft(np.abs(far) ** 2, size)[:TAPS].astype(np.float64)
    likeness[0] *= 1 + RIDGE
    taps = solve_toeplitz(likeness, fft.irfft(near * np.conj(far), size)[:TAPS])
    echo: Samples = fft.irfft(far * fft.rfft(taps.astype(np.float32), size), size)[TAPS : TAPS + len(heard)]
    return echo if np.mean(echo**2) < QUIETER * np.mean(aligned**2) else None


def _delays(correlation: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """A circular correlation's values from EARLIEST before to LATEST + TAPS after."""
    return np.concatenate([correlation[-EARLIEST:], correlation[: LATEST + TAPS]])


def _energies(samples: Samples) -> npt.NDArray[np.float32]:
    """Mean square of each whole frame."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    energies: npt.NDArray[np.float32] = np.mean(frames**2, axis=1)
    return energies
