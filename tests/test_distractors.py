"""A pack with a great many articles beside its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SeatError
from benchmarks.distractors import ANSWER, SLOT, TITLE, Nearness, distractors
from kb.articles import read_articles
from kb.pack import DEFAULT_PACK, CityPack

COUNT = 500


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    out = tmp_path_factory.mktemp("distractors") / "pack"
    distractors(out, articles=COUNT)
    return CityPack.load(out)


def test_the_pack_keeps_its_own_articles_and_gets_as_many_as_asked(grown: CityPack) -> None:
    own = read_articles(CityPack.load(DEFAULT_PACK).articles_path)
    articles = read_articles(grown.articles_path)
    assert len(articles) == COUNT
    assert articles[: len(own)] == own
    assert [article.id for article in articles[len(own) :]][:2] == ["kbx-000001", "kbx-000002"]
    assert len({article.title for article in articles}) == COUNT


def test_what_is_generated_reads_like_an_article(grown: CityPack) -> None:
    departments = {each.code for each in grown.departments}
    leaves = {each.code for each in grown.leaves}
    near = Nearness(read_articles(CityPack.load(DEFAULT_PACK).articles_path))
    for article in read_articles(grown.articles_path):
        if article.id.startswith("kbx-"):
            assert article.department in departments
            assert article.category in leaves
            assert TITLE[0] <= len(article.title) <= TITLE[1], article.title
            assert ANSWER[0] <= len(article.answer) <= ANSWER[1], article.answer
            assert 2 <= len(article.similar_questions) <= 4
            assert article.keywords and article.caller_kind in ("个人", "企业", "不限")
            assert not SLOT.search(
                article.title + article.question + article.answer + "".join(article.similar_questions)
            )
            assert not near(article), article.title


def test_the_same_is_written_again(grown: CityPack, tmp_path: Path) -> None:
    distractors(tmp_path / "again", articles=COUNT)
    assert (tmp_path / "again" / "articles.jsonl").read_bytes() == grown.articles_path.read_bytes()


def test_what_exists_is_left_alone_and_too_few_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SeatError, match="exists"):
        distractors(tmp_path)
    with pytest.raises(SeatError, match="alone has"):
        distractors(tmp_path / "new", articles=10)
    assert not (tmp_path / "new").exists()
