"""Recognised text is fit to be read."""

from __future__ import annotations

import pytest

from assistant.text import has_words, is_loop, is_stock_phrase, tidy


@pytest.mark.parametrize(
    ("heard", "shown"),
    [
        ("您先別著急,請問先生貴姓?", "您先别着急，请问先生贵姓？"),
        ("天河 区 体育 西路", "天河区体育西路"),
        ("我的 iPhone 15 坏了", "我的iPhone 15坏了"),
        ("退 860.5 元", "退860.5元"),
        ("1,200 元", "1,200元"),
        ("好.", "好。"),
        (" 对\ufffd ", "对"),
        ("著名", "著名"),
        ("ok, thank you", "ok, thank you"),
    ],
)
def test_text_is_simplified_spaced_and_marked_as_chinese_is(heard: str, shown: str) -> None:
    assert tidy(heard) == shown


@pytest.mark.parametrize(
    "text", ["好好好好好好好好好好好好好", "你说你说你说你说你说你说你说", "我在我在我在我在我在我在我在那里"]
)
def test_loops_are_found(text: str) -> None:
    assert is_loop(text)


@pytest.mark.parametrize(
    "text", ["对对对对", "幺三八零零零零零零零零", "好的好的好的", "1380000000000000", "不是不是，我说的是三号楼"]
)
def test_what_people_repeat_is_no_loop(text: str) -> None:
    assert not is_loop(text)


def test_subtitle_lines_are_known_but_answers_are_not() -> None:
    assert is_stock_phrase("请不吝点赞 订阅 转发")
    assert is_stock_phrase("字幕by索兰娅")
    assert not is_stock_phrase("谢谢")
    assert not is_stock_phrase("好")


def test_marks_alone_are_no_words() -> None:
    assert not has_words("。，…")
    assert has_words("嗯。")
