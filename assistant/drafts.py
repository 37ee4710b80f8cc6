"""The events that say what the ticket filler noted."""

from __future__ import annotations

from collections.abc import Sequence

from assistant import events
from assistant.events import Draft
from assistant.ticket.fields import LABELS, Change, FieldValue, Hint


def ticket_drafts(
    noted: Sequence[Change | Hint], at: float, utterance: int = -1, arrived: float | None = None
) -> list[Draft]:
    """Events for what the ticket filler noted; `utterance` is the one it heard, -1 when the agent did it."""
    return [Draft(_noted(item, utterance), at, arrived) for item in noted]


def _noted(item: Change | Hint, utterance: int) -> events.Data:
    if isinstance(item, Hint):
        return events.HintRaised(
            kind=item.kind,
            text=item.text,
            after_utterance=utterance,
            field=item.name,
            value=item.value,
            display=item.display,
        )
    return _updated(item.name, item.value)


def _updated(name: str, value: FieldValue) -> events.TicketUpdated:
    """The event that says what is now known of a field."""
    return events.TicketUpdated(
        field=name,
        value=value.value,
        label=LABELS[name],
        display=value.display,
        state=value.state,
        confidence=round(value.confidence, 3),
        evidence=[events.TicketEvidence(utterance=e.utterance, start=e.start, end=e.end) for e in value.evidence],
        candidates=[
            events.TicketCandidate(value=c.value, display=c.display, confidence=round(c.confidence, 3))
            for c in value.candidates
        ],
        generated=value.generated,
    )
