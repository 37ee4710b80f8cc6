"""A server with users: who gets in where, over HTTP, websockets and in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from assistant.people import People
from assistant.store import Store
from benchmarks.serving import ServerProcess
from tests.conftest import Play, lines, watched, write_call
from tests.test_feeds import ask
from tests.test_orders import submit as write_order

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, play: Play) -> Iterator[ServerProcess]:
    """A server with two calls, an order for each, and somebody of every role."""
    data: Path = tmp_path_factory.mktemp("guarded")
    with ServerProcess(data) as running:
        store = Store(f"sqlite:///{data / 'calls.db'}")
        people = People(store, ["scjg"])
        for desk in ("1", "2"):
            play(running, agent=desk, call_id=f"call-{desk}", pace=1000.0, seconds=2).wait()
        _orders(store)
        people.add("heli", "agent", PASSWORD, display="何丽", desk="1")
        people.add("zhijian", "qa", PASSWORD)
        people.add("banzhang", "supervisor", PASSWORD)
        people.add("guanli", "admin", PASSWORD)
        people.add("scjg", "department", PASSWORD, display="市监局", department="scjg")
        yield running
        store.close()


def _orders(store: Store) -> None:
    from assistant.orders.book import OrderBook  # noqa: PLC0415
    from assistant.orders.deadlines import Policy  # noqa: PLC0415
    from kb.pack import DEFAULT_PACK, CityPack  # noqa: PLC0415

    book = OrderBook(store, CityPack.load(DEFAULT_PACK), Policy(DEFAULT_PACK))
    write_order(book, store, "order-1", desk="1")
    write_order(book, store, "order-2", desk="2", department="tyj", co_departments=None)


def signed_in(server: ServerProcess, name: str) -> httpx.Client:
    client = httpx.Client(base_url=server.url)
    client.post("/api/session", json={"name": name, "password": PASSWORD}).raise_for_status()
    return client


def test_nobody_gets_in_without_signing_in(guarded: ServerProcess) -> None:
    for path in ("/api/calls", "/api/orders", "/api/orders/export", "/api/openapi.json"):
        answer = httpx.get(guarded.url + path)
        assert (answer.status_code, answer.json()["detail"]) == (401, "请先登录。"), path
    for path in ("/", "/desk/1", "/orders?view=closed"):
        answer = httpx.get(guarded.url + path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=%2F")
    for path in ("/calls/call-1/events", "/desk/1/events"):
        with connect(guarded.websocket + path) as page, pytest.raises(ConnectionClosed) as closed:
            page.recv(10)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
    assert httpx.get(f"{guarded.url}/api/health").status_code == 200
    assert httpx.get(f"{guarded.url}/sign-in").status_code == 200


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("heli", "/api/calls/call-1", 200),
        ("heli", "/api/calls/call-2", 403),
        ("heli", "/calls/call-2", 403),
        ("heli", "/desk/1", 200),
        ("heli", "/desk/2", 403),
        ("heli", "/api/articles?q=医保", 200),
        ("heli", "/api/orders/outbox", 403),
        ("heli", "/metrics", 403),
        ("zhijian", "/api/calls/call-2", 200),
        ("zhijian", "/api/orders/outbox", 403),
        ("banzhang", "/api/orders/outbox", 200),
        ("guanli", "/metrics", 200),
        ("scjg", "/api/orders", 200),
        ("scjg", "/api/calls", 403),
        ("scjg", "/desk/1", 403),
        ("scjg", "/api/knowledge/gaps", 403),
        ("zhijian", "/api/knowledge/gaps", 200),
    ],
)
def test_each_sees_what_is_theirs(guarded: ServerProcess, name: str, path: str, status: int) -> None:
    assert signed_in(guarded, name).get(path).status_code == status


def test_lists_hold_ones_own(guarded: ServerProcess) -> None:
    calls = {call["id"] for call in signed_in(guarded, "heli").get("/api/calls").json()}
    assert calls == {"call-1", "order-1"}
    for name, count in (("heli", 1), ("scjg", 1), ("banzhang", 2)):
        assert signed_in(guarded, name).get("/api/orders").json()["total"] == count, name


def test_what_is_done_is_kept_under_the_name_of_whoever_did_it(guarded: ServerProcess) -> None:
    office = signed_in(guarded, "scjg")
    [order] = office.get("/api/orders").json()["orders"]
    told = office.post(f"/api/orders/{order['number']}/moves", json={"move": "start", "by": "别人"}).json()
    assert (told["steps"][-1]["by"], told["steps"][-1]["role"]) == ("市监局（scjg）", "department")
    refused = office.post(f"/api/orders/{order['number']}/moves", json={"move": "supervise"})
    assert (refused.status_code, "承办单位不能督办" in refused.text) == (403, True)


def test_agents_read_the_knowledge_base_and_editors_write_it(guarded: ServerProcess) -> None:
    body = {"title": "测试条目一", "answer": "答复"}
    assert signed_in(guarded, "heli").post("/api/articles", json=body).status_code == 403
    assert signed_in(guarded, "heli").post("/api/knowledge/searches", json={"query": "x", "found": 0}).is_success
    editor = signed_in(guarded, "zhijian")
    written = editor.post("/api/articles", params={"by": "局长"}, json=body).json()
    assert editor.get(f"/api/articles/{written['id']}").json()["changed_by"] == "zhijian"


def test_another_sites_page_changes_nothing(guarded: ServerProcess) -> None:
    client = signed_in(guarded, "guanli")
    answer = client.post("/api/articles", json={"title": "x", "answer": "y"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    cookie = client.post("/api/session", json={"name": "guanli", "password": PASSWORD}).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie


def test_a_programs_token_opens_the_api(guarded: ServerProcess) -> None:
    store = Store(f"sqlite:///{guarded.data / 'calls.db'}")
    people = People(store)
    people.add("crm", "integration")
    token, desk = people.token("crm"), people.token("heli")
    store.close()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{guarded.url}/api/calls/call-2", headers=headers).is_success
    assert httpx.get(f"{guarded.url}/api/calls", headers={"Authorization": "Bearer x"}).status_code == 401
    with connect(f"{guarded.websocket}/calls/call-2/events?token={token}") as page:
        assert json.loads(page.recv(10))["type"] == "call.started"
    for agent, words in (("1", "stopped"), ("2", "desk 1, not 2")):
        start = {"call_id": f"from-{agent}", "agent": agent, "sample_rate": 8000, "channels": 2}
        with connect(f"{guarded.websocket}/media?token={desk}") as media:
            media.send(json.dumps(start))
            media.send(json.dumps({"type": "stop"}))
            assert words in str(media.recv(10))
    proxied = {"X-Forwarded-For": "8.8.8.8"}
    assert httpx.get(f"{guarded.url}/metrics").is_success
    assert httpx.get(f"{guarded.url}/metrics", headers=proxied).status_code == 401


def on_socket(server: ServerProcess, path: str, client: httpx.Client) -> ClientConnection:
    return connect(server.websocket + path, additional_headers={"Cookie": f"seat={client.cookies['seat']}"})


def test_nobody_writes_into_anothers_call(guarded: ServerProcess) -> None:
    for name, path, call, words in (
        ("heli", "/desk/1/events", "call-2", "没有通话 call-2"),
        ("zhijian", "/calls/call-1/events", "call-1", "质检不能填写工单"),
    ):
        with on_socket(guarded, path, signed_in(guarded, name)) as page:
            for request in ({"type": "ticket.edit", "field": "room", "value": "1房"}, {"type": "ticket.submit"}):
                refused = ask(page, **(request | {"id": "x", "call": call}))
                assert refused["type"] == "error" and words in refused["message"]


def test_whoever_sees_a_call_marks_its_lines(guarded: ServerProcess) -> None:
    store = Store(f"sqlite:///{guarded.data / 'calls.db'}")
    write_call(store, "call-3", *lines("您好。", "路灯不亮。"), agent="2")
    store.close()
    flag = {"type": "transcript.flag", "id": "f", "call": "call-3", "utterance": 1, "flagged": True}
    with on_socket(guarded, "/desk/1/events", signed_in(guarded, "heli")) as page:
        assert "没有通话" in ask(page, **flag)["message"]
    quality = signed_in(guarded, "zhijian")
    with on_socket(guarded, "/calls/call-3/events?after=3", quality) as page:
        assert ask(page, **flag)["type"] == "ack"
    assert [line.get("flagged") for line in quality.get("/api/calls/call-3").json()["transcript"]] == [None, True]


def test_whoever_signs_out_is_out_on_open_sockets_too(guarded: ServerProcess) -> None:
    client = signed_in(guarded, "heli")
    edit = {"type": "ticket.edit", "call": "call-1", "field": "unit", "value": "4单元"}
    with on_socket(guarded, "/calls/call-1/events", client) as page:
        assert ask(page, **(edit | {"id": "before"}))["type"] == "ack"
        client.delete("/api/session")
        page.send(json.dumps(edit | {"id": "after", "value": "5单元"}))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                page.recv(10)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


@pytest.fixture
def context(browser: Browser, guarded: ServerProcess) -> Iterator[BrowserContext]:
    expect.set_options(timeout=20_000)
    yield from watched(browser, guarded.url)


def fill_in(page: Any, name: str, password: str) -> None:
    page.get_by_label("用户名").fill(name)
    page.get_by_label("密码").fill(password)
    page.keyboard.press("Enter")


def test_an_agent_signs_in_works_and_signs_out(context: BrowserContext, guarded: ServerProcess) -> None:
    page = context.new_page()
    page.goto(f"{guarded.url}/calls/call-1")
    expect(page).to_have_url(f"{guarded.url}/sign-in?next=%2Fcalls%2Fcall-1")
    fill_in(page, "heli", "wrong password")
    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对。")
    fill_in(page, "heli", PASSWORD)
    expect(page).to_have_url(f"{guarded.url}/calls/call-1")
    expect(page.locator(".signed-in")).to_have_text("何丽")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    page.locator("#field-room").fill("502房")
    page.keyboard.press("Enter")
    expect(page.locator('[data-field="room"] .state')).to_have_text("已修改")
    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(f"{guarded.url}/sign-in")
    page.goto(f"{guarded.url}/orders")
    expect(page).to_have_url(f"{guarded.url}/sign-in?next=%2Forders")


def test_after_the_sign_in_everybody_is_where_they_work(context: BrowserContext, guarded: ServerProcess) -> None:
    page = context.new_page()
    for name, path, asked in (
        ("heli", "/desk/1", "https://evil.example/"),
        ("scjg", "/orders", "http://["),
        ("banzhang", "/", "//evil.example/"),
        ("guanli", "//evil.example/x", "/.//evil.example/x"),
    ):
        page.goto(f"{guarded.url}/sign-in?next={asked}")
        fill_in(page, name, PASSWORD)
        expect(page).to_have_url(guarded.url + path)


def test_a_page_whose_session_has_ended_asks_to_sign_in(context: BrowserContext, guarded: ServerProcess) -> None:
    page = context.new_page()
    page.goto(f"{guarded.url}/sign-in?next=/orders")
    fill_in(page, "banzhang", PASSWORD)
    expect(page.locator(".order-row").first).to_be_visible()
    context.clear_cookies()
    page.locator(".order-row").first.click()
    expect(page.get_by_label("用户名")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Forders%2F\d+$"))


def test_a_one_time_link_signs_in_once(context: BrowserContext, guarded: ServerProcess) -> None:
    store = Store(f"sqlite:///{guarded.data / 'calls.db'}")
    people = People(store)
    people.guest("guest", "演示座席", "agent", "1")
    link = people.key("guest", "link")
    store.close()
    page = context.new_page()
    page.goto(f"{guarded.url}/desk/1?link={link}")
    expect(page).to_have_url(f"{guarded.url}/desk/1")
    expect(page.locator(".signed-in")).to_have_text("演示座席")
    context.clear_cookies()
    page.goto(f"{guarded.url}/desk/1?link={link}")
    expect(page).to_have_url(f"{guarded.url}/sign-in?next=%2Fdesk%2F1")
