"""A recorded call through the very pipeline that live calls go through."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant import document
from assistant.events import Draft, Event
from assistant.seat import SeatAssistant
from assistant.understanding import Observe
from audio.files import RecordingReader
from audio.media import MediaStart

LIVE_FRAME, FAST_FRAME = 0.02, 0.5
"""Seconds of audio handed over at a time, at real-time pace and at full speed."""


@dataclass(frozen=True)
class ReplayOptions:
    """How to replay."""

    started_at: datetime
    """Wall time of the first sample, with offset."""
    caller_phone: str | None = None
    real_time: bool = False
    """Pace of the recording; else as fast as the machine can."""
    agent: str = "replay"


async def replay(
    assistant: SeatAssistant,
    reader: RecordingReader,
    options: ReplayOptions,
    show: Callable[[Event], None] = lambda event: None,
    progress: Callable[[float], None] = lambda seconds: None,
    observe: Observe = lambda stage, seconds: None,
) -> dict[str, Any]:
    """Play an open recording; returns the call's document. `show` gets every event, `progress` seconds of audio done,
    `observe` the time of each stage.

    Raises AudioError when the recording holds nothing that can be decoded.
    """
    recording = reader.recording
    start = MediaStart(
        call_id=recording.path.stem,
        agent=options.agent,
        caller_phone=options.caller_phone,
        sample_rate=recording.rate,
        channels=recording.channels,
        started_at=options.started_at,
    )
    log: list[Event] = []

    async def publish(drafts: Sequence[Draft]) -> None:
        for draft in drafts:
            log.append(draft.numbered(len(log) + 1, start.call_id))
            show(log[-1])

    call = await assistant.start_call(start, publish, partials=options.real_time, live=False, observe=observe)
    began = time.monotonic()
    try:
        for samples in reader.chunks(LIVE_FRAME if options.real_time else FAST_FRAME):
            if options.real_time:
                await asyncio.sleep(max(0.0, began + call.seconds - time.monotonic()))
            await call.feed(samples)
            progress(call.seconds)
    finally:
        await call.hang_up()
    told = document.fold(start.call_id, log)
    told["latency"]["pace"] = "real time" if options.real_time else "full speed"
    return told
