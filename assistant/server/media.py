"""`/media`: one websocket brings one call's audio (protocol: `audio.media`)."""

from __future__ import annotations

import contextlib
import json
import logging

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from assistant.call import Call
from assistant.errors import SeatError
from assistant.switchboard import Switchboard
from audio.errors import AudioError
from audio.media import is_stop, parse_start
from audio.resample import from_pcm16

log = logging.getLogger(__name__)
router = APIRouter()

POLICY_VIOLATION = 1008
SERVICE_RESTART = 1012


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
        call = await switchboard.begin(parse_start(first))
        await _hear(socket, call)
        await switchboard.end(call, "hangup")
        await socket.send_text(json.dumps({"type": "stopped", "call_id": call.info.call_id}))
        await socket.close()
    except WebSocketDisconnect as gone:
        if call:
            log.warning("call %s: the media client vanished after %.1f s", call.info.call_id, call.seconds)
            await switchboard.end(call, "interrupted" if gone.code == SERVICE_RESTART else "lost")
    except (AudioError, SeatError) as error:
        log.warning("media stream refused: %s", error)
        if call:
            await switchboard.end(call, "lost")
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it may have gone without waiting for the answer
            await socket.send_text(json.dumps({"type": "error", "message": str(error)}, ensure_ascii=False))
            await socket.close(POLICY_VIOLATION, str(error).encode()[:120].decode(errors="ignore"))


async def _hear(socket: WebSocket, call: Call) -> None:
    while True:
        frame = await _receive(socket)
        if isinstance(frame, bytes):
            await call.feed(from_pcm16(frame, call.info.channels))
        elif is_stop(frame):
            return


async def _receive(socket: WebSocket) -> str | bytes:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code") or 1005)
    data: str | bytes | None = message.get("bytes")
    return data if data is not None else message["text"]
