"""The number under which the caller wants to be reached."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from assistant.ticket.dialogue import ANSWERED, Conversation, Turn, asks_for_agreement
from assistant.ticket.fields import EMPTY, Evidence, FieldValue, State
from assistant.ticket.numbers import DigitRun, find_digit_runs
from assistant.ticket.questions import NO_SOUNDS, NUMBER_DIGITS, Question, Sounds
from assistant.ticket.sound import Cue

SHAPES = re.compile(r"1[3-9]\d{9}|0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}|[2-8]\d{7}|400\d{7}")
"""Mainland mobiles, land lines with and without area code, 400 numbers (工信部 numbering plan)."""

_MOBILE = re.compile(r"1[3-9]\d{9}")

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
ANSWER = (6, 24)
"""Characters of an answer to the agent's question that may be a number though no digits were written."""
NEAR = 2
"""Edits between what was heard and the caller's own line within which the line is meant: the recogniser got 13 of 39
spoken numbers exactly right, while two people's numbers so close together are hardly ever in one call."""

FEWEST_DIGITS = 3
"""In a group of a number that is said in several."""

_OWN = Cue(
    r"(?:我|本人)[^，。]{0,6}(?:电话|手机|号码)|联系我|打给我|打我|记我的|(?:电话|手机|号码)是",
    spelled=r"^(?:电话|手机)",
)
_OTHERS = Cue(
    spelled=r"(?:店里|他们|客服|公司|对方|商家|物业|骗子|老板|中介)[^，。]{0,8}(?:电话|号码|打)|打电话|诈骗|陌生"
)
_LINE = Cue(
    r"(?:就|用|打|记|留|是|按|我)(?:是|打|我|用|记|留)?(?:现在)?(?:打)?的?这个(?:号码|电话|手机号?|号(?!是|新))|来电(?:的)?(?:这个)?号码|"
    r"现在打的?这个|打(?:过|进)?来的?(?:这个|电话|号码)|打这个(?:电话)?就",
    spelled=r"(?:^|[，,。])(?:就|就是|就用|用|打)这个(?=$|[，,。啊吧就可])|本机",
)
_NOT_LINE = Cue(r"(?:不是|不要|别)(?:用|打|记)?(?:我)?(?:现在|这个|来电)(?:打的)?|这是我?[^，。]{1,4}的(?:手机|电话)")
_WRONG = re.compile("不是|不对|错|反了|写反|少了|多了|漏了")
_NOT_THESE = re.compile(r"不是(?:说|那个)?[，,]?$")
_ASKS = re.compile(r"[吗吧嘛么？?]|对不对|是不是|可不可以|好不好")
_ELSE = frozenset(("callback", "confidential", "else", "demand"))
_TAIL = Cue(r"(?:最后|后面)?四位(?:是|为)?|尾数|末尾", heard="尾号")


@dataclass(frozen=True)
class Mention:
    """A number, or a part of it, as one of the speakers said it."""

    digits: str
    role: str
    position: int
    """Turn in which it was complete."""
    evidence: tuple[Evidence, ...]
    guessed: int
    agreed: bool = False
    refuted: bool = False


def _digits(text: str) -> list[str]:
    return [run.digits for run in find_digit_runs(text, 10)]


def valid(digits: str) -> bool:
    """Whether the digits have the shape of a Chinese telephone number."""
    return SHAPES.fullmatch(digits) is not None


def _asked_lately(conversation: Conversation, position: int) -> bool:
    """Whether the agent asked for the number in one of the last turns; those that only say digits do not count."""
    left = 4
    for turn in reversed(conversation.turns[:position]):
        if "phone" in turn.asks:
            return True
        left -= not _only_digits(turn.text)
        if not left:
            break
    return False


def _only_digits(text: str) -> bool:
    digits = sum(len(run.digits) for run in find_digit_runs(text, 3))
    return digits > 0 and len(re.sub(r"\W", "", text)) <= digits + 4


def _about_phones(conversation: Conversation, position: int, dictated: int) -> bool:
    """Whether numbers said in this turn may be the caller's own; `dictated` is the turn in which the agent last gave
    somebody else's, which a caller repeats while writing it down."""
    turn = conversation.turns[position]
    if turn.role == "agent":
        return True
    if turn.text in _OWN and turn.text not in _OTHERS:
        return True
    if _asked_lately(conversation, position) and _only_digits(conversation.turns[position - 1].text):
        return True
    if dictated < 0 or any(other.role == "agent" for other in conversation.turns[dictated + 1 : position]):
        if turn.text not in _OTHERS and any(_MOBILE.fullmatch(digits) for digits in _digits(turn.text)):
            return True
        read = conversation.turns[position - 1].text if position and _asked_lately(conversation, position) else ""
        asked = conversation.asked(position, within=4) & {"phone", "line_phone", "callback"}
        return bool(asked) or any(len(run.digits) >= 10 for run in find_digit_runs(read, 10))
    return False


def _read_back(conversation: Conversation, mention: Mention, said: list[str], near_line: str) -> bool:
    """Whether a number of the agent's is the caller's: the caller said nearly the same, or was asked for theirs just
    before, and the agent either asks whether it is right or says nothing else."""
    turn = conversation.turns[mention.position]
    known = [*said, near_line] if near_line else said
    if any(_nearly(mention.digits, digits) for digits in known):
        return True
    read = asks_for_agreement(turn.text) or len(re.sub(r"\W", "", turn.text)) <= len(mention.digits) + 4
    return read and _asked_lately(conversation, mention.position)


def _nearly(number: str, said: str) -> bool:
    """Whether what was said is the number or a group of it but for two misheard digits."""
    if len(said) >= 8:
        return Levenshtein.distance(number, said) <= NEAR + 1
    return len(said) >= 4 and said in number


def _with_digits(conversation: Conversation, position: int) -> Iterator[int]:
    if find_digit_runs(conversation.turns[position].text, FEWEST_DIGITS):
        yield position


def _corrected(known: list[str], refuted: str, group: str) -> str:
    """The number that was meant: `group` is what the caller says some digits of the `refuted` one really are."""
    for number in reversed(known):
        if number != refuted and valid(number) and group in number:
            return number
    size = len(group)
    places = [
        (Levenshtein.distance(refuted[at : at + size], group), -at)
        for at in range(len(refuted) - size + 1)
        if refuted[at : at + size] != group
    ]
    at = -min(places)[1]
    return refuted[:at] + group + refuted[at + size :]


def _correction(conversation: Conversation, position: int, complete: list[Mention]) -> Mention | None:
    """What the number is after the caller put some of its digits right: 不是六七三，是幺七六三."""
    turn = conversation.turns[position]
    if turn.role != "caller":
        return None
    read = next((m for m in reversed(complete) if position - m.position <= ANSWERED and len(m.digits) >= 8), None)
    said = [
        (clause.start() + run.start, run)
        for clause in re.finditer(r"[^，,。！!？?、]+", turn.text)
        for run in find_digit_runs(clause.group(), 2)
    ]
    right = [(start, run) for start, run in said if not _NOT_THESE.search(turn.text[:start])]
    if read is None or read.role != "agent" or not right or any(len(run.digits) >= 7 for _, run in said):
        return None
    start, run = max(right, key=lambda each: (len(each[1].digits), each[0]))
    if turn.stance != "no" and not _WRONG.search(turn.text) and (len(run.digits) < 3 or run.digits in read.digits):
        return None
    number = _corrected([mention.digits for mention in complete], read.digits, run.digits)
    where = turn.evidence(start, start + run.end - run.start)
    return Mention(number, "caller", position, (*read.evidence, where), run.guessed)


def _once(text: str, run: DigitRun) -> str:
    """The digits of a run without groups that were begun again: 三六，三六零二 is 3602."""
    groups = [
        group.digits
        for part in re.findall(r"[^，,。、 ]+", text[run.start : run.end])
        for group in find_digit_runs(part, 1)
    ]
    kept = [one for one, following in zip(groups, [*groups[1:], ""], strict=True) if not following.startswith(one)]
    return "".join(kept)


class _Dictation:
    """Numbers assembled from groups that stand in one or several utterances of the same speaker."""

    def __init__(self, conversation: Conversation, near_line: str) -> None:
        self.complete: list[Mention] = []
        self._conversation = conversation
        self._near_line = near_line
        self._groups: dict[str, list[tuple[DigitRun, Evidence]]] = {"caller": [], "agent": []}
        self._said_by_caller: list[str] = []
        self.dictated = -1
        """Turn in which the agent last gave somebody else's number."""

    def hear(self, position: int) -> None:
        """Take the digits of a turn."""
        turn = self._conversation.turns[position]
        if not _about_phones(self._conversation, position, self.dictated):
            return
        if corrected := _correction(self._conversation, position, self.complete):
            wrong = max(place for place, m in enumerate(self.complete) if m.role == "agent" and len(m.digits) >= 8)
            self.complete[wrong] = replace(self.complete[wrong], refuted=True)
            self.complete.append(corrected)
            self._groups = {"caller": [], "agent": []}
            return
        longest = self.complete[-1].position if self.complete else -99
        known = turn.role == "caller" or self._groups["caller"] or position - longest < 4
        for run in find_digit_runs(turn.text, FEWEST_DIGITS if known else 7):
            self._take(position, run)

    def _take(self, position: int, run: DigitRun) -> None:
        turn = self._conversation.turns[position]
        asked = _asked_lately(self._conversation, position)
        own, others = self._groups[turn.role], self._groups["agent" if turn.role == "caller" else "caller"]
        short = len(run.digits) < 8
        if turn.role == "agent":
            echo = bool(others) and short and others[-1][0].digits.endswith(run.digits)
            if echo or (run.guessed * 3 > len(run.digits) and not asked):
                return
        if own and own[-1][0].digits == run.digits and short:
            return
        said = "".join(group.digits for group, _ in own)
        if len(said) + len(run.digits) > 11 >= len(said) + len(once := _once(turn.text, run)):
            run = replace(run, digits=once)
        if len(run.digits) >= 9 or len(said) + len(run.digits) > 12:
            own.clear()
        if own and run.digits.startswith(own[-1][0].digits) and short:  # begun again: 零二, 零二八
            own.pop()
        own.append((run, turn.evidence(run.start, run.end)))
        said = "".join(group.digits for group, _ in own)
        if turn.role == "caller":
            self._said_by_caller += [run.digits, said]
        if len(said) >= 8:
            self._complete(position, said)
        if len(said) >= 11:
            own.clear()

    def _complete(self, position: int, said: str) -> None:
        turn = self._conversation.turns[position]
        own, complete = self._groups[turn.role], self.complete
        mention = Mention(said, turn.role, position, tuple(e for _, e in own), sum(g.guessed for g, _ in own))
        if turn.role == "agent" and not _read_back(self._conversation, mention, self._said_by_caller, self._near_line):
            self.dictated = position
            own.clear()
            return
        if complete and complete[-1].role == turn.role and said.startswith(complete[-1].digits):
            complete.pop()
        complete.append(mention)


def _dictation(conversation: Conversation, near_line: str) -> _Dictation:
    dictation = _Dictation(conversation, near_line)
    for position in conversation.collect(_with_digits):
        dictation.hear(position)
    return dictation


def _mentions(conversation: Conversation, near_line: str) -> list[Mention]:
    return [_judged(conversation, mention) for mention in _dictation(conversation, near_line).complete]


def _judged(conversation: Conversation, mention: Mention) -> Mention:
    if mention.role == "agent":
        stance, reply = conversation.reply(mention.position)
        asks = conversation.turns[mention.position]
        if asks.asks & _ELSE and not asks_for_agreement(re.split("[。？?]", asks.text)[0]):
            stance = None  # that answers the other question
        question = any(asks_for_agreement(turn.text) for turn in conversation.turns[mention.position : max(reply, 0)])
        refuted = mention.refuted or stance == "no"
        return replace(mention, agreed=stance == "yes" and question and not refuted, refuted=refuted)
    return mention


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


def _about_line(conversation: Conversation, position: int) -> Iterator[int]:
    turn = conversation.turns[position]
    if turn.role == "agent":
        said = "line_phone" in turn.asks
    else:
        said = turn.text in _LINE or _NOT_LINE.search(turn.text) is not None
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
            wish = _LINE.search(turn.text)
            asked = bool(conversation.asked(position, within=4) & {"phone", "line_phone", "callback"})
            if denial:
                line = _Line(denied=True)
            elif wish and position < numbers_said and (asked or turn.text in _OWN) and turn.text not in _OTHERS:
                line = replace(
                    line,
                    wanted=0.93,
                    denied=False,
                    evidence=(*line.evidence, turn.evidence(*wish.span())),
                )
        if tail and not line.denied:
            digits, start, end = tail
            if caller_phone.endswith(digits):
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
    heard = [mention.digits for mention in _mentions(conversation, line)]
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
            questions.append(Question(turn.utterance.index, begin, end, missing, number=known is None))
    return questions


def _stretch(turn: Turn) -> tuple[int, int]:
    """Characters of a turn in which its number stands: all of them where hardly a digit was written."""
    runs = find_digit_runs(turn.text, FEWEST_DIGITS)
    if sum(len(run.digits) for run in runs) < MOST_OF_IT:
        return 0, len(turn.text)
    return min(run.start for run in runs), max(run.end for run in runs)


def _dictates(conversation: Conversation, position: int, caller_phone: str | None) -> bool:
    """Whether the turn gives most of a number that may be the caller's, or should, by what the agent just asked."""
    turn = conversation.turns[position]
    before = conversation.turns[position - 1] if position else turn
    alone = "phone" in before.asks and "name" not in before.asks
    if turn.role == "caller" and alone and turn.stance is None and turn.text not in _LINE:
        return ANSWER[0] <= len(turn.text) <= ANSWER[1]
    digits = sum(len(run.digits) for run in find_digit_runs(turn.text, FEWEST_DIGITS))
    if not MOST_OF_IT <= digits <= NUMBER_DIGITS + NEAR + 1:
        return False
    if turn.role == "agent":
        return _asked_lately(conversation, position)
    return _about_phones(conversation, position, _dictation(conversation, caller_phone or "").dictated)


def _by_sound(
    conversation: Conversation, mentions: list[Mention], sounds: Sounds, line_number: str, since: int
) -> FieldValue | None:
    """The likeliest number by what was heard since turn `since`; None where the digits stand in several turns, or are
    those of a shorter number."""
    if any(m.position > since and (len(m.evidence) > 1 or not _may_be_whole(m)) for m in mentions):
        return None
    line = "" if line_number and _line(conversation, line_number, 10**9).denied else line_number
    turns = [(place, scores) for place, scores in _asked_about(conversation, sounds) if place > since and scores]
    wrong = {mention.position for mention in mentions if mention.refuted}
    turns = [(place, scores) for place, scores in turns if place not in wrong]
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
        total[number] += SPELLED_BONUS * sum(
            m.digits == number and not m.guessed for m in mentions if m.position > since
        )
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


def _unlike(conversation: Conversation, sounds: Sounds) -> set[str]:
    """Numbers that sound like none of the utterances that were asked about."""
    best: dict[str, float] = {}
    for _, scores in _asked_about(conversation, sounds):
        for number, score in scores.items():
            best[number] = max(best.get(number, FARTHEST), score - max(scores.values()))
    return {number for number, behind in best.items() if behind < REJECTED}


def _may_be_whole(mention: Mention) -> bool:
    return len(mention.digits) == NUMBER_DIGITS or not valid(mention.digits)


def read_phone(conversation: Conversation, caller_phone: str | None, sounds: Sounds = NO_SOUNDS) -> FieldValue:
    """The contact number, digits only; confirmed once the agent read it back and the caller agreed.

    The caller's own line is used when the speakers say so, when only its last digits are said, or when the number
    heard is no number by itself, or guessed from homophones, and no more than `NEAR` edits away from it. Numbers that
    the agent gives the caller (an office, a manager) are left out. `sounds` is what the recogniser answered to
    `phone_questions`: of the numbers possible, that which both speakers' words sound most like is meant.
    """
    line_number = re.sub(r"\D", "", caller_phone or "")
    mentions = _mentions(conversation, line_number)
    refuted = [m for m in mentions if m.refuted]
    since = refuted[-1].position if refuted else -1
    if sounds and (heard := _by_sound(conversation, mentions, sounds, line_number, since)):
        return heard
    if refuted:
        later = [m for m in mentions if m.position > since]
        mentions = later or [m for m in mentions if not m.refuted and m.digits != refuted[-1].digits]
    unlike = _unlike(conversation, sounds)
    mentions = [mention for mention in mentions if mention.digits not in unlike]
    first = min((m.position for m in mentions if len(m.digits) >= 10), default=10**9)
    line = _line(conversation, line_number, first) if line_number else _Line()
    chosen = _chosen(mentions, "" if line.denied or line_number in unlike else line_number)
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
