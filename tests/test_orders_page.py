"""The order book in a real browser: from the desk to the department, the callback and the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from assistant.store import Store
from benchmarks.serving import ServerProcess
from tests.conftest import Play, Submit, watched
from tests.test_orders import set_deadlines

SCRIPT = "<img src=x onerror=alert(1)>"
TITLE = "<b onclick=alert(1)>投诉</b>"
FIELDS = {
    "caller_name": "何志远",
    "contact_phone": "13800138001",
    "request_type": "投诉",
    "category": "market.prepaid",
    "content": f"市民反映健身房关门，余额860元不退。{SCRIPT}",
    "department": "scjg",
}


@pytest.fixture
def context(browser: Browser, server: ServerProcess) -> Iterator[BrowserContext]:
    expect.set_options(timeout=20_000)
    yield from watched(browser, server.url)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def submit(submitted: Submit, call: str, **fields: Any) -> str:
    number: str = submitted(call, **(FIELDS | {"title": TITLE} | fields))[0]["data"]["order"]
    return number


def step(page: Page, label: str) -> Locator:
    return page.locator(".history li").filter(has=page.locator("strong", has_text=label))


def act(page: Page, label: str) -> None:
    page.locator(".order-actions").get_by_role("button", name=label, exact=True).click()


def test_a_ticket_goes_from_the_desk_to_the_order_book_by_keyboard(
    page: Page, server: ServerProcess, play: Play
) -> None:
    play(server, agent="ordering", pace=1000.0, seconds=20).wait()
    page.goto(f"{server.url}/desk/ordering")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    page.locator("#field-title").fill("关于预付卡的投诉")
    page.locator("#field-department").fill("市场监督")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#submit-note")).to_contain_text("还缺")
    page.keyboard.press("Control+Enter")

    note = page.locator("#submit-note")
    expect(note).to_contain_text("已派给广州市市场监督管理局")
    expect(note).to_contain_text("前办结，用时 ")
    with page.context.expect_page() as opened:
        note.get_by_role("link", name="查看").press("Enter")
    order = opened.value
    expect(order.locator(".order-title")).to_have_text("关于预付卡的投诉")
    expect(step(order, "派单")).to_contain_text("派给 广州市市场监督管理局")
    page.reload()
    expect(note).to_contain_text("已派给广州市市场监督管理局")
    expect(page.locator("#submit")).to_be_disabled()


def test_an_answer_given_at_once_closes_the_order(page: Page, server: ServerProcess, play: Play) -> None:
    play(server, agent="answering", pace=1000.0, seconds=20).wait()
    page.goto(f"{server.url}/desk/answering")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    page.locator("#field-content").fill("直接答复：可以在社区补办。")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("#submit-note")).not_to_contain_text("承办单位")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("#submit-note")).to_contain_text("直接答复办结")


def test_a_department_answers_and_the_hotline_calls_back(page: Page, server: ServerProcess, submitted: Submit) -> None:
    number = submit(submitted, "answer-me")
    page.goto(f"{server.url}/orders/{number}")
    page.locator("#by").fill("王科长")
    act(page, "签收")
    expect(step(page, "签收")).to_contain_text("王科长")
    act(page, "答复")
    page.get_by_role("dialog").get_by_role("button", name="答复").click()
    expect(page.get_by_role("dialog")).to_be_visible()  # the answer itself is still to be written
    page.get_by_label("答复内容").fill(f"已退款。{SCRIPT}")
    page.get_by_role("dialog").get_by_role("button", name="答复").click()
    expect(page.locator(".order-answer")).to_contain_text(f"已退款。{SCRIPT}")
    act(page, "开始回访")
    act(page, "回访办结")
    for question in page.locator(".questions fieldset").all():
        question.get_by_label("是", exact=True).check()
    page.get_by_role("dialog").get_by_role("button", name="回访办结").click()
    expect(page.locator(".panel-head .badge")).to_have_text("已办结")
    expect(step(page, "回访办结")).to_contain_text("反映的问题是否解决？ 是")


def test_what_was_written_is_there_until_the_server_has_taken_it(
    page: Page, server: ServerProcess, submitted: Submit
) -> None:
    number = submit(submitted, "written")
    httpx.post(f"{server.url}/api/orders/{number}/moves", json={"move": "start"}).raise_for_status()
    page.goto(f"{server.url}/orders/{number}")
    act(page, "答复")
    page.get_by_label("答复内容").fill("写了很久的答复")
    page.keyboard.press("Escape")
    httpx.post(f"{server.url}/api/orders/{number}/moves", json={"move": "urge", "by": "班长"}).raise_for_status()
    act(page, "答复")
    expect(page.get_by_label("答复内容")).to_have_value("写了很久的答复")
    page.get_by_role("dialog").get_by_role("button", name="答复").click()
    expect(page.get_by_role("dialog")).to_contain_text("班长：催办")
    page.get_by_role("dialog").get_by_role("button", name="答复").click()
    expect(page.locator(".order-answer")).to_contain_text("写了很久的答复")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".order-actions .primary")).to_be_focused()


def test_what_the_server_refuses_is_said_and_the_newest_is_shown(
    page: Page, server: ServerProcess, submitted: Submit
) -> None:
    number = submit(submitted, "two-at-once")
    page.goto(f"{server.url}/orders/{number}")
    expect(page.locator(".history li")).to_have_count(2)
    httpx.post(f"{server.url}/api/orders/{number}/moves", json={"move": "start", "by": "另一位"}).raise_for_status()
    act(page, "签收")
    expect(page.locator("#notice")).to_contain_text("另一位：签收")
    expect(step(page, "签收")).to_contain_text("另一位")
    assert len(httpx.get(f"{server.url}/api/orders/{number}").json()["steps"]) == 3


def test_orders_are_found_by_keyboard_and_the_address_keeps_what_was_looked_for(
    page: Page, server: ServerProcess, submitted: Submit
) -> None:
    number = submit(submitted, "find-me")
    page.goto(f"{server.url}/orders")
    expect(page.locator(".order-row").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type(f"{number} 何志远")
    expect(page.locator(".order-row")).to_have_count(1)
    expect(page.locator("#count")).to_have_text("共 1 张")
    expect(page.locator(".order-row")).to_contain_text(TITLE)
    page.locator(".order-row").press("Enter")
    expect(page.locator(".panel-head h1")).to_have_text(number)
    page.reload()
    expect(page.locator("#query")).to_have_value(f"{number} 何志远")
    expect(page.locator(".order-row")).to_have_count(1)
    page.get_by_role("link", name="已办结").click()
    expect(page.locator("#list")).to_have_text("没有符合条件的工单")
    page.go_back()
    expect(page.locator(".order-row")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON").click()
    [row] = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert row["number"] == number


def test_what_falls_due_soon_comes_first_and_says_that_nobody_has_called_the_caller(
    page: Page, server: ServerProcess, server_store: Store, submitted: Submit
) -> None:
    later, sooner, other = (
        submit(submitted, call, subject="快到期的健身房") for call in ("later", "sooner", "not-yet")
    )
    set_deadlines(server_store, later, due=timedelta(hours=3))
    set_deadlines(server_store, sooner, due=timedelta(hours=2), contact_due=-timedelta(minutes=1))
    page.goto(f"{server.url}/orders?q=快到期的健身房")
    rows = page.locator(".order-row")
    expect(rows).to_contain_text([other, sooner, later])
    page.get_by_role("link", name="即将到期").click()
    expect(rows).to_have_count(2)
    expect(rows).to_contain_text([sooner, later])
    expect(page.get_by_label("排序")).to_be_disabled()
    expect(rows.filter(has_text="首次联系超时")).to_have_count(1)
    rows.first.click()
    expect(page.locator(".panel-head h1")).to_have_text(sooner)
    head = page.locator(".panel-head")
    expect(head).to_contain_text("首次联系超时")
    act(page, "签收")
    expect(head).not_to_contain_text("首次联系超时")
    expect(rows.filter(has_text="首次联系超时")).to_have_count(0)
    page.get_by_role("link", name="全部").click()
    expect(page.get_by_label("排序")).to_have_value("newest")
    expect(page.get_by_label("排序")).to_be_enabled()
    expect(rows).to_contain_text([other, sooner, later])


def test_an_order_that_is_not_there_says_so(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/orders/20200101000001")
    expect(page.locator("#order")).to_contain_text("没有工单 20200101000001。")
