"""Where it happened and whom it is about, heard turn by turn with the sample pack."""

from __future__ import annotations

import pytest

from assistant.ticket.fields import FieldValue
from assistant.ticket.placeindex import PlaceIndex, explained_characters
from assistant.ticket.places import Places
from assistant.transcript import Utterance
from kb.pack import DEFAULT_PACK, CityPack

Line = tuple[str, str] | tuple[str, str, str]
HEARD = 0.8
"""Confidence of recognised, not typed, text."""


@pytest.fixture(scope="module")
def index() -> PlaceIndex:
    return PlaceIndex(CityPack.load(DEFAULT_PACK))


def hear(index: PlaceIndex, *lines: Line, confidence: float = 1.0) -> dict[str, FieldValue]:
    """The fields after a dialogue; a third item of a line is the field that was asked for before it."""
    places = Places(index)
    for number, line in enumerate(lines):
        speaker, text, asked = (*line, "")[:3]
        utterance = Utterance(number, "agent" if speaker == "agent" else "caller", text, confidence=confidence)
        places.hear(utterance, asked or None)
    return places.values()


def said(values: dict[str, FieldValue]) -> dict[str, object]:
    return {name: value.value for name, value in values.items()}


def test_a_branch_is_told_by_its_road(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "我要投诉昌岗中路的如归宾馆，退房不退押金"))
    assert said(values) == {
        "subject": "如归宾馆(昌岗中路店)",
        "district": "海珠区",
        "road": "昌岗中路",
        "address": "广州市海珠区昌岗中路345号首层7号铺",
    }


def test_a_branch_is_told_by_what_the_caller_adds_later(index: PlaceIndex) -> None:
    lines: list[Line] = [
        ("caller", "我要投诉如归宾馆，退房不退押金"),
        ("agent", "如归宾馆有好几家，您说的是哪家？"),
    ]
    assert "address" not in hear(index, *lines)
    assert hear(index, *lines, ("caller", "聚德路那家。", "subject"))["subject"].value == "如归宾馆(聚德路店)"


def test_nothing_tells_ten_branches_apart(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "你好，我在香满源西饼买的蛋糕发霉了"))
    assert set(said(values)) <= {"subject"}
    assert "subject" not in values or values["subject"].confidence < 0.7


def test_branches_that_nothing_tells_apart_are_offered(index: PlaceIndex) -> None:
    subject = hear(index, ("caller", "我要投诉如归宾馆，退房不退押金"))["subject"]
    assert subject.value == "如归宾馆"
    branches = {"如归宾馆(立新西路店)", "如归宾馆(昌岗中路店)", "如归宾馆(聚德路店)"}
    assert {candidate.value for candidate in subject.candidates} == branches
    known = hear(index, ("caller", "我要投诉昌岗中路的如归宾馆，退房不退押金"))["subject"]
    assert [candidate.value for candidate in known.candidates] == [known.value]


def test_homophone_errors_of_the_recogniser_are_linked(index: PlaceIndex) -> None:
    values = hear(
        index,
        ("caller", "你好我在昌钢中路那个如贵宾馆住宿退房不退押金"),
        ("agent", "还珠区昌岗中路的如归宾馆是吗"),
        confidence=HEARD,
    )
    assert values["subject"].value == "如归宾馆(昌岗中路店)"
    assert values["district"].value == "海珠区"


def test_a_badly_heard_compound_is_found_on_its_well_heard_road(index: PlaceIndex) -> None:
    values = hear(
        index,
        ("agent", "请问是哪个小区"),
        ("caller", "天河区华景路灰易雅居二期三号楼", "address"),
        ("agent", "华景路的汇一雅居二期三号楼对吗", "address"),
        confidence=HEARD,
    )
    assert values["compound"].value == "汇逸雅居二期"
    assert values["street"].value == "棠下街道"
    assert values["community"].value == "东南社区"
    assert values["address"].value == "广州市天河区棠下街道华景路749号汇逸雅居二期3号楼"


def test_the_street_of_a_named_compound_follows_and_points_at_the_compound(index: PlaceIndex) -> None:
    text = "我住在天河区燕塘路嘉富花园"
    values = hear(index, ("caller", text))
    assert values["street"].value == "兴华街道"
    (evidence,) = values["street"].evidence
    assert text[evidence.start : evidence.end] == "嘉富花园"
    (evidence,) = values["road"].evidence
    assert text[evidence.start : evidence.end] == "燕塘路"


def test_a_section_said_on_its_own_completes_the_compound(index: PlaceIndex) -> None:
    values = hear(
        index,
        ("agent", "请问是哪个小区？"),
        ("caller", "汇逸雅居。", "address"),
        ("agent", "是一期还是二期？"),
        ("caller", "二期的，三栋八零二。", "address"),
    )
    assert values["compound"].value == "汇逸雅居二期"
    assert values["address"].value == "广州市天河区棠下街道华景路749号汇逸雅居二期3栋802房"


def test_sections_that_nobody_told_apart_stay_open(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "海珠区昌岗东路的华悦嘉园停水了"))
    assert "compound" not in values
    assert values["road"].value == "昌岗东路"
    assert values["street"].value == "昌岗街道"


def test_a_wrong_section_read_back_is_corrected(index: PlaceIndex) -> None:
    values = hear(
        index,
        ("agent", "请问是哪个小区？"),
        ("caller", "锦和花苑。", "address"),
        ("agent", "黄石东路的锦和花苑北区，对吗？"),
        ("caller", "不是，是南区。", "address"),
    )
    assert values["compound"].value == "锦和花苑南区"


def test_a_wrong_road_read_back_loses(index: PlaceIndex) -> None:
    values = hear(
        index,
        ("caller", "海珠区江南西路的路灯坏了"),
        ("agent", "海珠区昌岗中路的路灯，对吗？"),
        ("caller", "不对，是江南西路。"),
    )
    assert values["road"].value == "江南西路"


def test_the_caller_takes_a_place_back_in_one_sentence(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "在天河区，不是体育东路，是体育西路，有个井盖不见了"))
    assert values["road"].value == "体育西路"


@pytest.mark.parametrize(
    ("correction", "name", "value"),
    [
        ("不对，五号楼", "building", "5号楼"),
        ("不是十单元，是四单元", "unit", "4单元"),
        ("不是，五零二，五零二", "room", "502房"),
    ],
)
def test_the_last_correction_wins(index: PlaceIndex, correction: str, name: str, value: str) -> None:
    lines: list[Line] = [("agent", "三号楼十单元二零五房，对吗？"), ("caller", correction)]
    assert hear(index, *lines)[name].value == value


def test_a_call_may_begin_with_a_denial(index: PlaceIndex) -> None:
    assert hear(index, ("caller", "不是，天河区体育西路的路灯"))["road"].value == "体育西路"


def test_a_self_correction_wins(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "我家在五栋，哦不对，六栋，三单元"))
    assert values["building"].value == "6栋"
    assert values["unit"].value == "3单元"


def test_a_number_read_back_makes_it_surer(index: PlaceIndex) -> None:
    once = hear(index, ("caller", "七号楼四单元"))
    twice = hear(index, ("caller", "七号楼四单元"), ("agent", "好的，七号楼四单元"))
    assert twice["building"].confidence > once["building"].confidence
    assert [span.utterance for span in twice["building"].evidence] == [0, 1]


def test_an_explained_character_chooses_between_homophones(index: PlaceIndex) -> None:
    lines: list[Line] = [
        ("caller", "海珠区有个御景花园，就是荣誉的誉，停水了"),
        ("agent", "海珠区誉景花园，好的。"),
    ]
    assert explained_characters("就是荣誉的雨，停水了") == ["誉"]
    assert hear(index, *lines, confidence=HEARD)["compound"].value == "誉景花园"


def test_a_surname_explains_no_place() -> None:
    assert explained_characters("我姓秦，秦岭的秦") == []


def test_candidates_that_the_agent_offers_are_no_evidence(index: PlaceIndex) -> None:
    values = hear(index, ("agent", "您是新滘中路、广州大道南，还是江南大道北的？"))
    assert said(values) == {}


def test_the_city_in_a_greeting_is_no_address(index: PlaceIndex) -> None:
    assert hear(index, ("agent", "您好，这里是广州12345政务服务便民热线，天河区坐席为您服务。")) == {}


def test_a_crossing_is_named_by_both_roads(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "越秀区小北路跟东风中路交叉那个路口，行人绿灯太短"))
    assert values["road"].value == "小北路"
    assert values["address"].value == "广州市越秀区小北路与东风中路交叉路口"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("天河区体育东路一百二十八号门口停满了电动车", "广州市天河区体育东路128号"),
        ("海珠区江南西路地铁站A出口那里有人乱摆摊", "广州市海珠区江南西路地铁站A出口"),
        ("荔湾区宝华路的公交站，站牌倒了", "广州市荔湾区宝华路公交站"),
        ("增城区新塘镇塘美村，有人烧垃圾", "广州市增城区新塘镇塘美村"),
    ],
)
def test_an_address_without_a_listed_place_is_what_was_said(index: PlaceIndex, text: str, address: str) -> None:
    assert hear(index, ("caller", text))["address"].value == address


def test_a_shop_as_landmark_is_not_the_subject(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "天河区龙洞东路的宝缘金店旁边有个工地，晚上施工"))
    assert "subject" not in values
    assert values["road"].value == "龙洞东路"
    assert str(values["address"].value).startswith("广州市天河区龙洞东路宝缘金店旁边")


def test_who_is_complained_of_is_the_subject_but_not_who_deals_with_it(index: PlaceIndex) -> None:
    values = hear(index, ("caller", "我要投诉移动公司乱扣费"), ("agent", "我转通信管理局处理。"))
    assert values["subject"].value == "中国移动通信集团广东有限公司广州分公司"
    values = hear(index, ("caller", "我打过供电局的电话，他们说要等"), ("agent", "我转给自来水公司。"))
    assert "subject" not in values


def test_an_organisation_in_no_list_stays_as_said_with_little_confidence(index: PlaceIndex) -> None:
    values = hear(index, ("agent", "是哪家公司？"), ("caller", "叫鼎鑫鹏达装修公司。", "subject"))
    assert values["subject"].value == "鼎鑫鹏达装修公司"
    assert values["subject"].confidence <= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "你好我想咨询一下异地医保怎么报销，我爸跟我住在海口",
        "我今年四十六，以前在服装厂上班，能不能申请补贴",
        "拎水上七楼，你说怎么办，楼上好多老人",
        "网上买的手机用了三天就黑屏，商家不给退",
        "昨天晚上十点多开始放音响，一直搞到凌晨两点",
    ],
)
def test_calls_without_a_place_have_none(index: PlaceIndex, text: str) -> None:
    assert hear(index, ("caller", text)) == {}
    assert hear(index, ("caller", text), confidence=HEARD) == {}


def test_the_recognisers_second_choices_count(index: PlaceIndex) -> None:
    places = Places(index)
    text = "海珠区昌根忠录的路灯坏了"
    places.hear(Utterance(0, "caller", text, confidence=HEARD, hypotheses=("海珠区昌岗中路的路灯坏了",)))
    road = places.values()["road"]
    assert road.value == "昌岗中路"
    assert text[road.evidence[0].start : road.evidence[0].end] == "昌根忠录"


def test_a_place_heard_twice_is_surer(index: PlaceIndex) -> None:
    once = hear(index, ("caller", "昌钢中路的路灯坏了"), confidence=HEARD)
    twice = hear(index, ("caller", "昌钢中路的路灯坏了"), ("agent", "昌钢中路的路灯是吗"), confidence=HEARD)
    assert twice["road"].confidence > (once["road"].confidence if "road" in once else 0.0)


def test_what_was_heard_later_does_not_change_what_the_same_words_gave_before(index: PlaceIndex) -> None:
    lines: list[Line] = [
        ("caller", "我住在天河区燕塘路嘉富花园"),
        ("agent", "几号楼？"),
        ("caller", "五号楼", "address"),
    ]
    assert hear(index, *lines) == hear(index, *lines)
    assert hear(index, *lines)["compound"] == hear(index, *lines[:1])["compound"]


def test_a_street_said_without_its_kind_tells_compounds_apart(index: PlaceIndex) -> None:
    places = Places(index)
    said = (("caller", "我住民景丽苑"), ("caller", "天河区龙洞那边"), ("agent", "天河区龙洞的民景丽苑"))
    for number, (speaker, text) in enumerate(said):
        places.hear(Utterance(number, speaker, text, confidence=0.7, hypotheses=(text,)))
    assert places.values()["street"].value == "龙洞街道"
    assert "民景丽苑" not in str(places.values())


def test_what_was_typed_is_not_taken_for_what_only_sounds_a_little_like_it(index: PlaceIndex) -> None:
    assert "compound" not in hear(index, ("agent", "我转人社局，请增城区也一起介入"))
