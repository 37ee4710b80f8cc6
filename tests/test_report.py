"""The report draws what is there, says what is missing, and the gate fails when a ratio got worse."""

from __future__ import annotations

import copy
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import SeatError
from benchmarks import figures
from benchmarks.gate import gate
from benchmarks.report import report
from benchmarks.targets import checks

MACHINE = {
    "when": "2026-11-22T03:10:00+00:00",
    "processor": "AMD <EPYC>",
    "cores": 2,
    "command": "python -m benchmarks",
}


def spread(p50: float, p95: float) -> dict[str, float]:
    return {"p50": p50, "p95": p95, "max": p95 + 100, "count": 40}


def latency_row(calls: int, p50: float, p95: float) -> dict[str, Any]:
    return {
        "calls": calls, "turns": 40, "lost": 0, "lost_tails": 0, "doubled": 0, "refused": 0,
        "final_ms": spread(p50, p95), "first_partial_ms": spread(p50, p95), "ticket_ms": None, "suggestion_ms": None,
        "finals": [p50 - 60, p50, p50 + 30, p95], "partials": [p50, p95],
        "stages_ms": {"voice activity": -20, "window": 300, "decode": 120, "publish": 5},
        "waterfall": [
            {"stage": "voice activity", "start": 0, "end": -9}, {"stage": "decode", "start": 250, "end": 440},
        ],
        "cpu_percent": 20.0 * calls, "rss_mb": 600,
    }  # fmt: skip


def accuracy_row(what: str, condition: str, cer: float, speed: float) -> dict[str, Any]:
    counted = {"characters": 4000, "errors": round(40 * cer), "seconds": 30.0}
    return {"what": what, "condition": condition, "cer_percent": cer, "times_real_time": speed, **counted}


RESULTS: dict[str, Any] = {
    "latency": [latency_row(1, 450, 700), latency_row(8, 580, 900), latency_row(16, 790, 1600)],
    "accuracy": {
        "rows": [
            accuracy_row("window: utterance + 5 s, beam 5", "clean", 15, 30),
            accuracy_row("window: utterance + 5 s, beam 5", "telephone", 18, 30),
            accuracy_row("window: 30 s, beam 5", "telephone", 18.4, 11),
            accuracy_row("faster_whisper transcribe, beam 5", "telephone", 18.9, 5.5),
        ],
        "calibration": [{"confidence": stated, "correct": stated, "count": 20} for stated in (0.5, 0.9)],
        "calibration_error": 0.02,
    },
    "trust": {
        "sounds": [{"name": "ringback", "seconds": 600.0, "characters": 0, "text": ""}],
        "characters": 0,
        "seconds": 600.0,
        "speech": {"seconds": 60, "characters": 300, "loops": 0, "broken": 0, "traditional": 0, "spaces": 0},
        "survive": [{"said": "WiFi", "kept": True}],
        "echo": [{"level_db": -15, "delay_ms": 80, "doubled": 0}],
        "seam": {"seconds": 75, "splits": 3, "lost": 0, "doubled": 0},
    },
    "endurance": {
        "hours": 2.0, "pace": 20, "pace_reached": 19.0,
        "first_p50": 450, "last_p50": 460, "growth_percent": 2.2, "rss_growth_mb": 3.0,
        "windows": [
            {"minute": minute, "final_ms": spread(450, 700), "rss_mb": 600, "finals": 90} for minute in (60, 120)
        ],
    },
    "compare": {
        "audio": "two calls",
        "rows": [
            {"system": "seat-assistant", "cer_percent": 18.0, "times_real_time": 30.0, "final_ms": spread(450, 700)},
            {"system": "transcribe", "cer_percent": 18.9, "times_real_time": 5.5, "final_ms": spread(1400, 2100)},
        ],
        "not_run": [{"system": "another", "why": "needs a system library"}],
    },
    "knowledge": [
        {"articles": 320, "asked": "misheard", "kind": "all", "queries": 199, "recall_1": 0.8, "recall_3": 0.93,
         "mrr": 0.86}
    ],
    "suggestions": [
        {"calls": "scripts", "number": 12, "wanted": 12, "shown": 11, "in_time": 10, "others": 6, "only_others": 1}
    ],
}  # fmt: skip
RESULTS["desks"] = [
    {
        "desks": desks,
        "event_to_page_ms": spread(15, 40),
        "final_to_field_ms": spread(70, 700),
        "hang_up_to_draft_ms": spread(30, 60) | {"count": desks},
        "submit_to_dispatched_ms": spread(50, 90) | {"count": desks},
        "between_windows_ms": spread(2, 20),
    }
    for desks in (1, 4, 16)
]
SPEED = [{"articles": 320, "build_seconds": 2.5, "load_seconds": 0.1, "memory_mb": 400, "search_ms": spread(5, 9)}]


def write(folder: Path, results: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, told in results.items():
        more = {"knowledge_speed": SPEED} if name == "knowledge" else {}
        (folder / f"{name}.json").write_text(json.dumps({"machine": MACHINE, name: told, **more}), encoding="utf-8")
    return folder


def drawn(tmp_path: Path, results: dict[str, Any]) -> str:
    out = tmp_path / "report.html"
    report(write(tmp_path / "results", results), out)
    return out.read_text(encoding="utf-8")


def changed(**rows: Any) -> dict[str, Any]:
    return copy.deepcopy(RESULTS) | rows


def test_the_page_needs_nothing_else_and_its_drawings_are_sound(tmp_path: Path) -> None:
    page = drawn(tmp_path, RESULTS)
    assert not re.search(r"src=|https?:|url\(|@import|<script", page)
    assert set(re.findall(r'href="#(\w+)"', page)) < set(re.findall(r'id="(\w+)"', page))
    assert len(page.encode()) < 400_000
    assert "AMD &lt;EPYC&gt;" in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) >= 12
    for picture in pictures:
        numbers = [element.attrib for element in ET.fromstring(picture).iter()]
        assert not any("nan" in value or "inf" in value for one in numbers for value in one.values())


def test_targets_met_and_missed_stand_at_the_top(tmp_path: Path) -> None:
    verdicts = {check.what: check.state for check in checks(figures.Results(**RESULTS))}
    assert verdicts.pop("Speech end → final, p95, 16 calls") == "missed"
    assert set(verdicts.values()) == {"met"}
    page = drawn(tmp_path, RESULTS)
    told = f"{len(verdicts)} of {len(verdicts) + 1} targets met. Missed: Speech end → final, p95, 16 calls."
    assert page.index(told) < page.index("<svg")


def test_a_short_run_does_not_meet_a_long_target() -> None:
    short = {
        "latency": [latency_row(1, 300, 400) | {"final_ms": spread(300, 400) | {"count": 19}}],
        "accuracy": {"rows": [row | {"characters": 170} for row in RESULTS["accuracy"]["rows"]]},
        "trust": RESULTS["trust"] | {"seconds": 60.0},
        "endurance": RESULTS["endurance"] | {"hours": 0.1},
    }
    verdicts = {check.what: check.state for check in checks(figures.Results(**short))}
    for what in (
        "Speech end → final, p50, 1 call",
        "Character error rate, telephone, against the 30 s window in the same run",
        "Characters from non-speech",
        "2 h call: growth of the median final",
    ):
        assert verdicts[what] == "not measured"


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    page = drawn(tmp_path, {"latency": [{"calls": 1, "turns": 0, "lost": 0}]})
    missing = "load, desks, accuracy, trust, "
    assert f"results were not there: {missing}endurance, compare, tickets, knowledge, suggestions." in page
    assert 'id="latency"' in page
    assert 'id="trust"' not in page


@pytest.mark.parametrize("name", RESULTS)
def test_each_benchmark_can_be_reported_alone(tmp_path: Path, name: str) -> None:
    assert f'id="{name}"' in drawn(tmp_path, {name: RESULTS[name]})


def test_latency_and_load_share_a_drawing(tmp_path: Path) -> None:
    page = drawn(
        tmp_path, {"latency": RESULTS["latency"][:1], "load": [latency_row(calls, 500, 900) for calls in (1, 2)]}
    )
    assert "Both latency and load measured 1 calls; shown are the figures of latency." in page
    assert "all is well up to 2 calls at once" in page


def test_drafts_that_come_late_on_the_page_are_missed_however_few_they_are(tmp_path: Path) -> None:
    rows = copy.deepcopy(RESULTS["desks"])
    rows[2]["hang_up_to_draft_ms"] = {"p50": 15917, "p95": 21945, "max": 22180, "count": 16}
    missed = [check.what for check in checks(figures.Results(desks=rows)) if check.state == "missed"]
    assert missed == ["Hang-up → whole draft, 16 desks"]
    page = drawn(tmp_path, {"desks": rows})
    assert "Missed: Hang-up → whole draft, 16 desks: at most 22,180 ms, median 15,917 ms." in page
    assert ">21,945<" in page


def test_the_speed_of_the_search_is_told_with_its_hits(tmp_path: Path) -> None:
    assert "index made, s" in drawn(tmp_path, {"knowledge": RESULTS["knowledge"]})


def test_a_full_server_is_reported_with_its_load(tmp_path: Path) -> None:
    told = {"capacity": 12, "offered": 24, "taken": 12, "said": ["Full."], "final_ms": spread(500, 900), "lost": 0}
    folder = write(tmp_path / "results", {"load": RESULTS["latency"]})
    content = {"machine": MACHINE, "load": RESULTS["latency"], "admission": told}
    (folder / "load.json").write_text(json.dumps(content), encoding="utf-8")
    report(folder, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "takes 12 calls was offered 24: it took 12 and refused 12 (Full.)" in page


@pytest.mark.parametrize(
    "content",
    ["{", "[]", "{}", '{"machine": {}}', '{"machine": {}, "latency": [{"calls": 0}]}',
     '{"machine": {}, "latency": [{"calls": 1, "turns": 1, "lost": NaN}]}'],
)  # fmt: skip
def test_a_broken_file_is_named_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "latency.json").write_text(content, encoding="utf-8")
    with pytest.raises(SeatError, match=r"latency\.json .*measure again\.$") as told:
        report(tmp_path, tmp_path / "report.html")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "report.html").exists()


def test_a_folder_without_results_and_a_place_that_does_not_exist(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SeatError, match=re.escape(str(place))):
            report(place, tmp_path / "report.html")
    with pytest.raises(SeatError, match="cannot be written"):
        report(write(tmp_path / "results", RESULTS), tmp_path / "nowhere" / "report.html")


def test_the_page_fits_a_telephone_and_a_wide_screen(tmp_path: Path, browser: Any) -> None:
    drawn(tmp_path, RESULTS)
    for width in (390, 1280):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto((tmp_path / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()


def test_the_gate_lets_the_same_and_the_better_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline = write(tmp_path / "baseline", RESULTS)
    better = changed(endurance=RESULTS["endurance"] | {"last_p50": 400})
    gate(baseline, baseline, 10, 3)
    gate(baseline, write(tmp_path / "current", better), 10, 3)
    assert "better" in capsys.readouterr().out


def slower(calls: int) -> list[dict[str, Any]]:
    return [row | {"final_ms": spread(900, 1400)} if row["calls"] == calls else row for row in RESULTS["latency"]]


def accuracy(**ours: float) -> dict[str, Any]:
    rows = copy.deepcopy(RESULTS["accuracy"]["rows"])
    rows[1] |= ours
    return {"rows": rows}


@pytest.mark.parametrize(
    ("current", "named"),
    [
        ({"latency": slower(8)}, "final p50, 8 calls / 1 call"),
        ({"latency": [RESULTS["latency"][0] | {"doubled": 1}]}, "doubled texts, 1 call: 0, now 1"),
        ({"accuracy": accuracy(times_real_time=20)}, "throughput / that of transcribe, telephone"),
        ({"accuracy": accuracy(cer_percent=19)}, "CER / that of 30 s window, telephone"),
        ({"trust": RESULTS["trust"] | {"characters": 2}}, "characters from non-speech: 0, now 2"),
        ({"endurance": RESULTS["endurance"] | {"last_p50": 600}}, "final p50, end / start of a long call"),
        (
            {"knowledge": [RESULTS["knowledge"][0] | {"recall_3": 0}]},
            "recall@3, 320 articles, misheard, all: 0.93, now 0",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_gate_names_what_got_worse(tmp_path: Path, current: dict[str, Any], named: str) -> None:
    baseline = write(tmp_path / "baseline", RESULTS)
    with pytest.raises(SeatError, match="got worse") as told:
        gate(baseline, write(tmp_path / "current", changed(**current)), 10, 3)
    assert named in str(told.value)
    assert "\n" not in str(told.value)


def test_a_machine_twice_as_slow_passes_the_gate(tmp_path: Path) -> None:
    results = changed()
    for row in results["latency"]:
        for name in ("final_ms", "first_partial_ms"):
            row[name] = {key: 2 * value if key != "count" else value for key, value in row[name].items()}
    for row in results["accuracy"]["rows"]:
        row["times_real_time"] /= 2
    gate(write(tmp_path / "baseline", RESULTS), write(tmp_path / "current", results), 10, 3)


def test_within_the_tolerance_is_not_worse(tmp_path: Path) -> None:
    baseline = write(tmp_path / "baseline", RESULTS)
    current = write(tmp_path / "current", changed(accuracy=accuracy(times_real_time=28)))
    gate(baseline, current, 10, 3)
    with pytest.raises(SeatError, match="got worse"):
        gate(baseline, current, 5, 3)


def test_what_one_side_lacks_is_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline = write(tmp_path / "baseline", {name: RESULTS[name] for name in ("latency", "trust")})
    current = write(tmp_path / "current", {name: RESULTS[name] for name in ("latency", "endurance")})
    gate(baseline, current, 10, 3)
    told = [line for line in capsys.readouterr().out.splitlines() if "not compared" in line]
    assert any("characters from non-speech" in line for line in told)
    assert any("memory, end / start of a long call" in line for line in told)


def test_nothing_in_common_is_an_error(tmp_path: Path) -> None:
    sides = [write(tmp_path / name, {name: RESULTS[name]}) / f"{name}.json" for name in ("trust", "knowledge")]
    with pytest.raises(SeatError, match="no ratio in common"):
        gate(sides[0], sides[1], 10, 3)
