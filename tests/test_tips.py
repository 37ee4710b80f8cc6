"""The phone book and the common tips are found as the agent types, in whatever way is quickest."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import PackError
from kb.pack import DEFAULT_PACK, CityPack, Department
from kb.tips import Tip, Tips

SOCIAL_SECURITY = "广州市社会保险基金管理中心"
TIANHE = "天河区人民政府"


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return CityPack.load(DEFAULT_PACK)


@pytest.fixture(scope="module")
def tips(pack: CityPack) -> Tips:
    return Tips.load(pack)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    directory = tmp_path / "pack"
    shutil.copytree(DEFAULT_PACK, directory)
    return directory


def titles(tips: Tips, query: str) -> list[str]:
    return [tip.title for tip in tips.search(query)]


def with_departments(pack: CityPack, directory: Path, *names: tuple[str, ...]) -> Tips:
    """Only departments: each a full name and its short names."""
    offices = tuple(Department(name, name, tuple(short), "", "", "", "") for name, *short in names)
    return Tips.load(replace(pack, directory=directory, departments=offices))


def test_an_empty_query_gives_everything_in_the_order_of_the_pack(pack: CityPack, tips: Tips) -> None:
    everything = tips.search("")
    assert len(everything) > len(pack.departments) > 20
    assert [tip.title for tip in everything[: len(pack.departments)]] == [office.name for office in pack.departments]
    assert {tip.kind for tip in everything[len(pack.departments) :]} == {"tip"}
    assert tips.search(" \t　") == everything


def test_departments_carry_their_duties_and_tips_their_text(tips: Tips) -> None:
    office = tips.search("社保局")[0]
    assert office == Tip("department", SOCIAL_SECURITY, office.text, "020-80001743", ("社保局", "社保中心", "社保"))
    assert office.text.startswith("负责养老")
    tip = tips.search("电梯困人")[0]
    assert (tip.kind, tip.phone, tip.also) == ("tip", "020-80005053", ())
    assert tip.text.startswith("请来电人不要扒门")


@pytest.mark.parametrize(
    "query",
    ["社保局", "社保", "sbj", "SBJ", " s b j ", "ｓｂｊ", "shbzx", "shebao", "she'bao", "shebaoju", "sheb", "shebaoj",
     "shebj", "社bj", "社baoju", "s保局", "社保j", "广州市社会保险", "社会保险基金", "80001743",
     "020-80001743", "1743"],
)  # fmt: skip
def test_the_social_security_office_is_first_however_it_is_typed(tips: Tips, query: str) -> None:
    assert titles(tips, query)[0] == SOCIAL_SECURITY


@pytest.mark.parametrize(
    ("query", "title"),
    [("thq", TIANHE), ("tianhe", TIANHE), ("tianh", TIANHE), ("天hq", TIANHE), ("gaj", "广州市公安局"),
     ("天河cbd", "天河中央商务区管理委员会"), ("thCBD", "天河中央商务区管理委员会"), ("110", "广州市110报警服务台"),
     ("dt", "广州地铁集团有限公司"), ("dtkr", "电梯困人"), ("diantikun", "电梯困人"), ("4050bt", "4050补贴咨询"),
     ("12345gd", "12345工单查询"), ("yufuk", "预付卡退费"), ("绿化局", "广州市林业和园林局"),
     ("lvhj", "广州市林业和园林局"), ("lühuaju", "广州市林业和园林局")],
)  # fmt: skip
def test_names_are_typed_in_characters_initials_pinyin_and_mixtures(tips: Tips, query: str, title: str) -> None:
    assert titles(tips, query)[0] == title


@pytest.mark.parametrize("query", ["panyu", "fanyu", "pyq", "fyq"])
def test_every_reading_of_a_polyphone_is_found(tips: Tips, query: str) -> None:
    assert titles(tips, query)[0] == "番禺区人民政府"


def test_police_branches_are_found_by_their_initials(pack: CityPack, tmp_path: Path) -> None:
    tips = with_departments(pack, tmp_path, ("天河区公安分局", "公安分局"), ("广州市公安局", "公安局"))
    assert titles(tips, "gafj") == ["天河区公安分局"]
    assert titles(tips, "gaj") == ["广州市公安局"]


def test_a_whole_short_name_comes_before_the_start_of_a_name_and_that_before_its_inside(
    pack: CityPack, tmp_path: Path
) -> None:
    tips = with_departments(
        pack, tmp_path, ("本地的水务集团",), ("水务集团有限公司",), ("广州市供水处", "水务集团"), ("处", "水务集团二部")
    )
    for query in ("水务集团", "swjt", "shuiwujituan", "水务jt"):
        assert titles(tips, query) == ["广州市供水处", "水务集团有限公司", "处", "本地的水务集团"]


def test_characters_come_before_initials_and_initials_before_pinyin(pack: CityPack, tmp_path: Path) -> None:
    tips = with_departments(pack, tmp_path, ("安置处",), ("阿宁诊所",), ("AN中心",))
    assert titles(tips, "an") == ["AN中心", "阿宁诊所", "安置处"]


def test_the_common_reading_of_a_character_comes_first(tips: Tips) -> None:
    found = titles(tips, "dt")
    assert found.index("广州地铁集团有限公司") < found.index("国家税务总局广州市税务局")


def test_names_come_before_topics_and_topics_before_texts(tips: Tips) -> None:
    found = tips.search("社保")
    assert [(tip.kind, tip.title) for tip in found[:3]] == [
        ("department", SOCIAL_SECURITY), ("tip", "社保缴费证明"), ("tip", "社保卡补办")
    ]  # fmt: skip
    assert len(found) > 3
    assert all("社保" in tip.text and "社保" not in tip.title for tip in found[3:])


def test_texts_are_found_by_characters_and_whole_syllables_but_not_by_initials(tips: Tips) -> None:
    assert "电梯困人" in titles(tips, "扒门")
    assert "电梯困人" in titles(tips, "bamen")
    assert "电梯困人" in titles(tips, "bame")
    assert "电梯困人" not in titles(tips, "bm")


def test_digits_find_phones_by_their_end_first(pack: CityPack, tmp_path: Path) -> None:
    phones = {"甲": "020-80001234", "乙": "020-12345678", "丙": "1234"}
    offices = tuple(Department(name, name, (), "", "", phone, "") for name, phone in phones.items())
    tips = Tips.load(replace(pack, directory=tmp_path, departments=offices))
    assert titles(tips, "1234") == ["丙", "甲", "乙"]
    assert titles(tips, "020 1234") == ["乙"]


def test_no_more_than_asked_for(tips: Tips) -> None:
    assert len(tips.search("广州市")) == 20
    assert tips.search("广州市", most=3) == tips.search("广州市")[:3]
    assert tips.search("广州市", most=0) == []


@pytest.mark.parametrize(
    "query",
    ["zzzz", "vvv", "qwertyuiop", "外星人", "99999999", "%", "_", "*", "\\", "。。。", "\x00", "\ud800", "🙂",
     "' OR 1=1 --", "'; DROP TABLE tips; --", "<script>alert(1)</script>", "<b onclick=x>", "(v+)+$", "[", "社保局zzz"],
)  # fmt: skip
def test_nonsense_and_markup_find_nothing(tips: Tips, query: str) -> None:
    assert tips.search(query) == []


@pytest.mark.parametrize("unit", ["社", "s", "a", "1", "shebao", "'", "，", "社 ", "广州市"])
def test_a_very_long_query_finds_nothing(tips: Tips, unit: str) -> None:
    assert tips.search((unit * 10_000)[:10_000]) == []


def test_a_pack_without_tips_has_its_departments(pack: CityPack, copy: Path) -> None:
    (copy / "tips.csv").unlink()
    tips = Tips.load(CityPack.load(copy))
    assert [tip.title for tip in tips.search("")] == [office.name for office in pack.departments]
    assert titles(tips, "sbj") == [SOCIAL_SECURITY]


def test_a_pack_without_anything_finds_nothing(pack: CityPack, tmp_path: Path) -> None:
    tips = with_departments(pack, tmp_path)
    assert tips.search("") == tips.search("sbj") == []


def test_a_missing_column_is_named(copy: Path) -> None:
    (copy / "tips.csv").write_text("topic,phone\n停水,110\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"tips\.csv row 1 has no column text.*topic,text,phone"):
        Tips.load(CityPack.load(copy))


def test_a_row_that_is_too_long_is_named(copy: Path) -> None:
    (copy / "tips.csv").write_text("topic,text,phone\n停水,先看总阀,再报修,110\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"tips\.csv row 2 has 4 columns instead of 3"):
        Tips.load(CityPack.load(copy))
