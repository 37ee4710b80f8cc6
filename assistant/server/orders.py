"""REST of the order book: orders, what is done to them, files of them, and what webhooks have not taken yet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi import Query as Parameter
from pydantic import BaseModel, ConfigDict, Field

from assistant.orders.book import OrderBook
from assistant.orders.life import (
    MOVES,
    QUESTIONS,
    ROLES,
    STATES,
    MoveName,
    NoSuchOrder,
    NotAllowed,
    OrderError,
    StaleOrder,
    State,
    WrongState,
)
from assistant.orders.outbox import Outbox
from assistant.orders.records import Order
from assistant.orders.selection import Query
from assistant.orders.stored import CHINA
from assistant.server.people import actor
from assistant.sheets import CSV_TYPE, XLSX_TYPE, Cell, csv_file, xlsx_file
from assistant.switchboard import Switchboard
from kb.pack import Category, CityPack, Department

router = APIRouter(prefix="/api/orders")

MOST_EXPORTED = 100_000
COLUMNS: dict[str, str] = {
    "number": "工单编号", "state": "状态", "received": "受理时间", "request_type": "诉求类型", "category": "事项分类",
    "urgency": "紧急程度", "title": "诉求标题", "content": "诉求内容", "caller_name": "诉求人", "phone": "联系电话",
    "line": "来电号码", "address": "事发地址", "subject": "被反映对象", "department": "承办单位",
    "co_departments": "协办单位", "contact_due": "首次联系时限", "contact_overdue": "首次联系是否超时",
    "due": "办结时限", "overdue": "是否超期", "master": "主单", "extended": "已延期（工作日）", "urged": "催办次数",
    "supervised": "是否督办", "confidential": "是否保密",
    "answer": "答复内容", "agent": "座席", "changed": "最近更新", "call": "通话",
}  # fmt: skip
"""Of a spreadsheet, with their headings."""


class MoveBody(BaseModel):
    """What is done to an order; which of the details it needs depends on the move (`GET /api/orders/life`)."""

    model_config = ConfigDict(extra="forbid")
    move: MoveName
    version: int | None = None
    """Of the order as it was read; the move is refused when somebody else was faster."""
    note: str = Field(default="", max_length=20_000)
    department: str = Field(default="", max_length=64)
    co_departments: list[str] | None = Field(default=None, max_length=50)
    days: int = 0
    answers: dict[str, bool | None] | None = None
    by: str = Field(default="", max_length=64)


def _book(request: Request) -> OrderBook:
    switchboard: Switchboard = request.app.state.switchboard
    return switchboard.orders


def _pack(request: Request) -> CityPack:
    switchboard: Switchboard = request.app.state.switchboard
    return switchboard.assistant.knowledge.reference.pack


def _query(
    q: Annotated[str, Parameter(max_length=200)] = "",
    state: Annotated[list[State], Parameter()] = [],  # noqa: B006 - FastAPI reads it, nobody writes it
    department: Annotated[str, Parameter(max_length=64)] = "",
    request_type: Annotated[str, Parameter(max_length=16)] = "",
    urgency: Annotated[str, Parameter(max_length=16)] = "",
    agent: Annotated[str, Parameter(max_length=64)] = "",
    since: date | None = None,
    until: date | None = None,
    overdue: bool = False,
    contact_overdue: bool = False,
    due_within: Annotated[int | None, Parameter(ge=1, le=24 * 60)] = None,
    supervised: bool = False,
    sort: Literal["newest", "due"] = "newest",
) -> Query:
    """`since` and `until`: days of receipt, both included. `due_within`: hours from now."""
    if any(day and not 2000 <= day.year < 2100 for day in (since, until)):
        raise HTTPException(422, "日期应在 2000 年到 2099 年之间。")
    return Query(
        q=q,
        states=tuple(state),
        department=department,
        request_type=request_type,
        urgency=urgency,
        agent=agent,
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
        overdue=overdue,
        contact_overdue=contact_overdue,
        due_within=None if due_within is None else timedelta(hours=due_within),
        supervised=supervised,
        by_due=sort == "due",
    )


Wanted = Annotated[Query, Depends(_query)]


@router.get("")
async def orders(
    request: Request,
    query: Wanted,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
    offset: Annotated[int, Parameter(ge=0, le=10**9)] = 0,
) -> dict[str, Any]:
    """How many orders a query has, and some of them."""
    total, found = await asyncio.to_thread(_book(request).search, query, actor(request), limit, offset)
    pack = _pack(request)
    return {"total": total, "orders": [_told(order, pack) for order in found]}


@router.get("/counts")
async def counts(request: Request) -> dict[str, int]:
    """How many orders are in each state, overdue, due within 24 hours and supervised; to supervisors, how many
    messages webhooks have not taken."""
    who = actor(request)
    found = await asyncio.to_thread(_book(request).counts, who)
    if who.role not in ("admin", "supervisor", "integration"):
        return found
    outbox: Outbox = request.app.state.outbox
    waiting, stuck, _ = await asyncio.to_thread(outbox.waiting, 0)
    return found | {"undelivered": waiting, "stuck": stuck}


@router.get("/life")
async def life() -> dict[str, Any]:
    """The states, the moves (where each can be made, by whom, and what it needs), and what a callback asks."""
    return {
        "states": STATES,
        "roles": ROLES,
        "questions": QUESTIONS,
        "moves": {name: asdict(move) for name, move in MOVES.items()},
    }


@router.get("/alike")
async def alike(
    request: Request,
    category: Annotated[str, Parameter(max_length=64)],
    subject: Annotated[str, Parameter(max_length=200)] = "",
    address: Annotated[str, Parameter(max_length=500)] = "",
) -> dict[str, Any]:
    """Orders of the last 30 days about the same matter of the same subject, or at the same address."""
    count, found = await asyncio.to_thread(_book(request).alike, subject, address, category)
    return {"count": count, "orders": [asdict(order) for order in found]}


@router.get("/outbox")
async def outbox(request: Request, limit: Annotated[int, Parameter(ge=1, le=1000)] = 100) -> dict[str, Any]:
    """What webhooks have not taken yet, oldest first, and why."""
    box: Outbox = request.app.state.outbox
    waiting, stuck, found = await asyncio.to_thread(box.waiting, limit)
    return {"undelivered": waiting, "stuck": stuck, "deliveries": [asdict(delivery) for delivery in found]}


@router.get("/export")
async def export(request: Request, query: Wanted, format: Literal["csv", "xlsx", "json"] = "csv") -> Response:
    """All orders of a query as a file."""
    book, who, pack = _book(request), actor(request), _pack(request)

    def made() -> tuple[bytes, str]:
        if book.search(query, who, limit=0)[0] > MOST_EXPORTED:
            raise HTTPException(422, f"一次最多导出 {MOST_EXPORTED} 张工单，请缩小范围。")
        found = (_told(order, pack) for order in book.every(query, who))
        if format == "json":
            return json.dumps(list(found), ensure_ascii=False).encode(), "application/json"
        table = ([_cell(order, name) for name in COLUMNS] for order in found)
        if format == "xlsx":
            return xlsx_file("工单", list(COLUMNS.values()), table), XLSX_TYPE
        return csv_file(list(COLUMNS.values()), table), CSV_TYPE

    content, kind = await asyncio.to_thread(made)
    name = f"orders-{datetime.now(CHINA):%Y%m%d-%H%M}.{format}"
    return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get("/{number}")
async def order(request: Request, number: str) -> dict[str, Any]:
    """One order with its whole history."""
    try:
        found = await asyncio.to_thread(_book(request).find, number, actor(request))
    except NoSuchOrder as error:
        raise HTTPException(404, str(error)) from error
    return _told(found, _pack(request))


@router.post("/{number}/moves")
async def move(request: Request, number: str, body: MoveBody) -> dict[str, Any]:
    """Do something to an order; returns it as it is then. 403: not with this role; 409: somebody else was faster, or
    it cannot be done in this state; 422: something that it needs is missing."""
    who = actor(request, body.by)
    given = body.model_dump(exclude={"move", "by"})
    try:
        found = await asyncio.to_thread(_book(request).move, number, body.move, who, **given)
    except OrderError as error:
        raise HTTPException(_status(error), str(error)) from error
    outbox: Outbox = request.app.state.outbox
    outbox.wake()
    return _told(found, _pack(request))


def _status(error: OrderError) -> int:
    kinds = ((NoSuchOrder, 404), (NotAllowed, 403), (StaleOrder, 409), (WrongState, 409))
    return next((status for kind, status in kinds if isinstance(error, kind)), 422)


def _told(order: Order, pack: CityPack) -> dict[str, Any]:
    """An order with the names of its codes."""
    departments, categories = _names(pack.directory, pack.departments, pack.categories)
    told = asdict(order)
    told["state_name"] = STATES[order.state]
    told["department_name"] = departments.get(order.department, order.department)
    told["co_department_names"] = [departments.get(code, code) for code in order.co_departments]
    told["category_name"] = categories.get(order.category, "")
    return told


@lru_cache(maxsize=4)
def _names(
    _: Path, departments: tuple[Department, ...], categories: tuple[Category, ...]
) -> tuple[dict[str, str], dict[str, str]]:
    """What the codes of a pack are called; of a category with the one it belongs to."""
    names = {each.code: each.name for each in categories}
    whole = {each.code: " · ".join(filter(None, (names.get(each.parent, ""), each.name))) for each in categories}
    return {each.code: each.name for each in departments}, whole


def _cell(order: Mapping[str, Any], name: str) -> Cell:
    match name:
        case "state" | "category" | "department":
            return str(order[f"{name}_name"])
        case "co_departments":
            return "；".join(order["co_department_names"])
        case "received" | "changed" | "contact_due" | "due":
            return f"{datetime.fromisoformat(order[name]):%Y-%m-%d %H:%M}" if order[name] else ""
        case "contact_overdue" | "overdue" | "supervised" | "confidential":
            return "是" if order[name] else "否"
        case _:
            value = order[name]
            return value if isinstance(value, int) else str(value)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
