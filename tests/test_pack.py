"""The city pack loads whole, and says what is wrong with it in one sentence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kb.errors import PackError
from kb.pack import DEFAULT_PACK, CityPack, Merchant


@pytest.fixture(scope="module")
def pack() -> CityPack:
    return CityPack.load(DEFAULT_PACK)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    directory = tmp_path / "pack"
    shutil.copytree(DEFAULT_PACK, directory)
    return directory


def test_the_sample_pack_is_complete(pack: CityPack) -> None:
    assert pack.city == "广州市"
    assert len(pack.merchants) == 3000
    assert len(pack.compounds) == 1500
    assert len(pack.departments) == 116
    assert len(pack.leaves) == 136
    assert len(pack.districts) == 11
    assert pack.articles_path.is_file()


def test_short_names_and_request_types_are_split(pack: CityPack) -> None:
    tax = next(department for department in pack.departments if department.code == "tax")
    assert tax.short_names == ("税务局", "地税", "国税", "市税务局")
    prepaid = next(category for category in pack.leaves if category.code == "market.prepaid")
    assert prepaid.parent == "market"
    assert prepaid.request_types == ("投诉", "求助", "咨询")


def test_a_road_knows_every_district_it_runs_through(pack: CityPack) -> None:
    assert len({road.name for road in pack.roads}) == len(pack.roads)
    assert any(len(road.districts) > 1 for road in pack.roads)


def test_a_byte_order_mark_is_no_part_of_the_first_column(copy: Path) -> None:
    roads = copy / "roads.csv"
    roads.write_bytes(b"\xef\xbb\xbf" + roads.read_bytes())
    assert CityPack.load(copy).roads[0].name == "小北路"


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(PackError, match="/no/such/pack does not exist"):
        CityPack.load(Path("/no/such/pack"))


def test_a_missing_file_is_named_with_the_header_it_needs(copy: Path) -> None:
    (copy / "compounds.csv").unlink()
    with pytest.raises(PackError, match=r"compounds\.csv is missing.*id,name,short_names,district"):
        CityPack.load(copy)


def test_a_missing_column_is_named(copy: Path) -> None:
    (copy / "roads.csv").write_text("name\n小北路\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"roads\.csv row 1 has no column district"):
        CityPack.load(copy)


def test_a_row_that_is_too_short_is_named(copy: Path) -> None:
    (copy / "roads.csv").write_text("name,district\n小北路,越秀区\n应元路\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"roads\.csv row 3 has 1 columns instead of 2"):
        CityPack.load(copy)


def test_the_row_that_is_not_utf8_is_named(copy: Path) -> None:
    (copy / "roads.csv").write_bytes("name,district\n小北路,越秀区\n".encode() + "应元路,越秀区\n".encode("gb18030"))
    with pytest.raises(PackError, match=r"roads\.csv row 3 is not UTF-8"):
        CityPack.load(copy)


def test_a_city_is_what_stands_before_the_district() -> None:
    pack = replace(CityPack.load(DEFAULT_PACK), merchants=(), compounds=())
    assert pack.city == ""
    shop = Merchant("m", "红旗超市", (), "超市", "锦江区", "春熙路", "1", "成都市锦江区春熙路1号红旗超市", "")
    assert replace(pack, merchants=(shop,)).city == "成都市"
