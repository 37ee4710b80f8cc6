"""The spot named behind a road: as far as a word for a kind of place."""

from __future__ import annotations

import pytest

from assistant.ticket.placeindex import PlaceIndex
from assistant.ticket.spot import clarity, find_crossing, find_spot, is_landmark
from kb.pack import DEFAULT_PACK, CityPack


@pytest.mark.parametrize(
    ("text", "spot"),
    [
        ("广州南站的出租车上客点上的车", "广州南站出租车上客点"),
        ("那边的停车场满了", "停车场"),
        ("地铁站B出口有人摆摊", "地铁站B出口"),
        ("，大同肉菜市场对面的路边停车位。", "大同肉菜市场对面路边停车位"),
    ],
)
def test_a_spot_ends_with_a_word_for_a_kind_of_place(text: str, spot: str) -> None:
    found = find_spot(text, 0)
    assert found is not None
    assert found[0] == spot


def test_speech_without_such_a_word_names_no_spot() -> None:
    assert find_spot("吵得受不了", 0) is None
    assert find_spot("门口", 0) is None


def test_words_known_for_places_are_clearer_than_garbled_ones() -> None:
    assert clarity("公交站") > clarity("公荐站")


def test_what_stands_beside_a_shop_makes_it_a_landmark() -> None:
    assert is_landmark("大同市场对面", 4)
    assert not is_landmark("大同市场门口", 4)


@pytest.mark.parametrize(
    ("text", "second", "place"),
    [
        ("天河区体育东路跟天河北路交叉那个路口", "天河北路", "交叉路口"),
        ("小北路和东风中路交界的地方", "东风中路", "交界处"),
        ("小北路与东风中路路口", "东风中路", "路口"),
        ("体育东路跟天河北路交查路口", "天河北路", "交叉路口"),
    ],
)
def test_two_roads_that_meet_are_a_crossing(text: str, second: str, place: str) -> None:
    index = PlaceIndex(CityPack.load(DEFAULT_PACK))
    crossing = find_crossing(text, [hearing for hearing in index.hear(text) if hearing.kind == "road"])
    assert crossing is not None
    assert crossing.second.spoken == second
    assert crossing.place == place


def test_two_roads_named_apart_are_no_crossing() -> None:
    index = PlaceIndex(CityPack.load(DEFAULT_PACK))
    text = "从小北路坐车到东风中路"
    assert find_crossing(text, [hearing for hearing in index.hear(text) if hearing.kind == "road"]) is None
