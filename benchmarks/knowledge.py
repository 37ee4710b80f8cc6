"""Is the right article found, and does the confidence mean what it says?

`python -m benchmarks knowledge --queries FILE` with FILE as JSON Lines of {"query", "article", "kind"}: recall@1,
recall@3 and mean reciprocal rank by kind, for the queries as they are and for the same with a fifth of their characters
replaced by homophones, as a recogniser does; then the confidence of the first article against how often it was right.
`--fit` measures the constants of kb/search.py again and says how they do on queries they were not fitted on.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import jieba
import numpy as np
import psutil
import typer
from numpy.typing import NDArray
from rich.table import Table
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from assistant.cli import output
from assistant.config import cache_dir
from benchmarks.common import JsonOption, console, finish
from kb import search
from kb.embedding import SentenceEncoder
from kb.errors import PackError
from kb.homophones import sounds
from kb.lexical import dictionary
from kb.pack import DEFAULT_PACK
from kb.search import CHANNELS, ArticleIndex, Scored

REPLACED = 0.2
DROPPED = 0.03
"""Shares of characters that Whisper base writes as a homophone and leaves out on telephone audio, roughly."""
FOLDS = 5
PENALTY = 0.1
"""On the squared weights."""
WITHOUT_ANSWER = 0.1
"""Share of queries taken to have no article in the pack: half are test queries whose article is taken out (others like
it remain), half are OFF_TOPIC."""
OFF_TOPIC = (
    "今天天气怎么样", "讲个笑话给我听", "帮我订一张去北京的机票", "附近有什么好吃的饭店推荐",
    "我想找个女朋友", "明天股市会涨吗", "你叫什么名字", "量子力学的薛定谔方程怎么解",
    "苹果手机屏幕碎了哪里修便宜", "昨天晚上那场球赛谁赢了", "帮我写一首关于春天的诗", "这首歌是谁唱的",
    "红烧肉怎么做才好吃", "英语四级单词怎么背", "我的快递到哪里了", "上海到杭州开车要多久",
    "电脑蓝屏了怎么重装系统", "给我推荐一本小说", "孙悟空最后成佛了吗", "微信怎么把聊天记录转到新手机",
    "我姓蓝，蓝色的蓝", "幺三八零零幺三八零零幺", "喂，听得到吗，我在路边有点吵", "没有了，谢谢你，再见",
    "你讲大声一点，我耳朵不太好", "稍等一下，我找一下眼镜", "刚才是我老婆打的电话", "我今年四十六岁，属猴的",
    "就住在那个大榕树旁边那栋楼", "昨天下午三点左右",
)  # fmt: skip
"""What nobody answers from a hotline's articles: other people's business, and what callers say around their matter."""


@dataclass(frozen=True)
class Query:
    """A test query with its one best article."""

    text: str
    article: str
    kind: str


def knowledge(
    queries: Annotated[Path, typer.Option(help='JSON Lines of {"query", "article", "kind"}.')],
    pack: Annotated[
        list[Path] | None, typer.Option(help="City pack whose articles are searched; may be given several times.")
    ] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which answers must hold.")] = None,
    fit: Annotated[bool, typer.Option(help="Measure the constants of kb/search.py again, on all packs.")] = False,
    rebuild: Annotated[
        bool, typer.Option(help="Make each index anew, from nothing, and say how long it takes.")
    ] = False,
    json: JsonOption = None,
) -> None:
    """Recall, rank and calibration of the article search by kind of query, its speed and memory."""
    output.check(json)
    day = on.date() if on else date.today()  # noqa: DTZ011 - as the search does
    clean = read_queries(queries)
    sets = [clean, misheard(clean, seed=1)]
    rows, costs, indexes = [], [], []
    for folder in pack or [DEFAULT_PACK]:
        file = folder / "articles.jsonl"
        built = _built(file) if rebuild else None
        index = ArticleIndex.of_file(file, cache_dir(), _progress())
        for name, asked in zip(("as written", "misheard"), sets, strict=True):
            rows += _report(name, asked, index, day)
        costs.append(_costs(file, [query.text for asked in sets for query in asked], day, built))
        indexes.append(index)
    if fit:
        _fit([clean, sets[1], misheard(clean, seed=2)], indexes, day)
    finish(json, {"knowledge": rows, "knowledge_speed": costs})


def _progress() -> Callable[[str, float], None]:
    """Says on a terminal how far an index is."""
    shown = -1

    def show(what: str, part: float) -> None:
        nonlocal shown
        if console.is_terminal and int(100 * part) != shown:
            shown = int(100 * part)
            console.print(f"{what} {shown} %", end="\r")

    return show


def _built(file: Path) -> float:
    """Seconds in which the index of a file is made where nothing is known."""
    with TemporaryDirectory() as nothing:
        dictionary(Path(nothing))  # jieba's, which any index needs once
        began = time.perf_counter()
        ArticleIndex.of_file(file, Path(nothing), _progress())
        return time.perf_counter() - began


def _costs(file: Path, texts: Sequence[str], day: date, built: float | None) -> dict[str, Any]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        articles, loaded, memory, spent = alone.submit(_cost, file, texts, day).result()
    p50, p95 = np.percentile(spent, [50, 95])
    console.print(
        f"{articles} articles: "
        + (f"index made in {built:.1f} s, " if built is not None else "")
        + f"read in {loaded:.1f} s; search p50 {p50:.1f}, p95 {p95:.1f} ms; process {memory:.0f} MB"
    )
    return {
        "articles": articles,
        "build_seconds": None if built is None else round(built, 1),
        "load_seconds": round(loaded, 2),
        "memory_mb": round(memory),
        "search_ms": {"p50": round(float(p50), 1), "p95": round(float(p95), 1), "max": round(max(spent), 1),
                      "count": len(spent)},
    }  # fmt: skip


def _cost(file: Path, texts: Sequence[str], day: date) -> tuple[int, float, float, list[float]]:
    """Articles; seconds to read the index, without jieba's dictionary, which others need, too; megabytes of the process
    after all searches; milliseconds of each. For a process that has done nothing else."""
    dictionary(cache_dir())
    SentenceEncoder()
    began = time.perf_counter()
    index = ArticleIndex.of_file(file, cache_dir())
    loaded = time.perf_counter() - began
    index.search(texts[0], 3, day)
    spent = []
    for text in texts:
        began = time.perf_counter()
        index.search(text, 3, day)
        spent.append(1000 * (time.perf_counter() - began))
    return len(index.articles), loaded, psutil.Process().memory_info().rss / 2**20, spent


def read_queries(path: Path) -> list[Query]:
    """Raises PackError naming the line that is not a query."""
    asked = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            asked.append(Query(row["query"], row["article"], row.get("kind", "query")))
        except (ValueError, KeyError, TypeError) as error:
            raise PackError(f'{path}, line {number}: not a query; write {{"query", "article", "kind"}}') from error
    return asked


def misheard(asked: Sequence[Query], seed: int) -> list[Query]:
    """The queries with characters dropped and replaced by others of the same fuzzy sound, commoner ones more often."""
    jieba.initialize()
    alike: defaultdict[int, list[str]] = defaultdict(list)
    for character, frequency in jieba.dt.FREQ.items():
        if len(character) == 1 and frequency > 500 and "\u4e00" <= character <= "\u9fff":
            alike[sounds(character)[0]].append(character)
    chance = random.Random(seed)

    def hear(character: str) -> str:
        if not "\u4e00" <= character <= "\u9fff":
            return character if character.isalnum() else chance.choice(["", ","])
        draw = chance.random()
        if draw < DROPPED:
            return ""
        same = alike[sounds(character)[0]]
        if draw < DROPPED + REPLACED and same:
            return chance.choices(same, [jieba.dt.FREQ[other] for other in same])[0]
        return character

    return [Query("".join(map(hear, query.text)), query.article, query.kind) for query in asked]


def _report(name: str, asked: Sequence[Query], index: ArticleIndex, day: date) -> list[dict[str, Any]]:
    """Print the tables; the rows as they go into the JSON file."""
    ranks: defaultdict[str, list[int]] = defaultdict(list)
    sure: list[tuple[float, bool]] = []
    for query in asked:
        hits = index.search(query.text, 50, day)
        found = [hit.article.id for hit in hits]
        rank = found.index(query.article) + 1 if query.article in found else 0
        ranks[query.kind].append(rank)
        ranks["all"].append(rank)
        if hits:
            sure.append((hits[0].confidence, rank == 1))
    table = Table(title=f"{len(asked)} queries {name}, {len(index.articles)} articles, valid on {day}")
    for heading in ("kind", "queries", "recall@1", "recall@3", "MRR"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    rows = []
    for kind, of_kind in ranks.items():
        places = np.array(of_kind)
        shares = {
            "recall_1": (places == 1).mean(),
            "recall_3": ((places >= 1) & (places <= 3)).mean(),
            "mrr": np.mean([1 / p if p else 0 for p in places]),
        }
        table.add_row(kind, str(len(places)), *(f"{share:.3f}" for share in shares.values()))
        rounded = {key: round(float(share), 4) for key, share in shares.items()}
        rows.append({"articles": len(index.articles), "asked": name, "kind": kind, "queries": len(places), **rounded})
    console.print(table)
    _calibration(np.array([one for one, _ in sure]), np.array([two for _, two in sure], dtype=float))
    return rows


def _calibration(stated: NDArray[np.float64], right: NDArray[np.float64]) -> None:
    table = Table(title=f"confidence of the first article; Brier score {np.mean((stated - right) ** 2):.3f}")
    for heading in ("confidence", "queries", "mean stated", "right"):
        table.add_column(heading, justify="right")
    bounds = [0, 0.3, 0.5, 0.7, 0.85, 0.95, 1.01]
    for low, high in pairwise(bounds):
        inside = (stated >= low) & (stated < high)
        if inside.any():
            means = f"{stated[inside].mean():.2f}", f"{right[inside].mean():.2f}"
            table.add_row(f"{low:.2f}-{min(high, 1):.2f}", str(inside.sum()), *means)
    console.print(table)


@dataclass(frozen=True)
class _Case:
    query: Query
    scored: Scored
    right: int
    """Place of the right article among the candidates."""


def _fit(sets: Sequence[Sequence[Query]], indexes: Sequence[ArticleIndex], day: date) -> None:
    cases = []
    for index, query in product(indexes, (query for asked in sets for query in asked)):
        scored = index.score([(query.text, 1.0)], day)
        if scored is not None:
            places = np.flatnonzero(scored.rows == index.articles.row(query.article))
            if len(places):
                cases.append(_Case(query, scored, int(places[0])))
    articles = sorted({case.query.article for case in cases})
    fold_of = {article: place % FOLDS for place, article in enumerate(articles)}
    folds = [[case for case in cases if fold_of[case.query.article] == fold] for fold in range(FOLDS)]
    off_topic = [index.score([(text, 1.0)], day) for index in indexes for text in OFF_TOPIC]
    unseen: list[_Unseen] = []
    nothing: list[_Unseen] = []
    for fold in folds:
        weights = _fit_weights([case for other in folds if other is not fold for case in other])
        unseen += [_Unseen(case.scored, case.scored.channels @ weights, case.right) for case in fold]
        nothing += [_Unseen(scored, scored.channels @ weights, -1) for scored in off_topic if scored is not None]
    hit = np.array([float(one.totals.argmax() == one.right) for one in unseen])
    console.print(
        f"recall@1 on queries of articles that the weights were not fitted on: {hit.mean():.3f} of {len(hit)}"
    )
    calibration = _fit_calibration(unseen, nothing)
    _calibration(np.array([_stated(one, calibration) for one in unseen]), hit)
    console.print(f"mean confidence off topic: {np.mean([_stated(one, calibration) for one in nothing]):.2f}")
    console.print("WEIGHTS", dict(zip(CHANNELS, _fit_weights(cases).round(1).tolist(), strict=True)))
    console.print("CALIBRATION", tuple(round(float(number), 3) for number in calibration))


@dataclass(frozen=True)
class _Unseen:
    scored: Scored
    totals: NDArray[np.float64]
    """(candidates,) by weights that were fitted without this query's article."""
    right: int

    def without_right(self) -> _Unseen:
        kept = np.arange(len(self.totals)) != self.right
        return _Unseen(Scored(self.scored.rows[kept], self.scored.channels[kept]), self.totals[kept], -1)

    def evidence(self) -> tuple[float, float]:
        best = int(self.totals.argmax())
        return float(self.totals[best]), float(self.scored.channels[best, CHANNELS.index("meaning")])


def _stated(one: _Unseen, calibration: Sequence[float]) -> float:
    _, meaning = one.evidence()
    best_first = np.sort(one.totals)[::-1][: search.SOFTMAX_OVER]
    return float(search.confidence(best_first, meaning, calibration)[0])


def _fit_weights(cases: Sequence[_Case], penalty: float = PENALTY) -> NDArray[np.float64]:
    """Conditional logit: the weights under whose softmax the right articles are likeliest, slightly shrunk."""

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = penalty * float(weights @ weights), 2 * penalty * weights
        for case in cases:
            totals = case.scored.channels @ weights
            shares = np.exp(totals - totals.max())
            shares /= shares.sum()
            value -= float(np.log(shares[case.right]))
            slope += shares @ case.scored.channels - case.scored.channels[case.right]
        return value, slope

    return np.asarray(minimize(loss, np.full(len(CHANNELS), 5.0), jac=True, method="L-BFGS-B").x)


def _fit_calibration(unseen: Sequence[_Unseen], off_topic: Sequence[_Unseen]) -> tuple[float, ...]:
    def surprise(sharpness: float) -> float:
        shifted = [sharpness * (one.totals - one.totals[one.right]) for one in unseen]
        return float(sum(logsumexp(one) for one in shifted))

    sharpness = float(minimize_scalar(surprise, bounds=(0.1, 3.0), method="bounded").x)
    groups = [(unseen, 1, 1 - WITHOUT_ANSWER), ([one.without_right() for one in unseen], 0, WITHOUT_ANSWER / 2),
              (off_topic, 0, WITHOUT_ANSWER / 2)]  # fmt: skip
    model = LogisticRegression(C=1e6).fit(
        np.array([one.evidence() for group, _, _ in groups for one in group]),
        np.array([answered for group, answered, _ in groups for _ in group]),
        sample_weight=np.array([share * 1000 / len(group) for group, _, share in groups for _ in group]),
    )
    return sharpness, float(model.intercept_[0]), float(model.coef_[0, 0]), float(model.coef_[0, 1])
