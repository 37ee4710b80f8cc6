"""What reads as Chinese is more plausible than what only sounds like it."""

from __future__ import annotations

import pytest

from assistant.plausibility import log_probability


@pytest.mark.parametrize(
    ("said", "misheard"), [("瓦工师傅", "挖工时份"), ("房地产市场升温", "房地产市场生湾"), ("退款", "推款")]
)
def test_words_beat_their_homophones(said: str, misheard: str) -> None:
    assert log_probability(said)[0] > log_probability(misheard)[0]


def test_only_chinese_characters_count() -> None:
    assert log_probability("WiFi 12345，") == (0.0, 0)
    assert log_probability("我的WiFi")[1] == 2
