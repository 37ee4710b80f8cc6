"""The agent's desktop client: from the sound devices to the server's `/media`."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable

from audio.devices import FRAME, InputDevice, SoftphoneCapture
from audio.media import MediaClient, MediaStart
from audio.resample import SAMPLE_RATE

PATIENCE = 300.0
"""Seconds for which a server is waited for that has gone in mid-call."""


async def stream(
    url: str,
    start: MediaStart,
    far_end: InputDevice,
    microphone: InputDevice,
    seconds: float | None,
    told: Callable[[str], None],
) -> float:
    """Stream both legs until Ctrl+C (or for `seconds`), then hang up; returns the seconds of audio sent.

    A server that goes away in mid-call is waited for; `told` why it is gone, and "" when it is back. Raises AudioError
    when a device or the server fails.
    """
    stop, media = asyncio.Event(), MediaClient(url, start, PATIENCE, told)

    def hang_up() -> None:
        stop.set()
        media.hurry()

    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl+C ends the program, and the server the call
            asyncio.get_running_loop().add_signal_handler(name, hang_up)
    sent = 0
    with SoftphoneCapture(far_end, microphone) as capture:
        frames = capture.frames()
        async with media:
            while not stop.is_set() and (seconds is None or sent < seconds * SAMPLE_RATE):
                await media.send(await asyncio.to_thread(next, frames))
                sent += FRAME
    return sent / SAMPLE_RATE
