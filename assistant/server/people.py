"""Who asks, and whether they may: sign-in, sessions and rights on pages, requests and websockets."""

from __future__ import annotations

import asyncio
import re
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.orders.life import ROLES, Role
from assistant.orders.records import Actor
from assistant.orders.stored import kept
from assistant.people import SESSION, Kind, People, PeopleError, Person
from assistant.store import Store
from assistant.trouble import trouble

router = APIRouter()

COOKIE = "seat"
NOBODY = "页面"
"""Who did something when the page does not say and nobody has to sign in."""
SIGN_IN, FORBIDDEN, UNAVAILABLE = 4401, 4403, 4503
"""Close codes of websockets."""
LOOPBACK = frozenset({"127.0.0.1", "::1"})
PROXIED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip")
"""Headers of requests that a proxy brings."""
_REFUSED = (
    '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>智能座席助手</title>'
    '<p>{} <a href="/">回到首页</a></p></html>'
)
OPEN = re.compile(r"/(?:sign-in|ui/.*|api/session|api/health)")
"""What everybody may ask for."""

_HOTLINE: tuple[Role, ...] = ("agent", "qa", "supervisor")
_EDITORS: tuple[Role, ...] = ("qa", "supervisor", "integration")


class _Rule(NamedTuple):
    methods: str
    """Pattern; websockets are GET."""
    path: str
    """Pattern."""
    roles: tuple[Role, ...]
    """Besides admins."""


RULES = tuple(
    _Rule(*each)
    for each in (
        ("GET|HEAD", r"/api/articles.*|/api/knowledge/browse|/api/tips|/knowledge|/", tuple(ROLES)),
        ("POST", r"/api/knowledge/searches", tuple(ROLES)),
        (".*", r"/api/(?:articles|knowledge).*", _EDITORS),
        ("GET|HEAD", r"/api/orders/outbox", ("supervisor", "integration")),
        (".*", r"/api/orders.*|/orders.*", tuple(ROLES)),
        ("GET|HEAD", r"/api/(?:fields|events/schema|openapi\.json)", tuple(ROLES)),
        ("GET|HEAD", r"/media", ("agent", "integration")),
        ("GET|HEAD", r"/metrics", ("integration",)),
        ("GET|HEAD", r"/(?:api/)?calls.*|/api/callers/.*|/desk/.*", (*_HOTLINE, "integration")),
    )
)
"""The first rule that fits decides; what fits none is for admins."""
_CALL = re.compile(r"/(?:api/)?calls/([^/]+)")
_DESK = re.compile(r"/desk/([^/]+)")


class Credentials(BaseModel):
    """What somebody signs in with."""

    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


def person(connection: HTTPConnection) -> Person | None:
    """Who is signed in; None where nobody is (and nobody has to be)."""
    found: Person | None = connection.scope.get("person")
    return found


def actor(connection: HTTPConnection, name: str = "") -> Actor:
    """Whoever asks, for what is kept of it. Where nobody is signed in: `name`, which the page says, with all rights."""
    who, source = person(connection), connection.client.host if connection.client else ""
    if who is None:
        return Actor(name or NOBODY, "admin", source)
    name = who.display if who.display == who.name else f"{who.display}（{who.name}）"
    return Actor(name, who.role, source, who.desk, who.department)


async def still(connection: HTTPConnection, asking: bool) -> bool:
    """Whether whoever opened a websocket may go on using it. `asking`: with a request, from which it is not idle."""
    people: People = connection.app.state.people
    who, key = person(connection), connection.scope.get("key")
    if who is None or key is None:
        return not await asyncio.to_thread(lambda: people.guarded)
    return await asyncio.to_thread(people.who, key[0], key[1], asking) == who


@router.get("/api/session")
async def session(request: Request) -> dict[str, Any]:
    """Who is signed in, and whether people have to sign in at all."""
    people: People = request.app.state.people
    who = person(request)
    told = asdict(who) | {"role_name": ROLES[who.role]} if who else None
    return {"guarded": await asyncio.to_thread(lambda: people.guarded), "person": told}


@router.post("/api/session")
async def sign_in(request: Request, given: Credentials, response: Response) -> dict[str, Any]:
    """Sign in: the session is a cookie."""
    people: People = request.app.state.people
    source = request.client.host if request.client else ""
    try:
        hashing = request.app.state.hashing
        signing_in = asyncio.get_running_loop().run_in_executor(
            hashing, people.sign_in, kept(given.name), given.password, source
        )
        who, key = await signing_in
    except PeopleError as error:
        raise HTTPException(HTTPStatus.FORBIDDEN, str(error)) from error
    response.headers["Set-Cookie"] = _cookie(key, request.url.scheme)
    return asdict(who)


@router.delete("/api/session")
async def sign_out(request: Request, response: Response) -> dict[str, bool]:
    """Sign out."""
    people: People = request.app.state.people
    await asyncio.to_thread(people.sign_out, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE)
    return {"signed_out": True}


def _cookie(key: str, scheme: str) -> str:
    secure = "; Secure" if scheme in ("https", "wss") else ""
    return f"{COOKIE}={key}; Path=/; HttpOnly; SameSite=Strict; Max-Age={int(SESSION.total_seconds())}{secure}"


class SignedIn:
    """Lets nobody in who has not signed in, once there is somebody who can; knows what each may ask for."""

    def __init__(self, app: ASGIApp, people: People, store: Store) -> None:
        self.app = app
        self._people = people
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        path, method = scope["path"], scope.get("method", "GET")
        page = scope["type"] == "http" and method in ("GET", "HEAD") and not path.startswith("/api/")
        if page and (link := connection.query_params.get("link")):
            await self._redeem(connection, link)(scope, receive, send)
            return
        try:
            refused = await self._refused(connection, scope, method, path)
        except DBAPIError as error:
            if not (words := trouble(error)):
                raise
            refused = UNAVAILABLE, f"{words}，请稍后再试。"
        if refused is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": refused[0], "reason": refused[1]})
        elif refused[0] == SIGN_IN and page and path != "/metrics":
            where = quote(path + (f"?{connection.url.query}" if connection.url.query else ""), safe="")
            await RedirectResponse(f"/sign-in?next={where}", 303)(scope, receive, send)
        elif page:
            await HTMLResponse(_REFUSED.format(refused[1]), refused[0] - 4000)(scope, receive, send)
        else:
            await JSONResponse({"detail": refused[1]}, refused[0] - 4000)(scope, receive, send)

    async def _refused(
        self, connection: HTTPConnection, scope: Scope, method: str, path: str
    ) -> tuple[int, str] | None:
        """Why somebody may not ask for this, None where he may; who it is is noted in the scope."""
        scope["key"] = key = self._key(connection)
        known = key and not path.startswith("/ui/")
        scope["person"] = who = await asyncio.to_thread(self._people.who, *key) if key and known else None
        if OPEN.fullmatch(path):
            return None
        if who is not None:
            return None if await self._may(who, method, path) else (FORBIDDEN, "您没有这项权限。")
        if not self._local(path, connection) and await asyncio.to_thread(lambda: self._people.guarded):
            return SIGN_IN, "请先登录。"
        return None

    @staticmethod
    def _key(connection: HTTPConnection) -> tuple[str, Kind] | None:
        """What the request says about who asks."""
        if key := connection.cookies.get(COOKIE):
            return key, "session"
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        token = token if scheme.lower() == "bearer" else connection.query_params.get("token", "")
        return (token, "token") if token else None

    @staticmethod
    def _local(path: str, connection: HTTPConnection) -> bool:
        """The machine's own softphone and monitoring need no token; what a proxy brings is not the machine's own."""
        local = connection.client is not None and connection.client.host in LOOPBACK
        return path in ("/media", "/metrics") and local and not any(name in connection.headers for name in PROXIED)

    def _redeem(self, connection: HTTPConnection, link: str) -> ASGIApp:
        """The same page without the link, signed in if it could be used."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            source = connection.client.host if connection.client else ""
            key = await asyncio.to_thread(self._people.redeem, link, source)
            pairs = parse_qsl(connection.url.query, keep_blank_values=True)
            rest = urlencode([pair for pair in pairs if pair[0] != "link"])
            path = "/" + scope["path"].lstrip("/")
            response = RedirectResponse(quote(path) + (f"?{rest}" if rest else ""), 303)
            if key:
                response.headers["Set-Cookie"] = _cookie(key, scope["scheme"])
            await response(scope, receive, send)

        return answer

    async def _may(self, who: Person, method: str, path: str) -> bool:
        rule = next((each for each in RULES if _fits(each, method, path)), None)
        if who.role != "admin" and (rule is None or who.role not in rule.roles):
            return False
        if who.role != "agent":
            return True
        if desk := _DESK.match(path):
            return desk[1] == who.desk
        if call := _CALL.match(path):
            found = await asyncio.to_thread(self._store.call, call[1])
            return found is None or found.agent == who.desk
        return True


def _fits(rule: _Rule, method: str, path: str) -> bool:
    return bool(re.fullmatch(rule.methods, method) and re.fullmatch(rule.path, path))
