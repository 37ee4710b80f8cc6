"""The web application: one SeatAssistant, one event log, the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response
from starlette.datastructures import Headers
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.log import EventLog
from assistant.metrics import Metrics
from assistant.seat import SeatAssistant
from assistant.server import api, feeds, media
from assistant.store import Store
from assistant.switchboard import Switchboard

PAGES = {"/": "index.html", "/calls": "calls.html", "/calls/{call}": "desk.html", "/desk/{agent}": "desk.html"}


def create_app(assistant: SeatAssistant, store: Store) -> FastAPI:
    """The application. It owns neither `assistant` nor the store's file, but closes the store when it stops."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        log = EventLog(store)
        app.state.metrics = Metrics()
        app.state.metrics.capacity.set(assistant.capacity)
        app.state.switchboard = Switchboard(assistant, log, app.state.metrics)
        await log.recover()
        with log.follow(app.state.metrics.count):
            yield
        log.close()

    app = FastAPI(
        title="Seat Assistant", lifespan=running, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.add_middleware(SameOrigin)
    app.include_router(api.router)
    app.include_router(media.router)
    app.include_router(feeds.router)
    pages = Path(str(files("ui")))
    for path, page in PAGES.items():
        app.get(path, include_in_schema=False)(_page(pages / page))
    app.mount("/ui", Revalidated(directory=pages), name="ui")
    return app


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
    """Refuses websockets that another site's page opens in the agent's browser (other clients send no origin)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin and urlsplit(origin).netloc != headers.get("host"):
                await send({"type": "websocket.close", "code": 1008, "reason": "cross-origin"})
                return
        await self.app(scope, receive, send)
