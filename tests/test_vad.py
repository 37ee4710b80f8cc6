"""Speech is told from silence, noise and tones."""

from __future__ import annotations

import numpy as np

from audio.resample import SAMPLE_RATE
from audio.vad import CHUNK, VoiceActivity
from tests.conftest import SampleCall, silence


def test_every_turn_of_a_telephone_call_is_noticed(call: SampleCall) -> None:
    for number, turn in enumerate(call.turns):
        activity = VoiceActivity()
        probabilities = np.array(activity.feed(np.concatenate([silence(0.5), call.said(number)])))
        assert (probabilities > 0.4).sum() >= 2, turn.text


def test_silence_noise_and_dial_tone_are_not_speech() -> None:
    random = np.random.default_rng(3)
    time = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    sounds = {
        "silence": np.zeros_like(time),
        "line noise": 0.002 * random.standard_normal(len(time)),
        "loud noise": 0.1 * random.standard_normal(len(time)),
        "dial tone": 0.2 * np.sin(2 * np.pi * 450 * time),
        "ringback": 0.2 * np.sin(2 * np.pi * 450 * time) * (time % 5 < 1),
        "hum": 0.1 * np.sin(2 * np.pi * 50 * time),
    }
    for name, sound in sounds.items():
        probabilities = VoiceActivity().feed(sound.astype(np.float32))
        assert len(probabilities) == len(time) // CHUNK
        assert np.mean(np.array(probabilities) > 0.4) < 0.02, name


def test_the_pieces_in_which_samples_come_make_no_difference(call: SampleCall) -> None:
    samples = np.concatenate([silence(1.0), call.said(3), silence(1.0), call.said(15)])
    whole = VoiceActivity().feed(samples)
    activity, pieces = VoiceActivity(), []
    for place in range(0, len(samples), 333):
        pieces.extend(activity.feed(samples[place : place + 333]))
    assert np.allclose(whole[: len(pieces)], pieces, atol=1e-4)
    assert len(whole) - len(pieces) <= 1
