"""The ticket as a call goes on."""

from __future__ import annotations

from datetime import datetime

import pytest

from assistant.errors import TicketError
from assistant.seat import Knowledge
from assistant.ticket.fields import LABELS, Change, Hint
from assistant.ticket.filler import TicketFiller
from assistant.transcript import Utterance

STARTED = datetime.fromisoformat("2026-03-18T09:12:00+08:00")
CALL = (
    ("agent", "您好，12345热线，请问有什么可以帮您？"),
    ("caller", "你好，我要投诉，我在健身房办了年卡，现在关门了，还剩八百六十块不退。"),
    ("agent", "先生贵姓？联系电话是多少？"),
    ("caller", "姓何。电话幺三八零零幺三八零零幺。"),
    ("agent", "何先生，幺三八零零幺三八零零幺，对吗？"),
    ("caller", "对的。"),
)


@pytest.fixture
def filler(knowledge: Knowledge) -> TicketFiller:
    return TicketFiller(knowledge.reference, STARTED, "13800138001")


def hear(filler: TicketFiller, *lines: tuple[str, str], start: int = 0) -> list[Change | Hint]:
    news: list[Change | Hint] = []
    for index, (speaker, text) in enumerate(lines, start=start):
        news += filler.hear(Utterance(index, "agent" if speaker == "agent" else "caller", text))
    return news


def test_every_field_is_there_from_the_beginning_in_the_order_of_the_form(filler: TicketFiller) -> None:
    assert list(filler.fields) == list(LABELS)
    assert all(field.state == "empty" and field.value is None for field in filler.fields.values())


def test_a_greeting_fills_nothing(filler: TicketFiller) -> None:
    assert hear(filler, ("agent", "您好，12345热线，请问有什么可以帮您？"), ("caller", "喂，你好。")) == []


def test_changes_tell_what_is_new_in_form_order_and_add_up_to_the_fields(filler: TicketFiller) -> None:
    told: dict[str, object] = {}
    for index, line in enumerate(CALL):
        names = [news.name for news in hear(filler, line, start=index) if isinstance(news, Change)]
        assert names == sorted(names, key=list(LABELS).index)
        told.update({name: filler.fields[name].value for name in names})
    filled = {name: field.value for name, field in filler.fields.items() if field.state != "empty"}
    assert {name: value for name, value in told.items() if value is not None} == filled
    assert filler.fields["contact_phone"].state == "confirmed"
    assert filler.fields["category"].display == "市场监管 · 预付卡消费"
    assert filler.fields["category"].candidates[0].value == "market.prepaid"
    assert filler.fields["department"].candidates[0].value == "scjg"


def test_the_same_call_gives_the_same_ticket(knowledge: Knowledge) -> None:
    first, second = (TicketFiller(knowledge.reference, STARTED, None) for _ in range(2))
    assert hear(first, *CALL) == hear(second, *CALL)


def test_what_the_agent_typed_is_never_overwritten_and_contradictions_are_told_once(filler: TicketFiller) -> None:
    hear(filler, *CALL)
    (change,) = filler.edit("amount", 800)
    assert (change.value.value, change.value.state) == (800, "edited")
    assert not [news for news in hear(filler, ("caller", "就是这样。"), start=6) if isinstance(news, Hint)]
    news = hear(filler, ("caller", "哦我看错了，是还剩九百六十块，退九百六十块。"), ("caller", "九百六十块。"), start=7)
    conflicts = [hint for hint in news if isinstance(hint, Hint) and hint.kind == "conflict"]
    assert len(conflicts) == 1
    assert "960" in conflicts[0].text
    assert (conflicts[0].name, conflicts[0].value, conflicts[0].display) == ("amount", 960, "960元")
    assert filler.fields["amount"].value == 800


def test_a_field_can_be_cleared_for_good(filler: TicketFiller) -> None:
    hear(filler, *CALL)
    filler.edit("amount", None)
    hear(filler, ("caller", "还剩八百六十块。"), start=6)
    assert (filler.fields["amount"].value, filler.fields["amount"].state) == (None, "edited")


def test_accepting_confirms_what_is_shown_and_nothing_else(filler: TicketFiller) -> None:
    hear(filler, *CALL)
    (change,) = filler.accept("amount")
    assert (change.value.value, change.value.state) == (860, "confirmed")
    with pytest.raises(TicketError):
        filler.accept("building")
    with pytest.raises(TicketError):
        filler.accept("nonsense")


def test_what_follows_from_a_field_follows_from_the_agents_value(filler: TicketFiller) -> None:
    hear(filler, *CALL)
    filler.edit("category", "edu.sports")
    hear(filler, ("caller", "麻烦你们了。"), start=6)
    assert filler.fields["department"].value == "tyj"
    assert "体育健身场馆" in str(filler.fields["title"].value)


def test_danger_is_told_at_once_and_only_once(filler: TicketFiller) -> None:
    news = hear(filler, ("caller", "楼道里有很大的煤气味！"), ("caller", "真的好大的煤气味！"))
    assert len([hint for hint in news if isinstance(hint, Hint) and hint.kind == "urgent"]) == 1
    assert filler.fields["urgency"].value == "特急"


def test_the_agent_is_reminded_of_what_is_missing_when_closing(filler: TicketFiller) -> None:
    news = hear(filler, *CALL[:2], ("agent", "请问还有其他需要帮助的吗？"))
    (hint,) = [hint for hint in news if isinstance(hint, Hint)]
    assert hint.kind == "missing"
    assert "联系电话" in hint.text


def test_what_to_ask_next_is_what_nobody_spoke_of(filler: TicketFiller) -> None:
    asked = lambda news: [hint.text for hint in news if isinstance(hint, Hint) and hint.kind == "ask"]  # noqa: E731
    assert not asked(hear(filler, *CALL[:2]))
    first = asked(hear(filler, ("agent", "您请讲。"), ("caller", "我要投诉，卡里的钱不退给我。"), start=2))
    assert len(first) == 1
    assert first[0].startswith("接下来可以问：")
    hear(filler, ("agent", "请问怎么称呼您？"), ("agent", "什么时候的事？具体在什么位置？"), start=4)
    assert "联系电话" in asked(hear(filler, ("caller", "我想想啊。"), start=6))[0]


@pytest.mark.parametrize(
    "text",
    [
        "1" * 5000,
        "一" * 5000,
        "我要投诉他们不退钱，" * 500,
        "嗯" * 5000,
        "😀🔥" * 50,
        "hello world " * 50,
        "，。？！…" * 40,
        " ",
        "不是的" * 400,
    ],
    ids=["digits", "ones", "long", "yes", "emoji", "latin", "punctuation", "blank", "no"],
)
def test_whatever_is_said_is_heard_to_the_end(filler: TicketFiller, text: str) -> None:
    hear(filler, CALL[0], ("caller", text), *CALL[2:])
    assert filler.fields["contact_phone"].value == "13800138001"


def test_the_likely_categories_are_those_of_the_words_until_the_agent_chooses(filler: TicketFiller) -> None:
    assert filler.likely_categories == {}
    hear(filler, *CALL)
    likely = filler.likely_categories
    assert max(likely, key=lambda code: likely[code]) == filler.fields["category"].value
    assert sum(likely.values()) == pytest.approx(1.0, abs=1e-3)

    filler.edit("category", "edu.sports")

    assert filler.likely_categories == {"edu.sports": 1.0}


def test_what_the_agent_did_is_undone_step_by_step_to_what_the_machine_reads_now(filler: TicketFiller) -> None:
    hear(filler, *CALL[:2])
    read = filler.fields["amount"]
    filler.accept("amount")
    filler.edit("amount", 900)

    [change] = filler.undo("amount")
    assert (change.value.value, change.value.state) == (read.value, "confirmed")
    hear(filler, ("caller", "不对，是还剩九百六十块。"), start=2)
    [change] = filler.undo("amount")
    assert (change.value.value, change.value.state) == (960, "suggested")
    with pytest.raises(TicketError, match="没有可以撤销"):
        filler.undo("amount")
    with pytest.raises(TicketError, match="没有可以撤销"):
        filler.undo("nonsense")


def test_a_field_that_was_undone_follows_the_call_again(filler: TicketFiller) -> None:
    filler.edit("caller_name", "张三")
    filler.undo("caller_name")
    hear(filler, *CALL)
    assert str(filler.fields["caller_name"].value).startswith("何")
