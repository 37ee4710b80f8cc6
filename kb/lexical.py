"""The words of articles and queries: as characters, as sounds, as jieba's words, with misheard words put right."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray

from kb.articles import Article
from kb.bm25 import Bm25
from kb.homophones import HomophoneCorrector, sounds

CHANNELS = ("characters", "sound", "words")

_UNIT = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")


def has_words(text: str) -> bool:
    """Whether there is a Chinese character, a latin letter or a digit to search for."""
    return _UNIT.search(text.lower()) is not None


@cache
def dictionary(cache_dir: Path) -> jieba.Tokenizer:
    """jieba with its compiled dictionary in a folder of ours: by default it is read from the world-writable /tmp.

    One for the whole process: it takes a second and 100 MB.
    """
    jieba.setLogLevel(logging.WARNING)
    cache_dir.mkdir(parents=True, exist_ok=True)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(cache_dir)
    tokenizer.initialize()
    return tokenizer


class LexicalIndex:
    """Three BM25 indexes of the same articles. Read-only once made: threads may share it."""

    def __init__(self, tokenizer: jieba.Tokenizer, corrector: HomophoneCorrector, indexes: dict[str, Bm25]) -> None:
        """`indexes`: one for each of CHANNELS. Use `build` or `load`."""
        self._tokenizer = tokenizer
        self._corrector = corrector
        self._indexes = indexes

    @classmethod
    def build(cls, articles: Sequence[Article], tokenizer: jieba.Tokenizer) -> LexicalIndex:
        """Characters and words of everything an article says; sounds of title, questions and keywords."""
        short = [
            " ".join([article.title, article.question, *article.similar_questions, *article.keywords])
            for article in articles
        ]
        full = [f"{text} {article.answer}" for text, article in zip(short, articles, strict=True)]
        words = [_words(text, tokenizer) for text in full]
        indexes = {
            "characters": Bm25.build(_characters(text) for text in full),
            "sound": Bm25.build(_sounds(text) for text in short),
            "words": Bm25.build(words),
        }
        return cls(tokenizer, HomophoneCorrector.build(words, tokenizer), indexes)

    def correct(self, text: str) -> str:
        """The text with misheard words respelled as the articles spell what sounds so."""
        return self._corrector.correct(text)

    def scores(self, heard: str, meant: str) -> dict[str, NDArray[np.float32]]:
        """(articles,) BM25 by channel, of a query as heard (its sound) and as meant (its characters and words)."""
        return {
            "characters": self._indexes["characters"].scores(_characters(meant)),
            "sound": self._indexes["sound"].scores(_sounds(heard)),
            "words": self._indexes["words"].scores(_words(meant, self._tokenizer)),
        }

    def save(self, folder: Path) -> None:
        """Write the indexes into a folder."""
        for name, index in self._indexes.items():
            index.save(folder / name)
        self._corrector.save(folder / "homophones.json")

    @classmethod
    def load(cls, folder: Path, tokenizer: jieba.Tokenizer) -> LexicalIndex:
        """Read what `save` wrote. Raises OSError, ValueError or KeyError where that is missing or damaged."""
        corrector = HomophoneCorrector.load(folder / "homophones.json", tokenizer)
        return cls(tokenizer, corrector, {name: Bm25.load(folder / name) for name in CHANNELS})


def _with_pairs(units: Sequence[str]) -> list[str]:
    return [*units, *(f"{one} {other}" for one, other in pairwise(units))]


def _characters(text: str) -> list[str]:
    return _with_pairs(_UNIT.findall(text.lower()))


def _sounds(text: str) -> list[str]:
    return _with_pairs([str(sound) for sound in sounds(text)])


def _words(text: str, tokenizer: jieba.Tokenizer) -> list[str]:
    return [word for word in tokenizer.lcut_for_search(text.lower()) if _UNIT.match(word)]
