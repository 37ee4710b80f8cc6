"""Finding the article that answers what a caller says."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config import cache_dir
from assistant.seat import Knowledge
from kb.articles import Article
from kb.embedding import SentenceEncoder
from kb.search import ArticleIndex
from kb.shelf import Filter

DAY = date(2026, 4, 1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def index(knowledge: Knowledge) -> ArticleIndex:
    return knowledge.index


def folders(cache: Path) -> set[Path]:
    return set(cache.glob("articles/*"))


def best(index: ArticleIndex, query: str, on: date = DAY) -> str:
    return index.search(query, 1, on)[0].article.id


@pytest.mark.parametrize(
    ("query", "article"),
    [
        ("路上井盖塌了一个大洞，找谁来修", "kb-0117"),
        ("面包店关门了，我充的卡里还剩几百块怎么要回来", "kb-0217"),
        ("喂你好，那个，嗯，我想问一下，我们小区突然就没水了，呃，什么时候能来水啊", "kb-0255"),
    ],
)
def test_a_caller_s_own_words_find_the_article(index: ArticleIndex, query: str, article: str) -> None:
    assert best(index, query) == article


@pytest.mark.parametrize(
    ("heard", "article"),
    [
        ("面包店倒必了我的预复卡还能推款吗", "kb-0217"),
        ("我要头诉出租车司机绕陆多收钱", "kb-0121"),
        ("个人怎么打印设保缴费名细", "kb-0001"),
    ],
)
def test_what_was_misheard_finds_it_too(index: ArticleIndex, heard: str, article: str) -> None:
    assert best(index, heard) == article


def test_only_articles_that_hold_on_the_day_are_found(index: ArticleIndex) -> None:
    query = "广州市最低工资标准是多少"
    old, new = index.search(query, 1, date(2024, 6, 1))[0].article, index.search(query, 1, DAY)[0].article
    assert old.id == "kb-0033"
    assert new.id != old.id
    for day in (date(2021, 1, 1), date(2024, 6, 1), DAY):
        assert all(hit.article.valid_on(day) for hit in index.search(query, 20, day))
    assert index.search(query, 3, date(1999, 1, 1)) == []


def test_hits_come_best_first_and_their_confidences_share_one_certainty(index: ArticleIndex) -> None:
    hits = index.search("公积金怎么提取", 10, DAY)
    assert len(hits) == 10
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 <= hit.confidence <= 1 for hit in hits)
    assert sum(hit.confidence for hit in hits) <= 1.001


def test_a_clear_question_is_surer_than_a_vague_or_foreign_one(index: ArticleIndex) -> None:
    clear = index.search("异地就医备案怎么办理", 1, DAY)[0].confidence
    assert clear > 0.9
    for query in ("公积金", "量子力学的薛定谔方程怎么解", "123", "a"):
        assert index.search(query, 1, DAY)[0].confidence < 0.5


@pytest.mark.parametrize("query", ["", "   ", "，。！？", "\x00\x01", "\ud800"])
def test_a_query_without_words_finds_nothing(index: ArticleIndex, query: str) -> None:
    assert index.search(query, 3, DAY) == []


def test_very_long_and_broken_queries_are_searched_by_their_end(index: ArticleIndex) -> None:
    rambling = "我跟你说啊这个事情说来话长。" * 5000
    assert best(index, f"{rambling}路上井盖塌了，找谁来修井盖？") == best(index, "路上井盖塌了，找谁来修井盖？")
    assert best(index, "井盖\ud800坏了\x00") == "kb-0117"


def test_the_latest_words_can_weigh_more_than_earlier_ones(index: ArticleIndex) -> None:
    texts = ("我的公积金怎么提取", "路上井盖塌了找谁")
    first = index.search_parts([(texts[0], 9.0), (texts[1], 1.0)], 1, DAY)[0].article
    last = index.search_parts([(texts[0], 1.0), (texts[1], 9.0)], 1, DAY)[0].article
    assert "公积金" in first.title
    assert "井盖" in last.title


def test_an_index_is_made_once_and_read_back_the_same(index: ArticleIndex) -> None:
    steps: list[str] = []
    made = ArticleIndex.build(index.articles, cache_dir())
    again = ArticleIndex.build(index.articles, cache_dir(), lambda what, part: steps.append(what))
    assert set(steps) == {"读取知识库"}
    for query in ("停水了怎么办", "面包店倒必了我的预复卡还能推款吗"):
        assert again.search(query, 5, DAY) == made.search(query, 5, DAY)


def test_a_damaged_index_is_made_anew_with_progress(cache: Path) -> None:
    articles = [
        Article("a", "井盖塌陷报修", "拨打12345。"),
        Article("b", "公积金提取", "穗好办申请。", question="公积金怎么取出来"),
    ]
    others = folders(cache)
    before = ArticleIndex.build(articles, cache).search("公积金怎么取", 2, DAY)
    (folder,) = folders(cache) - others
    (folder / "passage-vectors.npy").write_bytes(b"not an array")
    steps: list[tuple[str, float]] = []
    after = ArticleIndex.build(articles, cache, lambda what, part: steps.append((what, part)))
    assert after.search("公积金怎么取", 2, DAY) == before
    assert before[0].article.id == "b"
    assert ("建立知识库索引", 1.0) in steps
    assert folders(cache) == {*others, folder}


def test_only_a_changed_text_is_encoded_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    encode = SentenceEncoder.encode

    def counted(self: SentenceEncoder, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(SentenceEncoder, "encode", counted)
    lamp, notice = Article("a", "路灯报修", "见公告。"), Article("b", "停水通知", "见公告。")
    others = [Article(str(number), f"第{number}号公告", "略。") for number in range(4)]
    first = ArticleIndex.build([lamp, notice, *others], cache)
    assert encoded[:4] == ["路灯报修", "见公告。", "停水通知", "见公告。"]
    encoded.clear()
    added = Article("c", "公积金提取", "穗好办申请。")
    notice = replace(notice, answer="见水务局公告。")
    second = ArticleIndex.build([added, *others, notice, replace(lamp, valid_to=DAY)], cache)
    assert encoded == ["公积金提取", "穗好办申请。", "停水通知", "见水务局公告。"]
    assert best(second, "路灯坏了") == "a"
    assert first.search("路灯坏了", 1, date(2030, 1, 1))
    assert "a" not in {hit.article.id for hit in second.search("路灯坏了", 3, date(2030, 1, 1))}


def test_filters_leave_out_what_is_for_others(index: ArticleIndex) -> None:
    query = "社保缴费"
    assert {hit.article.caller_kind for hit in index.search(query, 20, DAY)} >= {"个人", "企业"}
    for kind, other in (("个人", "企业"), ("企业", "个人")):
        found = index.search(query, 20, DAY, Filter(caller_kind=kind))
        assert found
        assert other not in {hit.article.caller_kind for hit in found}
    medical = index.search(query, 20, DAY, Filter(departments=frozenset({"yibao"})))
    assert {hit.article.department for hit in medical} == {"yibao"}
    assert {hit.article.category.split(".")[0] for hit in index.search(query, 5, DAY, Filter(category="medins"))} == {
        "medins"
    }
    assert index.search(query, 5, DAY, Filter(category="nothing")) == []


def test_a_pack_without_articles_finds_nothing(cache: Path) -> None:
    assert ArticleIndex.build([], cache).search("停水", 3, DAY) == []


def test_more_articles_than_candidates_are_ranked_by_the_best_of_each_channel(cache: Path) -> None:
    places = [f"{road}{number}号" for road in ("中山路", "北京路", "体育西路") for number in range(1, 151)]
    articles = [Article(place, f"{place}停车场收费", f"{place}停车场每小时收费十元。") for place in places]
    articles.append(Article("well", "井盖塌陷报修", "道路井盖破损请拨打12345。"))
    index = ArticleIndex.build(articles, cache)
    assert best(index, "路上的井盖塌了") == "well"
    assert best(index, "体育西路88号停车场怎么收费") == "体育西路88号"


def test_threads_share_an_index(index: ArticleIndex) -> None:
    queries = ["停水了", "井盖坏了", "公积金怎么提取", "面包店倒必了我的预复卡还能推款吗"] * 4
    alone = [index.search(query, 3, DAY) for query in queries]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda query: index.search(query, 3, DAY), queries)) == alone
