"""Knowledge on the agent's page: marks, copying and answering with an article, searches by hand, the phone book."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from websockets.sync.client import connect

from benchmarks.serving import ServerProcess
from tests.conftest import Play, watched

AT_ONCE = 1000.0
SECONDS = 40.0
"""Of the bundled call: enough for a suggestion and a content."""
QUERY = "怎么打印社保缴费明细"
SCRIPT = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def consulted(server: ServerProcess, play: Play) -> str:
    """A call with a suggestion that is over before any page looks at it."""
    return play(server, agent="consulted", pace=AT_ONCE, seconds=SECONDS).wait()


@pytest.fixture
def context(browser: Browser, server: ServerProcess) -> Iterator[BrowserContext]:
    """An agent's, which may use the clipboard."""
    yield from watched(browser, server.url, permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def counted(page: Page) -> list[dict[str, Any]]:
    """The searches that the page has told the server of so far."""
    told: list[dict[str, Any]] = []
    page.on("request", lambda sent: told.append(sent.post_data_json) if sent.url.endswith("/searches") else None)
    page.on("requestfailed", lambda sent: told.append({"failed": sent.url}) if sent.url.endswith("/searches") else None)
    return told


def open_ended(page: Page, server: ServerProcess, call: str) -> None:
    """Open a page on a call that is over, and let it fill."""
    page.goto(f"{server.url}/calls/{call}")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    expect(page.locator("#connection")).to_have_text("已连接")


def search(page: Page, query: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(query)
    expect(page.locator(".list-title")).to_contain_text(f"“{query}”")


def content(server: ServerProcess, call: str) -> str:
    """The ticket's content, as the server has it."""
    return str(httpx.get(f"{server.url}/api/calls/{call}").json()["ticket"]["content"]["value"])


def answer_of(server: ServerProcess, article: str | None) -> str:
    return str(httpx.get(f"{server.url}/api/articles/{article}").json()["answer"])


def uses(server: ServerProcess, call: str, article: str, last: str) -> list[str]:
    """What the record of the call says was done with an article, until it was `last`."""
    found: list[str] = []
    with connect(f"{server.websocket}/calls/{call}/events") as events:
        while last not in found:
            event = json.loads(events.recv(timeout=20))
            if event["type"] == "knowledge.used" and event["data"]["article"] == article:
                found.append(event["data"]["how"])
    return found


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_what_the_caller_and_an_article_have_in_common_is_marked(
    page: Page, server: ServerProcess, consulted: str
) -> None:
    open_ended(page, server, consulted)
    expect(page.locator("#knowledge .card mark").first).to_be_visible()

    search(page, "社保缴费")
    card = page.locator("#knowledge .card").first
    assert "社保缴费" in "".join(card.locator(".card-title mark").all_inner_texts())
    title = card.locator(".card-title").inner_text().removeprefix("1").strip()
    card.click()

    expect(page.locator("#knowledge article h2")).to_have_text(title)
    assert page.locator("#knowledge article h2 mark").count() > 0
    assert page.locator("#knowledge article .answer mark").count() > 0


def test_an_answer_is_copied_and_put_into_the_ticket_by_keyboard(
    page: Page, server: ServerProcess, consulted: str
) -> None:
    open_ended(page, server, consulted)
    told = content(server, consulted)
    article = page.locator("#knowledge .card").first.get_attribute("data-article") or ""
    answer = answer_of(server, article)

    page.keyboard.press("1")
    expect(page.locator("#knowledge article .answer")).to_have_text(answer)
    page.keyboard.press("c")
    expect(page.get_by_text("已复制答案")).to_be_visible()
    assert clipboard(page) == answer
    page.keyboard.press("i")

    expect(page.get_by_role("button", name="已填入工单")).to_be_visible()
    expect(page.locator("#field-content")).to_have_value(f"{told}\n直接答复：{answer}")
    assert uses(server, consulted, article, "inserted") == ["opened", "copied", "inserted"]
    other = page.context.new_page()
    open_ended(other, server, consulted)
    expect(other.locator("#field-content")).to_have_value(f"{told}\n直接答复：{answer}")
    expect(other.locator("#knowledge .card").first).to_contain_text("已填入工单")


def test_what_was_said_stays_when_the_rest_of_the_article_arrives(
    page: Page, server: ServerProcess, consulted: str
) -> None:
    open_ended(page, server, consulted)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/articles/kb-*", hold)
    with page.expect_request("**/api/articles/kb-*"):
        page.keyboard.press("1")
    expect(page.locator("#knowledge article .answer")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_text("已复制答案")).to_be_visible()
    held[0].continue_()
    page.locator("#knowledge article .question").wait_for()
    assert page.get_by_text("已复制答案").is_visible()


def test_an_answer_that_is_put_in_again_replaces_itself_and_no_other(
    page: Page, server: ServerProcess, consulted: str
) -> None:
    open_ended(page, server, consulted)
    search(page, QUERY)
    page.keyboard.press("Enter")
    answer = answer_of(server, page.locator("#knowledge .card").first.get_attribute("data-article"))
    page.keyboard.press("1")
    expect(page.locator("#knowledge article .answer")).to_have_text(answer)
    page.locator("#field-content").fill(f"市民来电。\n直接答复：{answer[:30]}\n直接答复：别的答复。\n补充一句")

    page.keyboard.press("Alt+i")

    after = f"市民来电。\n直接答复：别的答复。\n补充一句\n直接答复：{answer}"
    expect(page.locator("#field-content")).to_have_value(after)
    expect(page.locator('[data-field="content"] .state')).to_have_text("已修改")
    assert content(server, consulted) == after


def test_words_being_selected_in_an_article_stay_selected_when_news_arrive(
    context: BrowserContext, page: Page, server: ServerProcess, consulted: str
) -> None:
    other = context.new_page()
    for each in (page, other):
        open_ended(each, server, consulted)
        search(each, QUERY)
        each.keyboard.press("Enter")
        each.keyboard.press("1")
        expect(each.locator("#knowledge article .card-meta")).to_contain_text("示例数据")
    page.locator("#knowledge article .answer").select_text()
    selected = page.evaluate("String(getSelection())")

    other.get_by_role("button", name="不对").click()

    expect(page.get_by_role("button", name="不对")).to_have_attribute("aria-pressed", "true")
    assert selected and page.evaluate("String(getSelection())") == selected


def test_a_submitted_ticket_takes_no_answer(page: Page, server: ServerProcess, play: Play) -> None:
    call = play(server, agent="answered", pace=AT_ONCE, seconds=20.0).wait()
    open_ended(page, server, call)
    search(page, QUERY)
    page.keyboard.press("Enter")
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="作为答复填入")).to_be_enabled()

    page.keyboard.press("Control+Enter")
    expect(page.locator("#submit-note")).to_contain_text("还缺")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#submit-note")).to_contain_text("工单已提交：20")
    expect(page.get_by_role("button", name="作为答复填入")).to_be_disabled()
    page.keyboard.press("Alt+i")
    assert "直接答复" not in page.locator("#field-content").input_value()


def test_a_search_counts_once_when_it_is_over(
    page: Page, server: ServerProcess, consulted: str, counted: list[dict[str, Any]]
) -> None:
    open_ended(page, server, consulted)
    search(page, "社保")
    page.keyboard.type("缴费明细")
    expect(page.locator(".list-title")).to_contain_text("“社保缴费明细”")
    assert counted == []

    page.locator("#knowledge-query").fill("停水")
    expect(page.locator(".list-title")).to_contain_text("“停水”")
    found = page.locator("#knowledge .card").count()
    page.keyboard.press("Enter")
    article = page.locator("#knowledge .card").first.get_attribute("data-article")
    with page.expect_request(lambda sent: sent.url.endswith("/searches") and "停水" in (sent.post_data or "")):
        page.keyboard.press("1")
    expect(page.locator("#knowledge article")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#knowledge-query")).to_have_value("")

    assert [(each["query"], each["opened"], each["agent"]) for each in counted] == [
        ("社保缴费明细", "", "consulted"),
        ("停水", article, "consulted"),
    ]
    assert counted[1]["found"] == found


def test_the_switch_beside_the_box_leaves_out_what_is_for_others(
    page: Page, server: ServerProcess, consulted: str
) -> None:
    open_ended(page, server, consulted)
    search(page, "补贴怎么申请")

    page.get_by_role("button", name="企业", exact=True).click()

    expect(page.locator(".list-title")).to_contain_text("只看企业")
    expect(page.get_by_role("button", name="企业", exact=True)).to_have_attribute("aria-pressed", "true")
    shown = [card.get_attribute("data-article") for card in page.locator("#knowledge .card").all()]
    kinds = {httpx.get(f"{server.url}/api/articles/{each}").json()["caller_kind"] for each in shown}
    assert shown and kinds <= {"企业", "不限"}


def test_the_phone_book_opens_from_a_field_and_gives_the_focus_back(
    page: Page, server: ServerProcess, consulted: str
) -> None:
    open_ended(page, server, consulted)
    page.locator("#field-room").focus()

    page.keyboard.press("Alt+t")
    expect(page.locator("#tips-query")).to_be_focused()
    expect(page.locator(".tip").nth(20)).to_be_attached()
    page.keyboard.type("sbj")
    expect(page.locator('.tip[aria-selected="true"]')).to_contain_text("社保局")
    expect(page.locator(".tip")).not_to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    phone = page.locator('.tip[aria-selected="true"] .tip-phone').inner_text()
    page.keyboard.press("Enter")
    expect(page.locator(".tips-said")).to_contain_text(f"已复制 {phone}")
    assert clipboard(page) == phone

    page.keyboard.press("Escape")
    expect(page.locator("#tips")).to_be_hidden()
    expect(page.locator("#field-room")).to_be_focused()


def test_a_click_in_the_phone_book_copies(page: Page, server: ServerProcess, consulted: str) -> None:
    open_ended(page, server, consulted)
    page.keyboard.press("t")
    expect(page.locator(".tip").first).to_be_visible()
    second = page.locator(".tip").nth(1)

    second.click()

    phone = second.locator(".tip-phone").inner_text()
    expect(page.locator(".tips-said")).to_contain_text(f"已复制 {phone}")
    assert clipboard(page) == phone
    page.keyboard.press("Escape")
    expect(page.locator("#tips")).to_be_hidden()


def test_script_in_a_search_stays_plain_text(page: Page, server: ServerProcess, consulted: str) -> None:
    open_ended(page, server, consulted)

    search(page, SCRIPT)
    page.keyboard.press("Alt+t")
    page.keyboard.type(f"{SCRIPT}没有")

    expect(page.locator(".tips-list .empty")).to_contain_text(SCRIPT)
    assert page.locator("#knowledge-panel img").count() == 0
