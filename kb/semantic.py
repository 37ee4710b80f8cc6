"""The meaning of articles: one vector for each thing an article says, compared with a query's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from kb.articles import Article
from kb.embedding import DIMENSIONS, SentenceEncoder

SHARPNESS = 10.0
"""Of the soft maximum over an article's passages: recall@1 of this channel alone .63 with the plain maximum, .70 so."""
ANSWER = 30
"""Characters of an answer that are encoded, which costs 0.04 ms each: recall@1 of 539 queries is .705 with 30, .709
with 40, .707 with 60; the whole answers (220 characters), .705, would take 100,000 articles twenty minutes."""
SIMILAR = 3
"""Of the similar questions, those that are encoded."""
KEPT, ROUGH = 256, 128
"""Dimensions that vectors are reduced to, the most telling first (recall@1 stays, 128 would do), and how many of them
are looked at of all articles."""
LEARNT_FROM = 50_000
"""Passages that show which dimensions those are."""
AT_ONCE = 10_000
"""Passages reduced at once."""


@dataclass(frozen=True)
class Meanings:
    """The passages of D articles."""

    vectors: NDArray[np.int8]
    """(P, 512), in an index (P, 256): article after article"""
    scales: NDArray[np.float32]
    """(P,) what makes a vector's length 1 again"""
    sizes: NDArray[np.int32]
    """(D,) passages of each article"""

    @classmethod
    def of(cls, articles: Sequence[Article], encoder: SentenceEncoder) -> Meanings:
        """Title, questions and the beginning of the answer of some articles, about 5 ms each on one core."""
        passages = [
            [one.title, *([one.question] if one.question else []), *one.similar_questions[:SIMILAR],
             one.answer[:ANSWER]]
            for one in articles
        ]  # fmt: skip
        encoded = encoder.encode([text for texts in passages for text in texts])
        return cls(*_quantised(encoded), np.array([len(texts) for texts in passages], np.int32))

    @classmethod
    def none(cls) -> Meanings:
        """Of no articles."""
        return cls(np.zeros((0, DIMENSIONS), np.int8), np.zeros(0, np.float32), np.zeros(0, np.int32))

    @classmethod
    def joined(cls, parts: Sequence[Meanings]) -> Meanings:
        """Those of all parts (at least one), in order."""
        return cls(
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.scales for part in parts]),
            np.concatenate([part.sizes for part in parts]),
        )

    def at(self, places: NDArray[np.int64]) -> Meanings:
        """Those of the articles at these places, in that order."""
        starts = np.concatenate([[0], np.cumsum(self.sizes, dtype=np.int64)])
        taken = _ranges(starts[places], starts[places + 1])
        return Meanings(self.vectors[taken], self.scales[taken], self.sizes[places])


class SemanticIndex:
    """Vectors of title, questions and answer of each article. Read-only once made: threads may share it."""

    def __init__(self, meanings: Meanings, rough: NDArray[np.float32], reduction: NDArray[np.float32]) -> None:
        """`rough`: (N, 128) the beginning of the mean of each article's passages; `reduction`: (512, 256). Use `build`
        or `load`."""
        self.meanings = meanings
        self._starts = np.concatenate([[0], np.cumsum(meanings.sizes, dtype=np.int64)])
        self._rough = rough
        self.reduction = reduction
        self._file: BinaryIO | None = None

    @classmethod
    def build(cls, meanings: Meanings, reduction: NDArray[np.float32]) -> SemanticIndex:
        """Of vectors that have been reduced, with what reduced them."""
        starts = np.concatenate([[0], np.cumsum(meanings.sizes, dtype=np.int64)])
        rough = np.zeros((len(meanings.sizes), ROUGH), np.float32)
        for row, (first, last) in enumerate(pairwise(starts)):
            mean = meanings.scales[first:last] @ meanings.vectors[first:last].astype(np.float32)
            rough[row] = mean[:ROUGH] / max(float(np.linalg.norm(mean)), 1e-9)
        return cls(meanings, rough, reduction)

    def rough(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """(articles,) cosine of a query with the middle of each article: quick, good enough to choose candidates."""
        return self._rough @ (vector @ self.reduction[:, :ROUGH])

    def scores(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """(len(rows),) soft maximum of a query's cosines with the passages of some articles; 0.5 is fair, 0.8 good."""
        starts, ends = self._starts[rows], self._starts[rows + 1]
        taken = _ranges(starts, ends)
        bounds = np.concatenate([[0], np.cumsum(ends - starts)[:-1]])
        cosines = self._vectors()[taken].astype(np.float32) @ (vector @ self.reduction)
        cosines *= self.meanings.scales[taken]
        summed = np.add.reduceat(np.exp(SHARPNESS * cosines), bounds)
        return (np.log(summed) / SHARPNESS).astype(np.float32)

    def _vectors(self) -> NDArray[np.int8]:
        """All vectors, mapped into memory for one search: mapped for good, what searches touch adds up to all of it."""
        whole = self.meanings.vectors
        if self._file is None or not isinstance(whole, np.memmap):
            return whole
        return np.memmap(self._file, np.int8, "r", whole.offset, whole.shape)

    def save(self, folder: Path) -> None:
        """Write the vectors into a folder."""
        for name in ("vectors", "scales", "sizes"):
            np.save(folder / f"passage-{name}.npy", getattr(self.meanings, name))
        np.save(folder / "rough.npy", self._rough)
        np.save(folder / "reduction.npy", self.reduction)

    @classmethod
    def load(cls, folder: Path, total: int) -> SemanticIndex:
        """Read what `save` wrote of `total` articles, vectors only as they are needed. Raises OSError or ValueError
        where that is missing or damaged."""
        vectors, scales, sizes, rough = (
            np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("passage-vectors", "passage-scales", "passage-sizes", "rough")
        )
        reduction = np.load(folder / "reduction.npy", allow_pickle=False)
        if not (len(sizes) == len(rough) == total and len(vectors) == len(scales) == sizes.sum()):
            raise ValueError(f"{folder}: the vectors are damaged")
        index = cls(Meanings(vectors, scales, sizes), rough, reduction)
        index._file = (folder / "passage-vectors.npy").open("rb")
        return index


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """All numbers from each start to before its end, one range after the other."""
    sizes = ends - starts
    before = np.cumsum(sizes) - sizes
    return np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes)


def learn(meanings: Meanings) -> NDArray[np.float32]:
    """(512, 256) what reduces vectors best: the axes on which these differ most."""
    step = max(1, len(meanings.vectors) // LEARNT_FROM)
    some = meanings.vectors[::step].astype(np.float32) * meanings.scales[::step, None]
    _, axes = np.linalg.eigh(some.T @ some)
    return np.ascontiguousarray(axes[:, ::-1][:, :KEPT], dtype=np.float32)


def reduced(meanings: Meanings, reduction: NDArray[np.float32]) -> Meanings:
    """The vectors in fewer dimensions."""
    vectors = np.zeros((len(meanings.vectors), KEPT), np.int8)
    scales = np.zeros(len(vectors), np.float32)
    for first in range(0, len(vectors), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        full: NDArray[np.float32] = meanings.vectors[part].astype(np.float32) * meanings.scales[part, None]
        vectors[part], scales[part] = _quantised((full @ reduction).astype(np.float32, copy=False))
    return Meanings(vectors, scales, meanings.sizes)


def _quantised(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scales = (np.abs(vectors).max(axis=1, initial=1e-9) / 127).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales
