"""How urgent it is."""

from __future__ import annotations

import pytest

from assistant.ticket.urgency import read_urgency, urgent_hints
from tests.test_dialogue import conversation


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("C 楼道里好大一股煤气味", "特急"),
        ("C 隔壁着火了，快来人", "特急"),
        ("C 我被困在电梯里了", "特急"),
        ("A 我按紧急工单转办", "紧急"),
        ("A 我马上转要要久", "特急"),
        ("C 楼上天天吵", "一般"),
        ("C 消防通道堵了，万一着火怎么办", "一般"),
        ("C 电梯老是困人，物业不修", "一般"),
        ("C 去年这里着火过，现在又堆杂物", "一般"),
        ("C 房子漏水，他反映了也不返还押金", "一般"),
        ("C 我要他赔偿，这墙是他了解的", "一般"),
        ("C 我的燃气费为什么这么高", "一般"),
        ("C 我在广州市，手上有合同", "一般"),
        ("A 低保要核查家庭经济情况", "一般"),
        ("C 天然气泻漏了，快来", "特急"),
    ],
)
def test_danger_is_what_is_happening_now(line: str, value: str) -> None:
    assert read_urgency(conversation(line), None, known=True).value == value


def test_the_agent_is_told_whom_to_call() -> None:
    (hint,) = urgent_hints(conversation("C 有人要跳楼"), None)
    assert hint.kind == "urgent"
    assert "110" in hint.text


def test_praise_is_never_urgent() -> None:
    heard = conversation("C 我妈妈晕倒，司机帮忙叫了救护车，我要表扬他")
    assert read_urgency(heard, "表扬", known=True).value == "一般"
    assert urgent_hints(heard, "表扬") == []


def test_urgency_is_empty_until_the_matter_is_known() -> None:
    assert read_urgency(conversation("C 喂，你好"), None, known=False).value is None


def test_what_the_agent_calls_it_counts_more_than_what_it_sounds_like() -> None:
    heard = conversation("C 我跟小孩被困在电梯里四十分钟", "A 我按紧急件报市场监管局。")
    assert read_urgency(heard, None, known=True).value == "紧急"
