"""The caller's words without what says nothing."""

from __future__ import annotations

from assistant.ticket.wording import clauses, is_matter, matter
from tests.test_dialogue import conversation


def test_greetings_fillers_and_talk_about_the_call_are_dropped() -> None:
    text = "喂，你好。那个，体育西路那家店倒闭了，我想咨询一下，就是说，钱怎么退啊？我要保密。谢谢。"
    assert clauses(text) == ["体育西路那家店倒闭了", "钱怎么退"]
    assert matter("喂，你好。") == ""


def test_answers_about_names_and_numbers_are_not_the_matter() -> None:
    heard = conversation("A 您贵姓？", "C 我姓何，何志远。", "A 您要反映什么问题？", "C 楼下酒吧天天晚上吵。")
    assert [is_matter(heard, position) for position in range(4)] == [False, False, False, True]
