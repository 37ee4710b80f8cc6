"""WCAG 2.1 AA as axe-core checks it: every page, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from assistant.events import HintRaised, TranscriptFlagged
from benchmarks.serving import ServerProcess
from tests.conftest import Submit, Write, filled, lines, watched

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
PAGES = {
    "/": "#recent li",
    "/calls": "#calls tr",
    "/calls/over": "#transcript .line",
    "/calls/over?panel=form": ".field",
    "/calls/accessible": "#submit-note:not(:empty)",
    "/orders": ".order-row",
    "/knowledge": ".row",
    "/knowledge#review": "main",
    "/knowledge#files": "main",
    "/knowledge#gaps": "main",
    "/sign-in": "#sign-in",
}
"""With what is there once the page is."""


@pytest.fixture(params=["light", "dark"])
def context(request: pytest.FixtureRequest, browser: Browser, server: ServerProcess) -> Iterator[BrowserContext]:
    expect.set_options(timeout=20_000)
    yield from watched(browser, server.url, color_scheme=request.param)


@pytest.fixture(scope="session")
def order(submitted: Submit) -> str:
    fields = {"title": "关于路灯的投诉", "content": "路灯不亮", "department": "scjg", "urgency": "紧急"}
    number: str = submitted("accessible", **fields)[0]["data"]["order"]
    return number


def violations(page: Page) -> list[Any]:
    """What breaks a rule: its id and the elements."""
    found = Axe().run(page, options=RULES).response
    assert found["passes"], "axe has looked at nothing"
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule(
    context: BrowserContext, server: ServerProcess, finished: str, order: str, path: str
) -> None:
    page = context.new_page()
    page.goto(server.url + path)
    page.locator(PAGES[path]).first.wait_for()
    assert violations(page) == []


def test_an_order_and_its_questions_break_no_rule(context: BrowserContext, server: ServerProcess, order: str) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/orders/{order}")
    page.get_by_role("button", name="退回").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert violations(page) == []


def test_a_marked_line_a_search_and_a_conflict_break_no_rule(
    context: BrowserContext, server: ServerProcess, written: Write, request: pytest.FixtureRequest
) -> None:
    call = written(
        f"worked-on-{request.node.callspec.id}",
        *lines("在哪个区？", "越秀区。", "好的。", "不对，是天河区。"),
        TranscriptFlagged(utterance=3, flagged=True, by="页面"),
        filled("district", "越秀区", "edited"),
        HintRaised(
            kind="conflict", text="请核对", after_utterance=3, field="district", value="天河区", display="天河区"
        ),
    )
    page = context.new_page()
    page.goto(f"{server.url}/calls/{call}")
    expect(page.locator('[data-field="district"] .heard')).to_be_visible()
    page.keyboard.press("Control+f")
    page.keyboard.type("区")
    expect(page.locator("#find-count")).to_have_text("1 / 3")
    page.locator(".line").first.hover()
    assert violations(page) == []
    page.get_by_role("button", name="只看标记").click()
    expect(page.locator("#find-count")).to_have_text("1 / 1")
    assert violations(page) == []


def test_axe_finds_what_cannot_be_read(context: BrowserContext, server: ServerProcess) -> None:
    page = context.new_page()
    page.goto(f"{server.url}/sign-in")
    page.evaluate("document.querySelector('.note').style.color = '#8888'")
    assert [rule for rule, _ in violations(page)] == ["color-contrast"]
