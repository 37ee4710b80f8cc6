"""Which knowledge articles the agent should see now, from what the caller has said so far."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from assistant.ticket.dialogue import Conversation, Topic
from assistant.ticket.sound import Cue
from assistant.transcript import Utterance
from kb.search import ArticleIndex, Hit
from kb.shelf import Filter

SHOWN = 3
"""Articles on the page at once."""
SURE = 0.4
"""Confidence from which an article is shown by itself. This number and those below were chosen on twelve sample calls
and 48 that others wrote, in words far from the articles': of 58 articles 38 are shown by the turn in which they are
asked for, with 0.77 others in a call. Measure again:
`python -m benchmarks suggestions`."""
BESIDE = 0.25
"""Confidence from which another is shown with it; several of these are shown without a sure one where together they
hold TOGETHER."""
TOGETHER = 0.75
BETTER = 0.5
"""Confidence, by all that the caller said, from which a newcomer joins what is already shown."""
FIRST = 0.7
"""Confidence, by the agent's question and the answer beside all that was said, from which an answer that asks something
brings up the first article."""
ASKED = 0.85
"""Confidence, by the agent's question and the caller's answer alone, from which a newcomer joins where the answer asks
something (a second subject); by all that was said it needs CONNECTED, so that asides bring nothing up."""
CONNECTED = 0.2
ALONE = 0.8
"""Confidence, by what the caller said last and nothing else, from which a question brings up an article."""
CONTEXT = 300
"""Characters of the caller's words that are searched; older ones are left out."""
FEWEST = 6
"""Characters besides small talk that an utterance needs to say what a call is about."""
FEWEST_ABOUT_THE_CALL = 15
"""The same for the answer to whether to call back or to keep the name secret, which may go on about the matter."""

FORM: frozenset[Topic] = frozenset({"name", "phone", "line_phone", "address"})
"""What agents ask to fill the form: the answers are not what the call is about (a car park as a place to meet would
bring up parking fees)."""
ABOUT_THE_CALL: frozenset[Topic] = frozenset({"callback", "confidential"})

_SMALL_TALK = re.compile(
    r"您好|你好|喂|谢谢|不客气|麻烦|再见|拜拜|好的|可以|是的|对的|没错|没有|不用|嗯|啊|哦|呃|哎|对|好|是|行|了|的|吧|呢|吗|就是说|那个|"
    r"[零幺一二三四五六七八九十\d\W]"
)
_ASKS = Cue(
    spelled=r"[？?]|[吗呢]|什么(?!.{0,4}[都也])|怎么|怎样|多少|几[个天年月号点次]|哪(?!.{0,3}[都也])|能不能|可不可以|要不要|会不会|是不是|"
    r"用不用|需不需要|为什么|如何|咋|啥"
)
_PRAISE = Cue(r"送锦旗|送(?:面|一面)锦旗|点[个一]个?赞", spelled=r"表扬|送.{0,3}锦旗|点赞")


def matter(text: str) -> str:
    """What an utterance says besides small talk, if that is enough to say what a call is about; else nothing."""
    return text if len(_SMALL_TALK.sub("", text)) >= FEWEST else ""


class Suggester:
    """One call's suggestions. Deterministic: the same utterances give the same articles, live or replayed."""

    def __init__(self, index: ArticleIndex, on: date, caller_kind: str = "") -> None:
        """`on`: the day of the call; only articles valid then are shown. `caller_kind`: 个人 or 企业 where that is
        known; articles for the other are not shown then."""
        self._index = index
        self._on = on
        self._only = Filter(caller_kind)
        self._conversation = Conversation()
        self._asked = ""
        self._answer = ""
        self.said = ""
        """What of the caller's words the articles were looked for by."""
        self._last = ""
        self._praises = False
        self._shown: list[Hit] = []
        self._likely: Mapping[str, float] = {}

    def hear(self, utterance: Utterance, likely: Mapping[str, float]) -> list[Hit] | None:
        """Up to three articles, best first, when the page should show others than it does; None to leave it as it is.

        `likely`: probabilities of the ticket's categories by code, given all that was said; empty where not known.
        The agent's words are never searched by themselves, only as the question that an answer belongs to. What is
        shown stays: a newcomer is put before it. Callers who praise somebody get answers only to what they ask.
        """
        turn = self._conversation.hear(utterance)
        self._likely = likely
        if turn.role == "agent":
            if self._answer:
                self._asked = self._answer = ""
            self._asked += "" if "matter" in turn.asks else utterance.text
            return None
        self._answer += utterance.text
        self._praises = self._praises or utterance.text in _PRAISE
        asks = utterance.text in _ASKS
        if not self._says_something(utterance.text, asks):
            return None
        self.said = (self.said + utterance.text)[-CONTEXT:]
        self._last = utterance.text
        if self._praises and not asks:
            return None
        found = self._joined(asks) if self._shown else self._first(asks)
        if not found or [hit.article.id for hit in found] == [hit.article.id for hit in self._shown]:
            return None
        self._shown = found
        return found

    def _says_something(self, text: str, asks: bool) -> bool:
        length = len(_SMALL_TALK.sub("", text))
        asked = self._conversation.asked(len(self._conversation.turns) - 1)
        if length < FEWEST or (asked & FORM and not asks):
            return False
        return length >= FEWEST_ABOUT_THE_CALL or not asked & ABOUT_THE_CALL

    def _first(self, asks: bool) -> list[Hit]:
        likely = [hit for hit in self._search(self.said) if hit.confidence >= BESIDE]
        if likely and (likely[0].confidence >= SURE or sum(hit.confidence for hit in likely) >= TOGETHER):
            return likely
        if not asks:
            return []
        found = [hit for hit in self._search(self._exchange, self.said)[:1] if hit.confidence >= FIRST]
        return found or self._alone()

    def _joined(self, asks: bool) -> list[Hit]:
        newcomers = [hit for hit in self._search(self.said)[:1] if hit.confidence >= BETTER]
        answers = [hit for hit in self._search(self._exchange)[:1] if hit.confidence >= ASKED] if asks else []
        if answers:
            connected = {
                hit.article.id for hit in self._search(self._exchange, self.said) if hit.confidence >= CONNECTED
            }
            newcomers += [hit for hit in answers if hit.article.id in connected]
        newcomers += self._alone() if asks else []
        known = {hit.article.id for hit in self._shown}
        fresh = {hit.article.id: hit for hit in newcomers if hit.article.id not in known}
        return [*fresh.values(), *self._shown][:SHOWN]

    def _alone(self) -> list[Hit]:
        return [hit for hit in self._search(self._last)[:1] if hit.confidence >= ALONE]

    @property
    def _exchange(self) -> str:
        return self._asked + self._answer

    def _search(self, *texts: str) -> list[Hit]:
        return self._index.search_parts([(text, 1.0) for text in texts], SHOWN, self._on, self._only, self._likely)
