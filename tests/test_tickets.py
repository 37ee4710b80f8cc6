"""What `benchmarks tickets` counts: fields exactly right, facts of the content, what nobody said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SeatError
from assistant.extract import Dialogue
from assistant.ticket.fields import LABELS
from benchmarks.figures import Results
from benchmarks.tickets import Script, judged, read_scripts, summary, tickets, written_facts
from kb.pack import DEFAULT_PACK, CityPack

DIALOGUES = Path(__file__).parent / "dialogues"
TRUE = {"amount": 860, "road": "体育西路", "callback": False, "co_departments": [], "category": "market.prepaid"}


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return CityPack.load(DEFAULT_PACK)


@pytest.fixture
def script() -> Script:
    said = (("caller", "体育西路那家店还欠我八百六十块。"),)
    [any_script, *_] = read_scripts(DIALOGUES, "ticket", dict)
    dialogue = Dialogue("x", any_script.dialogue.started_at, None, said)  # type: ignore[arg-type]
    content = "市民反映，体育西路的店欠其860元。"
    return Script(Path("x.json"), dialogue, TRUE | {"content": content, "title": "关于欠款的投诉"})


def document(**values: tuple[Any, float]) -> dict[str, Any]:
    ticket = {name: {"value": None, "confidence": 0.0} for name in LABELS}
    ticket |= {name: {"value": value, "confidence": confidence} for name, (value, confidence) in values.items()}
    return {"ticket": ticket, "transcript": [], "candidates": {"category": ["market.prepaid", "x"], "department": []}}


def test_a_field_is_right_when_it_is_exactly_the_true_value(script: Script) -> None:
    told = document(amount=(860, 0.9), road=("体育东路", 0.95), callback=(False, 0.8), subject=("店", 0.5))
    right = {field.name: field.right for field in judged(script, told)}
    assert right["amount"] and right["callback"] and right["co_departments"] and right["unit"]
    assert not right["road"] and not right["subject"] and not right["category"]


def test_the_summary_counts_what_is_wrong_and_sure(script: Script, pack: CityPack) -> None:
    told = document(
        amount=(860, 0.95), road=("体育东路", 0.95), subject=("店", 0.5), title=("关于店的投诉", 1.0), content=("", 0.0)
    )
    row = summary("text", [script], [told], [5.0, 7.0], pack)
    assert (row["filled"], row["sure"]) == (3, 2)
    assert row["sure_and_wrong"] == ["x road: 体育东路 (体育西路)"]
    assert row["never_said"] == ["x subject: 店"]
    assert row["top_3"]["category"] == 1.0
    assert row["fields"] == 23
    assert row["right"] == 23 - 4  # road, subject, callback and category are not
    assert row["utterance_ms"]["p50"] == 6.0
    assert {one["count"] for one in row["calibration"]} == {1, 2}
    Results.model_validate({"tickets": [row]})


def test_content_is_judged_by_its_facts_and_by_what_nobody_said(script: Script, pack: CityPack) -> None:
    facts, invented = written_facts(script, "体育西路的店欠860元。", pack)
    assert facts["860"] and facts["体育西路"] and not invented
    facts, invented = written_facts(script, "体育东路的店欠900元。", pack)
    assert not facts["860"] and not facts["体育西路"]
    assert invented == ["900", "体育东路"]


def test_the_command_fills_tickets_from_text(tmp_path: Path) -> None:
    for name in ("gym-closed", "gas-smell"):
        shutil.copy(DIALOGUES / f"{name}.json", tmp_path)
    out = tmp_path / "out.json"
    tickets(tmp_path, text=True, json=out)
    [row] = json.loads(out.read_text(encoding="utf-8"))["tickets"]
    assert (row["source"], row["calls"]) == ("text", 2)
    assert row["share"] == 1.0
    assert [call["call"] for call in row["details"]] == ["gas-smell", "gym-closed"]
    assert all(call["said"] == call["heard"] for call in row["details"])


def test_folders_without_scripts_or_recordings_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SeatError, match="no scripts"):
        tickets(tmp_path)
    shutil.copy(DIALOGUES / "gym-closed.json", tmp_path)
    with pytest.raises(SeatError, match="no recordings"):
        tickets(tmp_path, audio=True)
