"""The work order of a call that is given as text turns, without audio."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from assistant.errors import CallError
from assistant.ticket.fields import Hint
from assistant.ticket.filler import Reference, TicketFiller
from assistant.ticket.times import ZONE
from assistant.transcript import Speaker, Utterance

_SPEAKERS = ("caller", "agent", "unknown")


def ticket_document(filler: TicketFiller) -> dict[str, Any]:
    """The `ticket` part of what `seat extract --json` and `seat replay --json` write: every field by its key."""
    document: dict[str, Any] = {}
    for name, field in filler.fields.items():
        entry: dict[str, Any] = {
            "value": field.value,
            "state": field.state,
            "confidence": field.confidence,
            "evidence": [{"utterance": e.utterance, "start": e.start, "end": e.end} for e in field.evidence],
        }
        if field.display:
            entry["display"] = field.display
        document[name] = entry
    return document


def _started_at(document: dict[str, Any]) -> datetime:
    given = document.get("started_at")
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise CallError('“started_at”要写通话开始时间，例如 "2026-03-18T09:12:00+08:00"。')
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def read_turns(document: Any) -> list[Utterance]:
    """The utterances of a turns document. Raises CallError with one sentence for what is wrong with it."""
    if not isinstance(document, dict) or not isinstance(document.get("turns"), list):
        raise CallError('通话文件要是一个 JSON 对象，其中“turns”是一列 {"speaker", "text"}。')
    utterances = []
    for index, turn in enumerate(document["turns"]):
        if not isinstance(turn, dict) or not isinstance(turn.get("text"), str):
            raise CallError(f"第{index + 1}个 turn 要有文字“text”。")
        if turn.get("speaker") not in _SPEAKERS:
            raise CallError(f"第{index + 1}个 turn 的“speaker”只能是 {'、'.join(_SPEAKERS)}。")
        utterances.append(Utterance(index, cast(Speaker, turn["speaker"]), turn["text"]))
    return utterances


def extract(turns_document: dict[str, Any], reference: Reference) -> dict[str, Any]:
    """The ticket from text turns, as the JSON object of `seat extract --json` without suggestions and latency.

    `turns_document` is {"started_at": ISO, "caller_phone": "…", "turns": [{"speaker", "text"}]}; no other key matters.
    Raises CallError with one sentence for a bad document.
    """
    utterances = read_turns(turns_document)
    started_at = _started_at(turns_document)
    phone = turns_document.get("caller_phone")
    if phone is not None and not isinstance(phone, str):
        raise CallError("“caller_phone”要写成文字，不知道时可以不写。")
    filler = TicketFiller(reference, started_at, phone)
    hints = []
    for utterance in utterances:
        for news in filler.hear(utterance):
            if isinstance(news, Hint):
                hints.append({"kind": news.kind, "after_utterance": utterance.index, "text": news.text})
    return {
        "call": {"started_at": started_at.isoformat(), "caller_phone": phone},
        "transcript": [
            {"utterance": u.index, "speaker": u.speaker, "start": u.start, "end": u.end, "text": u.text}
            for u in utterances
        ],
        "ticket": ticket_document(filler),
        "candidates": filler.candidates,
        "hints": hints,
    }
