"""An agent's call from ring to dispatched order, at the pace at which people speak: the real server, model and browser.

She has two windows, types while the caller speaks, reloads, and goes on although the server is killed in mid-call; she
never takes her hands off the keyboard.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.serving import ServerProcess
from tests.conftest import Play, watched

DESK = "7"
SECONDS = 48.0


@pytest.fixture
def address() -> str:
    """Where the server is, before and after it is killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    expect.set_options(timeout=30_000)
    yield from watched(browser, address)


def test_from_ring_to_dispatched_order(tmp_path: Path, address: str, context: BrowserContext, play: Play) -> None:
    port = int(address.rsplit(":", 1)[1])
    talk, form = context.new_page(), context.new_page()
    with ServerProcess(tmp_path, port) as server:
        for window, panel in ((talk, "transcript"), (form, "form")):
            window.goto(f"{address}/desk/{DESK}?panel={panel}")
            expect(window.locator("#connection")).to_have_text("已连接")
        playing = play(server, agent=DESK, seconds=SECONDS, patience=120)
        types_while_they_speak(form)
        reloads(talk)
        expect(talk.locator('.line[data-final="true"]').nth(4)).to_be_attached()
        heard = said(talk)
        server.kill()
    expect(talk.locator("#connection")).to_have_text("重连中…")
    types(form, "caller_name", "秦芳")  # while nobody listens
    with ServerProcess(tmp_path, port):
        for window in (talk, form):
            expect(window.locator("#connection")).to_have_text("已连接")
            expect(window.locator("#call-state")).to_contain_text("通话中")
        playing.wait()
        for window in (talk, form):
            expect(window.locator("#call-state")).to_contain_text("已结束")
        stored = httpx.get(f"{address}/api/calls/{playing.call_id}").json()
        assert said(talk)[: len(heard)] == heard
        assert said(talk) == [turn["text"] for turn in stored["transcript"]]
        assert stored["transcript"][-1]["end"] > SECONDS - 5
        assert (value(form, "room"), value(form, "caller_name")) == ("502房", "秦芳")
        submits(form)
        [order] = httpx.get(f"{address}/api/orders").json()["orders"]
        assert (order["call"], order["caller_name"]) == (playing.call_id, "秦芳")
        assert (order["state"], order["department"]) == ("dispatched", "dianxin")
        assert order["ticket"]["room"]["value"] == "502房"
        finds(context.new_page(), f"{address}/orders", order["number"])


def types_while_they_speak(form: Page) -> None:
    expect(form.locator("#call-state")).to_contain_text("通话中")
    expect(form.locator('.field[data-state="suggested"]').first).to_be_attached()
    types(form, "room", "502房")
    expect(form.locator('[data-field="room"]')).to_have_attribute("data-state", "edited")


def types(form: Page, field: str, text: str) -> None:
    form.locator(f"#field-{field}").focus()
    form.keyboard.press("Control+a")
    form.keyboard.type(text)
    form.keyboard.press("Enter")


def reloads(talk: Page) -> None:
    heard = said(talk)
    talk.reload()
    expect(talk.locator("#call-state")).to_contain_text("通话中")
    expect(talk.locator('.line[data-final="true"]').nth(len(heard) - 1)).to_be_attached()
    assert said(talk)[: len(heard)] == heard


def submits(form: Page) -> None:
    """Everything likely at once, the department by its initials, and off it goes in spite of what is missing."""
    form.locator("body").press("Alt+a")
    expect(form.locator("#submit-note")).to_contain_text("已采纳")
    types(form, "department", "zgdx")  # 中国电信
    form.keyboard.press("Control+Enter")
    expect(form.locator("#submit-note")).to_contain_text("还缺")
    form.keyboard.press("Control+Enter")
    expect(form.locator("#submit-note")).to_contain_text("已派给")


def finds(book: Page, url: str, number: str) -> None:
    book.goto(url)
    book.keyboard.press("/")
    book.keyboard.type(number)
    book.keyboard.press("Enter")
    expect(book.locator(".order-row")).to_have_count(1)
    expect(book.locator(".order-row")).to_contain_text(number)


def said(page: Page) -> list[str]:
    return page.locator('.line[data-final="true"] .words').all_inner_texts()


def value(page: Page, field: str) -> str:
    return page.locator(f"#field-{field}").input_value()
