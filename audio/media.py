"""The media protocol: one call's audio over a websocket, as FreeSWITCH's mod_audio_stream and jambonz speak it.

client -> {"call_id", "agent", "caller_phone", "sample_rate", "channels", "started_at"}      text, first
client -> interleaved little-endian 16-bit PCM                                               binary, any length
client -> {"type": "stop"}                                                                   text, at hang-up
server -> {"type": "resumed", "call_id", "samples"}   first, where a call goes on: of each channel received
server -> {"type": "stopped", "call_id"}      everything that was said is stored; then the server closes
server -> {"type": "error", "message"}        what was wrong, in one sentence; then the server closes
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from audio.errors import AudioError
from audio.resample import Samples, to_pcm16

RATES = (8_000, 16_000)
"""Sample rates of the protocol, in Hz."""
DEFAULT_AGENT = "1"
_NAME = re.compile(r"[^\s/?#\x00-\x1f\ud800-\udfff]{1,64}")
_YEARS = range(1970, 2200)
"""Years a call can have begun in; a clock that says otherwise is wrong, and days could not be counted from it."""


@dataclass(frozen=True)
class MediaStart:
    """What is known of a call when its audio begins."""

    call_id: str
    agent: str
    """The desk that takes the call."""
    caller_phone: str | None
    """The line's own number, None when withheld."""
    sample_rate: int
    """Samples a second of each channel."""
    channels: int
    """2: caller, agent; 1: everybody on one."""
    started_at: datetime
    """Wall time of the first sample, with offset."""

    def wire(self) -> str:
        """The text frame that opens a stream."""
        return json.dumps(
            {
                "call_id": self.call_id,
                "agent": self.agent,
                "caller_phone": self.caller_phone,
                "sample_rate": self.sample_rate,
                "channels": self.channels,
                "started_at": self.started_at.isoformat(),
            }
        )


def parse_start(text: str) -> MediaStart:
    """The first frame of a stream. Raises AudioError with one sentence that names the key that is wrong."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AudioError("The first frame of a media stream must be a JSON object that describes the call.") from error
    if not isinstance(told, dict):
        raise AudioError("The first frame of a media stream must be a JSON object that describes the call.")
    rate, channels = told.get("sample_rate"), told.get("channels", 1)
    if rate not in RATES or isinstance(rate, bool):
        raise AudioError(f"sample_rate must be {' or '.join(map(str, RATES))}, got {rate!r}.")
    if channels not in (1, 2) or isinstance(channels, bool):
        raise AudioError(f"channels must be 1 or 2 (caller, agent), got {channels!r}.")
    return MediaStart(
        call_id=_name(told, "call_id", uuid.uuid4().hex),
        agent=_name(told, "agent", DEFAULT_AGENT),
        caller_phone=parse_phone(told.get("caller_phone")),
        sample_rate=int(rate),
        channels=int(channels),
        started_at=parse_time(told["started_at"]) if told.get("started_at") else datetime.now().astimezone(),
    )


def parse_time(text: Any) -> datetime:
    """ISO 8601; without an offset the machine's own zone is meant. Raises AudioError."""
    try:
        time = datetime.fromisoformat(text)
        if time.year not in _YEARS:
            raise ValueError(time.year)
        return time if time.tzinfo else time.astimezone()
    except (TypeError, ValueError, OverflowError) as error:
        raise AudioError(
            f"started_at must be an ISO 8601 time such as 2026-03-18T09:12:00+08:00, got {text!r}."
        ) from error


def is_stop(text: str) -> bool:
    """Whether a text frame says that the call is over; others are the switch's events and mean nothing here."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and told.get("type") == "stop"


PING_TIMEOUT = 120.0
"""Seconds a server may take to answer a ping: it reads one only after the audio that was sent before it."""


ANSWER_SECONDS = 30.0
"""For a server to say from where a call goes on: it reads the call's past first."""
RETRY_SECONDS = 1.0
"""Between two attempts to reach a server that has gone."""
KEPT_SECONDS = 60.0
"""Of what was sent last is kept for a server that was killed before it had stored it."""


class MediaClient:
    """Streams a call to a server; an async context manager. Leaving it hangs up and waits until all is stored.

    Raises AudioError when the server cannot be reached or refuses.
    """

    def __init__(
        self, url: str, start: MediaStart, patience: float = 0.0, lost: Callable[[str], None] = lambda why: None
    ) -> None:
        """`patience`: seconds for which a server that has gone in mid-call is waited for; the call then goes on where
        it was cut off. `lost` is told why it has gone, and "" when it is back."""
        self._url, self._start = url, start
        self._patience, self._lost = patience, lost
        self._socket: ClientConnection | None = None
        self._kept = bytearray()
        """The end of what was sent."""
        self._sent = 0
        """Bytes sent in all."""
        self._stopped = False

    async def __aenter__(self) -> MediaClient:
        self._socket = await self._connect()
        return self

    async def _connect(self) -> ClientConnection:
        try:
            socket = await connect(self._url, max_size=1 << 20, ping_timeout=PING_TIMEOUT)
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
            raise AudioError(f"No media server answers at {self._url} ({error}); start one with: seat serve") from error
        await socket.send(self._start.wire())
        return socket

    async def send(self, samples: Samples) -> None:
        """float32 (channels, n) in -1..1."""
        frame = to_pcm16(samples)
        self._sent += len(frame)
        if self._patience:
            self._kept += frame
            del self._kept[: max(0, len(self._kept) - int(KEPT_SECONDS * self._second))]
        assert self._socket is not None
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            await self._come_back(error)

    @property
    def _second(self) -> int:
        """Bytes of a second."""
        return 2 * self._start.channels * self._start.sample_rate

    async def _come_back(self, gone: ConnectionClosed) -> bool:
        """Connect again and send what the server has not received; false where it has the whole call already. Raises
        AudioError when it has not taken the call again for too long."""
        reason = await self._refusal()
        began = time.monotonic()
        if not self._patience:
            raise AudioError(reason) from gone
        self._lost(reason)
        while True:
            try:
                self._socket = await self._connect()
                async with asyncio.timeout(ANSWER_SECONDS):
                    told = json.loads(await self._socket.recv())
                if told.get("type") == "resumed":
                    break
                reason = str(told.get("message"))
                if self._stopped and told.get("type") == "error":
                    return False  # it has the whole call, and had no time to say so
            except (AudioError, ConnectionClosed, TimeoutError, ValueError) as error:
                reason = str(error)
            if self._socket is not None:
                await self._socket.close()
            if time.monotonic() - began > self._patience:
                raise AudioError(f"The server has not taken the call again: {reason}") from gone
            await asyncio.sleep(RETRY_SECONDS)
        missing = self._sent - told["samples"] * 2 * self._start.channels
        self._lost("")
        if missing > 0:
            await self._send_again(bytes(self._kept[-missing:]))
        return True

    async def _send_again(self, missing: bytes) -> None:
        assert self._socket is not None
        size = self._second // 2
        try:
            for first in range(0, len(missing), size):
                await self._socket.send(missing[first : first + size])
        except ConnectionClosed as error:
            await self._come_back(error)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self._hang_up()
        finally:
            if self._socket is not None:
                await self._socket.close()

    def hurry(self) -> None:
        """Wait no longer for a server that has gone."""
        self._patience = 0.0

    async def _hang_up(self) -> None:
        assert self._socket is not None
        try:
            await self._socket.send(json.dumps({"type": "stop"}))
            self._stopped = True
            async for message in self._socket:
                told = json.loads(message)
                if told.get("type") == "stopped":
                    return
                if told.get("type") == "error":
                    raise AudioError(told.get("message", "The server refused the stream."))
        except ConnectionClosed as gone:
            if await self._come_back(gone):
                await self._hang_up()
            return
        raise AudioError(await self._refusal())

    async def _refusal(self) -> str:
        """What the server said before it closed."""
        assert self._socket is not None
        try:
            async for message in self._socket:
                told = json.loads(message)
                if told.get("type") == "error":
                    return str(told["message"])
        except ConnectionClosed:
            pass
        return f"The server closed the stream: {self._socket.close_reason or 'no reason given'}."


def _name(told: dict[str, Any], key: str, default: str) -> str:
    value = told.get(key)
    if value is None or value == "":
        return default
    if not isinstance(value, str | int) or isinstance(value, bool) or not _NAME.fullmatch(str(value)):
        raise AudioError(f"{key} must be 1 to 64 characters without spaces or slashes, got {str(value)[:80]!r}.")
    return str(value)


def parse_phone(value: Any) -> str | None:
    """A line's number without blanks and dashes, None for none. Raises AudioError for what is no number."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | int) or not re.fullmatch(r"\+?[\d\- ]{3,24}", str(value)):
        raise AudioError(f"caller_phone must be a telephone number or null, got {str(value)[:40]!r}.")
    return re.sub(r"[^\d+]", "", str(value))
