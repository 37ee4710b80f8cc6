"""Reading the knowledge articles of a city pack."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from kb.articles import Article, read_articles
from kb.errors import PackError
from kb.pack import DEFAULT_PACK

PLAIN = {"id": "kb-1", "title": "井盖报修", "answer": "拨打12345。"}


def written(folder: Path, *rows: object) -> Path:
    path = folder / "articles.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_the_sample_pack_reads_whole() -> None:
    articles = read_articles(DEFAULT_PACK / "articles.jsonl")
    assert len(articles) == 320
    first = articles[0]
    assert (first.id, first.title) == ("kb-0001", "个人社保缴费明细（流水）线上与自助打印")
    assert first.similar_questions[0] == "社保流水在哪里打"
    assert (first.valid_from, first.valid_to) == (date(2024, 3, 1), None)
    assert (first.department, first.category, first.caller_kind) == ("shebao", "social.query", "个人")
    assert "流水" in first.keywords and first.source


def test_only_id_title_and_answer_are_needed(tmp_path: Path) -> None:
    assert read_articles(written(tmp_path, PLAIN, "")) == [Article("kb-1", "井盖报修", "拨打12345。")]


def test_an_answer_holds_from_its_first_to_its_last_day() -> None:
    article = Article("a", "b", "c", valid_from=date(2025, 1, 1), valid_to=date(2025, 6, 30))
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 6, 30), date(2025, 7, 1)]
    assert [article.valid_on(day) for day in days] == [False, True, True, False]
    assert Article("a", "b", "c").valid_on(date(1990, 1, 1))


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ({"id": "kb-2", "title": "井盖"}, "answer is missing"),
        ({**PLAIN, "id": " "}, "id is missing"),
        ({**PLAIN, "id": 7}, "id is not text"),
        ({**PLAIN, "id": "kb-2", "keywords": "井盖"}, "keywords is not a list"),
        ({**PLAIN, "id": "kb-2", "valid_from": "2025-02-30"}, "YYYY-MM-DD"),
        ({**PLAIN, "id": "kb-2", "valid_from": "2025-02-02", "valid_to": "2025-02-01"}, "lies before"),
        (PLAIN, "id kb-1 is already used in line 1"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, bad: object, complaint: str) -> None:
    path = written(tmp_path, PLAIN, "", bad)
    with pytest.raises(PackError, match=complaint) as error:
        read_articles(path)
    assert f"{path}, line 3" in str(error.value)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read"):
        read_articles(tmp_path / "nowhere.jsonl")
    (tmp_path / "gbk.jsonl").write_bytes('{"id": "最低工资"}'.encode("gbk"))
    with pytest.raises(PackError, match="not UTF-8"):
        read_articles(tmp_path / "gbk.jsonl")
