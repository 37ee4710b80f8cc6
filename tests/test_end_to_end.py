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
    with ServerProcess(tmp_path, port) as server:
        talk, form = context.new_page(), context.new_page()
        talk.goto(f"{address}/desk/{DESK}?panel=transcript")
        form.goto(f"{address}/desk/{DESK}?panel=form")
        expect(talk.locator("#connection")).to_have_text("已连接")
        expect(form.locator("#connection")).to_have_text("已连接")
        playing = play(server, agent=DESK, seconds=SECONDS, patience=120)

        # The form fills while they speak, and what she types stays hers.
        expect(form.locator("#call-state")).to_contain_text("通话中")
        expect(form.locator('.field[data-state="suggested"]').first).to_be_attached()
        form.locator("#field-room").focus()
        form.keyboard.type("502房")
        form.keyboard.press("Enter")
        expect(form.locator('[data-field="room"]')).to_have_attribute("data-state", "edited")

        # A reload in mid-call changes nothing that she sees.
        heard = said(talk)
        talk.reload()
        expect(talk.locator("#call-state")).to_contain_text("通话中")
        expect(talk.locator('.line[data-final="true"]').nth(len(heard) - 1)).to_be_attached()
        assert said(talk)[: len(heard)] == heard

        expect(talk.locator('.line[data-final="true"]').nth(4)).to_be_attached()
        heard = said(talk)
        server.kill()
    expect(talk.locator("#connection")).to_have_text("重连中…")
    form.locator("#field-caller_name").focus()
    form.keyboard.press("Control+a")
    form.keyboard.type("秦芳")  # typed while nobody listens
    form.keyboard.press("Enter")
    with ServerProcess(tmp_path, port) as server:
        expect(talk.locator("#connection")).to_have_text("已连接")
        expect(form.locator("#connection")).to_have_text("已连接")
        expect(talk.locator("#call-state")).to_contain_text("通话中")
        playing.wait()
        for window in (talk, form):
            expect(window.locator("#call-state")).to_contain_text("已结束")
        assert said(talk)[: len(heard)] == heard
        stored = httpx.get(f"{address}/api/calls/{playing.call_id}").json()
        assert said(talk) == [turn["text"] for turn in stored["transcript"]]
        assert stored["transcript"][-1]["end"] > SECONDS - 5
        assert value(form, "room") == "502房"
        assert value(form, "caller_name") == "秦芳"

        # After the call: everything likely at once, what is missing in one place, and off it goes.
        form.locator("body").press("Alt+a")
        expect(form.locator("#submit-note")).to_contain_text("已采纳")
        form.locator("#field-department").focus()
        form.keyboard.press("Control+a")
        form.keyboard.type("zgdx")  # 中国电信, by its initials
        form.keyboard.press("Enter")
        form.keyboard.press("Control+Enter")
        form.keyboard.press("Control+Enter")
        expect(form.locator("#submit-note")).to_contain_text("已派给")
        form.keyboard.press("Escape")

        [order] = httpx.get(f"{address}/api/orders").json()["orders"]
        assert order["call"] == playing.call_id
        assert order["caller_name"] == "秦芳"
        assert (order["state"], order["department"]) == ("dispatched", "dianxin")
        assert order["ticket"]["room"]["value"] == "502房"
        book = context.new_page()
        book.goto(f"{address}/orders")
        book.keyboard.press("/")
        book.keyboard.type(order["number"])
        book.keyboard.press("Enter")
        expect(book.locator(".order-row")).to_have_count(1)
        expect(book.locator(".order-row")).to_contain_text(order["number"])


def said(page: Page) -> list[str]:
    return page.locator('.line[data-final="true"] .words').all_inner_texts()


def value(page: Page, field: str) -> str:
    return page.locator(f"#field-{field}").input_value()
