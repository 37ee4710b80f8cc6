"""Rows of a file made into articles, and what a person should know before they are taken over."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from kb.articles import Article
from kb.exchange import CONTROL, HEADINGS, MOST_IN_CELL, SEPARATORS, Problem, Report, Row, listed, units
from kb.pack import Category, CityPack, Department
from kb.twins import twins

CALLER_KINDS = ("", "个人", "企业", "不限")

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?")


@dataclass(frozen=True, slots=True)
class Checked:
    """The articles that can be taken over, in the file's order, and every problem by row."""

    articles: list[Article]
    problems: list[Problem]


def check(rows: Sequence[Row], pack: CityPack, existing: Iterable[Article], report: Report) -> Checked:
    """Make articles of rows, and compare them with one another and with the existing articles that they do not replace.

    A row with the id of an existing article keeps what that has in columns that the file lacks; blank cells clear.

    100,000 rows of 240 characters against as many articles: 9 s on two cores, 24 s where all are of one template.
    """
    report(0.0)
    problems = [problem for row in rows for problem in row.problems]
    broken = {problem.row for problem in problems if problem.severity == "error"}
    departments, categories = _codes(pack.departments), _codes(pack.leaves)
    known = {article.id: article for article in existing}
    made: dict[int, Article] = {}
    for row in rows:
        if row.row not in broken:
            made[row.row], found = _article(row, known, departments, categories)
            problems += found
    usable = _without_errors(made, problems)
    replaced = {article.id for article in usable.values()}
    others = [article for article in known.values() if article.id not in replaced]
    titled = {row.row for row in rows if "title" in row.cells}
    problems += _repeats(made, titled, others)
    usable = _without_errors(made, problems)
    report(0.1)
    problems += _twin_warnings(usable, others, lambda part: report(0.1 + 0.9 * part))
    report(1.0)
    return Checked(list(usable.values()), sorted(problems, key=lambda problem: problem.row))


def _codes(known: Iterable[Department | Category]) -> dict[str, str]:
    """Code by code and by name. A name that two have stands for neither."""
    known = list(known)
    names = Counter(each.name for each in known)
    by_name = {each.name: each.code for each in known if names[each.name] == 1}
    return {"": ""} | by_name | {each.code: each.code for each in known}


def _article(
    row: Row, existing: Mapping[str, Article], departments: dict[str, str], categories: dict[str, str]
) -> tuple[Article, list[Problem]]:
    """The article of a row, and what is wrong with it; where that is an error, the article is of no use."""
    cells = {field: row.cells[field].strip() for field in HEADINGS if field in row.cells}
    problems: list[Problem] = []

    def add(field: str, reason: str, severity: Literal["error", "warning"] = "error") -> None:
        problems.append(Problem(row.row, HEADINGS[field][0], reason, severity))

    for field, cell in cells.items():
        if control := CONTROL.search(cell):
            add(field, f"含有看不见的控制字符（U+{ord(control[0]):04X}），请删去后再导入。")
        if units(cell) > MOST_IN_CELL:
            add(field, f"超过{MOST_IN_CELL}字，无法导出为 XLSX；请分成几条，或导出为 CSV、JSONL。", "warning")
    name = cells.get("id") or _new_id(cells.get("title", ""))
    old = existing.get(name, Article(name, "", ""))
    for field in ("title", "answer"):
        if not cells.get(field, getattr(old, field)):
            unknown = f"（知识库里没有编号 {cells['id'][:40]}）" if cells.get("id") and field not in cells else ""
            add(field, f"缺少{HEADINGS[field][0]}{unknown}，请填写。")
    values: dict[str, Any] = cells | {field: listed(field, cells[field]) for field in SEPARATORS if field in cells}
    for field, codes, file in (("department", departments, "departments"), ("category", categories, "categories")):
        if cells.get(field, "") not in codes:
            add(field, f"城市包里没有“{cells[field][:40]}”，请填 {file}.csv 里的代码或全称，分类要填最末一级。")
        values |= {field: codes.get(cells[field], "")} if field in cells else {}
    if cells.get("caller_kind", "") not in CALLER_KINDS:
        add("caller_kind", f"“{cells['caller_kind'][:40]}”不是个人、企业或不限，请改为其中之一或留空。")
    days = [field for field in ("valid_from", "valid_to") if field in cells]
    for field in days:
        try:
            values[field] = _day(cells[field])
        except ValueError:
            values[field] = None
            add(field, f"“{cells[field][:40]}”不是日期，请写成 2025-01-31 的样子或留空。")
    article = replace(old, **values | {"id": name})
    if days and article.valid_from and article.valid_to and article.valid_to < article.valid_from:
        add(days[-1], "失效日期早于生效日期，请改正其中一个。")
    if article.title in article.keywords:
        add("keywords", "有一个关键词和标题相同，对检索没有帮助，请删去。", "warning")
    return article, problems


def _day(text: str) -> date | None:
    if not text:
        return None
    found = _DAY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return date(int(found[1]), int(found[2]), int(found[3]))


def _new_id(title: str) -> str:
    """The id of a row that has none, from its title: importing a file again updates its articles."""
    return "kb-" + hashlib.sha256(_bare(title).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _bare(title: str) -> str:
    """What two titles must share to be the same: no blanks, no punctuation, one width and case."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    return "".join(char for char in plain if unicodedata.category(char)[0] not in "ZPC") or title


def _without_errors(made: dict[int, Article], problems: Iterable[Problem]) -> dict[int, Article]:
    wrong = {problem.row for problem in problems if problem.severity == "error"}
    return {row: article for row, article in made.items() if row not in wrong}


def _repeats(made: dict[int, Article], titled: Collection[int], others: Iterable[Article]) -> Iterator[Problem]:
    """Ids that the file has twice; titles that it has twice, or that another article has. Rows in `titled` have a title
    of their own."""
    taken = {_bare(article.title): article.id for article in others}
    ids: dict[str, int] = {}
    titles: dict[str, int] = {}
    for row, article in made.items():
        title = _bare(article.title)
        if not title:
            continue
        if title in titles and (row in titled or article.id not in ids):
            yield Problem(row, HEADINGS["title"][0], f"和第{titles[title]}行的标题相同，请删去一行或改标题。")
        elif article.id in ids:
            yield Problem(row, HEADINGS["id"][0], f"和第{ids[article.id]}行的编号相同，请给每条各自的编号。")
        elif taken.get(title, article.id) != article.id:
            reason = f"和知识库条目 {taken[title]} 的标题相同；要更新它，请把编号填成 {taken[title]}，否则请改标题。"
            yield Problem(row, HEADINGS["title"][0], reason)
        titles.setdefault(title, row)
        ids.setdefault(article.id, row)


def _twin_warnings(usable: dict[int, Article], others: Sequence[Article], report: Report) -> Iterator[Problem]:
    """A warning for each row that says nearly the same as an earlier one, or as another article."""
    rows, articles = list(usable), [*others, *usable.values()]
    texts = ["".join(f"{article.title}{article.answer}".split()) for article in articles]
    for later, (ratio, earlier) in twins(texts, len(others), report).items():
        article, row = articles[earlier], rows[later - len(others)]
        what = f"知识库条目 {article.id}" if earlier < len(others) else f"第{rows[earlier - len(others)]}行"
        reason = f"和{what}《{article.title[:40]}》的标题与答复有{ratio:.0f}%相同，请确认不是重复的条目。"
        yield Problem(row, "", reason, "warning")
