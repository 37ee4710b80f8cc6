"""A call that was cut off goes on where it was: nothing that was said is lost, and nothing is said twice."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from assistant.drafts import ticket_drafts
from assistant.events import CallStarted, Draft, Event, SpeechStarted, TranscriptFinal, TranscriptPartial
from assistant.past import RESUMED_WITHIN, CutOff, cut_off, hear_again, hear_from
from assistant.seat import Knowledge
from assistant.ticket.fields import EMPTY, Change
from assistant.transcript import Utterance
from audio.media import MediaStart
from benchmarks.serving import ServerProcess
from tests.conftest import Play, SampleCall
from tests.test_feeds import ask, until

BEGUN = datetime(2026, 3, 18, 9, 12, tzinfo=UTC)
SOFTPHONE = MediaStart("call", "1", "13800138000", 8000, 2, BEGUN)


def past(*data: tuple[float, Any]) -> list[Event]:
    started = CallStarted(agent="1", caller_phone="13800138000", started_at=BEGUN, channels=2)
    return [Draft(each, at).numbered(seq, "call") for seq, (at, each) in enumerate([(0.0, started), *data], 1)]


def final(utterance: int, speaker: Any, start: float, end: float) -> TranscriptFinal:
    return TranscriptFinal(utterance=utterance, speaker=speaker, start=start, end=end, text="好", confidence=0.9)


def test_it_goes_on_after_what_has_become_text_and_takes_back_what_has_not() -> None:
    log = past(
        (1.0, SpeechStarted(utterance=0, speaker="agent")),
        (4.0, final(0, "agent", 1.0, 3.5)),
        (5.0, SpeechStarted(utterance=1, speaker="caller")),
        (9.0, SpeechStarted(utterance=2, speaker="agent")),
        (9.4, TranscriptPartial(utterance=2, speaker="agent", start=9.0, stable="好的", tentative="，我")),
        (9.5, final(1, "caller", 4.9, 9.0)),
    )
    since = cut_off(log, SOFTPHONE)
    assert since is not None
    assert (since.seconds, since.utterances, since.finished) == (9.5, 3, (9.0, 3.5))
    assert [(each.utterance, each.text) for each in since.unfinished] == [(2, "好的，我")]
    again, _ = hear_from(since, np.ones((2, 100), np.float32), 0.0, 10)
    assert [(each.utterance, each.text) for each in again.unfinished] == [(2, "")]


@pytest.mark.parametrize(("what", "other"), [("agent", "2"), ("caller_phone", None), ("channels", 1)])
def test_another_call_does_not_go_on_in_its_place(what: str, other: Any) -> None:
    assert cut_off(past(), SOFTPHONE) is not None
    assert cut_off(past(), MediaStart(**(vars(SOFTPHONE) | {what: other}))) is None


def test_each_channel_is_heard_again_from_where_its_words_are_missing() -> None:
    recorded = np.ones((2, 80), np.float32)  # ten samples a second, from second 2 to second 10
    since, unheard = hear_from(CutOff(10.0, 3, (9.0, 3.5)), recorded, 2.0, 10)
    assert unheard is not None
    assert since.seconds == 3.5
    assert unheard.shape == (2, 65)
    assert unheard[0].sum() == 10
    assert unheard[1].sum() == 65
    assert recorded.sum() == 160


def test_a_recording_that_ends_too_early_is_not_heard_again() -> None:
    since = CutOff(60.0, 3, (9.0, 3.5))
    assert hear_from(since, np.ones((2, 80), np.float32), 2.0, 10) == (since, None)


def test_what_the_recogniser_was_asked_before_stays_until_something_else_is_said(knowledge: Knowledge) -> None:
    first, suggester = knowledge.filler(BEGUN, None), knowledge.suggester(BEGUN)
    said = [("agent", "联系电话是多少？"), ("caller", "幺三八零零幺三八零零零。")]
    log = past(*(
        (float(n), TranscriptFinal(utterance=n, speaker=who, start=n, end=n, text=text, confidence=0.9))
        for n, (who, text) in enumerate(said)
    ))  # fmt: skip
    asked = replace(EMPTY, value="13800138001", state="suggested", confidence=0.9)
    log += [draft.numbered(len(log) + 1, "call") for draft in ticket_drafts([Change("contact_phone", asked)], 3.0)]
    later = TranscriptFinal(utterance=2, speaker="agent", start=4, end=4, text="好的，记下了。", confidence=0.9)
    log.append(Draft(later, 4.0).numbered(len(log) + 1, "call"))
    hear_again(first, suggester, log)
    assert first.fields["contact_phone"].value == "13800138001"
    first.hear(Utterance(3, "agent", "好的，请问怎么称呼您？"))
    assert first.fields["contact_phone"].value == "13800138001"
    first.hear(Utterance(4, "caller", "我姓王，电话说错了，是一三九二二二二三三三三。"))
    assert first.fields["contact_phone"].value == "13922223333"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_calls_outlive_a_killed_server_with_every_word_and_every_edit(
    tmp_path: Path, play: Play, call: SampleCall
) -> None:
    port = free_port()
    in_mid_word = (call.turns[4].start + call.turns[4].end) / 2
    with ServerProcess(tmp_path, port) as server:
        play(server, agent="whole", call_id="whole", pace=1000.0, seconds=39).wait()
        with connect(f"{server.websocket}/desk/1/events") as page:
            playing = play(server, agent="1", call_id="cut-off", pace=2.0, seconds=39, patience=120)
            gone = play(server, agent="2", call_id="gone", pace=2.0, seconds=39)
            until(page, "transcript.final")
            edited = ask(page, type="ticket.edit", id="e", call="cut-off", field="room", value="502房")
            shown = [edited]
            while shown[-1].get("at", 0) < in_mid_word:
                shown.append(json.loads(page.recv(60)))
        server.kill()
    gone.thread.join()
    with ServerProcess(tmp_path, port) as server:
        playing.wait()
        whole, told, lost = (
            httpx.get(f"{server.url}/api/calls/{name}").json() for name in ("whole", "cut-off", "gone")
        )
        with connect(f"{server.websocket}/desk/1/events") as page:
            events = until(page, "call.resumed") + until(page, "call.ended")
    assert {event["seq"] for event in shown if event["type"] != "transcript.partial"} <= {
        event["seq"] for event in events
    }
    assert lost["call"]["ended"] == "interrupted"
    assert lost["transcript"]
    assert told["call"]["ended"] == "hangup"
    assert told["call"]["seconds"] == pytest.approx(39.0, abs=0.1)
    spoken = [(turn["speaker"], pytest.approx(turn["start"], abs=0.2)) for turn in whole["transcript"]]
    assert [(turn["speaker"], turn["start"]) for turn in told["transcript"]] == spoken
    assert told["ticket"]["room"]["value"] == "502房"
    for name in ("district", "category", "caller_name"):  # others may depend on what a busy recogniser was asked
        assert told["ticket"][name]["value"] == whole["ticket"][name]["value"]


@pytest.fixture(scope="module")
def unrecorded() -> Iterator[ServerProcess]:
    with ServerProcess(SEAT_AUDIO_DAYS="0") as server:
        yield server


def vanish(server: ServerProcess, start: MediaStart) -> None:
    """Begin a call and let the softphone's network go after a second of sound."""
    with connect(f"{server.websocket}/media") as softphone:
        softphone.send(start.wire())
        softphone.send(bytes(4 * 8000))
        with connect(f"{server.websocket}/desk/{start.agent}/events") as page:
            until(page, "call.started")
            softphone.socket.shutdown(socket.SHUT_RDWR)
            assert until(page, "call.ended")[-1]["data"]["reason"] == "lost"


def test_a_client_that_vanished_may_come_back_and_one_that_hung_up_may_not(unrecorded: ServerProcess) -> None:
    vanish(unrecorded, SOFTPHONE)
    with connect(f"{unrecorded.websocket}/media") as again:
        again.send(SOFTPHONE.wire())
        assert json.loads(again.recv(30)) == {"type": "resumed", "call_id": "call", "samples": 8000}
        again.send(bytes(4 * 8000))
        again.send(json.dumps({"type": "stop"}))
        assert json.loads(again.recv(30))["type"] == "stopped"
    told = httpx.get(f"{unrecorded.url}/api/calls/call").json()["call"]
    assert (told["ended"], told["seconds"]) == ("hangup", 2.0)
    with connect(f"{unrecorded.websocket}/media") as third:
        third.send(SOFTPHONE.wire())
        assert "used before" in json.loads(third.recv(30))["message"]


def test_a_call_that_was_cut_off_long_ago_is_over(unrecorded: ServerProcess) -> None:
    start = replace(SOFTPHONE, call_id="long-ago", agent="2")
    vanish(unrecorded, start)
    with closing(sqlite3.connect(unrecorded.data / "calls.db")) as database, database:
        [(when,)] = database.execute("SELECT cut_off FROM calls WHERE id = ?", [start.call_id]).fetchall()
        assert datetime.now(UTC) - datetime.fromisoformat(when) < timedelta(minutes=1)
        long_ago = (datetime.now(UTC) - RESUMED_WITHIN).isoformat()
        database.execute("UPDATE calls SET cut_off = ? WHERE id = ?", [long_ago, start.call_id])
    with connect(f"{unrecorded.websocket}/media") as again:
        again.send(start.wire())
        assert "used before" in json.loads(again.recv(30))["message"]
