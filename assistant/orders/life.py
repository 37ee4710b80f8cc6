"""The life of an order: its states, what can be done in each, and who may do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.errors import SeatError

State = Literal["accepted", "dispatched", "in_progress", "returned", "answered", "callback", "closed"]
STATES: dict[State, str] = {
    "accepted": "待派单",
    "dispatched": "已派单",
    "in_progress": "办理中",
    "returned": "已退回",
    "answered": "已答复",
    "callback": "回访中",
    "closed": "已办结",
}
AT_DEPARTMENT: tuple[State, ...] = ("dispatched", "in_progress")
OPEN: tuple[State, ...] = ("accepted", "dispatched", "in_progress", "returned", "answered", "callback")

Role = Literal["agent", "qa", "supervisor", "admin", "department", "integration"]
ROLES: dict[Role, str] = {
    "agent": "座席",
    "qa": "质检",
    "supervisor": "班长",
    "admin": "管理员",
    "department": "承办单位",
    "integration": "系统对接",
}

MoveName = Literal[
    "submit", "direct", "dispatch", "start", "return", "answer", "extend", "urge", "supervise", "note", "call_back",
    "close", "reopen",
]  # fmt: skip
Need = Literal["note", "department", "days", "answers"]

QUESTIONS: dict[str, str] = {
    "contacted": "承办单位是否联系了您？",
    "resolved": "反映的问题是否解决？",
    "satisfied": "对办理结果是否满意？",
    "attitude": "对工作人员的态度是否满意？",
}
"""What a callback asks; each is answered with true, false, or null where the caller would not say."""


class OrderError(SeatError):
    """An order cannot be found or cannot be moved as asked."""


class NoSuchOrder(OrderError):
    """There is no order of that number, or it is none of this person's."""


class StaleOrder(OrderError):
    """Somebody else has moved the order since it was read."""


class WrongState(OrderError):
    """That cannot be done with an order in this state."""


class NotAllowed(OrderError):
    """This person's role may not do that."""


@dataclass(frozen=True)
class Move:
    """Something that is done to an order."""

    label: str
    sources: tuple[State, ...]
    """States in which it can be done."""
    target: State | None
    """The state after it; None: the same."""
    roles: tuple[Role, ...]
    """Who may do it; admins may do everything."""
    needs: tuple[Need, ...] = ()
    """What has to be told with it."""


_HOTLINE: tuple[Role, ...] = ("agent", "qa", "supervisor")
_BACK: tuple[Role, ...] = ("department", "integration", "supervisor")
MOVES: dict[MoveName, Move] = {
    "submit": Move("受理", (), "accepted", ("agent", "supervisor")),
    "direct": Move("直接答复", (), "closed", ("agent", "supervisor")),
    "dispatch": Move(
        "派单", ("accepted", "returned", *AT_DEPARTMENT), "dispatched", ("agent", "supervisor"), ("department",)
    ),
    "start": Move("签收", ("dispatched",), "in_progress", _BACK),
    "return": Move("退回", AT_DEPARTMENT, "returned", _BACK, ("note",)),
    "answer": Move("答复", ("in_progress",), "answered", _BACK, ("note",)),
    "extend": Move("延期", AT_DEPARTMENT, None, _BACK, ("days", "note")),
    "urge": Move("催办", ("accepted", "returned", *AT_DEPARTMENT), None, ("agent", "supervisor")),
    "supervise": Move("督办", OPEN, None, ("supervisor",)),
    "note": Move("备注", (*OPEN, "closed"), None, (*_HOTLINE, "department", "integration"), ("note",)),
    "call_back": Move("开始回访", ("answered",), "callback", _HOTLINE),
    "close": Move("回访办结", ("callback",), "closed", _HOTLINE, ("answers",)),
    "reopen": Move("重办", ("callback", "closed"), "dispatched", _HOTLINE, ("note",)),
}


def check(name: MoveName, state: State, role: Role) -> None:
    """Raises WrongState or NotAllowed with the reason why an order in `state` cannot be moved so by `role`."""
    move = MOVES[name]
    if not move.sources:
        raise WrongState(f"{move.label}只能在通话页面提交工单时进行。")
    if not may(name, role):
        allowed = "、".join(ROLES[each] for each in (*move.roles, "admin"))
        raise NotAllowed(f"{ROLES[role]}不能{move.label}，由{allowed}操作。")
    if state not in move.sources:
        where = "、".join(STATES[each] for each in move.sources)
        raise WrongState(f"工单{STATES[state]}，不能{move.label}；可以{move.label}的工单：{where}。")


def may(name: MoveName, role: Role) -> bool:
    """Whether a role may do this at all."""
    return role == "admin" or role in MOVES[name].roles


def possible(state: State, role: Role) -> list[MoveName]:
    """What a role may do with an order in `state`, in the order of the buttons."""
    return [name for name, move in MOVES.items() if state in move.sources and may(name, role)]
