"""Does the form fill itself, exactly? Tickets of calls with a known truth, from their text and from their recordings.

`--calls DIR` holds scripts NAME.json with "turns" (speaker, text), "ticket" (the true work order), "started_at" and
"caller_phone", and for audio NAME.flac beside them or in DIR/audio. A field is right when it is exactly the true
value; null, "" and [] are the same. Title and content are judged otherwise: by the share of the reference's facts (its
numbers, names and key words) that ours has, and by numbers and names that nobody said.
"""

from __future__ import annotations

import asyncio
import json as json_
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import jieba.analyse
import typer
from rich.table import Table

from assistant import config
from assistant.cli import output
from assistant.document import percentiles
from assistant.errors import SeatError
from assistant.extract import Dialogue, extract, read_turns
from assistant.replay import ReplayOptions, replay
from assistant.seat import Knowledge, SeatAssistant
from assistant.ticket.compose import TITLE_LENGTH
from assistant.ticket.fields import LABELS
from assistant.ticket.numbers import find_cardinals, find_digit_runs, find_money
from assistant.understanding import Observe
from audio.files import RecordingReader
from benchmarks.common import JsonOption, bar, console, finish
from kb.pack import DEFAULT_PACK, CityPack, Compound, Merchant, Road

WRITTEN = ("title", "content")
"""Fields that are texts of their own."""
JUDGEMENTS = ("category", "department", "urgency")
"""Fields that need no words in the call."""
RANKED = ("category", "department")
SURE = 0.9
BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.001)
KEY_WORDS = 10
"""Words of the reference content, by TF-IDF, that count as facts."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Script:
    """A call that somebody wrote, and perhaps spoke."""

    path: Path
    dialogue: Dialogue
    true: Any
    """What was to come of it: the work order (the benchmark of suggestions: articles)."""

    @property
    def recording(self) -> Path | None:
        """Its audio, if there is any."""
        places = (self.path.with_suffix(".flac"), self.path.parent / "audio" / f"{self.path.stem}.flac")
        return next((place for place in places if place.is_file()), None)


@dataclass(frozen=True)
class Filled:
    """One field of one call."""

    call: str
    name: str
    value: Any
    true: Any
    confidence: float
    ranked: tuple[str, ...] = ()
    """Candidates, best first (category and department)."""

    @property
    def right(self) -> bool:
        """Exactly the true value."""
        return bool(self.value == self.true)


def tickets(
    calls: Annotated[Path, typer.Option(help="Scripts with the true ticket, their recordings beside or in audio/.")],
    text: Annotated[bool, typer.Option("--text", help="Only from the text of the turns.")] = False,
    audio: Annotated[bool, typer.Option("--audio", help="Only from the recordings.")] = False,
    pack: Annotated[Path, typer.Option(help="City pack.")] = DEFAULT_PACK,
    json: JsonOption = None,
) -> None:
    """Work orders filled from calls, field by field, against the true ones."""
    output.check(json)
    scripts = read_scripts(calls, "ticket", dict)
    heard = [script for script in scripts if script.recording] if audio or not text else []
    if audio and not heard:
        raise SeatError(f"{calls} has no recordings (NAME.flac beside NAME.json or in audio/).")
    rows = []
    names = CityPack.load(pack)
    if text or not audio:
        documents, took = from_text(scripts, pack)
        rows.append(summary("text", scripts, documents, took, names))
    if heard:
        documents, took = asyncio.run(from_audio(heard, pack))
        rows.append(summary("audio", heard, documents, took, names))
    for row in rows:
        _print(row)
    finish(json, {"tickets": rows})


def read_scripts(directory: Path, true: str, shape: type) -> list[Script]:
    """The scripts of a directory that have the key `true` of a shape, by name. Raises SeatError when there are none."""
    scripts = []
    for path in sorted(directory.glob("*.json")):
        told = json_.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, dict) and "turns" in told and isinstance(told.get(true), shape):
            scripts.append(Script(path, read_turns(path), told[true]))
    if not scripts:
        raise SeatError(f'{directory} has no scripts (NAME.json with "turns" and "{true}").')
    return scripts


def from_text(scripts: Sequence[Script], pack: Path) -> tuple[list[dict[str, Any]], list[float]]:
    """Each call's document, and milliseconds that the ticket took for each utterance."""
    knowledge = Knowledge(pack)
    documents: list[dict[str, Any]] = []
    took: list[float] = []
    observe = _ticket_times(took)
    extract(scripts[0].dialogue, knowledge)  # the first call loads what the others only use
    with bar() as progress:
        for script in progress.track(scripts, description="from text"):
            documents.append(extract(script.dialogue, knowledge, observe=observe))
    return documents, took


async def from_audio(scripts: Sequence[Script], pack: Path) -> tuple[list[dict[str, Any]], list[float]]:
    """The same from the recordings, one after the other as fast as the machine can."""
    assistant = await asyncio.to_thread(SeatAssistant, config.load(pack=pack))
    took: list[float] = []
    observe = _ticket_times(took)
    documents = []
    try:
        with bar() as progress:
            for script in progress.track(scripts, description="from audio"):
                assert script.recording is not None
                options = ReplayOptions(script.dialogue.started_at, script.dialogue.caller_phone)
                with RecordingReader(script.recording) as reader:
                    documents.append(await replay(assistant, reader, options, observe=observe))
    finally:
        assistant.close()
    return documents, took


def _ticket_times(took: list[float]) -> Observe:
    """Notes the milliseconds that the ticket takes."""

    def observe(stage: str, seconds: float) -> None:
        if stage == "ticket":
            took.append(1000 * seconds)

    return observe


def judged(script: Script, document: dict[str, Any]) -> list[Filled]:
    """Every field but title and content."""
    found = []
    for name in LABELS:
        if name in WRITTEN:
            continue
        field = document["ticket"][name]
        ranked = tuple(document["candidates"].get(name, ()))
        found.append(
            Filled(
                script.dialogue.id, name, field["value"] or _kept(field["value"]), script.true.get(name) or
                _kept(script.true.get(name)), field["confidence"], ranked,
            )
        )  # fmt: skip
    return found


def _kept(value: Any) -> Any:
    """False and 0 are values; "" and [] are none."""
    return value if isinstance(value, bool | int | float) else None


def summary(
    source: str, scripts: Sequence[Script], documents: Sequence[dict[str, Any]], took: Sequence[float], pack: CityPack
) -> dict[str, Any]:
    """All figures of one way, as they go into the JSON file."""
    fields = [field for script, document in zip(scripts, documents, strict=True) for field in judged(script, document)]
    filled = [field for field in fields if field.value is not None]
    written = [
        written_facts(script, document["ticket"]["content"]["value"] or "", pack)
        for script, document in zip(scripts, documents, strict=True)
    ]
    titles = [document["ticket"]["title"]["value"] or "" for document in documents]
    sure = [field for field in filled if field.confidence > SURE]
    wrong = [field for field in sure if not field.right]
    return {
        "source": source,
        "calls": len(scripts),
        "right": sum(field.right for field in fields),
        "fields": len(fields),
        "share": _share(field.right for field in fields),
        "by_field": [
            _by_field(name, [one for one in fields if one.name == name]) for name in LABELS if name not in WRITTEN
        ],
        "top_3": {
            name: _share(one.true in one.ranked for one in fields if one.name == name and one.true) for name in RANKED
        },
        "filled": len(filled),
        "sure": len(sure),
        "sure_and_wrong": [f"{one.call} {one.name}: {one.value} ({one.true})" for one in wrong],
        "never_said": [
            f"{one.call} {one.name}: {one.value}" for one in filled if one.true is None and one.name not in JUDGEMENTS
        ],
        "calibration": list(_calibration(filled)),
        "content_facts": _share(known for facts, _ in written for known in facts.values()),
        "content_invented": [
            f"{script.dialogue.id}: {one}" for script, (_, more) in zip(scripts, written, strict=True) for one in more
        ],
        "titles": _share(0 < len(title) <= TITLE_LENGTH for title in titles),
        "utterance_ms": percentiles(took) if took else None,
        "details": [_detail(script, document) for script, document in zip(scripts, documents, strict=True)],
    }


def _share(kept: Iterable[bool]) -> float | None:
    told = list(kept)
    return round(sum(told) / len(told), 4) if told else None


def _by_field(name: str, fields: Sequence[Filled]) -> dict[str, Any]:
    known = [one for one in fields if one.true is not None]
    return {
        "field": name,
        "right": sum(one.right for one in fields),
        "of": len(fields),
        "known": len(known),
        "known_right": sum(one.right for one in known),
        "missing": sum(one.value is None for one in known),
        "never_said": sum(one.value is not None for one in fields if one.true is None),
    }


def _calibration(filled: Sequence[Filled]) -> Iterator[dict[str, Any]]:
    for low, high in pairwise(BINS):
        inside = [one for one in filled if low <= one.confidence < high]
        if inside:
            stated = sum(one.confidence for one in inside) / len(inside)
            share = sum(one.right for one in inside) / len(inside)
            yield {"confidence": round(stated, 3), "correct": round(share, 3), "count": len(inside)}


# What a content paragraph says


def written_facts(script: Script, content: str, pack: CityPack) -> tuple[dict[str, bool], list[str]]:
    """The reference's facts and whether `content` has them; and numbers and names of `content` that nobody said."""
    reference = script.true.get("content") or ""
    words = jieba.analyse.extract_tags(reference, topK=KEY_WORDS)
    facts = {*words, *_NUMBER.findall(reference), *_names(reference, pack)}
    said = "".join(text for _, text in script.dialogue.turns)
    truth = reference + "".join(str(value) for value in script.true.values())
    numbers = _spoken_numbers(said) | set(_NUMBER.findall(truth + said + str(script.dialogue.started_at)))
    numbers |= {str(int(number)) for number in numbers if number.isdigit()}
    numbers.add(script.dialogue.caller_phone or "")
    invented = [number for number in _NUMBER.findall(content) if number not in numbers]
    invented += [name for name in _names(content, pack) if name not in truth and name not in said]
    return {fact: fact in content for fact in sorted(facts)}, invented


def _spoken_numbers(text: str) -> set[str]:
    found = {run.digits for run in find_digit_runs(text, 1, by_sound=False)}
    return found | {f"{number.value:g}" for number in (*find_cardinals(text), *find_money(text))}


def _names(text: str, pack: CityPack) -> list[str]:
    return [name for name in _pack_names(pack) if name in text]


@cache
def _pack_names(pack: CityPack) -> tuple[str, ...]:
    places = {name for region in pack.regions for name in (region.district, region.street, region.community)}
    listed: list[Merchant | Compound | Road] = [*pack.merchants, *pack.compounds, *pack.roads]
    names = {each.name for each in listed}
    return tuple(sorted(name for name in places | names if len(name) > 2))


def _detail(script: Script, document: dict[str, Any]) -> dict[str, Any]:
    """Side by side: what was said, heard, filled and true."""
    fields = [
        {
            "label": LABELS[name],
            "filled": document["ticket"][name]["value"],
            "true": script.true.get(name),
            "confidence": document["ticket"][name]["confidence"],
            "right": None
            if name in WRITTEN
            else next(one.right for one in judged(script, document) if one.name == name),
        }
        for name in LABELS
    ]
    return {
        "call": script.dialogue.id,
        "said": [{"speaker": speaker, "text": text} for speaker, text in script.dialogue.turns],
        "heard": [{"speaker": one["speaker"], "text": one["text"]} for one in document["transcript"]],
        "fields": fields,
    }


def _print(row: dict[str, Any]) -> None:
    table = Table(title=f"{row['calls']} calls, from {row['source']}")
    for heading in ("field", "right", "share", "where known", "missing", "never said"):
        table.add_column(heading, justify="left" if heading == "field" else "right")
    for one in row["by_field"]:
        known = f"{one['known_right']} of {one['known']}"
        share = f"{one['right'] / one['of']:.3f}"
        table.add_row(
            one["field"], f"{one['right']} of {one['of']}", share, known, str(one["missing"]), str(one["never_said"])
        )
    table.add_row(
        "all", f"{row['right']} of {row['fields']}", f"{row['share']:.3f}", "", "", str(len(row["never_said"]))
    )
    console.print(table)
    top = ", ".join(f"{name} {share}" for name, share in row["top_3"].items())
    console.print(f"Among the first three: {top}. Content: {row['content_facts']} of the reference's facts.")
    console.print(f"Confidence > {SURE}: {len(row['sure_and_wrong'])} of {row['sure']} wrong, {row['filled']} filled.")
    for heading, key in (
        ("sure and wrong", "sure_and_wrong"),
        ("never said", "never_said"),
        ("invented", "content_invented"),
    ):
        for one in row[key]:
            console.print(f"  {heading}: {one}", highlight=False)
    if row["utterance_ms"]:
        console.print(f"Ticket per utterance: p50 {row['utterance_ms']['p50']}, p95 {row['utterance_ms']['p95']} ms")
