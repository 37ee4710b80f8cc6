"""Search of the knowledge articles by what a caller says, however it was heard.

Four channels look at a query, each on a scale that depends neither on the query's length nor on the pack's size:
* characters: BM25 over 1+2-grams of title, questions, keywords and answer, as a share of the best score possible;
* meaning: Universal Sentence Encoder over title, questions and answer, soft maximum of the cosines;
* sound: BM25 over 1+2-grams of fuzzy syllables of title, questions and keywords, for what was misheard;
* words: BM25 over jieba's words of the same text as the characters.
All but the sound see the query with its misheard words put right (kb/homophones.py). Channels are added with fitted
weights; a softmax over the best candidates and a logistic turn the sum into the probability of being right.

Measured with benchmarks/knowledge.py, 199 queries (125 colloquial, 48 homophone, 26 dialogue), 303 valid articles:
recall@1 .86 / .92 / .88, recall@3 .97 / .98 / .96. What each part brings, recall@1 as written / with a fifth of the
characters replaced by homophones, weights fitted on other articles' queries: all .884 / .809; without jieba's words
.854 / .814; without sound .879 / .779; without meaning .814 / .724; without characters .889 / .779.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.articles import Article, article_line, read_articles
from kb.building import FORMAT, USED, build
from kb.embedding import SentenceEncoder
from kb.lexical import LexicalIndex, dictionary, has_words
from kb.pinyin import FUZZY
from kb.semantic import SemanticIndex
from kb.shelf import Filter, Shelf

CHANNELS = ("characters", "meaning", "sound", "words")
WEIGHTS = (19.5, 22.6, 15.5, 14.9)
"""Of the channels, fitted as a conditional logit on the 199 queries, as written and with a fifth of their characters
replaced by homophones. Measure again: `python -m benchmarks knowledge --queries FILE --fit`."""
CALIBRATION = (1.479, -4.172, 0.154, 5.809)
"""Sharpness of the softmax; constant and slopes (of the best total, of its meaning) of the log odds that the pack
answers the query. Same queries, each also without its article, and sentences about nothing the hotline knows; on
queries that the weights were not fitted on: stated .42 / .60 / .79 / .91 / .98, right .67 / .69 / .83 / .97 / .98."""
CANDIDATES = 200
"""Best articles of each channel whose scores are added up; a pack of up to twice as many is ranked whole."""
SOFTMAX_OVER = 50
TEXTS = 8
"""Texts whose scores are remembered: a call's suggestions look for the same words in several combinations."""
LONGEST_QUERY = 500
"""Characters; of a longer query the end is searched, where callers come to the point."""

CONTEXT = 0.3
"""Weight of the logarithm of how likely an article's category is, where a call's ticket tells. In 60 calls and 199
queries told in pieces, as written and misheard, 367 of 456 articles are shown in time instead of 358, with 215 others
instead of 211 (`python -m benchmarks suggestions`)."""
DOUBT = 0.1
"""Probability that the article wanted is of any other category."""

Progress = Callable[[str, float], None]
"""Called with what is being done, in words for people, and how much of it is done, 0..1."""

_FILLER = re.compile(
    r"(?:喂|你好|您好|那个|就是说|哎呀|[嗯呃哎]|请问一下|请问|(?:我?想)(?:咨询|问)一?下|我问一?下|麻烦你们?|谢谢你?|12345)[，,、。]?"
)
"""What callers say before and between the words that matter. Without them the meaning channel alone finds 73 % of the
dialogue queries first, with them 62 % (26 queries)."""


@dataclass(frozen=True)
class Hit:
    """An article found."""

    article: Article
    score: float
    """Weighted sum of the channels, less where the category is unlikely: comparable between queries and packs."""
    confidence: float
    """0..1, the probability that this is the right article."""


@dataclass(frozen=True)
class Scored:
    """What the channels say of the candidates of one query."""

    rows: NDArray[np.int64]
    """(candidates,) places in the list of articles."""
    channels: NDArray[np.float32]
    """(candidates, 4) in the order of CHANNELS."""


@dataclass(frozen=True)
class _Heard:
    """What the channels make of one text, for all articles."""

    vector: NDArray[np.float32]
    """(512,)"""
    lexical: dict[str, NDArray[np.float32]]
    rough: NDArray[np.float32]


class ArticleIndex:
    """Articles ready to be searched. Nothing changes after the build, so threads may share one index freely; the
    sentence encoder, which is not safe to share, takes them one at a time (kb/embedding.py)."""

    def __init__(
        self, articles: Shelf, lexical: LexicalIndex, semantic: SemanticIndex, encoder: SentenceEncoder
    ) -> None:
        """Use `build` or `of_file`."""
        self.articles = articles
        self._lexical = lexical
        self._semantic = semantic
        self._encoder = encoder
        self._heard = lru_cache(maxsize=TEXTS)(self._hear)

    @classmethod
    def of_file(cls, path: Path, cache_dir: Path, progress: Progress | None = None) -> ArticleIndex:
        """The index of a file of articles; the file is not parsed where it was indexed before. Raises PackError."""
        try:
            key = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            key = ""  # read_articles says what is wrong
        return cls.of(str(path.resolve()), key, lambda: read_articles(path), cache_dir, progress)

    @classmethod
    def build(cls, articles: Sequence[Article], cache_dir: Path, progress: Progress | None = None) -> ArticleIndex:
        """The index of these articles, from `cache_dir` where the same were indexed before."""
        key = hashlib.sha256("\n".join(map(article_line, articles)).encode("utf-8", "surrogatepass")).hexdigest()
        return cls.of("", key, lambda: articles, cache_dir, progress)

    @classmethod
    def of(
        cls,
        source: str,
        key: str,
        read: Callable[[], Sequence[Article]],
        cache_dir: Path,
        progress: Progress | None = None,
    ) -> ArticleIndex:
        """The index of the articles that `read` gives; it is not called where those of this `key` were indexed
        before. `source`: what the articles are called, whatever state they are in."""
        report = progress or (lambda what, part: None)
        report("读取知识库", 0.0)
        version = f"{FORMAT} {hashlib.sha256(FUZZY.tobytes()).hexdigest()} {key}"
        name = "-".join(hashlib.sha256(part.encode()).hexdigest()[:16] for part in (source, version))
        folder = cache_dir / "articles" / name
        try:
            index = cls._load(folder, cache_dir)
        except (OSError, ValueError, KeyError):  # not there, or damaged: made anew
            build(read(), folder, dictionary(cache_dir), lambda part: report("建立知识库索引", part))
            index = cls._load(folder, cache_dir)
        report("读取知识库", 1.0)
        return index

    @classmethod
    def _load(cls, folder: Path, cache_dir: Path) -> ArticleIndex:
        articles = Shelf.load(folder)
        lexical = LexicalIndex.load(folder, len(articles), dictionary(cache_dir))
        semantic = SemanticIndex.load(folder, len(articles))
        (folder / USED).touch()
        return cls(articles, lexical, semantic, SentenceEncoder())

    def search(self, query: str, top: int = 3, on: date | None = None, only: Filter | None = None) -> list[Hit]:
        """The best articles valid on a day (today where none is given), best first; none for a query without words."""
        return self.search_parts([(query, 1.0)], top, on, only)

    def search_parts(
        self,
        parts: Sequence[tuple[str, float]],
        top: int = 3,
        on: date | None = None,
        only: Filter | None = None,
        likely: Mapping[str, float] | None = None,
    ) -> list[Hit]:
        """The best articles for several texts at once, each with its share of the whole weight. `likely`: what the
        texts are about, probabilities of categories by code."""
        scored = self.score(parts, on, only)
        if top < 1 or scored is None:
            return []
        totals = scored.channels @ np.array(WEIGHTS, dtype=np.float32)
        if likely:
            totals += self._context(scored.rows, likely)
        order = np.argsort(-totals, kind="stable")
        best = totals[order].astype(np.float64)
        meaning = float(scored.channels[order[0], CHANNELS.index("meaning")])
        confidences = confidence(best[:SOFTMAX_OVER], meaning)
        return [
            Hit(self.articles[int(scored.rows[row])], round(float(best[rank]), 4), round(float(confidences[rank]), 4))
            for rank, row in enumerate(order[: min(top, SOFTMAX_OVER)])
        ]

    def score(
        self, parts: Sequence[tuple[str, float]], on: date | None = None, only: Filter | None = None
    ) -> Scored | None:
        """What each channel says of the candidates valid on a day, weighted over texts; None where none has words."""
        valid = self.articles.valid(on or date.today())  # noqa: DTZ011 - the hotline's own calendar day
        if only:
            valid &= self.articles.matching(only)
        texts = [(clean(text), weight) for text, weight in parts if has_words(text)]
        if not texts or not valid.any():
            return None
        heard = [self._heard(text) for text, _ in texts]
        shares = np.array([weight for _, weight in texts], dtype=np.float32)
        shares /= shares.sum()
        lexical = {name: _sum(shares, [each.lexical[name] for each in heard]) for name in heard[0].lexical}
        rows = _best_rows([*lexical.values(), _sum(shares, [each.rough for each in heard])], valid)
        meaning = _sum(shares, [self._semantic.scores(each.vector, rows) for each in heard])
        channels = [meaning if name == "meaning" else lexical[name][rows] for name in CHANNELS]
        return Scored(rows, np.stack(channels, axis=1).astype(np.float32))

    def _context(self, rows: NDArray[np.int64], likely: Mapping[str, float]) -> NDArray[np.float32]:
        """(candidates,) what the categories add to their scores: nothing to those of the likeliest, less to others."""
        floor = DOUBT / len(likely)
        chances = [(1 - DOUBT) * likely.get(code, 0.0) + floor for code in self.articles.categories(rows)]
        return np.asarray(CONTEXT * np.log(np.array(chances) / max(chances)), np.float32)

    def _hear(self, text: str) -> _Heard:
        meant = self._lexical.correct(text)
        vector = self._encoder.encode([meant])[0]
        return _Heard(vector, self._lexical.scores(text, meant), self._semantic.rough(vector))


def _sum(shares: NDArray[np.float32], scores: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    total = shares[0] * scores[0]
    for share, each in zip(shares[1:], scores[1:], strict=True):
        total += share * each
    return total


def confidence(
    totals: NDArray[np.float64], meaning: float, calibration: Sequence[float] = CALIBRATION
) -> NDArray[np.float64]:
    """Probabilities that the candidates with these totals (best first) are right: that the pack answers the query at
    all, by the total and the channel `meaning` of the best, shared out by a softmax."""
    sharpness, constant, by_total, by_meaning = calibration
    shares = np.exp(sharpness * (totals - totals.max()))
    answered = 1 / (1 + np.exp(-constant - by_total * float(totals.max()) - by_meaning * meaning))
    return np.asarray(answered * shares / shares.sum())


def clean(query: str) -> str:
    """The words of a query that are searched: its end where it is very long, without fillers where it has others."""
    tail = query.strip()[-LONGEST_QUERY:]
    bare = _FILLER.sub("", tail)
    return bare if has_words(bare) else tail


def _best_rows(channels: Sequence[NDArray[np.float32]], valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    rows = np.flatnonzero(valid)
    if len(rows) <= CANDIDATES * 2:
        return rows
    best = [rows[np.argpartition(-channel[rows], CANDIDATES)[:CANDIDATES]] for channel in channels]
    return np.unique(np.concatenate(best))
