"""Which clauses a clerk would write down."""

from __future__ import annotations

from assistant.ticket.salience import chosen, explains_a_name


def test_what_tells_most_is_kept_in_its_order() -> None:
    story = ["你们管不管", "楼下烧烤店的油烟飘进家里", "恶心死了", "从6月15日开始", "窗户都不敢开", "你说好不好笑"]
    kept = chosen(story, 40)
    assert kept == [part for part in story if part in kept]
    assert {"楼下烧烤店的油烟飘进家里", "从6月15日开始"} <= set(kept)
    assert not {"你们管不管", "恶心死了", "你说好不好笑"} & set(kept)


def test_there_is_no_more_than_fits() -> None:
    story = [f"第{n}号路灯从昨天晚上开始不亮" for n in range(20, 40)]
    kept = chosen(story, 60)
    assert kept
    assert sum(map(len, kept)) + len(kept) - 1 <= 60


def test_nothing_is_told_twice() -> None:
    assert chosen(["冰箱不制冷", "冰箱不制冷了"], 100) == ["冰箱不制冷"]
    assert chosen(["在天河路"], 100, known="天河路88号") == []


def test_how_a_name_is_written_is_no_part_of_a_report() -> None:
    assert explains_a_name("山岳的山")
    assert explains_a_name("安居乐业那个安居")
    assert not explains_a_name("楼上的住户漏水")
