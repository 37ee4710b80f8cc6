"""Callback and confidentiality."""

from __future__ import annotations

import pytest

from assistant.ticket.wishes import read_callback, read_confidential
from tests.test_dialogue import conversation


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["C 有结果给我回个电话。"], True),
        (["C 到时候我再打给你们"], None),
        (["C 能不能每个月自动打给我，不用老是去点"], None),
        (["A 之后我们回访一次，您看行吧？", "C 行，行。"], True),
        (["A 处理完给您回电话，好吗？", "C 必须回，我等着。"], True),
        (["A 要不要给您打电话说一声？", "C 不用打了，我们看得到。"], False),
        (["C 不用专门回访我啦。"], False),
        (["C 水一直没恢复，包裹也丢了"], None),
        (["A 需要回访吗？", "C 麻烦你们了"], True),
        (["A 需要回访吗？", "C 需要回房"], True),
        (["A 需要给您回访吗？", "C 不用回访了，改好就行。"], False),
        (["A 需要给您回房嘛", "C 要的"], True),
        (["A 转医保中心的工作人员回复您，可以吗？", "C 可以可以。"], True),
        (["A 处理之后会给您回访。请问还有其他需要帮助的吗？", "C 没有了，谢谢。"], True),
        (["C 我打电话给他们没人接，也没人给我回电话"], None),
        (["A 请问还有其他需要帮助的吗？", "C 没有了。"], None),
        (["A 需要回访吗？", "C 应该不需要吧。"], False),
        (["A 需要回访吗？", "C 好像不用吧。"], False),
        (["A 需要回访吗？", "C 不好意思，要的"], True),
        (["A 需要回访吗？", "C 行动不便"], None),
        (["A 需要回访吗？", "C 不太需要。"], False),
        (["A 需要给您回访吗？", "C 没什么需要。"], False),
        (["A 需要回访吗？", "C 回访就不用了。"], False),
        (["A 需要回访吗？", "C 当然要。"], True),
        (["A 需要回访吗？", "C 那我这个水什么时候可以修好"], None),
        (["A 结果出来需要回电吗？", "C 不用特地打，退钱到账我就知道了。"], False),
        (["A 需要我登记一张单，请公安部门再回复您吗？", "C 不用不用，你讲得很清楚了。"], None),
    ],
)
def test_whether_the_caller_wants_to_hear_the_outcome(lines: list[str], value: bool | None) -> None:
    assert read_callback(conversation(*lines)).value is value


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["C 我的信息会不会让店里知道？", "A 您可以要求保密。", "C 好，那我要保密。"], True),
        (["C 我的信息会不会让店里知道？"], None),
        (["A 需要对您的身份保密吗？", "C 不用保密，我实名投诉。"], False),
        (["A 您是匿名还是实名？", "C 匿名。"], True),
        (["C 不要告诉物业是我说的"], True),
        (["C 我是市民，我们四名业主找李明，你明天来"], None),
        (["C 这个利民工程不想被停"], None),
        (["A 需要保密吗？", "C 保密就不用了。"], False),
        (["A 需要保密吗？", "C 当然要。"], True),
        (["A 您的信息需要保密吗？", "C 肯定要保密啊"], True),
        (["A 需要保密吗？", "C 不怎么需要吧"], False),
    ],
)
def test_whether_the_caller_wants_to_stay_unnamed(lines: list[str], value: bool | None) -> None:
    assert read_confidential(conversation(*lines)).value is value


def test_an_answered_question_is_confirmed_and_a_mere_wish_is_not() -> None:
    assert read_callback(conversation("A 需要回访吗？", "C 需要的。")).state == "confirmed"
    assert read_callback(conversation("C 处理完给我打个电话")).state == "suggested"


@pytest.mark.parametrize("answer", ["那我这个水什么时候可以修好", "麻烦死了你们", "我在单位上班"])
def test_a_promise_to_call_back_is_not_confirmed_by_talk_of_something_else(answer: str) -> None:
    found = read_callback(conversation("A 我们会给您回访。", "C " + answer))
    assert (found.state, found.confidence) == ("suggested", 0.75)
    assert len(found.evidence) == 1
