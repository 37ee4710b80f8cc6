"""The recogniser's two questions on telephone speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein
from threadpoolctl import threadpool_info

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


def test_what_is_certain_is_not_decoded_again(recognizer: Recognizer, call: SampleCall) -> None:
    speech = call.said(1)
    first = recognizer.decode_partial(speech[: len(speech) // 2])
    stable = first.text[: len(first.text) // 2]
    prefix = recognizer.prefix(first, stable)
    assert 0 < len(prefix) < len(first.tokens)
    again = recognizer.decode_partial(speech, prefix)
    assert again.text.startswith(stable[: len(stable) - 1])
    assert again.text.count(stable[:4]) == 1
    assert len(again.text) > len(first.text)
    assert recognizer.prefix(first, "") == ()


def test_characters_have_times_in_order_within_the_speech(recognizer: Recognizer, call: SampleCall) -> None:
    speech = call.said(1)
    heard = recognizer.decode(speech)
    assert len(heard.times) == len(heard.text)
    assert list(heard.times) == sorted(heard.times)
    assert 0 <= heard.times[0] < 1.0
    assert len(speech) / SAMPLE_RATE - 1.5 < heard.times[-1] <= len(speech) / SAMPLE_RATE


def test_times_find_the_second_of_two_sentences(recognizer: Recognizer, call: SampleCall) -> None:
    first, second = call.said(1, 0.0), call.said(3, 0.0)
    border = len(recognizer.decode(first).text)
    joined = recognizer.decode(np.concatenate([first, second]))
    near = [time for place, time in enumerate(joined.times) if abs(place - border) <= 2]
    assert any(abs(time - len(first) / SAMPLE_RATE) < 0.5 for time in near)


def test_windows_decoded_together_say_what_they_say_alone(recognizer: Recognizer, call: SampleCall) -> None:
    speech = [call.said(number) for number in range(len(call.turns))]
    first = next(x for x in speech if sum(recognizer.length(x) == recognizer.length(y) for y in speech) > 1)
    alike = [x for x in speech if recognizer.length(x) == recognizer.length(first)]
    assert [each.text for each in recognizer.decode_together(alike)] == [recognizer.decode(x).text for x in alike]


def test_silence_and_noise_give_no_words(recognizer: Recognizer) -> None:
    noise = np.random.default_rng(5).standard_normal(3 * SAMPLE_RATE).astype(np.float32)
    for sound in (silence(2.0), noise * 0.003, noise * 0.03, np.zeros(0, dtype=np.float32)):
        assert recognizer.decode(sound).text == ""


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded"):
        Recognizer(tmp_path)


def test_sums_are_never_divided_among_threads(recognizer: Recognizer) -> None:
    used = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    assert used
    assert set(used) == {1}
