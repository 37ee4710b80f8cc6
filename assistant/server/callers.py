"""REST about whoever is on the telephone."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from assistant.callers import SpecialCallers
from assistant.switchboard import Switchboard

router = APIRouter()


@router.get("/api/callers/{phone}")
async def caller(
    request: Request,
    phone: Annotated[str, Path(max_length=32)],
    call: Annotated[str, Query(max_length=128, description="The call that is on, which is left out")] = "",
) -> dict[str, Any]:
    """A number: the kind of special caller it belongs to, the calls before and the orders that came of them."""
    switchboard: Switchboard = request.app.state.switchboard
    callers: SpecialCallers = request.app.state.callers

    def found() -> dict[str, Any]:
        count, calls = switchboard.log.store.calls_from(phone, call)
        orders, newest = switchboard.orders.of_caller(phone)
        return {
            "special": callers.kind(phone),
            "calls": {"count": count, "newest": [asdict(each) for each in calls]},
            "orders": {"count": orders, "newest": [asdict(each) for each in newest]},
        }

    return await asyncio.to_thread(found)
