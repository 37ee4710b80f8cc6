"""Who is calling: a man or a woman, by how both speakers speak of the caller."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.ticket.dialogue import Conversation, Turn
from assistant.ticket.fields import EMPTY, Evidence, FieldValue
from assistant.ticket.sound import encode

_FEMALE = re.compile(
    r"[女旅]士|女[是事市式视](?=[，。,. 您你请]|$|什么|联系|电话|方便|老|那)|"
    r"小姐|阿姨|大姐|奶奶|大妈|老太太|阿婆|大娘|大婶"
)
_MALE = re.compile(r"先生|[先鲜现][生声](?=[，。,. 您你]|$)|大哥|大爷|叔叔|爷爷|伯伯|老伯|阿伯|大叔")
_FEMALE_SOUND, _MALE_SOUND = re.compile(encode("女士") + "|于是|[理里][事室]"), re.compile(encode("先生"))
ADDRESS = 7
"""Characters at the beginning of an agent's utterance in which what sounds like 女士 or 先生 is one (谭律师)."""
OTHER_PERSON = re.compile(r"(?:那位|这位|那个|[您你]|您家|他|她|对方|(?<![好是对以行会])的|店家|一位|有位|哪位)$")
_HINTS_MALE = re.compile(r"我(?:的)?(?:老婆|太太|媳妇|妻子|女朋友)")
_HINTS_FEMALE = re.compile(r"我(?:的)?(?:老公|丈夫|先生|男朋友|婆婆)|我(?:怀孕|怀了|生孩子|剖腹产|坐月子|休产假)")


def titles(turn: Turn) -> list[tuple[str, int, int]]:
    """How an agent addresses the caller: 男 or 女 with the characters [start, end) of the title, in order."""
    spelled, sounds = (("男", _MALE), ("女", _FEMALE)), (("男", _MALE_SOUND), ("女", _FEMALE_SOUND))
    found = {match.span(): gender for gender, cue in spelled for match in cue.finditer(turn.text)}
    if not found and turn.heard:
        beginning = turn.text[:ADDRESS]
        for gender, sound in sounds:
            for match in (*sound.finditer(encode(beginning)), *sound.finditer(beginning)):
                if match.start():
                    found[match.span()] = gender
    return [(gender, *span) for span, gender in sorted(found.items())]


def _gender_votes(conversation: Conversation, position: int) -> Iterator[tuple[str, float, Evidence]]:
    turn = conversation.turns[position]
    if turn.role == "agent":
        for gender, start, end in titles(turn):
            if not OTHER_PERSON.search(turn.text[:start]):
                yield gender, 1.0, turn.evidence(start, end)
        return
    for gender, hint in (("男", _HINTS_MALE), ("女", _HINTS_FEMALE)):
        for match in hint.finditer(turn.text):
            yield gender, 0.4, turn.evidence(*match.span())


def read_gender(conversation: Conversation) -> FieldValue:
    """男 or 女: by how the agent addresses the caller, else by how the caller speaks of their own family."""
    votes: dict[str, float] = {"男": 0.0, "女": 0.0}
    said = conversation.collect(_gender_votes)
    for gender, vote, _ in said:
        votes[gender] += vote
    gender = max(votes, key=lambda key: votes[key])
    if not votes[gender]:
        return EMPTY
    share = votes[gender] / sum(votes.values())
    confidence = (0.96 if votes[gender] >= 1 else 0.8) * share
    evidence = tuple(where for other, _, where in said if other == gender)
    return FieldValue(gender, "suggested", round(confidence, 2), evidence)
