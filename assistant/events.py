"""Everything that leaves the pipeline is one of these events; the wire format is `Event.wire()`.

Times are seconds of the call's audio. Speakers are caller (channel 0), agent (channel 1) or unknown (mono).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.ticket.fields import State
from assistant.transcript import Speaker
from kb.marks import marks
from kb.search import Hit


class Data(BaseModel):
    """What an event says; `type` is its name on the wire."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: ClassVar[str]


class CallStarted(Data):
    type = "call.started"
    agent: str
    """The desk that takes the call."""
    caller_phone: str | None
    """The line's own number, None when withheld."""
    started_at: datetime
    """Wall time of the first sample, with offset: what 昨天 and 上个星期三 refer to."""
    channels: int
    """2: caller and agent; 1: both on one, speaker unknown."""


class SpeechStarted(Data):
    type = "speech.started"
    utterance: int
    speaker: Speaker


class TranscriptPartial(Data):
    type = "transcript.partial"
    utterance: int
    speaker: Speaker
    start: float
    stable: str
    """Will not be taken back before the final."""
    tentative: str
    """May still change."""


class TranscriptFinal(Data):
    type = "transcript.final"
    utterance: int
    speaker: Speaker
    start: float
    end: float
    text: str
    """Empty when the sound turned out to be no speech: whatever was shown for the utterance goes away."""
    confidence: float
    """Expected share of the characters that are right, 0..1."""
    times: list[float] = []
    """Seconds of the call at which each character of `text` begins."""
    stages: dict[str, float] = {}
    """Milliseconds that the final spent in each stage on its way, in order (assistant.call.STAGES)."""


class TranscriptFlagged(Data):
    type = "transcript.flagged"
    utterance: int
    flagged: bool
    """To be looked at again later; false takes the flag away."""
    by: str
    """The person who did it."""


class TicketEvidence(Data):
    type = "evidence"
    utterance: int
    start: int
    """First character of the utterance's text."""
    end: int
    """Character after the last."""


class TicketCandidate(Data):
    type = "candidate"
    value: str
    display: str
    confidence: float


class TicketUpdated(Data):
    type = "ticket.updated"
    field: str
    value: str | bool | int | float | list[str] | None
    label: str
    """What agents call the field."""
    display: str
    """The value in words, where it is a code; else empty."""
    state: State
    confidence: float
    evidence: list[TicketEvidence]
    candidates: list[TicketCandidate]
    """Up to three, best first, for fields that are a judgement or may be one of several names."""
    generated: bool = False
    """A language model wrote the value."""


class SuggestedArticle(Data):
    type = "article"
    id: str
    title: str
    answer: str
    score: float
    confidence: float
    department: str = ""
    """Code"""
    valid_to: date | None = None
    marks: dict[str, list[tuple[int, int]]] = {}
    """Characters [start, end) of title and answer that the caller's words have in common with them: why it is shown."""


class KnowledgeSuggested(Data):
    type = "knowledge.suggested"
    after_utterance: int
    articles: list[SuggestedArticle]


def suggestion(utterance: int, hits: Sequence[Hit], said: str) -> KnowledgeSuggested:
    """The event that shows search hits beside the call, for what the caller has `said`."""
    return KnowledgeSuggested(
        after_utterance=utterance,
        articles=[
            SuggestedArticle(
                id=hit.article.id,
                title=hit.article.title,
                answer=hit.article.answer,
                score=round(hit.score, 3),
                confidence=round(hit.confidence, 3),
                department=hit.article.department,
                valid_to=hit.article.valid_to,
                marks={"title": marks(said, hit.article.title), "answer": marks(said, hit.article.answer)},
            )
            for hit in hits
        ],
    )


class KnowledgeFeedback(Data):
    type = "knowledge.feedback"
    article: str
    useful: bool


class KnowledgeUsed(Data):
    type = "knowledge.used"
    article: str
    how: Literal["opened", "copied", "inserted"]
    """What the agent did with it; inserted: into the ticket as the answer (直接答复)."""


class HintRaised(Data):
    type = "hint.raised"
    kind: str
    text: str
    after_utterance: int
    field: str = ""
    """The field that was heard to have another value than the agent's, which stays; empty: the hint offers none."""
    value: str | bool | int | float | list[str] | None = None
    """That other value, as `ticket.edit` takes it."""
    display: str = ""
    """The other value in words."""


class CallEnded(Data):
    type = "call.ended"
    reason: Literal["hangup", "lost", "interrupted"]
    """hangup: the media client said stop; lost: it vanished; interrupted: the server was stopped in mid-call."""


class CallResumed(Data):
    """The media client came back after the call had been lost or interrupted: it goes on."""

    type = "call.resumed"


class TicketJoined(Data):
    """The order that the ticket will become joins another about the same matter."""

    type = "ticket.joined"
    master: str
    """Number of that order; empty: it is on its own again."""
    title: str


class TicketSubmitted(Data):
    type = "ticket.submitted"
    order: str = ""
    """Number of the order it became; empty in calls of before there were orders."""
    direct: bool = False
    """The agent answered the caller herself: the order is closed."""
    master: str = ""
    """Number of the order that it joined."""


class TicketDispatched(Data):
    type = "ticket.dispatched"
    order: str
    department: str
    """Code of the one that has to answer."""
    department_name: str
    co_departments: list[str]
    """Codes"""
    contact_due: datetime | None
    """By when the department calls the caller."""
    due: datetime | None
    """By when it answers."""
    working_days: int | None
    estimated: bool
    """The calendar of the deadline's year is not published yet."""
    deadline: str
    """The rule in words."""


AnyData = (
    CallStarted
    | SpeechStarted
    | TranscriptPartial
    | TranscriptFinal
    | TranscriptFlagged
    | TicketUpdated
    | KnowledgeSuggested
    | KnowledgeFeedback
    | KnowledgeUsed
    | HintRaised
    | CallEnded
    | CallResumed
    | TicketJoined
    | TicketSubmitted
    | TicketDispatched
)
KINDS: dict[str, type[Data]] = {kind.type: kind for kind in AnyData.__args__}
"""Event types by their name on the wire."""


class Event(BaseModel):
    """One numbered event of a call."""

    model_config = ConfigDict(frozen=True)
    seq: int
    """1, 2, 3, … within the call. Partials that were overtaken are not sent again, so a late reader sees gaps."""
    call: str
    type: str
    at: float
    """Seconds of audio."""
    latency_ms: float
    """Milliseconds from the arrival of the audio that caused it to its numbering (just before it is stored)."""
    data: dict[str, Any]
    numbered_at: float = Field(default=0.0, exclude=True)
    """`time.monotonic()` at which it was numbered; 0.0 when it comes from the store."""

    def wire(self) -> str:
        """The JSON object that goes over the websocket."""
        return self.model_dump_json()


@dataclass(frozen=True)
class Draft:
    """An event that has no number yet."""

    data: Data
    at: float
    """Seconds of audio."""
    arrived: float | None = None
    """`time.monotonic()` at which the audio that caused it arrived; None when no audio did."""

    def numbered(self, seq: int, call: str) -> Event:
        """The event, with the time it took from its audio until now."""
        now = time.monotonic()
        latency = 0.0 if self.arrived is None else max(0.0, now - self.arrived)
        return Event(
            seq=seq,
            call=call,
            type=self.data.type,
            at=round(self.at, 3),
            latency_ms=round(1000 * latency, 1),
            data=self.data.model_dump(mode="json"),
            numbered_at=now,
        )


def schema() -> dict[str, Any]:
    """JSON Schema of an event as it is on the wire: one alternative for each type."""
    alternatives = []
    definitions: dict[str, Any] = {}
    for name, kind in KINDS.items():
        data = kind.model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(data.pop("$defs", {}))
        envelope = Event.model_json_schema(mode="serialization")
        envelope["title"] = name
        envelope["properties"]["type"] = {"const": name}
        envelope["properties"]["data"] = data
        alternatives.append(envelope)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "oneOf": alternatives, "$defs": definitions}
