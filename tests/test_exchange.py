"""Articles from and to the files of others: .xlsx, .csv and .jsonl."""

from __future__ import annotations

import dataclasses
import io
import json
import random
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from kb import checking, exchange
from kb.articles import Article, read_articles
from kb.checking import Checked
from kb.errors import PackError
from kb.exchange import Problem, Row
from kb.pack import DEFAULT_PACK, CityPack

PACK = CityPack.load(DEFAULT_PACK)
ODD = [
    *(
        "'=",
        "=1+1",
        "+",
        "-",
        "@SUM(A1)",
        '"',
        "''",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "|",
        "；",
        "、",
        "，",
        ",",
        ";",
        "[",
        '["a"]',
    ),
    *("😀", "<b>&amp;", "'); DROP TABLE", "_x000D_", "_x005F_", "#N/A", "TRUE", "007", "2025-01-31", "\u2028", "井盖"),
    *("null", "{", "NaN", "\\", "\ufeff", "ＡＢ", "e\u0301", " "),
]


def silent(_: float) -> None:
    pass


def read(path: Path) -> list[Row]:
    return exchange.read(path, silent)


def check(rows: Sequence[Row], existing: Sequence[Article] = ()) -> Checked:
    return checking.check(rows, PACK, existing, silent)


def csv_file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "articles.csv"
    path.write_bytes(text.encode(encoding))
    return path


def xlsx_file(folder: Path, *rows: Sequence[object]) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet("条目")
    for row in rows:
        sheet.append(row)
    path = folder / "articles.xlsx"
    book.save(path)
    return path


def jsonl_file(folder: Path, *lines: object) -> Path:
    path = folder / "articles.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def found(checked: Checked) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.severity) for problem in checked.problems]


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".jsonl"])
def test_the_sample_pack_survives_a_round_trip(tmp_path: Path, ending: str) -> None:
    articles = read_articles(DEFAULT_PACK / "articles.jsonl")
    exchange.write(tmp_path / f"a{ending}", articles)
    checked = check(read(tmp_path / f"a{ending}"), articles)
    assert checked.articles == articles
    assert not [problem for problem in checked.problems if problem.severity == "error"]
    assert [path.name for path in tmp_path.iterdir()] == [f"a{ending}"]


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".jsonl"])
def test_any_text_survives_a_round_trip(tmp_path: Path, ending: str) -> None:
    dice = random.Random(1)

    def text() -> str:
        return "".join(dice.choices(ODD, k=dice.randint(1, 5))).strip()

    def texts() -> tuple[str, ...]:
        return tuple(filter(None, (text() for _ in range(dice.randint(0, 3)))))

    articles = [
        Article(
            f"{text()}#{number}",
            f"{text()}第{number}条",
            text() or "无",
            *(text(), texts()),
            valid_from=dice.choice((None, date(2024, 2, 29))),
            keywords=texts(),
            source=text(),
        )
        for number in range(400)
    ]
    exchange.write(tmp_path / f"a{ending}", articles)
    checked = check(read(tmp_path / f"a{ending}"))
    for before, after in zip(articles, checked.articles, strict=True):
        assert after == before
    exchange.write(tmp_path / f"b{ending}", checked.articles)
    assert check(read(tmp_path / f"b{ending}")).articles == articles


def test_an_export_holds_no_formula_and_is_one_that_excel_opens(tmp_path: Path) -> None:
    article = Article("=1+1", "=HYPERLINK()", "@SUM(A1)", keywords=("-2",))
    exchange.write(tmp_path / "a.xlsx", [article])
    cells = next(openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(min_row=2))
    assert {cell.data_type for cell in cells if cell.value} == {"s"}
    exchange.write(tmp_path / "a.csv", [article])
    assert (tmp_path / "a.csv").read_bytes().startswith("\ufeff编号,标题".encode())
    assert "'=1+1,'=HYPERLINK(),,,'@SUM(A1)" in (tmp_path / "a.csv").read_text("utf-8-sig")


def test_jsonl_exports_are_those_of_a_pack(tmp_path: Path) -> None:
    articles = read_articles(DEFAULT_PACK / "articles.jsonl")
    exchange.write(tmp_path / "a.jsonl", articles)
    assert read_articles(tmp_path / "a.jsonl") == articles


def test_columns_go_by_many_names_and_cells_by_many_forms(tmp_path: Path) -> None:
    heading = [
        "标题（必填）",
        "标准问",
        "相似问",
        "内容*",
        "部门",
        "分类",
        "适用对象",
        "有效期起",
        "有效期止",
        "关键字",
    ]
    office = next(each.name for each in PACK.departments if each.code == "shebao")
    line: list[object] = [
        "井盖报修",
        "井盖坏了？",
        "井盖塌了|井盖丢了；路上有洞",
        "打电话",
        office,
        "预付卡消费",
        "个人",
    ]
    line += [datetime.fromisoformat("2025-01-02"), "2025年3月4日", "井盖、路面，报修"]
    expected = Article(
        checking._new_id("井盖报修"),
        "井盖报修",
        "打电话",
        "井盖坏了？",
        ("井盖塌了", "井盖丢了", "路上有洞"),
        *("shebao", "market.prepaid", "个人", date(2025, 1, 2), date(2025, 3, 4), ("井盖", "路面", "报修")),
    )
    assert check(read(xlsx_file(tmp_path, heading, line))).articles == [expected]
    line[7] = "2025/1/2"
    for mark in ",;\t":
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            text = "\n".join(mark.join(map(str, cells)) for cells in (heading, line))
            assert check(read(csv_file(tmp_path, text, encoding))).articles == [expected]


def test_rows_are_counted_as_excel_counts_them(tmp_path: Path) -> None:
    path = csv_file(tmp_path, '标题,答复\n甲,"一\n二, ""三"""\n\n乙,\n丙,好,坏\n')
    checked = check(read(path))
    assert checked.articles[0].answer == '一\n二, "三"'
    assert found(checked) == [(4, "答复", "error"), (5, "", "error")]
    path = xlsx_file(tmp_path, [], ["title", "answer"], [], ["甲", 7.0], ["乙"])
    checked = check(read(path))
    assert checked.articles[0].answer == "7"
    assert found(checked) == [(5, "答复", "error")]


def test_a_sheet_whose_size_is_claimed_wrong_is_read_whole(tmp_path: Path) -> None:
    path = xlsx_file(tmp_path, ["标题", "答复"], ["甲", "一"])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    parts["xl/worksheets/sheet2.xml"] = parts["xl/worksheets/sheet2.xml"].replace(b'ref="A1:B2"', b'ref="A1"')
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    assert len(read(path)) == 1


def test_unknown_columns_are_named_once_and_ignored(tmp_path: Path) -> None:
    checked = check(read(csv_file(tmp_path, "标题,答复,点击数\n甲,一,3\n乙,二,4\n")))
    assert len(checked.articles) == 2
    assert found(checked) == [(1, "点击数", "warning")]
    checked = check(read(jsonl_file(tmp_path, {"title": "甲", "answer": "一", "hits": 3}, {"hits": {}})))
    assert found(checked)[0] == (1, "hits", "warning")


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("{oops", ""),
        ("[1]", ""),
        ('"text"', ""),
        ("[" * 100_000, ""),
        ('{"title": NaN, "answer": "x"}', "标题"),
        ('{"title": {"zh": "甲"}, "answer": "x"}', "标题"),
        ('{"title": "甲", "answer": ["x"]}', "答复"),
        ('{"title": "甲", "answer": "x", "keywords": ["a", 1]}', "关键词"),
        ('{"title": "甲", "标题": "乙", "answer": "x"}', "标题"),
        ('{"id": 7, "title": "甲", "answer": "x"}', "编号"),
        ('{"title": "甲\\ud800", "answer": "x"}', "标题"),
        ('{"answer": "x"}', "标题"),
        (f'{{"title": {"1" * 5000}}}', ""),
    ],
)
def test_a_bad_line_of_json_is_a_problem_of_its_own(tmp_path: Path, line: str, column: str) -> None:
    checked = check(read(jsonl_file(tmp_path, {"title": "好", "answer": "好"}, "", line)))
    assert [article.title for article in checked.articles] == ["好"]
    assert found(checked) == [(3, column, "error")]


def zipped(folder: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(name, content)
    return folder / "a.xlsx"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", b"\x89PNG\r\n\x00\x00", "no text"),
        ("a.csv", b"PK\x03\x04rest", "holds XLSX"),
        ("a.csv", b"PK,id", "no column"),
        ("a.csv", b'{"title": "x"}', "holds JSONL"),
        ("a.csv", "标题,问题\n".encode(), r"no column 答复 \(answer\); .* add 编号"),
        ("a.csv", "答复,问题\n".encode(), r"no column 标题 \(title\); .* add 编号"),
        ("a.csv", "编号,问题\n".encode(), r"no column 标题 \(title\) or 答复 \(answer\); name the columns there$"),
        ("a.csv", "标题,答复,内容\n".encode(), "2 times"),
        ("a.csv", "标题,答复\n甲,乙\n丙".encode() + "丁丁丁丁".encode() * 9 + b"\xe4,x", "line 3: broken text"),
        ("a.csv", b"\xff\xff\xff", "line 1: broken text"),
        ("a.csv", '标题,答复\n甲,"乙'.encode(), "row 2 is not valid CSV"),
        ("a.csv", b"\xef\xbb\xbf \r\n", "is empty"),
        ("a.jsonl", b"", "is empty"),
        ("a.jsonl", b'[{"title": "x"}]', "JSON list"),
        ("a.jsonl", b"title,answer", "holds CSV"),
        ("a.jsonl", b'{"title":\n"\xb0\xa1"}', "line 2: broken text"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0....", "old Excel"),
        ("a.xlsx", b"PK\x03\x04broken", "broken"),
        ("a.xlsx", b"title,answer", "no XLSX"),
        ("a.xls", b"\xd0\xcf\x11\xe0....", "save it as .xlsx"),
        ("a.txt", b"title,answer", "give a .xlsx"),
    ],
)
def test_files_of_no_use_are_refused_in_one_line(tmp_path: Path, name: str, content: bytes, complaint: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PackError, match=complaint) as error:
        read(tmp_path / name)
    assert str(tmp_path / name) in str(error.value)
    assert "\n" not in str(error.value)


def test_zips_that_are_no_workbook_or_a_bomb_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PackError, match="broken"):
        read(zipped(tmp_path, "word/document.xml", b"<a/>"))
    with pytest.raises(PackError, match="no column 标题"):
        read(xlsx_file(tmp_path))
    monkeypatch.setattr(exchange, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(PackError, match="unpacks to more"):
        read(zipped(tmp_path, "xl/workbook.xml", bytes(2 << 20)))


def test_a_zip_member_that_lies_about_its_size_is_broken(tmp_path: Path) -> None:
    book = io.BytesIO(xlsx_file(tmp_path, ["标题", "答复"], *[["甲" * 50, "一" * 50]] * 500).read_bytes())
    with zipfile.ZipFile(book) as parts:
        size = parts.getinfo("xl/worksheets/sheet2.xml").file_size
    path = tmp_path / "articles.xlsx"
    path.write_bytes(book.getvalue().replace(size.to_bytes(4, "little"), (900).to_bytes(4, "little")))
    with pytest.raises(PackError, match="broken"):
        read(path)


def test_files_that_are_too_large_or_missing_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(exchange.MOST_BYTES, ".csv", 1 << 20)
    with pytest.raises(PackError, match="larger than 1 MiB"):
        read(csv_file(tmp_path, "标题,答复\n" + "好" * (1 << 20)))
    with pytest.raises(PackError, match="cannot be read"):
        read(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("name", "article", "complaint"),
    [
        ("a.pdf", Article("a", "b", "c"), "unknown ending"),
        ("a.csv", Article("a", "b", "c\x00"), "control character"),
        ("a.xlsx", Article("a", "b", "好" * 32_768), "too long for XLSX"),
        ("nowhere/a.csv", Article("a", "b", "c"), "cannot be written"),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(
    tmp_path: Path, name: str, article: Article, complaint: str
) -> None:
    if "/" not in name:
        (tmp_path / name).write_text("old")
    with pytest.raises(PackError, match=complaint):
        exchange.write(tmp_path / name, [article])
    assert all(path.read_text() == "old" for path in tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".jsonl"])
def test_progress_runs_from_nothing_to_all(tmp_path: Path, ending: str) -> None:
    articles = [Article(f"id-{number}", f"标题{number}", f"答复{number}") for number in range(2500)]
    for step in ("write", "read", "check"):
        told: list[float] = []
        if step == "write":
            exchange.write(tmp_path / f"a{ending}", articles, told.append)
        elif step == "read":
            rows = exchange.read(tmp_path / f"a{ending}", told.append)
        else:
            checking.check(rows, PACK, [], told.append)
        assert told == sorted(told) and len(told) > 2
        assert (told[0], told[-1]) == (0.0, 1.0)


def test_every_field_of_an_article_has_a_heading() -> None:
    assert set(exchange.HEADINGS) == {field.name for field in dataclasses.fields(Article)}
    assert Problem(2, "标题", "缺少标题，请填写。").severity == "error"
