"""All that calls share, loaded once: the recognition engine, the city pack's reference data, the article index."""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from multiprocessing.context import SpawnProcess
from pathlib import Path

from assistant import model
from assistant.call import Call
from assistant.config import Settings, cache_dir
from assistant.engine import Engine
from assistant.errors import SeatError
from assistant.events import Event
from assistant.library import Library, make_index
from assistant.past import CutOff, hear_again, submitted
from assistant.recognizer import Recognizer
from assistant.suggest import Suggester
from assistant.summariser import Summariser
from assistant.ticket.filler import Reference, TicketFiller
from assistant.transcript import Utterance
from assistant.understanding import Observe, Publish, Understanding
from audio.files import RecordingReader, sample
from audio.media import MediaStart
from audio.resample import Resampler
from kb.search import ArticleIndex
from kb.tips import Tips

log = logging.getLogger(__name__)

USUAL_UTTERANCE = 4.5
"""Seconds of audio whose decoding stands for that of others."""
FINALS_PER_SECOND = 0.25
"""Windows that a call gives the recogniser for finals (234 turns in 1000 s of calls, and pauses tried in vain)."""
SHARE_FOR_FINALS = 0.4
"""Of the workers' time; partials, tickets and the calls' media get the rest. It makes 16 calls of two cores on which a
usual final takes 0.2 s with both busy: there, 16 calls have half their finals in 0.8 s, and 28 calls have them in 11 s
(`python -m benchmarks load`)."""

Progress = Callable[[str, float], None]
"""Called with what is being done and how much of it is, 0..1."""


class Knowledge:
    """What is built from the city pack: needed by everything but the recogniser."""

    def __init__(self, pack: Path, progress: Progress | None = None, library: Library | None = None) -> None:
        """`library`: where the pack's articles are kept once somebody has changed them. Raises PackError when the pack
        is missing or wrong."""
        self.reference = Reference.load(pack, cache_dir(), progress)
        self.tips = Tips.load(self.reference.pack)
        self._library = library
        self._state = library.state() if library else ""
        self._indexing: SpawnProcess | None = None
        self.index = (
            library.index(self._state, progress)
            if library
            else ArticleIndex.of_file(self.reference.pack.articles_path, cache_dir(), progress)
        )
        """The articles now; calls that have begun keep those of their beginning."""
        gc.collect()
        gc.freeze()  # none of it ever goes: looking through it for garbage would hold a call up for 0.2 s now and then

    def refresh(self) -> bool:
        """Take up what has changed in the library since; False when nothing has. Blocks, but costs calls nothing:
        another process makes the index. Raises SeatError when that fails."""
        state = self._library.state() if self._library else self._state
        if self._library is None or state == self._state:
            return False
        spawn = multiprocessing.get_context("spawn")
        self._indexing = spawn.Process(target=make_index, args=(self._library.url, self._library.pack, state))
        self._indexing.start()
        self._indexing.join()
        if self._indexing.exitcode:
            raise SeatError(f"The index of the changed articles could not be made (exit {self._indexing.exitcode}).")
        self.index = self._library.index(state)
        self._state = state
        return True

    def close(self) -> None:
        """Wait for no index that is being made."""
        if self._indexing is not None and self._indexing.is_alive():
            self._indexing.terminate()

    def filler(self, started_at: datetime, caller_phone: str | None) -> TicketFiller:
        """An empty ticket for a call."""
        return TicketFiller(self.reference, started_at, caller_phone)

    def suggester(self, started_at: datetime, caller_kind: str = "") -> Suggester:
        """Suggestions for a call; `caller_kind` as for `Suggester`."""
        return Suggester(self.index, started_at.date(), caller_kind)


class SeatAssistant:
    """Starts calls. Raises ModelError or PackError when the model or the pack cannot be used."""

    def __init__(self, settings: Settings, progress: Progress | None = None, library: Library | None = None) -> None:
        """`library`: as for `Knowledge`."""
        report = progress or (lambda what, part: None)
        self.settings = settings
        weights = model.locate(settings.model, cache_dir())  # what is missing is said before anything slow is loaded
        self.knowledge = Knowledge(settings.pack, progress, library)
        report("加载语音识别模型", 0.0)
        recognizer = Recognizer(
            weights,
            workers=settings.workers,
            device=settings.device,
            compute_type=settings.compute_type,
        )
        self.engine = Engine(recognizer)
        self._summariser = Summariser.of(settings)
        self._ears = ThreadPoolExecutor(max(1, settings.workers // 2), thread_name_prefix="ears")
        decoding = self._warm_up()
        self.capacity = settings.max_calls or capacity(settings.workers, decoding)
        """Calls that this machine carries at once."""
        report("加载语音识别模型", 1.0)

    async def start_call(
        self,
        info: MediaStart,
        publish: Publish,
        *,
        partials: bool = True,
        live: bool = True,
        observe: Observe = lambda stage, seconds: None,
        past: Sequence[Event] = (),
        since: CutOff | None = None,
    ) -> Call:
        """A call that has begun; `publish` gets its events, `observe` the time of each stage.

        `partials` off for replays that nobody watches; `live` off where time does not press (`Understanding`). One that
        goes on after it was cut off has a `past` `since` then.
        """
        filler = self.knowledge.filler(info.started_at, info.caller_phone)
        suggester = self.knowledge.suggester(info.started_at)
        if past:
            await asyncio.to_thread(hear_again, filler, suggester, past)
        understanding = Understanding(
            info.call_id,
            engine=self.engine,
            filler=filler,
            suggester=suggester,
            publish=publish,
            observe=observe,
            summariser=self._summariser,
            live=live,
            submitted=submitted(past),
        )
        call = Call(
            info,
            engine=self.engine,
            understanding=understanding,
            ears=self._ears,
            publish=publish,
            partial_interval=self.settings.partial_interval if partials else None,
            observe=observe,
            since=since,
        )
        await call.start()
        return call

    def _warm_up(self) -> float:
        """Load now what is loaded on first use: the first call must not wait half a second longer than the next.

        Returns the seconds that the final of a usual utterance takes while all workers are busy.
        """
        now = datetime.now().astimezone()
        said = Utterance(index=0, speaker="caller", text="你好，我想咨询一下社保卡怎么补办。", confidence=0.9)
        filler = self.knowledge.filler(now, None)
        filler.hear(said)
        self.knowledge.suggester(now).hear(said, filler.likely_categories)
        with RecordingReader(sample()) as reader:
            greeting = Resampler(reader.recording.rate).feed(next(reader.chunks(USUAL_UTTERANCE))[1], last=True)
        recognizer = self.engine.recognizer

        def decode(_: int) -> float:
            began = time.monotonic()
            recognizer.decode(greeting)
            return time.monotonic() - began

        # The first time things are loaded, others may be disturbed; where the capacity is given, once is enough.
        times = 1 if self.settings.max_calls else 4
        with ThreadPoolExecutor(recognizer.workers) as pool:
            return min(max(pool.map(decode, range(recognizer.workers))) for _ in range(times))

    def close(self) -> None:
        """Stop the recogniser's threads, and what still works for them."""
        self.knowledge.close()
        self.engine.close()
        self._ears.shutdown()


def capacity(workers: int, decoding: float) -> int:
    """Calls that `workers` carry when the final of a usual utterance takes one of them `decoding` seconds."""
    return max(1, int(workers * SHARE_FOR_FINALS / (FINALS_PER_SECOND * decoding)))
