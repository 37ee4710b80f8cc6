"""The ticket from text turns: whole dialogues, clean and as a recogniser writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SeatError
from assistant.seat import Knowledge
from assistant.ticket.extract import extract
from assistant.ticket.fields import LABELS

DIALOGUES = sorted((Path(__file__).parent / "dialogues").glob("*.json"))


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_a_dialogue_gives_its_ticket(knowledge: Knowledge, path: Path) -> None:
    dialogue = json.loads(path.read_text(encoding="utf-8"))
    ticket = extract(dialogue, knowledge.reference)["ticket"]
    found = {name: ticket[name]["value"] for name in dialogue["ticket"]}
    found["co_departments"] = found["co_departments"] or []
    assert found == dialogue["ticket"]


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_evidence_points_into_what_was_said(knowledge: Knowledge, path: Path) -> None:
    dialogue = json.loads(path.read_text(encoding="utf-8"))
    document = extract(dialogue, knowledge.reference)
    assert list(document["ticket"]) == list(LABELS)
    for name, field in document["ticket"].items():
        assert (field["value"] is None) == (field["state"] == "empty"), name
        assert 0.0 <= field["confidence"] <= 1.0
        for evidence in field["evidence"]:
            text = dialogue["turns"][evidence["utterance"]]["text"]
            assert 0 <= evidence["start"] < evidence["end"] <= len(text), name
    content = document["ticket"]["content"]["value"]
    assert 40 <= len(content) <= 150
    assert len(document["ticket"]["title"]["value"]) <= 30


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"turns": "none"},
        {"started_at": "2026-03-18T09:12:00+08:00", "turns": [{"speaker": "nobody", "text": "喂"}]},
        {"started_at": "2026-03-18T09:12:00+08:00", "turns": [{"speaker": "caller"}]},
        {"started_at": "yesterday", "turns": []},
        {"turns": []},
        {"started_at": "2026-03-18T09:12:00+08:00", "caller_phone": 138, "turns": []},
    ],
)
def test_a_bad_document_is_refused_in_one_sentence(knowledge: Knowledge, document: Any) -> None:
    with pytest.raises(SeatError) as refused:
        extract(document, knowledge.reference)
    assert "\n" not in str(refused.value)


def test_a_call_in_which_nothing_was_said_has_an_empty_ticket(knowledge: Knowledge) -> None:
    document = extract({"started_at": "2026-03-18T09:12:00+08:00", "turns": []}, knowledge.reference)
    assert all(field["state"] == "empty" for field in document["ticket"].values())
    assert document["candidates"] == {"category": [], "department": []}
