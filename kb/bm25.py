"""BM25 over postings in arrays, as the share of the best score that a query could get.

Terms are numbers (`kb.lexical` says which): a hundred thousand articles have three million different ones, which as
texts would take half a gigabyte and seconds to read. The arrays are read from disk as they are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
"""Robertson's usual constants."""
PRIOR = 40.0
"""Idf added to a query's own, so that one lucky word of a very short query is no perfect score; about ten characters'
worth. Recall@1 on unseen queries, clean and misheard: 0 .846, 10 .851, 20 .853, 40 .849; with 40 the confidence of
short sayings that no article answers is lowest."""
TERM_BITS, ROW_BITS, COUNT_BITS = 40, 20, 4
"""Of the 64 that a term, its document and its count there are sorted by."""
AT_ONCE = 1 << 22
"""Postings worked on at once while an index is built."""

Codes = NDArray[np.uint64]


@dataclass(frozen=True)
class Bags:
    """The terms of D documents, without their order."""

    codes: Codes
    """(M,) terms below 2^TERM_BITS: document after document, each term once."""
    counts: NDArray[np.uint8]
    """(M,) how often each stands there, at most 15."""
    sizes: NDArray[np.int32]
    """(D,) how many of the M belong to a document."""
    lengths: NDArray[np.int32]
    """(D,) terms of a document, repeated ones counted."""

    @classmethod
    def of(cls, documents: Sequence[Codes]) -> Bags:
        """Documents given as their terms."""
        codes, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint8)]
        for terms in documents:
            distinct, times = np.unique(terms, return_counts=True)
            codes.append(distinct)
            counts.append(np.minimum(times, (1 << COUNT_BITS) - 1).astype(np.uint8))
        sizes = np.array([len(each) for each in codes[1:]], np.int32)
        lengths = np.array([len(terms) for terms in documents], np.int32)
        return cls(np.concatenate(codes), np.concatenate(counts), sizes, lengths)


@dataclass(frozen=True)
class Bm25:
    """Terms of N documents. Query time grows with the postings of the query's terms, not with N."""

    total: int
    """N"""
    terms: Codes
    """(T,) in order"""
    starts: NDArray[np.int64]
    """(T + 1,) where each term's postings begin"""
    rows: NDArray[np.int32]
    """(postings,) the documents with a term, in order"""
    weights: NDArray[np.float16]
    """(postings,) what the term's presence in a query adds to that document's score"""
    idf: NDArray[np.float32]
    """(T,)"""

    @classmethod
    def build(cls, parts: Sequence[Bags]) -> Bm25:
        """Index documents given in parts. Raises ValueError for more than a million."""
        lengths = np.concatenate([np.zeros(0, np.int32), *(part.lengths for part in parts)])
        total = len(lengths)
        if total >= 1 << ROW_BITS:
            raise ValueError(f"{total} documents are more than {1 << ROW_BITS}")
        keys = _sorted_keys(parts)
        starts, terms = _runs(keys)
        frequency = np.diff(starts)
        idf = np.log1p((total - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        mean_length = max(float(lengths.mean()), 1.0) if total else 1.0
        damping = (K1 * (1 - B + B * lengths / mean_length)).astype(np.float32)
        rows, weights = np.zeros(len(keys), np.int32), np.zeros(len(keys), np.float16)
        for first in range(0, len(keys), AT_ONCE):
            part = keys[first : first + AT_ONCE]
            count = (part & np.uint64((1 << COUNT_BITS) - 1)).astype(np.float32)
            row = ((part >> np.uint64(COUNT_BITS)) & np.uint64((1 << ROW_BITS) - 1)).astype(np.int32)
            term = np.searchsorted(terms, part >> np.uint64(ROW_BITS + COUNT_BITS))
            rows[first : first + AT_ONCE] = row
            weights[first : first + AT_ONCE] = idf[term] * count * (K1 + 1) / (count + damping[row])
        return cls(total, terms, starts, rows, weights, idf)

    def scores(self, codes: Codes) -> NDArray[np.float32]:
        """(N,) BM25 of the distinct terms over the sum of their idf: 0..K1+1, whatever the size of query and pack.

        Terms that no document holds count in the divisor, so a query of strange words scores low everywhere.
        """
        summed = np.zeros(self.total, dtype=np.float32)
        distinct = np.unique(codes)
        if not len(distinct) or not len(self.terms):
            return summed
        places = np.minimum(np.searchsorted(self.terms, distinct), len(self.terms) - 1)
        known = places[self.terms[places] == distinct]
        for place in known:
            postings = slice(self.starts[place], self.starts[place + 1])
            summed[self.rows[postings]] += self.weights[postings]  # a document is there once
        unknown = len(distinct) - len(known)
        best = PRIOR + float(self.idf[known].sum()) + unknown * float(np.log1p((self.total + 0.5) / 0.5))
        return summed / np.float32(best)

    def save(self, folder: Path, name: str) -> None:
        """Write the arrays into a folder, their files beginning with `name`."""
        for part in ("terms", "starts", "rows", "weights", "idf"):
            np.save(folder / f"{name}-{part}.npy", getattr(self, part))

    @classmethod
    def load(cls, folder: Path, name: str, total: int) -> Bm25:
        """Read what `save` wrote of `total` documents. Raises OSError or ValueError where it is missing or damaged."""
        terms, starts, rows, weights, idf = (
            np.load(folder / f"{name}-{part}.npy", mmap_mode="r", allow_pickle=False)
            for part in ("terms", "starts", "rows", "weights", "idf")
        )
        if not (len(starts) == len(terms) + 1 and len(rows) == len(weights) == starts[-1]):
            raise ValueError(f"{folder}: the index of {name} is damaged")
        return cls(total, terms, starts, rows, weights, idf)


def _sorted_keys(parts: Sequence[Bags]) -> Codes:
    """(postings,) term, document and count of each in one number, in order."""
    keys = np.zeros(sum(len(part.codes) for part in parts), np.uint64)
    filled = first_row = 0
    for part in parts:
        rows = np.repeat(np.arange(first_row, first_row + len(part.sizes), dtype=np.uint64), part.sizes)
        both = (rows << np.uint64(COUNT_BITS)) | part.counts.astype(np.uint64)
        keys[filled : filled + len(rows)] = (part.codes << np.uint64(ROW_BITS + COUNT_BITS)) | both
        filled += len(rows)
        first_row += len(part.sizes)
    keys.sort()
    return keys


def _runs(keys: Codes) -> tuple[NDArray[np.int64], Codes]:
    """Where each term's keys begin, with the end of the last; and the terms."""
    found = [np.zeros(0, np.int64)]
    for first in range(0, len(keys), AT_ONCE):
        part = keys[max(0, first - 1) : first + AT_ONCE] >> np.uint64(ROW_BITS + COUNT_BITS)
        if first == 0:
            found.append(np.zeros(1, np.int64))
        found.append(np.flatnonzero(part[1:] != part[:-1]) + max(1, first))
    starts = np.append(np.concatenate(found), len(keys)) if len(keys) else np.zeros(1, np.int64)
    return starts.astype(np.int64), keys[starts[:-1]] >> np.uint64(ROW_BITS + COUNT_BITS)
