"""The category classifier, trained on the sample pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.seat import Knowledge
from assistant.ticket.classify import load_classifier, softmax
from kb.errors import PackError
from kb.pack import DEFAULT_PACK, CityPack


def first_three(knowledge: Knowledge, text: str) -> list[str]:
    reference = knowledge.reference
    scores = reference.categories.scores([text], reference.encoder.encode([text]))[0]
    return [reference.categories.codes[place] for place in (-scores).argsort()[:3]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("办了年卡健身房关门了，余额不退", "market.prepaid"),
        ("那家店倒闭了我的卡里面还有钱没用完，怎么推款", "market.prepaid"),
        ("楼下烧烤店的油烟飘进我家", "env.fume"),
        ("小区停睡停了一天了", "utility.water-cut"),
        ("包工头拖欠我们工资", "labor.wages"),
    ],
)
def test_clean_and_misheard_texts_find_their_category(knowledge: Knowledge, text: str, code: str) -> None:
    assert code in first_three(knowledge, text)


def test_examples_held_out_of_training_are_mostly_found(knowledge: Knowledge) -> None:
    first, third = knowledge.reference.categories.accuracy
    assert first > 0.7
    assert third > 0.8


def test_a_clear_text_is_more_certain_than_a_vague_one(knowledge: Knowledge) -> None:
    reference = knowledge.reference
    texts = ["工地包工头欠了我们三个月工资", "我想反映一个情况"]
    scores = reference.categories.scores(texts, reference.encoder.encode(texts))
    clear, vague = reference.categories.probabilities(scores).max(axis=1)
    assert clear > 0.8
    assert vague < 0.3


def test_training_is_done_once_and_a_damaged_cache_is_rebuilt(knowledge: Knowledge, tmp_path: Path) -> None:
    small = tmp_path / "pack"
    small.mkdir()
    for path in DEFAULT_PACK.glob("*.csv"):
        (small / path.name).write_bytes(path.read_bytes())
    rows = (DEFAULT_PACK / "categories.csv").read_text(encoding="utf-8").splitlines()[:12]
    (small / "categories.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    lines = (DEFAULT_PACK / "articles.jsonl").read_text(encoding="utf-8").splitlines()[:3]
    (small / "articles.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pack, encoder = CityPack.load(small), knowledge.reference.encoder
    steps: list[float] = []
    load_classifier(pack, tmp_path, encoder, lambda _, share: steps.append(share))
    trained = len(steps)
    again = load_classifier(pack, tmp_path, encoder, lambda _, share: steps.append(share))
    assert trained > 0
    assert len(steps) == trained
    (cached,) = tmp_path.glob("categories-*.pickle")
    cached.write_bytes(b"damaged")
    rebuilt = load_classifier(pack, tmp_path, encoder, lambda _, share: steps.append(share))
    assert len(steps) == 2 * trained
    assert rebuilt.temperature == again.temperature


def test_a_pack_without_categories_is_refused(knowledge: Knowledge, tmp_path: Path) -> None:
    for path in DEFAULT_PACK.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = (DEFAULT_PACK / "categories.csv").read_text(encoding="utf-8").splitlines()[:2]
    (tmp_path / "categories.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    with pytest.raises(PackError, match=r"categories\.csv"):
        load_classifier(CityPack.load(tmp_path), tmp_path, knowledge.reference.encoder, lambda step, share: None)


def test_probabilities_add_up(knowledge: Knowledge) -> None:
    probabilities = softmax(
        knowledge.reference.categories.scores(["停水"], knowledge.reference.encoder.encode(["停水"])), 1.0
    )
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-5)


def test_a_pack_with_two_categories_is_told_apart(knowledge: Knowledge, tmp_path: Path) -> None:
    for path in DEFAULT_PACK.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    header, *rows = (DEFAULT_PACK / "categories.csv").read_text(encoding="utf-8").splitlines()
    kept = [row for row in rows if row.startswith(("labor,", "labor.wages,", "market,", "market.prepaid,"))]
    (tmp_path / "categories.csv").write_text("\n".join([header, *kept]) + "\n", encoding="utf-8")
    encoder = knowledge.reference.encoder
    classifier = load_classifier(CityPack.load(tmp_path), tmp_path, encoder, lambda step, share: None)
    asked = ["老板拖欠我们工资不发", "健身房关门了会员卡退不了"]
    best = classifier.scores(asked, encoder.encode(asked)).argmax(axis=1)
    assert [classifier.codes[place] for place in best] == ["labor.wages", "market.prepaid"]
