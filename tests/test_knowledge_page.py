"""The page of the knowledge editors in a real browser, on a real server with a library of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from benchmarks.serving import ServerProcess
from tests.conftest import watched

SCRIPT = "<img src=x onerror=alert(1)>"
EDITOR = "陈编辑"
INDEXED = 60.0
"""Seconds; the longest that the server may take to make its index anew, on a busy machine."""


@pytest.fixture(scope="module")
def library() -> Iterator[ServerProcess]:
    """A server that no other test looks at: its articles are changed here."""
    with ServerProcess() as running:
        body = {"title": f"窨井盖丢失{SCRIPT}", "answer": f"窨井盖由权属单位补装。{SCRIPT}"}
        httpx.post(f"{running.url}/api/articles", json=body).raise_for_status()
        yield running


@pytest.fixture
def context(browser: Browser, library: ServerProcess) -> Iterator[BrowserContext]:
    expect.set_options(timeout=20_000)
    yield from watched(browser, library.url)


@pytest.fixture
def page(context: BrowserContext, library: ServerProcess) -> Page:
    """The page with its list there, and an editor who has said who she is."""
    page = context.new_page()
    page.goto(f"{library.url}/knowledge")
    expect(rows(page).first).to_be_visible()
    page.locator("#by").fill(EDITOR)
    return page


def rows(page: Page) -> Locator:
    return page.locator("#kb-list .row")


def pane(page: Page) -> Locator:
    return page.locator("#kb-pane")


def notice(page: Page) -> Locator:
    return page.locator("#notice")


def article(library: ServerProcess, name: str) -> dict[str, Any]:
    answer = httpx.get(f"{library.url}/api/articles/{name}")
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def open_article(page: Page, name: str) -> None:
    page.evaluate("place => { location.hash = place }", f"#articles/{name}")
    expect(pane(page).locator(f'article[data-article="{name}"]')).to_be_visible()


def edit(page: Page, name: str) -> None:
    open_article(page, name)
    pane(page).get_by_role("link", name="编辑").click()
    expect(page.locator("#edit-title")).to_be_focused()


def test_the_list_is_filtered_and_an_article_opens_beside_it(page: Page) -> None:
    expect(page.locator("#kb-count")).to_contain_text("第 1–50 条")
    page.locator("#kb-state").select_option("expired")
    expect(rows(page).first.locator(".validity")).to_contain_text("已失效")

    first = rows(page).first
    title = first.locator(".row-title").inner_text()
    first.click()

    expect(pane(page).locator("h2")).to_have_text(title)
    expect(pane(page)).to_contain_text("承办单位")
    page.reload()
    expect(pane(page).locator("h2")).to_have_text(title)
    expect(page.locator("#kb-state")).to_have_value("expired")
    page.keyboard.press("Escape")
    expect(pane(page).locator("h2")).to_have_count(0)


def test_filters_by_department_are_found_by_typing(page: Page) -> None:
    page.locator("#kb-department").press_sequentially("教育局")
    page.keyboard.press("Enter")

    expect(page.locator("#kb-department")).to_have_value("广州市教育局")
    expect(page.locator("#kb-clear")).to_be_visible()
    expect(rows(page).filter(has_not_text="广州市教育局")).to_have_count(0)
    expect(rows(page).first).to_be_visible()


def test_a_search_marks_the_words_it_was_found_by(page: Page) -> None:
    page.locator("#tab-articles").focus()
    page.keyboard.press("/")
    expect(page.locator("#kb-query")).to_be_focused()
    page.keyboard.type("社保流水在哪里打印")

    expect(rows(page).first.locator(".match")).to_contain_text("匹配")
    expect(rows(page).first.locator("mark").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(pane(page).locator("article mark").first).to_be_visible()
    page.go_back()
    expect(pane(page).locator("article")).to_have_count(0)
    expect(page.locator("#kb-query")).to_have_value("社保流水在哪里打印")


def test_an_edit_becomes_a_version_and_an_older_one_can_be_restored(page: Page, library: ServerProcess) -> None:
    before = article(library, "kb-0003")
    edit(page, "kb-0003")
    page.locator("#edit-answer").fill("到街道政务服务中心办理。")
    page.locator("#edit-similar_questions").fill("怎么参保\n\n没有单位怎么参保\n")
    page.keyboard.press("Control+s")

    expect(notice(page)).to_contain_text("已保存，几秒后检索生效")
    expect(pane(page).locator(".answer")).to_have_text("到街道政务服务中心办理。")
    now = article(library, "kb-0003")
    assert now["similar_questions"] == ["怎么参保", "没有单位怎么参保"]
    assert (now["version"], now["changed_by"]) == (2, EDITOR)

    pane(page).get_by_role("button", name="版本").click()
    newest, oldest = pane(page).locator('[data-version="2"]'), pane(page).locator('[data-version="1"]')
    expect(newest).to_contain_text("修改：答复、相似问法")
    expect(newest).to_contain_text(EDITOR)
    oldest.get_by_role("button", name="恢复这一版").click()
    page.get_by_role("dialog").get_by_role("button", name="恢复", exact=True).click()

    expect(pane(page).locator(".answer")).to_have_text(before["answer"])
    assert article(library, "kb-0003")["version"] == 3


def test_what_is_wrong_is_told_at_its_field_and_unsaved_text_is_not_lost_unasked(
    page: Page, library: ServerProcess
) -> None:
    edit(page, "kb-0006")
    page.locator("#edit-title").fill("")
    page.locator("#edit-valid_from").fill("2025-02-01")
    page.locator("#edit-valid_to").fill("2025-01-01")
    pane(page).get_by_role("button", name="保存").click()

    expect(pane(page).locator('[data-field="title"] .problem')).to_contain_text("缺少标题")
    expect(pane(page).locator('[data-field="valid_to"] .problem')).to_contain_text("失效日期早于生效日期")
    expect(page.locator("#edit-title")).to_be_focused()

    page.locator("#tab-gaps").click()
    page.get_by_role("dialog").get_by_role("button", name="继续编辑").click()
    expect(page.locator("#edit-valid_to")).to_have_value("2025-01-01")
    page.go_back()
    page.get_by_role("dialog").get_by_role("button", name="放弃修改").click()
    expect(pane(page).locator("article")).to_be_visible()
    assert article(library, "kb-0006")["version"] == 1


def test_nothing_is_saved_without_a_name(page: Page, library: ServerProcess) -> None:
    page.locator("#by").fill("")
    edit(page, "kb-0007")
    page.locator("#edit-source").fill("市人社局")
    page.keyboard.press("Control+s")

    expect(notice(page)).to_contain_text("经手人")
    expect(page.locator("#by")).to_be_focused()
    page.keyboard.type(EDITOR)
    page.keyboard.press("Control+s")
    expect(pane(page).locator(".facts")).to_contain_text("市人社局")
    assert article(library, "kb-0007")["changed_by"] == EDITOR


def test_another_editors_change_is_not_overwritten_unasked(page: Page, library: ServerProcess) -> None:
    edit(page, "kb-0008")
    page.locator("#edit-source").fill("我的来源")
    theirs = {"title": "养老保险转入", "answer": "别人的答复"}
    httpx.put(f"{library.url}/api/articles/kb-0008", params={"by": "老王"}, json=theirs).raise_for_status()
    page.keyboard.press("Control+s")

    expect(page.get_by_role("dialog")).to_contain_text("老王")
    page.keyboard.press("Escape")
    expect(page.locator("#edit-source")).to_have_value("我的来源")
    assert article(library, "kb-0008")["answer"] == "别人的答复"


def test_a_deleted_article_can_be_brought_back(page: Page, library: ServerProcess) -> None:
    open_article(page, "kb-0009")
    pane(page).get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(notice(page)).to_contain_text("已删除")
    actions = [version["action"] for version in httpx.get(f"{library.url}/api/articles/kb-0009/versions").json()]
    assert actions[0] == "delete"

    page.get_by_role("button", name="撤销删除").click()

    expect(pane(page).locator('article[data-article="kb-0009"]')).to_be_visible()
    assert article(library, "kb-0009")["changed_by"] == EDITOR


def test_a_review_is_noted_in_the_row(page: Page, library: ServerProcess) -> None:
    page.locator("#tab-review").click()
    page.get_by_role("button", name="久未复核").click()
    row = page.locator("#review-list tbody tr").first
    name = row.get_attribute("data-article") or ""
    expect(row.locator(".reasons")).to_contain_text("从未复核")
    row.get_by_role("button", name="复核").click()

    expect(row.get_by_role("button")).to_have_text("已复核")
    assert article(library, name)["reviewed_by"] == EDITOR
    row.get_by_role("link").first.click()
    expect(pane(page).locator(f'article[data-article="{name}"]')).to_be_visible()


def test_a_file_is_tried_before_it_is_taken_over(page: Page, library: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "条目.csv"
    lines = [
        "标题,答复,承办单位,失效日期",
        "秋千松动,由属地城管处理。,,",
        "路灯不亮,,没有的局,2025-13-40",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    page.locator("#tab-files").click()
    page.locator("#import-file").set_input_files(file)

    expect(page.locator(".verdict")).to_contain_text("1 行有错误，可导入 1 条")
    errors = page.locator('.problems tr[data-severity="error"]')
    expect(errors.filter(has_text="承办单位")).to_contain_text("没有的局")
    expect(errors.filter(has_text="失效日期")).to_contain_text("2025-13-40")
    assert "秋千松动" not in exported(library)

    page.get_by_label("跳过有误的 1 行").check()
    page.get_by_role("button", name="导入 1 条").click()
    expect(page.locator(".verdict")).to_contain_text("新增 1 条")
    assert "秋千松动" in exported(library)


def test_a_file_of_another_kind_is_refused_at_once(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "条目.doc"
    file.write_text("标题", encoding="utf-8")
    page.locator("#tab-files").click()
    page.locator("#import-file").set_input_files(file)

    expect(page.locator(".verdict")).to_contain_text("不是 .xlsx、.csv 或 .jsonl 文件")


def test_an_unanswered_question_begins_a_new_article(page: Page, library: ServerProcess) -> None:
    search = {"query": "阳台养鸽子影响邻居怎么办", "found": 0}
    httpx.post(f"{library.url}/api/knowledge/searches", json=search).raise_for_status()
    page.locator("#tab-gaps").click()
    group = page.locator(".unanswered li").filter(has_text="养鸽子").first
    expect(group).to_contain_text("1 次")
    group.get_by_role("link", name="新建条目").click()

    expect(page.locator("#edit-question")).to_have_value("阳台养鸽子影响邻居怎么办")
    expect(page.locator("#edit-title")).to_be_focused()
    page.keyboard.type("阳台养鸽扰民")
    page.locator("#edit-answer").fill("由属地城管部门处理。")
    page.keyboard.press("Control+s")
    expect(pane(page).locator("article h2")).to_have_text("阳台养鸽扰民")
    assert "阳台养鸽扰民" in exported(library)


def test_markup_in_an_article_stays_plain_text(page: Page, library: ServerProcess) -> None:
    deadline = time.monotonic() + INDEXED
    while not found(library, "窨井盖丢失找谁").count(SCRIPT):
        assert time.monotonic() < deadline, "a new article must be found within seconds"
        time.sleep(0.2)

    page.locator("#kb-query").fill("窨井盖丢失找谁")

    row = rows(page).filter(has_text=SCRIPT).first
    expect(row.locator("mark").first).to_be_visible()
    row.click()
    expect(pane(page).locator("article h2")).to_have_text(f"窨井盖丢失{SCRIPT}")
    expect(pane(page).locator(".answer")).to_contain_text(SCRIPT)
    assert page.locator("main img").count() == 0


def exported(library: ServerProcess) -> str:
    return httpx.get(f"{library.url}/api/knowledge/export", params={"format": "jsonl"}).text


def found(library: ServerProcess, query: str) -> str:
    return httpx.get(f"{library.url}/api/articles", params={"q": query}).text


def test_programs_change_articles_too(library: ServerProcess) -> None:
    base = f"{library.url}/api/articles"
    made = httpx.post(f"{base}?by=程序", json={"title": "共享陀螺租赁备案", "answer": "到区体育局办理。"})
    assert made.status_code == 201
    name = made.json()["id"]
    again = httpx.post(base, json={"title": "共享陀螺租赁备案", "answer": "别的答复。"})
    assert again.status_code == 422
    assert again.json()["detail"][0]["column"] == "标题"
    known = httpx.get(f"{base}/{name}").json()
    assert (known["answer"], known["version"], known["changed_by"]) == ("到区体育局办理。", 1, "程序")
    body = {"title": "共享陀螺租赁备案", "answer": "网上办理。", "department": "no-such-office"}
    assert httpx.put(f"{base}/{name}", json=body).json()["detail"][0]["column"] == "承办单位"
    body["department"] = ""
    assert httpx.put(f"{base}/{name}?version=1&by=甲", json=body).status_code == 200
    late = httpx.put(f"{base}/{name}?version=1&by=乙", json=body)
    assert late.status_code == 409
    assert "甲" in late.json()["detail"]
    assert httpx.put(f"{base}/no-such-article", json=body).status_code == 404
    assert httpx.delete(f"{base}/{name}").status_code == 204
    assert httpx.get(f"{base}/{name}").status_code == 404
    assert [one["action"] for one in httpx.get(f"{base}/{name}/versions").json()] == ["delete", "edit", "edit"]


def test_another_sites_page_changes_nothing(library: ServerProcess) -> None:
    body = {"title": "别处来的", "answer": "别处来的。"}
    answer = httpx.post(f"{library.url}/api/articles", json=body, headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403


def test_a_file_that_is_no_table_is_refused_in_words(library: ServerProcess) -> None:
    for name in ("articles.csv", "articles.xlsx", "articles.jsonl"):
        answer = httpx.post(f"{library.url}/api/knowledge/import?name={name}", content=b"\x7fELF\x00\x01" * 99)
        assert answer.status_code == 422
        assert "无法读取" in answer.json()["detail"]
