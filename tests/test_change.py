"""Steady sounds are told from speech."""

from __future__ import annotations

import numpy as np

from audio.change import spectral_change
from audio.resample import SAMPLE_RATE
from tests.conftest import SampleCall, silence


def test_speech_changes_and_a_horn_does_not(call: SampleCall) -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    horn = sum(np.sin(2 * np.pi * pitch * time) / place for place, pitch in enumerate((400, 500, 800, 1000), start=1))
    assert spectral_change((0.1 * np.asarray(horn)).astype(np.float32) + silence(2.0)) < 4.6
    for number in range(len(call.turns)):
        assert spectral_change(call.said(number, 0.0)) > 4.6


def test_nothing_does_not_change() -> None:
    assert spectral_change(np.zeros(0, dtype=np.float32)) == 0.0
    assert spectral_change(np.zeros(SAMPLE_RATE, dtype=np.float32)) == 0.0
