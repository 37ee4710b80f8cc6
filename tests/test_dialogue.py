"""What the speakers do with their words: asking, agreeing, denying."""

from __future__ import annotations

from assistant.ticket.dialogue import Conversation, asks_for_agreement, stance, topics
from assistant.transcript import Speaker, Utterance


def conversation(*lines: str) -> Conversation:
    """A conversation from lines that begin with A (agent), C (caller) or U (unknown speaker)."""
    speakers: dict[str, Speaker] = {"A": "agent", "C": "caller", "U": "unknown"}
    heard = Conversation()
    for index, line in enumerate(lines):
        heard.hear(Utterance(index, speakers[line[0]], line[2:]))
    return heard


def test_the_agents_question_is_known_by_its_words_and_by_their_sound() -> None:
    assert "name" in topics("请问您贵姓？")
    assert "name" in topics("请问您贵性")  # as the recogniser writes it
    assert "phone" in topics("方便留意的联系电话吗")
    assert {"time", "amount"} <= topics("垫了多少钱？什么时候出院的？")
    assert not topics("好的，已经登记。")


def test_callers_agree_and_deny_in_many_words() -> None:
    for text in ("对", "对的，对的。", "嗯，对。", "是的", "没错。", "好的好的", "可以可以。"):
        assert stance(text) == "yes", text
    for text in ("不对，是四单元", "不是。", "嗯，不用了", "没有。", "错了"):
        assert stance(text) == "no", text
    for text in ("对不起，没听清", "不好意思", "是什么意思", "好像是吧", "不清楚", "我姓何"):
        assert stance(text) is None, text


def test_a_readback_asks_for_agreement() -> None:
    assert asks_for_agreement("幺三八零零幺三八零零幺，对吗？")
    assert not asks_for_agreement("请留一个联系电话。")


def test_a_question_stays_open_while_the_caller_answers_in_pieces() -> None:
    heard = conversation("A 请留一个联系电话。", "C 幺三八", "A 嗯", "C 零零幺三", "C 二六四七")
    assert "phone" in heard.asked(1)
    assert "phone" in heard.asked(4)


def test_the_first_answer_after_a_readback_counts() -> None:
    heard = conversation("A 七号楼十单元，对吗？", "C 不对，是四单元", "A 好的，四单元，对吗？", "C 对")
    assert heard.reply(0) == ("no", 1)
    assert heard.reply(2) == ("yes", 3)


def test_a_mono_recording_tells_the_agent_by_their_words() -> None:
    heard = conversation("U 您好，12345热线，请问有什么可以帮您？", "U 我家停水了")
    assert [turn.role for turn in heard.turns] == ["agent", "caller"]
