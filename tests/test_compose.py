"""Title and summary."""

from __future__ import annotations

from datetime import datetime

from assistant.ticket.compose import compose_content, compose_title
from assistant.ticket.fields import EMPTY, LABELS, Evidence, FieldValue
from tests.test_dialogue import conversation

STARTED = datetime.fromisoformat("2026-03-18T09:12:00+08:00")


def known(**values: FieldValue) -> dict[str, FieldValue]:
    return dict.fromkeys(LABELS, EMPTY) | values


CATEGORY = FieldValue("market.prepaid", "suggested", 0.9, (), "市场监管 · 预付卡消费")
COMPLAINT = FieldValue("投诉", "suggested", 0.9)


def test_the_title_has_the_form_that_hotlines_use_and_fits() -> None:
    shop = FieldValue("甜心西饼(体育西路店)", "suggested", 0.9)
    title = compose_title(known(category=CATEGORY, request_type=COMPLAINT, subject=shop))
    assert title.value == "关于甜心西饼(体育西路店)预付卡消费的投诉"
    long = FieldValue("广州市" + "很长的名字" * 8 + "有限公司", "suggested", 0.9)
    title = compose_title(known(category=CATEGORY, request_type=COMPLAINT, subject=long))
    assert title.value == "关于预付卡消费的投诉"


def test_the_summary_is_the_callers_words_with_canonical_names_and_dates() -> None:
    heard = conversation(
        "C 你好，体育西路那家田星吸饼倒闭了，我的卡里还有钱。",
        "A 您希望怎么处理？",
        "C 我上个星期三过去门都锁了，把八百六退给我。",
        "A 联系电话多少？",
        "C 一三八零零一三八零零一。",
    )
    fields = known(
        category=CATEGORY,
        request_type=COMPLAINT,
        caller_name=FieldValue("何先生", "suggested", 0.9),
        subject=FieldValue("甜心西饼(体育西路店)", "suggested", 0.9, (Evidence(0, 9, 13),)),
    )
    text = compose_content(heard, fields, STARTED).value
    assert isinstance(text, str)
    assert text.startswith("市民何先生投诉，")
    assert "甜心西饼倒闭了" in text
    assert "3月11日" in text
    assert "诉求：" in text
    assert "一三八" not in text
    assert len(text) <= 150


def test_nothing_is_composed_before_the_matter_is_known() -> None:
    assert compose_title(known()).value is None
    assert compose_content(conversation("C 喂，你好"), known(), STARTED).value is None


def test_numbers_are_written_as_clerks_write_them_and_mistaken_sums_are_left_out() -> None:
    heard = conversation(
        "C 你好，物业乱收公摊电费，每户两百四十八。",
        "C 哦不是，是两百六十八块，四十二户都收了，三点钟我去问，十字路口那个办公室没有人理。",
    )
    text = compose_content(
        heard,
        known(category=CATEGORY, request_type=COMPLAINT, amount=FieldValue(268, "suggested", 0.9)),
        STARTED,
    ).value
    assert isinstance(text, str)
    assert "268元" in text
    assert "248" not in text
    assert "42户" in text
    assert "10字路口" not in text
