"""What webhooks are told: kept with the order, sent until it is taken.

At least once: the receiver tells repetitions by `Idempotency-Key`. Every request is signed: `X-Seat-Signature` is
`sha256=` and the HMAC of `X-Seat-Timestamp`, a full stop and the body, in hexadecimal.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import func, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, aliased

from assistant.orders.tables import DeliveryRow

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds that a receiver may take."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 3600.0
"""Seconds between attempts: the wait doubles from the first to the longest."""
STUCK = 5
"""Attempts after which somebody should look."""
AT_ONCE = 50
"""Deliveries to one receiver that are taken from the store together."""
LOOK_SECONDS = 2.0
"""Between two looks for what is due."""


@dataclass(frozen=True)
class Delivery:
    """Something that a webhook has not taken yet."""

    id: int
    key: str
    url: str
    number: str
    body: str
    made: str
    attempts: int
    next_at: str
    error: str


def deliveries(urls: Sequence[str], number: str, version: int, told: dict[str, Any], now: str) -> list[DeliveryRow]:
    """The rows that tell each address of a move."""
    body = json.dumps(told, ensure_ascii=False)
    return [
        DeliveryRow(
            key=hashlib.sha256(f"{number} {version} {url}".encode()).hexdigest(),
            url=url,
            number=number,
            body=body,
            made=now,
            attempts=0,
            next_at=now,
            delivered=None,
            error="",
        )
        for url in urls
    ]


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What `X-Seat-Signature` holds."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Outbox:
    """Sends what is due; one slow or dead receiver keeps nobody else waiting. Lives on one event loop."""

    def __init__(
        self, engine: Engine, urls: Sequence[str], secret: str, client: httpx.AsyncClient | None = None
    ) -> None:
        """`urls`: the receivers there are now; what is left for others is not sent."""
        self._engine = engine
        self._urls = tuple(urls)
        self._secret = secret
        self._client = client or httpx.AsyncClient(timeout=TIMEOUT)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something may be due."""
        self._woken.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._woken.clear()
                try:
                    await self._start()
                except Exception:
                    log.exception("the outbox cannot be read; it is tried again")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._woken.wait()
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)
            await self._client.aclose()

    async def _start(self) -> None:
        """A task for each receiver for which something is due and none is at work."""
        # Looked for only where nothing is under way: what is settled while one looks would be sent twice.
        idle = [url for url in self._urls if url not in self._busy or self._busy[url].done()]
        for url, due in (await asyncio.to_thread(self._due, idle)).items():
            self._busy[url] = asyncio.create_task(self._send_all(due))

    async def _send_all(self, due: Sequence[Delivery]) -> None:
        for delivery in due:
            error = await self._send(delivery)
            await asyncio.to_thread(self._settle, delivery, error)
            if error:
                return  # it is down: the others would wait for the same time-out
        self.wake()

    async def _send(self, delivery: Delivery) -> str:
        """Empty when the receiver took it, else why not."""
        body, timestamp = delivery.body.encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": delivery.key,
            "X-Seat-Timestamp": timestamp,
            "X-Seat-Signature": signature(self._secret, timestamp, body),
        }
        try:
            answer = await self._client.post(delivery.url, content=body, headers=headers)
        except httpx.TimeoutException:
            return f"{TIMEOUT:.0f} 秒内没有回应"
        except Exception as error:  # whatever it is, it is kept beside the message and tried again
            return str(error)[:300] or type(error).__name__
        return "" if answer.is_success else f"HTTP {answer.status_code}"

    def waiting(self, limit: int = 100) -> tuple[int, int, list[Delivery]]:
        """How many are not delivered, how many of them are stuck, and the oldest of them."""
        with Session(self._engine) as session:
            open_ = (DeliveryRow.next_at.is_not(None), DeliveryRow.url.in_(self._urls))
            total = session.scalar(select(func.count()).select_from(DeliveryRow).where(*open_)) or 0
            stuck = select(func.count()).select_from(DeliveryRow).where(*open_, DeliveryRow.attempts >= STUCK)
            rows = session.scalars(select(DeliveryRow).where(*open_).order_by(DeliveryRow.id).limit(limit))
            return total, session.scalar(stuck) or 0, [_delivery(row) for row in rows]

    def _due(self, urls: Sequence[str]) -> dict[str, list[Delivery]]:
        """The oldest for each receiver that has any, of each order only what has nothing before it that is still
        waiting."""
        due, now, before = {}, _now(), aliased(DeliveryRow)
        earlier = select(before.id).where(
            before.url == DeliveryRow.url,
            before.number == DeliveryRow.number,
            before.id < DeliveryRow.id,
            before.next_at > now,
        )
        with Session(self._engine) as session:
            for url in urls:
                mine = select(DeliveryRow).where(DeliveryRow.next_at <= now, DeliveryRow.url == url, ~earlier.exists())
                rows = session.scalars(mine.order_by(DeliveryRow.id).limit(AT_ONCE))
                due[url] = [_delivery(row) for row in rows]
        return {url: mine for url, mine in due.items() if mine}

    def _settle(self, delivery: Delivery, error: str) -> None:
        attempts = delivery.attempts + 1
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempts - 1)) * random.uniform(0.8, 1.2)
        change: dict[str, Any] = {"attempts": attempts, "error": error}
        if error:
            log.warning("webhook %s did not take %s (attempt %d): %s", delivery.url, delivery.number, attempts, error)
            change["next_at"] = _now(wait)
        else:
            change |= {"next_at": None, "delivered": _now(), "body": ""}
        with Session(self._engine) as session, session.begin():
            session.execute(update(DeliveryRow).where(DeliveryRow.id == delivery.id).values(change))


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        row.id, row.key, row.url, row.number, row.body, row.made, row.attempts, row.next_at or "", row.error
    )


def _now(later: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=later)).isoformat(timespec="microseconds")
