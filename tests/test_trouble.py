"""A database that is locked or full stops no call and loses nothing; who waits is told why."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import httpx
from playwright.sync_api import Browser, expect
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError
from websockets.sync.client import connect

from assistant.events import Draft, SpeechStarted
from assistant.log import EventLog
from assistant.store import Store
from assistant.trouble import trouble
from audio.media import MediaStart
from benchmarks.serving import ServerProcess
from tests.conftest import Play, SampleCall, watched
from tests.test_feeds import until


def in_time(happened: Callable[[], object]) -> bool:
    """Whether something happens within some seconds."""
    until_ = time.monotonic() + 30
    while not happened() and time.monotonic() < until_:
        time.sleep(0.05)
    return bool(happened())


def test_what_may_pass_is_told_from_what_will_not() -> None:
    full, locked, wrong = (sqlite3.OperationalError(words) for words in ("full", "locked", "no such table"))
    full.sqlite_errorname, locked.sqlite_errorname, wrong.sqlite_errorname = (
        "SQLITE_FULL",
        "SQLITE_BUSY_SNAPSHOT",
        "SQLITE_ERROR",
    )
    assert [trouble(OperationalError("", {}, each)) for each in (full, locked, wrong)] == [
        "磁盘已满",
        "数据库被其他程序占用",
        "",
    ]
    assert trouble(IntegrityError("", {}, sqlite3.IntegrityError())) == ""
    assert trouble(ValueError()) == ""


def test_what_is_said_while_the_disk_is_full_is_stored_when_there_is_room(tmp_path: Path) -> None:
    room = [10_000_000]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {room[0]}")

    async def story() -> None:
        store = Store(f"sqlite:///{tmp_path / 'calls.db'}")
        event.listen(store.engine, "checkout", limit)
        log = EventLog(store)
        await log.open(MediaStart("call", "1", None, 8000, 2, datetime.now().astimezone()))
        room[0] = 1
        told = Draft(SpeechStarted(utterance=0, speaker="caller"), 0.0)
        storing = asyncio.create_task(log.append("call", [told] * 2000))
        assert await asyncio.to_thread(in_time, lambda: log.trouble)
        assert log.trouble == "磁盘已满"
        assert not storing.done()
        room[0] = 10_000_000
        assert [each.seq for each in await storing] == list(range(1, 2001))
        assert log.trouble == ""
        assert len(await log.past("call")) == 2000
        log.close()

    asyncio.run(story())


def test_a_call_and_its_page_outlive_a_locked_database(
    tmp_path: Path, browser: Browser, play: Play, call: SampleCall
) -> None:
    with ServerProcess(tmp_path) as server:
        expect.set_options(timeout=30_000)
        for context in watched(browser, server.url):
            page = context.new_page()
            page.goto(f"{server.url}/desk/1")
            with connect(f"{server.websocket}/desk/1/events") as follower:
                playing = play(server, agent="1", pace=2.0, seconds=24)
                until(follower, "transcript.final")
                with closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    page.locator("#field-room").fill("502房")
                    page.locator("#field-room").press("Enter")
                    expect(page.locator("#trouble")).to_contain_text("数据库被其他程序占用，暂时不能保存")
                    expect(page.locator("#connection")).to_have_text("已连接")
                    expect(page.locator('[data-field="room"] .state')).to_have_text("保存中…")
                    told = httpx.post(f"{server.url}/api/articles/kb-0001/review", json={"by": "复核人"}, timeout=30)
                    assert (told.status_code, told.json()["detail"][:10]) == (503, "数据库被其他程序占用")
                    other.execute("ROLLBACK")
                expect(page.locator("#trouble")).to_be_hidden()
                expect(page.locator('[data-field="room"]')).to_have_attribute("data-state", "edited")
                playing.wait()
        told = httpx.get(f"{server.url}/api/calls/{playing.call_id}").json()
    assert told["ticket"]["room"]["value"] == "502房"
    assert told["call"]["ended"] == "hangup"
    assert told["transcript"][-1]["end"] > 20
    assert len(told["transcript"]) > 4
