"""The web application: one SeatAssistant, one event log, the routes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.callers import SpecialCallers
from assistant.config import Settings, data_dir
from assistant.errors import SeatError
from assistant.gaps import Gaps
from assistant.library import Library
from assistant.log import EventLog
from assistant.metrics import Metrics
from assistant.orders.book import OrderBook
from assistant.orders.deadlines import Policy
from assistant.orders.outbox import Outbox
from assistant.people import People
from assistant.seat import Knowledge, SeatAssistant
from assistant.server import api, callers, feeds, knowledge, media, orders
from assistant.server import people as persons
from assistant.store import Store
from assistant.switchboard import Switchboard
from assistant.trouble import trouble
from audio.keeping import Recordings
from kb.pack import CityPack

log = logging.getLogger(__name__)

WATCH_SECONDS = 5.0
"""Between two looks at whether somebody has changed the articles from the command line."""
TIDY_SECONDS = 900.0
"""Between two looks at old recordings."""
PAGES = {
    "/": "index.html",
    "/calls": "calls.html",
    "/calls/{call}": "desk.html",
    "/desk/{agent}": "desk.html",
    "/knowledge": "knowledge.html",
    "/sign-in": "sign-in.html",
    "/orders": "orders.html",
    "/orders/{number}": "orders.html",
}


def create_app(assistant: SeatAssistant, store: Store, library: Library) -> FastAPI:
    """The application. It owns neither `assistant` nor the store's file, but closes the store when it stops.

    Raises SeatError or PackError for settings of orders that cannot be followed.
    """
    settings = assistant.settings
    book, outbox = _orders(settings, store, assistant.knowledge.reference.pack)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        events = EventLog(store)
        app.state.metrics = Metrics()
        app.state.metrics.capacity.set(assistant.capacity)
        app.state.outbox = outbox
        app.state.recordings = Recordings(data_dir() / "audio") if settings.audio_days else None
        app.state.switchboard = Switchboard(assistant, events, app.state.metrics, book, outbox, app.state.recordings)
        await events.recover()
        expiring = asyncio.create_task(_expire(app.state.recordings, settings.audio_days))
        sending = asyncio.create_task(outbox.run())
        app.state.library = library
        app.state.gaps = Gaps(store)
        app.state.library_changed = asyncio.Event()
        watching = asyncio.create_task(_watch(assistant.knowledge, app.state.library_changed))
        with events.follow(app.state.metrics.count):
            yield
        watching.cancel()
        expiring.cancel()
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        assistant.knowledge.close()
        events.close()

    app = FastAPI(
        title="Seat Assistant", lifespan=running, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    people = People(store, [each.code for each in assistant.knowledge.reference.pack.departments])
    app.state.people = people
    app.state.hashing = ThreadPoolExecutor(1, thread_name_prefix="sign-in")
    app.state.callers = SpecialCallers.load(data_dir(), settings.pack)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(DBAPIError, _unavailable)
    app.add_middleware(persons.SignedIn, people=people, store=store)
    app.add_middleware(SameOrigin)
    app.include_router(persons.router)
    app.include_router(api.router)
    app.include_router(knowledge.router)
    app.include_router(orders.router)
    app.include_router(callers.router)
    app.include_router(media.router)
    app.include_router(feeds.router)
    _add_pages(app)
    return app


def policy(settings: Settings) -> Policy:
    """The deadlines that orders follow. Raises SeatError or PackError for settings of orders that cannot be followed,
    which a server should know before it loads what takes long."""
    if settings.webhook_urls and not settings.webhook_secret.get_secret_value():
        raise SeatError("Webhooks are signed: set webhook_secret, which their receivers check.")
    return Policy(settings.pack, settings.deadline_rule)


def _orders(settings: Settings, store: Store, pack: CityPack) -> tuple[OrderBook, Outbox]:
    book = OrderBook(store, pack, policy(settings), settings.webhook_urls)
    return book, Outbox(store.engine, settings.webhook_urls, settings.webhook_secret.get_secret_value())


async def _unreadable(_: Request, error: Exception) -> Response:
    """What is wrong with a request, without what was sent: it may be long, private, or no text at all."""
    assert isinstance(error, RequestValidationError)
    told = [{name: each[name] for name in ("type", "loc", "msg", "ctx") if name in each} for each in error.errors()]
    return Response(json.dumps({"detail": told}, default=str), 422, media_type="application/json")


async def _unavailable(_: Request, error: Exception) -> Response:
    """The database cannot be used at the moment; anything else that is wrong with it is a fault of ours."""
    words = trouble(error)
    if not words:
        raise error
    log.error("a request failed: %s", error)
    detail = f"{words}，这一步没有保存，请稍后再试。"
    return Response(json.dumps({"detail": detail}, ensure_ascii=False), 503, media_type="application/json")


def _add_pages(app: FastAPI) -> None:
    pages = Path(str(files("ui")))
    for path, page in PAGES.items():
        app.get(path, include_in_schema=False)(_page(pages / page))
    app.mount("/ui", Revalidated(directory=pages), name="ui")


async def _watch(knowledge: Knowledge, changed: asyncio.Event) -> None:
    """Take up changes of the articles: at once when they are made here, else within WATCH_SECONDS."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WATCH_SECONDS):
                await changed.wait()
        changed.clear()
        try:
            await asyncio.to_thread(knowledge.refresh)
        except Exception:  # a server that is stopping stops that, too
            log.exception("the changed articles cannot be taken up; the server goes on with those it has")


async def _expire(recordings: Recordings | None, days: int) -> None:
    """Compress recordings of calls that do not go on, and delete those that have been kept long enough."""
    while recordings:
        await asyncio.sleep(TIDY_SECONDS)  # not at once: calls that a killed server left may still go on
        try:
            await asyncio.to_thread(recordings.settle, TIDY_SECONDS)
            await asyncio.to_thread(recordings.expire, days)
        except OSError:
            log.exception("old recordings cannot be put in order")


def _page(file: Path) -> Callable[[], Awaitable[FileResponse]]:
    async def page() -> FileResponse:
        return FileResponse(file, headers={"Cache-Control": "no-cache"})

    return page


class Revalidated(StaticFiles):
    """Files that a browser asks about every time, so that an upgrade never mixes old modules with new ones."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Not named in Starlette's documentation, but made to be overridden."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


class SameOrigin:
    """Refuses websockets and changes that another site's page asks for in the agent's browser (other clients send no
    origin)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and _foreign(scope):
            await send({"type": "websocket.close", "code": 1008, "reason": "cross-origin"})
            return
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS") and _foreign(scope):
            await Response("cross-origin", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _foreign(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return bool(origin) and urlsplit(origin).netloc != headers.get("host")
