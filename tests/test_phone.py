"""The number to call back, from both speakers."""

from __future__ import annotations

import pytest

from assistant.ticket.dictation import valid
from assistant.ticket.phone import read_phone
from assistant.ticket.phonesound import phone_questions
from tests.test_dialogue import conversation

LINE = "13800138001"


def test_a_number_read_back_and_agreed_on_is_confirmed_with_both_mentions_as_evidence() -> None:
    heard = conversation(
        "A 留一个联系电话？", "C 幺五九零零二零三幺四七。", "A 幺五九零零二零三幺四七，对吗？", "C 对。"
    )
    phone = read_phone(heard, LINE)
    assert (phone.value, phone.state) == ("15900203147", "confirmed")
    assert [(e.utterance, e.start, e.end) for e in phone.evidence] == [(1, 0, 11), (2, 0, 11)]


def test_groups_over_several_utterances_with_the_agent_echoing_are_one_number() -> None:
    heard = conversation(
        "A 联系电话是多少？", "C 幺三九。", "A 嗯，幺三九。", "C 幺二三四。", "A 幺二三四。", "C 五六七八。"
    )
    assert read_phone(heard, LINE).value == "13912345678"


@pytest.mark.parametrize(
    "answer", ["就这个号码", "就是我打进来的这个电话", "打这个就行了", "尾号8001", "用我现在打的这个号码就行"]
)
def test_the_callers_own_line_is_used_when_they_say_so(answer: str) -> None:
    assert read_phone(conversation("A 您的联系电话是多少？", "C " + answer), LINE).value == LINE


def test_the_line_that_the_agent_proposes_and_the_caller_agrees_to_is_confirmed() -> None:
    phone = read_phone(conversation("A 联系电话是来电这个号码，尾号8001，对吗？", "C 对的。"), LINE)
    assert (phone.value, phone.state) == (LINE, "confirmed")


def test_the_line_is_not_used_when_nobody_says_so_or_the_caller_declines() -> None:
    assert read_phone(conversation("C 我要投诉楼下酒吧。", "A 好的。"), LINE).value is None
    heard = conversation("A 联系电话就是来电的号码吗？", "C 不是，这是我老婆的手机。你记我的，幺五九零零二零零七五八。")
    assert read_phone(heard, LINE).value == "15900200758"


def test_a_misheard_number_close_to_the_line_is_the_line_unless_the_line_was_declined() -> None:
    heard = conversation("A 请留个联系电话。", "C 138.0138001", "A 幼绳800幼绳8001对吧")
    assert read_phone(heard, LINE).value == LINE
    declined = conversation("A 电话是来电这个号码吗？", "C 不是这个，13800138002。", "A 13800138002对吗？", "C 对。")
    assert read_phone(declined, LINE).value == "13800138002"


def test_the_caller_corrects_what_the_agent_read_back() -> None:
    heard = conversation("A 电话多少？", "C 13912345678", "A 13912345678对吗？", "C 不对，是13912345679")
    assert read_phone(heard, LINE).value == "13912345679"


@pytest.mark.parametrize(
    "lines",
    [
        [
            "A 电话是？",
            "C 幺三七，幺幺零四，八二九六。",
            "A 幺三七，幺幺四零，八二九六，对吧？",
            "C 零四，幺幺零四，你写反了。",
        ],
        [
            "A 电话多少？",
            "C 幺三七幺幺零四八二九六。",
            "A 幺三七幺幺零四二八九六？",
            "C 不是二八九六，是八二九六，八在前面。",
        ],
        ["A 留个电话。", "C 幺三七幺幺零四八二九六。", "A 幺三七幺幺零四八二六九？", "C 二九六，八二九六。"],
        [
            "A 电话留一个。",
            "C 幺三七，幺幺，哎等下。幺三七，幺幺零四。",
            "A 幺三七，幺幺零四。",
            "C 嗯，八二，八二九六。",
        ],
        [
            "A 电话是座机这个吗？",
            "C 不是，这个是单位的。手机，幺三七，幺幺零四，八二九六。",
            "A 好的。需要回访吗？",
            "C 不用。",
        ],
        [
            "A 电话呢？",
            "C 幺三七幺幺零四八二九六。",
            "A 幺三七，幺幺零四，八二九六。需要答复您吗？",
            "C 不用特地答复。",
        ],
    ],
    ids=["groups", "not but", "without a no", "begun again", "not the line", "another question"],
)
def test_a_number_that_is_said_badly_is_put_together(lines: list[str]) -> None:
    assert read_phone(conversation(*lines), LINE).value == "13711048296"


def scores(best: str, *others: str, behind: float = -15.0) -> dict[str, float]:
    return {best: -5.0, **{other: -5.0 + behind for other in others}}


def test_a_number_that_was_misheard_is_asked_for() -> None:
    heard = conversation("A 电话是多少？", "C 要三期幺幺零四八而酒留。")
    (question,) = phone_questions(heard, LINE, {})
    assert (question.utterance, question.start, question.number) == (1, 0, "mobile")
    assert LINE in question.texts
    sounds = {1: scores("13711048296", LINE)}
    assert read_phone(heard, LINE, sounds).value == "13711048296"
    assert not phone_questions(heard, LINE, sounds)


def test_what_is_found_in_one_utterance_is_asked_of_the_others() -> None:
    heard = conversation("A 电话是多少？", "C 要三期幺幺零四八而酒留。", "A 13711048296对吗？")
    first, second = phone_questions(heard, LINE, {1: scores("13711048298", LINE)})
    assert (first.utterance, first.texts, first.number) == (1, ("13711048296",), "")
    assert (second.utterance, second.number) == (2, "mobile")
    sounds = {1: scores("13711048298", "13711048296", LINE, behind=-2), 2: scores("13711048296", "13711048298", LINE)}
    found = read_phone(heard, LINE, sounds)
    assert found.value == "13711048296"
    assert {evidence.utterance for evidence in found.evidence} == {1, 2}


def test_the_callers_line_needs_less_than_another_number_but_must_sound_like_it() -> None:
    heard = conversation("A 电话是多少？", "C 要三八零零要三八零零要。")
    assert read_phone(heard, LINE, {1: scores("13800138007", LINE, behind=-6)}).value == LINE
    assert read_phone(heard, LINE, {1: scores("33800138007", LINE, behind=-20)}).value is None


def test_numbers_of_offices_are_not_asked_for() -> None:
    heard = conversation("C 社保局电话是多少？", "A 您记一下，13700001111。", "C 13700001111，谢谢。")
    assert not phone_questions(heard, LINE, {})


def test_other_peoples_numbers_are_not_the_callers() -> None:
    assert read_phone(conversation("C 对方的电话是13700001111，他骗了我钱", "A 好的"), LINE).value is None


def test_a_number_heard_once_by_homophones_is_less_certain_than_one_read_back() -> None:
    once = read_phone(conversation("A 请留个联系电话", "C 妖山吧，灵灵妖山4102"), None)
    twice = read_phone(conversation("A 请留个联系电话", "C 13800134102", "A 13800134102，对吗？", "C 对"), None)
    assert once.value == twice.value == "13800134102"
    assert once.confidence < 0.7 < twice.confidence


def test_shapes_of_mobiles_and_land_lines() -> None:
    assert all(map(valid, ("13912345678", "02083334444", "83334444", "4008001234")))
    assert not any(map(valid, ("12345", "11012345678", "1391234567")))


@pytest.mark.parametrize(
    "lines",
    [
        ["C 我要投诉健身房", "A 您可以打他们的客服热线4008123456。", "C 好的谢谢。"],
        ["C 怎么查社保", "A 社保局的联系电话是020-83361234，您记一下。", "C 020-83361234，好的谢谢"],
        ["C 找谁", "A 他们经理的手机13912345678，您打给他", "C 好的，谢谢", "A 还有其他问题吗", "C 没有了"],
    ],
)
def test_a_number_that_the_agent_gives_is_not_the_callers(lines: list[str]) -> None:
    assert read_phone(conversation(*lines), None).value is None
    assert read_phone(conversation(*lines), LINE).value is None


def test_an_office_number_given_after_the_callers_own_changes_nothing() -> None:
    heard = conversation(
        "A 联系电话？", "C 13912345678", "A 13912345678对吗？", "C 对", "A 街道办的电话是83361234", "C 好的谢谢"
    )
    assert (read_phone(heard, LINE).value, read_phone(heard, LINE).state) == ("13912345678", "confirmed")


def test_only_an_answered_question_confirms() -> None:
    heard = conversation("A 请留个联系电话", "C 13912345678", "A 13912345678，我转给街道办。", "C 好的谢谢")
    assert (read_phone(heard, LINE).value, read_phone(heard, LINE).state) == ("13912345678", "suggested")


def test_a_number_said_clearly_is_kept_although_it_is_close_to_the_line() -> None:
    found = read_phone(conversation("A 请留个联系电话", "C 留我儿子的，13800138002"), LINE)
    assert found.value == "13800138002"
    assert found.confidence <= 0.6
