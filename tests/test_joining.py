"""Orders about the same matter are answered together, and each keeps its caller, its deadline and its callback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from assistant.orders.book import OrderBook
from assistant.orders.life import MoveName, NoSuchOrder, StaleOrder, State, WrongState
from assistant.orders.selection import Query
from assistant.store import Store
from audio.media import MediaStart
from benchmarks.serving import ServerProcess
from tests.conftest import Play, Submit, watched
from tests.test_feeds import ask
from tests.test_orders import AGENT, BOSS, OFFICE, book, fields, pack, submit  # noqa: F401
from tests.test_orders import submitted as submitted_event


@pytest.fixture
def page(browser: Browser, server: ServerProcess) -> Iterator[Page]:
    for context in watched(browser, server.url):
        yield context.new_page()


@pytest.fixture
def family(book: OrderBook, store: Store) -> tuple[str, str]:  # noqa: F811
    """A master order, and one that has joined it."""
    master = submit(book, store, "master")
    return master, submit(book, store, "joined", join=master, department="gajj")


def test_one_that_joins_goes_to_the_masters_department_with_a_deadline_of_its_own(
    book: OrderBook,  # noqa: F811
    family: tuple[str, str],
) -> None:
    master, joined = (book.find(number, BOSS) for number in family)
    assert (joined.master, joined.department, joined.state) == (master.number, "scjg", "dispatched")
    assert joined.co_departments == []
    assert joined.due is not None
    assert f"并入主单 {master.number}" in [step.note for step in joined.steps]
    assert (master.joined, joined.joined, master.master) == ([joined.number], [], "")
    assert book.find(joined.number, OFFICE).number == joined.number


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        (["start"], "in_progress"),
        (["return"], "returned"),
        (["start", "answer"], "answered"),
        (["dispatch"], "dispatched"),
        (["urge"], "dispatched"),
    ],
)
def test_it_follows_its_master(
    book: OrderBook,  # noqa: F811
    family: tuple[str, str],
    moves: list[MoveName],
    state: State,
) -> None:
    for name in moves:
        by = AGENT if name in ("dispatch", "urge") else OFFICE
        book.move(family[0], name, by, note="已退还余额。", department="tyj" if name == "dispatch" else "")
    master, joined = (book.find(number, BOSS) for number in family)
    assert (master.state, joined.state, joined.department) == (state, state, master.department)
    assert joined.answer == master.answer
    told = [step for step in joined.steps if step.note.startswith(f"随主单 {master.number}")]
    assert [step.move for step in told] == [name for name in moves if name != "urge"]
    assert joined.urged == 0


def test_an_answer_reaches_one_that_joined_after_the_department_had_started(
    book: OrderBook,  # noqa: F811
    store: Store,
) -> None:
    master = submit(book, store, "master")
    book.move(master, "start", OFFICE)
    joined = submit(book, store, "joined", join=master)
    assert book.find(joined, BOSS).state == "dispatched"
    book.move(master, "answer", OFFICE, note="已退还余额。")
    order = book.find(joined, BOSS)
    assert (order.state, order.answer) == ("answered", "已退还余额。")
    book.move(joined, "call_back", BOSS)
    assert (book.find(joined, BOSS).state, book.find(master, BOSS).state) == ("callback", "answered")


def test_who_joins_one_that_has_joined_joins_its_master(book: OrderBook, family: tuple[str, str]) -> None:  # noqa: F811
    assert book.master(family[1], fields())[0] == family[0]


def test_an_order_about_something_else_cannot_be_joined(book: OrderBook, store: Store) -> None:  # noqa: F811
    other = submit(book, store, "other", subject="别家健身")
    with pytest.raises(NoSuchOrder, match="同一事项"):
        book.master(other, fields())


def test_one_that_was_dispatched_elsewhere_goes_its_own_way(book: OrderBook, family: tuple[str, str]) -> None:  # noqa: F811
    book.move(family[1], "dispatch", AGENT, department="tyj")
    book.move(family[0], "start", OFFICE)
    book.move(family[0], "answer", OFFICE, note="已退还余额。")
    order = book.find(family[1], BOSS)
    assert (order.state, order.department, order.answer) == ("dispatched", "tyj", "")


def test_one_that_joins_a_returned_order_waits_with_it(book: OrderBook, store: Store) -> None:  # noqa: F811
    master = submit(book, store, "master")
    book.move(master, "return", OFFICE, note="不属于我局职责。")
    joined = submit(book, store, "joined", join=master)
    assert (book.find(joined, BOSS).state, book.find(joined, BOSS).department) == ("accepted", "")
    book.move(master, "dispatch", AGENT, department="tyj")
    assert (book.find(joined, BOSS).state, book.find(joined, BOSS).department) == ("dispatched", "tyj")


def test_a_master_that_was_moved_between_is_not_joined_as_it_was(book: OrderBook, store: Store) -> None:  # noqa: F811
    master = submit(book, store, "master")
    assert store.add_call(MediaStart("late", "1", None, 8000, 2, datetime.now(UTC)))
    new = book.new("late", "1", None, fields(), AGENT, False, master)
    book.move(master, "return", OFFICE, note="不属于我局职责。")
    with pytest.raises(StaleOrder, match="主单刚被处理"):
        store.write([submitted_event(new)], [lambda session: book.put(session, new)])
    assert book.search(Query(), BOSS)[0] == 1


def test_a_department_sees_only_those_joined_orders_that_are_its_own(
    book: OrderBook,  # noqa: F811
    family: tuple[str, str],
) -> None:
    assert book.find(family[0], OFFICE).joined == [family[1]]
    book.move(family[1], "dispatch", AGENT, department="tyj")
    assert book.find(family[0], OFFICE).joined == []
    assert book.find(family[0], BOSS).joined == [family[1]]


def test_what_is_answered_or_unknown_cannot_be_joined(book: OrderBook, store: Store, family: tuple[str, str]) -> None:  # noqa: F811
    book.move(family[0], "start", OFFICE)
    book.move(family[0], "answer", OFFICE, note="已退还余额。")
    with pytest.raises(WrongState, match="已答复，不能再并入"):
        book.master(family[0], fields())
    with pytest.raises(WrongState):
        submit(book, store, "late", join=family[0])
    with pytest.raises(NoSuchOrder):
        book.master("nothing", fields())
    assert not any(brief.joinable for brief in book.alike("动力源健身", "", "market.prepaid")[1])


def test_a_direct_answer_joins_nothing(book: OrderBook, store: Store) -> None:  # noqa: F811
    master = submit(book, store, "master")
    order = book.find(submit(book, store, "direct", direct=True, join=master), BOSS)
    assert (order.state, order.master) == ("closed", "")


def test_an_agent_joins_a_master_with_one_key_and_may_take_it_back(
    server: ServerProcess, play: Play, submitted: Submit, page: Page
) -> None:
    about = {"category": "market.prepaid", "subject": "并单健身房", "title": "并单健身房不退卡费"}
    master = submitted("join-master", department="scjg", **about)[0]["data"]["order"]
    call = play(server, agent="join", pace=1000.0, seconds=2).wait()
    page.goto(f"{server.url}/desk/join")
    with connect(f"{server.websocket}/calls/{call}/events?after=100000") as socket:
        for name, value in about.items():
            assert ask(socket, type="ticket.edit", id=name, call=call, field=name, value=value)["type"] == "ack"
        refused = ask(socket, type="ticket.join", id="wrong", call=call, master="nothing")
        assert (refused["type"], refused["message"]) == ("error", "没有同一事项的工单 nothing，不能并入。")
    banner = page.locator("#caller")
    expect(banner).to_contain_text("同类诉求 1 件")
    page.keyboard.press("j")
    expect(banner).to_contain_text(f"提交时并入主单 {master}")
    page.keyboard.press("Alt+j")
    expect(banner).not_to_contain_text("提交时并入主单")
    page.keyboard.press("j")
    expect(banner).to_contain_text(f"提交时并入主单 {master}")
    page.reload()
    expect(banner).to_contain_text(f"提交时并入主单 {master}")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")  # what else is missing is said once
    expect(page.locator("#submit-note")).to_contain_text("已派给")
    expect(banner).to_contain_text(f"已并入主单 {master}")
    order = next(each for each in httpx.get(f"{server.url}/api/orders").json()["orders"] if each["call"] == call)
    assert (order["master"], order["department"]) == (master, "scjg")
    page.goto(f"{server.url}/orders/{master}")
    expect(page.locator(".order-body")).to_contain_text("并入 1 件")
    page.get_by_role("link", name=order["number"]).last.click()
    expect(page.locator(".order-body")).to_contain_text("主单")
