"""Rows made into articles: what is wrong with them, what they replace and what they keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kb import checking, exchange
from kb.articles import Article
from kb.checking import Checked
from kb.exchange import Row
from kb.pack import DEFAULT_PACK, CityPack

PACK = CityPack.load(DEFAULT_PACK)
ANSWER = "带身份证到街道政务服务中心办理，当场办结，不收费；也可以在手机上办，三个工作日内寄到家里。"
FULL = Article(
    *("a-1", "停水报修", "旧答复", "停水了找谁？", ("家里没水", "水龙头没水"), "shebao", "market.prepaid", "个人"),
    *(date(2025, 1, 2), date(2025, 3, 4), ("停水", "报修"), "水务局"),
)


def silent(_: float) -> None:
    pass


def check(rows: Sequence[Row], existing: Sequence[Article] = ()) -> Checked:
    return checking.check(rows, PACK, existing, silent)


def row(number: int = 2, **cells: str) -> Row:
    return Row(number, {"title": f"标题{number}", "answer": f"答复{number}", **cells})


def found(checked: Checked) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.severity) for problem in checked.problems]


def rows_of_csv(folder: Path, text: str) -> list[Row]:
    (folder / "a.csv").write_text(text, encoding="utf-8")
    return exchange.read(folder / "a.csv", silent)


def rows_of_jsonl(folder: Path, *records: dict[str, object]) -> list[Row]:
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    (folder / "a.jsonl").write_text(text, encoding="utf-8")
    return exchange.read(folder / "a.jsonl", silent)


@pytest.mark.parametrize(
    ("cells", "column", "severity", "reason"),
    [
        ({"title": " "}, "标题", "error", "缺少标题"),
        ({"answer": ""}, "答复", "error", "缺少答复"),
        ({"department": "火星局"}, "承办单位", "error", "火星局"),
        ({"category": "market"}, "事项分类", "error", "最末一级"),
        ({"caller_kind": "猫"}, "诉求人类型", "error", "个人、企业或不限"),
        ({"valid_from": "明天"}, "生效日期", "error", "不是日期"),
        ({"valid_to": "2025-02-30"}, "失效日期", "error", "不是日期"),
        ({"valid_from": "2025-02-02", "valid_to": "2025.2.1"}, "失效日期", "error", "早于"),
        ({"keywords": "标题2、好"}, "关键词", "warning", "和标题相同"),
        ({"answer": "好" * 32_768}, "答复", "warning", "XLSX"),
        ({"answer": "😀" * 16_384}, "答复", "warning", "XLSX"),
        ({"source": "a\x07b"}, "来源", "error", "U+0007"),
    ],
)
def test_what_is_wrong_with_a_cell_is_said(cells: dict[str, str], column: str, severity: str, reason: str) -> None:
    checked = check([row(**cells)])
    assert found(checked) == [(2, column, severity)]
    assert reason in checked.problems[0].reason
    assert len(checked.articles) == (severity == "warning")


def test_ids_and_titles_are_each_used_once() -> None:
    rows = [
        row(2, id="a", title="井盖 报修", answer="甲"),
        row(3, id="a", answer="乙"),
        row(4, title="井盖（报修）！", answer="丙"),
        row(5, title="路灯报修", answer="丁"),
        row(6, id="kb-2", title="停水", answer="戊"),
    ]
    existing = [Article("kb-1", "路灯，报修", "己"), Article("kb-2", "停水", "庚")]
    checked = check(rows, existing)
    assert found(checked) == [(3, "编号", "error"), (4, "标题", "error"), (5, "标题", "error")]
    assert "第2行" in checked.problems[0].reason and "kb-1" in checked.problems[2].reason
    assert [article.id for article in checked.articles] == ["a", "kb-2"]


def test_articles_may_swap_their_titles() -> None:
    existing = [Article("a", "停水", "一"), Article("b", "停电", "二")]
    rows = [row(2, id="a", title="停电", answer="二"), row(3, id="b", title="停水", answer="一")]
    assert check(rows, existing) == Checked([Article("a", "停电", "二"), Article("b", "停水", "一")], [])


def test_importing_twice_updates() -> None:
    first = check([row(title="停水报修", answer="旧")]).articles
    again = check([row(title="停水报修", answer="新")], first)
    assert again.articles[0].id == first[0].id and not again.problems


def test_twins_are_pointed_out() -> None:
    existing = [Article("kb-1", "补办身份证", ANSWER), Article("kb-2", "停水报修", "拨打供水热线，两小时内上门。")]
    rows = [
        row(2, title="身份证补办", answer=ANSWER.replace("三个", "五个")),
        row(3, title="社保卡怎么挂失", answer="拨打服务热线，或在手机上办理，即时生效。"),
        row(4, title="身份证的补办", answer=ANSWER.replace("当场", "马上")),
    ]
    checked = check(rows, existing)
    assert len(checked.articles) == 3
    assert found(checked) == [(2, "", "warning"), (4, "", "warning")]
    assert "知识库条目 kb-1《补办身份证》" in checked.problems[0].reason


def test_columns_that_a_csv_lacks_keep_what_the_article_has(tmp_path: Path) -> None:
    other = Article("a-2", "停电报修", "拨打95598。", keywords=("停电",))
    rows = rows_of_csv(tmp_path, "编号,答复\na-1,新答复\na-2,拨打95598或供电所。\n")
    expected = [replace(FULL, answer="新答复"), replace(other, answer="拨打95598或供电所。")]
    assert check(rows, [FULL, other]) == Checked(expected, [])
    rows = rows_of_csv(tmp_path, "标题,编号\n停水怎么报修,a-1\n")
    assert check(rows, [FULL]).articles == [replace(FULL, title="停水怎么报修")]


def test_blank_cells_of_a_csv_clear_what_the_article_has(tmp_path: Path) -> None:
    cleared = replace(FULL, answer="新答复", valid_to=None, keywords=(), department="")
    for line in ("a-1,新答复, ,,", "a-1,新答复"):  # a line may leave out the blanks at its end
        rows = rows_of_csv(tmp_path, f"编号,答复,失效日期,关键词,承办单位\n{line}\n")
        assert check(rows, [FULL]) == Checked([cleared], [])
    assert found(check(rows_of_csv(tmp_path, "编号,标题,答复\na-1,,新\n"), [FULL])) == [(2, "标题", "error")]


def test_items_that_a_line_of_json_lacks_keep_what_the_article_has_and_blank_ones_clear_it(tmp_path: Path) -> None:
    rows = rows_of_jsonl(tmp_path, {"id": "a-1", "answer": "新答复"})
    assert check(rows, [FULL]) == Checked([replace(FULL, answer="新答复")], [])
    rows = rows_of_jsonl(tmp_path, {"id": "a-1", "valid_from": None, "valid_to": "", "similar_questions": []})
    cleared = replace(FULL, valid_from=None, valid_to=None, similar_questions=())
    assert check(rows, [FULL]) == Checked([cleared], [])
    rows = rows_of_jsonl(tmp_path, {"id": "a-1", "标题": None, "title": "停水", "answer": ""})
    assert found(check(rows, [FULL])) == [(1, "答复", "error"), (1, "关键词", "warning")]


def test_a_row_that_is_of_no_article_needs_a_title_of_its_own(tmp_path: Path) -> None:
    checked = check(rows_of_csv(tmp_path, "编号,答复\na-9,新答复\n,新答复\n"), [FULL])
    assert found(checked) == [(2, "标题", "error"), (3, "标题", "error")]
    assert [problem.reason for problem in checked.problems] == [
        "缺少标题（知识库里没有编号 a-9），请填写。",
        "缺少标题，请填写。",
    ]
    assert found(check(rows_of_jsonl(tmp_path, {"id": "a-9", "title": "新"}), [FULL])) == [(1, "答复", "error")]


def test_a_row_without_id_keeps_what_the_article_made_of_its_title_has() -> None:
    first = check([row(title="停水报修", source="水务局")]).articles
    assert check([row(title="停水 报修", answer="新")], first).articles[0].source == "水务局"


def test_what_is_kept_is_checked_only_against_what_is_new() -> None:
    old = replace(FULL, department="closed", caller_kind="猫", valid_from=date(2026, 1, 1))
    assert check([Row(2, {"id": "a-1", "answer": "新"})], [old]).articles == [replace(old, answer="新")]
    for field, day in (("valid_from", "2025-03-05"), ("valid_to", "2025-01-01")):
        checked = check([Row(2, {"id": "a-1", field: day})], [FULL])
        assert found(checked) == [(2, exchange.HEADINGS[field][0], "error")]
    checked = check([Row(2, {"id": "a-1", "title": "停水"})], [FULL])
    assert found(checked) == [(2, "关键词", "warning")]


def test_rows_of_one_article_without_titles_share_its_id() -> None:
    checked = check([Row(2, {"id": "a-1", "answer": "甲"}), Row(3, {"id": "a-1", "answer": "乙"})], [FULL])
    assert found(checked) == [(3, "编号", "error")]


def test_a_row_with_an_error_is_not_told_that_its_article_has_its_title() -> None:
    checked = check([row(id="a-1", title="停水报修", valid_from="明天")], [FULL])
    assert found(checked) == [(2, "生效日期", "error")]
    checked = check([row(id="a-2", title="停水报修", valid_from="明天")], [FULL])
    assert found(checked) == [(2, "生效日期", "error"), (2, "标题", "error")]


def test_no_rows_make_no_articles() -> None:
    assert check([]) == Checked([], [])
    assert check([], [Article("a", "b", "c")]) == Checked([], [])
