"""The number under which the caller wants to be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.dictation import LINE, NEAR, OTHERS, OWN, Mention, mentions_of_numbers, valid
from assistant.ticket.fields import EMPTY, Evidence, FieldValue
from assistant.ticket.numbers import find_digit_runs
from assistant.ticket.phonesound import read_by_sound, unlike
from assistant.ticket.questions import NO_SOUNDS, Sounds
from assistant.ticket.sound import Cue

_NOT_LINE = Cue(r"(?:不是|不要|别)(?:用|打|记)?(?:我)?(?:现在|这个|来电)(?:打的)?|这是我?[^，。]{1,4}的(?:手机|电话)")
_ASKS = re.compile(r"[吗吧嘛么？?]|对不对|是不是|可不可以|好不好")
_TAIL = Cue(r"(?:最后|后面)?四位(?:是|为)?|尾数|末尾", spelled=r"以后(?=\d{3,4}(?!\d))", heard="尾号")


TAIL = 4
"""Digits of a number's end as people say it."""


@dataclass(frozen=True)
class _Line:
    """What was said about using the number that the call comes from."""

    wanted: float = 0.0
    denied: bool = False
    confirmed: bool = False
    evidence: tuple[Evidence, ...] = ()


def _tail(turn: Turn) -> tuple[str, int, int] | None:
    match = _TAIL.search(turn.text)
    if match:
        for run in find_digit_runs(turn.text[match.end() :], 3):
            if run.start <= 2 and len(run.digits) <= 5:
                return run.digits, match.start(), match.end() + run.end
    return None


def _nearly_ends(number: str, tail: str) -> bool:
    """Whether a number ends in a tail but for one digit that was misheard, lost or said twice."""
    return any(Levenshtein.distance(number[-size:], tail) <= 1 for size in (3, 4)) and len(tail) >= TAIL


def _about_line(conversation: Conversation, position: int) -> Iterator[int]:
    turn = conversation.turns[position]
    if turn.role == "agent":
        said = "line_phone" in turn.asks
    else:
        said = turn.text in LINE or _NOT_LINE.search(turn.text) is not None
    if said or _tail(turn):
        yield position


def _line(conversation: Conversation, caller_phone: str, numbers_said: int) -> _Line:
    """Whether the caller's own line is to be used; `numbers_said` is the turn of the first full number."""
    line = _Line()
    for position in conversation.collect(_about_line):
        turn = conversation.turns[position]
        tail = _tail(turn)
        if turn.role == "agent" and "line_phone" in turn.asks:
            stance, reply = conversation.reply(position)
            span = (tail[1], tail[2]) if tail else (0, len(turn.text))
            if stance == "yes":
                said = (
                    turn.evidence(*span),
                    conversation.turns[reply].evidence(0, len(conversation.turns[reply].text)),
                )
                asks = any(_ASKS.search(other.text) for other in conversation.turns[position:reply])
                line = replace(
                    line, wanted=0.97 if asks else 0.9, confirmed=asks, denied=False, evidence=(*line.evidence, *said)
                )
            elif stance == "no":
                line = _Line(denied=True)
        elif turn.role == "caller":
            denial = _NOT_LINE.search(turn.text)
            wish = LINE.search(turn.text)
            asked = bool(conversation.asked(position, within=4) & {"phone", "line_phone", "callback"})
            if denial:
                line = _Line(denied=True)
            elif wish and position < numbers_said and (asked or turn.text in OWN) and turn.text not in OTHERS:
                line = replace(
                    line,
                    wanted=0.93,
                    denied=False,
                    evidence=(*line.evidence, turn.evidence(*wish.span())),
                )
        if tail and not line.denied:
            digits, start, end = tail
            if caller_phone.endswith(digits) or (turn.heard and _nearly_ends(caller_phone, digits)):
                asks = turn.role == "agent" and _ASKS.search(turn.text) is not None
                confirmed = line.confirmed or (asks and conversation.reply(position)[0] == "yes")
                line = replace(
                    line,
                    wanted=0.97,
                    confirmed=confirmed,
                    evidence=(*line.evidence, turn.evidence(start, end)),
                )
    return line


def _chosen(mentions: list[Mention], near_line: str) -> tuple[str, list[Mention], float, bool] | None:
    """The number meant by the mentions, the mentions that say it, its probability, and whether it was agreed on."""
    both = {m.digits for m in mentions if m.role == "caller"} & {m.digits for m in mentions if m.role == "agent"}
    meant: dict[str, list[Mention]] = {}
    for mention in mentions:
        distance = Levenshtein.distance(mention.digits, near_line) if near_line else 99
        land_line = len(mention.digits) == 8 and (mention.guessed or mention.digits not in both)
        exact = mention.digits in both or mention.guessed == 0
        if valid(mention.digits) and not land_line and (exact or distance > NEAR):
            meant.setdefault(mention.digits, []).append(mention)
        elif distance <= NEAR:
            meant.setdefault(near_line, []).append(mention)
        elif len(mention.digits) == 10 and valid("1" + mention.digits):
            meant.setdefault("1" + mention.digits, []).append(replace(mention, guessed=mention.guessed + 3))
    if not meant:
        return None

    def weight(number: str) -> tuple[float, int]:
        said = meant[number]
        score = sum(1.0 + (m.role == "agent") * 0.2 + m.agreed - 0.1 * m.guessed for m in said)
        return score + (2.0 if near_line == number else 0.0), max(m.position for m in said)

    number = max(meant, key=weight)
    said = meant[number]
    roles, exact = {m.role for m in said}, any(m.digits == number for m in said)
    agreed = any(m.agreed for m in said)
    if agreed or len(roles) == 2:
        confidence = 0.97 if agreed and len(roles) == 2 else 0.93
    else:
        confidence = 0.8 - 0.05 * min(m.guessed for m in said)
    if not exact:
        confidence = min(confidence, 0.9 if number == near_line else 0.45)
    if near_line and number != near_line and len(roles) == 1 and Levenshtein.distance(number, near_line) <= NEAR:
        confidence = min(confidence, 0.6)
    if len(meant) > 1:
        confidence -= 0.1
    return number, said, max(confidence, 0.3), agreed and exact


def read_phone(conversation: Conversation, caller_phone: str | None, sounds: Sounds = NO_SOUNDS) -> FieldValue:
    """The contact number, digits only; confirmed once the agent read it back and the caller agreed.

    The caller's own line is used when the speakers say so, when only its last digits are said, or when the number
    heard is no number by itself, or guessed from homophones, and no more than `NEAR` edits away from it. Numbers that
    the agent gives the caller (an office, a manager) are left out. `sounds` is what the recogniser answered to
    `phone_questions`: of the numbers possible, that which both speakers' words sound most like is meant.
    """
    line_number = re.sub(r"\D", "", caller_phone or "")
    mentions = mentions_of_numbers(conversation, line_number)
    refuted = [m for m in mentions if m.refuted]
    since = refuted[-1].position if refuted else -1
    if sounds:
        declined = line_number and _line(conversation, line_number, 10**9).denied
        if heard := read_by_sound(conversation, mentions, sounds, "" if declined else line_number, since):
            return heard
    if refuted:
        later = [m for m in mentions if m.position > since]
        mentions = later or [m for m in mentions if not m.refuted and m.digits != refuted[-1].digits]
    rejected = unlike(conversation, sounds)
    mentions = [mention for mention in mentions if mention.digits not in rejected]
    first = min((m.position for m in mentions if len(m.digits) >= 10), default=10**9)
    line = _line(conversation, line_number, first) if line_number else _Line()
    chosen = _chosen(mentions, "" if line.denied or line_number in rejected else line_number)
    if chosen and not (line.wanted and not valid(chosen[0])):
        number, said, confidence, agreed = chosen
        if line.wanted and number == line_number:
            confidence, agreed = max(confidence, line.wanted), agreed or line.confirmed
        evidence = tuple(dict.fromkeys(e for m in said for e in m.evidence))
        return FieldValue(number, "confirmed" if agreed else "suggested", round(confidence, 2), evidence)
    if line.wanted:
        evidence = tuple(dict.fromkeys(line.evidence))
        return FieldValue(line_number, "confirmed" if line.confirmed else "suggested", line.wanted, evidence)
    return EMPTY
