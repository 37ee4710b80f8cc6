"""A call's past: what its stored events say of its ticket, and of where it was cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from assistant.events import (
    CallResumed,
    CallStarted,
    Draft,
    Event,
    SpeechStarted,
    TicketJoined,
    TicketSubmitted,
    TicketUpdated,
    TranscriptFinal,
    TranscriptPartial,
)
from assistant.suggest import Suggester
from assistant.ticket.fields import Candidate, Evidence, FieldValue
from assistant.ticket.filler import TicketFiller
from assistant.transcript import Utterance, speaker
from audio.media import MediaStart
from audio.resample import Samples

RECORDED_BEHIND = 1.0
"""Seconds that a recording may lack at its end: it is written just after it is heard."""
RESUMED_WITHIN = timedelta(minutes=10)
"""After the last that was heard of a call; who calls later has hung up meanwhile."""


@dataclass(frozen=True)
class CutOff:
    """Where a call that was lost or interrupted goes on."""

    seconds: float
    """Of audio before the next sample."""
    utterances: int
    """Speech that was heard before, finished or not."""
    finished: tuple[float, ...]
    """Until when the words of each channel have become text, in seconds."""
    unfinished: tuple[TranscriptFinal, ...] = ()
    """Finals of speech that was cut off: what was shown of it, or nothing where it is heard again."""

    def drafts(self) -> list[Draft]:
        """What a call begins with that goes on."""
        return [Draft(each, self.seconds) for each in (CallResumed(), *self.unfinished)]


def cut_off(past: Sequence[Event], start: MediaStart) -> CutOff | None:
    """Where a call that was cut off goes on with a client that comes back as `start`; None where that is not its
    client."""
    begun = past[0].data if past and past[0].type == CallStarted.type else {}
    if (begun.get("agent"), begun.get("caller_phone"), begun.get("channels")) != (
        start.agent,
        start.caller_phone,
        start.channels,
    ):
        return None
    seconds = max(event.at for event in past)
    open_: dict[int, TranscriptFinal] = {}
    finished = {speaker(channel, start.channels): 0.0 for channel in range(start.channels)}
    for event in past:
        if event.type in (SpeechStarted.type, TranscriptPartial.type):
            number = event.data["utterance"]
            open_[number] = TranscriptFinal(
                utterance=number,
                speaker=event.data["speaker"],
                start=event.data.get("start", event.at),
                end=seconds,
                text=event.data.get("stable", "") + event.data.get("tentative", ""),
                confidence=0.0,
            )
        elif event.type == TranscriptFinal.type:
            open_.pop(event.data["utterance"], None)
            who = event.data["speaker"]
            finished[who] = max(finished[who], event.data["end"])
    numbers = [event.data["utterance"] for event in past if event.type == SpeechStarted.type]
    return CutOff(seconds, max(numbers, default=-1) + 1, tuple(finished.values()), tuple(open_.values()))


def hear_from(since: CutOff, recorded: Samples, begins: float, rate: int) -> tuple[CutOff, Samples | None]:
    """Go back to where words were lost, and what is to be heard from there: `recorded`, (channels, n), from `begins`
    seconds on, with silence for what has become text. None where the recording ends before the call was cut off."""
    if begins + recorded.shape[1] / rate < since.seconds - RECORDED_BEHIND:
        return since, None
    first = max(0, round((min(since.finished) - begins) * rate))
    unheard = recorded[:, first:].copy()
    for channel, until in enumerate(since.finished):
        unheard[channel, : max(0, round((until - begins) * rate) - first)] = 0.0
    taken_back = tuple(each.model_copy(update={"text": "", "start": 0.0, "end": 0.0}) for each in since.unfinished)
    return replace(since, seconds=begins + first / rate, unfinished=taken_back), unheard


def restore(filler: TicketFiller, past: Sequence[Event]) -> None:
    """Take in what the fields of a ticket became, change by change; it hears nothing more."""
    for event in past:
        if event.type == TicketUpdated.type:
            filler.restore(*_update(event))


def hear_again(filler: TicketFiller, suggester: Suggester, past: Sequence[Event]) -> None:
    """Take in a call that goes on: what was said, and what was done to the ticket."""
    shown: dict[str, FieldValue] = {}
    for event in past:
        if event.type == TicketUpdated.type:
            name, value = _update(event)
            shown[name] = value
            filler.restore(name, value)
        elif event.type == TranscriptFinal.type and event.data["text"]:
            said = TranscriptFinal.model_validate(event.data)
            utterance = Utterance(said.utterance, said.speaker, said.text, said.start, said.end, said.confidence)
            filler.hear(utterance)
            suggester.hear(utterance, filler.likely_categories)
    filler.carry_on(shown)


def submitted(past: Sequence[Event]) -> bool:
    """Whether the ticket has been submitted."""
    return any(event.type == TicketSubmitted.type for event in past)


def joined(past: Sequence[Event]) -> str:
    """Number of the order that the ticket's will join; empty: none."""
    return next((str(event.data["master"]) for event in reversed(past) if event.type == TicketJoined.type), "")


def _update(event: Event) -> tuple[str, FieldValue]:
    told = TicketUpdated.model_validate(event.data)
    value = FieldValue(
        told.value,
        told.state,
        told.confidence,
        tuple(Evidence(each.utterance, each.start, each.end) for each in told.evidence),
        told.display,
        tuple(Candidate(each.value, each.display, each.confidence) for each in told.candidates),
        told.generated,
    )
    return told.field, value
