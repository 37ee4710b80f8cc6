"""Telephone numbers as people dictate them: in groups, over several turns, echoed, read back, put right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz.distance import Levenshtein

from assistant.ticket.dialogue import ANSWERED, Conversation, asks_for_agreement
from assistant.ticket.fields import Evidence
from assistant.ticket.numbers import DigitRun, find_digit_runs
from assistant.ticket.sound import Cue

SHAPES = re.compile(r"1[3-9]\d{9}|0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}|[2-8]\d{7}|400\d{7}")
"""Mainland mobiles, land lines with and without area code, 400 numbers (工信部 numbering plan)."""

_MOBILE = re.compile(r"(?<!\d)1[3-9](?:[ ,-]?\d){9}(?!\d)")

NEAR = 2
"""Edits between what was heard and the caller's own line within which the line is meant: the recogniser got 13 of 39
spoken numbers exactly right, while two people's numbers so close together are hardly ever in one call."""

FEWEST_DIGITS = 3
"""In a group of a number that is said in several."""

OWN = Cue(
    r"(?:我|本人)[^，。]{0,6}(?:电话|手机|号码)|联系我|打给我|打我|记我的|(?:电话|手机|号码)是",
    spelled=r"^(?:电话|手机)",
)
OTHERS = Cue(
    spelled=r"(?:店里|他们|客服|公司|对方|商家|物业|骗子|老板|中介)[^，。]{0,8}(?:电话|号码|打)|打电话|诈骗|陌生"
)
LINE = Cue(
    r"(?:就|用|打|记|留|是|按|我)(?:是|打|我|用|记|留)?(?:现在)?(?:打)?的?这个(?:号码|电话|手机号?|号(?!是|新))|来电(?:的)?(?:这个)?号码|"
    r"现在打的?这个|打(?:过|进)?来的?(?:这个|电话|号码)|打这个(?:电话)?就",
    spelled=r"(?:^|[，,。])(?:(?:[^，。]{0,3}就(?:是|用|打|记)?|用|打)(?:现在|先在)?)这个(?=$|[，,。啊吧就可了我])|"
    r"^[那拿]?就?这个[吧把]|本机",
)
_OTHER_NUMBERS = re.compile("[单订卡工编证账帐车]号|编码|条码|身份证|[户座]号")
_WRONG = re.compile("不是|不对|错|反了|写反|少了|多了|漏了")
_NOT_THESE = re.compile(r"不是(?:说|那个)?[，,]?$")
_ELSE = frozenset(("callback", "confidential", "else", "demand"))


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


def valid(digits: str) -> bool:
    """Whether the digits have the shape of a Chinese telephone number."""
    return SHAPES.fullmatch(digits) is not None


def asked_lately(conversation: Conversation, position: int) -> bool:
    """Whether the agent asked for the number in one of the last turns; those that only say digits do not count."""
    left = 4
    for turn in reversed(conversation.turns[:position]):
        if turn.asks & {"phone", "line_phone"}:
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
    if turn.text in OWN and turn.text not in OTHERS:
        return True
    if asked_lately(conversation, position) and _only_digits(conversation.turns[position - 1].text):
        return True
    if dictated < 0 or any(other.role == "agent" for other in conversation.turns[dictated + 1 : position]):
        if turn.text not in OTHERS and _is_mobile(turn.text):
            return True
        read = conversation.turns[position - 1].text if position and asked_lately(conversation, position) else ""
        asked = conversation.asked(position, within=4) & {"phone", "line_phone", "callback"}
        return bool(asked) or any(len(run.digits) >= 10 for run in find_digit_runs(read, 10))
    return False


def _is_mobile(text: str) -> bool:
    """Whether somebody says what can only be a mobile number, though a digit of it may be lost or doubled."""
    if _OTHER_NUMBERS.search(text):
        return False
    return any(re.match("1[3-9]", run.digits) and 10 <= len(run.digits) <= 12 for run in find_digit_runs(text, 10))


def _read_back(conversation: Conversation, mention: Mention, said: list[str], near_line: str) -> bool:
    """Whether a number of the agent's is the caller's: the caller said nearly the same, or was asked for theirs just
    before, and the agent either asks whether it is right or says nothing else."""
    turn = conversation.turns[mention.position]
    known = [*said, near_line] if near_line else said
    if any(_nearly(mention.digits, digits) for digits in known):
        return True
    read = asks_for_agreement(turn.text) or len(re.sub(r"\W", "", turn.text)) <= len(mention.digits) + 4
    return read and asked_lately(conversation, mention.position)


def _nearly(number: str, said: str) -> bool:
    """Whether what was said is the number or a group of it but for two misheard digits."""
    if len(said) >= 8:
        return Levenshtein.distance(number, said) <= NEAR + 1
    return len(said) >= 4 and said in number


def _with_digits(conversation: Conversation, position: int) -> Iterator[int]:
    if find_digit_runs(conversation.turns[position].text, FEWEST_DIGITS):
        yield position


def _corrected(known: list[str], refuted: str, group: str, heard: bool) -> str:
    """The number that was meant: `group` is what the caller says some digits of the `refuted` one really are.

    Where that was `heard`, not typed, a number like it that the caller gave before is likelier to be right.
    """
    for number in reversed(known):
        if number != refuted and valid(number) and (group in number or (heard and _nearly(number, refuted))):
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
    known = [mention.digits for mention in complete if mention.role == "caller"]
    number = _corrected(known, read.digits, run.digits, turn.utterance.confidence < 1.0)
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


def _without_words(text: str, run: DigitRun) -> DigitRun:
    """A mobile number without the words before and behind it that sound like digits: 不好意思15920763318."""
    number = _MOBILE.search(text, run.start, run.end) if run.guessed and len(run.digits) > 11 else None
    return DigitRun(re.sub(r"\D", "", number.group()), *number.span(), guessed=0) if number else run


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
            self._take(position, _without_words(turn.text, run))

    def _take(self, position: int, run: DigitRun) -> None:
        turn = self._conversation.turns[position]
        asked = asked_lately(self._conversation, position)
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


def mentions_of_numbers(conversation: Conversation, near_line: str) -> list[Mention]:
    """The numbers said so far that may be the caller's; `near_line` are the digits of the line they call from."""
    return [_judged(conversation, mention) for mention in _dictation(conversation, near_line).complete]


def may_dictate(conversation: Conversation, position: int, near_line: str) -> bool:
    """Whether digits said in a turn may be those of the number under which the caller wants to be reached."""
    if conversation.turns[position].role == "agent":
        return asked_lately(conversation, position)
    return _about_phones(conversation, position, _dictation(conversation, near_line).dictated)


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
