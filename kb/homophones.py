"""Misheard words of a query put right by sound, for search only: what is shown to people is never changed.

The recogniser writes 设保 for 社保 and 推款 for 退款. Where the characters of a query form no likely words but their
sound is that of a word of the knowledge base, that word is searched instead. Words and their frequencies come from
jieba's dictionary and from the articles; the likeliest path through both wins.

Recall@1 of the whole search on 199 test queries, as written / with a fifth of their characters replaced by homophones
(benchmarks/knowledge.py, weights fitted on other articles' queries): without correction .879 / .769, with it
.884 / .809.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import jieba

from kb.pinyin import FUZZY, syllables

CHANGE_COST = 6.0
"""Nats that a word of another spelling pays for its first changed character, FURTHER_COST for each further one.
Recall@1 as above: 4 .879 / .804, 6 .884 / .809, 9 .879 / .789; of 151 clean queries 52, 17 and 4 are changed."""
FURTHER_COST = 2.0
WORDS_PER_ARTICLE = math.exp(5)
"""An article holds about 150 words: turns the share of articles with a word into the word's frequency."""
LONGEST_WORD = 8
"""Characters."""

_HAN = re.compile(r"[\u4e00-\u9fff]+")


def sounds(text: str) -> list[int]:
    """The fuzzy sound (kb.pinyin.FUZZY) of each spoken character in its commonest reading; -1 where unknown."""
    return [sound for character in text if (sound := _sound(character)) is not None]


@lru_cache(maxsize=65536)
def _sound(character: str) -> int | None:
    spoken = syllables(character)
    if not spoken:
        return None
    return int(FUZZY[spoken[0].readings[0]]) if spoken[0].readings else -1


class HomophoneCorrector:
    """Words of the articles by their sound, beside a dictionary of the language. Read-only: threads may share it."""

    def __init__(self, words: dict[str, list[tuple[str, float]]], dictionary: jieba.Tokenizer) -> None:
        """`words`: fuzzy sounds joined by spaces -> words that sound so, with their log probabilities."""
        self._words = words
        self._dictionary = dictionary
        self._log_total = math.log(dictionary.total)
        self._spelled = {word: score for same in words.values() for word, score in same}

    @classmethod
    def build(cls, counts: Mapping[str, int], total: int, dictionary: jieba.Tokenizer) -> HomophoneCorrector:
        """Learn from the number of the `total` articles in which each word is; those of one character are too many to
        tell apart by sound."""
        by_sound: defaultdict[str, list[tuple[str, float]]] = defaultdict(list)
        for word, count in counts.items():
            if 2 <= len(word) <= LONGEST_WORD and _HAN.fullmatch(word):
                by_sound[_key(sounds(word))].append((word, math.log(count / total / WORDS_PER_ARTICLE)))
        return cls(dict(by_sound), dictionary)

    def correct(self, text: str) -> str:
        """The text with misheard words respelled; as long as before, character for character."""
        return _HAN.sub(lambda run: self._likeliest(run.group()), text)

    def _likeliest(self, run: str) -> str:
        heard = sounds(run)
        best: list[tuple[float, str]] = [(0.0, "")] + [(-math.inf, "")] * len(run)
        for start in range(len(run)):
            for end in range(start + 1, min(len(run), start + LONGEST_WORD) + 1):
                for score, word in self._spellings(run[start:end], heard[start:end]):
                    path = best[start][0] + score
                    if path > best[end][0]:
                        best[end] = (path, best[start][1] + word)
        return best[-1][1]

    def _spellings(self, heard: str, sound: list[int]) -> Iterable[tuple[float, str]]:
        frequency = self._dictionary.FREQ.get(heard, 0)
        known = self._spelled.get(heard, -math.inf)
        if frequency:
            known = max(known, math.log(frequency) - self._log_total)
        if known > -math.inf:
            yield known, heard
        elif len(heard) == 1:
            yield -self._log_total, heard
        if len(heard) < 2:
            return
        for word, score in self._words.get(_key(sound), ()):
            changed = sum(one != other for one, other in zip(word, heard, strict=True))
            if changed:
                yield score - CHANGE_COST - FURTHER_COST * (changed - 1), word

    def save(self, path: Path) -> None:
        """Write the words as JSON; the dictionary is jieba's own."""
        path.write_text(json.dumps(self._words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path, dictionary: jieba.Tokenizer) -> HomophoneCorrector:
        """Read what `save` wrote. Raises OSError or ValueError where that is missing or damaged."""
        saved = json.loads(path.read_text(encoding="utf-8"))
        return cls({sound: [(word, score) for word, score in same] for sound, same in saved.items()}, dictionary)


def _key(sound: Sequence[int]) -> str:
    return " ".join(map(str, sound))
