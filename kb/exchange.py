"""Articles in and out as files of others: .xlsx, .csv and .jsonl. kb/checking.py makes articles of the rows.

What `write` wrote, `read` and `check` give back as equal articles: see `_cell` for lists, `_LIKE_FORMULA` for CSV and
`_ESCAPED` for XLSX.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, time
from itertools import zip_longest
from pathlib import Path
from typing import Literal, TypeVar

import openpyxl  # type: ignore[import-untyped]
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

from kb.articles import Article, article_line
from kb.errors import PackError

T = TypeVar("T")
Report = Callable[[float], None]
"""Told how much is done, 0..1."""

HEADINGS: dict[str, tuple[str, ...]] = {
    "id": ("编号", "条目编号"),
    "title": ("标题", "条目标题"),
    "question": ("问题", "标准问", "标准问题"),
    "similar_questions": ("相似问法", "相似问", "相似问题"),
    "answer": ("答复", "内容", "答案", "正文", "答复内容"),
    "department": ("承办单位", "部门", "承办部门"),
    "category": ("事项分类", "分类"),
    "caller_kind": ("诉求人类型", "适用对象"),
    "valid_from": ("生效日期", "有效期起"),
    "valid_to": ("失效日期", "有效期止"),
    "keywords": ("关键词", "关键字"),
    "source": ("来源",),
}
"""Chinese headings of each field of an article; the first is the one that is written."""
SEPARATORS: dict[str, str] = {"similar_questions": r"[\r\n|；]", "keywords": r"[\r\n|；、，]"}

MOST_BYTES = {".xlsx": 64 << 20, ".csv": 512 << 20, ".jsonl": 512 << 20}
MOST_UNPACKED = 1 << 30
"""Bytes of an XLSX's parts once unpacked: some kilobytes can unpack to gigabytes."""
MOST_ROWS, MOST_COLUMNS = 1_048_576, 256
"""Of an XLSX. The first is Excel's own limit; a file can claim any, and openpyxl would make empty cells up to there."""
MOST_IN_CELL = 32_767
"""UTF-16 units that Excel keeps of a cell; openpyxl cuts off the rest without a word."""
STEP = 1000
"""Rows between two reports of progress."""

_FIELDS = {name: field for field, names in HEADINGS.items() for name in (field, *names)}
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LIKE_FORMULA = re.compile(r"'*[=+\-@]")
"""CSV cells that Excel would run, or that look like one made harmless: written with one more ' before, read with one
less."""
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
"""How XLSX writes a character that XML would change, such as a carriage return."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person should look at; rows with an error give no article."""

    row: int
    """As the file's own program counts: the heading is row 1; of JSONL, the line."""
    column: str
    """Chinese heading, or an unknown column's own; empty for the whole row."""
    reason: str
    """One sentence in Chinese with what to do."""
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read: the text of its cells by field of Article, and what is wrong with its form."""

    row: int
    cells: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


def read(path: Path, report: Report) -> list[Row]:
    """The rows of a .xlsx, .csv or .jsonl file that are not blank, unchecked.

    Raises PackError where the file as a whole cannot be used.
    """
    report(0.0)
    kind, data = _load(path)
    if kind == ".jsonl":
        rows = _json_rows(_text(path, data, ("utf-8-sig",)), report)
    elif kind == ".csv":
        rows = _table_rows(path, _csv_lines(path, _text(path, data, ("utf-8-sig", "gb18030")), report))
    else:
        rows = _table_rows(path, _xlsx_lines(path, data, report))
    report(1.0)
    return rows


def write(path: Path, articles: Sequence[Article], report: Report = lambda _: None) -> None:
    """Export to .xlsx, .csv or .jsonl, by the name's ending; a file that is there is replaced once all is written.

    Raises PackError for another ending, for what the format cannot hold, and where the disk refuses.
    """
    kind = path.suffix.lower()
    if kind not in MOST_BYTES:
        raise PackError(f"{path} has an unknown ending; name it .xlsx, .csv or .jsonl")
    for article in articles:
        _refuse_unwritable(article, kind)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        {".xlsx": _save_xlsx, ".csv": _save_csv, ".jsonl": _save_jsonl}[kind](draft, articles, report)
        os.replace(draft, path)
        report(1.0)
    except OSError as error:
        raise PackError(f"{path} cannot be written ({error.strerror}); choose another folder or free space") from error
    finally:
        draft.unlink(missing_ok=True)


def _load(path: Path) -> tuple[str, bytes]:
    """The ending that a file's content deserves, which is the one it has, and the content."""
    kind = path.suffix.lower()
    if kind not in MOST_BYTES:
        hint = "save it as .xlsx" if kind in (".xls", ".et", ".ods") else "give a .xlsx, .csv or .jsonl file"
        raise PackError(f"{path} is of a kind that is not read; {hint}")
    try:
        if path.stat().st_size > MOST_BYTES[kind]:
            raise PackError(f"{path} is larger than {MOST_BYTES[kind] >> 20} MiB; split it into several files")
        data = path.read_bytes()
    except OSError as error:
        raise PackError(f"{path} cannot be read ({error.strerror}); give a .xlsx, .csv or .jsonl file") from error
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise PackError(f"{path} is empty; give a file with a heading row and articles")
    found = _kind(path, data)
    if found != kind:
        raise PackError(f"{path} is named {kind} but holds {found[1:].upper()}; give it the ending {found}")
    return kind, data


def _kind(path: Path, data: bytes) -> str:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise PackError(f"{path} is encrypted; remove its password in Excel and save it again")
        raise PackError(f"{path} is an old Excel file (.xls); open it in Excel and save it as .xlsx")
    if data.startswith((b"PK\3\4", b"PK\5\6")):
        return ".xlsx"
    if path.suffix.lower() == ".xlsx":
        raise PackError(f"{path} is no XLSX file; save it as .xlsx in Excel, or give CSV the ending .csv")
    if b"\0" in data:
        raise PackError(f"{path} is no text in UTF-8 or GB18030; save it as CSV UTF-8 in Excel")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"[":
        raise PackError(f"{path} holds a JSON list; write one article as one JSON object a line")
    return ".jsonl" if start == b"{" else ".csv"


def _text(path: Path, data: bytes, encodings: Collection[str]) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            # GB18030 can read most bytes as some characters. Text that is UTF-8 but for a few bytes is not that.
            mended = data.decode("utf-8", "replace")
            if mended.count("\ufffd") * 10 < len(mended) - len(mended.encode("ascii", "ignore")):
                break
    raise PackError(f"{path}, line {line}: broken text; save it as UTF-8")


def _csv_lines(path: Path, text: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row that is not blank."""
    csv.field_size_limit(MOST_BYTES[".csv"])  # the default refuses cells over 131,072 characters, with a poor reason
    total = text.count("\n") + 1
    headings = {mark: next(csv.reader(io.StringIO(text.lstrip(), ""), delimiter=mark), []) for mark in ",;\t"}
    delimiter = max(headings, key=lambda mark: sum(_field(cell) is not None for cell in headings[mark]))
    lines = csv.reader(io.StringIO(text, ""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if any(cell.strip() for cell in line):
                yield number, [cell[1:] if cell[:1] == "'" and _LIKE_FORMULA.match(cell) else cell for cell in line]
            if number % STEP == 0:
                report(min(number / total, 1.0))
    except csv.Error as error:
        raise PackError(f"{path} row {number + 1} is not valid CSV ({error}): correct its quotes") from error


def _xlsx_lines(path: Path, data: bytes, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row that is not blank, of the first sheet that has one."""
    _refuse_bad_zip(path, data)
    warnings.filterwarnings("ignore", module="openpyxl")  # styles and validations that it leaves out
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        with closing(book):
            for sheet in book.worksheets:
                total = sheet.max_row or MOST_ROWS
                sheet.reset_dimensions()  # some programs write A1 there, whatever the sheet holds
                number = 0
                lines = sheet.iter_rows(max_row=MOST_ROWS, max_col=MOST_COLUMNS, values_only=True)
                for row, line in enumerate(lines, start=1):
                    if any(cell is not None for cell in line):
                        number = row
                        yield row, [_cell_text(cell) for cell in line]
                    if row % STEP == 0:
                        report(min(row / total, 1.0))
                if number:
                    return
    except Exception as error:  # openpyxl raises whatever its parser meets in a broken file
        raise PackError(f"{path} is broken ({type(error).__name__}); save it again as .xlsx in Excel") from error


def _refuse_bad_zip(path: Path, data: bytes) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise PackError(f"{path} is broken ({error}); save it again as .xlsx in Excel") from error
    if any(member.flag_bits & 1 for member in members):
        raise PackError(f"{path} is encrypted; remove its password and save it again")
    # Python reads no more of a member than it claims here, so a false claim makes a broken file, not a bomb.
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise PackError(f"{path} unpacks to more than {MOST_UNPACKED >> 30} GiB; split it into several files")


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(value))


def _field(heading: str) -> str | None:
    """The field of Article that a heading names, if any: 标题*, 标题（必填） and Title are all the title."""
    return _FIELDS.get(re.sub(r"[\s*＊\ufeff]|（.*?）|\(.*?\)", "", heading).lower())


def _table_rows(path: Path, lines: Iterator[tuple[int, list[str]]]) -> list[Row]:
    top, heading = next(lines, (1, []))
    names = [_field(cell) for cell in heading]
    lacks = [field for field in ("title", "answer") if field not in names]
    if lacks and (len(lacks) == 2 or "id" not in names):
        columns = " or ".join(f"{HEADINGS[field][0]} ({field})" for field in lacks)
        hint = "name the columns there" + ("" if len(lacks) == 2 else ", or add 编号 (id) to update articles")
        raise PackError(f"{path} row {top} has no column {columns}; {hint}")
    for field, count in Counter(filter(None, names)).items():
        if count > 1:
            raise PackError(f"{path} row {top} names {HEADINGS[field][0]} ({field}) {count} times; keep one of them")
    problems = [
        Problem(top, cell.strip(), "不认识这一列，已忽略；需要导入请改用模板里的列名。", "warning")
        for cell, name in zip(heading, names, strict=True)
        if cell.strip() and name is None
    ]
    rows = []
    for number, line in lines:
        if any(cell.strip() for cell in line[len(names) :]):
            reason = f"这一行有{len(line)}格，比表头多；内容里有分隔符的，请在两端加英文双引号。"
            problems.append(Problem(number, "", reason))
        cells = {name: cell for name, cell in zip_longest(names, line[: len(names)], fillvalue="") if name}
        rows.append(Row(number, cells, tuple(problems)))
        problems = []
    return rows


def _json_rows(text: str, report: Report) -> list[Row]:
    lines = _told(text.split("\n"), report)  # at line feeds only, as in kb/articles.py
    unknown: set[str] = set()
    return [_json_row(number, line, unknown) for number, line in enumerate(lines, start=1) if line.strip()]


def _json_row(number: int, line: str, unknown: set[str]) -> Row:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        return Row(number, {}, (Problem(number, "", "这一行不是 JSON 对象，请每行写一个 {…}，不要换行。"),))
    return row(record, number, unknown)


def row(record: Mapping[str, object], number: int = 1, unknown: set[str] | None = None) -> Row:
    """A row given as an object by names of fields; names in `unknown` were reported before."""
    unknown = set() if unknown is None else unknown
    cells: dict[str, str] = {}
    problems = []
    blank: set[str] = set()
    for name, value in record.items():
        field = _field(name)
        if field is None:
            if name not in unknown:
                problems.append(Problem(number, name, "不认识这一项，已忽略；需要导入请改用模板里的名称。", "warning"))
            unknown.add(name)
        elif isinstance(value, str) and field not in cells:
            cells[field] = value
        elif isinstance(value, list) and field in SEPARATORS and all(isinstance(item, str) for item in value):
            cells[field] = _cell(field, tuple(value))
        elif value is None:
            blank.add(field)
        else:
            reason = "要写成带引号的文字" + ("或文字列表" if field in SEPARATORS else "") + "，并且只写一次。"
            problems.append(Problem(number, HEADINGS[field][0], reason))
    return Row(number, dict.fromkeys(blank, "") | cells, tuple(problems))


def _cell(field: str, items: tuple[str, ...]) -> str:
    """A list as the text of a cell: an item a line, or as JSON where that would not read back the same."""
    plain = "\n".join(items)
    return plain if listed(field, plain) == items else json.dumps(items, ensure_ascii=False)


def listed(field: str, cell: str) -> tuple[str, ...]:
    items: object = None
    if cell.startswith("["):
        with suppress(ValueError, RecursionError):
            items = json.loads(cell)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        items = re.split(SEPARATORS[field], cell)
    return tuple(item.strip() for item in items if item.strip())


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _told(items: Sequence[T], report: Report) -> Iterator[T]:
    for number, item in enumerate(items):
        if number % STEP == 0:
            report(number / len(items))
        yield item


def _cells(article: Article) -> dict[str, str]:
    values = {field: getattr(article, field) for field in HEADINGS}
    return {
        field: _cell(field, value) if isinstance(value, tuple) else str(value or "") for field, value in values.items()
    }


def _refuse_unwritable(article: Article, kind: str) -> None:
    for field, cell in _cells(article).items():
        if CONTROL.search(cell):
            raise PackError(f"article {article.id}: {field} holds a control character; remove it")
        if kind == ".xlsx" and units(_escape(cell)) > MOST_IN_CELL:
            raise PackError(f"article {article.id}: {field} is too long for XLSX; export as .csv or .jsonl")


def _escape(cell: str) -> str:
    return re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", cell).replace("\r", "_x000D_")


def _save_xlsx(path: Path, articles: Sequence[Article], report: Report) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("知识库")
    sheet.freeze_panes = "A2"
    sheet.append([names[0] for names in HEADINGS.values()])
    for article in _told(articles, report):
        line = []
        for text in _cells(article).values():
            cell = WriteOnlyCell(sheet, _escape(text) or None)
            if text:
                cell.data_type = "s"  # openpyxl makes a formula of =1, and an error of #N/A
            line.append(cell)
        sheet.append(line)
    book.save(path)


def _save_csv(path: Path, articles: Sequence[Article], report: Report) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([names[0] for names in HEADINGS.values()])
        for article in _told(articles, report):
            writer.writerow(f"'{cell}" if _LIKE_FORMULA.match(cell) else cell for cell in _cells(article).values())


def _save_jsonl(path: Path, articles: Sequence[Article], report: Report) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{article_line(article)}\n" for article in _told(articles, report))
