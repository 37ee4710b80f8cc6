"""The automatic work order: a fold over the utterances of a call and the agent's edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from assistant.errors import TicketError
from assistant.ticket.affected import read_people_affected
from assistant.ticket.amount import read_amount
from assistant.ticket.classify import softmax
from assistant.ticket.compose import compose_content, compose_title
from assistant.ticket.department import read_departments, read_operator
from assistant.ticket.dialogue import Conversation, Topic, Turn
from assistant.ticket.fields import EMPTY, LABELS, Candidate, Change, Evidence, FieldValue, Hint, Value
from assistant.ticket.names import name_questions, read_name
from assistant.ticket.people import read_gender
from assistant.ticket.phone import read_phone
from assistant.ticket.phonesound import phone_questions
from assistant.ticket.places import Places
from assistant.ticket.questions import Answers, Question
from assistant.ticket.reference import Reference
from assistant.ticket.request_type import read_request_type
from assistant.ticket.times import read_occurred_at
from assistant.ticket.urgency import read_urgency, urgent_hints
from assistant.ticket.values import checked, displayed
from assistant.ticket.wishes import read_callback, read_confidential
from assistant.ticket.wording import is_matter, matter
from assistant.transcript import Utterance

__all__ = ["Reference", "TicketFiller"]

FADING = 0.1
"""Each further turn counts e^-0.1 of the one before: callers say what it is about first."""
MOST_WEIGHED = 100
"""Turns after which no other counts: by then it would have faded to 1/22,000."""
FULL_LENGTH = 40
"""Characters from which a turn counts fully; a shorter one by the root of its share."""
AGENT_SHARE = 0.3
"""Weight of the agent's turns beside the caller's: they sum up, but speak of procedures, too."""
DOUBT = 0.1
"""Probability that a turn is about something else altogether, spread evenly over the categories.

With these four, 38 of 40 calls (the sample calls clean and as heard, and tests/dialogues) had the right category
first and all among the first three; -log probability of the right one 0.3. Neighbouring values do as well.
"""
KNOWN = 0.12
"""Probability of the best category from which the matter counts as known; chance is below 0.01."""
ENOUGH = 8
"""Characters that a caller must have said about the matter before it can be known."""
LEAD = 0.02
"""Probability by which another category must be ahead before it replaces the one shown."""
NOTICEABLE = 0.05
"""A confidence that moved by less is no news."""

_ASKED: tuple[tuple[Topic, str], ...] = (("name", "caller_name"), ("address", "address"), ("subject", "subject"))
_NOT_ABOUT = frozenset({"name", "phone", "line_phone", "callback", "confidential", "else", "matter"})
_JUDGED = frozenset({"category", "department", "title", "content", "urgency"})
_ASK: tuple[tuple[str, Topic, str], ...] = (
    ("address", "address", "具体在什么位置？"),
    ("occurred_at", "time", "是什么时候的事？"),
    ("caller_name", "name", "请问怎么称呼您？"),
    ("contact_phone", "phone", "联系电话是多少？"),
    ("callback", "callback", "处理结果需要回访吗？"),
)
"""Fields in the order in which a good agent asks for them, with the question."""
_UNASKED = (None, "咨询")
"""Request types that are often answered at once: nothing has to be asked for."""
SETTLED = 4
"""Turns before which nobody is told what to ask."""
_NEEDED = ("caller_name", "contact_phone")


@dataclass(frozen=True)
class _Weighed:
    """What one turn says about the category."""

    gains: NDArray[np.float32]
    """(categories,) logarithms of the probabilities that this turn alone gives them, above the lowest."""
    weight: float
    evidence: Evidence


class TicketFiller:
    """The work order of one call: the same utterances and edits in the same order give the same fields."""

    def __init__(self, reference: Reference, started_at: datetime, caller_phone: str | None) -> None:
        """`started_at` is aware; `caller_phone` is the line the call comes from, None when it is not known."""
        self.fields: dict[str, FieldValue] = dict.fromkeys(LABELS, EMPTY)
        self._reference = reference
        self._started_at = started_at
        self._caller_phone = caller_phone
        self._conversation = Conversation()
        self._places = Places(reference.places)
        self._weighed = 0
        """Turns that were weighed for the category."""
        self._together = np.zeros(len(reference.categories.codes), dtype=np.float32)
        """(categories,) the weighted sum of the logarithms of the probabilities that each gives them."""
        self._telling: list[_Weighed] = []
        """Those of the caller's; agents' are not shown as evidence."""
        self._told = 0
        self._category: str | None = None
        self._probabilities: dict[str, float] = {}
        """Of the categories by code, by what was said; empty until something was."""
        self._read: dict[str, FieldValue] = dict.fromkeys(LABELS, EMPTY)
        self._before: dict[str, list[FieldValue]] = {name: [] for name in LABELS}
        """What each field was before each thing that the agent did to it, oldest first."""
        self._carried: dict[str, FieldValue] = {}
        """Of a call that was cut off: what was read in fields that show something else."""
        self._hinted: set[Hint] = set()
        self._sounds: dict[str, dict[int, dict[str, float]]] = {"phone": {}, "name": {}}
        """What the recogniser has answered, by what was asked about."""

    def hear(self, utterance: Utterance) -> list[Change | Hint]:
        """Take the next utterance; returns the fields that changed, in the order of the form, then new hints."""
        turn = self._conversation.hear(utterance)
        position = len(self._conversation.turns) - 1
        asked = self._conversation.asked(position)
        self._places.hear(
            replace(utterance, speaker=turn.role), next((field for topic, field in _ASKED if topic in asked), None)
        )
        self._weigh(position)
        return self._noted()

    def questions(self) -> list[Question]:
        """What to ask the recogniser now that this utterance was heard; none of an utterance that was typed."""
        return [
            *self._places.questions(),
            *phone_questions(self._conversation, self._caller_phone, self._sounds["phone"]),
            *name_questions(self._conversation, self._sounds["name"]),
        ]

    def learn(self, answers: Answers) -> list[Change | Hint]:
        """Take the recogniser's answers; returns what they change."""
        for question, scores in answers.items():
            if question.about == "place":
                self._places.learn(question, scores)
                continue
            known = self._sounds[question.about].setdefault(question.utterance, {})
            meant = dict(zip(question.texts, question.means, strict=False))
            known |= {meant.get(text, text): score for text, score in scores.items()}
        return self._noted()

    def _noted(self) -> list[Change | Hint]:
        """Read the conversation anew: the fields that changed and the hints not given yet."""
        readings = self._readings()
        hints = urgent_hints(self._conversation, _text(readings["request_type"]))
        hints += self._conflicts(readings) + self._missing(len(self._conversation.turns) - 1)
        changes = [change for name in LABELS if (change := self._update(name, readings[name]))]
        self._read = readings
        hints += self._ask_next()
        fresh = [hint for hint in dict.fromkeys(hints) if hint not in self._hinted]
        self._hinted.update(fresh)
        return [*changes, *fresh]

    @property
    def likely_categories(self) -> Mapping[str, float]:
        """Probabilities of the categories by code; certain where the agent chose one, empty where nothing was said."""
        chosen = self.fields["category"]
        if chosen.state in ("confirmed", "edited") and isinstance(chosen.value, str):
            return {chosen.value: 1.0}
        return self._probabilities

    @property
    def turns(self) -> Sequence[Turn]:
        """What was heard so far and who said it."""
        return self._conversation.turns

    def redraft(self, written: Mapping[str, str]) -> list[Change]:
        """A language model's words, by field, in place of ours; a field that is empty, confirmed or edited stays."""
        changes = []
        for name, text in written.items():
            if self.fields[name].state == "suggested":
                changes += self._set(name, replace(self.fields[name], value=text, generated=True))
        return changes

    def edit(self, name: str, value: Value) -> list[Change]:
        """The agent typed a value; None or "" clears the field for good. Raises TicketError for what it cannot hold."""
        kept = checked(name, value, self._reference)
        shown = displayed(name, kept, self._reference)
        others = tuple(c for c in self.fields[name].candidates if c.value != kept)
        candidates = (Candidate(kept, shown, 1.0), *others)[:3] if others and isinstance(kept, str) else others
        return self._do(name, FieldValue(kept, "edited", 1.0, (), shown, candidates))

    def accept(self, name: str) -> list[Change]:
        """The agent accepted what the field shows. Raises TicketError for an unknown or an empty field."""
        if name not in LABELS:
            raise TicketError(f"工单没有字段“{name}”，请使用表单中的字段。")
        current = self.fields[name]
        if current.value is None:
            raise TicketError(f"“{LABELS[name]}”还是空的，请先填写再确认。")
        return self._do(name, replace(current, state="confirmed", confidence=1.0))

    def undo(self, name: str) -> list[Change]:
        """Take back what the agent did last to a field; what the machine has read since then shows again. Raises
        TicketError for an unknown field, and where she did nothing to it."""
        if not self._before.get(name):
            raise TicketError(f"“{LABELS.get(name, name)}”没有可以撤销的修改。")
        before = self._before[name].pop()
        machines = before.state in ("empty", "suggested") and self._conversation.turns
        return self._set(name, self._read[name] if machines else before)

    def restore(self, name: str, value: FieldValue) -> None:
        """Take in what a field became in a call that is over, change by change. What is as it was before the last thing
        that the agent did, or the machine's again, was undone."""
        before = self._before[name]
        if before and (value == before[-1] or value.state in ("empty", "suggested")):
            before.pop()
        elif value.state == "edited" or (value.state == "confirmed" and value.confidence == 1.0):
            before.append(self.fields[name])
        self.fields[name] = value

    def carry_on(self, shown: Mapping[str, FieldValue]) -> None:
        """The call goes on where it was cut off, with the fields as they were `shown`. A value may be owed to the
        recogniser's answers, which are not heard again: it stays until something else is read than now."""
        for name in LABELS:
            self.fields[name] = shown.get(name, EMPTY)
        self._carried = {
            name: self._read[name] for name, value in shown.items() if value.value != self._read[name].value
        }

    def _do(self, name: str, value: FieldValue) -> list[Change]:
        """What the agent does to a field, so that she can undo it."""
        before = self.fields[name]
        changes = self._set(name, value)
        if changes:
            self._before[name].append(before)
        return changes

    def _set(self, name: str, value: FieldValue) -> list[Change]:
        if value == self.fields[name]:
            return []
        self.fields[name] = value
        return [Change(name, value)]

    def _update(self, name: str, reading: FieldValue) -> Change | None:
        current = self.fields[name]
        if current.state in ("confirmed", "edited"):
            return None
        if name in self._carried:
            if reading.value == self._carried[name].value:
                return None
            del self._carried[name]
        same = replace(reading, confidence=current.confidence, candidates=current.candidates) == current
        order = [c.value for c in reading.candidates] == [c.value for c in current.candidates]
        if same and order and abs(reading.confidence - current.confidence) < NOTICEABLE:
            return None
        self.fields[name] = reading
        return Change(name, reading)

    # What the turns say

    def _weigh(self, position: int) -> None:
        turn = self._conversation.turns[position]
        if self._weighed == MOST_WEIGHED:
            return
        words = matter(turn.text)
        if len(words) < 4:
            return
        if turn.role == "caller":
            if not is_matter(self._conversation, position):
                return
            self._told += len(words)
            share = 1.0
        elif len(words) > ENOUGH and not turn.asks & _NOT_ABOUT and self._weighed:
            share = AGENT_SHARE
        else:
            return
        categories = self._reference.categories
        scores = categories.scores([words], self._reference.encoder.encode([words]))[0]
        logs = np.log((1 - DOUBT) * categories.probabilities(scores) + DOUBT / len(scores)) - categories.attraction
        weight = share * min(1.0, (len(words) / FULL_LENGTH) ** 0.5) * float(np.exp(-FADING * self._weighed))
        self._weighed += 1
        self._together += weight * logs
        if turn.role == "caller":
            self._telling.append(_Weighed(logs - logs.min(), weight, turn.evidence(0, len(turn.text))))

    def _category_reading(self) -> tuple[FieldValue, dict[str, float]]:
        """The category, and the probabilities of all of them by code."""
        if not self._weighed:
            return EMPTY, {}
        codes = self._reference.categories.codes
        together = softmax(self._together, 1.0)
        probabilities = dict(zip(codes, map(float, together), strict=True))
        ranked = sorted(probabilities, key=lambda code: (-probabilities[code], code))
        if self._told < ENOUGH or (probabilities[ranked[0]] < KNOWN and self._category is None):
            return EMPTY, probabilities
        if self._category and probabilities[ranked[0]] - probabilities[self._category] < LEAD:
            ranked.remove(self._category)
            ranked.insert(0, self._category)
        self._category = ranked[0]
        place = codes.index(self._category)
        telling = sorted(self._telling, key=lambda weighed: -weighed.weight * float(weighed.gains[place]))[:2]
        names = self._reference.category_names
        reading = FieldValue(
            self._category,
            "suggested",
            round(probabilities[self._category], 2),
            tuple(sorted((weighed.evidence for weighed in telling), key=lambda evidence: evidence.utterance)),
            names[self._category],
            tuple(Candidate(code, names[code], round(probabilities[code], 2)) for code in ranked[:3]),
        )
        return reading, probabilities

    def _readings(self) -> dict[str, FieldValue]:
        """What the machine makes of all that was said, given what the agent typed or confirmed."""
        conversation, reference = self._conversation, self._reference
        readings = dict.fromkeys(LABELS, EMPTY) | self._places.values()
        readings["caller_gender"] = read_gender(conversation)
        readings["caller_name"] = read_name(conversation, self._final("caller_gender", readings), self._sounds["name"])
        readings["contact_phone"] = read_phone(conversation, self._caller_phone, self._sounds["phone"])
        readings["occurred_at"] = read_occurred_at(conversation, self._started_at)
        readings["amount"] = read_amount(conversation)
        readings["people_affected"] = read_people_affected(conversation)
        readings["callback"] = read_callback(conversation)
        readings["confidential"] = read_confidential(conversation)
        readings["category"], self._probabilities = self._category_reading()
        category = self._final("category", readings)
        usual = next((c.request_types for c in reference.pack.leaves if c.code == category.value), ())
        readings["request_type"] = read_request_type(conversation, usual)
        readings["department"], readings["co_departments"] = read_departments(
            conversation, reference.departments, category, self._probabilities, self._final("district", readings)
        )
        if readings["subject"].value is None:
            readings["subject"] = read_operator(
                conversation,
                reference.departments,
                self._final("department", readings),
                self._final("request_type", readings),
            )
        known = category.value is not None
        kind = _text(self._final("request_type", readings))
        readings["urgency"] = read_urgency(conversation, kind, known)
        final = {name: self._final(name, readings) for name in LABELS}
        readings["title"] = compose_title(final)
        readings["content"] = compose_content(conversation, final, self._started_at)
        return readings

    def _final(self, name: str, readings: dict[str, FieldValue]) -> FieldValue:
        """The value that the field will show: the agent's or the confirmed one where there is one."""
        current = self.fields[name]
        return current if current.state in ("confirmed", "edited") else readings[name]

    # Hints

    def _conflicts(self, readings: dict[str, FieldValue]) -> list[Hint]:
        """Said just now, and other than what was confirmed or typed."""
        hints = []
        for name, label in LABELS.items():
            current, new, old = self.fields[name], readings[name], self._read[name]
            if current.state not in ("confirmed", "edited") or name in _JUDGED or new.value in (None, old.value):
                continue
            if new.value != current.value:
                shown, heard = (field.display or str(field.value or "空") for field in (current, new))
                advice = f"{label}已记为“{shown}”，通话中又说到“{heard}”，请核对。"
                hints.append(Hint("conflict", advice, name, new.value, heard))
        return hints

    def _missing(self, position: int) -> list[Hint]:
        """When the agent closes the call: what an office would need to reach the caller."""
        closing = "else" in self._conversation.turns[position].asks
        if not closing or self._category is None or self.fields["request_type"].value in (None, "咨询"):
            return []
        missing = [LABELS[name] for name in _NEEDED if self.fields[name].value is None]
        return [Hint("missing", f"通话快结束了，还没有记录{'、'.join(missing)}。")] if missing else []

    def _ask_next(self) -> list[Hint]:
        """What a good agent would ask next: the first of what an office needs that nobody has spoken of."""
        turns = self._conversation.turns
        if len(turns) < SETTLED or turns[-1].role == "agent" or self.fields["request_type"].value in _UNASKED:
            return []
        if self._category is None:
            return []
        for name, topic, words in _ASK:
            spoken_of = any(topic in turn.asks for turn in turns)
            if self.fields[name].value is None and not spoken_of:
                return [Hint("ask", f"接下来可以问：{words}")]
        return []


def _text(field: FieldValue) -> str | None:
    return field.value if isinstance(field.value, str) else None
