"""The demo: a bundled two-channel call is streamed to the server as a softphone would, and followed as a page would."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import connect

from assistant import document
from assistant.events import Event
from assistant.server.run import Server
from audio.files import RecordingReader, sample
from audio.media import MediaClient, MediaStart, parse_time

FRAME = 0.02


async def play_sample(server: Server, show: Callable[[Event], None]) -> dict[str, Any]:
    """Play the bundled call in real time to desk 1; `show` gets every event. Returns the call's document."""
    path = sample()
    about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with RecordingReader(path) as reader:
        start = MediaStart(
            call_id=f"demo-{uuid.uuid4().hex[:8]}",
            agent="1",
            caller_phone=about["caller_phone"],
            sample_rate=reader.recording.rate,
            channels=reader.recording.channels,
            started_at=parse_time(about["started_at"]),
        )
        following = asyncio.create_task(_follow(server, start.call_id, show))
        try:
            async with MediaClient(server.media_url, start) as media:
                began, sent = time.monotonic(), 0.0
                for samples in reader.chunks(FRAME):
                    await asyncio.sleep(max(0.0, began + sent - time.monotonic()))
                    await media.send(samples)
                    sent += FRAME
        except BaseException:
            following.cancel()
            raise
    return document.fold(start.call_id, await following)


async def _follow(server: Server, call: str, show: Callable[[Event], None]) -> list[Event]:
    """All events of a call until it ends."""
    log: list[Event] = []
    async with connect(f"ws://{server.address}/desk/1/events") as socket:
        async for message in socket:
            told = json.loads(message)
            if told.get("call") != call:
                continue
            log.append(Event.model_validate(told))
            show(log[-1])
            if log[-1].type == "call.ended":
                break
    return log
