"""Which calls are on, and what agents do to their tickets, during the call and after it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from weakref import WeakValueDictionary

from assistant.call import Call
from assistant.drafts import ticket_drafts
from assistant.errors import CallError, FullError
from assistant.events import (
    CallEnded,
    CallStarted,
    Draft,
    Event,
    KnowledgeFeedback,
    KnowledgeUsed,
    TicketDispatched,
    TicketJoined,
    TicketSubmitted,
    TranscriptFinal,
    TranscriptFlagged,
)
from assistant.log import EventLog
from assistant.metrics import Metrics
from assistant.orders.book import OrderBook
from assistant.orders.life import ROLES, NotAllowed, may
from assistant.orders.outbox import Outbox
from assistant.orders.records import Actor, NewOrder
from assistant.past import RESUMED_WITHIN, CutOff, cut_off, hear_from, joined, restore, submitted
from assistant.requests import (
    AnyRequest,
    ArticleFeedback,
    ArticleUse,
    TicketAccept,
    TicketEdit,
    TicketJoin,
    TicketSubmit,
    TicketUndo,
    TranscriptFlag,
)
from assistant.seat import SeatAssistant
from assistant.ticket.filler import TicketFiller
from audio.keeping import Recordings
from audio.media import MediaStart, parse_time
from audio.resample import Samples

LATE_SECONDS = 1.5
"""When finals take longer than this from order to text, the machine is full whatever was measured at its start (unless
an administrator has set max_calls)."""


HEARD_AGAIN = 120.0
"""Seconds at the end of a recording among which words are looked for that have not become text when the call was cut
off."""


class Switchboard:
    """Starts and ends calls and answers the pages' requests. Lives on one event loop."""

    def __init__(
        self,
        assistant: SeatAssistant,
        log: EventLog,
        metrics: Metrics,
        orders: OrderBook,
        outbox: Outbox,
        recordings: Recordings | None,
    ) -> None:
        """`recordings`: what has been recorded of calls that go on after they were cut off; None: nothing is."""
        self.assistant = assistant
        self.log = log
        self.metrics = metrics
        self.orders = orders
        self.outbox = outbox
        self.recordings = recordings
        self.live: dict[str, Call] = {}
        self._starting = 0
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, start: MediaStart) -> Call:
        """A call comes in, or one that was cut off goes on. Raises FullError when the machine is full, CallError when
        its id belongs to another call."""
        self._admit()
        self._starting += 1
        try:
            async with self._turns.setdefault(start.call_id, asyncio.Lock()):
                call, unheard = await self._begin(start)
            if unheard is not None:
                try:
                    await call.feed(unheard)
                except BaseException:
                    await self.end(call, "lost")
                    raise
            return call
        finally:
            self._starting -= 1

    async def _was_cut_off(self, call: str) -> bool:
        when = await asyncio.to_thread(self.log.store.cut_off, call)
        return when is not None and datetime.now(UTC) - when < RESUMED_WITHIN

    async def _begin(self, start: MediaStart) -> tuple[Call, Samples | None]:
        """The call, and where it goes on what was recorded of it and has not become text."""
        if start.call_id not in self.live and await self._was_cut_off(start.call_id):
            past = await self.log.past(start.call_id)
            if since := cut_off(past, start):
                return await self._resume(start, past, since)
        await self.log.open(start)
        return await self._start(start, [], None), None

    async def _resume(self, start: MediaStart, past: list[Event], since: CutOff) -> tuple[Call, Samples | None]:
        start = replace(start, started_at=parse_time(past[0].data["started_at"]))
        unheard = None
        if self.recordings:
            told = start.call_id, start.sample_rate, start.channels, HEARD_AGAIN
            begins, recorded = await asyncio.to_thread(self.recordings.last, *told)
            since, unheard = hear_from(since, recorded, begins, start.sample_rate)
        await self.log.reopen(start.call_id)
        return await self._start(start, past, since), unheard

    async def _start(self, start: MediaStart, past: list[Event], since: CutOff | None) -> Call:
        try:
            call = await self.assistant.start_call(
                start,
                lambda drafts: self.log.append(start.call_id, drafts),
                observe=self.metrics.stage,
                past=past,
                since=since,
            )
        except BaseException:
            at = since.seconds if since else 0.0
            await self.log.append(start.call_id, [Draft(CallEnded(reason="lost"), at)])
            raise
        self.live[start.call_id] = call
        return call

    def _admit(self) -> None:
        """Raises FullError when one more call would make all others late."""
        on, most = len(self.live) + self._starting, self.assistant.capacity
        delay = 0.0 if self.assistant.settings.max_calls or not on else self.assistant.engine.delay()
        if on >= most:
            reason = f"{on} of {most} calls are on"
        elif delay > LATE_SECONDS:
            reason = f"with {on} calls on, text takes {delay:.1f} s to be recognised"
        else:
            return
        self.metrics.refused.inc()
        raise FullError(f"This machine is full: {reason}; the call was not taken.")

    async def end(self, call: Call, reason: Literal["hangup", "lost", "interrupted"]) -> None:
        """A call is over; returns when all that was said is stored."""
        try:
            await call.hang_up(reason)
        finally:
            self.live.pop(call.info.call_id, None)

    async def answer(self, request: AnyRequest, by: Actor) -> int:
        """Do what a page asks; returns the number of the event that says so. Raises CallError, TicketError or
        OrderError."""
        turn = self._turns.setdefault(request.call, asyncio.Lock())
        async with turn:
            done = await asyncio.to_thread(self.log.store.answered, request.call, request.id)
            if done is not None:
                return done
            past = await self.log.past(request.call)
            theirs = by.role == "agent" and bool(past) and past[0].data.get("agent") != by.desk
            if not past or past[0].type != CallStarted.type or theirs:
                raise CallError(f"没有通话 {request.call}。")
            if not isinstance(request, ArticleFeedback | ArticleUse | TranscriptFlag) and not may("submit", by.role):
                raise NotAllowed(f"{ROLES[by.role]}不能填写工单。")
            if isinstance(request, TicketSubmit):
                return await self._submit(request, past, by)
            drafts = await self._drafts(request, past, by)
            if not drafts:
                return past[-1].seq
            return (await self.log.append(request.call, drafts, request.id))[-1].seq

    async def _submit(self, request: TicketSubmit, past: list[Event], by: Actor) -> int:
        """The ticket becomes an order, in one transaction with the event that says so."""
        if submitted(past):
            return past[-1].seq
        began = time.monotonic()
        call, start = self.live.get(request.call), past[0].data
        fields = await call.understanding.submit() if call else self._restore(past).fields
        try:
            told = request.call, start["agent"], start["caller_phone"], fields, by, request.direct, joined(past)
            new = await asyncio.to_thread(self.orders.new, *told)
            drafts = self._submission(new, call.seconds if call else past[-1].at, began)
            stored = await self.log.append(
                request.call, drafts, request.id, lambda session: self.orders.put(session, new)
            )
        except BaseException:
            if call:
                call.understanding.unsubmit()
            raise
        self.metrics.stage("submission", time.monotonic() - began)
        self.outbox.wake()
        return stored[-1].seq

    def _submission(self, new: NewOrder, at: float, began: float) -> list[Draft]:
        submitted = Draft(TicketSubmitted(order=new.number, direct=new.direct, master=new.master), at, began)
        if not new.department:
            return [submitted]
        due = new.deadline
        dispatched = TicketDispatched(
            order=new.number,
            department=new.department,
            department_name=self.orders.departments.get(new.department, new.department),
            co_departments=list(new.co_departments),
            contact_due=due.contact if due else None,
            due=due.due if due else None,
            working_days=due.working_days if due else None,
            estimated=bool(due and due.estimated),
            deadline=due.source if due else "",
        )
        return [submitted, Draft(dispatched, at, began)]

    async def _drafts(
        self,
        request: TicketEdit | TicketAccept | TicketUndo | TicketJoin | ArticleFeedback | ArticleUse | TranscriptFlag,
        past: list[Event],
        by: Actor,
    ) -> list[Draft]:
        call, now = self.live.get(request.call), past[-1].at
        if isinstance(request, ArticleUse):
            if by.role in ("qa", "supervisor"):  # they look at what agents did: that is no use of an article
                return []
            return [Draft(KnowledgeUsed(article=request.article, how=request.how), now)]
        if isinstance(request, ArticleFeedback):
            return [Draft(KnowledgeFeedback(article=request.article, useful=request.useful), now)]
        if isinstance(request, TranscriptFlag):
            return _flag(request, past, by)
        if submitted(past):
            raise CallError("工单已提交，不能再修改。")
        if isinstance(request, TicketJoin):
            return await self._join(request.master, past, call, now)
        if call:
            if isinstance(request, TicketEdit):
                return await call.understanding.edit(request.field, request.value, call.seconds)
            if isinstance(request, TicketUndo):
                return await call.understanding.undo(request.field, call.seconds)
            return await call.understanding.accept(request.field, call.seconds)
        filler = self._restore(past)
        if isinstance(request, TicketEdit):
            return ticket_drafts(filler.edit(request.field, request.value), now)
        if isinstance(request, TicketUndo):
            return ticket_drafts(filler.undo(request.field), now)
        return ticket_drafts(filler.accept(request.field), now)

    async def _join(self, master: str, past: list[Event], call: Call | None, now: float) -> list[Draft]:
        number, title = "", ""
        if master:
            fields = await call.understanding.fields() if call else self._restore(past).fields
            number, title = await asyncio.to_thread(self.orders.master, master, fields)
        return [] if number == joined(past) else [Draft(TicketJoined(master=number, title=title), now)]

    def _restore(self, past: list[Event]) -> TicketFiller:
        """The ticket of a call that is over, as it stood; it hears nothing more, but the agent may still change it."""
        start = past[0].data
        filler = self.assistant.knowledge.filler(parse_time(start["started_at"]), start["caller_phone"])
        restore(filler, past)
        return filler


def _flag(request: TranscriptFlag, past: list[Event], by: Actor) -> list[Draft]:
    """The event that marks an utterance; none where it is so already. Raises CallError where nothing was said."""
    about = [event for event in past if event.data.get("utterance") == request.utterance]
    if not any(event.type == TranscriptFinal.type and event.data["text"] for event in about):
        raise CallError("这一句已不在通话记录中，不能标记。")
    flagged = next((event.data["flagged"] for event in reversed(about) if event.type == TranscriptFlagged.type), False)
    if flagged == request.flagged:
        return []
    told = TranscriptFlagged(utterance=request.utterance, flagged=request.flagged, by=by.name)
    return [Draft(told, past[-1].at)]
