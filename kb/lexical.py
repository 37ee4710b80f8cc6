"""The words of articles and queries: as characters, as sounds, as jieba's words, with misheard words put right."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import jieba
import numpy as np
import rjieba
from numpy.typing import NDArray

from kb.articles import Article
from kb.bm25 import Bags, Bm25, Codes
from kb.homophones import HomophoneCorrector, sounds

CHANNELS = ("characters", "sound", "words")
ANSWER = 400
"""Characters of an answer whose words are indexed: what follows is small print."""

_UNIT = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_UNIT_BITS = 17
"""A character is its code point (16 bits), a run of letters and digits a hash of 16 bits beside it."""


def has_words(text: str) -> bool:
    """Whether there is a Chinese character, a latin letter or a digit to search for."""
    return _UNIT.search(text.lower()) is not None


@cache
def dictionary(cache_dir: Path) -> jieba.Tokenizer:
    """jieba with its compiled dictionary in a folder of ours: by default it is read from the world-writable /tmp.

    One for the whole process, which `jieba.lcut` uses, too: it takes half a second and 100 MB.
    """
    jieba.setLogLevel(logging.WARNING)
    cache_dir.mkdir(parents=True, exist_ok=True)
    jieba.dt.tmp_dir = str(cache_dir)
    jieba.dt.initialize()
    return jieba.dt


@dataclass(frozen=True)
class Texts:
    """The terms of some articles by channel, and in how many of them each word is."""

    bags: dict[str, Bags]
    words: Counter[str]

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Texts:
        """Characters and words of everything an article says; sounds of title, questions and keywords."""
        short = [
            " ".join([article.title, article.question, *article.similar_questions, *article.keywords])
            for article in articles
        ]
        full = [f"{text} {article.answer[:ANSWER]}" for text, article in zip(short, articles, strict=True)]
        words = [_words(text) for text in full]
        bags = {
            "characters": Bags.of([_characters(text) for text in full]),
            "sound": Bags.of([_sounds(text) for text in short]),
            "words": Bags.of([_hashed(each) for each in words]),
        }
        return cls(bags, Counter(word for each in words for word in set(each)))


class LexicalIndex:
    """Three BM25 indexes of the same articles. Read-only once made: threads may share it."""

    def __init__(self, corrector: HomophoneCorrector, indexes: dict[str, Bm25]) -> None:
        """`indexes`: one for each of CHANNELS. Use `build` or `load`."""
        self._corrector = corrector
        self._indexes = indexes

    @classmethod
    def build(cls, parts: Sequence[Texts], tokenizer: jieba.Tokenizer) -> LexicalIndex:
        """Index articles given in parts."""
        total = sum(len(part.bags["words"].sizes) for part in parts)
        words: Counter[str] = Counter()
        for part in parts:
            words.update(part.words)
        corrector = HomophoneCorrector.build(words, total, tokenizer)
        return cls(corrector, {name: Bm25.build([part.bags[name] for part in parts]) for name in CHANNELS})

    def correct(self, text: str) -> str:
        """The text with misheard words respelled as the articles spell what sounds so."""
        return self._corrector.correct(text)

    def scores(self, heard: str, meant: str) -> dict[str, NDArray[np.float32]]:
        """(articles,) BM25 by channel, of a query as heard (its sound) and as meant (its characters and words)."""
        return {
            "characters": self._indexes["characters"].scores(_characters(meant)),
            "sound": self._indexes["sound"].scores(_sounds(heard)),
            "words": self._indexes["words"].scores(_hashed(_words(meant))),
        }

    def save(self, folder: Path) -> None:
        """Write the indexes into a folder."""
        for name, index in self._indexes.items():
            index.save(folder, name)
        self._corrector.save(folder / "homophones.json")

    @classmethod
    def load(cls, folder: Path, total: int, tokenizer: jieba.Tokenizer) -> LexicalIndex:
        """Read what `save` wrote. Raises OSError or ValueError where that is missing or damaged."""
        corrector = HomophoneCorrector.load(folder / "homophones.json", tokenizer)
        return cls(corrector, {name: Bm25.load(folder, name, total) for name in CHANNELS})


def _with_pairs(units: Iterable[int]) -> Codes:
    """Terms of the units and of each two that stand together."""
    single = np.fromiter(units, np.uint64)
    return np.concatenate([single, ((single[:-1] + np.uint64(1)) << np.uint64(_UNIT_BITS)) | single[1:]])


def _unit(unit: str) -> int:
    return ord(unit) if unit > "z" else 1 << 16 | crc32(unit.encode()) & 0xFFFF


def _characters(text: str) -> Codes:
    return _with_pairs(map(_unit, _UNIT.findall(text.lower())))


def _sounds(text: str) -> Codes:
    return _with_pairs(sound + 1 for sound in sounds(text))


def _words(text: str) -> list[str]:
    readable = text.lower().encode("utf-8", "ignore").decode("utf-8")  # lone surrogates are no text for Rust
    return [word for word in rjieba.cut_for_search(readable) if _UNIT.match(word)]


def _hashed(words: Iterable[str]) -> Codes:
    return np.fromiter((crc32(word.encode()) for word in words), np.uint64)
