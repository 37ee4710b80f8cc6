"""A ticket from a written dialogue: whole dialogues, clean and as a recogniser writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SeatError
from assistant.extract import extract, read_turns
from assistant.seat import Knowledge
from assistant.ticket.fields import LABELS
from tests.conftest import SampleCall

DIALOGUES = sorted((Path(__file__).parent / "dialogues").glob("*.json"))


def write(path: Path, told: Any) -> Path:
    file = path / "turns.json"
    file.write_text(told if isinstance(told, str) else json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return file


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_a_dialogue_gives_its_ticket_and_shows_where_it_was_said(knowledge: Knowledge, path: Path) -> None:
    dialogue = json.loads(path.read_text(encoding="utf-8"))
    ticket = extract(read_turns(path), knowledge)["ticket"]
    found = {name: ticket[name]["value"] for name in dialogue["ticket"]}
    found["co_departments"] = found["co_departments"] or []
    wrong = [name for name, value in dialogue["ticket"].items() if found[name] != value]
    assert wrong == dialogue.get("not_yet", []), {name: (found[name], dialogue["ticket"][name]) for name in wrong}
    for name, field in ticket.items():
        assert (field["value"] is None) == (field["state"] == "empty"), name
        assert 0.0 <= field["confidence"] <= 1.0
        for evidence in field["evidence"]:
            text = dialogue["turns"][evidence["utterance"]]["text"]
            assert 0 <= evidence["start"] < evidence["end"] <= len(text), name
    assert 40 <= len(ticket["content"]["value"]) <= 150
    assert len(ticket["title"]["value"]) <= 30


def test_nearly_all_fields_of_all_dialogues_are_right() -> None:
    told = [json.loads(path.read_text(encoding="utf-8")) for path in DIALOGUES]
    wrong = sum(len(dialogue.get("not_yet", [])) for dialogue in told)
    assert wrong <= 0.02 * sum(len(dialogue["ticket"]) for dialogue in told)


def test_a_dialogue_becomes_the_document_of_a_call(tmp_path: Path, call: SampleCall, knowledge: Knowledge) -> None:
    turns = [{"speaker": turn.speaker, "text": turn.text, "gap": 0.3} for turn in call.turns]
    told = {"id": "x", "started_at": call.started_at, "caller_phone": call.caller_phone, "turns": turns, "voices": {}}
    document = extract(read_turns(write(tmp_path, told)), knowledge)
    assert set(document) == {"call", "transcript", "ticket", "candidates", "suggestions", "hints", "latency"}
    assert [line["text"] for line in document["transcript"]] == [turn.text for turn in call.turns]
    assert list(document["ticket"]) == list(LABELS)
    assert document["ticket"]["contact_phone"]["value"] == "15900203147"
    assert document["ticket"]["confidential"]["value"] is None
    assert document["candidates"]["category"][0] == document["ticket"]["category"]["value"]
    assert document["suggestions"]


def test_small_talk_fills_nothing(knowledge: Knowledge, call: SampleCall, tmp_path: Path) -> None:
    greeting = {"speaker": "agent", "text": "您好，12345热线，请问有什么可以帮您？"}
    turns = [greeting, {"speaker": "caller", "text": "喂，你好。"}]
    told = extract(read_turns(write(tmp_path, {"started_at": call.started_at, "turns": turns})), knowledge)
    assert {field["state"] for field in told["ticket"].values()} == {"empty"}
    assert told["suggestions"] == []
    assert told["candidates"] == {"category": [], "department": []}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("{", "not a JSON document"),
        ([], '"turns"'),
        ({"turns": "none"}, '"turns"'),
        ({"turns": [{"speaker": "cat", "text": "miau"}]}, "turn 0"),
        ({"turns": [{"speaker": "caller"}]}, "turn 0"),
        ({"turns": [], "started_at": "noon"}, "ISO 8601"),
        ({"turns": [], "caller_phone": 5}, "caller_phone"),
    ],
)
def test_documents_that_make_no_sense_are_refused_in_one_sentence(tmp_path: Path, told: Any, words: str) -> None:
    with pytest.raises(SeatError, match=words) as refused:
        read_turns(write(tmp_path, told))
    assert "\n" not in str(refused.value)


def test_nothing_said_is_an_empty_ticket(knowledge: Knowledge, tmp_path: Path) -> None:
    document = extract(read_turns(write(tmp_path, {"turns": []})), knowledge)
    assert all(field["state"] == "empty" for field in document["ticket"].values())
