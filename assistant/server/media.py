"""`/media`: one websocket brings one call's audio (protocol: `audio.media`)."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from websockets.frames import CloseCode

from assistant.call import Call
from assistant.errors import FullError, SeatError
from assistant.server.people import person
from assistant.switchboard import Switchboard
from audio.errors import AudioError
from audio.keeping import Recordings
from audio.media import is_stop, parse_start
from audio.resample import from_pcm16

log = logging.getLogger(__name__)
router = APIRouter()

HUNG_UP = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY)
"""Codes with which a switch that knows no stop frame closes at the end of a call."""


@router.websocket("/media")
async def media(socket: WebSocket) -> None:
    """Hear a call until its client says stop, vanishes or sends something that is no audio."""
    switchboard: Switchboard = socket.app.state.switchboard
    await socket.accept()
    call: Call | None = None
    try:
        first = await _receive(socket)
        if isinstance(first, bytes):
            raise AudioError(
                "The first frame of a media stream must be a JSON object that describes the call, not audio."
            )
        start, who = parse_start(first), person(socket)
        if who is not None and who.role == "agent" and start.agent != who.desk:
            raise AudioError(f"This token is for desk {who.desk}, not {start.agent}.")
        call = await switchboard.begin(start)
        if call.resumed:
            samples = round(call.seconds * call.info.sample_rate)
            await socket.send_text(json.dumps({"type": "resumed", "call_id": start.call_id, "samples": samples}))
        with _recorder(switchboard.recordings, call) as keep:
            await _hear(socket, call, keep)
        await switchboard.end(call, "hangup")
        await _answer(socket, {"type": "stopped", "call_id": call.info.call_id}, 1000)
    except WebSocketDisconnect as gone:
        if call and gone.code in HUNG_UP:
            await switchboard.end(call, "hangup")
        elif call:
            log.warning("call %s: the media client vanished after %.1f s", call.info.call_id, call.seconds)
            await switchboard.end(call, "interrupted" if gone.code == CloseCode.SERVICE_RESTART else "lost")
    except FullError as error:
        log.warning("%s", error)
        await _answer(socket, {"type": "error", "message": str(error)}, CloseCode.TRY_AGAIN_LATER)
    except (AudioError, SeatError) as error:
        log.warning("media stream refused: %s", error)
        if call:
            await switchboard.end(call, "lost")
        await _answer(socket, {"type": "error", "message": str(error)}, CloseCode.POLICY_VIOLATION)
    except Exception:
        log.exception("call %s: the media stream failed", call.info.call_id if call else "?")
        if call:
            with contextlib.suppress(Exception):  # already logged; what matters now is that the client learns of it
                await switchboard.end(call, "lost")
        await _answer(
            socket,
            {"type": "error", "message": "The server failed on this stream; see its log."},
            CloseCode.INTERNAL_ERROR,
        )


@contextlib.contextmanager
def _recorder(recordings: Recordings | None, call: Call) -> Iterator[Callable[[bytes], None]]:
    """Keeps what is heard, if calls are recorded; a call goes on without its recording when the disk is full."""
    info = call.info
    if recordings is None:
        yield lambda frame: None
        return
    failed = False

    def keep(frame: bytes) -> None:
        nonlocal failed
        try:
            if not failed:
                recorder.write(frame)
        except OSError as error:
            failed = True
            log.error("call %s is recorded no further: %s", info.call_id, error)

    try:
        recorder = recordings.begin(info.call_id, info.sample_rate, info.channels, call.seconds)
    except OSError as error:
        log.error("call %s is not recorded: %s", info.call_id, error)
        yield lambda frame: None
        return
    with recorder:
        try:
            yield keep
        except WebSocketDisconnect as gone:
            recorder.whole = gone.code in HUNG_UP
            raise
        recorder.whole = True


async def _hear(socket: WebSocket, call: Call, keep: Callable[[bytes], None]) -> None:
    while True:
        frame = await _receive(socket)
        if isinstance(frame, bytes):
            await call.feed(from_pcm16(frame, call.info.channels))
            keep(frame)
        elif is_stop(frame):
            return


async def _answer(socket: WebSocket, told: dict[str, str], code: int) -> None:
    """The last word to a client, which may have gone without waiting for it."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_text(json.dumps(told))
        await socket.close(code, told.get("message", "").encode()[:120].decode(errors="ignore"))


async def _receive(socket: WebSocket) -> str | bytes:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1005)
    data: str | bytes | None = message.get("bytes")
    return data if data is not None else message["text"]
