"""Asking the recogniser about an utterance that it has decoded: was this said?

The free transcript of a number or a name is often wrong, but the same model knows what it heard when it is asked: each
text is forced through the decoder over the same audio and the likeliest wins. Only the words in question are listened
to, with a margin around them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from assistant.engine import Engine
from assistant.recognizer import SAMPLE_RATE, Recognizer, Samples
from assistant.ticket.questions import MOBILE, NUMBER_DIGITS, Answers, Question

RECENT = 16
"""Utterances whose audio is kept, because the ticket may ask about them."""
BEFORE, BEHIND = 0.5, 0.3
"""Seconds around the words: what was misheard beside them belongs to them, and alignment errs by 0.05."""
_HAN = str.maketrans("0123456789", "零幺二三四五六七八九")


@dataclass(frozen=True)
class Heard:
    """An utterance as it was decoded."""

    text: str
    times: tuple[float, ...]
    """Seconds from the beginning of `samples` at which each character of `text` begins."""
    samples: Samples


class Asker:
    """Asks about the last utterances of one call."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._recent: dict[int, Heard] = {}

    def remember(self, utterance: int, heard: Heard) -> None:
        """Keep what an utterance sounded like; the oldest is forgotten."""
        self._recent[utterance] = heard
        if len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]

    async def ask(self, questions: Sequence[Question], seconds: float | None) -> Answers:
        """The answers, but for utterances that are forgotten. Raises TimeoutError after `seconds`, if any."""
        known = [question for question in questions if question.utterance in self._recent]
        async with asyncio.timeout(seconds):
            jobs = [
                self._engine.ask(partial(answer, heard=self._recent[question.utterance], question=question))
                for question in known
            ]
            scores = await asyncio.gather(*(asyncio.wrap_future(job.future) for job in jobs))
        return dict(zip(known, scores, strict=True))


def answer(recognizer: Recognizer, heard: Heard, question: Question) -> dict[str, float]:
    """The texts (and numbers found), each with the natural logarithm of its probability."""
    ends = len(heard.samples) / SAMPLE_RATE
    first = heard.times[question.start]
    last = heard.times[question.end] if question.end < len(heard.times) else ends
    stop = int(SAMPLE_RATE * min(ends, last + BEHIND))
    texts = dict.fromkeys(question.texts)
    if question.number:
        before, sure = heard.text[: question.start], question.number == "mobile"
        found = recognizer.numbers(heard.samples[:stop], before, MOBILE if sure else "", NUMBER_DIGITS)
        texts |= dict.fromkeys(found)
    if not texts:
        return {}
    words = heard.samples[int(SAMPLE_RATE * max(0.0, first - BEFORE)) : stop]
    spelled = {text: _spellings(text) if text.isdigit() else (text,) for text in texts}
    flat = [spelling for spellings in spelled.values() for spelling in spellings]
    scores = iter(recognizer.score(words, flat))
    return {text: max(next(scores) for _ in spellings) for text, spellings in spelled.items()}


def _spellings(digits: str) -> tuple[str, ...]:
    """A number as the recogniser writes it; the likeliest of them counts."""
    return digits, f"{digits[:3]} {digits[3:7]} {digits[7:]}", digits.translate(_HAN)
