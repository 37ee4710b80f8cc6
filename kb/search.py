"""Search of the knowledge articles by what a caller says, however it was heard.

Four channels look at a query, each on a scale that depends neither on the query's length nor on the pack's size:
* characters: BM25 over 1+2-grams of title, questions, keywords and answer (share of the best score possible);
* meaning: Universal Sentence Encoder, over title, questions and answer (soft maximum of the cosines);
* sound: BM25 over 1+2-grams of fuzzy syllables of title, questions and keywords, for what was misheard;
* words: BM25 over jieba's words of the same text as the characters.
Before the first two and the last, jieba's dictionary and the articles' own words put misheard words right by their
sound (kb/homophones.py). Channels are added with fitted weights; a softmax over the best candidates and a logistic
turn the sum into the probability that an article is the right one.

WEIGHTS and CALIBRATION: `python -m benchmarks knowledge --queries FILE --fit` measures them again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray

from kb.articles import Article
from kb.bm25 import Bm25
from kb.embedding import DIMENSIONS, SentenceEncoder
from kb.homophones import HomophoneCorrector, sounds

CHANNELS = ("characters", "meaning", "sound", "words")
WEIGHTS = (19.5, 22.6, 15.5, 14.9)
"""Of the channels, fitted as a conditional logit on 199 test queries of the sample pack, clean and with a fifth of
their characters replaced by homophones."""
CALIBRATION = (1.479, -4.172, 0.154, 5.809)
"""Sharpness of the softmax; constant and slopes (of the best total, of its meaning) of the log odds that the pack answers
the query."""
SHARPNESS = 10.0
"""Of the soft maximum over an article's passages: recall@1 of this channel alone .63 with the plain maximum, .70 so."""
CANDIDATES = 200
"""Best articles of each channel whose scores are added up; a pack of up to so many is ranked whole."""
SOFTMAX_OVER = 50
LONGEST_QUERY = 500
"""Characters; of a longer query the end is searched, where callers come to the point."""
FORMAT = "1"
"""Of the index on disk: raised when a change of the code makes older ones wrong."""

Progress = Callable[[str, float], None]
"""Called with what is being done, in words for people, and how much of it is done, 0..1."""

_UNIT = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_FILLER = re.compile(
    r"喂|你好|您好|那个|就是说|哎呀|[嗯呃哎]|请问一下|请问|(?:我?想)(?:咨询|问)一?下|我问一?下|麻烦你们?|谢谢你?|12345"
)
"""What callers say before and between the words that matter: dropped, dialogue queries gain .08 recall@1 (26 of them)."""


@dataclass(frozen=True)
class Hit:
    """An article found."""

    article: Article
    score: float
    """Weighted sum of the channels: comparable between queries and between packs, higher is better."""
    confidence: float
    """0..1, the probability that this is the right article."""


@dataclass(frozen=True)
class Scored:
    """What the channels say of the candidates of one query."""

    rows: NDArray[np.int64]
    """(candidates,) places in the list of articles."""
    channels: NDArray[np.float32]
    """(candidates, 4) in the order of CHANNELS."""


class ArticleIndex:
    """Articles ready to be searched. Nothing changes after the build, so threads may share one index freely; the
    sentence encoder, which is not safe to share, takes them one at a time (kb/embedding.py)."""

    def __init__(
        self,
        articles: Sequence[Article],
        dictionary: jieba.Tokenizer,
        corrector: HomophoneCorrector,
        lexical: dict[str, Bm25],
        passages: NDArray[np.float16],
        first_passage: NDArray[np.int64],
        centres: NDArray[np.float32],
        encoder: SentenceEncoder,
    ) -> None:
        """Use `build`. `passages`: (P, 512), those of article i from first_passage[i] to first_passage[i + 1];
        `centres`: (N, 512), the mean of each article's passages, length 1."""
        self.articles = tuple(articles)
        self._dictionary = dictionary
        self._corrector = corrector
        self._lexical = lexical
        self._passages = passages
        self._first_passage = first_passage
        self._centres = centres
        self._encoder = encoder
        self._from = np.array([(article.valid_from or date.min).toordinal() for article in articles], dtype=np.int64)
        self._to = np.array([(article.valid_to or date.max).toordinal() for article in articles], dtype=np.int64)

    @classmethod
    def build(cls, articles: Sequence[Article], cache_dir: Path, progress: Progress | None = None) -> ArticleIndex:
        """The index of these articles, from `cache_dir` where the same texts were indexed before.

        A new index is written beside its place and renamed into it, so that a killed build leaves nothing half done.
        """
        report = progress or (lambda doing, share: None)
        report("读取知识库", 0.0)
        dictionary = _dictionary(cache_dir)
        encoder = SentenceEncoder()
        report("读取知识库", 1.0)
        folder = cache_dir / "articles" / _digest(articles)
        try:
            return cls._load(articles, folder, dictionary, encoder)
        except (OSError, ValueError, KeyError):
            pass  # not there, or damaged: built anew
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
        try:
            _write(articles, made, dictionary, encoder, report)
            shutil.rmtree(folder, ignore_errors=True)
            try:
                os.replace(made, folder)
            except OSError:
                if not folder.is_dir():  # else another process was first with the same index
                    raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        report("计算知识库语义", 1.0)
        return cls._load(articles, folder, dictionary, encoder)

    @classmethod
    def _load(
        cls, articles: Sequence[Article], folder: Path, dictionary: jieba.Tokenizer, encoder: SentenceEncoder
    ) -> ArticleIndex:
        first_passage = np.load(folder / "first_passage.npy", allow_pickle=False)
        return cls(
            articles,
            dictionary,
            HomophoneCorrector.load(folder / "homophones.json", dictionary),
            {name: Bm25.load(folder / name) for name in ("characters", "sound", "words")},
            np.load(folder / "passages.npy", mmap_mode="r", allow_pickle=False),
            first_passage,
            np.load(folder / "centres.npy", allow_pickle=False),
            encoder,
        )

    def search(self, query: str, top: int = 3, on: date | None = None) -> list[Hit]:
        """The best articles valid on a day (today where none is given), best first; none for a query without words."""
        return self.search_parts([(query, 1.0)], top, on)

    def search_parts(self, parts: Sequence[tuple[str, float]], top: int = 3, on: date | None = None) -> list[Hit]:
        """The best articles for several texts at once, each with its share of the whole weight."""
        scored = self.score(parts, on)
        if top < 1 or scored is None:
            return []
        totals = scored.channels @ np.array(WEIGHTS, dtype=np.float32)
        order = np.argsort(-totals, kind="stable")
        best = totals[order].astype(np.float64)
        meaning = float(scored.channels[order[0], CHANNELS.index("meaning")])
        confidences = confidence(best[:SOFTMAX_OVER], meaning)
        return [
            Hit(self.articles[scored.rows[row]], round(float(best[rank]), 4), round(float(confidences[rank]), 4))
            for rank, row in enumerate(order[: min(top, SOFTMAX_OVER)])
        ]

    def score(self, parts: Sequence[tuple[str, float]], on: date | None = None) -> Scored | None:
        """What each channel says of the candidates valid on a day, weighted over the texts; None where none has words."""
        valid = self._valid(on or date.today())  # noqa: DTZ011 - the hotline's own calendar day
        heard = [(clean(text), weight) for text, weight in parts if _UNIT.search(text.lower())]
        if not heard or not valid.any():
            return None
        meant = [self._corrector.correct(text) for text, _ in heard]
        weights = np.array([weight for _, weight in heard], dtype=np.float32)
        weights /= weights.sum()
        vectors = self._encoder.encode(meant)
        terms = {
            "characters": [_character_terms(text) for text in meant],
            "sound": [_sound_terms(text) for text, _ in heard],
            "words": [_word_terms(text, self._dictionary) for text in meant],
        }
        lexical = {
            name: weights @ np.stack([self._lexical[name].scores(part) for part in of_parts])
            for name, of_parts in terms.items()
        }
        rows = _best_rows([*lexical.values(), self._centres @ (weights @ vectors)], valid)
        meaning = weights @ np.stack([self._meaning(vector, rows) for vector in vectors])
        channels = [meaning if name == "meaning" else lexical[name][rows] for name in CHANNELS]
        return Scored(rows, np.stack(channels, axis=1).astype(np.float32))

    def _valid(self, day: date) -> NDArray[np.bool_]:
        return (self._from <= day.toordinal()) & (day.toordinal() <= self._to)

    def _meaning(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        starts, ends = self._first_passage[rows], self._first_passage[rows + 1]
        taken = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
        cosines = self._passages[taken].astype(np.float32) @ vector
        bounds = np.concatenate([[0], np.cumsum(ends - starts)[:-1]])
        return np.log(np.add.reduceat(np.exp(SHARPNESS * cosines), bounds)) / np.float32(SHARPNESS)


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
    """The words of a query that are searched: its end where it is very long, without fillers (all where it is but
    fillers)."""
    tail = query.strip()[-LONGEST_QUERY:]
    return _FILLER.sub("", tail).strip(" ,，。.、？?") or tail


def _best_rows(channels: Sequence[NDArray[np.float32]], valid: NDArray[np.bool_]) -> NDArray[np.int64]:
    rows = np.flatnonzero(valid)
    if len(rows) <= CANDIDATES * 2:
        return rows
    best = [rows[np.argpartition(-channel[rows], CANDIDATES)[:CANDIDATES]] for channel in channels]
    return np.unique(np.concatenate(best))


def _grams(units: Sequence[str]) -> list[str]:
    return [*units, *(f"{one} {other}" for one, other in zip(units, units[1:], strict=False))]


def _character_terms(text: str) -> list[str]:
    return _grams(_UNIT.findall(text.lower()))


def _sound_terms(text: str) -> list[str]:
    return _grams([str(sound) for sound in sounds(text)])


def _word_terms(text: str, dictionary: jieba.Tokenizer) -> list[str]:
    return [word for word in dictionary.lcut_for_search(text.lower()) if _UNIT.match(word)]


def _dictionary(cache_dir: Path) -> jieba.Tokenizer:
    """jieba with its compiled dictionary in a folder of ours: by default it is read from the world-writable /tmp."""
    jieba.setLogLevel(logging.WARNING)
    cache_dir.mkdir(parents=True, exist_ok=True)
    dictionary = jieba.Tokenizer()
    dictionary.tmp_dir = str(cache_dir)
    dictionary.initialize()
    return dictionary


def _questions(article: Article) -> list[str]:
    return [article.title, article.question, *article.similar_questions]


def _digest(articles: Sequence[Article]) -> str:
    texts = [[article.id, *_questions(article), "|", article.answer, *article.keywords] for article in articles]
    return hashlib.sha256(json.dumps([FORMAT, texts], ensure_ascii=False).encode("utf-8", "replace")).hexdigest()[:24]


def _write(
    articles: Sequence[Article], folder: Path, dictionary: jieba.Tokenizer, encoder: SentenceEncoder, report: Progress
) -> None:
    report("索引知识库文字", 0.0)
    short = [" ".join([*_questions(article), *article.keywords]) for article in articles]
    full = [f"{text} {article.answer}" for text, article in zip(short, articles, strict=True)]
    Bm25.build(_character_terms(text) for text in full).save(folder / "characters")
    Bm25.build(_sound_terms(text) for text in short).save(folder / "sound")
    words = [_word_terms(text, dictionary) for text in full]
    Bm25.build(words).save(folder / "words")
    HomophoneCorrector.build(words, dictionary).save(folder / "homophones.json")

    report("索引知识库文字", 1.0)

    passages = [[text for text in (*_questions(article), article.answer) if text] for article in articles]
    first_passage = np.concatenate([[0], np.cumsum([len(texts) for texts in passages], dtype=np.int64)]).astype(np.int64)
    vectors = np.zeros((int(first_passage[-1]), DIMENSIONS), dtype=np.float16)
    centres = np.zeros((len(articles), DIMENSIONS), dtype=np.float32)
    batch = 64
    for start in range(0, len(articles), batch):
        part = slice(start, start + batch)
        report("计算知识库语义", start / len(articles))
        encoded = encoder.encode([text for texts in passages[part] for text in texts])
        vectors[first_passage[start] : first_passage[start] + len(encoded)] = encoded
        bounds = first_passage[start : start + batch + 1] - first_passage[start]
        for row, (first, last) in enumerate(zip(bounds, bounds[1:], strict=False), start=start):
            mean = encoded[first:last].mean(axis=0)
            centres[row] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    np.save(folder / "passages.npy", vectors)
    np.save(folder / "centres.npy", centres)
    np.save(folder / "first_passage.npy", first_passage)
