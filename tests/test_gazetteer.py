"""Names found by their sound in what a recogniser wrote."""

from __future__ import annotations

import pytest

from kb.gazetteer import Gazetteer, Match
from kb.pack import DEFAULT_PACK, CityPack


@pytest.fixture(scope="module")
def roads() -> Gazetteer:
    pack = CityPack.load(DEFAULT_PACK)
    return Gazetteer((road.name, road.name) for road in pack.roads)


@pytest.fixture(scope="module")
def merchants() -> Gazetteer:
    pack = CityPack.load(DEFAULT_PACK)
    return Gazetteer((name, merchant.id) for merchant in pack.merchants for name in merchant.short_names)


def best(gazetteer: Gazetteer, text: str) -> Match:
    return gazetteer.find(text)[0]


def test_a_name_spelled_right_is_certain(roads: Gazetteer) -> None:
    match = best(roads, "我在昌岗中路等车")
    assert (match.name, match.similarity) == ("昌岗中路", 1.0)
    assert (match.start, match.end) == (2, 6)


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("就在体一西路那边", "体育西路"),
        ("农基西鲁的路灯坏了", "龙津西路"),
        ("在月秀区农民下路那个站", "农林下路"),
        ("昌钢中路有人摆摊", "昌岗中路"),
    ],
)
def test_a_name_is_found_by_its_sound(roads: Gazetteer, heard: str, name: str) -> None:
    match = best(roads, heard)
    assert match.name == name
    assert 0.75 < match.similarity < 1.0


def test_the_closer_a_name_sounds_the_more_similar_it_is(roads: Gazetteer) -> None:
    similar = {match.name: match.similarity for match in roads.find("体育东路")}
    assert similar["体育东路"] == 1.0
    assert similar["体育东路"] > similar["体育西路"]


def test_homophones_rank_below_the_same_characters_and_above_other_sounds(merchants: Gazetteer) -> None:
    similar = {match.name: match.similarity for match in merchants.find("那家甜心西饼关门了")}
    assert similar["甜心西饼"] == 1.0
    assert 0.95 < similar["甜欣西饼"] < 1.0
    assert similar["田心西饼"] < 1.0


def test_branches_share_a_short_name(merchants: Gazetteer) -> None:
    match = best(merchants, "香满源西饼的蛋糕")
    assert match.name == "香满源西饼"
    assert len(match.keys) == 10


def test_punctuation_inside_a_name_does_not_hide_it(roads: Gazetteer) -> None:
    match = best(roads, "江南大道，北")
    assert match.name == "江南大道北"
    assert (match.start, match.end) == (0, 6)


def test_a_letter_heard_as_a_character_still_tells_the_sections_apart() -> None:
    gazetteer = Gazetteer([("沁心华庭A区", 1), ("沁心华庭B区", 2), ("沁心华庭C区", 3)])
    assert best(gazetteer, "白云区沁心华庭西区").keys == (3,)


def test_ordinary_speech_holds_no_names(roads: Gazetteer) -> None:
    assert [match for match in roads.find("你好我想咨询一下医保怎么报销", 0.85)] == []


def test_nothing_is_found_in_nothing(roads: Gazetteer) -> None:
    assert roads.find("") == []
    assert roads.find("，。") == []
    assert Gazetteer([]).find("体育西路") == []


def test_a_long_text_is_searched_to_its_end(roads: Gazetteer) -> None:
    assert best(roads, "嗯我跟你讲啊" * 40 + "昌岗中路").name == "昌岗中路"
