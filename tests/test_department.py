"""Which office takes it on."""

from __future__ import annotations

import pytest

from assistant.ticket.department import DepartmentNames, read_departments, read_operator
from assistant.ticket.fields import EMPTY, FieldValue
from kb.pack import DEFAULT_PACK, CityPack
from tests.test_dialogue import conversation


@pytest.fixture(scope="module")
def names() -> DepartmentNames:
    return DepartmentNames(CityPack.load(DEFAULT_PACK))


def departments(
    names: DepartmentNames, *lines: str, category: str | None = None, district: str | None = None
) -> tuple[object, object]:
    """Codes of the department in charge and of those that join in."""
    known = FieldValue(category, "suggested", 0.8) if category else EMPTY
    where = FieldValue(district, "suggested", 0.9) if district else EMPTY
    shares = {category: 0.8} if category else {}
    main, joint = read_departments(conversation(*lines), names, known, shares, where)
    return main.value, joint.value


def test_the_category_names_the_department_and_the_district_its_desk(names: DepartmentNames) -> None:
    assert departments(names, category="market.prepaid") == ("scjg", None)
    assert departments(names, category="city.garbage", district="天河区") == ("d-tianhe", None)
    assert departments(names, category="city.garbage") == (None, None)


def test_what_the_agent_says_goes_before_the_categorys_default(names: DepartmentNames) -> None:
    said = "A 好，我转给市场监管部门处理。"
    assert departments(names, said, category="env.fume") == ("scjg", None)
    assert departments(names, "A 好的，转一宝中心的工作人员回复您。", category="env.fume") == ("yibao", None)


def test_offices_named_for_joint_handling_are_kept_apart(names: DepartmentNames) -> None:
    line = "A 我们转白云区，由街道召集联通、移动、电信、广电网络四家一起到现场处理。"
    assert departments(names, line) == ("d-baiyun", ["liantong", "yidong", "dianxin", "guangdian"])
    line = "A 这次转生态环境局，请番禺区一起去查处。"
    assert departments(names, line) == ("sthj", ["d-panyu"])
    line = "A 我按紧急件报市场监管局，也请番禺区督促物业。"
    assert departments(names, line) == ("scjg", ["d-panyu"])


def test_a_question_about_an_office_passes_nothing_on(names: DepartmentNames) -> None:
    assert departments(names, "A 您联系过供电局吗？", category="env.fume") == ("sthj", None)


def test_the_districts_own_company_is_preferred(names: DepartmentNames) -> None:
    assert departments(names, "A 我转给自来水公司。", district="番禺区") == ("panyu-water", None)
    assert departments(names, "A 我转给自来水公司。", district="海珠区") == ("zls", None)


def test_a_complaint_about_a_company_that_serves_the_city_is_about_it(names: DepartmentNames) -> None:
    heard = conversation("C 一八八路公交到站不停", "A 我转给公交集团核实。")
    bus, office = FieldValue("gongjiao", "suggested", 0.9), FieldValue("scjg", "suggested", 0.9)
    complaint, help_wanted = FieldValue("投诉", "suggested", 0.9), FieldValue("求助", "suggested", 0.9)
    found = read_operator(heard, names, bus, complaint)
    assert found.value == "广州市公共交通集团有限公司"
    assert [heard.turns[e.utterance].text[e.start : e.end] for e in found.evidence] == ["公交", "公交集团"]
    assert read_operator(heard, names, bus, help_wanted).value is None
    assert read_operator(heard, names, office, complaint).value is None
