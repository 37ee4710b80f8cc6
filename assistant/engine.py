"""One recognition engine for all calls: a worker thread per core, finals before partials before questions.

The engine holds no state of any call. Windows of samples go in, recognitions come out as futures; what is queued can
be cancelled (a pause that was none), and a partial that a newer one of the same utterance has overtaken is dropped.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from assistant.recognizer import Recognition, Recognizer, Samples

_FINAL, _PARTIAL, _QUESTION = 0, 1, 2


@dataclass(order=True)
class _Job:
    rank: int
    number: int
    work: Callable[[], Any] = field(compare=False)
    future: Future[Any] = field(compare=False)


class Engine:
    """Feeds `recognizer.workers` threads from one priority queue; thread-safe.

    Within a rank, what came first is done first.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer
        self._queue: list[_Job] = []
        self._ready = threading.Condition()
        self._numbers = itertools.count()
        self._partials: dict[object, _Job] = {}
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"recognizer-{n}", daemon=True) for n in range(recognizer.workers)
        ]
        for thread in self._threads:
            thread.start()

    def final(self, samples: Samples) -> Future[Recognition]:
        """What was said in a whole utterance. Cancel the future when the utterance goes on."""
        return self._submit(_FINAL, lambda: self.recognizer.decode(samples)).future

    def partial(self, utterance: object, samples: Samples) -> Future[Recognition]:
        """What has been said so far. What is queued for the same `utterance` (any hashable) is dropped."""
        overtaken = self._partials.get(utterance)
        number = overtaken.number if overtaken and overtaken.future.cancel() else None  # it keeps its place in the line
        job = self._submit(_PARTIAL, lambda: self.recognizer.decode_partial(samples), number)
        self._partials[utterance] = job
        job.future.add_done_callback(lambda _: self._forget(utterance, job))
        return job.future

    def score(self, samples: Samples, texts: Sequence[str]) -> Future[list[float]]:
        """How likely each of `texts` was said (log-probabilities); asked when nothing else is waiting."""
        return self._submit(_QUESTION, lambda: self.recognizer.score(samples, texts)).future

    def waiting(self) -> int:
        """Jobs in the queue."""
        return len(self._queue)

    def close(self) -> None:
        """Finish what is being decoded, cancel what is queued, stop the workers."""
        with self._ready:
            self._closed = True
            abandoned, self._queue = self._queue, []
            self._ready.notify_all()
        for job in abandoned:
            job.future.cancel()
        for thread in self._threads:
            thread.join()

    def _submit(self, rank: int, work: Callable[[], Any], number: int | None = None) -> _Job:
        job = _Job(rank, next(self._numbers) if number is None else number, work, Future())
        with self._ready:
            if self._closed:
                job.future.cancel()
            else:
                heapq.heappush(self._queue, job)
                self._ready.notify()
        return job

    def _forget(self, utterance: object, job: _Job) -> None:
        if self._partials.get(utterance) is job:
            del self._partials[utterance]

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._closed:
                    self._ready.wait()
                if self._closed:
                    return
                job = heapq.heappop(self._queue)
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                job.future.set_result(job.work())
            except BaseException as error:  # whatever went wrong belongs to the one who asked
                job.future.set_exception(error)
