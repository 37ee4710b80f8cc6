"""The event log: numbers events, stores them, and only then shows them to whoever follows the call.

One writer thread takes everything that is waiting into one transaction, so that many calls share the cost of a sync
to disk. The log's methods belong to one event loop.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError

from assistant.errors import CallError
from assistant.events import CallEnded, Draft, Event
from assistant.store import Entry, Store, Write
from assistant.trouble import trouble
from audio.media import MediaStart

T = TypeVar("T")
log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""Between two attempts to store something while the database is in trouble."""
FOLLOWER_LIMIT = 5_000
"""Events that may wait for a slow page before it is cut off (it comes back and asks for what it missed)."""


class Follower:
    """A page's or another system's view of the log, from now on."""

    def __init__(self, wants: Callable[[Event], bool]) -> None:
        self.wants = wants
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()

    def show(self, event: Event) -> None:
        """Called by the log for each event."""
        if self.wants(event):
            self._queue.put_nowait(event if self._queue.qsize() < FOLLOWER_LIMIT else None)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Events as they come; ends when the follower was too slow to keep up."""
        while (event := await self._queue.get()) is not None:
            yield event


class EventLog:
    """All calls' events. Opening it ends the calls that a stopped server left behind."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._numbers: dict[str, int] = {}
        """Last number given, of calls that are open."""
        self.trouble = ""
        """Why nothing can be stored at the moment, in words; empty: all is well."""
        self._closed = False
        self._followers: set[Follower] = set()
        self._waiting: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="event-log", daemon=True)
        self._writer.start()

    async def recover(self) -> list[str]:
        """End the calls that were live when the server was stopped; returns their ids."""
        left = await asyncio.to_thread(self.store.unfinished)
        for call in left:
            past = await asyncio.to_thread(self.store.events, call)
            at = past[-1].at if past else 0.0
            await self.append(call, [Draft(CallEnded(reason="interrupted"), at)])
        return left

    async def open(self, info: MediaStart) -> None:
        """Make room for a new call. Raises CallError when its id has been used before."""
        if not await self.patiently(lambda: asyncio.to_thread(self.store.add_call, info)):
            raise CallError(f"Call id {info.call_id!r} has been used before; give every call an id of its own.")
        self._numbers[info.call_id] = 0

    async def reopen(self, call: str) -> None:
        """A call that was cut off goes on."""
        self._numbers[call] = await self._last_number(call)

    async def append(
        self, call: str, drafts: Sequence[Draft], request: str | None = None, also: Write | None = None
    ) -> list[Event]:
        """Number, store and show events; returns when they are on disk. `request`: the page's number of its message;
        `also`: what is written in the same transaction."""
        if not drafts:
            return []
        if self._closed:
            raise CallError("The server is stopping.")
        if call in self._numbers:
            first = self._numbers[call] + 1
            self._numbers[call] += len(drafts)
        else:  # it is over; the switchboard lets one request at a time change it
            first = await self._last_number(call) + 1
        events = [draft.numbered(first + place, call) for place, draft in enumerate(drafts)]
        batch = _Batch([Entry(event, request) for event in events], asyncio.get_running_loop(), also)
        self._waiting.put(batch)
        await batch.done
        for event in events:
            for follower in tuple(self._followers):
                follower.show(event)
        if events[-1].type == CallEnded.type:
            self._numbers.pop(call, None)
        return events

    async def _last_number(self, call: str) -> int:
        return await self.patiently(lambda: asyncio.to_thread(self.store.last_number, call))

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something that needs the store, again and again while that is in trouble."""
        waited = False
        while True:
            try:
                done = await work()
            except Exception as error:
                if self._closed or not self.in_trouble(error):
                    raise
                waited = True
                await asyncio.sleep(RETRY_SECONDS)
            else:
                if waited:
                    self.trouble = ""
                return done

    @contextmanager
    def follow(self, wants: Callable[[Event], bool]) -> Any:
        """A Follower of the events that `wants` returns true for, from now until the context is left."""
        follower = Follower(wants)
        self._followers.add(follower)
        try:
            yield follower
        finally:
            self._followers.discard(follower)

    async def past(self, call: str, after: int = 0) -> list[Event]:
        """Stored events of a call with a number above `after`."""
        return await asyncio.to_thread(self.store.events, call, after)

    def close(self) -> None:
        """Write what is waiting and stop."""
        self._closed = True
        self._waiting.put(None)
        self._writer.join()
        self.store.close()

    def _write(self) -> None:
        while (batch := self._waiting.get()) is not None:
            batches: list[_Batch] = [batch]
            last = False
            while not self._waiting.empty() and len(batches) < 100:
                following = self._waiting.get()
                if following is None:
                    last = True
                    break
                batches.append(following)
            if not self._store_together(batches):
                for each in batches:
                    self._store_together([each])
            if last:
                return

    def _store_together(self, batches: Sequence[_Batch]) -> bool:
        """Write batches in one transaction, waiting while the store is in trouble: calls go on meanwhile. When it fails
        for another reason, a single one is told why; several are left untold."""
        entries = [entry for each in batches for entry in each.entries]
        again = False
        while True:
            try:
                self.store.write(entries, [each.also for each in batches if each.also])
                break
            except Exception as error:  # the database's error belongs to whoever's events were not stored
                if self.in_trouble(error) and not self._closed:
                    time.sleep(RETRY_SECONDS)
                    again = True
                    continue
                if again and isinstance(error, IntegrityError) and self._has(entries):
                    break  # stored before the connection broke
                if len(batches) == 1:
                    batches[0].settle(error)
                return False
        self.trouble = ""
        for each in batches:
            each.settle(None)
        return True

    def _has(self, entries: Sequence[Entry]) -> bool:
        """Whether events are in the store."""
        last = {entry.event.call: entry.event.seq for entry in entries}
        return all(self.store.last_number(call) >= seq for call, seq in last.items())

    def in_trouble(self, error: Exception) -> bool:
        """Take note of what is wrong with the store; false where waiting would not help."""
        words = trouble(error)
        if words and not self.trouble:
            log.error("nothing can be stored: %s; what happens meanwhile is kept in memory", error)
        self.trouble = words or self.trouble
        return bool(words)


class _Batch:
    """Events that are stored together, and the task that waits for them."""

    def __init__(self, entries: list[Entry], loop: asyncio.AbstractEventLoop, also: Write | None) -> None:
        self.entries = entries
        self.also = also
        self.done: asyncio.Future[None] = loop.create_future()
        self._loop = loop

    def settle(self, error: Exception | None) -> None:
        """Called by the writer's thread."""
        self._loop.call_soon_threadsafe(self._settle, error)

    def _settle(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)
