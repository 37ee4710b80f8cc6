"""Texts that say nearly the same, among hundreds of thousands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from kb.exchange import Report

BANDS, ROWS_OF_BAND = 20, 3
"""Of the MinHash signatures: texts whose 3-grams overlap by s share a band with probability 1 - (1 - s³)²⁰: .97 at .54,
where a tenth of the characters was replaced, evenly; one in 50,000 at .01, as of articles on other matters."""
NEIGHBOURS = 6
"""Looked at in each band on either side: articles from one template all share a band; all their pairs are too many."""
BEST, OVERLAP = 4, 0.3
"""Pairs of a row that are compared in full, and the least share of their signatures that must be equal."""
SAME = 90.0
"""Percent (rapidfuzz's ratio) from which texts are twins."""
COMPARED = 4000
"""Characters of a text that are compared: time grows with the square."""
CHUNK = 256
"""Texts hashed, or pairs compared, at once: what stays in the processor's cache."""


def twins(texts: Sequence[str], old: int, report: Report) -> dict[int, tuple[float, int]]:
    """Of each text from `old` on that has a twin before it: percent and index of the most alike that was found.

    MinHash over 3-grams proposes pairs, rapidfuzz decides. 200,000 texts of 240 characters take 6 s on two cores, 21 s
    where all are of one template.
    """
    texts = [text[:COMPARED] or " " for text in texts]
    signatures = _signatures(texts, lambda part: report(part * 0.5))
    earlier, later = _likely_twins(signatures, old, lambda part: report(0.5 + part * 0.4))
    pairs = [texts[one] for one in earlier], [texts[one] for one in later]
    ratios = process.cpdist(*pairs, scorer=fuzz.ratio, score_cutoff=SAME, workers=-1)
    best: dict[int, tuple[float, int]] = {}
    for one, other, ratio in zip(later.tolist(), earlier.tolist(), ratios.tolist(), strict=True):
        if ratio >= SAME:
            best[one] = max(best.get(one, (0.0, 0)), (ratio, other))
    return best


def _signatures(texts: Sequence[str], report: Report) -> NDArray[np.uint32]:
    """(N, BANDS * ROWS_OF_BAND): MinHash of each text's 3-grams; the share of equal ones tells how much overlaps."""
    odd = np.random.default_rng(0).integers(0, 2**63, 3 + BANDS * ROWS_OF_BAND, dtype=np.uint64) * 2 + 1
    mix, factors = odd[:3], odd[3:]
    signatures = np.empty((len(texts), len(factors)), dtype=np.uint32)
    for start in range(0, len(texts), CHUNK):
        part = texts[start : start + CHUNK]
        lengths = np.array([len(text) for text in part])
        # Two zeros end each text, so that it has as many 3-grams as characters; those that begin in them are left out.
        joined = "".join(f"{text}\0\0" for text in part).encode("utf-32-le", "surrogatepass")
        codes = np.frombuffer(joined, np.uint32).astype(np.uint64)
        grams = codes[:-2] * mix[0] + codes[1:-1] * mix[1] + codes[2:] * mix[2]
        ends = np.cumsum(lengths + 2)
        grams = np.delete(grams, np.concatenate([ends[:-1] - 1, ends[:-1] - 2]))
        grams ^= grams >> np.uint64(29)
        firsts = np.cumsum(lengths) - lengths
        for column, factor in enumerate(factors):
            signatures[start : start + len(part), column] = np.minimum.reduceat(grams * factor, firsts) >> np.uint64(32)
        report(min((start + CHUNK) / len(texts), 1.0))
    return signatures


def _likely_twins(
    signatures: NDArray[np.uint32], old: int, report: Report
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (earlier, later) of texts that share a band, the later from `old` on: the BEST of each later one."""
    total = len(signatures)
    bands = signatures.reshape(total, BANDS, ROWS_OF_BAND)
    found = []
    for band in range(BANDS):
        # Sorted by the next band, too: neighbours in a crowded band are those that share more than it.
        order = np.lexsort([*bands[:, (band + 1) % BANDS].T, *bands[:, band].T])
        ordered = bands[order, band]
        for step in range(1, NEIGHBOURS + 1):
            alike = (ordered[step:] == ordered[:-step]).all(axis=1)
            pair = np.sort(np.stack([order[step:][alike], order[:-step][alike]]), axis=0)
            found.append((pair[1] * total + pair[0])[pair[1] >= old])
        report((band + 1) / BANDS)
    high, low = np.divmod(np.unique(np.concatenate(found)), max(total, 1))
    overlap = np.empty(len(high))
    for start in range(0, len(high), CHUNK):
        some = slice(start, start + CHUNK)
        overlap[some] = (signatures[high[some]] == signatures[low[some]]).mean(axis=1)
    ranked = np.lexsort([-overlap, high])
    ranked = ranked[overlap[ranked] >= OVERLAP]
    later = high[ranked]
    ranked = ranked[np.arange(len(later)) - np.searchsorted(later, later) < BEST]
    return low[ranked], high[ranked]
