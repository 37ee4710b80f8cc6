"""The caller's name as a recogniser writes it, and what its answers decide."""

from __future__ import annotations

from assistant.ticket.dialogue import Conversation
from assistant.ticket.givennames import likeliest
from assistant.ticket.names import name_questions, read_name
from assistant.ticket.people import read_gender
from assistant.ticket.questions import Sounds
from assistant.transcript import Utterance


def heard(*lines: str) -> Conversation:
    """A conversation that a recogniser wrote down: each line with its speaker's first letter, A or C."""
    conversation = Conversation()
    for index, line in enumerate(lines):
        speaker = "agent" if line[0] == "A" else "caller"
        conversation.hear(
            Utterance(index=index, speaker=speaker, text=line[2:], confidence=0.8, hypotheses=(line[2:],))
        )
    return conversation


def name(conversation: Conversation, sounds: Sounds | None = None) -> object:
    return read_name(conversation, read_gender(conversation), sounds or {}).value


def test_explanations_put_misheard_names_right() -> None:
    assert name(heard("A 先生怎么称呼你", "C 将勇泰姜和的姜永远的勇泰山的泰", "A 将先生感谢来电")) == "江永泰"
    assert name(heard("A 您怎么称呼？", "C 中时中的中，中少级少星的少基本的技能", "A 中先生您住在哪里？")) == "钟绍基"
    assert name(heard("A 您贵性", "C 国性谈洗澡谈谈国强国家的国强大的强", "A 先生电话多少")) == "覃国强"


def test_a_question_that_was_misheard_is_one_all_the_same() -> None:
    assert name(heard("A 请问您位性", "C 信古，古代的古", "A 故先生")) == "古先生"


def test_titles_are_known_by_their_sound() -> None:
    assert name(heard("A 请问您贵姓", "C 我姓谈，西早谈", "A 弹律师是哪里")) == "覃女士"


def test_given_names_are_those_that_people_have() -> None:
    assert likeliest("菜侠", (False, False))[0][0] == "彩霞"
    assert likeliest("志愿", (False, False))[0][0] == "志远"
    assert likeliest("会民", (True, False))[0][0][0] == "会"
    assert not likeliest("刀岔", (False, False))


def test_an_unexplained_given_name_shows_what_else_it_may_be() -> None:
    conversation = heard("A 怎么称呼您", "C 我叫李会民", "A 李女士您好")
    found = read_name(conversation, read_gender(conversation), {})
    assert found.value == found.candidates[0].value
    assert len(found.candidates) == 3
    assert found.confidence < 0.9


def test_the_recogniser_decides_between_surnames_that_sound_alike() -> None:
    conversation = heard("A 先生您贵姓", "C 我姓成", "A 成先生您好")
    questions = name_questions(conversation, {})
    assert {question.utterance for question in questions} == {1, 2}
    assert all("陈" in question.means and len(question.texts) == len(question.means) for question in questions)
    for meant in ("陈", "曾"):
        sounds = {q.utterance: {other: 0.0 if other == meant else -20.0 for other in q.means} for q in questions}
        assert name(conversation, sounds) == f"{meant}先生"
        assert not name_questions(conversation, sounds)


def test_typed_names_are_not_asked_about() -> None:
    conversation = Conversation()
    for index, (speaker, text) in enumerate((("agent", "您贵姓"), ("caller", "我姓陈"))):
        conversation.hear(Utterance(index, speaker, text))
    assert not name_questions(conversation, {})
