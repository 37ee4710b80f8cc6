"""What a caller says about the matter, without greetings, fillers and talk about the call itself."""

from __future__ import annotations

import re

from assistant.ticket.dialogue import Conversation

BOOKKEEPING = frozenset({"name", "phone", "line_phone", "callback", "confidential", "else"})
"""Questions whose answers are about the caller or the call, not about the matter."""

_FILLERS = re.compile(
    r"^(?:喂+|你好|您好|哎+|嗯+|呃+|啊+|哦+|唉+|嗨|领导|那个|这个|就是说|就是|我跟你说|是这样的?|是的|那(?!边|里|家|些|条|栋|天)|然后|对+的?(?![面方门着于外待他我])|好像|请问|反正)+[，,、]?|"
    r"[啊呢嘛呀哦啦吧]+$|那个(?=，|,|$)|就是说"
)
_OPENING = re.compile(
    r"^(?:我)?(?:就是|是|就)?(?:想|要|来)(?:要)?(?:再)?(?:咨询|请教|问|投诉|举报|反映|了解|提)(?:一下|一个事|个事|一个?建议|个建议|下)?"
)
_EMPTY = re.compile(
    r"^(?:我?(?:想|要|就)?(?:咨询|投诉|举报|反映|请教|问)(?:一下|你们|他们)?|听得到吗|(?:是)?没有了?|没问题|谢谢.*|可以可以|可以|好的?好的?|"
    r"不(?:用|要|清楚|知道|是|对)|什么|我也不知道|.{1,2}的.|.{2,3}的(?:对面|旁边)?)$"
)
_THE_CALL = re.compile(
    r"保密|先问一下$|(?:我的|个人)信息|热线|1\s?2\s?3\s?4\s?5|一二三四五|慢一点说|大声一?点|听不清|实名|匿名"
)


def is_matter(conversation: Conversation, position: int) -> bool:
    """Whether a turn of the caller is about the matter, not about names, numbers or the end of the call."""
    turn = conversation.turns[position]
    return turn.role == "caller" and len(turn.text) >= 4 and not conversation.asked(position) & BOOKKEEPING


def clauses(text: str) -> list[str]:
    """The clauses of a spoken text that tell something, in order and each once."""
    kept: list[str] = []
    for piece in re.split(r"[，,。.！!？?；;、\s]+", text):
        clause, before = piece, None
        while before != clause:
            before, clause = clause, _FILLERS.sub("", clause)
        clause = _OPENING.sub("", clause)
        if len(clause) >= 3 and not _EMPTY.match(clause) and not _THE_CALL.search(clause) and clause not in kept:
            kept.append(clause)
    return kept


def matter(text: str) -> str:
    """The clauses of a text that tell something, as one text; empty when none does."""
    return "，".join(clauses(text))
