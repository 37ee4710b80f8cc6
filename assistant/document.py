"""A call as one JSON document: a fold over its events, the same for replays, the API and exports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from assistant.events import Event
from assistant.ticket.fields import LABELS


def fold(call: str, log: Iterable[Event]) -> dict[str, Any]:
    """The document that `seat replay --json` writes (docs/reference.md), from the events of one call in order.

    All fields of the ticket are present; what nobody said has state "empty" and value null. Latencies are in
    milliseconds from the arrival of the audio (for finals: of the end of speech) to the event.
    """
    about: dict[str, Any] = {"id": call, "agent": "", "caller_phone": None, "started_at": None, "channels": 0}
    about |= {"seconds": 0.0, "ended": None, "submitted": False}
    transcript: dict[int, dict[str, Any]] = {}
    ticket = {name: _empty(label) for name, label in LABELS.items()}
    suggestions: list[dict[str, Any]] = []
    hints: list[dict[str, Any]] = []
    latency: dict[str, list[float]] = {"final_ms": [], "partial_ms": [], "ticket_ms": [], "suggestion_ms": []}
    for event in log:
        data = event.data
        about["seconds"] = max(about["seconds"], event.at)
        match event.type:
            case "call.started":
                about |= data
            case "transcript.partial":
                latency["partial_ms"].append(event.latency_ms)
            case "transcript.final":
                if data["text"]:
                    keys = ("utterance", "speaker", "start", "end", "text", "confidence")
                    transcript[data["utterance"]] = {key: data[key] for key in keys}
                    latency["final_ms"].append(event.latency_ms)
            case "transcript.flagged":
                line = transcript[data["utterance"]]
                line.pop("flagged", None)
                line |= {"flagged": True} if data["flagged"] else {}
            case "ticket.updated":
                ticket[data["field"]] = {key: value for key, value in data.items() if key != "field"}
                if event.latency_ms:
                    latency["ticket_ms"].append(event.latency_ms)
            case "knowledge.suggested":
                shown = [article["id"] for article in data["articles"]]
                suggestions.append({"after_utterance": data["after_utterance"], "articles": shown})
                latency["suggestion_ms"].append(event.latency_ms)
            case "hint.raised":
                hints.append(data)
            case "call.ended" | "call.resumed":
                about["ended"] = data.get("reason")
            case "ticket.submitted":
                about["submitted"] = True
    return {
        "call": about,
        "transcript": [transcript[index] for index in sorted(transcript)],
        "ticket": ticket,
        "candidates": {
            name: [candidate["value"] for candidate in ticket[name]["candidates"]]
            for name in ("category", "department")
        },
        "suggestions": suggestions,
        "hints": hints,
        "latency": {name: percentiles(values) for name, values in latency.items() if values},
    }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile, maximum and count of `values` (not empty)."""
    p50, p95 = np.percentile(values, [50, 95])
    return {
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "max": round(max(values), 1),
        "count": len(values),
    }


def _empty(label: str) -> dict[str, Any]:
    return {
        "value": None,
        "label": label,
        "display": "",
        "state": "empty",
        "confidence": 0.0,
        "evidence": [],
        "candidates": [],
        "generated": False,
    }
