"""Running the server inside a program: `seat serve`, the demo, the benchmarks and the tests all do it this way."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket as sockets
from types import TracebackType

import uvicorn

from assistant.config import Settings
from assistant.errors import SeatError
from assistant.library import Library
from assistant.people import People
from assistant.seat import Progress, SeatAssistant
from assistant.server.app import create_app, policy
from assistant.store import Store

PING_TIMEOUT = 120.0
"""Seconds a client may take to answer a ping. One that streams a recording faster than it is recognised answers only
after what it has already sent."""


def listen(host: str, port: int) -> sockets.socket:
    """A listening socket, bound before anything slow is loaded. Port 0 takes a free one. Raises SeatError."""
    family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
    listening = sockets.socket(family, sockets.SOCK_STREAM)
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        reason = "another program uses it" if error.errno == errno.EADDRINUSE else error.strerror
        raise SeatError(
            f"Cannot listen on {host}:{port}: {reason}; choose another with --port or SEAT_PORT."
        ) from error
    return listening


class Server:
    """A server on a bound socket; an async context manager. Raises SeatError or PackError when it cannot start."""

    def __init__(self, settings: Settings, socket: sockets.socket, progress: Progress | None = None) -> None:
        self._socket = socket
        policy(settings)
        self._store = Store(settings.store_url())
        self._store.claim()
        library = Library(self._store, settings.pack)
        self._assistant = SeatAssistant(settings, progress, library)
        app = create_app(self._assistant, self._store, library)
        self.people: People = app.state.people
        config = uvicorn.Config(
            app,
            log_level="warning",
            ws="websockets-sansio",
            ws_max_size=1 << 20,
            ws_ping_timeout=PING_TIMEOUT,
            timeout_graceful_shutdown=5,
        )
        self._uvicorn = _Uvicorn(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """host:port"""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://{self.address}"

    @property
    def media_url(self) -> str:
        """Where audio goes."""
        return f"ws://{self.address}/media"

    async def __aenter__(self) -> Server:
        self._task = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        while not self._uvicorn.started:
            if self._task.done():
                await self._task
                raise SeatError("The server could not start.")
            await asyncio.sleep(0.02)
        return self

    def stop(self) -> None:
        """Take no more calls, end those that are on, and let `stopped` return."""
        self._uvicorn.should_exit = True

    async def stopped(self) -> None:
        """Returns when somebody stops the server."""
        assert self._task is not None
        await asyncio.shield(self._task)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self.stop()
        await self._task
        self._assistant.close()


class _Uvicorn(uvicorn.Server):
    """Leaves Ctrl+C to asyncio.run, which cancels the program's own task and so ends the server in order."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield
