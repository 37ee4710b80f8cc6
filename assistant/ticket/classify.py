"""Which category of the city pack a text is about.

Four readers that fail on different texts are added up, each as z-scores over the categories: a logistic regression and
the nearest neighbour on sentence embeddings (meaning), and linear SVMs on character n-grams (words) and on syllable
n-grams (words misheard as homophones). Trained from the pack alone: names and examples of the categories, titles and
questions of the articles.

Measured on the sample pack's 199 test queries (colloquial / homophone / dialogue), top 1 and top 3: sentence embeddings
alone .75/.71/.69 and .91/.90/.92, all four .76/.92/.77 and .95/.98/.96.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from assistant.ticket.sound import encode
from kb.articles import read_articles
from kb.embedding import SentenceEncoder
from kb.errors import PackError
from kb.pack import CityPack

Progress = Callable[[str, float], None]
Scores = NDArray[np.float32]

SENTENCES_PER_CATEGORY = 60
"""More articles than this add time, not accuracy; a pack of 100,000 articles trains as fast as one of 1,000."""
EXAMPLE_WEIGHT = 2.0
"""A category's own examples are what the hotline's people chose to tell categories apart."""
FOLDS = 3
_VERSION = b"5"
_SOUNDS = "一二三四五六七八九十阿波得佛哥好鸡科拉吗那坡区热色特我西资张长上"
"""A text whose encoding changes when the code of syllables does: what was trained on other codes is of no use."""


SMALL_TALK = (
    "你好我想反映一个问题", "你听我说", "我跟你讲", "是这样的", "我说了好几次了", "打了好多次电话都没人接",
    "你们帮我处理一下", "那怎么办呢", "我也不知道", "大概是这样", "就是上次那个事", "他说让我等", "到现在还没有结果",
    "我等了很久", "麻烦你们快一点", "我住在这边", "就在那个路口旁边", "就是他们家那边", "不是，是另外一个",
    "对，就是这个", "昨天晚上开始的", "上个月的事情了", "有几个人知道", "我有照片和视频", "没有留下什么", "他不肯",
    "态度很不好", "没人管", "太过分了", "我要求尽快解决", "一共几百块钱", "我姓王，三横王", "我的电话是一三八",
    "请问您还有什么需要", "请问具体是在什么位置", "我帮您登记转给相关部门处理", "三号楼二单元五零二",
    "从早到晚都是这样", "我们这里很多人", "他们说不归他们管",
)  # fmt: skip
"""What callers and agents say whatever the matter is."""
ATTRACTED = 0.02
"""Share of the small talk from which a category attracts it: in the sample pack one does, the hotline's own service."""


@dataclass(frozen=True)
class Sentence:
    """A text that is known to belong to a category."""

    text: str
    category: int
    weight: float
    group: int
    """Sentences of one article are held out together."""


def _sentences(pack: CityPack) -> list[Sentence]:
    number = {category.code: place for place, category in enumerate(pack.leaves)}
    found: list[Sentence] = []
    for category in pack.leaves:
        place = number[category.code]
        found.append(Sentence(category.name, place, 1.0, len(found)))
        for example in category.examples:
            found.append(Sentence(example, place, EXAMPLE_WEIGHT, len(found)))
    questions: dict[int, list[Sentence]] = {}
    for group, article in enumerate(read_articles(pack.articles_path), start=len(found)):
        if article.category in number:
            place = number[article.category]
            for text in (article.title, article.question, *article.similar_questions):
                questions.setdefault(place, []).append(Sentence(text, place, 1.0, group))
    for sentences in questions.values():
        step = max(1, -(-len(sentences) // SENTENCES_PER_CATEGORY))
        found += sentences[::step]
    return [sentence for sentence in found if sentence.text]


class _Readers:
    """The four readers, fitted on some sentences."""

    def __init__(self, sentences: Sequence[Sentence], vectors: NDArray[np.float32], classes: int) -> None:
        texts = [sentence.text for sentence in sentences]
        self._labels = np.array([sentence.category for sentence in sentences])
        weights = np.array([sentence.weight for sentence in sentences])
        self._classes = classes
        order = np.argsort(self._labels, kind="stable")
        self._known, self._bounds = np.unique(self._labels[order], return_index=True)
        self._by_category = vectors[order]
        meaning = LogisticRegression(C=30, max_iter=200).fit(vectors, self._labels, weights)
        self._meaning = _planes(meaning)
        self._words = self._ngrams(texts, weights, None, (1, 2))
        self._sounds = self._ngrams(texts, weights, encode, (1, 3))

    def _ngrams(
        self, texts: list[str], weights: Any, preprocessor: Any, lengths: tuple[int, int]
    ) -> tuple[Any, Any, Any]:
        vectorizer = TfidfVectorizer(
            analyzer="char", ngram_range=lengths, preprocessor=preprocessor, sublinear_tf=True, lowercase=False
        )
        machine = LinearSVC(C=0.5).fit(vectorizer.fit_transform(texts), self._labels, weights)
        coefficients, intercept = _planes(machine)
        return vectorizer, coefficients.T, intercept

    def scores(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Scores:
        """(texts, classes): the mean z-score of the four readers; categories without a sentence get the lowest."""
        nearest = np.maximum.reduceat(vectors @ self._by_category.T, self._bounds, axis=1)
        coefficients, intercept = self._meaning
        views = [vectors @ coefficients.T + intercept, nearest]
        for vectorizer, weights, bias in (self._words, self._sounds):
            with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
                features = vectorizer.transform(texts)
            present = np.unique(features.indices)  # else all weights would be copied to be multiplied as float64
            views.append(np.asarray(features[:, present] @ weights[present]) + bias)
        known = np.mean([_standardised(view) for view in views], axis=0)
        scores = np.full((len(texts), self._classes), -3.0, dtype=np.float32)
        scores[:, self._known] = known
        return scores


def _planes(machine: Any) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coefficients (classes, features) and intercepts (classes,); of two classes scikit-learn keeps the second's."""
    coefficients, intercept = machine.coef_.astype(np.float32), machine.intercept_.astype(np.float32)
    if len(coefficients) == 1:
        return np.concatenate([-coefficients, coefficients]), np.concatenate([-intercept, intercept])
    return coefficients, intercept


def _standardised(scores: Any) -> Any:
    return (scores - scores.mean(axis=1, keepdims=True)) / (scores.std(axis=1, keepdims=True) + 1e-6)


def softmax(scores: NDArray[Any], temperature: float) -> NDArray[Any]:
    """Probabilities along the last axis."""
    shifted = (scores - scores.max(axis=-1, keepdims=True)) / temperature
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _best_temperature(scores: Scores, labels: NDArray[Any]) -> float:
    """The temperature under which held-out sentences are likeliest, so that probabilities mean what they say."""
    rows = np.arange(len(labels))
    choices = np.linspace(0.1, 1.5, 57)
    return float(min(choices, key=lambda t: -np.log(softmax(scores, t)[rows, labels] + 1e-12).mean()))


class CategoryClassifier:
    """Trained once per city pack; read-only afterwards, so that many calls may share it."""

    def __init__(
        self, codes: tuple[str, ...], readers: _Readers, temperature: float, accuracy: tuple[float, float]
    ) -> None:
        self.codes = codes
        self.temperature = temperature
        self.accuracy = accuracy
        """Share of the categories' examples, held out, that were right: first, and among the first three."""
        self._readers = readers
        self.attraction: Scores = np.zeros(len(codes), dtype=np.float32)
        """(codes,) logarithm by which small talk makes a category likelier; to be taken off for every text."""

    def hear_small_talk(self, encoder: SentenceEncoder) -> None:
        """Find out which categories attract texts that are about nothing."""
        scores = self.scores(SMALL_TALK, encoder.encode(list(SMALL_TALK)))
        share = self.probabilities(scores).mean(axis=0)
        self.attraction = np.maximum(0.0, np.log(share / ATTRACTED)).astype(np.float32)

    def scores(self, texts: Sequence[str], vectors: NDArray[np.float32]) -> Scores:
        """(texts, codes) scores, comparable between texts; `vectors` are the texts' sentence embeddings."""
        return self._readers.scores(texts, vectors)

    def probabilities(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Calibrated probabilities of scores (codes,) or of a weighted mean of several texts' scores."""
        return softmax(scores, self.temperature)


def _train(pack: CityPack, encoder: SentenceEncoder, progress: Progress) -> CategoryClassifier:
    sentences = _sentences(pack)
    if len({sentence.category for sentence in sentences}) < 2:
        raise PackError(f"{pack.directory / 'categories.csv'} has fewer than two categories with a parent: add them")
    vectors = np.zeros((len(sentences), 512), dtype=np.float32)
    for start in range(0, len(sentences), 256):
        batch = [sentence.text for sentence in sentences[start : start + 256]]
        vectors[start : start + 256] = encoder.encode(batch)
        progress("学习事项分类", 0.5 * start / len(sentences))
    classes = len(pack.leaves)
    labels = np.array([sentence.category for sentence in sentences])
    held_out = np.zeros((len(sentences), classes), dtype=np.float32)
    for fold in range(FOLDS):
        test = np.array([sentence.group % FOLDS == fold for sentence in sentences])
        kept = [sentence for sentence, left_out in zip(sentences, test, strict=True) if not left_out]
        if not test.any() or len({sentence.category for sentence in kept}) < 2:
            continue
        readers = _Readers(kept, vectors[~test], classes)
        held_out[test] = readers.scores(
            [s.text for s, left_out in zip(sentences, test, strict=True) if left_out], vectors[test]
        )
        progress("学习事项分类", 0.5 + 0.35 * (fold + 1) / FOLDS)
    examples = np.array([sentence.weight == EXAMPLE_WEIGHT for sentence in sentences])
    order = (-held_out[examples]).argsort(axis=1)
    hits = order[:, :3] == labels[examples][:, None]
    accuracy = (float(hits[:, 0].mean()), float(hits.any(axis=1).mean())) if examples.any() else (0.0, 0.0)
    temperature = _best_temperature(held_out, labels)
    readers = _Readers(sentences, vectors, classes)
    progress("学习事项分类", 1.0)
    return CategoryClassifier(tuple(category.code for category in pack.leaves), readers, temperature, accuracy)


def load_classifier(
    pack: CityPack, cache_dir: Path, encoder: SentenceEncoder, progress: Progress
) -> CategoryClassifier:
    """The classifier of a pack, from `cache_dir` when it was trained on the same files before, else trained now."""
    digest = hashlib.sha256(_VERSION + sklearn.__version__.encode() + encode(_SOUNDS).encode())
    for path in (pack.directory / "categories.csv", pack.articles_path):
        digest.update(path.read_bytes())
    cached = cache_dir / f"categories-{digest.hexdigest()[:16]}.pickle"
    if cached.exists():
        try:
            loaded = pickle.loads(cached.read_bytes())
            if isinstance(loaded, CategoryClassifier):
                return loaded
        except (
            Exception
        ):  # a cache that another version or a full disk left behind is rebuilt, whatever is wrong with it
            cached.unlink(missing_ok=True)
    classifier = _train(pack, encoder, progress)
    classifier.hear_small_talk(encoder)
    cache_dir.mkdir(parents=True, exist_ok=True)
    partial = cached.with_suffix(".partial")
    partial.write_bytes(pickle.dumps(classifier))
    partial.replace(cached)
    return classifier
