"""Utterances: where one speaker's speech begins, pauses and ends on one channel.

Everything here runs on the audio's own clock (samples received), so the same samples always give the same utterances,
whatever the pace at which they came and however they were cut into frames.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from audio.resample import SAMPLE_RATE, Resampler, Samples
from audio.vad import CHUNK, VoiceActivity


@dataclass(frozen=True)
class Endpointing:
    """When speech counts as begun, paused and ended; all times in seconds."""

    onset: float = 0.4
    """Speech probability at which speech begins."""
    offset: float = 0.25
    """Speech probability under which speech pauses (lower than `onset`, so that it does not flutter)."""
    onset_chunks: int = 2
    """Chunks of 32 ms in a row that must be speech before an utterance begins."""
    pre_roll: float = 0.3
    """Audio before the onset that belongs to the utterance: soft first consonants come before any detector wakes."""
    pause: float = 0.09
    """Silence after which the utterance is decoded on trial."""
    soonest: float = 0.25
    """Silence after which it is asked how long to wait for more (`UtteranceDetector.patience`)."""
    end: float = 0.5
    """Silence after which the utterance is over, if nobody answers that."""
    tail: float = 0.09
    """Audio after the last speech that belongs to the utterance; no more than `pause`, so that the final on trial is
    the final."""
    longest: float = 18.0
    """Speech longer than this is split (the recogniser's window is 30 s, its padding 5 s, and the agent wants text)."""
    split_search: float = 5.0
    """The split is made at the quietest place within this last part."""


@dataclass(frozen=True)
class SpeechStarted:
    """Somebody began to speak. `at`: sample of the decision; `start`: sample where the utterance's audio begins."""

    at: int
    start: int


@dataclass(frozen=True)
class SpeechPaused:
    """The speaker paused; `samples` is the whole utterance so far, as it will be if nothing more is said."""

    at: int
    end: int
    """Sample at which the speech ended."""
    samples: Samples


@dataclass(frozen=True)
class SpeechEnding:
    """The pause has lasted `Endpointing.soonest`: set the detector's `patience` now, from what was said."""

    at: int


@dataclass(frozen=True)
class SpeechResumed:
    """The speaker goes on: the pause was none."""

    at: int


@dataclass(frozen=True)
class SpeechEnded:
    """The utterance is over. `start`, `end`: samples between which speech was; `samples`: its audio, to be decoded."""

    at: int
    start: int
    end: int
    samples: Samples
    split: bool = False
    """The speaker went on; the next utterance begins where this one ends."""


SpeechEvent = SpeechStarted | SpeechPaused | SpeechEnding | SpeechResumed | SpeechEnded


class UtteranceDetector:
    """One channel: samples in at any rate, speech events out. Sample numbers count from the call's start at 16 kHz.

    `hear` does the work that takes time, `advance` draws the conclusions; who has one channel only calls `feed`.
    """

    def __init__(self, rate: int, endpointing: Endpointing | None = None) -> None:
        self.settings = endpointing or Endpointing()
        self._resampler = Resampler(rate)
        self._activity = VoiceActivity()
        self._audio = _Tape()
        self._heard: deque[float] = deque()
        """Speech probabilities of the chunks that have been heard but not judged."""
        self._position = 0
        """Samples judged so far."""
        self.patience = self.settings.end
        """Seconds of silence after which the utterance is over. Set it at `SpeechEnding`; it holds for that pause."""
        self._loud = 0
        """Chunks of speech in a row while nobody speaks yet."""
        self._start: int | None = None
        """First sample of the current utterance, None while nobody speaks."""
        self._speech_from = 0
        self._speech_end = 0
        self._paused = self._asked = False
        self._probabilities: deque[float] = deque(maxlen=int(self.settings.split_search * SAMPLE_RATE / CHUNK))

    def feed(self, samples: Samples) -> list[SpeechEvent]:
        """`samples`: mono float32 at the channel's rate. Returns what they brought about."""
        self.hear(samples)
        return list(self.advance(self.heard))

    def finish(self) -> list[SpeechEvent]:
        """The call is over: whatever was being said becomes an utterance, however little silence followed."""
        self.hear(np.zeros(0, dtype=np.float32), last=True)
        return [*self.advance(self.heard), *self.close()]

    def hear(self, samples: Samples, last: bool = False) -> Samples:
        """Resample and find the voice activity (`samples` as in `feed`; `last`: nothing follows).

        Returns the samples at 16 kHz.
        """
        heard = self._resampler.feed(samples, last=last)
        if last:
            heard = np.concatenate([heard, np.zeros(2 * CHUNK, dtype=np.float32)])
        self._audio.append(heard)
        self._heard.extend(self._activity.feed(heard))
        return heard

    @property
    def heard(self) -> int:
        """Samples that can be judged."""
        return self._position + len(self._heard) * CHUNK

    def advance(self, until: int) -> Iterator[SpeechEvent]:
        """Judge what has been heard up to sample `until`; whoever takes an event may answer it before the next."""
        while self._heard and self._position + CHUNK <= until:
            self._position += CHUNK
            yield from self._step(self._heard.popleft())
        keep = self._start if self._start is not None else self._position - SAMPLE_RATE
        self._audio.forget(keep - SAMPLE_RATE)

    def close(self) -> list[SpeechEvent]:
        """Nothing follows: end the utterance that is being spoken, if there is one."""
        return [] if self._start is None else [self._end()]

    def spoken(self) -> int:
        """Samples of the utterance being spoken, 0 when nobody speaks or the speaker pauses."""
        return 0 if self._start is None or self._paused else self._position - self._start

    def growing(self) -> Samples:
        """The audio of the utterance being spoken, as long as `spoken()` says."""
        return self._audio.cut(self._position - self.spoken(), self._position)

    def _step(self, probability: float) -> Iterable[SpeechEvent]:
        self._probabilities.append(probability)
        settings = self.settings
        if self._start is None:
            self._loud = self._loud + 1 if probability >= settings.onset else 0
            if self._loud < settings.onset_chunks:
                return []
            self._speech_from = self._position - self._loud * CHUNK
            earliest = max(self._speech_end, self._audio.start)
            return [self._begin(max(earliest, self._speech_from - int(settings.pre_roll * SAMPLE_RATE)))]
        if probability >= (settings.onset if self._paused else settings.offset):
            self._speech_end = self._position
            if self._paused:
                self._paused = False
                return [SpeechResumed(self._position)]
            if self._position - self._start >= settings.longest * SAMPLE_RATE:
                return self._split()
            return []
        silence = self._position - self._speech_end
        return self._pause(silence / SAMPLE_RATE)

    def _pause(self, silence: float) -> Iterator[SpeechEvent]:
        settings = self.settings
        if not self._paused and silence >= settings.pause:
            self._paused, self._asked, self.patience = True, False, settings.end
            yield SpeechPaused(self._position, self._speech_end, self._utterance())
        if self._paused and not self._asked and silence >= settings.soonest:
            self._asked = True
            yield SpeechEnding(self._position)
        if silence >= self.patience:
            yield self._end()

    def _begin(self, start: int) -> SpeechStarted:
        self._start, self._paused, self._loud = start, False, 0
        self._speech_end = self._position
        return SpeechStarted(self._position, start)

    def _utterance(self) -> Samples:
        assert self._start is not None
        end = min(self._speech_end + int(self.settings.tail * SAMPLE_RATE), self._position)
        return self._audio.cut(self._start, end)

    def _end(self) -> SpeechEnded:
        assert self._start is not None
        ended = SpeechEnded(self._position, self._speech_from, self._speech_end, self._utterance())
        self._start, self._paused, self._loud = None, False, 0
        return ended

    def _split(self) -> list[SpeechEvent]:
        """End the utterance at the quietest place of its last seconds and let the rest begin a new one."""
        assert self._start is not None
        count = min(len(self._probabilities), (self._position - self._start) // CHUNK // 2)
        searched = self._audio.cut(self._position - count * CHUNK, self._position).reshape(count, CHUNK)
        energy = np.log10(np.mean(searched**2, axis=1) + 1e-10)
        smooth = np.convolve(energy, np.ones(3) / 3, mode="same")[1:-1]
        place = self._position - (count - 1 - int(np.argmin(smooth))) * CHUNK + CHUNK // 2
        ended = SpeechEnded(self._position, self._speech_from, place, self._audio.cut(self._start, place), split=True)
        self._speech_from = place
        return [ended, self._begin(place)]


class _Tape:
    """The recent past of a channel, addressed by absolute sample number."""

    def __init__(self) -> None:
        self.start = 0
        self._pieces: list[Samples] = []

    def append(self, samples: Samples) -> None:
        if len(samples):
            self._pieces.append(samples)

    def cut(self, start: int, end: int) -> Samples:
        """A copy of samples [start, end)."""
        whole = self._whole()
        return whole[max(0, start - self.start) : max(0, end - self.start)].copy()

    def forget(self, before: int) -> None:
        """Samples before `before` are not needed any more; they go ten seconds at a time, to copy seldom."""
        if before - self.start >= 10 * SAMPLE_RATE:
            self._pieces = [self._whole()[before - self.start :].copy()]
            self.start = before

    def _whole(self) -> Samples:
        if len(self._pieces) != 1:
            self._pieces = [np.concatenate(self._pieces) if self._pieces else np.zeros(0, dtype=np.float32)]
        return self._pieces[0]
