"""The agent's page in a real browser, fed by the real server and the real model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, WebSocketRoute, expect
from websockets.sync.client import connect

from benchmarks.serving import ServerProcess
from tests.conftest import Play, SampleCall, Submit, watched

AT_ONCE = 1000.0
SCRIPT = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def finished(server: ServerProcess, play: Play) -> str:
    """The bundled call, over before any page looks at it."""
    return play(server, agent="finished", pace=AT_ONCE).wait()


@pytest.fixture
def context(browser: Browser, server: ServerProcess) -> Iterator[BrowserContext]:
    yield from watched(browser, server.url)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def open_ended(page: Page, url: str) -> None:
    """Open a page on a call that is over, and let it fill."""
    page.goto(url)
    expect(page.locator("#call-state")).to_contain_text("已结束")


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"]')


def ticket(server: ServerProcess, call: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/api/calls/{call}")
    answer.raise_for_status()
    ticket: dict[str, Any] = answer.json()["ticket"]
    return ticket


def said(page: Page) -> list[str]:
    return page.locator(".line .said").all_inner_texts()


def with_evidence(server: ServerProcess, call: str) -> str:
    """A text field of the call that shows where it was said."""
    kinds = {each["name"]: each["kind"] for each in httpx.get(f"{server.url}/api/fields").json()}
    found = [name for name, each in ticket(server, call).items() if each["evidence"] and kinds[name] == "text"]
    assert found, "the sample call must fill some text field from words that were said"
    return found[0]


def test_the_page_fills_by_itself_while_the_call_is_on(page: Page, server: ServerProcess, play: Play) -> None:
    page.goto(f"{server.url}/desk/filling")
    expect(page.locator("#call-state")).to_contain_text("等待来电")
    expect(page.locator("#connection")).to_have_text("已连接")

    where = "fields => fields.map((field) => field.getBoundingClientRect().top)"
    before = page.locator(".field").evaluate_all(where)

    call = play(server, agent="filling", pace=8.0)

    expect(page.locator("#call-state")).to_contain_text("通话中", timeout=20_000)
    expect(page.locator(".tentative").first).to_be_visible(timeout=20_000)
    assert (
        page.locator(".line:has(.tentative)").evaluate_all(
            "lines => lines.filter((each) => /false|null/.test(each.textContent)).length"
        )
        == 0
    )
    expect(page.locator('.line[data-final="true"]').nth(2)).to_be_attached(timeout=60_000)
    expect(page.locator('.field[data-state="suggested"]').first).to_be_attached(timeout=60_000)
    call.wait()
    expect(page.locator("#call-state")).to_contain_text("已结束")
    assert page.locator('.line[data-final="true"]').count() > 3
    assert page.locator('.line[data-final="false"]').count() == 0
    assert page.locator('.field:not([data-state="empty"])').count() > 3
    assert page.locator("#knowledge .card, #knowledge .earlier li").count() > 0
    assert page.locator(".field").evaluate_all(where) == before, "nothing may move under the agent's hand"


def test_an_edit_sticks_and_reaches_every_window(
    context: BrowserContext, page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    other = context.new_page()
    open_ended(other, f"{server.url}/desk/finished?panel=form")

    page.locator("#field-caller_name").fill("欧阳女士")
    page.keyboard.press("Enter")

    expect(field(page, "caller_name").locator(".state")).to_have_text("已修改")
    expect(other.locator("#field-caller_name")).to_have_value("欧阳女士")
    page.reload()
    expect(page.locator("#field-caller_name")).to_have_value("欧阳女士")
    assert ticket(server, finished)["caller_name"]["state"] == "edited"


def test_a_time_is_typed_as_people_write_it(page: Page, server: ServerProcess, finished: str, call: SampleCall) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")

    page.locator("#field-occurred_at").fill("3月20日 7点")
    page.keyboard.press("Enter")

    expect(field(page, "occurred_at").locator(".state")).to_have_text("已修改")
    year = call.started_at[:4]
    expect(page.locator("#field-occurred_at")).to_have_value(f"{year}-03-20 07:00")
    assert ticket(server, finished)["occurred_at"]["value"] == f"{year}-03-20T07:00:00+08:00"


def test_a_value_that_cannot_be_is_told_beside_its_field_and_not_sent(
    page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    before = ticket(server, finished)["amount"]

    page.locator("#field-amount").fill("很多钱")
    page.keyboard.press("Enter")

    expect(field(page, "amount").locator(".problem")).to_have_text("请填数字")
    page.keyboard.press("Escape")
    expect(field(page, "amount").locator(".problem")).to_be_hidden()
    assert ticket(server, finished)["amount"] == before


def test_enter_accepts_a_suggestion(page: Page, server: ServerProcess, finished: str) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")

    page.keyboard.press("F2")
    chosen = page.locator(".field:focus-within")
    name = chosen.get_attribute("data-field") or ""
    expect(chosen.locator(".state")).to_contain_text("建议")
    page.keyboard.press("Enter")

    expect(field(page, name).locator(".state")).to_have_text("已确认")
    assert ticket(server, finished)[name]["state"] == "confirmed"


def test_scrolling_back_stops_the_transcript_from_running_away(
    page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    latest = page.locator(".line").last
    expect(latest).to_be_in_viewport()

    page.locator("#transcript").hover()
    page.mouse.wheel(0, -5000)
    expect(page.locator(".line").first).to_be_in_viewport()
    expect(latest).not_to_be_in_viewport()

    page.get_by_role("button", name="回到最新").click()
    expect(latest).to_be_in_viewport()


def test_a_value_the_server_refuses_is_taken_back_with_its_reason(
    page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    before = page.locator("#field-contact_phone").input_value()

    page.locator("#field-contact_phone").fill("没有电话")
    page.keyboard.press("Enter")

    expect(field(page, "contact_phone").locator(".problem")).to_have_text("“联系电话”只能填5至15位数字。")
    expect(page.locator("#field-contact_phone")).to_have_value(before)


@pytest.mark.parametrize(("name", "longest"), [("content", 10_000), ("title", 30), ("room", 100)])
def test_far_too_much_text_stays_where_it_was_typed_with_the_reason_beside_it(
    page: Page, server: ServerProcess, finished: str, name: str, longest: int
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    before = ticket(server, finished)[name]
    page.locator(f"#field-{name}").fill("长" * 350_000)  # a megabyte
    page.locator(f"#field-{name}").press("Enter")
    expect(field(page, name).locator(".problem")).to_have_text(f"最多 {longest} 字，现有 350000 字，请缩短")
    assert len(page.locator(f"#field-{name}").input_value()) == 350_000
    page.locator(f"#field-{name}").press("Escape")
    expect(field(page, name).locator(".problem")).to_be_hidden()
    assert ticket(server, finished)[name] == before


def test_what_she_is_typing_is_not_overwritten(
    context: BrowserContext, page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    other = context.new_page()
    open_ended(other, f"{server.url}/calls/{finished}")

    page.locator("#field-subject").press_sequentially("南华路口的")
    other.locator("#field-subject").fill("别的单位")
    other.keyboard.press("Enter")

    expect(field(page, "subject").locator(".rival")).to_contain_text("别的单位")
    expect(page.locator("#field-subject")).to_have_value("南华路口的")
    page.keyboard.press("Escape")
    expect(page.locator("#field-subject")).to_have_value("别的单位")


def test_focus_in_a_field_lights_up_the_words_it_came_from(page: Page, server: ServerProcess, finished: str) -> None:
    name = with_evidence(server, finished)
    call = httpx.get(f"{server.url}/api/calls/{finished}").json()
    texts = {each["utterance"]: each["text"] for each in call["transcript"]}
    words = {texts[span["utterance"]][span["start"] : span["end"]] for span in call["ticket"][name]["evidence"]}

    open_ended(page, f"{server.url}/calls/{finished}")
    page.locator(f"#field-{name}").focus()

    lit = page.locator("#transcript mark")
    expect(lit.first).to_be_in_viewport()
    assert any(text in word for text in lit.all_inner_texts() for word in words)


def test_names_numbers_and_times_are_underlined_with_the_name_of_their_field(
    page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    known = ticket(server, finished)
    assert known["compound"]["evidence"]
    compound = page.locator("#transcript .entity[title*='小区']")
    expect(compound.first).to_be_attached()
    spans = known["compound"]["evidence"]
    stored = httpx.get(f"{server.url}/api/calls/{finished}").json()["transcript"]
    texts = {line["utterance"]: line["text"] for line in stored}
    words = [texts[span["utterance"]][span["start"] : span["end"]] for span in spans]
    assert compound.first.inner_text() in "".join(words)
    assert page.locator(".line .words").all_inner_texts() == [line["text"] for line in stored]


def test_where_a_value_was_said_shows_while_the_pointer_rests_on_its_field(
    page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    name = with_evidence(server, finished)
    field(page, name).hover()
    expect(page.locator("#transcript mark").first).to_be_attached()
    expect(page.locator("#evidence-note")).to_contain_text("的依据")
    page.mouse.move(5, 5)
    expect(page.locator("#transcript mark")).to_have_count(0)
    page.locator(f"#field-{name}").focus()
    expect(page.locator("#transcript mark").first).to_be_attached()
    field(page, "amount").hover()
    expect(page.locator("#transcript mark")).to_have_count(0)
    with connect(f"{server.websocket}/calls/{finished}/events") as elsewhere:
        elsewhere.send(json.dumps({"type": "ticket.accept", "id": "rests", "call": finished, "field": name}))
        expect(field(page, name).locator(".state")).to_have_text("已确认")
    expect(page.locator("#transcript mark")).to_have_count(0)
    page.mouse.move(5, 5)
    expect(page.locator("#transcript mark").first).to_be_attached()


def test_evidence_lights_up_across_two_windows(context: BrowserContext, server: ServerProcess, finished: str) -> None:
    left, right = context.new_page(), context.new_page()
    open_ended(left, f"{server.url}/calls/{finished}?panel=transcript")
    open_ended(right, f"{server.url}/calls/{finished}?panel=form")
    expect(left.locator("#form-panel")).to_be_hidden()
    expect(right.locator("#transcript-panel")).to_be_hidden()

    right.locator(f"#field-{with_evidence(server, finished)}").focus()

    expect(left.locator("#transcript mark").first).to_be_in_viewport()


def test_the_split_button_puts_the_work_order_into_its_own_window(
    page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="分屏").click()

    expect(opened.value.locator("#form-panel")).to_be_visible()
    expect(opened.value.locator("#transcript-panel")).to_be_hidden()
    expect(page.locator("#form-panel")).to_be_hidden()
    expect(page.locator("#transcript-panel")).to_be_visible()


def test_a_reload_shows_everything_again(page: Page, server: ServerProcess, finished: str) -> None:
    open_ended(page, f"{server.url}/desk/finished")
    lines, summary = said(page), page.locator("#form-summary").inner_text()

    page.reload()

    expect(page.locator("#call-state")).to_contain_text("已结束")
    assert said(page) == lines
    assert page.locator("#form-summary").inner_text() == summary


def test_the_page_comes_back_after_a_lost_connection_with_the_edit_made_meanwhile(
    context: BrowserContext, page: Page, server: ServerProcess, finished: str
) -> None:
    """Chromium's offline mode keeps open websockets alive, so the page's own socket is closed under it as well."""
    page.add_init_script(
        "window.sockets = [];"
        "window.WebSocket = class extends WebSocket { constructor(url) { super(url); window.sockets.push(this) } }"
    )
    open_ended(page, f"{server.url}/calls/{finished}")
    expect(page.locator("#connection")).to_have_text("已连接")
    context.set_offline(True)
    page.evaluate("window.sockets.at(-1).close()")
    expect(page.locator("#connection")).to_have_text("重连中…")

    page.locator("#field-road").fill("离线时填的路")
    page.keyboard.press("Enter")
    expect(field(page, "road").locator(".state")).to_have_text("保存中…")
    context.set_offline(False)

    expect(page.locator("#connection")).to_have_text("已连接")
    expect(field(page, "road").locator(".state")).to_have_text("已修改")
    assert ticket(server, finished)["road"]["value"] == "离线时填的路"


def test_what_is_never_acknowledged_is_sent_again_on_a_new_connection(
    page: Page, server: ServerProcess, finished: str
) -> None:
    swallowed: list[str] = []

    def between(socket: WebSocketRoute) -> None:
        def from_server(message: str | bytes) -> None:
            if '"ack"' in str(message) and not swallowed:
                swallowed.append(str(message))
            else:
                socket.send(message)

        socket.connect_to_server().on_message(from_server)

    page.route_web_socket(re.compile("/events"), between)
    open_ended(page, f"{server.url}/calls/{finished}")
    page.locator("#field-amount").fill("77")
    page.locator("#field-amount").press("Enter")
    expect(field(page, "amount").locator(".state")).to_have_text("保存中…")
    expect(field(page, "amount").locator(".state")).to_have_text("已修改", timeout=30_000)
    expect(page.locator("#connection")).to_have_text("已连接")
    assert len(swallowed) == 1
    assert ticket(server, finished)["amount"]["value"] == 77


def test_manual_search_finds_opens_and_rates_an_article_by_keyboard(
    page: Page, server: ServerProcess, finished: str
) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    expect(page.locator("#connection")).to_have_text("已连接")
    page.keyboard.press("/")
    expect(page.locator("#knowledge-query")).to_be_focused()

    page.keyboard.type("怎么打印社保缴费明细")
    page.keyboard.press("Enter")
    expect(page.locator("#knowledge .card").first).to_be_focused()
    title = page.locator("#knowledge .card-title").first.inner_text().removeprefix("1").strip()
    page.keyboard.press("1")

    expect(page.locator("#knowledge article h2")).to_have_text(title)
    page.get_by_role("button", name="有用").click()
    expect(page.get_by_role("button", name="有用")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("保存中…")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#knowledge .card").first).to_be_visible()


def test_script_in_what_was_typed_stays_plain_text(page: Page, server: ServerProcess, finished: str) -> None:
    open_ended(page, f"{server.url}/calls/{finished}")
    page.locator("#field-title").fill(SCRIPT)
    page.keyboard.press("Enter")
    expect(field(page, "title").locator(".state")).to_have_text("已修改")

    page.goto(f"{server.url}/calls")

    expect(page.get_by_text(SCRIPT)).to_be_visible()
    assert page.locator("#calls img").count() == 0


def test_the_list_of_calls_opens_a_call_for_review(page: Page, server: ServerProcess, finished: str) -> None:
    page.goto(f"{server.url}/calls")
    page.locator(f'[data-call="{finished}"] .title a').click()

    expect(page).to_have_url(f"{server.url}/calls/{finished}")
    expect(page.locator("#call-state")).to_contain_text("已结束")


def test_submitting_locks_the_ticket_after_telling_what_is_missing(
    page: Page, server: ServerProcess, play: Play, call: SampleCall
) -> None:
    play(server, agent="submitting", pace=AT_ONCE, samples=call.samples[:, : 25 * 8000]).wait()
    open_ended(page, f"{server.url}/desk/submitting")
    page.locator("#field-title").fill("")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#submit-note")).to_contain_text("诉求标题")
    page.locator("#field-title").fill("一件事")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#submit-note")).to_contain_text("工单已提交：20")
    expect(page.locator("#submit")).to_be_disabled()
    assert not page.locator("#field-title").is_editable()


def test_an_unknown_call_says_so(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/calls/no-such-call")

    expect(page.locator("#connection")).to_have_text("没有这通电话")
    expect(page.locator("#ticket .problem:visible")).to_have_count(0)


def test_who_calls_is_told_with_the_calls_and_orders_before(
    page: Page, server: ServerProcess, play: Play, submitted: Submit
) -> None:
    [order, *_] = submitted("called-before", contact_phone="13800138001", content="不退钱", title="关于退卡的投诉")
    play(server, agent="again", call_id="calls-again", pace=AT_ONCE, seconds=5.0).wait()
    page.goto(f"{server.url}/desk/again")
    expect(page.locator("#caller")).to_contain_text("此前来电")
    page.locator("#caller summary", has_text="此号码工单").press("Enter")
    expect(page.locator("#caller a").first).to_be_visible()
    expect(page.locator("#caller").get_by_text("关于退卡的投诉").first).to_be_visible()
    assert order["data"]["order"] in page.locator("#caller").inner_text()


def test_the_type_can_be_made_large(page: Page, server: ServerProcess, finished: str) -> None:
    page.goto(f"{server.url}/calls/{finished}")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    size = "() => parseFloat(getComputedStyle(document.body).fontSize)"
    before = page.evaluate(size)
    page.get_by_role("button", name="大字").click()
    assert page.evaluate(size) > before * 1.2
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_line_is_heard_where_it_is_clicked(page: Page, server: ServerProcess, finished: str) -> None:
    page.goto(f"{server.url}/calls/{finished}")
    line = page.locator(".line[data-speaker=caller]").first
    with page.expect_response("**/audio?*") as heard:
        line.get_by_role("button", name="听").press("Enter")
    assert heard.value.ok
    expect(line).to_have_attribute("data-playing", "")
    line.get_by_role("button", name="听").press("Enter")
    expect(line).not_to_have_attribute("data-playing", "")


def test_likely_suggestions_are_accepted_together_and_undone_one_by_one(
    page: Page, server: ServerProcess, play: Play
) -> None:
    call = play(server, agent="accepting", pace=AT_ONCE).wait()
    page.goto(f"{server.url}/desk/accepting")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    fields = httpx.get(f"{server.url}/api/calls/{call}/ticket").json()
    likely = [name for name, field in fields.items() if field["state"] == "suggested" and field["confidence"] >= 0.85]
    assert likely
    page.keyboard.press("a")
    expect(page.locator("#submit-note")).to_contain_text(f"已采纳 {len(likely)} 项")
    for name in likely:
        expect(page.locator(f'[data-field="{name}"] .state')).to_have_text("已确认")
    page.keyboard.press("Control+z")
    expect(page.locator('[data-state="suggested"]:not([data-look="doubtful"])').first).to_be_visible()
    expect(page.locator("#submit-note")).to_contain_text("已撤销对")
    expect(page.locator('[data-look="saving"]')).to_have_count(0)
    told = httpx.get(f"{server.url}/api/calls/{call}/ticket").json()
    assert sum(told[name]["state"] == "suggested" for name in likely) == 1


def test_typing_is_undone_by_the_browser_and_a_saved_edit_by_the_ticket(
    page: Page, server: ServerProcess, play: Play
) -> None:
    call = play(server, agent="undoing", pace=AT_ONCE, seconds=15.0).wait()
    page.goto(f"{server.url}/desk/undoing")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    room = page.locator("#field-room")
    room.fill("502房")
    page.keyboard.press("Enter")
    expect(page.locator('[data-field="room"] .state')).to_have_text("已修改")
    room.press("End")
    page.keyboard.type("后")
    page.keyboard.press("Control+z")
    expect(room).to_have_value("502房")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(page.locator('[data-field="room"] .state')).to_have_text("空")
    assert httpx.get(f"{server.url}/api/calls/{call}/ticket").json()["room"]["state"] == "empty"
