"""Making the index of articles: on all cores where there are many, without what was encoded before."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

import jieba
import numpy as np
from numpy.typing import NDArray

from kb.articles import Article
from kb.embedding import SentenceEncoder
from kb.lexical import LexicalIndex, Texts
from kb.semantic import ANSWER, SIMILAR, Meanings, SemanticIndex, learn, reduced
from kb.shelf import Shelf

FORMAT = "5"
"""Of the index on disk: raised when a change of the code makes older ones wrong."""
CHUNK = 250
"""Articles between two reports of progress."""
MANY_NEW, MANY = 2000, 20_000
"""New articles, and articles of any kind, from which other processes help: each takes two seconds to begin."""
MOST_FRESH = 0.5
"""Share of new articles from which all are encoded again: the dimensions that were kept may not be the telling ones."""
KEPT = 2
"""Indexes kept of the same articles: as they are, and as they were, which a server may be reading."""
UNUSED_DAYS = 30
"""After which the index of other articles is thrown away."""
USED = "used"
"""Name of the empty file whose time says when an index was last used."""

Digests = NDArray[np.uint64]


def build(
    articles: Sequence[Article], folder: Path, tokenizer: jieba.Tokenizer, report: Callable[[float], None]
) -> None:
    """Index articles into a folder; `report` is told how much is done, 0..1.

    The folder is written beside its place and renamed into it, so that a killed build leaves nothing half done.
    Vectors of articles that another index beside it holds are taken from there.
    """
    digests = np.array([_digest(article) for article in articles], np.uint64)
    known, places = _encoded(folder.parent, digests)
    fresh = places < 0
    if known is None or fresh.sum() > MOST_FRESH * len(articles):
        known, fresh = None, np.ones(len(articles), np.bool_)
    texts: list[Texts] = []
    meanings: list[Meanings] = []
    for text, meaning in _read(articles, fresh):
        texts.append(text)
        meanings.append(meaning)
        report(0.9 * min(1.0, len(texts) * CHUNK / len(articles)))
    semantic = _semantic(meanings, known, places, fresh)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
    try:
        Shelf.write(made, articles)
        LexicalIndex.build(texts, tokenizer).save(made)
        semantic.save(made)
        np.save(made / "digests.npy", digests)
        (made / USED).touch()
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(made, folder)
    except OSError:
        if not folder.is_dir():  # else another process was first with the same index
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    _tidy(folder)
    report(1.0)


def _digest(article: Article) -> int:
    said = [FORMAT, article.title, article.question, *article.similar_questions[:SIMILAR], article.answer[:ANSWER]]
    return int.from_bytes(hashlib.blake2b("\0".join(said).encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _semantic(
    meanings: Sequence[Meanings], known: SemanticIndex | None, places: NDArray[np.int64], fresh: NDArray[np.bool_]
) -> SemanticIndex:
    new = Meanings.joined([Meanings.none(), *meanings])
    if known is None:
        reduction = learn(new)
        return SemanticIndex.build(reduced(new, reduction), reduction)
    places[fresh] = len(known.meanings.sizes) + np.arange(int(fresh.sum()))
    both = Meanings.joined([known.meanings, reduced(new, known.reduction)])
    return SemanticIndex.build(both.at(places), known.reduction)


def _encoded(beside: Path, digests: Digests) -> tuple[SemanticIndex | None, NDArray[np.int64]]:
    """The index that holds most of our articles already, and where each of them is in it; -1: nowhere."""
    best, where, most = None, np.full(len(digests), -1, np.int64), 0
    for _, folder in _indexes(beside):
        with suppress(OSError, ValueError):
            theirs = np.load(folder / "digests.npy", allow_pickle=False)
            places = _places(theirs, digests)
            if (found := int((places >= 0).sum())) > most:
                best, where, most = SemanticIndex.load(folder, len(theirs)), places, found
    return best, where


def _places(theirs: Digests, ours: Digests) -> NDArray[np.int64]:
    """Where in theirs each of ours is; -1: nowhere."""
    if not len(theirs):
        return np.full(len(ours), -1, np.int64)
    order = np.argsort(theirs, kind="stable")
    found = order[np.minimum(np.searchsorted(theirs[order], ours), len(order) - 1)]
    return np.where(theirs[found] == ours, found, -1)


def _tidy(newest: Path) -> None:
    """Throw away what nobody needs: older states of these articles, and other articles that nobody has used lately."""
    source = newest.name.split("-")[0]
    ours = [used for used in _indexes(newest.parent) if used[1].name.startswith(source)]
    long_ago = time.time() - UNUSED_DAYS * 86_400
    others = [used for used in _indexes(newest.parent) if used not in ours and used[0] < long_ago]
    for _, old in (*ours[KEPT:], *others):
        shutil.rmtree(old, ignore_errors=True)


def _indexes(beside: Path) -> list[tuple[float, Path]]:
    """Finished indexes with the time of their last use, which is the order."""
    made: list[tuple[float, Path]] = []
    for path in beside.glob(f"*/{USED}"):
        with suppress(OSError):
            made.append((path.stat().st_mtime, path.parent))
    return sorted((used for used in made if not used[1].name.startswith("building-")), reverse=True)


def _read(articles: Sequence[Article], fresh: NDArray[np.bool_]) -> Iterator[tuple[Texts, Meanings]]:
    """Terms of all articles and vectors of the fresh ones, chunk by chunk in order."""
    chunks = [
        (articles[first : first + CHUNK], fresh[first : first + CHUNK]) for first in range(0, len(articles), CHUNK)
    ]
    cores = os.cpu_count() or 1
    if cores == 1 or (fresh.sum() < MANY_NEW and len(articles) < MANY):
        yield from map(_chunk, chunks)
        return
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_chunk, chunks)


def _chunk(chunk: tuple[Sequence[Article], NDArray[np.bool_]]) -> tuple[Texts, Meanings]:
    articles, fresh = chunk
    encoded = [article for article, new in zip(articles, fresh, strict=True) if new]
    return Texts.of(articles), Meanings.of(encoded, SentenceEncoder())
