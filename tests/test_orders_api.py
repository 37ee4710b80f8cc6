"""Orders over HTTP and the websocket: a ticket is submitted in a real server, and moved by other programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import openpyxl  # type: ignore[import-untyped]
import pytest

from assistant.config import load
from assistant.errors import SeatError
from assistant.orders.deadlines import after
from assistant.orders.life import QUESTIONS
from assistant.server.app import policy
from assistant.store import Store
from benchmarks.serving import ServerProcess
from tests.conftest import Submit
from tests.test_orders import TICKET, set_deadlines

COMPLAINT = TICKET | {"caller_name": "=何志远"}


@pytest.fixture(scope="session")
def order(server: ServerProcess, submitted: Submit) -> str:
    """The number of an order that is closed; its caller's name begins like a formula."""
    number: str = submitted("moved", direct=True, **COMPLAINT)[0]["data"]["order"]
    return number


def move(server: ServerProcess, number: str, name: str, **told: Any) -> httpx.Response:
    return httpx.post(f"{server.url}/api/orders/{number}/moves", json={"move": name} | told)


def test_a_submission_says_its_number_and_where_it_went(server: ServerProcess, submitted: Submit) -> None:
    first, second = submitted("dispatched", **COMPLAINT)
    assert (first["type"], second["type"]) == ("ticket.submitted", "ticket.dispatched")
    number = first["data"]["order"]
    assert second["data"]["order"] == number
    assert second["data"]["department"] == "scjg"
    assert second["data"]["department_name"].endswith("市场监督管理局")
    told = httpx.get(f"{server.url}/api/orders/{number}").json()
    due = after(datetime.fromisoformat(told["received"]), 1)[0]
    assert (second["data"]["working_days"], datetime.fromisoformat(second["data"]["due"])) == (1, due)
    assert second["data"]["contact_due"] is None  # the rule asks for none
    assert (told["state"], told["state_name"], told["call"]) == ("dispatched", "已派单", "dispatched")
    assert told["category_name"] == "市场监管 · 预付卡消费"
    assert [step["label"] for step in told["steps"]] == ["受理", "派单"]
    assert told["ticket"]["title"]["value"] == COMPLAINT["title"]


def test_a_direct_answer_is_closed(server: ServerProcess, submitted: Submit) -> None:
    [event] = submitted("answered", direct=True, content="直接答复：社保卡可以在社区补办。", request_type="咨询")
    assert event["data"]["direct"] is True
    told = httpx.get(f"{server.url}/api/orders/{event['data']['order']}").json()
    assert (told["state"], told["department"], told["due"]) == ("closed", "", None)


def test_a_department_and_the_hotline_move_an_order_to_its_end(server: ServerProcess, submitted: Submit) -> None:
    order = submitted("to-its-end", **COMPLAINT)[0]["data"]["order"]
    states = [
        move(server, order, name, **told).json()["state"]
        for name, told in (
            ("start", {"by": "市监局一科"}),
            ("answer", {"note": "已退款。"}),
            ("call_back", {}),
            ("close", {"answers": dict.fromkeys(QUESTIONS, True)}),
        )
    ]
    assert states == ["in_progress", "answered", "callback", "closed"]
    steps = httpx.get(f"{server.url}/api/orders/{order}").json()["steps"]
    assert [(step["by"], step["source"]) for step in steps][2] == ("市监局一科", "127.0.0.1")


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        ({"move": "urge"}, 409, "不能催办"),
        ({"move": "note", "note": "已看", "version": 0}, 409, "他人更新"),
        ({"move": "note"}, 422, "写明"),
        ({"move": "note", "note": "长" * 6000}, 422, "最多 5000 字"),
        ({"move": "fly"}, 422, "move"),
        ({"move": "submit"}, 409, "通话页面"),
        ({"move": "note", "note": "x", "secret": 1}, 422, "secret"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    server: ServerProcess, order: str, told: dict[str, Any], status: int, words: str
) -> None:
    answer = move(server, order, told.pop("move"), **told)
    assert answer.status_code == status
    assert words in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "until=9999-12-31",
        "since=0001-01-01",
        f"offset={10**20}",
        "limit=0",
        "state=lost",
        "due_within=0",
        f"due_within={24 * 60 + 1}",
        "due_within=soon",
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(server: ServerProcess, query: str) -> None:
    assert httpx.get(f"{server.url}/api/orders?{query}").status_code == 422


def test_half_a_character_in_a_note_is_no_note(server: ServerProcess, order: str) -> None:
    body = b'{"move": "note", "note": "\\ud800", "by": "\\ud800"}'
    answer = httpx.post(
        f"{server.url}/api/orders/{order}/moves", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_an_order_that_is_not_there(server: ServerProcess) -> None:
    assert httpx.get(f"{server.url}/api/orders/20200101000001").status_code == 404
    assert move(server, "20200101000001", "urge").json()["detail"] == "没有工单 20200101000001。"


def test_orders_are_listed_counted_and_filtered(server: ServerProcess, order: str) -> None:
    found = httpx.get(f"{server.url}/api/orders", params={"q": order}).json()
    assert (found["total"], found["orders"][0]["number"]) == (1, order)
    day = f"{order[:4]}-{order[4:6]}-{order[6:8]}"
    within = httpx.get(f"{server.url}/api/orders", params={"q": order, "since": day, "until": day}).json()
    assert within["total"] == 1
    before = httpx.get(f"{server.url}/api/orders", params={"q": order, "until": "2020-01-01"}).json()
    assert before == {"total": 0, "orders": []}
    counts = httpx.get(f"{server.url}/api/orders/counts").json()
    assert counts["closed"] >= 1
    assert (counts["undelivered"], counts["stuck"]) == (0, 0)


def test_what_falls_due_is_listed_counted_and_exported(
    server: ServerProcess, server_store: Store, submitted: Submit
) -> None:
    number = submitted("due-soon", **COMPLAINT)[0]["data"]["order"]
    before = httpx.get(f"{server.url}/api/orders/counts").json()["due_soon"]
    set_deadlines(server_store, number, due=timedelta(minutes=90), contact_due=-timedelta(minutes=1))

    def found(path: str = "", **query: Any) -> Any:
        return httpx.get(f"{server.url}/api/orders{path}", params={"q": number} | query).json()

    assert [found(due_within=hours)["total"] for hours in (1, 2, 24 * 60)] == [0, 1, 1]
    assert [len(found("/export", format="json", due_within=hours)) for hours in (1, 2)] == [0, 1]
    assert httpx.get(f"{server.url}/api/orders/counts").json()["due_soon"] == before + 1
    [told] = found(contact_overdue=True)["orders"]
    assert (told["number"], told["contact_overdue"], told["overdue"]) == (number, True, False)
    table = httpx.get(f"{server.url}/api/orders/export", params={"q": number, "format": "csv"}).content.decode(
        "utf-8-sig"
    )
    [row] = csv.DictReader(io.StringIO(table))
    assert (row["首次联系是否超时"], row["是否超期"]) == ("是", "否")
    assert move(server, number, "start").json()["contact_overdue"] is False
    assert found(contact_overdue=True)["total"] == 0


def test_exports_hold_the_orders_and_run_nothing(server: ServerProcess, order: str) -> None:
    def export(kind: str) -> bytes:
        answer = httpx.get(f"{server.url}/api/orders/export", params={"q": order, "format": kind})
        assert f".{kind}" in answer.headers["content-disposition"]
        return answer.content

    [row] = csv.DictReader(io.StringIO(export("csv").decode("utf-8-sig")))
    assert (row["工单编号"], row["诉求人"], row["承办单位"]) == (order, "'=何志远", "")
    sheet = openpyxl.load_workbook(io.BytesIO(export("xlsx"))).active
    headings, values = list(sheet.iter_rows(values_only=True))
    told = dict(zip(headings, values, strict=True))
    assert (told["工单编号"], told["诉求人"]) == (order, "=何志远")
    assert sheet.cell(2, headings.index("诉求人") + 1).data_type == "s"
    [whole] = json.loads(export("json"))
    assert whole["number"] == order


def test_the_life_of_an_order_is_told(server: ServerProcess) -> None:
    life = httpx.get(f"{server.url}/api/orders/life").json()
    assert life["moves"]["extend"]["needs"] == ["days", "note"]
    assert list(life["questions"]) == list(QUESTIONS)


def test_webhooks_without_a_secret_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAT_WEBHOOK_URLS", '["http://127.0.0.1:1/orders"]')
    with pytest.raises(SeatError, match="webhook_secret"):
        policy(load())


def test_a_rule_that_the_pack_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SeatError, match="no rule 'tomorrow'"), ServerProcess(tmp_path, SEAT_DEADLINE_RULE="tomorrow"):
        pass


@pytest.mark.parametrize("address", ["ftp://x", "http://[x/orders", "http://a:99999999/", "orders"])
def test_an_address_of_a_webhook_is_one(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("SEAT_WEBHOOK_URLS", json.dumps([address]))
    with pytest.raises(SeatError, match="webhook_urls"):
        load()
