"""Working with the conversation in a real browser: marking lines to come back to, and finding what was said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from benchmarks.serving import ServerProcess
from tests.conftest import Play, Write, lines, watched

SAID = [
    "您好，请问有什么可以帮您？",
    "我在ＡＢＣ健身房办了卡，现在关门了。",
    "健身房在哪里？",
    "在天河区，abc健身房，退卡要退860块。",
    *("嗯。", "是的。") * 20,
    "还有别的要反映吗？",
    "没有了，就是健身房。",
]
LAST = len(SAID) - 1


@pytest.fixture(scope="module")
def spoken(written: Write) -> str:
    return written("spoken", *lines(*SAID))


@pytest.fixture
def context(browser: Browser, server: ServerProcess) -> Iterator[BrowserContext]:
    yield from watched(browser, server.url)


@pytest.fixture
def page(context: BrowserContext, server: ServerProcess, spoken: str) -> Page:
    page = context.new_page()
    open_call(page, f"{server.url}/calls/{spoken}")
    return page


def open_call(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator("#connection")).to_have_text("已连接")
    expect(line(page, LAST)).to_be_attached()


def line(page: Page, number: int) -> Locator:
    return page.locator(f'.line[data-utterance="{number}"]')


def flag(page: Page, number: int) -> Locator:
    return line(page, number).get_by_role("button", name="标记")


def lit(page: Page, name: str = "found") -> list[str]:
    """What a highlight lies over."""
    texts: list[str] = page.evaluate("name => [...CSS.highlights.get(name)].map(String)", name)
    return texts


def test_a_mark_reaches_every_window_and_outlives_a_reload(
    context: BrowserContext, page: Page, server: ServerProcess, spoken: str
) -> None:
    other = context.new_page()
    open_call(other, f"{server.url}/calls/{spoken}?panel=transcript")

    line(page, LAST).hover()
    flag(page, LAST).click()

    expect(flag(other, LAST)).to_have_attribute("aria-pressed", "true")
    expect(other.locator("#flags-next")).to_have_text("标记 1")
    page.reload()
    expect(flag(page, LAST)).to_have_attribute("aria-pressed", "true")
    flag(page, LAST).click()
    expect(flag(other, LAST)).to_have_attribute("aria-pressed", "false")
    expect(other.locator("#flags-next")).to_be_hidden()


def test_lines_are_marked_and_stepped_through_by_keyboard(page: Page) -> None:
    page.keyboard.press("m")
    expect(flag(page, LAST)).to_have_attribute("aria-pressed", "true")
    line(page, 1).get_by_role("button", name="听").focus()
    page.keyboard.press("m")
    expect(page.locator("#flags-next")).to_have_text("标记 2")
    expect(line(page, 1).get_by_role("button", name="听")).to_be_focused()

    page.locator("#field-title").focus()
    page.keyboard.press("Alt+n")
    expect(line(page, 1)).to_be_in_viewport()
    page.keyboard.press("Alt+n")
    expect(line(page, LAST)).to_be_in_viewport()
    for _ in range(2):
        page.keyboard.press("Alt+m")
        page.keyboard.press("Alt+n")
    expect(page.locator("#flags-next")).to_be_hidden()


def test_a_mark_made_without_a_connection_is_kept_over_a_reload(
    context: BrowserContext, page: Page, server: ServerProcess, spoken: str
) -> None:
    """The page asks before it goes with something unsaved, as it should; here it goes all the same."""
    page.add_init_script(
        "addEventListener('beforeunload', (event) => event.stopImmediatePropagation());"
        "window.WebSocket = class extends WebSocket {"
        "  send(text) { if (!localStorage.getItem('mute')) super.send(text) } }"
    )
    open_call(page, f"{server.url}/calls/{spoken}")
    page.evaluate("localStorage.setItem('mute', 'yes')")
    flag(page, 3).click()
    expect(flag(page, 3)).to_have_attribute("aria-pressed", "true")

    page.reload()
    expect(flag(page, 3)).to_have_attribute("aria-pressed", "true")
    other = context.new_page()
    open_call(other, f"{server.url}/calls/{spoken}")
    expect(flag(other, 3)).to_have_attribute("aria-pressed", "false")
    page.evaluate("localStorage.clear()")
    page.reload()

    expect(flag(other, 3)).to_have_attribute("aria-pressed", "true")
    flag(other, 3).click()
    expect(flag(page, 3)).to_have_attribute("aria-pressed", "false")


def test_a_line_does_not_move_when_it_is_pointed_at_or_marked(page: Page) -> None:
    place = "said => [said.offsetTop, said.offsetLeft, said.offsetWidth, said.offsetHeight]"

    def places() -> list[Any]:
        return [line(page, number).locator(".said").evaluate(place) for number in (1, LAST)]

    before = places()
    line(page, 1).hover()
    assert places() == before
    for pressed in ("true", "false"):
        flag(page, 1).click()
        expect(flag(page, 1)).to_have_attribute("aria-pressed", pressed)
        assert places() == before


def test_what_was_said_is_found_as_one_types_and_stepped_through(page: Page) -> None:
    page.locator("#field-title").focus()
    page.keyboard.press("Control+f")
    expect(page.locator("#find-text")).to_be_focused()
    page.keyboard.type("abc健身房")

    expect(page.locator("#find-count")).to_have_text("1 / 2")
    assert lit(page) == ["ＡＢＣ健身房", "abc健身房"]
    assert lit(page, "found-current") == ["ＡＢＣ健身房"]
    expect(line(page, 1)).to_be_in_viewport()
    page.locator("#find-text").fill("健身房")
    expect(page.locator("#find-count")).to_have_text("1 / 4")
    for at, number in ((2, 2), (3, 3), (4, LAST), (1, 1)):
        page.keyboard.press("Enter")
        expect(page.locator("#find-count")).to_have_text(f"{at} / 4")
        expect(line(page, number)).to_be_in_viewport()
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#find-count")).to_have_text("4 / 4")
    page.locator("#find-text").fill("游泳")
    expect(page.locator("#find-count")).to_have_text("没有找到")

    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_be_hidden()
    expect(page.locator("#field-title")).to_be_focused()
    assert lit(page) == []


def test_the_browsers_own_search_stays_in_reach(page: Page) -> None:
    page.evaluate("addEventListener('keydown', (event) => { window.taken = event.defaultPrevented })")
    page.keyboard.press("Control+f")
    assert page.evaluate("window.taken")
    page.keyboard.press("Control+f")
    assert not page.evaluate("window.taken")


def test_marked_lines_alone_are_shown_and_searched(page: Page) -> None:
    for number in (2, 3):
        flag(page, number).click()
    page.keyboard.press("Control+f")
    page.get_by_role("button", name="只看标记").click()

    expect(page.locator(".line:visible")).to_have_count(2)
    expect(page.locator("#find-count")).to_have_text("1 / 2")
    page.locator("#find-text").fill("退卡")
    expect(page.locator("#find-count")).to_have_text("1 / 1")
    for number in (2, 3):
        flag(page, number).click()
    expect(page.locator(".line:visible")).to_have_count(len(SAID))
    expect(page.get_by_role("button", name="只看标记")).to_be_disabled()


def test_evidence_and_what_was_found_show_together(page: Page, server: ServerProcess, finished: str) -> None:
    page.goto(f"{server.url}/calls/{finished}")
    expect(page.locator("#call-state")).to_contain_text("已结束")
    page.locator("#field-district").focus()
    expect(page.locator("#transcript mark").first).to_be_visible()
    marked = page.locator("#transcript mark").all_inner_texts()

    page.keyboard.press("Control+f")
    page.keyboard.type("区")

    expect(page.locator("#find-count")).to_contain_text("/")
    assert page.locator("#transcript mark").all_inner_texts() == marked
    assert set(lit(page)) == {"区"}


def test_lines_that_come_while_one_searches_are_searched_and_do_not_carry_her_away(
    page: Page, server: ServerProcess, play: Play
) -> None:
    page.goto(f"{server.url}/desk/searching")
    call = play(server, agent="searching", pace=6.0, seconds=60)
    first = page.locator('.line[data-final="true"] .words').first
    first.wait_for(timeout=60_000)
    page.keyboard.press("Control+f")
    page.keyboard.type(first.inner_text()[0])
    expect(page.locator("#find-count")).to_contain_text("1 / ")
    top = page.locator("#transcript").evaluate("box => box.scrollTop")
    call.wait()
    expect(page.locator("#call-state")).to_contain_text("已结束")

    assert page.locator("#find-count").inner_text().startswith("1 / ")
    assert lit(page, "found-current") == [first.inner_text()[0]]
    assert page.locator("#transcript").evaluate("box => box.scrollTop") == top
    page.locator("#find-text").fill(page.locator('.line[data-final="true"] .words').last.inner_text())
    expect(page.locator("#find-count")).to_have_text("1 / 1")
