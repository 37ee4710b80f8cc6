"""Asking the recogniser: which of some numbers and names was said in real audio."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assistant.asking import Heard, answer
from assistant.recognizer import Recognizer
from assistant.ticket.questions import Question
from assistant.transcript import Utterance
from tests.conftest import SampleCall


def heard(recognizer: Recognizer, call: SampleCall, words: str) -> Heard:
    number = next(n for n, turn in enumerate(call.turns) if words in turn.text)
    samples = call.said(number)
    recognition = recognizer.decode(samples)
    return Heard(recognition.text, recognition.times, samples)


def test_the_number_that_was_said_is_found_and_likeliest(recognizer: Recognizer, call: SampleCall) -> None:
    utterance = heard(recognizer, call, "幺五九零零二零三幺四七")
    question = Question(0, 0, len(utterance.text), ("13822264190",), "phone", "mobile")
    scores = answer(recognizer, utterance, question)
    assert max(scores, key=lambda number: scores[number]) == "15900203147"
    assert "13822264190" in scores


def test_nothing_to_ask_is_no_answer(recognizer: Recognizer, call: SampleCall) -> None:
    assert answer(recognizer, heard(recognizer, call, "幺五九零零二零三幺四七"), Question(0, 0, 1, ())) == {}


def test_a_compound_that_was_said_wins_against_its_neighbours(
    recognizer: Recognizer, call: SampleCall, knowledge: Any
) -> None:
    utterance = heard(recognizer, call, "沁心华庭")
    filler = knowledge.filler(datetime.fromisoformat(call.started_at), None)
    filler.hear(Utterance(0, "caller", utterance.text, confidence=0.6, hypotheses=("",)))
    questions = filler.questions()
    assert questions
    asked = {question: answer(recognizer, utterance, question) for question in questions}
    best = [max(scores, key=lambda text, scores=scores: scores[text]) for scores in asked.values()]
    assert not any("椿景" in text for text in best)
    filler.learn(asked)
    assert not filler.questions()


def test_typed_words_are_not_asked_about(knowledge: Any) -> None:
    filler = knowledge.filler(datetime.fromisoformat("2026-03-18T10:00:00+08:00"), None)
    filler.hear(Utterance(0, "caller", "我住在沁心华庭C区，体育西路那边"))
    assert filler.questions() == []
