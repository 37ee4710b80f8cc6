"""Building, unit, room and house number out of speech."""

from __future__ import annotations

import pytest

from assistant.ticket.building import find_bare_number, find_parts, house_number


def parts(text: str) -> list[str]:
    return [said.value for said in find_parts(text) if not said.denied]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("三号楼四单元五零二", ["3号楼", "4单元", "502房"]),
        ("3号楼，502房", ["3号楼", "502房"]),
        ("十二栋一二零三室", ["12栋", "1203室"]),
        ("B栋八零八", ["B栋", "808房"]),
        ("12栋之二", ["12栋之二"]),
        ("二十一号楼", ["21号楼"]),
        ("七号楼的四单元", ["7号楼", "4单元"]),
        ("A座1508", ["A座", "1508房"]),
        ("东座二楼", ["东座"]),
        ("六号楼跟七号楼中间那条路", []),
        ("三号楼，不对，我女儿住三号楼，我是二号楼", ["3号楼", "2号楼"]),
    ],
)
def test_numbers_are_written_as_on_the_door(said: str, expected: list[str]) -> None:
    assert parts(said) == expected


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ("绮浩楼时单元", ["7号楼", "10单元"]),
        ("一号楼司单员", ["1号楼", "4单元"]),
        ("3号楼五零儿方", ["3号楼", "502房"]),
    ],
)
def test_homophones_of_the_words_are_understood(heard: str, expected: list[str]) -> None:
    assert parts(heard) == expected
    assert all(said.confidence < 0.9 for said in find_parts(heard) if said.value == expected[-1])


def test_what_is_said_to_be_wrong_is_marked() -> None:
    said = {part.value: part.denied for part in find_parts("是四单元，不是十单元")}
    assert said == {"4单元": False, "10单元": True}


@pytest.mark.parametrize(
    "said",
    [
        "拎水上七楼",
        "有一栋居民楼",
        "前面两栋楼",
        "一座桥",
        "七座车",
        "住了五年",
        "十点多开始",
        "一千二百块",
        "房租三千",
        "幺三八零零幺三五五二九",
        "房价涨到五万",
    ],
)
def test_other_numbers_are_no_parts(said: str) -> None:
    assert find_parts(said) == []


def test_the_last_bare_number_is_the_correction() -> None:
    bare = find_bare_number("不是二零五，五零二")
    assert bare is not None
    assert bare.value == "502房"


@pytest.mark.parametrize(
    ("behind", "number"),
    [("222号自编18号", "222号"), ("二百二十号门口", "220号"), ("，十五号之二", "15号之二"), ("103门口", "103号")],
)
def test_a_house_number_follows_its_road(behind: str, number: str) -> None:
    found = house_number("体育西路" + behind, 4)
    assert found is not None
    assert found[0] == number


@pytest.mark.parametrize("behind", ["三号楼", "3号线", "两家店", "有两百多米", "10点", "200米"])
def test_other_numbers_behind_a_road_are_no_house_number(behind: str) -> None:
    assert house_number("体育西路" + behind, 4) is None
