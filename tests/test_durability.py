"""Nothing that was acknowledged or shown is lost, whatever happens to the server."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from assistant.errors import SeatError
from assistant.store import Store, StoreInUse
from audio.media import MediaStart
from benchmarks.serving import ServerProcess
from tests.conftest import Play, SampleCall
from tests.test_feeds import ask


def test_a_server_that_is_stopped_ends_its_calls_in_order(tmp_path: Path, play: Play, call: SampleCall) -> None:
    end = call.turns[0].end + 0.1  # in the middle of the pause after the first words
    with ServerProcess(tmp_path) as server:
        with connect(f"{server.websocket}/desk/1/events") as page:
            playing = play(server, agent="1", call_id="stopped", pace=1.0, seconds=60)
            while json.loads(page.recv(60)).get("at", 0) < end - 1.5:
                pass
            assert server.process is not None
            server.process.terminate()
            server.process.wait(30)
        assert server.process.returncode == 0
        assert not any("Traceback" in line for line in server.errors), server.errors
    playing.thread.join()
    store = Store(f"sqlite:///{tmp_path / 'calls.db'}")
    events = store.events("stopped")
    store.close()
    assert events[-1].type == "call.ended"
    assert events[-1].data["reason"] == "interrupted"
    assert any(event.type == "transcript.final" and event.data["text"] for event in events)


def test_a_database_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeatError, match=r"sqlite:////no/such/place.*cannot be opened"):
        Store("sqlite:////no/such/place/calls.db")
    (tmp_path / "calls.db").write_text("this is no database, but it is long enough to be taken for one" * 20)
    with pytest.raises(SeatError, match="cannot be opened"):
        Store(f"sqlite:///{tmp_path / 'calls.db'}")
    with pytest.raises(SeatError, match="cannot be opened"):
        Store("nonsense")


@pytest.mark.parametrize("database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
def test_a_submission_that_was_acknowledged_outlives_a_killed_server_and_is_done_once(
    tmp_path: Path, play: Play, database_url: str
) -> None:
    submission = {"type": "ticket.submit", "id": "s", "call": "cut-off"}
    with ServerProcess(tmp_path, SEAT_DATABASE_URL=database_url) as server:
        play(server, call_id="cut-off", pace=1000.0, seconds=2).wait()
        with connect(f"{server.websocket}/calls/cut-off/events?after=100000") as page:
            assert (
                ask(page, type="ticket.edit", id="e", call="cut-off", field="department", value="scjg")["type"] == "ack"
            )
            acknowledged = ask(page, **submission)
            server.kill()
    with ServerProcess(tmp_path, SEAT_DATABASE_URL=database_url) as server:
        with connect(f"{server.websocket}/calls/cut-off/events") as page:
            assert ask(page, **submission) == acknowledged
            assert ask(page, **(submission | {"id": "again"}))["type"] == "ack"
        told = httpx.get(f"{server.url}/api/orders").json()
        assert told["total"] == 1
        assert (told["orders"][0]["call"], told["orders"][0]["state"]) == ("cut-off", "dispatched")
    store = Store(database_url)
    kinds = [event.type for event in store.events("cut-off")]
    store.close()
    assert kinds[-2:] == ["ticket.submitted", "ticket.dispatched"]
    assert kinds.count("ticket.submitted") == 1


def test_one_server_at_a_time_claims_a_store(database_url: str, store: Store) -> None:
    store.claim()
    second = Store(database_url)
    with pytest.raises(StoreInUse, match="Another server already uses"):
        second.claim()
    store.close()
    second.claim()
    second.close()


@pytest.mark.slow  # half a minute: three servers; the claim itself is tested above
def test_one_server_at_a_time_uses_the_calls(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        httpx.get(f"{server.url}/api/health").raise_for_status()
        with pytest.raises(SeatError, match="Another server already uses"), ServerProcess(tmp_path):
            pass
    with ServerProcess(tmp_path) as server:
        httpx.get(f"{server.url}/api/health").raise_for_status()


def test_many_calls_may_come_at_once(store: Store) -> None:
    starts = [MediaStart(str(n), "1", None, 8000, 2, datetime.now().astimezone()) for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(store.add_call, starts))
    assert len(store.calls(100)) == 40


def test_the_store_keeps_an_id_for_one_call(store: Store) -> None:
    start = MediaStart("one", "1", None, 8000, 2, datetime.now().astimezone())
    assert store.add_call(start)
    assert not store.add_call(start)
    assert [call.id for call in store.calls(10)] == ["one"]
