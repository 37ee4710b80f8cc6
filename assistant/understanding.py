"""What a call's words come to: the ticket, the suggestions, and what the recogniser is asked because of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import ParamSpec, TypeVar

from assistant import events
from assistant.asking import Asker, Heard
from assistant.drafts import ticket_drafts
from assistant.engine import Engine
from assistant.events import Draft
from assistant.suggest import Suggester
from assistant.summariser import WRITTEN, Summariser
from assistant.ticket.fields import Change, FieldValue, Hint, Value
from assistant.ticket.filler import TicketFiller
from assistant.transcript import Utterance

log = logging.getLogger(__name__)

ASK_SECONDS = 3.0
"""How long the ticket of a call that somebody waits for waits for answers."""
BUSY = 0.05
"""Seconds that finals wait for a worker (`Engine.queueing`) from which it has no time for questions: on two cores eight
calls wait 0.004, sixteen 0.1 without questions and 0.18 with them."""

Publish = Callable[[Sequence[Draft]], Awaitable[object]]
"""Takes events in order; returns when they are as durable as they are going to be."""
Observe = Callable[[str, float], None]
"""Takes note of a stage (`call.STAGES`, "voice activity", "ticket", "suggestions", "asking") and its seconds."""

P = ParamSpec("P")
T = TypeVar("T")


class Understanding:
    """The ticket and the suggestions of one call. Lives on one event loop."""

    def __init__(
        self,
        call_id: str,
        *,
        engine: Engine,
        filler: TicketFiller,
        suggester: Suggester,
        publish: Publish,
        observe: Observe = lambda stage, seconds: None,
        summariser: Summariser | None = None,
        live: bool = True,
        submitted: bool = False,
    ) -> None:
        """Not `live`: nobody waits; the recogniser is asked at any load, so that a recording gives the same again.
        `submitted`: the ticket of a call that goes on has been."""
        self._call_id = call_id
        self._engine = engine
        self._asker = Asker(engine)
        self._filler = filler
        self._suggester = suggester
        self._publish = publish
        self._observe = observe
        self._summariser = summariser
        self._live = live
        self._ticket = asyncio.Lock()
        self._submitted = submitted

    async def take_in(self, utterance: Utterance, heard: Heard, at: float, arrived: float) -> None:
        """Publish what comes of an utterance that is final: its last word was `at` seconds and arrived at `arrived`.

        A fault in one part costs the agent neither the others nor the rest of the call. The next utterance waits for
        the recogniser's answers, so that what is confirmed in it is what was meant.
        """
        self._asker.remember(utterance.index, heard)

        def drafts(noted: Sequence[Change | Hint]) -> list[Draft]:
            return ticket_drafts(noted, at, utterance.index, arrived)

        async def fill() -> list[Draft]:
            return drafts(await self._locked(self._unless_submitted, self._filler.hear, utterance))

        async def suggest() -> list[Draft]:
            hits = await asyncio.to_thread(self._suggester.hear, utterance, self._filler.likely_categories)
            if hits is None:
                return []
            return [Draft(events.suggestion(utterance.index, hits, self._suggester.said), at, arrived)]

        async def ask() -> list[Draft] | None:
            questions = await self._locked(self._filler.questions)
            answers = await self._asker.ask(questions, until - time.monotonic() if self._live else None)
            return drafts(await self._locked(self._unless_submitted, self._filler.learn, answers)) if answers else None

        await self._step("ticket", fill, utterance.index)
        await self._step("suggestions", suggest, utterance.index)
        if self._live and self._engine.queueing() > BUSY:
            return
        until = time.monotonic() + ASK_SECONDS
        while not self._submitted and await self._step("asking", ask, utterance.index):
            pass

    async def edit(self, name: str, value: Value, at: float) -> list[Draft]:
        """The agent typed a value `at` seconds into the call. Raises TicketError; the caller stores the drafts."""
        return ticket_drafts(await self._locked(self._filler.edit, name, value), at)

    async def accept(self, name: str, at: float) -> list[Draft]:
        """The agent accepted a value. Raises TicketError; the caller stores the drafts."""
        return ticket_drafts(await self._locked(self._filler.accept, name), at)

    async def undo(self, name: str, at: float) -> list[Draft]:
        """The agent took back what she did to a field. Raises TicketError; the caller stores the drafts."""
        return ticket_drafts(await self._locked(self._filler.undo, name), at)

    async def fields(self) -> dict[str, FieldValue]:
        """The ticket as it is now."""
        async with self._ticket:
            return dict(self._filler.fields)

    async def submit(self) -> dict[str, FieldValue]:
        """The agent submits the ticket: nothing that is said from now on changes its fields, which are returned."""
        async with self._ticket:
            self._submitted = True
            return dict(self._filler.fields)

    def unsubmit(self) -> None:
        """The submission could not be stored: the ticket goes on."""
        self._submitted = False

    async def summarise(self, at: float) -> None:
        """The summariser's title and content in place of those that are still ours; without its help ours stay."""
        ours = any(self._filler.fields[name].state == "suggested" for name in WRITTEN)
        if self._summariser is None or self._submitted or not ours:
            return
        try:
            written = await self._summariser.write(self._filler.turns, self._filler.fields)
        except Exception as error:  # whatever is wrong with it, the ticket is complete without it
            log.warning("call %s keeps its own title and content: %r", self._call_id, error)
            return
        async with self._ticket:
            await self._publish(ticket_drafts([] if self._submitted else self._filler.redraft(written), at))

    async def _step(self, stage: str, work: Callable[[], Awaitable[list[Draft] | None]], utterance: int) -> bool:
        """Do one part and publish what comes of it; False when it had nothing to do, or could not."""
        began = time.monotonic()
        drafts = None
        try:
            drafts = await work()
        except TimeoutError:
            log.info("call %s: no time left for %s of utterance %d", self._call_id, stage, utterance)
        except Exception:
            log.exception("call %s: %s of utterance %d failed", self._call_id, stage, utterance)
        if drafts is None:
            return False
        await self._publish(drafts)
        self._observe(stage, time.monotonic() - began)
        return True

    def _unless_submitted(self, work: Callable[[T], list[Change | Hint]], told: T) -> list[Change | Hint]:
        """Nothing more is read into a ticket that has been submitted."""
        return [] if self._submitted else work(told)

    async def _locked(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work on the ticket, on another thread; nothing else touches it meanwhile."""
        async with self._ticket:
            return await asyncio.to_thread(work, *args, **kwargs)
