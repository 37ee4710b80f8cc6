"""Webhooks: told of every move, signed, again until they have taken it, and never in anybody's way."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from assistant.orders import outbox
from assistant.orders.book import OrderBook
from assistant.orders.deadlines import Policy
from assistant.orders.outbox import Outbox, signature
from assistant.store import Store
from kb.pack import DEFAULT_PACK, CityPack
from tests.test_orders import BOSS, submit

SECRET = "共享密钥"


class Receiver:
    """A receiver of webhooks on a port of its own; `answer` gives the status of each request, None: none ever."""

    def __init__(self, answer: Callable[[int], int | None] = lambda count: 200) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((dict(self.headers), body))
                status = answer(len(receiver.taken))
                if status is None:
                    receiver.released.wait(60)
                    return
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/orders"

    @property
    def told(self) -> list[str]:
        """The events in the order in which they came."""
        return [json.loads(body)["event"] for _, body in self.taken]

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    opened: list[Receiver] = []

    def begin(*answer: Callable[[int], int | None]) -> Receiver:
        opened.append(Receiver(*answer))
        return opened[-1]

    yield begin
    for receiver in opened:
        receiver.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another attempt at once."""
    monkeypatch.setattr(outbox, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(outbox, "LOOK_SECONDS", 0.02)


def book_of(store: Store, *urls: str) -> OrderBook:
    return OrderBook(store, CityPack.load(DEFAULT_PACK), Policy(DEFAULT_PACK), urls)


def send(store: Store, urls: Sequence[str], until: Callable[[Outbox], bool], **client: Any) -> Outbox:
    """Run an outbox until something is so."""

    async def run() -> Outbox:
        box = Outbox(store.engine, urls, SECRET, httpx.AsyncClient(**({"timeout": 5.0} | client)))
        sending = asyncio.create_task(box.run())
        async with asyncio.timeout(30):
            while not until(box):  # noqa: ASYNC110 - it looks into the store, which tells nobody
                await asyncio.sleep(0.01)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        return box

    return asyncio.run(run())


def delivered(box: Outbox) -> bool:
    return box.waiting()[0] == 0


def test_every_move_is_told_in_order_signed_and_with_a_key_of_its_own(
    store: Store, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers()
    book = book_of(store, receiver.url)
    number = submit(book, store)
    book.move(number, "urge", BOSS, note="第二次来电")
    send(store, [receiver.url], delivered)
    assert receiver.told == ["order.submit", "order.dispatch", "order.urge"]
    headers, body = receiver.taken[2]
    assert headers["X-Seat-Signature"] == signature(SECRET, headers["X-Seat-Timestamp"], body)
    told = json.loads(body)
    assert (told["order"]["number"], told["order"]["urged"], told["note"]) == (number, 1, "第二次来电")
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.taken}) == 3


def test_what_was_not_taken_is_sent_again_with_the_same_key(store: Store, receivers: Callable[..., Receiver]) -> None:
    receiver = receivers(lambda count: 503 if count < 3 else 200)
    submit(book_of(store, receiver.url), store, direct=True)
    send(store, [receiver.url], delivered)
    assert receiver.told == ["order.direct"] * 3
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.taken}) == 1


def test_what_is_taken_while_the_store_is_looked_into_is_not_sent_again(
    store: Store, receivers: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Outbox._due

    def slowly(self: Outbox, *urls: Any) -> Any:
        found = look(self, *urls)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(Outbox, "_due", slowly)
    quick, slow = receivers(), receivers(lambda count: time.sleep(0.5) or 200)
    submit(book_of(store, quick.url, slow.url), store)
    send(store, [quick.url, slow.url], delivered)
    assert quick.told == slow.told == ["order.submit", "order.dispatch"]


def test_what_is_told_of_an_order_comes_in_order_and_another_order_is_not_kept_waiting(
    store: Store, receivers: Callable[..., Receiver]
) -> None:
    receiver = receivers(lambda count: 503 if count in (1, 3) else 200)
    book = book_of(store, receiver.url)
    first, second = submit(book, store), submit(book, store, "c2", direct=True)
    book.move(first, "urge", BOSS)
    send(store, [receiver.url], delivered)
    taken = [json.loads(body) for count, (_, body) in enumerate(receiver.taken, 1) if count not in (1, 3)]
    order = [told["event"] for told in taken if told["order"]["number"] == first]
    assert order == ["order.submit", "order.dispatch", "order.urge"]
    assert [told["event"] for told in taken if told["order"]["number"] == second] == ["order.direct"]


def test_nothing_is_sent_to_an_address_that_is_no_longer_set(store: Store, receivers: Callable[..., Receiver]) -> None:
    before, now = receivers(), receivers()
    submit(book_of(store, before.url), store)
    submit(book_of(store, now.url), store, "c2", direct=True)
    box = send(store, [now.url], delivered)
    assert (before.told, now.told, box.waiting()[0]) == ([], ["order.direct"], 0)


def test_what_is_stuck_is_shown_with_the_reason(store: Store, receivers: Callable[..., Receiver]) -> None:
    receiver = receivers(lambda count: 500)
    number = submit(book_of(store, receiver.url), store, direct=True)
    box = send(store, [receiver.url], lambda box: box.waiting()[1] == 1)
    total, stuck, found = box.waiting()
    assert (total, stuck, found[0].number, found[0].error) == (1, 1, number, "HTTP 500")
    assert found[0].attempts >= outbox.STUCK


def test_one_that_hangs_and_one_that_is_not_there_keep_no_other_waiting(
    store: Store, receivers: Callable[..., Receiver]
) -> None:
    hanging, well = receivers(lambda count: None), receivers()
    gone = receivers()
    gone.close()
    book = book_of(store, hanging.url, gone.url, well.url)
    number = submit(book, store)
    for _ in range(5):
        book.move(number, "urge", BOSS)
    left = {hanging.url, gone.url}

    def all_others_are_delivered(box: Outbox) -> bool:
        return {delivery.url for delivery in box.waiting(1000)[2]} == left

    send(store, [hanging.url, gone.url, well.url], all_others_are_delivered)
    # At least once: a busy machine may take longer to see an answer than it waits for one.
    assert len({headers["Idempotency-Key"] for headers, _ in well.taken}) == 7
    assert len({headers["Idempotency-Key"] for headers, _ in hanging.taken}) == 1


def test_a_receiver_that_answers_too_late_is_asked_again(store: Store, receivers: Callable[..., Receiver]) -> None:
    receiver = receivers(lambda count: None if count == 1 else 200)
    submit(book_of(store, receiver.url), store, direct=True)
    send(store, [receiver.url], delivered, timeout=0.2)
    assert len(receiver.taken) == 2


def test_a_server_that_starts_again_sends_what_is_left(store: Store, receivers: Callable[..., Receiver]) -> None:
    up = threading.Event()
    receiver = receivers(lambda count: 200 if up.is_set() else 502)
    submit(book_of(store, receiver.url), store)
    send(store, [receiver.url], lambda box: bool(receiver.taken))
    up.set()
    send(store, [receiver.url], delivered)
    assert set(receiver.told) == {"order.submit", "order.dispatch"}
