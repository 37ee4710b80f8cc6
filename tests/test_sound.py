"""Words found by their sound."""

from __future__ import annotations

import gc
import importlib
import pkgutil

import jieba

import assistant.suggest
import assistant.ticket
from assistant.ticket.sound import Cue, alike, encode, long_enough


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


def test_words_of_two_syllables_are_matched_as_spelled_unless_asked_for() -> None:
    assert "回复" in Cue(r"回复|给我电话")
    assert "恢复" not in Cue(r"回复|给我电话")
    assert "给我点话" in Cue(r"回复|给我电话")
    assert "头诉" in Cue(heard="投诉")


def test_an_expression_is_long_enough_when_all_it_matches_has_three_syllables_in_a_row() -> None:
    assert all(
        map(
            long_enough, ("回电话", "回(?:个)?电话", "(?:电话|手机)号", "打[过了]来", "[^，。]{0,3}不用了", "好的{2}吧")
        )
    )
    assert not any(
        map(long_enough, ("回访", "(?:回个?)?电话", "楼[^，。]{0,3}塌了", "(?:没有|别)人", "不.用", "(?<!不)可以"))
    )


def test_no_everyday_word_matches_a_cue_by_its_sound_alone() -> None:
    for module in pkgutil.iter_modules(assistant.ticket.__path__, "assistant.ticket."):
        importlib.import_module(module.name)
    gc.unfreeze()  # what other tests have loaded is hidden from it
    gc.collect()
    cues = [thing for thing in gc.get_objects() if isinstance(thing, Cue) and thing.sound]
    assert len(cues) > 20
    jieba.initialize()
    everyday = sorted(filter(jieba.dt.FREQ.get, jieba.dt.FREQ), key=jieba.dt.FREQ.__getitem__)[-25_000:]
    sounds = [(word, encode(word)) for word in everyday]
    mistaken = [
        (cue.text.pattern[:40], word)
        for cue in cues
        for word, sound in sounds
        if cue.sound and cue.sound.search(sound) and not cue.text.search(word)
    ]
    assert mistaken == []
