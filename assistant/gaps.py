"""What the knowledge base lacks: questions nobody answered, articles nobody uses, how often suggestions are taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from assistant.events import Event, KnowledgeFeedback, KnowledgeSuggested, KnowledgeUsed, TranscriptFinal
from assistant.store import Store
from assistant.suggest import matter
from kb.embedding import SentenceEncoder
from kb.search import ArticleIndex

TAKEN = frozenset({"copied", "inserted"})
"""Uses of an article that answer the caller; opening it is only a look."""
ALIKE = 0.55
"""Cosine of two questions from which they are shown as one."""
MOST, EXAMPLES = 50, 5
"""Groups shown, and questions shown of each."""
LONGEST = 80
"""Characters of a question that are shown."""


@dataclass
class _Call:
    said: list[str]
    shown: set[str]
    taken: set[str]
    opened: set[str]
    wrong: set[str]
    useful: set[str]


class Gaps:
    """Reads the record of calls and searches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._encoder = SentenceEncoder()

    def report(self, index: ArticleIndex, since: date) -> dict[str, Any]:
        """What happened since a day: `calls`, those with `suggested` articles and those of them where one was `taken`
        (copied or put into the ticket); `searches` and those `without_click`; `unanswered` questions in groups, most
        frequent first ({count, examples, from: calls or searches}); articles marked `wrong` and those `unused`."""
        calls = self._calls(since)
        searches = self._store.searches(since)
        missed = [search.query for search in searches if not search.opened]
        unanswered = ["，".join(call.said)[:LONGEST] for call in calls if call.said and not (call.shown - call.wrong)]
        wrong = Counter(article for call in calls for article in call.wrong)
        used = {article for call in calls for article in (*call.shown, *call.opened, *call.taken)}
        used |= {search.opened for search in searches}
        suggested = [call for call in calls if call.shown]
        unused = [article for article in index.articles.ids() if article not in used]
        return {
            "since": since.isoformat(),
            "calls": len(calls),
            "suggested": len(suggested),
            "opened": sum(bool(call.opened) for call in suggested),
            "taken": sum(bool(call.taken | call.useful) for call in suggested),
            "searches": len(searches),
            "without_click": len(missed),
            "unanswered": self._groups([(text, "通话") for text in unanswered] + [(text, "搜索") for text in missed]),
            "wrong": [
                {"article": article, "title": _title(index, article), "times": times}
                for article, times in wrong.most_common(MOST)
            ],
            "unused": {
                "count": len(unused),
                "articles": [{"article": one, "title": _title(index, one)} for one in unused[:MOST]],
            },
        }

    def _calls(self, since: date) -> list[_Call]:
        kinds = (TranscriptFinal, KnowledgeSuggested, KnowledgeUsed, KnowledgeFeedback)
        calls: dict[str, _Call] = {}
        for event in self._store.since(since, [kind.type for kind in kinds]):
            call = calls.setdefault(event.call, _Call([], set(), set(), set(), set(), set()))
            _note(call, event)
        return list(calls.values())

    def _groups(self, questions: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        if not questions:
            return []
        vectors = self._encoder.encode([text for text, _ in questions])
        groups: list[list[int]] = []
        centres = np.zeros((0, vectors.shape[1]), np.float32)
        for place, vector in enumerate(vectors):
            near = centres @ vector
            if len(near) and near.max() >= ALIKE:
                groups[int(near.argmax())].append(place)
            else:
                groups.append([place])
                centres = np.vstack([centres, vector])
        groups.sort(key=len, reverse=True)
        return [
            {
                "count": len(group),
                "examples": list(dict.fromkeys(questions[place][0] for place in group))[:EXAMPLES],
                "from": sorted({questions[place][1] for place in group}),
            }
            for group in groups[:MOST]
        ]


def _note(call: _Call, event: Event) -> None:
    data = event.data
    match event.type:
        case "transcript.final":
            if data["speaker"] != "agent" and (text := matter(data["text"])) and sum(map(len, call.said)) < LONGEST:
                call.said.append(text)
        case "knowledge.suggested":
            call.shown |= {article["id"] for article in data["articles"]}
        case "knowledge.used":
            (call.taken if data["how"] in TAKEN else call.opened).add(data["article"])
        case "knowledge.feedback":
            now, before = (call.useful, call.wrong) if data["useful"] else (call.wrong, call.useful)
            now.add(data["article"])
            before.discard(data["article"])


def _title(index: ArticleIndex, article: str) -> str:
    found = index.articles.get(article)
    return found.title if found else ""
