"""`seat kb` as people and programs call it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.cli import kb
from assistant.errors import SeatError
from assistant.store import Search, Store
from kb.errors import PackError


def seat_kb(*arguments: str) -> Result:
    return CliRunner().invoke(kb.app, list(arguments))


def test_a_question_is_answered_in_a_table() -> None:
    result = seat_kb("search", "路上井盖塌了找谁修", "--on", "2026-04-01", "--top", "1")
    assert result.exit_code == 0
    assert "kb-0117" in result.stdout
    assert "井盖缺失" in result.stdout
    assert "%" in result.stdout


def test_json_holds_the_whole_answer() -> None:
    result = seat_kb("search", "路上井盖塌了找谁修", "--json", "--top", "2", "--on", "2026-04-01")
    found = json.loads(result.stdout)
    assert found["query"] == "路上井盖塌了找谁修"
    assert len(found["articles"]) == 2
    assert set(found["articles"][0]) == {"id", "title", "answer", "score", "confidence"}
    assert found["articles"][0]["id"] == "kb-0117"
    assert len(found["articles"][0]["answer"]) > 100


def test_a_batch_gives_one_line_for_each_query_and_nothing_else(tmp_path: Path) -> None:
    queries = ["路上井盖塌了找谁修", "", "面包店倒必了，我的预复卡还能推款吗", "\ud800"]
    file = tmp_path / "queries.jsonl"
    file.write_text("".join(json.dumps({"query": query, "kind": "?"}) + "\n" for query in queries) + "\n")
    result = seat_kb("search", "--batch", str(file), "--top", "3", "--on", "2026-04-01")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["query"] for line in lines] == queries
    assert [len(line["articles"]) for line in lines] == [3, 0, 3, 0]
    assert set(lines[0]["articles"][0]) == {"id", "title", "score", "confidence"}
    assert [line["articles"][0]["id"] for line in (lines[0], lines[2])] == ["kb-0117", "kb-0217"]


def test_another_pack_is_searched_where_one_is_given(tmp_path: Path) -> None:
    article = {"id": "x-1", "title": "路灯报修", "answer": "拨打电话。"}
    (tmp_path / "articles.jsonl").write_text(json.dumps(article), encoding="utf-8")
    result = seat_kb("search", "路灯坏了", "--pack", str(tmp_path), "--json")
    assert [found["id"] for found in json.loads(result.stdout)["articles"]] == ["x-1"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"query": "停水"}\n\nstop', "line 3: not JSON"),
        ('{"query": "停水"}\n{"question": "停水"}', 'line 2: no "query"'),
        ("[]", 'line 1: no "query"'),
        ('{"query": 3}', 'line 1: no "query"'),
    ],
)
def test_a_bad_line_is_named_before_anything_is_searched(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text(content, encoding="utf-8")
    result = seat_kb("search", "--batch", str(file))
    assert isinstance(result.exception, SeatError)
    assert complaint in str(result.exception)
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["search"], "nothing to search for"),
        (["search", "  "], "nothing to search for"),
        (["search", "--batch", "/nowhere.jsonl"], "cannot be read"),
        (["search", "停水", "--batch", "/nowhere.jsonl"], "give one of them"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(arguments: list[str], complaint: str) -> None:
    result = seat_kb(*arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, SeatError)
    assert complaint in str(result.exception)
    assert "\n" not in str(result.exception)


def test_a_pack_without_articles_is_named(tmp_path: Path) -> None:
    result = seat_kb("search", "停水", "--pack", str(tmp_path))
    assert isinstance(result.exception, PackError)
    assert str(tmp_path) in str(result.exception)


def test_help_names_every_option() -> None:
    result = seat_kb("search", "--help")
    assert result.exit_code == 0
    assert all(option in result.stdout for option in ("--top", "--json", "--batch", "--pack", "--on"))


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEAT_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def test_what_is_exported_is_imported_unchanged(data_dir: Path) -> None:
    for name in ("all.xlsx", "all.csv", "all.jsonl"):
        file = str(data_dir / name)
        assert "已导出 320 条" in seat_kb("export", file).stdout
        assert seat_kb("check", file).exit_code == 0
        assert "新增 0 条，更新 0 条，320 条不变" in seat_kb("import", file, "--dry-run").stdout


def test_an_import_is_searched_and_can_be_undone(data_dir: Path) -> None:
    file = data_dir / "new.csv"
    file.write_text(
        "编号,标题,答复\nkb-0001,社保流水打印,打12333。\nnew-1,共享陀螺租赁备案,到区体育局办理。\n", "utf-8"
    )
    assert "将新增 1 条，更新 1 条" in seat_kb("import", str(file), "--dry-run").stdout
    assert "没有改动" in seat_kb("versions", "kb-0001").stdout
    assert "已新增 1 条，更新 1 条" in seat_kb("import", str(file), "--by", "小陈").stdout
    assert "new-1" in seat_kb("search", "共享陀螺怎么备案", "--top", "1").stdout
    assert "打12333。" in seat_kb("search", "社保流水怎么打印", "--top", "1").stdout
    listed = seat_kb("versions", "kb-0001", "--restore", "1", "--by", "小李").stdout
    assert all(word in listed for word in ("小陈", "小李", "恢复", "城市数据包"))
    assert "打12333。" not in seat_kb("search", "社保流水怎么打印", "--top", "1").stdout


def test_a_file_with_wrong_rows_changes_nothing_unless_they_are_left_out(data_dir: Path) -> None:
    file = data_dir / "new.csv"
    file.write_text("编号,标题,答复\nnew-1,共享陀螺租赁备案,到区体育局办理。\nnew-2,,没有标题\n", "utf-8")
    result = seat_kb("import", str(file))
    assert isinstance(result.exception, SeatError)
    assert "3 " in result.stdout
    assert "缺少标题" in result.stdout
    assert "没有改动" in seat_kb("versions", "kb-0001").stdout
    assert isinstance(seat_kb("check", str(file)).exception, SeatError)
    assert "已新增 1 条" in seat_kb("import", str(file), "--skip-errors").stdout


def test_what_is_due_for_review_is_listed_until_it_is_reviewed(data_dir: Path) -> None:
    assert "kb-0004" in seat_kb("review", "--since", "2020-01-01").stdout
    assert "kb-0117" in seat_kb("review").stdout
    assert "已复核" in seat_kb("review", "kb-0117", "--by", "小陈").stdout
    assert "kb-0117" not in seat_kb("review").stdout
    assert isinstance(seat_kb("review", "nothing").exception, SeatError)


def test_phone_book_and_tips_are_found_by_initials() -> None:
    assert "社会保险" in seat_kb("tips", "sbj", "--top", "1").stdout
    assert "没有找到" in seat_kb("tips", "zzzzzz").stdout


def refused(result: Result) -> str:
    """What a command that failed has said, in one line."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SeatError), result.exception
    assert "\n" not in str(result.exception)
    return str(result.exception)


def editor(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An editor that runs `script` on the text of its file."""
    program = folder / "editor.py"
    program.write_text(
        f"import pathlib, os, sys\nfile = pathlib.Path(sys.argv[1])\ntext = file.read_text('utf-8')\n{script}\n"
        "file.write_text(text, 'utf-8')\nos.utime(file, (2e9, 2e9))\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {program}")


def test_an_article_is_edited_by_its_options(data_dir: Path) -> None:
    options = ("--answer", "打12333。", "--department", "广州市公安局", "--keywords", "社保|流水", "--by", "小陈")
    assert "kb-0001 已保存为第 2 版。" in seat_kb("edit", "kb-0001", *options).stdout
    assert "打12333。" in seat_kb("search", "社保流水怎么打印", "--top", "1").stdout
    assert "小陈" in seat_kb("versions", "kb-0001").stdout
    assert "没有改动" in seat_kb("edit", "kb-0001", "--answer", "打12333。").stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nothing", "--title", "x"), "没有条目 nothing"),
        (("kb-0001", "--title", ""), "标题：缺少标题"),
        (("kb-0001", "--valid-to", "明年"), "失效日期：“明年”不是日期"),
        (("kb-0001", "--department", "没有的局"), "承办单位：城市包里没有“没有的局”"),
        (("kb-0001", "--title", "x", "--version", "7"), "kb-0001 已有第 1 版"),
    ],
)
def test_an_edit_that_cannot_be_saved_is_refused(data_dir: Path, arguments: tuple[str, ...], complaint: str) -> None:
    assert complaint in refused(seat_kb("edit", *arguments))
    assert "没有改动" in seat_kb("versions", "kb-0001").stdout


def test_an_article_is_edited_as_a_whole(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(data_dir, monkeypatch, r"text = text.replace('# 答复\n', '# 答复\n先打12333。\n\n')")
    assert "已保存为第 2 版" in seat_kb("edit", "kb-0001").stdout
    found = json.loads(seat_kb("search", "社保流水怎么打印", "--json").stdout)["articles"][0]
    assert found["id"] == "kb-0001"
    assert found["answer"].startswith("先打12333。\n\n")
    editor(data_dir, monkeypatch, "")
    assert "没有改动" in seat_kb("edit", "kb-0001").stdout


def test_what_is_wrong_is_put_right_in_the_editor(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = r"text = text.replace('# 失效日期\n', '# 失效日期\n明年')"
    right = f"text = text.replace('明年', '2030-01-01') if '#! 失效日期：' in text else {wrong[7:]}"
    editor(data_dir, monkeypatch, right)
    assert "已保存为第 2 版" in seat_kb("edit", "kb-0001").stdout
    editor(data_dir, monkeypatch, "text = text if '#! 失效日期：' in text else text.replace('2030-01-01', '明年')")
    assert "失效日期：“明年”不是日期" in refused(seat_kb("edit", "kb-0001"))


def test_an_edit_made_meanwhile_is_not_overwritten(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "from typer.testing import CliRunner; from assistant.cli import kb; "
    other += "CliRunner().invoke(kb.app, ['edit', 'kb-0001', '--source', '另一人'])"
    editor(data_dir, monkeypatch, f"{other}\ntext = text.replace('# 来源\\n', '# 来源\\n我')")
    said = refused(seat_kb("edit", "kb-0001"))
    assert "kb-0001 已有第 2 版" in said
    draft = Path(said.rpartition("您的改动存在 ")[2].rstrip("。"))
    assert "# 来源\n我" in draft.read_text("utf-8")
    draft.unlink()
    assert "第 3 版" not in seat_kb("versions", "kb-0001").stdout


def test_without_an_editor_the_options_are_named(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "/no/such/editor")
    assert "EDITOR" in refused(seat_kb("edit", "kb-0001"))


def test_what_nobody_answered_is_listed(data_dir: Path) -> None:
    assert "没有答上来的问题：没有。" in seat_kb("gaps").stdout
    store = Store(f"sqlite:///{data_dir / 'data' / 'calls.db'}")
    store.add_search(Search("火星签证怎么办", 0, "", "1"))
    store.close()
    told = seat_kb("gaps", "--days", "7").stdout
    assert "手动检索 1 次，没有点开 1 次" in told
    assert "火星签证怎么办" in told
    assert "没有用过的条目 320 条，列出前 20 条" in told
    report = json.loads(seat_kb("gaps", "--json").stdout)
    assert report["unanswered"][0]["examples"] == ["火星签证怎么办"]
