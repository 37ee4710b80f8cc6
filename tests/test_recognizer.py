"""The recogniser's two questions on telephone speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from assistant.errors import ModelError
from assistant.recognizer import SAMPLE_RATE, Recognizer
from benchmarks.accuracy import normalise
from tests.conftest import SampleCall, silence


def test_a_call_is_understood_for_the_most_part(recognizer: Recognizer, call: SampleCall) -> None:
    errors = characters = 0
    for number, turn in enumerate(call.turns):
        wanted, heard = normalise(turn.text), normalise(recognizer.decode(call.said(number)).text)
        errors += Levenshtein.distance(wanted, heard)
        characters += len(wanted)
    assert errors / characters < 0.3


def test_long_fast_speech_is_not_cut_off(recognizer: Recognizer, call: SampleCall) -> None:
    number = max(range(len(call.turns)), key=lambda n: len(call.turns[n].text))
    heard = normalise(recognizer.decode(call.said(number)).text)
    assert len(heard) > 0.9 * len(normalise(call.turns[number].text))


def test_hypotheses_are_others_than_the_best(recognizer: Recognizer, call: SampleCall) -> None:
    heard = recognizer.decode(call.said(3))
    assert heard.hypotheses
    assert heard.text not in heard.hypotheses
    assert len(set(heard.hypotheses)) == len(heard.hypotheses)
    assert 0 < heard.confidence <= 1


def test_what_was_said_scores_above_what_was_not(recognizer: Recognizer, call: SampleCall) -> None:
    number = next(n for n, turn in enumerate(call.turns) if turn.text.startswith("幺五九零零二零三幺四七"))
    said, *others = recognizer.score(call.said(number), ["15900203147", "13822264190", "15900203741", "18612345678"])
    assert said > max(others)


def test_a_partial_of_half_an_utterance_is_its_beginning(recognizer: Recognizer, call: SampleCall) -> None:
    speech = call.said(1)
    whole = normalise(recognizer.decode_partial(speech).text)
    half = normalise(recognizer.decode_partial(speech[: len(speech) // 2]).text)
    assert half[:4] == whole[:4]
    assert len(half) < len(whole)


def test_silence_and_noise_give_no_words(recognizer: Recognizer) -> None:
    noise = np.random.default_rng(5).standard_normal(3 * SAMPLE_RATE).astype(np.float32)
    for sound in (silence(2.0), noise * 0.003, noise * 0.03, np.zeros(0, dtype=np.float32)):
        assert recognizer.decode(sound).text == ""


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        Recognizer(tmp_path)
