"""Text as syllables: what sounds alike is near, what does not is far."""

from __future__ import annotations

import numpy as np
import pytest

from kb.pinyin import DISTANCE, FUZZY, SYLLABLES, char_distance, initials, pinyin, readings, syllables


def distance(left: str, right: str) -> float:
    return float(DISTANCE[SYLLABLES.index(left), SYLLABLES.index(right)])


def test_punctuation_has_no_sound_and_positions_are_those_of_the_text() -> None:
    heard = syllables("体育西路， C区")
    assert [syllable.char for syllable in heard] == ["体", "育", "西", "路", "c", "区"]
    assert [syllable.position for syllable in heard] == [0, 1, 2, 3, 6, 7]


def test_digits_and_letters_are_read_in_mandarin() -> None:
    assert pinyin("12") == ["yi", "er"]
    assert "yao" in [SYLLABLES[reading] for reading in readings("1")]
    assert char_distance("C", "西") == 0.0


def test_initials_are_those_of_every_reading() -> None:
    assert initials("中国银行（C区12号）") == ["z", "g", "y", "xh", "c", "qo", "1", "2", "hx"]


def test_full_width_letters_are_letters() -> None:
    assert syllables("Ｃ区")[0].char == "c"


@pytest.mark.parametrize(
    ("char", "sounds"), [("涌", {"yong", "chong"}), ("番", {"fan", "pan"}), ("行", {"xing", "hang"})]
)
def test_every_common_reading_of_a_polyphone_counts(char: str, sounds: set[str]) -> None:
    assert {SYLLABLES[reading] for reading in readings(char)} == sounds


@pytest.mark.parametrize(
    "pair",
    ["zhong zong", "chang cang", "shan san", "nan lan", "xing xin", "feng fen", "fang fan", "hua fa", "hu fu"],
)
def test_what_southern_speakers_merge_is_near(pair: str) -> None:
    left, right = pair.split()
    assert 0 < distance(left, right) < 0.2
    assert FUZZY[SYLLABLES.index(left)] == FUZZY[SYLLABLES.index(right)]


def test_distance_grows_with_what_differs() -> None:
    assert distance("ti", "ti") == 0.0
    assert distance("yu", "yi") < distance("ti", "qi") < distance("ti", "mao")
    assert distance("ti", "mao") == 1.0


def test_the_table_is_symmetric_and_bounded() -> None:
    assert np.array_equal(DISTANCE, DISTANCE.T)
    assert DISTANCE.min() == 0.0
    assert DISTANCE.max() == 1.0
    assert not DISTANCE.diagonal().any()


def test_a_character_nobody_can_read_is_far_from_everything() -> None:
    assert readings("☃") == ()
    assert char_distance("☃", "路") == 1.0
