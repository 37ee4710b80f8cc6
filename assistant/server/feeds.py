"""`/calls/{id}/events` and `/desk/{agent}/events`: a call's events out, the page's requests in.

A page that lost its connection asks for everything after the last number it saw. Between what is read from the store
and what comes live nothing is missed and nothing is sent twice: the live feed is opened first, and numbers decide.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from websockets.frames import CloseCode

from assistant.errors import SeatError
from assistant.events import CallStarted, Event
from assistant.log import EventLog
from assistant.orders.records import Actor
from assistant.requests import parse
from assistant.server.people import SIGN_IN, actor, still
from assistant.switchboard import Switchboard

log = logging.getLogger(__name__)
router = APIRouter()

NOT_FOUND = 4404
TROUBLE_SECONDS = 1.0
"""Between two looks at whether what pages send can be stored."""
CHECK_SECONDS = 60.0
"""Between two looks at whether whoever follows a call silently is still signed in."""


@router.websocket("/calls/{call}/events")
async def call_events(socket: WebSocket, call: str, after: int = 0) -> None:
    """One call, from event `after` on."""
    event_log: EventLog = socket.app.state.switchboard.log
    await socket.accept()
    if not await asyncio.to_thread(event_log.store.call, call):
        await socket.send_text(json.dumps({"type": "error", "message": f"没有通话 {call}。"}))
        await socket.close(NOT_FOUND, "no such call")
        return
    await _serve(socket, _follow_call(event_log, call, after))


@router.websocket("/desk/{agent}/events")
async def desk_events(socket: WebSocket, agent: str, call: str | None = None, after: int = 0) -> None:
    """Whatever call the desk is on: the newest from its beginning (or after event `after` of `call`), then the next."""
    event_log: EventLog = socket.app.state.switchboard.log
    await socket.accept()
    await _serve(socket, _follow_desk(event_log, agent, call, after))


async def _follow_call(event_log: EventLog, call: str, after: int) -> AsyncIterator[Event | None]:
    with event_log.follow(lambda event: event.call == call) as follower:
        for event in await event_log.past(call, after):
            yield event
            after = event.seq
        async for event in follower:
            if event.seq > after:
                yield event


async def _follow_desk(event_log: EventLog, agent: str, known: str | None, after: int) -> AsyncIterator[Event | None]:
    current = await asyncio.to_thread(event_log.store.latest_call, agent)
    calls = {current} if current else set()

    def wanted(event: Event) -> bool:
        if event.type == CallStarted.type and event.data["agent"] == agent:
            calls.add(event.call)
        return event.call in calls

    with event_log.follow(wanted) as follower:
        # A call may have started between the question above and the following.
        current = await asyncio.to_thread(event_log.store.latest_call, agent)
        seen = after if current == known else 0
        if current:
            calls.add(current)
            for event in await event_log.past(current, seen):
                yield event
                seen = event.seq
        else:
            yield None
        async for event in follower:
            if event.type == CallStarted.type and event.call != current:
                current, seen = event.call, 0
            if event.call == current and event.seq > seen:
                yield event


async def _serve(socket: WebSocket, feed: AsyncIterator[Event | None]) -> None:
    """Send a feed out (None: the desk is idle) and answer requests until the page goes."""
    switchboard: Switchboard = socket.app.state.switchboard
    by = actor(socket)

    async def send() -> None:
        try:
            async for event in feed:
                await socket.send_text(event.wire() if event else json.dumps({"type": "idle"}))
                if event and event.numbered_at:
                    switchboard.metrics.stage("sent", time.monotonic() - event.numbered_at)
            await socket.close(CloseCode.TRY_AGAIN_LATER, "too slow; reconnect and ask for what is missing")
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page has gone, which the other task notices too
        except Exception:
            log.exception("a page's feed failed")
            await socket.close(CloseCode.INTERNAL_ERROR, "reconnect and ask for what is missing")

    async def warn() -> None:
        told = ""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                if told != switchboard.log.trouble:
                    told = switchboard.log.trouble
                    await socket.send_text(json.dumps({"type": "trouble", "message": told}))
                await asyncio.sleep(TROUBLE_SECONDS)

    tasks = [asyncio.create_task(send()), asyncio.create_task(warn())]
    try:
        while True:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    text = await socket.receive_text()
            except TimeoutError:
                text = None
            if not await _still(socket, switchboard, text is not None):
                await socket.close(SIGN_IN, "signed out")
                return
            if text is not None:
                await socket.send_text(await _answer(switchboard, text, by))
    except (
        WebSocketDisconnect,
        RuntimeError,
    ):  # Starlette raises RuntimeError when the other task has closed the socket
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _still(socket: WebSocket, switchboard: Switchboard, asking: bool) -> bool:
    """Whether whoever follows may go on; a database that cannot be asked sends nobody away."""
    try:
        return await still(socket, asking=asking)
    except Exception as error:
        if not switchboard.log.in_trouble(error):
            raise
        return True


async def _answer(switchboard: Switchboard, text: str, by: Actor) -> str:
    """What a page is told of its request; it waits while the database is in trouble."""
    try:
        request_id = json.loads(text).get("id")
    except (ValueError, AttributeError, RecursionError):
        request_id = None
    reply: dict[str, object] = {"type": "error", "id": request_id}
    try:
        request = parse(text)

        def ask() -> Awaitable[int]:
            return switchboard.answer(request, by)

        reply = {"type": "ack", "id": request.id, "seq": await switchboard.log.patiently(ask)}
    except SeatError as error:
        reply["message"] = str(error)
    except Exception:
        log.exception("a page's request failed")
        reply["message"] = "服务器内部错误，未能保存，请稍后再试。"
    return json.dumps(reply)
