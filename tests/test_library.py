"""The articles as editors keep them: versions, review, and the index that follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.library import Library, NoSuchArticle
from assistant.seat import Knowledge
from assistant.store import Store
from kb.articles import Article, article_line, read_articles
from kb.pack import DEFAULT_PACK

DAY = date(2026, 4, 1)
LAMP = Article("a", "路灯报修", "拨打12345。", valid_to=date(2026, 4, 20))
WATER = Article("b", "停水通知查询", "见水务局公告。")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "articles.jsonl").write_text(f"{article_line(LAMP)}\n{article_line(WATER)}\n", "utf-8")
    return tmp_path / "pack"


@pytest.fixture
def library(store: Store, pack: Path) -> Library:
    return Library(store, pack)


def test_until_somebody_changes_one_the_packs_articles_are_the_library(library: Library, pack: Path) -> None:
    assert library.state() == ""
    assert library.articles() == [LAMP, WATER]
    (pack / "articles.jsonl").write_text(article_line(WATER), "utf-8")
    assert library.articles() == [WATER]
    assert library.versions("b") == []
    found = library.find("b")
    assert found is not None
    assert (found.article, found.version, found.changed_by) == (WATER, 1, "")


def test_a_change_is_a_new_version_with_who_and_when(library: Library) -> None:
    better = replace(LAMP, answer="拨打12345或上报小程序。")
    written = library.write([better, WATER, Article("c", "井盖报修", "拨打12345。")], "小陈")
    assert (written.added, written.changed, written.unchanged) == (1, 1, 1)
    assert library.articles() == [better, WATER, Article("c", "井盖报修", "拨打12345。")]
    newest, first = library.versions("a")
    assert (newest.number, newest.by, newest.action, newest.article) == (2, "小陈", "edit", better)
    assert (first.number, first.by, first.action, first.article) == (1, "", "pack", LAMP)
    assert newest.at >= first.at


def test_what_was_taken_out_can_be_brought_back(library: Library) -> None:
    library.delete("a", "小陈")
    assert library.articles() == [WATER]
    with pytest.raises(NoSuchArticle):
        library.delete("a", "小陈")
    library.restore("a", 1, "小李")
    assert library.articles() == [LAMP, WATER]
    assert [version.action for version in library.versions("a")] == ["restore", "delete", "pack"]
    with pytest.raises(NoSuchArticle):
        library.restore("a", 9, "小李")


def test_taking_everything_out_does_not_bring_the_packs_articles_back(library: Library) -> None:
    library.delete("a", "小陈")
    library.delete("b", "小陈")
    assert library.articles() == []


def test_an_import_that_fails_leaves_everything_as_it_was(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.write([replace(LAMP, answer="旧答复。")], "小陈")
    state = library.state()
    monkeypatch.setattr("assistant.library.AT_ONCE", 1)

    def fail(part: float) -> None:
        if part > 0:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        library.write([replace(LAMP, answer="新答复。"), Article("d", "新条目", "新。")], "小陈", "import", fail)
    assert library.state() == state
    assert library.articles()[0].answer == "旧答复。"


def test_the_review_list_names_what_expires_and_what_nobody_looked_at(library: Library) -> None:
    due = library.due(30, DAY, DAY)
    assert [(one.article.id, one.reasons) for one in due] == [
        ("a", ("将于 2026-04-20 失效（19 天后）", "从未复核")),
        ("b", ("从未复核",)),
    ]
    library.reviewed("b", "小陈")
    assert [one.article.id for one in library.due(30, date(2020, 1, 1), DAY)] == ["a"]
    assert library.due(0, date(2020, 1, 1), DAY)[0].reasons == ("从未复核",)
    assert library.due(0, date(2020, 1, 1), date(2026, 5, 1))[0].reasons == ("已于 2026-04-20 失效",)
    kept = library.find("b")
    assert kept is not None
    assert (kept.article, kept.version, kept.reviewed_by) == (WATER, 1, "小陈")
    library.delete("b", "小陈")
    assert library.find("b") is None
    assert library.find("nothing") is None
    assert [version.number for version in library.versions("b")] == [2, 1]


def test_a_library_belongs_to_its_pack(library: Library, tmp_path: Path) -> None:
    library.delete("a", "小陈")
    other = Library(Store(f"sqlite:///{tmp_path / 'calls.db'}"), DEFAULT_PACK)
    assert other.state() == ""
    assert other.articles() == read_articles(DEFAULT_PACK / "articles.jsonl")


def test_a_running_server_takes_up_what_changed(tmp_path: Path) -> None:
    library = Library(Store(f"sqlite:///{tmp_path / 'calls.db'}"), DEFAULT_PACK)
    knowledge = Knowledge(DEFAULT_PACK, library=library)
    before = knowledge.index
    assert not knowledge.refresh()
    library.write([Article("new", "共享陀螺租赁备案", "到区体育局办理。")], "小陈")
    assert knowledge.refresh()
    assert not knowledge.refresh()
    assert knowledge.index.search("共享陀螺怎么备案", 1, DAY)[0].article.id == "new"
    assert len(before.articles) == len(knowledge.index.articles) - 1
    assert before.search("共享陀螺怎么备案", 1, DAY)[0].article.id != "new"
