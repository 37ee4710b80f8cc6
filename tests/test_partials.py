"""Stable text is never taken back."""

from __future__ import annotations

from assistant.engine import Engine
from assistant.partials import LocalAgreement
from assistant.recognizer import SAMPLE_RATE, Recognizer
from tests.conftest import SampleCall


def test_what_two_hypotheses_agree_on_becomes_stable() -> None:
    agreement = LocalAgreement()
    assert agreement.update("你好我要") == ("", "你好我要")
    assert agreement.update("你好我要投书") == ("你好我", "要投书")
    assert agreement.update("你好我要投诉他们") == ("你好我要", "投诉他们")


def test_a_hypothesis_that_contradicts_stable_text_does_not_change_it() -> None:
    agreement = LocalAgreement()
    agreement.update("你好我要投诉")
    agreement.update("你好我要投诉")
    stable, _ = agreement.update("泥号我要投诉他")
    assert stable == "你好我要投"


def test_stable_text_of_real_speech_only_grows(recognizer: Recognizer, call: SampleCall) -> None:
    speech, agreement, engine = call.said(1), LocalAgreement(), Engine(recognizer)
    shown = ""
    for end in range(SAMPLE_RATE, len(speech), SAMPLE_RATE // 2):
        stable, tentative = agreement.update(engine.partial("u", speech[:end]).future.result().text)
        assert stable.startswith(shown)
        assert stable + tentative
        shown = stable
    engine.close()
    assert len(shown) > 10
