"""Near-duplicates among many texts."""

from __future__ import annotations

import random

from kb.articles import read_articles
from kb.pack import DEFAULT_PACK
from kb.twins import SAME, twins

TEMPLATE = "带身份证到街道政务服务中心办理，当场办结，不收费；也可以在手机上办，三个工作日内寄到家里。"


def silent(_: float) -> None:
    pass


def test_twins_are_found_among_many_and_among_those_of_one_template() -> None:
    dice = random.Random(2)
    answers = [article.answer for article in read_articles(DEFAULT_PACK / "articles.jsonl")]
    words = [answer[start : start + 8] for answer in answers for start in range(0, 160, 8)]

    def texts(count: int) -> list[str]:
        return ["".join(dice.choices(words, k=12)) + TEMPLATE for _ in range(count)]  # a third is the template

    old = texts(2000)
    copies = [text[:40] + "改" + text[41:-1] for text in old[:300]]
    found = twins([*old, *copies, *texts(1000)], len(old), silent)
    assert {later: earlier for later, (_, earlier) in found.items()} == {2000 + copy: copy for copy in range(300)}
    assert all(SAME <= ratio < 100 for ratio, _ in found.values())


def test_blank_and_few_texts_are_compared_too() -> None:
    assert twins([], 0, silent) == {}
    assert twins(["停水报修"], 0, silent) == {}
    assert twins(["", "停水报修", ""], 1, silent) == {2: (100.0, 0)}
