"""The telephone number that was said, by its sound: what to ask the recogniser, and what its answers mean."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.dictation import FEWEST_DIGITS, LINE, NEAR, Mention, may_dictate, mentions_of_numbers, valid
from assistant.ticket.fields import FieldValue, State
from assistant.ticket.numbers import find_digit_runs
from assistant.ticket.questions import NUMBER_DIGITS, Question, Sounds

CANDIDATES = 6
"""Of the numbers found in an utterance, those that the other utterances are asked about."""
LATELY = 12
"""Turns in which a number is looked for again when another was found."""
MOST_OF_IT = 7
"""Digits that a turn must hold for a number to be looked for in it."""
SURE = 0.9
"""Confidence from which a number that the caller agreed to is the one that the agent read back."""
FARTHEST = -12.0
"""Log-probability that a number can lose in one utterance: one that was heard badly does not decide alone."""
REJECTED = -8.0
"""Log-probability behind the best digits, for each utterance, from which a number was not said. Of 27 that were said
none lost more in all of its utterances; the caller's line lost more in all 15 where another number was."""
LINE_BONUS = 12.0
"""Log-probability by which the caller's own line is likelier than any other number: more than half of those who dictate
a number dictate that one, and there are billions of others."""
SPELLED_BONUS = 4.0
"""For a number that the recogniser wrote digit by digit of its own accord."""
BOTH_BONUS = 8.0
"""For one that was written alike for both speakers."""
GUESSED = 0.8
"""Of that, what is left for each digit that was written as another word."""
ANSWER = (6, 24)
"""Characters of an answer to the agent's question that may be a number though no digits were written."""


def _asked_about(conversation: Conversation, sounds: Sounds) -> list[tuple[int, Mapping[str, float]]]:
    """The turns whose numbers the recogniser was asked about: position and log-probabilities."""
    return [
        (place, sounds[turn.utterance.index])
        for place, turn in enumerate(conversation.turns)
        if turn.utterance.index in sounds
    ]


def _possible(conversation: Conversation, caller_phone: str | None, sounds: Sounds) -> list[str]:
    """Numbers that may be meant: the caller's line, those in the texts, and the likeliest found in the sound."""
    line = re.sub(r"\D", "", caller_phone or "")
    heard = [mention.digits for mention in mentions_of_numbers(conversation, line)]
    found = []
    for _, scores in _asked_about(conversation, sounds):
        found += sorted(scores, key=lambda number: -scores[number])[:CANDIDATES]
    return list(dict.fromkeys(number for number in (line, *heard, *found) if _is_whole(number)))


def _is_whole(number: str) -> bool:
    return len(number) == NUMBER_DIGITS and valid(number)


def phone_questions(conversation: Conversation, caller_phone: str | None, sounds: Sounds) -> list[Question]:
    """What to ask the recogniser about the last turns in which a mobile number was dictated or read back.

    Each is first asked for the numbers that it may hold, then about those found in the others.
    """
    numbers = _possible(conversation, caller_phone, sounds)
    last = len(conversation.turns) - 1
    questions = []
    for position in range(max(0, last - LATELY), last + 1):
        turn = conversation.turns[position]
        known = sounds.get(turn.utterance.index)
        if known is None and (position < last or not _dictates(conversation, position, caller_phone)):
            continue
        missing = tuple(number for number in numbers if number not in (known or {}))
        if known is None or missing:
            begin, end = _stretch(turn)
            number: Literal["", "any", "mobile"] = ""
            if known is None:
                number = "mobile" if _digits(turn) >= MOST_OF_IT else "any"
            questions.append(Question(turn.utterance.index, begin, end, missing, "phone", number))
    return questions


def _digits(turn: Turn) -> int:
    """How many digits the recogniser wrote."""
    return sum(len(run.digits) for run in find_digit_runs(turn.text, FEWEST_DIGITS))


def _stretch(turn: Turn) -> tuple[int, int]:
    """Characters of a turn in which its number stands: all of them where hardly a digit was written.

    As many more on both sides as digits are missing: they were written as something else.
    """
    if _digits(turn) < MOST_OF_IT:
        return 0, len(turn.text)
    runs = find_digit_runs(turn.text, FEWEST_DIGITS)
    missing = max(0, NUMBER_DIGITS - _digits(turn))
    return max(0, min(run.start for run in runs) - missing), min(len(turn.text), max(run.end for run in runs) + missing)


def _dictates(conversation: Conversation, position: int, caller_phone: str | None) -> bool:
    """Whether the turn gives most of a number that may be the caller's, or should, by what the agent just asked."""
    turn = conversation.turns[position]
    before = conversation.turns[position - 1] if position else turn
    alone = "phone" in before.asks and "name" not in before.asks
    if turn.role == "caller" and alone and turn.stance is None and turn.text not in LINE:
        return ANSWER[0] <= len(turn.text) <= ANSWER[1]
    if not MOST_OF_IT <= _digits(turn) <= NUMBER_DIGITS + NEAR + 1:
        return False
    if turn.role == "caller" and _reads_back(before) and not find_digit_runs(turn.text, MOST_OF_IT):
        return False  # some of its digits put right
    return may_dictate(conversation, position, caller_phone or "")


def _reads_back(turn: Turn) -> bool:
    return turn.role == "agent" and bool(find_digit_runs(turn.text, MOST_OF_IT))


def read_by_sound(
    conversation: Conversation, mentions: list[Mention], sounds: Sounds, line: str, since: int
) -> FieldValue | None:
    """The likeliest number by what was heard since turn `since`; None where there is none but in several turns, or
    but a shorter number. `line`: digits of the line that the call comes from, empty where it was declined."""
    if any(m.position > since and not _may_be_whole(m) for m in mentions):
        return None
    turns = [(place, scores) for place, scores in _asked_about(conversation, sounds) if place > since and scores]
    wrong = {mention.position for mention in mentions if mention.refuted}
    parts = {where.utterance for m in mentions if len(m.evidence) > 1 for where in m.evidence}
    turns = [
        (place, scores)
        for place, scores in turns
        if place not in wrong and conversation.turns[place].utterance.index not in parts
    ]
    numbers = set.intersection(*(set(scores) for _, scores in turns)) if turns else set()
    numbers = {number for number in numbers if _is_whole(number)}
    if not numbers:
        return None
    total = {
        number: sum(max(scores[number] - max(scores.values()), FARTHEST) for _, scores in turns) for number in numbers
    }
    numbers = {number for number in numbers if total[number] >= REJECTED * len(turns)}
    if not numbers:
        return None
    for number in numbers:
        total[number] += LINE_BONUS * (number == line)
        spelled = [mention for mention in mentions if mention.digits == number and mention.position > since]
        total[number] += SPELLED_BONUS * sum(GUESSED**mention.guessed for mention in spelled)
        total[number] += BOTH_BONUS * (len({mention.role for mention in spelled}) == 2)
    number, *others = sorted(numbers, key=lambda each: -total[each])
    margin = total[number] - total[others[0]] if others else LINE_BONUS
    evidence = []
    for place, _ in turns:
        turn = conversation.turns[place]
        evidence.append(turn.evidence(*_stretch(turn)))
    agreed = any(mention.agreed for mention in mentions if mention.position in dict(turns))
    confidence = min(1 / (1 + math.exp(-(0.3 * margin - 0.5))), 0.97 if len(turns) > 1 else 0.93)
    state: State = "confirmed" if agreed and confidence >= SURE else "suggested"
    return FieldValue(number, state, round(confidence, 2), tuple(evidence))


def unlike(conversation: Conversation, sounds: Sounds) -> set[str]:
    """Numbers that sound like none of the utterances that were asked about."""
    best: dict[str, float] = {}
    for _, scores in _asked_about(conversation, sounds):
        for number, score in scores.items():
            best[number] = max(best.get(number, FARTHEST), score - max(scores.values()))
    return {number for number, behind in best.items() if behind < REJECTED}


def _may_be_whole(mention: Mention) -> bool:
    return len(mention.digits) == NUMBER_DIGITS or not valid(mention.digits)
