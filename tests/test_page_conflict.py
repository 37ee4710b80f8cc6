"""What contradicts a field stands beside it in a real browser, until the agent has decided."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from assistant.events import Data, HintRaised
from benchmarks.serving import ServerProcess
from tests.conftest import Write, filled, lines, watched

SAID = lines("在哪个区？", "越秀区。", "好的，越秀区。", "哦不对，是天河区，860块。")


def contradicted(field: str, value: str | int, display: str) -> HintRaised:
    text = f"已记的和通话中又说到的“{display}”有出入，请核对。"
    return HintRaised(kind="conflict", text=text, after_utterance=3, field=field, value=value, display=display)


TOLD: list[Data] = [
    *SAID,
    filled("district", "越秀区", "confirmed"),
    filled("amount", 800, "edited"),
    contradicted("district", "天河区", "天河区"),
    contradicted("amount", 860, "860"),
]


@pytest.fixture
def context(browser: Browser, server: ServerProcess) -> Iterator[BrowserContext]:
    yield from watched(browser, server.url)


def open_call(context: BrowserContext, server: ServerProcess, call: str, panel: str = "both") -> Page:
    page = context.new_page()
    page.goto(f"{server.url}/calls/{call}?panel={panel}")
    expect(page.locator("#connection")).to_have_text("已连接")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    return page


def heard(page: Page, name: str) -> Locator:
    return page.locator(f'[data-field="{name}"] .heard')


def test_what_contradicts_a_field_stands_beside_it_and_nowhere_else(
    context: BrowserContext, server: ServerProcess, written: Write
) -> None:
    page = open_call(context, server, written("conflict-shown", *TOLD))

    expect(heard(page, "district")).to_contain_text("又听到：天河区")
    expect(heard(page, "amount")).to_contain_text("又听到：860")
    expect(page.locator("#form-summary")).to_contain_text("有出入 2")
    expect(page.locator(".hint")).to_have_count(0)
    page.reload()
    expect(heard(page, "district")).to_be_visible()


def test_she_takes_the_other_value_or_keeps_hers_by_keyboard(
    context: BrowserContext, server: ServerProcess, written: Write
) -> None:
    call = written("conflict-keys", *TOLD)
    page = open_call(context, server, call)

    page.keyboard.press("F2")
    expect(page.locator("#field-amount")).to_be_focused()
    page.keyboard.press("Enter")
    expect(heard(page, "amount")).to_be_hidden()
    page.keyboard.press("F2")
    expect(page.locator("#field-district")).to_be_focused()
    page.keyboard.press("Alt+Enter")
    expect(page.locator('[data-field="district"] .state')).to_have_text("已修改")
    expect(heard(page, "district")).to_be_hidden()

    page.reload()
    expect(page.locator("#form-summary")).to_contain_text("已填 2")
    for name in ("amount", "district"):
        expect(heard(page, name)).to_be_hidden()
    ticket = httpx.get(f"{server.url}/api/calls/{call}/ticket").json()
    assert (ticket["district"]["value"], ticket["district"]["state"]) == ("天河区", "edited")
    assert (ticket["amount"]["value"], ticket["amount"]["state"]) == (800, "edited")
    page.locator("#field-district").focus()
    page.keyboard.press("Control+z")
    expect(page.locator("#submit-note")).to_contain_text("没有可以撤销")


def test_a_decision_reaches_the_other_windows(context: BrowserContext, server: ServerProcess, written: Write) -> None:
    call = written("conflict-windows", *TOLD)
    form = open_call(context, server, call, "form")
    talk = open_call(context, server, call, "transcript")
    expect(heard(form, "amount")).to_be_visible()
    expect(talk.locator('.hint[data-field="amount"]')).to_be_visible()

    form.get_by_role("button", name="涉及金额：采用").click()
    expect(form.locator("#field-amount")).to_have_value("860")
    expect(talk.locator('.hint[data-field="amount"]')).to_have_count(0)
    form.get_by_role("button", name="区：保留", exact=False).click()
    expect(heard(form, "district")).to_be_hidden()
    expect(talk.locator(".hint")).to_have_count(0)


def test_notices_show_one_at_a_time_in_a_line_that_is_always_there(
    context: BrowserContext, server: ServerProcess, written: Write
) -> None:
    told = [HintRaised(kind="missing", text=text, after_utterance=1) for text in ("还没有电话。", "还没有地址。")]
    page = open_call(context, server, written("notices", *SAID, *told))
    shown = page.locator("#notices .hint:visible")
    top = page.locator("#desk").bounding_box()

    expect(shown).to_contain_text("还没有地址。")
    expect(shown).to_contain_text("另有 1 条")
    shown.get_by_role("button", name="知道了").click()
    expect(shown).to_contain_text("还没有电话。")
    expect(shown).not_to_contain_text("另有")
    shown.get_by_role("button", name="知道了").click()
    expect(shown).to_have_count(0)
    assert page.locator("#desk").bounding_box() == top
