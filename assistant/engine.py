"""One recognition engine for all calls: a worker thread per core that always does what is due first.

    finals      what the agent waits for; the utterance whose speech ended first goes first
    trials      finals of utterances that pause and may go on; ordered ahead of time, cancelled when speech resumes
    partials    what has been said so far; the first of an utterance before others, else in the order of asking, and
                never on all workers at once, so that a final does not wait for them. An utterance has one partial in
                the queue at most (a newer one takes its place), so no backlog can build up: under load the interval
                between partials grows
    questions   "was this said?"; before the partials of utterances of which something is on the page already, and
                never on all workers either

The engine holds no state of any call. Windows of samples go in, jobs with futures come out; what is queued can be
cancelled. Finals of like length that wait at the same time are decoded in one batch (`Recognizer.batch`).
"""

from __future__ import annotations

import heapq
import itertools
import logging
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from assistant.recognizer import Recognition, Recognizer, Samples

log = logging.getLogger(__name__)

_FINAL, _TRIAL, _PARTIAL, _QUESTION = range(4)
_OTHERS = (_PARTIAL, _QUESTION)
"""What finals must never have to wait for on all workers."""
DELAYS = 20
"""Finals over whose delays `Engine.delay` looks back."""
DELAY_SECONDS = 15.0
"""Delays older than this say nothing about now."""

T = TypeVar("T")


class Job(Generic[T]):
    """Something asked of the engine. Times are of `time.monotonic()`; 0.0 until it has come to that."""

    def __init__(self, rank: int, due: float, work: Callable[[], T] | None = None, samples: Samples | None = None):
        self.future: Future[T] = Future()
        self.rank = rank
        self.due = due
        self.work = work
        """None for finals: what they have in common is done for all of a batch."""
        self.samples = samples
        self.ordered = time.monotonic()
        self.begun = self.done = 0.0

    def cancel(self) -> bool:
        """Not wanted any more. False when it is being decoded or done."""
        return self.future.cancel()

    @property
    def waiting(self) -> bool:
        """Whether it has yet to be begun."""
        return not self.begun and not self.future.cancelled()


_Entry = tuple[int, float, int, Job[Any]]
"""Rank, due, number (so that jobs are never compared), job."""


class Engine:
    """Feeds `recognizer.workers` threads; thread-safe."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self._finals: list[_Entry] = []
        """A heap, trials behind finals. A promoted trial is in it twice."""
        self._partials: tuple[dict[object, Job[Recognition]], ...] = ({}, {})
        """By utterance, in the order of asking: those that nothing has been shown of, and the others."""
        self._questions: deque[Job[Any]] = deque()
        self._ready = threading.Condition()
        self._numbers = itertools.count()
        self._decoding_others = 0
        self._most_others = max(1, recognizer.workers - 1)
        self._delays: deque[tuple[float, float, float]] = deque(maxlen=DELAYS)
        """(when, how long it took, how long it waited for a worker) of finals and trials."""
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"recognizer-{n}", daemon=True) for n in range(recognizer.workers)
        ]
        for thread in self._threads:
            thread.start()

    def final(self, samples: Samples, due: float = 0.0, *, trial: bool = False) -> Job[Recognition]:
        """What was said in a whole utterance whose speech ended at `due` (`time.monotonic()`; the oldest goes first).

        `trial`: the speaker has only paused. Cancel it when speech resumes, `promote` it when the utterance is over.
        """
        job = Job[Recognition](_TRIAL if trial else _FINAL, due, samples=samples)
        self._submit(job, lambda: self._queue_final(job))
        return job

    def promote(self, job: Job[Recognition]) -> None:
        """A trial's utterance is over: it is a final now."""
        with self._ready:
            job.rank = _FINAL
            if job.waiting and not self._closed:
                self._queue_final(job)

    def partial(
        self, utterance: object, samples: Samples, prefix: Sequence[int] = (), *, first: bool = False
    ) -> Job[Recognition]:
        """What has been said so far, `prefix` being certain (`Recognizer.prefix`); `first`: nothing has been shown yet.

        What is queued for the same `utterance` (any hashable) is dropped; the new one takes its place in the line.
        """
        job = Job(_PARTIAL, 0.0, lambda: self.recognizer.decode_partial(samples, prefix))

        def queue() -> None:
            line, other = self._partials if first else self._partials[::-1]
            for overtaken in (line.get(utterance), other.pop(utterance, None)):
                if overtaken:
                    overtaken.cancel()
            line[utterance] = job

        self._submit(job, queue)
        return job

    def ask(self, question: Callable[[Recognizer], T]) -> Job[T]:
        """Anything else of the recogniser; done when no final and no first partial is waiting."""
        job = Job(_QUESTION, 0.0, lambda: question(self.recognizer))
        self._submit(job, lambda: self._questions.append(job))
        return job

    def waiting(self) -> int:
        """Jobs that have yet to be begun."""
        with self._ready:
            finals = {id(entry[3]) for entry in self._finals if entry[3].waiting}
            others: list[Job[Any]] = [job for line in self._partials for job in line.values()] + [*self._questions]
            return len(finals) + sum(job.waiting for job in others)

    def delay(self) -> float:
        """Seconds that finals took lately from order to text (the median of the last DELAYS), 0.0 when there were none.

        On a machine with room it is the time of one decoding; it grows when the machine is full.
        """
        return self._lately(1)

    def queueing(self) -> float:
        """Seconds that finals waited lately for a worker (median, as `delay`): hardly any on a machine with room."""
        return self._lately(2)

    def _lately(self, column: int) -> float:
        since = time.monotonic() - DELAY_SECONDS
        with self._ready:
            recent = [delay[column] for delay in self._delays if delay[0] >= since]
        return statistics.median(recent) if recent else 0.0

    def close(self) -> None:
        """Finish what is being decoded, cancel what is queued, stop the workers."""
        with self._ready:
            self._closed = True
            partials = [job for line in self._partials for job in line.values()]
            abandoned = [entry[3] for entry in self._finals] + partials + list(self._questions)
            self._ready.notify_all()
        for job in abandoned:
            job.cancel()
        for thread in self._threads:
            thread.join()

    def _submit(self, job: Job[Any], queue: Callable[[], None]) -> None:
        with self._ready:
            if self._closed:
                job.cancel()
                return
            queue()
            self._ready.notify()

    def _queue_final(self, job: Job[Recognition]) -> None:
        heapq.heappush(self._finals, (job.rank, job.due, next(self._numbers), job))

    def _work(self) -> None:
        while batch := self._next():
            answers = self._answers(batch)
            self._record(batch)
            for job, (result, failure) in zip(batch, answers, strict=True):
                if failure:
                    job.future.set_exception(failure)
                else:
                    job.future.set_result(result)

    def _answers(self, batch: Sequence[Job[Any]]) -> list[tuple[Any, BaseException | None]]:
        """What came of each job: (result, None) or (None, what went wrong)."""
        work = batch[0].work
        try:
            if work:
                return [(work(), None)]
            windows = [job.samples for job in batch if job.samples is not None]
            return [(heard, None) for heard in self.recognizer.decode_together(windows)]
        except BaseException as error:  # whatever went wrong belongs to those who asked
            if len(batch) > 1:  # but not to those whose windows were decoded with theirs
                return [answer for job in batch for answer in self._answers([job])]
            log.error("recognition failed", exc_info=error)
            return [(None, error)]

    def _next(self) -> list[Job[Any]]:
        """Wait for something to do; nothing when the engine is closed."""
        with self._ready:
            while not self._closed:
                batch = self._take()
                if batch:
                    self._decoding_others += batch[0].rank in _OTHERS
                    return batch
                self._ready.wait()
        return []

    def _take(self) -> list[Job[Any]]:
        while self._finals:
            first = heapq.heappop(self._finals)[3]
            if _claim(first):
                return [first, *self._alike(first)]
        first_partials, others = self._partials
        return self._take_partial(first_partials) or self._take_question() or self._take_partial(others)

    def _take_partial(self, line: dict[object, Job[Recognition]]) -> list[Job[Any]]:
        if self._decoding_others < self._most_others:
            for utterance, job in list(line.items()):
                del line[utterance]
                if _claim(job):
                    return [job]
        return []

    def _take_question(self) -> list[Job[Any]]:
        while self._questions and self._decoding_others < self._most_others:
            question = self._questions.popleft()
            if _claim(question):
                return [question]
        return []

    def _alike(self, first: Job[Recognition]) -> list[Job[Recognition]]:
        """Other finals that can be decoded in the same batch."""
        if self.recognizer.batch == 1 or not self._finals:
            return []
        length = self._length(first)
        found: list[Job[Recognition]] = []
        for *_, job in sorted(self._finals):
            if len(found) + 1 == self.recognizer.batch:
                break
            if job.rank == first.rank and self._length(job) == length and _claim(job):
                found.append(job)
        return found

    def _length(self, job: Job[Recognition]) -> int:
        return 0 if job.samples is None else self.recognizer.length(job.samples)

    def _record(self, batch: Sequence[Job[Any]]) -> None:
        now = time.monotonic()
        with self._ready:
            for job in batch:
                job.done = now
                if job.rank in (_FINAL, _TRIAL):
                    self._delays.append((now, now - job.ordered, job.begun - job.ordered))
            if batch[0].rank in _OTHERS:
                self._decoding_others -= 1
                self._ready.notify()


def _claim(job: Job[Any]) -> bool:
    """Begin the job, unless it is no longer wanted or somebody has begun it."""
    if not job.waiting or not job.future.set_running_or_notify_cancel():
        return False
    job.begun = time.monotonic()
    return True
