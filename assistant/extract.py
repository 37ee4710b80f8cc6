"""A ticket from a written dialogue: the same events as a call's, without audio."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assistant import document, events
from assistant.drafts import ticket_drafts
from assistant.errors import SeatError
from assistant.events import Draft, Event
from assistant.seat import Knowledge
from assistant.text import simplified
from assistant.transcript import Speaker, Utterance
from assistant.understanding import Observe
from audio.errors import AudioError
from audio.media import parse_phone, parse_time

CALLER_KINDS = ("个人", "企业")
SPEAKERS: tuple[Speaker, ...] = ("caller", "agent", "unknown")
MOST_TURNS, LONGEST_TURN = 2_000, 5_000


@dataclass(frozen=True)
class Dialogue:
    """A call as text."""

    id: str
    started_at: datetime
    caller_phone: str | None
    turns: tuple[tuple[Speaker, str], ...]
    caller_kind: str = ""
    """个人 or 企业; empty where that is not known."""


def read_turns(path: Path) -> Dialogue:
    """Read {"started_at", "caller_phone", "caller_kind", "turns": [{"speaker", "text"}]}; unknown keys are ignored.

    Raises SeatError with one sentence that names what is wrong.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SeatError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise SeatError(f"{path} is not a JSON document in UTF-8 ({str(error).splitlines()[0][:100]}).") from error
    if not isinstance(told, dict) or not isinstance(told.get("turns"), list):
        raise SeatError(f'{path} must be a JSON object with "turns": [{{"speaker", "text"}}].')
    if len(told["turns"]) > MOST_TURNS:
        raise SeatError(f"{path} has {len(told['turns'])} turns; at most {MOST_TURNS} are taken.")
    try:
        phone = parse_phone(told.get("caller_phone"))
        started = parse_time(told["started_at"]) if told.get("started_at") else datetime.now().astimezone()
    except AudioError as error:
        raise SeatError(f"{path}: {error}") from error
    kind = next((kind for kind in CALLER_KINDS if told.get("caller_kind") == kind), "")
    return Dialogue(str(told.get("id") or path.stem), started, phone, tuple(_turns(path, told["turns"])), kind)


def extract(
    dialogue: Dialogue,
    knowledge: Knowledge,
    show: Callable[[Event], None] = lambda event: None,
    observe: Observe = lambda stage, seconds: None,
) -> dict[str, Any]:
    """The document of a call (`assistant.document`) whose finals are the turns; times are 0. `show` gets every event,
    `observe` the seconds that each utterance took ("ticket").

    `latency.ticket_ms` and `suggestion_ms` are the time the work on an utterance took.
    """
    filler = knowledge.filler(dialogue.started_at, dialogue.caller_phone)
    suggester = knowledge.suggester(dialogue.started_at, dialogue.caller_kind)
    log: list[Event] = []

    def publish(*drafts: Draft) -> None:
        for draft in drafts:
            log.append(draft.numbered(len(log) + 1, dialogue.id))
            show(log[-1])

    publish(
        Draft(
            events.CallStarted(
                agent="extract", caller_phone=dialogue.caller_phone, started_at=dialogue.started_at, channels=2
            ),
            0.0,
        )
    )
    for index, (speaker, text) in enumerate(dialogue.turns):
        said = events.TranscriptFinal(utterance=index, speaker=speaker, start=0.0, end=0.0, text=text, confidence=1.0)
        publish(Draft(said, 0.0))
        if not text:
            continue
        utterance = Utterance(index=index, speaker=speaker, text=simplified(text))
        began = time.monotonic()
        noted = filler.hear(utterance)
        observe("ticket", time.monotonic() - began)
        publish(*ticket_drafts(noted, 0.0, index, began))
        began = time.monotonic()
        hits = suggester.hear(utterance, filler.likely_categories)
        if hits is not None:
            publish(Draft(events.suggestion(index, hits, suggester.said), 0.0, began))
    return document.fold(dialogue.id, log)


def _turns(path: Path, turns: list[Any]) -> list[tuple[Speaker, str]]:
    found: list[tuple[Speaker, str]] = []
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict) or turn.get("speaker") not in SPEAKERS or not isinstance(turn.get("text"), str):
            raise SeatError(f'{path}: turn {number} must be {{"speaker": "caller" or "agent", "text": "…"}}.')
        text = (
            turn["text"][:LONGEST_TURN].encode("utf-8", "replace").decode()
        )  # half a surrogate pair cannot be written
        found.append((turn["speaker"], text))
    return found
