"""Events out: complete, in order, once; requests in: durable before they are acknowledged."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from assistant.events import KINDS
from benchmarks.serving import ServerProcess
from tests.conftest import Play, Write, lines


def until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    """Messages up to and with the first of a kind."""
    messages = []
    while True:
        messages.append(json.loads(socket.recv(60)))
        if messages[-1]["type"] == kind:
            return messages


def ask(socket: ClientConnection, **request: Any) -> dict[str, Any]:
    """Send a request; what the server answers it (events that come in between are passed over)."""
    socket.send(json.dumps(request))
    while True:
        answer: dict[str, Any] = json.loads(socket.recv(20))
        if answer["type"] in ("ack", "error"):
            return answer


@pytest.fixture(scope="session")
def followed(server: ServerProcess, play: Play) -> list[dict[str, Any]]:
    """What a desk's page was sent while it followed half a minute of a call."""
    with connect(f"{server.websocket}/desk/following/events") as page:
        assert json.loads(page.recv(10)) == {"type": "idle"}
        play(server, agent="following", call_id="followed", pace=1.5, seconds=30)
        return until(page, "call.ended")


def test_a_follower_gets_every_event_in_order_as_the_schema_says(
    server: ServerProcess, followed: list[dict[str, Any]]
) -> None:
    schema = httpx.get(f"{server.url}/api/events/schema").json()
    assert [event["seq"] for event in followed] == list(range(1, len(followed) + 1))
    assert {event["call"] for event in followed} == {"followed"}
    assert followed[0]["type"] == "call.started"
    kinds = {event["type"] for event in followed}
    assert kinds >= {
        "speech.started",
        "transcript.partial",
        "transcript.final",
        "ticket.updated",
        "knowledge.suggested",
    }
    assert kinds <= set(KINDS)
    for event in followed:
        jsonschema.validate(event, schema)
    finals = [event for event in followed if event["type"] == "transcript.final"]
    assert all(event["latency_ms"] > 0 for event in finals)
    by_time = [event["at"] for event in finals]
    assert by_time == sorted(by_time)


def test_stable_text_only_grows_until_the_final(followed: list[dict[str, Any]]) -> None:
    stable: dict[int, str] = {}
    over = set()
    for event in followed:
        data = event["data"]
        if event["type"] == "transcript.final":
            over.add(data["utterance"])
        elif event["type"] == "transcript.partial":
            assert data["utterance"] not in over, "no partial after the final"
            assert data["stable"].startswith(stable.get(data["utterance"], ""))
            stable[data["utterance"]] = data["stable"]
    assert any(stable.values())


def test_a_page_that_comes_back_gets_what_it_missed(server: ServerProcess, finished: str) -> None:
    with connect(f"{server.websocket}/calls/{finished}/events") as page:
        everything = until(page, "call.ended")
    middle = everything[len(everything) // 2]["seq"]
    with connect(f"{server.websocket}/calls/{finished}/events?after={middle}") as page:
        missed = until(page, "call.ended")
    assert missed == [event for event in everything if event["seq"] > middle]
    with connect(f"{server.websocket}/desk/over/events?call={finished}&after={middle}") as page:
        assert until(page, "call.ended") == missed


def test_overtaken_partials_are_not_sent_again(server: ServerProcess, finished: str) -> None:
    with connect(f"{server.websocket}/calls/{finished}/events") as page:
        kinds = [event["type"] for event in until(page, "call.ended")]
    assert "transcript.partial" not in kinds


def test_a_desk_follows_its_newest_call(server: ServerProcess, play: Play) -> None:
    with connect(f"{server.websocket}/desk/two-calls/events") as page:
        for call in ("first-of-two", "second-of-two"):
            play(server, agent="two-calls", call_id=call, pace=50.0).stop()
            events = until(page, "call.ended")
            assert {event["call"] for event in events if event["type"] != "idle"} == {call}


def test_an_unknown_call_is_refused_in_one_sentence(server: ServerProcess) -> None:
    with connect(f"{server.websocket}/calls/nobody/events") as page:
        assert json.loads(page.recv(10)) == {"type": "error", "message": "没有通话 nobody。"}


def test_another_sites_page_cannot_listen(server: ServerProcess) -> None:
    for path in ("/desk/1/events", "/media"):
        with pytest.raises(InvalidStatus):
            connect(f"{server.websocket}{path}", origin="http://evil.example")  # type: ignore[arg-type]


def test_an_edit_is_stored_shown_and_never_changed_again(server: ServerProcess, play: Play) -> None:
    with connect(f"{server.websocket}/desk/editing/events") as page:
        playing = play(server, agent="editing", call_id="edited-live", pace=3.0, seconds=15)
        until(page, "transcript.final")
        answer = ask(page, type="ticket.edit", id="e1", call="edited-live", field="contact_phone", value="02081234567")
        assert answer["type"] == "ack"
        playing.wait()
    field = httpx.get(f"{server.url}/api/calls/edited-live").json()["ticket"]["contact_phone"]
    assert (field["value"], field["state"]) == ("02081234567", "edited")


def test_edits_after_the_call_keep_everything_else(server: ServerProcess, finished: str) -> None:
    before = httpx.get(f"{server.url}/api/calls/{finished}").json()["ticket"]
    with connect(f"{server.websocket}/calls/{finished}/events?after=100000") as page:
        assert ask(page, type="ticket.edit", id="a", call=finished, field="unit", value="9单元")["type"] == "ack"
        assert ask(page, type="ticket.accept", id="b", call=finished, field="district")["type"] == "ack"
    after = httpx.get(f"{server.url}/api/calls/{finished}").json()["ticket"]
    assert after["unit"]["state"] == "edited"
    assert after["district"]["state"] == "confirmed"
    assert after["district"]["value"] == before["district"]["value"]
    assert all(after[name] == before[name] for name in before if name not in ("unit", "district"))


def test_a_request_sent_twice_is_done_once(server: ServerProcess, finished: str) -> None:
    request = {"type": "article.feedback", "id": "twice", "call": finished, "article": "kb-0269", "useful": True}
    with connect(f"{server.websocket}/calls/{finished}/events?after=100000") as page:
        first, second = ask(page, **request), ask(page, **request)
    assert first == second
    assert first["type"] == "ack"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"type": "ticket.edit", "field": "colour", "value": "red"}, "字段"),
        ({"type": "ticket.edit", "field": "request_type", "value": "吐槽"}, ""),
        ({"type": "ticket.edit", "field": "amount", "value": {"a": 1}}, "消息无法识别"),
        ({"type": "ticket.explode"}, "消息无法识别"),
        ({"type": "ticket.accept", "field": "co_departments", "call": "nobody"}, "没有通话"),
    ],
)
def test_requests_that_make_no_sense_get_one_sentence(
    server: ServerProcess, finished: str, request_: dict[str, Any], words: str
) -> None:
    with connect(f"{server.websocket}/calls/{finished}/events?after=100000") as page:
        answer = ask(page, **({"id": "bad", "call": finished} | request_))
        assert answer["type"] == "error"
        assert answer["id"] == "bad"
        assert words in answer["message"]
        page.send("{]")
        assert json.loads(page.recv(10))["type"] == "error"


def test_a_ticket_submitted_in_mid_call_is_left_alone(server: ServerProcess, play: Play) -> None:
    with connect(f"{server.websocket}/desk/early/events") as page:
        playing = play(server, agent="early", call_id="early", pace=3.0, seconds=30)
        until(page, "ticket.updated")
        submitted = ask(page, type="ticket.submit", id="s", call="early")
        assert submitted["type"] == "ack"
        playing.wait()
        later = [event for event in until(page, "call.ended") if event.get("seq", 0) > submitted["seq"]]
    assert "transcript.final" in {event["type"] for event in later}
    assert "ticket.updated" not in {event["type"] for event in later}


def test_a_submitted_ticket_does_not_change(server: ServerProcess, play: Play) -> None:
    call = play(server, agent="submit", call_id="submit", pace=50.0).stop()
    with connect(f"{server.websocket}/calls/{call}/events?after=100000") as page:
        assert ask(page, type="ticket.edit", id="1", call=call, field="room", value="302房")["type"] == "ack"
        assert ask(page, type="ticket.submit", id="2", call=call)["type"] == "ack"
        assert ask(page, type="ticket.submit", id="3", call=call)["type"] == "ack"
        refused = ask(page, type="ticket.edit", id="4", call=call, field="room", value="303房")
    assert refused["message"] == "工单已提交，不能再修改。"
    assert httpx.get(f"{server.url}/api/calls/{call}").json()["ticket"]["room"]["value"] == "302房"


def test_what_was_done_to_a_field_is_undone_after_the_call_too(server: ServerProcess, play: Play) -> None:
    call = play(server, agent="undone", call_id="undone", pace=1000.0, seconds=10).wait()
    told = httpx.get(f"{server.url}/api/calls/{call}").json()["ticket"]["unit"]
    with connect(f"{server.websocket}/calls/{call}/events?after=100000") as page:
        for number, value in enumerate(("8单元", "9单元")):
            edit = {"type": "ticket.edit", "field": "unit", "value": value}
            assert ask(page, **(edit | {"id": f"unit-{number}", "call": call}))["type"] == "ack"
        shown = []
        for number in range(2):
            assert ask(page, type="ticket.undo", id=f"undo-{number}", call=call, field="unit")["type"] == "ack"
            shown.append(httpx.get(f"{server.url}/api/calls/{call}").json()["ticket"]["unit"])
        refused = ask(page, type="ticket.undo", id="undo-3", call=call, field="unit")
    assert (shown[0]["value"], shown[0]["state"]) == ("8单元", "edited")
    assert (shown[1]["value"], shown[1]["state"]) == (told["value"], told["state"])
    assert "没有可以撤销" in refused["message"]


def test_a_line_is_marked_to_come_back_to_and_unmarked(server: ServerProcess, written: Write) -> None:
    call = written("marked", *lines("您好，请讲。", "路灯不亮。", ""))

    def marked() -> list[int]:
        told = httpx.get(f"{server.url}/api/calls/{call}").json()["transcript"]
        assert all(line["flagged"] is True for line in told if "flagged" in line)
        return [line["utterance"] for line in told if "flagged" in line]

    with connect(f"{server.websocket}/calls/{call}/events?after=100000") as page:

        def flag(number: str, utterance: int, flagged: bool) -> dict[str, Any]:
            return ask(page, type="transcript.flag", id=number, call=call, utterance=utterance, flagged=flagged)

        assert ask(page, type="ticket.submit", id="s", call=call)["type"] == "ack"
        first = flag("f1", 1, True)
        assert first["type"] == "ack"
        assert flag("f1", 1, True) == first, "a repeated message does nothing"
        assert flag("f2", 1, True)["seq"] == first["seq"], "what is so already is no event"
        assert marked() == [1]
        assert flag("f3", 1, False)["seq"] > first["seq"]
        assert marked() == []
        for nothing in (2, 7):
            assert "不能标记" in flag(f"f4-{nothing}", nothing, True)["message"]
    with connect(f"{server.websocket}/calls/{call}/events?after={first['seq'] - 1}") as page:
        event = json.loads(page.recv(10))
    assert (event["type"], event["data"]) == ("transcript.flagged", {"utterance": 1, "flagged": True, "by": "页面"})
    jsonschema.validate(event, httpx.get(f"{server.url}/api/events/schema").json())
