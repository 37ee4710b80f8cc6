"""One call: samples in, events out.

Everything that decides runs on the audio's own clock: the same samples give the same final transcript, ticket and
suggestions at any pace. Wall time is only used to say how long after its audio an event left.

Three tasks share the work: `_listen` finds utterances and orders their recognition, `_finish` publishes the finals in
the order in which the utterances ended, `_understand` hands them to the ticket and the knowledge base; and one short
task for each partial shows what has been said so far.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from assistant import endpoint, events
from assistant.arrivals import Arrivals
from assistant.asking import Heard
from assistant.engine import Engine, Job
from assistant.events import Draft
from assistant.partials import LocalAgreement
from assistant.past import CutOff
from assistant.recognizer import NOTHING, Recognition
from assistant.transcript import Utterance, speaker
from assistant.understanding import Observe, Publish, Understanding
from audio.echo import EchoDetector
from audio.media import MediaStart
from audio.resample import SAMPLE_RATE, Samples
from audio.utterances import (
    SpeechEnded,
    SpeechEnding,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceDetector,
)
from audio.vad import CHUNK

log = logging.getLogger(__name__)

PIECE_SECONDS = 0.5
"""Longer frames are cut, so that no call holds the thread that all calls' voice activity runs on."""
PIECES_AT_ONCE = 4
PIECES_WAITING = 200
FINALS_AHEAD = 8
"""Ended utterances that may wait for the recogniser before more is listened to (bounds a replay at full speed)."""

STAGES = ("window", "queue", "decode", "endpoint", "publish")
"""Where a final's time goes: from the arrival of the end of speech until the window is ordered (voice activity and the
beginning of the pause), until a worker takes it, until it is decoded, until the pause has been long enough, until it is
published."""


@dataclass
class _Open:
    """An utterance that is still being spoken."""

    index: int
    channel: int
    start: int
    agreement: LocalAgreement = field(default_factory=LocalAgreement)
    trial: Job[Recognition] | None = None
    """The final of all so far, ordered when the speaker paused."""
    partial: Job[Recognition] | None = None
    answered: int = 0
    """Samples that the last partial that came back had seen."""
    heard: Recognition = NOTHING
    """What the last partial heard, if anything."""
    shown: int = 0
    """Samples that the last partial that was ordered sees."""
    closed: bool = False


@dataclass(frozen=True)
class _Ended:
    utterance: _Open
    speech: SpeechEnded
    final: Job[Recognition]
    decided: float
    """`time.monotonic()` at which the pause had been long enough."""


class Call:
    """Feed it samples, hang up, and wait; `publish` gets every event. Lives on one event loop."""

    def __init__(
        self,
        info: MediaStart,
        *,
        engine: Engine,
        understanding: Understanding,
        ears: Executor,
        publish: Publish,
        partial_interval: float | None,
        observe: Observe = lambda stage, seconds: None,
        since: CutOff | None = None,
    ) -> None:
        """`ears` runs the voice activity; `partial_interval` in seconds of new speech, None for finals only; `since`:
        where a call that was cut off goes on."""
        self.info = info
        self.understanding = understanding
        self._engine = engine
        self._ears = ears
        self._publish = publish
        self._observe = observe
        self._partial_step = None if partial_interval is None else int(partial_interval * SAMPLE_RATE)
        self._detectors = [UtteranceDetector(info.sample_rate) for _ in range(info.channels)]
        self._echo = EchoDetector() if info.channels == 2 else None
        self._open: dict[int, _Open] = {}
        self._said: dict[int, Job[Recognition]] = {}
        """The last utterance of each channel that is over."""
        self._since = since
        self._began = since.seconds if since else 0.0
        """Seconds of the call before the first sample."""
        self._utterances = since.utterances if since else 0
        self._judged = 0
        """Samples (at 16 kHz) whose speech events have been taken."""
        self._arrivals = Arrivals(info.sample_rate)
        self._incoming: asyncio.Queue[Samples | None] = asyncio.Queue(maxsize=PIECES_WAITING)
        self._ended: asyncio.Queue[_Ended | None] = asyncio.Queue(maxsize=FINALS_AHEAD)
        self._said_finally: asyncio.Queue[tuple[Utterance, Heard, SpeechEnded] | None] = asyncio.Queue()
        self._background: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def resumed(self) -> bool:
        """Whether it goes on after it was cut off."""
        return self._since is not None

    async def start(self) -> None:
        """Say that the call has begun, or goes on, and start listening."""
        info = self.info
        if self._since:
            await self._publish(self._since.drafts())
        else:
            started = events.CallStarted(
                agent=info.agent, caller_phone=info.caller_phone, started_at=info.started_at, channels=info.channels
            )
            await self._publish([Draft(started, 0.0)])
        self._tasks = [asyncio.create_task(task) for task in (self._listen(), self._finish(), self._understand())]

    async def feed(self, samples: Samples) -> None:
        """`samples`: float32 (channels, n) in -1..1, any n. Waits when the pipeline is far behind."""
        size = max(1, int(PIECE_SECONDS * self.info.sample_rate))
        for first in range(0, samples.shape[1], size):
            piece = samples[:, first : first + size]
            self._arrivals.add(piece.shape[1])
            await self._hand_over(piece)

    async def hang_up(self, reason: Literal["hangup", "lost", "interrupted"] = "hangup") -> None:
        """No more audio comes. Returns when everything that was said has become an event and the call is ended."""
        try:
            await self._hand_over(None)
            await asyncio.gather(*self._tasks)
            if reason != "interrupted":  # a server that is being stopped waits for nobody
                await self.understanding.summarise(self.seconds)
        finally:
            await self._wind_up()
            await self._publish([Draft(events.CallEnded(reason=reason), self.seconds)])

    async def _wind_up(self) -> None:
        """When a task has failed, let those behind it finish what they have (it told them that nothing more comes)."""
        ended = [task.done() and not task.cancelled() and task.exception() is not None for task in self._tasks]
        failed = ended.index(True) if any(ended) else len(self._tasks)
        for task in self._tasks[:failed]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def seconds(self) -> float:
        """Seconds of audio received so far."""
        return self._began + self._arrivals.seconds

    async def _hand_over(self, piece: Samples | None) -> None:
        """Queue a piece; raises what ended a task early, instead of waiting for one that takes nothing more."""
        while True:
            for task in self._tasks:
                if task.done():
                    task.result()
            try:
                self._incoming.put_nowait(piece)
                return
            except asyncio.QueueFull:
                await asyncio.wait(self._tasks, timeout=0.02, return_when=asyncio.FIRST_COMPLETED)

    async def _listen(self) -> None:
        try:
            while await self._listen_on():
                pass
        except Exception:  # what has been said until then becomes text all the same
            await self._ended.put(None)
            raise
        await self._ended.put(None)

    async def _listen_on(self) -> bool:
        """Take what has arrived; False when nothing more comes."""
        pieces = [await self._incoming.get()]
        while not self._incoming.empty() and len(pieces) < PIECES_AT_ONCE:
            pieces.append(self._incoming.get_nowait())
        await asyncio.get_running_loop().run_in_executor(self._ears, self._hear, pieces)
        await self._judge()
        if pieces[-1] is not None:
            await self._show_partials()
            return True
        for channel, detector in enumerate(self._detectors):
            for event in detector.close():
                await self._heed(channel, event)
        return False

    def _hear(self, pieces: Sequence[Samples | None]) -> None:
        """Voice activity of all channels (runs on the ears' thread)."""
        for piece in pieces:
            for channel, detector in enumerate(self._detectors):
                if piece is None:
                    detector.hear(np.zeros(0, dtype=np.float32), last=True)
                    continue
                samples = detector.hear(piece[channel])
                if self._echo:
                    self._echo.feed(channel, samples)
        if self._echo:
            self._echo.advance(self._judged)

    async def _judge(self) -> None:
        """Take the channels' speech events in the order of the audio's clock, whatever pieces it came in."""
        heard = min(detector.heard for detector in self._detectors)
        if heard > self._judged:
            self._observe("voice activity", time.monotonic() - self._arrivals.of(heard))
        while self._judged + CHUNK <= heard:
            self._judged += CHUNK
            for channel, detector in enumerate(self._detectors):
                for event in detector.advance(self._judged):
                    await self._heed(channel, event)

    async def _heed(self, channel: int, event: SpeechEvent) -> None:
        match event:
            case SpeechStarted(start=start, at=at):
                utterance = self._open[channel] = _Open(self._utterances, channel, start)
                self._utterances += 1
                said = events.SpeechStarted(utterance=utterance.index, speaker=speaker(channel, self.info.channels))
                await self._publish([self._draft(said, at, at)])
            case SpeechPaused(samples=samples, end=end):
                utterance = self._open[channel]
                own = await self._own(channel, utterance.start, samples)
                utterance.trial = self._engine.final(own, self._arrivals.of(end), trial=True)
                if self._partial_step is not None:
                    self._spawn(self._show_trial(utterance, utterance.trial, event.at))
            case SpeechEnding():
                # Both channels stand still until the trial's text is known (no longer than its final would take):
                # deciding without it would make the transcript depend on how fast the machine is.
                self._detectors[channel].patience = await self._patience(channel)
            case SpeechResumed():
                utterance = self._open[channel]
                if utterance.trial:
                    utterance.trial.cancel()
                utterance.trial = None
            case SpeechEnded():
                await self._end(channel, event)

    async def _patience(self, channel: int) -> float:
        trial = self._open[channel].trial
        if trial:
            self._engine.promote(trial)
        paused = await _result(trial) if trial else None
        asked = self._said.get(self.info.channels - 1 - channel)
        question = await _result(asked) if asked else None
        return endpoint.patience(paused.text if paused else "", question.text if question else "")

    async def _end(self, channel: int, speech: SpeechEnded) -> None:
        utterance = self._open.pop(channel)
        utterance.closed = True
        if utterance.partial:
            utterance.partial.cancel()
        if utterance.trial:
            final = utterance.trial
        else:
            own = await self._own(channel, utterance.start, speech.samples)
            final = self._engine.final(own, self._arrivals.of(speech.end))
        self._said[channel] = final
        await self._ended.put(_Ended(utterance, speech, final, time.monotonic()))

    async def _own(self, channel: int, start: int, samples: Samples) -> Samples:
        """`samples` from `start` on, silenced where the channel only hears the other leg's echo; empty if nowhere else.

        Runs on the ears' thread, as all that looks at audio does.
        """
        if self._echo is None:
            return samples
        loop = asyncio.get_running_loop()
        end = start + len(samples)
        try:
            parts = await loop.run_in_executor(self._ears, self._echo.own_speech, channel, start, end, self._judged)
        except Exception:  # better an echo than nothing
            log.exception("call %s: no echo could be looked for", self.info.call_id)
            return samples
        if parts == [(start, end)]:
            return samples
        own = np.zeros(len(samples) if parts else 0, dtype=np.float32)
        for first, last in parts:
            own[first - start : last - start] = samples[first - start : last - start]
        return own

    async def _show_partials(self) -> None:
        if self._partial_step is None:
            return
        for channel, utterance in list(self._open.items()):
            spoken = self._detectors[channel].spoken()
            decoding = utterance.partial is not None and utterance.partial.future.running()
            if not decoding and spoken - utterance.shown >= self._partial_step:
                utterance.shown = spoken
                samples = await self._own(channel, utterance.start, self._detectors[channel].growing())
                prefix = self._engine.recognizer.prefix(utterance.heard, utterance.agreement.stable)
                utterance.partial = self._engine.partial(
                    (self.info.call_id, utterance.index), samples, prefix, first=not utterance.answered
                )
                self._spawn(self._show_partial(utterance, utterance.partial, utterance.start + spoken))

    async def _show_partial(self, utterance: _Open, job: Job[Recognition], until: int) -> None:
        """Publish what a partial heard, if the utterance is still being spoken."""
        heard = await _result(job)
        if heard is None or utterance.closed or until < utterance.answered:
            return
        utterance.answered = until
        if not heard.text:
            return
        utterance.heard = heard
        stable, tentative = utterance.agreement.update(heard.text)
        await self._publish_partial(utterance, stable, tentative, until)

    async def _show_trial(self, utterance: _Open, job: Job[Recognition], until: int) -> None:
        """Show the final on trial while the pause lasts: better words than the last partial's, at no cost."""
        heard = await _result(job)
        if heard is None or utterance.closed or utterance.trial is not job:
            return
        stable = utterance.agreement.stable
        if not heard.text.startswith(stable):
            return
        await self._publish_partial(utterance, stable, heard.text[len(stable) :], until)

    async def _publish_partial(self, utterance: _Open, stable: str, tentative: str, until: int) -> None:
        partial = events.TranscriptPartial(
            utterance=utterance.index,
            speaker=speaker(utterance.channel, self.info.channels),
            start=round(self._at(utterance.start), 3),
            stable=stable,
            tentative=tentative,
        )
        await self._publish([self._draft(partial, until, until)])

    async def _finish(self) -> None:
        try:
            while (ended := await self._ended.get()) is not None:
                await self._publish_final(ended)
        finally:
            self._said_finally.put_nowait(None)

    async def _publish_final(self, ended: _Ended) -> None:
        heard = await _result(ended.final) or NOTHING
        speech, index = ended.speech, ended.utterance.index
        utterance = Utterance(
            index=index,
            speaker=speaker(ended.utterance.channel, self.info.channels),
            text=heard.text,
            start=round(self._at(speech.start), 3),
            end=round(self._at(speech.end), 3),
            confidence=round(heard.confidence, 3),
            hypotheses=heard.hypotheses,
        )
        begins = self._at(ended.utterance.start)
        final = events.TranscriptFinal(
            utterance=index,
            speaker=utterance.speaker,
            start=utterance.start,
            end=utterance.end,
            text=utterance.text,
            confidence=utterance.confidence,
            times=[round(begins + time, 2) for time in heard.times],
            stages=self._stages(ended),
        )
        await self._publish([self._draft(final, speech.at, speech.end)])
        if utterance.text and ended.final.samples is not None:
            decoded = Heard(heard.text, heard.times, ended.final.samples)
            self._said_finally.put_nowait((utterance, decoded, speech))

    def _stages(self, ended: _Ended) -> dict[str, float]:
        """Milliseconds of each of STAGES; what overlaps with an earlier stage counts there."""
        job, last = ended.final, self._arrivals.of(ended.speech.end)
        stages = {}
        for stage, until in zip(
            STAGES, (job.ordered, job.begun, job.done, ended.decided, time.monotonic()), strict=True
        ):
            seconds = max(0.0, until - last)
            self._observe(stage, seconds)
            stages[stage] = round(1000 * seconds, 1)
            last = max(last, until)
        return stages

    async def _understand(self) -> None:
        """Ticket and knowledge, from finals that have already been sent."""
        while (said := await self._said_finally.get()) is not None:
            utterance, heard, speech = said
            arrived = self._arrivals.of(speech.end)
            await self.understanding.take_in(utterance, heard, self._at(speech.at), arrived)

    def _draft(self, data: events.Data, at: int, caused_by: int) -> Draft:
        return Draft(data, self._at(at), self._arrivals.of(caused_by))

    def _at(self, sample: int) -> float:
        """Seconds of the call at which a sample (at 16 kHz) was heard."""
        return self._began + sample / SAMPLE_RATE

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _result(job: Job[Recognition]) -> Recognition | None:
    """What the engine answered, None when it was cancelled or failed (which the engine logs and a call survives)."""
    try:
        return await asyncio.wrap_future(job.future)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if job.future.cancelled() and not (task and task.cancelling()):
            return None
        raise
    except Exception:
        return None
