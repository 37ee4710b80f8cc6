"""Which articles the agent sees while the caller talks."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.seat import Knowledge
from assistant.suggest import Suggester
from assistant.transcript import Speaker, Utterance
from kb.search import ArticleIndex

DAY = date(2026, 4, 1)
GREETING: tuple[Speaker, str] = ("agent", "您好，12345热线，请问有什么可以帮您？")


@pytest.fixture
def index(knowledge: Knowledge) -> ArticleIndex:
    return knowledge.index


def shown(index: ArticleIndex, *turns: tuple[Speaker, str], on: date = DAY) -> list[list[str] | None]:
    """The ids that each turn brings to the page; None where the page stays as it is."""
    suggester = Suggester(index, on)
    heard = [suggester.hear(Utterance(number, speaker, text), {}) for number, (speaker, text) in enumerate(turns)]
    return [[hit.article.id for hit in hits] if hits else None for hits in heard]


def test_the_article_appears_with_the_complaint_and_stays_through_the_form(index: ArticleIndex) -> None:
    on_page = shown(
        index,
        GREETING,
        ("caller", "你好，路上有个井盖塌了，我的车轮陷进去了，找谁来修啊？"),
        ("agent", "请问您贵姓？联系电话是多少？"),
        ("caller", "免贵姓何，幺三八零零幺三八零零幺。"),
        ("agent", "在什么位置？"),
        ("caller", "在黄埔大道东，大同市场对面，路边那个公共停车位。"),
        ("agent", "处理好以后需要给您回访吗？"),
        ("caller", "要的，打这个电话就行。"),
        ("caller", "没有了，谢谢。"),
    )
    assert on_page == [None, ["kb-0117"], None, None, None, None, None, None, None]


def test_a_misheard_complaint_brings_it_too(index: ArticleIndex) -> None:
    on_page = shown(index, GREETING, ("caller", "你好我想问一下面包店倒必了我的预复卡里的钱还能推款吗"))
    assert on_page[1] is not None and on_page[1][0] == "kb-0217"


def test_small_talk_alone_brings_nothing(index: ArticleIndex) -> None:
    small_talk = ["喂，你好。", "对的。", "嗯，好的好的。", "没有了，谢谢你。", "幺三八零零幺三八零零幺。"]
    on_page = shown(index, GREETING, *(("caller", text) for text in small_talk))
    assert on_page == [None] * 6


def test_what_only_the_agent_says_brings_nothing(index: ArticleIndex) -> None:
    assert shown(index, GREETING, ("agent", "您可以办理异地就医备案，也可以申请零星报销。")) == [None, None]


def test_a_complaint_told_in_pieces_is_understood_as_a_whole(index: ArticleIndex) -> None:
    on_page = shown(
        index,
        GREETING,
        ("caller", "我妈妈一个人住，腿脚不太方便，"),
        ("caller", "她有高血压，每个月都要跑医院开药，"),
        ("caller", "能不能一次多开一点？"),
    )
    assert any(ids and "kb-0051" in ids for ids in on_page)


def test_a_second_question_puts_its_article_before_the_first(index: ArticleIndex) -> None:
    on_page = shown(
        index,
        GREETING,
        ("caller", "你好，我想问一下，四零五零政策是怎么回事啊？听邻居说可以领补贴。"),
        ("agent", "您是广州户口吗？有没有认定过就业困难人员？"),
        ("caller", "户口是广州的。认定，认定是什么？没有办过。"),
    )
    assert on_page[:3] == [None, ["kb-0011"], None]
    assert on_page[3]
    assert on_page[3][0] == "kb-0012"
    assert "kb-0011" in on_page[3]


def test_praise_needs_no_answer(index: ArticleIndex) -> None:
    praise: tuple[Speaker, str] = ("caller", "你好，我不是投诉啊，我是想表扬一位公交司机。")
    assert shown(index, GREETING, praise, ("caller", "前天我妈妈在公交车上头晕，司机马上停车扶她。")) == [None] * 3


def test_a_mono_recording_is_followed_by_the_words(index: ArticleIndex) -> None:
    on_page = shown(
        index,
        ("unknown", "您好，12345热线，请问有什么可以帮您？"),
        ("unknown", "你好，我要投诉一个出租车司机，绕路，多收钱。"),
        ("unknown", "感谢您的来电，请稍后对我的服务做出评价，再见。"),
    )
    assert on_page == [None, ["kb-0121"], None]


def test_the_day_of_the_call_decides_which_answer_holds(index: ArticleIndex) -> None:
    question: tuple[Speaker, str] = ("caller", "请问广州市现在的最低工资标准是多少钱一个月？")
    before = shown(index, GREETING, question, on=date(2024, 6, 1))[1]
    after = shown(index, GREETING, question)[1]
    assert before is not None and "kb-0033" in before
    assert after is not None and "kb-0033" not in after


def test_the_same_call_gives_the_same_suggestions(index: ArticleIndex) -> None:
    turns: list[tuple[Speaker, str]] = [
        GREETING,
        ("caller", "小区停水超过二十四小时了，什么时候能来水？"),
        ("caller", "整个小区四百二十户都停了。"),
    ]
    assert shown(index, *turns) == shown(index, *turns)


def test_hits_carry_their_confidence(index: ArticleIndex) -> None:
    hits = Suggester(index, DAY).hear(Utterance(0, "caller", "我要投诉一个出租车司机，绕路，多收钱。"), {})
    assert hits is not None and 1 <= len(hits) <= 3
    assert hits[0].confidence > 0.55


@pytest.mark.parametrize("category", ["traffic.bike", "build.agency"])
def test_the_tickets_category_decides_between_matters_told_in_the_same_words(
    index: ArticleIndex, category: str
) -> None:
    likely = dict.fromkeys(("traffic.bike", "build.agency", "water"), 0.01) | {category: 0.98}
    hits = Suggester(index, DAY).hear(Utterance(0, "caller", "押金一直不退给我，怎么要回来？"), likely)
    assert hits is not None and hits[0].article.category == category
