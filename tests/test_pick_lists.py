"""The work order's pick lists: found by characters and by pinyin initials, chosen with the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from assistant import drafts
from assistant.events import CallEnded, CallStarted, Event
from assistant.store import Entry, Store
from assistant.ticket.fields import Change
from assistant.ticket.form import Choice, form
from assistant.ticket.placeindex import PlaceIndex
from assistant.ticket.places import Places
from assistant.transcript import Utterance
from audio.media import MediaStart
from benchmarks.serving import ServerProcess
from kb.pack import DEFAULT_PACK, CityPack
from tests.conftest import watched

STARTED = datetime.fromisoformat("2026-04-10T09:00:00+08:00")
HOTELS = ["如归宾馆(立新西路店)", "如归宾馆(昌岗中路店)", "如归宾馆(聚德路店)"]


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return CityPack.load(DEFAULT_PACK)


@pytest.fixture(scope="module")
def hotel(server: ServerProcess, pack: CityPack) -> str:
    """A call about a hotel that has three branches, none of which the caller has named."""
    places = Places(PlaceIndex(pack))
    places.hear(Utterance(0, "caller", "我要投诉如归宾馆，退房不退押金", confidence=1.0))
    said = (
        CallStarted(agent="hotel", caller_phone=None, started_at=STARTED, channels=2),
        *(each.data for each in drafts.ticket_drafts([Change("subject", places.values()["subject"])], 0.0)),
        CallEnded(reason="hangup"),
    )
    store = Store(f"sqlite:///{server.data / 'calls.db'}")
    store.add_call(MediaStart("hotel", "hotel", None, 8000, 2, STARTED))
    events = [
        Event(seq=seq, call="hotel", type=data.type, at=0.0, latency_ms=0.0, data=data.model_dump(mode="json"))
        for seq, data in enumerate(said, start=1)
    ]
    store.write([Entry(event) for event in events])
    store.close()
    return "hotel"


@pytest.fixture
def page(browser: Browser, server: ServerProcess, hotel: str) -> Iterator[Page]:
    for context in watched(browser, server.url):
        page = context.new_page()
        page.goto(f"{server.url}/calls/{hotel}")
        expect(page.locator("#call-state")).to_contain_text("已结束")
        yield page


def options(page: Page) -> Locator:
    return page.locator(".options:visible [role=option]")


def value(server: ServerProcess, name: str) -> Any:
    return httpx.get(f"{server.url}/api/calls/hotel").json()["ticket"][name]["value"]


def test_every_choice_tells_how_it_is_typed_by_initials(pack: CityPack) -> None:
    fields = {field.name: field for field in form(pack)}
    assert (
        Choice("cgj", "广州市城市管理和综合执法局", "gy z sf c sf g l h z hg z f j,c g j,c g,c g w,c g z f,h w j")
        in fields["department"].choices
    )
    for field in fields.values():
        assert all(choice.initials and choice.initials == choice.initials.lower() for choice in field.choices)
    assert {name for name, field in fields.items() if field.kind == "name"} == {"caller_name", "subject"}


@pytest.mark.parametrize("typed", ["csglh", "CGJ", "cg j"])
def test_initials_find_a_department(page: Page, server: ServerProcess, typed: str) -> None:
    box = page.locator("#field-department")
    expect(box).to_have_attribute("placeholder", "输入几个字或拼音首字母")
    box.press_sequentially(typed)
    expect(options(page).first).to_have_text("广州市城市管理和综合执法局")
    page.keyboard.press("Enter")
    expect(box).to_have_value("广州市城市管理和综合执法局")
    expect(page.locator('[data-field="department"] .state')).to_have_text("已修改")
    page.keyboard.press("Control+z")
    expect(page.locator('[data-field="department"] .state')).not_to_have_text(re.compile("已修改|保存中"))


def test_what_holds_the_characters_comes_before_what_they_begin(page: Page, pack: CityPack) -> None:
    page.locator("#field-department").press_sequentially("sj")
    expect(options(page).first).to_have_text("广州市人力资源和社会保障局")
    codes = {choice.display: choice.value for choice in next(f for f in form(pack) if f.name == "department").choices}
    held = ["sj" in codes[shown] for shown in options(page).all_inner_texts()]
    assert held == sorted(held, reverse=True)
    assert not all(held)


def test_departments_are_added_by_initials(page: Page, server: ServerProcess) -> None:
    box = page.locator("#field-co_departments")
    box.press_sequentially("gaj")
    page.keyboard.press("Enter")
    expect(page.locator('[data-field="co_departments"] .chip')).to_contain_text("公安局")


def test_the_agent_chooses_the_branch_of_which_the_caller_speaks(page: Page, server: ServerProcess) -> None:
    box = page.locator("#field-subject")
    expect(box).to_have_value("如归宾馆")
    box.focus()
    page.keyboard.press("ArrowDown")
    expect(options(page)).to_have_text(HOTELS)
    assert Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).violations_count == 0
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value(HOTELS[1])
    expect(page.locator('[data-field="subject"] .state')).to_have_text("已修改")
    assert value(server, "subject") == HOTELS[1]


def test_a_subject_that_is_no_candidate_is_typed(page: Page, server: ServerProcess) -> None:
    box = page.locator("#field-subject")
    box.fill("如归宾馆聚德路")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator('[data-field="subject"] .state')).to_have_text("已修改")
    expect(options(page)).to_have_count(0)
    assert value(server, "subject") == "如归宾馆聚德路"
