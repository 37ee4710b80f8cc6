"""Words found by their sound."""

from __future__ import annotations

from assistant.ticket.sound import Cue, alike, encode


def test_a_text_keeps_its_length_and_what_is_not_chinese() -> None:
    assert len(encode("我要投诉，138 号！")) == len("我要投诉，138 号！")
    assert encode("138，A") == "138，A"


def test_homophones_and_what_the_south_merges_are_alike() -> None:
    assert alike("投诉", "头诉")
    assert alike("贵姓", "贵信")
    assert alike("张", "脏")
    assert not alike("环境局", "紧急局")


def test_a_cue_finds_misheard_words_where_they_stand() -> None:
    cue = Cue(r"要保密|不想[^，。]{0,3}知道")
    assert cue.spans("那我要包密，不想让他知道") == ((2, 5), (6, 12))
    assert "要保密" in cue
    assert "要保险" not in cue


def test_spelled_words_are_not_matched_by_sound() -> None:
    assert "打我" in Cue(spelled="打我")
    assert "大我" not in Cue(spelled="打我")
