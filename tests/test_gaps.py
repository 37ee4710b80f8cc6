"""The gap report: what nobody answered, what nobody uses."""

from __future__ import annotations

from datetime import date, datetime

from assistant.events import CallStarted, Data, Event, KnowledgeFeedback, KnowledgeUsed, TranscriptFinal, suggestion
from assistant.gaps import Gaps
from assistant.seat import Knowledge
from assistant.store import Entry, Search, Store
from audio.media import MediaStart

DAY = date(2026, 4, 1)


def call(store: Store, name: str, *events: Data, day: str = "2026-04-10") -> None:
    started = datetime.fromisoformat(f"{day}T09:00:00+08:00")
    store.add_call(MediaStart(name, "1", None, 8000, 2, started))
    all_of_it = [CallStarted(agent="1", caller_phone=None, started_at=started, channels=2), *events]
    store.write(
        [
            Entry(Event(seq=seq, call=name, type=data.type, at=0.0, latency_ms=0.0, data=data.model_dump(mode="json")))
            for seq, data in enumerate(all_of_it, start=1)
        ]
    )


def said(text: str) -> TranscriptFinal:
    return TranscriptFinal(utterance=1, speaker="caller", start=0.0, end=1.0, text=text, confidence=0.9)


def test_questions_without_an_answer_are_grouped_and_used_articles_are_counted(
    store: Store, knowledge: Knowledge
) -> None:
    hits = knowledge.index.search("路上井盖塌了找谁修", 1, DAY)
    shown = suggestion(1, hits, "井盖塌了")
    call(store, "a", said("我想问共享陀螺出租要去哪里备案"))
    call(store, "b", said("开一家出租共享陀螺的店怎么备案"))
    call(store, "c", said("路上的井盖塌了一个大洞"), shown, KnowledgeUsed(article="kb-0117", how="copied"))
    call(store, "d", said("门口的井盖又塌了怎么没人管"), shown, KnowledgeFeedback(article="kb-0117", useful=False))
    call(store, "old", said("去年的问题没有人回答过的"), day="2025-04-10")
    store.add_search(Search("公积金", 3, "kb-0052", "1"))
    store.add_search(Search("火星签证怎么办", 0, "", "1"))
    report = Gaps(store).report(knowledge.index, DAY)
    assert (report["calls"], report["suggested"], report["taken"]) == (4, 2, 1)
    assert (report["searches"], report["without_click"]) == (2, 1)
    first, *others = report["unanswered"]
    assert first["count"] == 2
    assert all("陀螺" in example for example in first["examples"])
    assert {tuple(group["from"]) for group in others} == {("通话",), ("搜索",)}
    assert {example for group in others for example in group["examples"]} == {
        "门口的井盖又塌了怎么没人管",
        "火星签证怎么办",
    }
    assert [(one["article"], one["times"]) for one in report["wrong"]] == [("kb-0117", 1)]
    assert report["unused"]["count"] == len(knowledge.index.articles) - 2


def test_feedback_that_was_taken_back_does_not_count(store: Store, knowledge: Knowledge) -> None:
    shown = suggestion(1, knowledge.index.search("路上井盖塌了找谁修", 1, DAY), "井盖塌了")
    wrong, right = (KnowledgeFeedback(article="kb-0117", useful=useful) for useful in (False, True))
    call(store, "a", said("路上的井盖塌了一个大洞"), shown, wrong, right)
    report = Gaps(store).report(knowledge.index, DAY)
    assert report["wrong"] == []
    assert report["unanswered"] == []
    assert report["taken"] == 1


def test_nothing_happened_is_a_report_too(store: Store, knowledge: Knowledge) -> None:
    report = Gaps(store).report(knowledge.index, DAY)
    assert report["calls"] == 0
    assert report["unanswered"] == []
    assert report["unused"]["count"] == len(knowledge.index.articles)
