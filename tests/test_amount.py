"""The money at stake."""

from __future__ import annotations

import pytest

from assistant.ticket.amount import read_amount
from tests.test_dialogue import conversation


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["C 我充了一千二，用掉一些，现在还剩八百六十块。", "A 余额八百六十元。", "C 八百六退给我就行。"], 860),
        (["A 垫了多少钱？", "C 两万三千六。"], 23600),
        (["C 收了我三百五十块，平时才一百"], 350),
        (["C 花了两千块买的，现在要求赔五百块"], 500),
        (["C 外卖花了86块，里面有虫"], 86),
        (["C 卡里余额还剩八百块。", "C 这个店里的美容套餐要三千块。"], 800),
        (["C 我被骗了两千块。", "C 以前的手机才五百块。"], 2000),
    ],
)
def test_the_last_sum_for_what_is_wanted_counts(lines: list[str], value: float) -> None:
    assert read_amount(conversation(*lines)).value == value


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["C 剩六千三百二，哦等一下，我看看记录啊，是六千二百三十块。", "A 六千二百三十元。"], 6230),
        (["C 加了三千六。", "A 多收了三千六百元。", "C 呃，不是三千六，是三千八。"], 3800),
        (["C 赔钱吧，赔一万二。", "A 一万二，有依据吗？", "C 那就八千六吧，我不多要他的。"], 8600),
        (["C 耳机一千二百六。他们客服说最多赔我三十六块钱。"], 1260),
        (["C 又收我385。", "A 前面那一百二要不要一起退？", "C 那个算了，不要了，就385。"], 385),
        (["A 没备案的，每个月最高可以提两千元。", "C 哦，知道了。"], None),
        (["C 多少钱我没听清。", "A 六千二百三十元，对吗？"], 6230),
        (["C 早上全挤在一块，谁都不让谁。"], None),
        (["C 买的时候六千八。", "A 六千八百元，按六千八赔，是吗？", "C 赔五千五，五千五我就算了。"], 5500),
        (["A 多少钱？", "C 七千二。", "C 等等，那就按六千五算吧。", "A 改成六千五百元。"], 6500),
        (["C 饭钱七十六块五退给我就行"], 76.5),
    ],
)
def test_a_sum_that_was_corrected_waived_or_only_offered_is_not_meant(lines: list[str], value: float | None) -> None:
    assert read_amount(conversation(*lines)).value == value


@pytest.mark.parametrize(
    "lines",
    [
        ["C 电费一块五一度，太贵了"],
        ["C 我一个月工资三千块，想问一下公积金"],
        ["A 电话多少", "C 一三八零零一三八零零一"],
        ["C 我们这里三百多户，万一着火怎么办"],
    ],
)
def test_unit_prices_wages_and_phone_numbers_are_not_at_stake(lines: list[str]) -> None:
    assert read_amount(conversation(*lines)).value is None


def test_a_sum_out_of_all_proportion_is_hardly_believed() -> None:
    assert read_amount(conversation("C 他欠我十亿块")).confidence <= 0.3
    assert read_amount(conversation("C 他欠我" + "9" * 400 + "块")).value is None
