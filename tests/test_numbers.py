"""Numbers as people say them."""

from __future__ import annotations

import pytest

from assistant.ticket.numbers import find_bare_sums, find_cardinals, find_digit_runs, find_money, parse_cardinal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两万三千六", 23600), ("一千二", 1200), ("八百六", 860), ("一百零五", 105), ("十二", 12), ("两百五十", 250),
        ("1.2万", 12000), ("1,200", 1200), ("四十六万", 460000), ("一万零五百", 10500), ("2万3千", 23000),
    ],
)  # fmt: skip
def test_cardinals_mean_what_people_mean(text: str, value: float) -> None:
    assert parse_cardinal(text) == value


def test_digit_strings_are_no_cardinals() -> None:
    assert parse_cardinal("八六") is None
    assert parse_cardinal("一三八") is None


@pytest.mark.parametrize("digits", ["1" * 400, "一" * 400, "1," * 200, "万亿" * 200, "1.1" * 150])
def test_long_runs_of_digits_are_read_in_linear_time(digits: str) -> None:
    assert find_money(digits) == ()
    assert find_money(digits + "个") == ()
    assert all(number.value < 10**13 for number in find_cardinals(digits))


def test_words_with_number_characters_are_left_alone() -> None:
    assert [number.value for number in find_cardinals("一直打不通，万一着火，千万别说，三里屯，三元里那边一下子")] == []


def test_money_is_found_with_its_place() -> None:
    text = "充了一千二百块，还剩86块，学费1.5万元，少找八块五"
    found = find_money(text)
    assert [number.value for number in found] == [1200, 86, 15000, 8.5]
    assert text[found[0].start : found[0].end] == "一千二百块"


def test_a_piece_of_land_and_a_place_name_are_no_money() -> None:
    assert find_money("三元里大道一块空地上，两块石头") == ()


def test_sums_without_a_unit_are_not_counts() -> None:
    assert [number.value for number in find_bare_sums("两万三千六")] == [23600]
    assert find_bare_sums("三百二十户，二十个人，十二号楼") == []


def test_digits_that_were_written_as_homophones_are_a_number() -> None:
    assert [run.digits for run in find_digit_runs("邀三八，零零邀三，八零零邀")] == ["13800138001"]
    assert [run.digits for run in find_digit_runs("变化妖山吧，灵灵妖山4102", 7)] == ["13800134102"]
    assert find_digit_runs("我是说一下他们就走了") == ()
