"""The order book: submission, dispatch, the life of an order, who may do what."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from assistant.events import Draft, TicketSubmitted
from assistant.orders import reading
from assistant.orders.book import OrderBook
from assistant.orders.deadlines import Policy, after
from assistant.orders.life import MOVES, QUESTIONS, NoSuchOrder, NotAllowed, OrderError, StaleOrder, WrongState
from assistant.orders.records import Actor, NewOrder, Order
from assistant.orders.selection import Query
from assistant.orders.stored import CHINA, utc
from assistant.orders.tables import OrderRow
from assistant.store import Entry, Store
from assistant.ticket.fields import EMPTY, LABELS, FieldValue, Value
from audio.media import MediaStart
from kb.pack import DEFAULT_PACK, CityPack

AGENT = Actor("何丽", "agent", "10.0.0.5", desk="1")
OFFICE = Actor("市监局一科", "department", "10.0.1.9", department="scjg")
BOSS = Actor("班长", "supervisor", "10.0.0.6")
SATISFIED: dict[str, bool | None] = dict.fromkeys(QUESTIONS, True)
TICKET: dict[str, Value] = {
    "caller_name": "何志远",
    "contact_phone": "13800138001",
    "request_type": "投诉",
    "category": "market.prepaid",
    "title": "关于健身房不退卡费的投诉",
    "content": "市民反映健身房关门，余额860元不退。",
    "department": "scjg",
    "co_departments": ["tyj"],
    "urgency": "一般",
    "subject": "动力源健身",
}


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return CityPack.load(DEFAULT_PACK)


@pytest.fixture
def book(store: Store, pack: CityPack) -> OrderBook:
    return OrderBook(store, pack, Policy(DEFAULT_PACK, "linzhi"))


def fields(**changes: Value) -> dict[str, FieldValue]:
    told = TICKET | changes
    return {
        name: FieldValue(told[name], "suggested", 0.9, (), "", ()) if told.get(name) is not None else EMPTY
        for name in LABELS
    }


def submit(
    book: OrderBook,
    store: Store,
    call: str = "c1",
    desk: str = "1",
    direct: bool = False,
    join: str = "",
    **changes: Value,
) -> str:
    start = MediaStart(call, desk, "13800138001", 8000, 2, datetime.now(UTC))
    assert store.add_call(start)
    new = book.new(call, desk, "13800138001", fields(**changes), AGENT, direct, join)
    store.write([submitted(new)], [lambda session: book.put(session, new)])
    return new.number


def set_deadlines(store: Store, number: str, **left: timedelta) -> None:
    """Let an order's `due` or `contact_due` be so long from now."""
    with Session(store.engine) as session, session.begin():
        row = session.get_one(OrderRow, number)
        for name, time in left.items():
            setattr(row, name, utc(datetime.now(CHINA) + time))


def submitted(new: NewOrder, seq: int = 1) -> Entry:
    return Entry(Draft(TicketSubmitted(order=new.number), 0.0).numbered(seq, new.call))


def test_a_submission_is_accepted_and_dispatched_with_its_deadlines(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    order = book.find(number, AGENT)
    assert number == f"{datetime.now(CHINA):%Y%m%d}000001"
    assert (order.state, order.department, order.co_departments) == ("dispatched", "scjg", ["tyj"])
    assert [(step.move, step.by, step.source) for step in order.steps] == [
        ("submit", "何丽", "10.0.0.5"),
        ("dispatch", "何丽", "10.0.0.5"),
    ]
    received = datetime.fromisoformat(order.received)
    assert datetime.fromisoformat(order.contact_due or "") - received == timedelta(hours=1)
    assert (order.due or "").endswith("T23:59:59+08:00")
    assert datetime.fromisoformat(order.due or "") == after(received.astimezone(CHINA), 5)[0]
    assert order.ticket["subject"] == {"label": LABELS["subject"], "value": "动力源健身", "display": ""}
    assert not order.overdue


def test_an_order_whose_department_nobody_knows_waits_to_be_dispatched(book: OrderBook, store: Store) -> None:
    number = submit(book, store, department=None)
    assert book.find(number, AGENT).state == "accepted"
    order = book.move(number, "dispatch", BOSS, department="scjg", co_departments=["tyj", "scjg"])
    assert (order.state, order.department, order.co_departments) == ("dispatched", "scjg", ["tyj"])


def test_a_direct_answer_is_closed_and_goes_to_nobody(book: OrderBook, store: Store) -> None:
    order = book.find(submit(book, store, direct=True), AGENT)
    assert (order.state, order.department, order.due, order.answer) == ("closed", "", None, TICKET["content"])
    with pytest.raises(OrderError, match="诉求内容"):
        submit(book, store, "c2", direct=True, content=None)


def test_numbers_are_given_once_however_many_submit(book: OrderBook, store: Store) -> None:
    numbers: list[str] = []

    def give() -> None:
        numbers.extend(book.new("x", "1", None, fields(), AGENT, False).number for _ in range(20))

    threads = [threading.Thread(target=give) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 80


def test_a_call_becomes_one_order_or_nothing_is_written(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    again = book.new("c1", "1", None, fields(), AGENT, False)
    with pytest.raises(Exception, match=r"(?i)unique"):
        store.write([submitted(again, 2)], [lambda session: book.put(session, again)])
    assert [event.data["order"] for event in store.events("c1")] == [number]
    assert [order.number for order in book.search(Query(), BOSS)[1]] == [number]
    with pytest.raises(NoSuchOrder):
        book.find(again.number, BOSS)


def test_from_dispatch_to_the_callback(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    states = [
        book.move(number, "start", OFFICE).state,
        book.move(number, "answer", OFFICE, note="已督促商家退还860元。").state,
        book.move(number, "call_back", AGENT).state,
        book.move(number, "close", AGENT, answers=SATISFIED).state,
    ]
    assert states == ["in_progress", "answered", "callback", "closed"]
    order = book.find(number, AGENT)
    assert (order.answer, order.callback) == ("已督促商家退还860元。", SATISFIED)
    assert [step.version for step in order.steps] == [1, 2, 3, 4, 5, 6]
    assert [(step.before, step.after) for step in order.steps][2:] == [
        ("dispatched", "in_progress"),
        ("in_progress", "answered"),
        ("answered", "callback"),
        ("callback", "closed"),
    ]


def test_what_was_returned_goes_to_another_department(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    with pytest.raises(OrderError, match="写明原因"):
        book.move(number, "return", OFFICE)
    assert book.move(number, "return", OFFICE, note="属体育局职责").state == "returned"
    order = book.move(number, "dispatch", AGENT, department="tyj")
    assert (order.state, order.department, order.co_departments) == ("dispatched", "tyj", [])
    with pytest.raises(OrderError, match="nowhere"):
        book.move(number, "dispatch", BOSS, department="nowhere")


def test_a_dissatisfied_caller_gets_the_order_done_again_within_a_new_deadline(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    book.move(number, "extend", OFFICE, days=3, note="等待检测报告")
    for name in ("start", "answer"):
        book.move(number, name, OFFICE, note="已处理")  # type: ignore[arg-type]
    book.move(number, "call_back", AGENT)
    with pytest.raises(OrderError, match="重办"):
        book.move(number, "close", AGENT, answers=SATISFIED | {"satisfied": False})
    order = book.move(number, "reopen", AGENT, note="退款没有到账")
    assert (order.state, order.department, order.extended) == ("dispatched", "scjg", 0)
    assert datetime.fromisoformat(order.due or "") == after(datetime.now(CHINA), 5)[0]


def test_a_direct_answer_that_did_not_help_waits_to_be_dispatched(book: OrderBook, store: Store) -> None:
    order = book.move(submit(book, store, direct=True), "reopen", AGENT, note="来电人要求部门处理")
    assert order.state == "accepted"
    assert order.due


def test_a_deadline_is_extended_within_its_limit(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    first = datetime.fromisoformat(book.find(number, BOSS).due or "").astimezone(CHINA)
    order = book.move(number, "extend", OFFICE, days=6, note="等待检测报告")
    assert datetime.fromisoformat(order.due or "") == after(first, 6)[0]
    with pytest.raises(OrderError, match="最多还能延期 4 个工作日"):
        book.move(number, "extend", OFFICE, days=5, note="还在等")
    book.move(number, "extend", OFFICE, days=4, note="还在等")
    with pytest.raises(OrderError, match="不能再延期"):
        book.move(number, "extend", OFFICE, days=1, note="还在等")


def test_urging_and_supervising_are_kept(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    book.move(number, "urge", AGENT)
    book.move(number, "urge", AGENT, note="第二次来电")
    order = book.move(number, "supervise", BOSS)
    assert (order.urged, order.supervised, order.state) == (2, True, "dispatched")
    assert book.search(Query(supervised=True), BOSS)[0] == 1


@pytest.mark.parametrize(
    ("move", "by", "told"),
    [("close", AGENT, {"answers": SATISFIED}), ("answer", OFFICE, {"note": "x"}), ("call_back", AGENT, {}),
     ("reopen", AGENT, {"note": "x"})],
)  # fmt: skip
def test_a_move_that_the_state_does_not_allow_is_refused_with_the_reason(
    book: OrderBook, store: Store, move: Any, by: Actor, told: Any
) -> None:
    number = submit(book, store)
    with pytest.raises(WrongState, match=f"工单已派单，不能{MOVES[move].label}"):
        book.move(number, move, by, **told)
    assert len(book.find(number, BOSS).steps) == 2


def test_a_move_that_is_not_ones_own_to_make_is_refused_with_who_makes_it(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    with pytest.raises(NotAllowed, match="座席不能签收，由承办单位"):
        book.move(number, "start", AGENT)
    with pytest.raises(NotAllowed, match="承办单位不能督办"):
        book.move(number, "supervise", OFFICE)


def test_a_department_that_helps_may_take_notes_only(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    helper = replace(OFFICE, department="tyj")
    assert book.find(number, helper).moves == ["note"]
    with pytest.raises(NotAllowed, match="主办单位"):
        book.move(number, "start", helper)
    assert book.move(number, "note", helper, note="已到场").state == "dispatched"


def test_a_caller_who_wants_to_be_kept_secret_is_kept_secret_from_departments(book: OrderBook, store: Store) -> None:
    number = submit(book, store, confidential=True)
    order = book.find(number, OFFICE)
    assert (order.caller_name, order.phone, order.line) == ("", "", "")
    assert "何志远" not in str(order) and "13800138001" not in str(order)
    assert book.search(Query(q="13800138001"), OFFICE)[0] == 0
    assert book.find(number, AGENT).phone == "13800138001"


def test_departments_do_not_see_the_hotlines_machines(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    book.move(number, "start", OFFICE)
    assert [step.source for step in book.find(number, OFFICE).steps] == ["", "", "10.0.1.9"]
    assert [step.source for step in book.find(number, AGENT).steps] == ["10.0.0.5", "10.0.0.5", "10.0.1.9"]


def test_the_second_of_two_who_act_at_once_learns_of_the_first(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    seen = book.find(number, AGENT).version
    book.move(number, "urge", BOSS, version=seen)
    with pytest.raises(StaleOrder, match="班长：催办"):
        book.move(number, "urge", AGENT, version=seen)
    assert book.find(number, AGENT).urged == 1


def test_moves_at_the_same_moment_are_all_kept_or_refused(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    refused: list[Exception] = []

    def urge() -> None:
        try:
            book.move(number, "urge", BOSS)
        except StaleOrder as error:
            refused.append(error)

    threads = [threading.Thread(target=urge) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    order = book.find(number, BOSS)
    assert order.urged == 8 - len(refused) == len(order.steps) - 2


def test_agents_and_departments_see_their_own(book: OrderBook, store: Store) -> None:
    mine, other = submit(book, store), submit(book, store, "c2", desk="2", department="tyj", co_departments=None)

    def seen(by: Actor) -> list[str]:
        return [order.number for order in book.search(Query(), by)[1]]

    helping = replace(OFFICE, department="tyj")
    assert (seen(AGENT), seen(OFFICE), seen(helping), seen(BOSS)) == ([mine], [mine], [other, mine], [other, mine])
    with pytest.raises(NoSuchOrder):
        book.move(other, "urge", AGENT)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(q="000002"), ["c2"]),
        (Query(q="13800138001"), ["c3", "c2", "c1"]),
        (Query(q="志远 卡费"), ["c1"]),
        (Query(q="%"), []),
        (Query(q="'; DROP TABLE orders; --"), []),
        (Query(states=("accepted",)), ["c3"]),
        (Query(department="tyj"), ["c1"]),
        (Query(request_type="咨询"), ["c2"]),
        (Query(urgency="紧急"), ["c3"]),
        (Query(since=datetime.now(CHINA) + timedelta(days=1)), []),
        (Query(overdue=True), []),
        (Query(by_due=True), ["c1", "c3", "c2"]),
    ],
)
def test_orders_are_found(book: OrderBook, store: Store, query: Query, found: list[str]) -> None:
    submit(book, store, "c1")
    submit(book, store, "c2", request_type="咨询", subject="人社局", title="社保咨询", direct=True, co_departments=None)
    submit(book, store, "c3", department=None, urgency="紧急", title="路灯不亮", content="路灯", subject=None)
    total, orders = book.search(query, BOSS)
    assert [order.call for order in orders] == found
    assert total == len(found)


def test_helpers_are_read_with_a_page_or_a_batch_and_not_order_by_order(
    book: OrderBook, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 2)
    for n in range(5):
        submit(book, store, f"c{n}", co_departments=["wjw", "tyj"] if n else None)
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    expected = [*((call, ["tyj", "wjw"]) for call in ("c4", "c3", "c2", "c1")), ("c0", [])]
    assert [(each.call, each.co_departments) for each in book.search(Query(), BOSS)[1]] == expected
    assert len([statement for statement in asked if "FROM order_departments" in statement]) == 1
    asked.clear()
    assert [(each.call, each.co_departments) for each in book.every(Query(), BOSS)] == expected
    assert len([statement for statement in asked if "FROM order_departments" in statement]) == 3


def test_what_is_due_is_overdue_once_its_time_has_passed(book: OrderBook, store: Store) -> None:
    number = submit(book, store)
    set_deadlines(store, number, due=-timedelta(seconds=1))
    assert book.find(number, BOSS).overdue
    assert book.search(Query(overdue=True), BOSS)[0] == 1
    assert book.counts(BOSS) == {"dispatched": 1, "overdue": 1, "due_soon": 0, "supervised": 0}


def test_what_falls_due_soon_is_told_until_it_is_overdue_or_answered(book: OrderBook, store: Store) -> None:
    late, next_, tomorrow, _ = (submit(book, store, call) for call in ("late", "next", "tomorrow", "later"))
    answered = submit(book, store, "answered")
    for number, hours in ((late, -1), (tomorrow, 23), (next_, 2), (answered, 2)):
        set_deadlines(store, number, due=timedelta(hours=hours))
    book.move(answered, "start", OFFICE)
    book.move(answered, "answer", OFFICE, note="已退款。")

    def due_within(hours: int, by: Actor = BOSS) -> list[str]:
        return [order.call for order in book.search(Query(due_within=timedelta(hours=hours), by_due=True), by)[1]]

    assert (due_within(1), due_within(2), due_within(24)) == ([], ["next"], ["next", "tomorrow"])
    assert due_within(24, replace(AGENT, desk="2")) == []
    assert book.counts(BOSS) == {"dispatched": 4, "answered": 1, "overdue": 1, "due_soon": 2, "supervised": 0}


def test_first_contact_is_overdue_until_somebody_starts(book: OrderBook, store: Store) -> None:
    number, in_time, direct = submit(book, store), submit(book, store, "c2"), submit(book, store, "c3", direct=True)
    assert not book.find(number, BOSS).contact_overdue
    set_deadlines(store, number, contact_due=-timedelta(seconds=1))

    def overdue() -> list[str]:
        found = book.search(Query(contact_overdue=True), BOSS)[1]
        assert all(order.contact_overdue for order in found)
        return [order.number for order in found]

    assert overdue() == [number]
    assert not book.find(in_time, BOSS).contact_overdue and not book.find(direct, BOSS).contact_overdue
    book.move(number, "return", OFFICE, note="属体育局职责")
    assert overdue() == [number]
    book.move(number, "dispatch", AGENT, department="tyj")
    assert overdue() == [number]
    assert not book.move(number, "start", replace(OFFICE, department="tyj")).contact_overdue
    assert overdue() == []


def test_markup_quotes_and_many_characters_are_kept_as_they_are(book: OrderBook, store: Store) -> None:
    odd = "<script>alert('x')</script>\"; DROP TABLE orders; --\u202e😀"
    number = submit(book, store, title=odd + "\0", content="长" * 1_000_000)
    order: Order = book.move(number, "note", replace(BOSS, name="班长\0"), note="看\0过")
    assert (order.title, len(order.content)) == (odd, 1_000_000)
    assert (order.steps[-1].by, order.steps[-1].note) == ("班长", "看过")
    assert book.search(Query(q=f"{odd}\0"), BOSS)[0] == 1


def test_a_clock_that_is_put_back_gives_no_number_twice(
    book: OrderBook, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        is_now = datetime(2026, 3, 18, 0, 5, tzinfo=CHINA)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return cls.is_now.astimezone(tz)

    monkeypatch.setattr("assistant.orders.book.datetime", Clock)
    numbers = [submit(book, store, "after midnight")]
    Clock.is_now -= timedelta(minutes=10)
    numbers += [submit(book, store, "before midnight")]
    Clock.is_now += timedelta(minutes=10)
    numbers += [submit(book, store, "after midnight again")]
    assert numbers == ["20260318000001", "20260317000001", "20260318000002"]
    orders = [book.find(number, BOSS) for number in numbers]
    assert all(order.due and order.due > order.received for order in orders)
    order = book.move(numbers[0], "start", OFFICE)
    assert [step.version for step in order.steps] == [1, 2, 3], "the history stays in the order in which it was made"
