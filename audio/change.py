"""How fast a sound's spectrum changes: speech never stays as it is for long, a horn or a music box does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import signal

from audio.resample import SAMPLE_RATE, Samples

_RATE = SAMPLE_RATE // 2
_STEP = 80
_WINDOW = 256
_BANDS = np.geomspace(200, 3600, 21)
_APART = 5
"""Steps of 10 ms between the two spectra that are compared."""
_HEARD = 25.0
"""Decibels under the loudest frame down to which frames count."""


def spectral_change(samples: Samples) -> float:
    """Mean difference in dB between the spectra (20 bands, 200 to 3600 Hz) of moments 50 ms apart; 0.0 for silence.

    `samples`: mono float32 at 16 kHz. Horns gave 1.3 to 4.4, music 1.6 to 2.6, 234 turns of telephone speech 5.0 and
    more.
    """
    if len(samples) < 4 * _WINDOW:
        return 0.0
    frequencies, _, spectrum = signal.stft(
        samples[::2], _RATE, nperseg=_WINDOW, noverlap=_WINDOW - _STEP, padded=False, boundary=None
    )
    power = np.abs(spectrum) ** 2
    edges = np.searchsorted(frequencies, _BANDS)
    bands = np.stack([power[low : max(high, low + 1)].sum(axis=0) for low, high in pairwise(edges)])
    level = 10 * np.log10(power.sum(axis=0) + 1e-12)
    heard = level > level.max() - _HEARD
    both = heard[_APART:] & heard[:-_APART]
    logarithm = 10 * np.log10(bands + 1e-9)
    change = np.abs(logarithm[:, _APART:] - logarithm[:, :-_APART]).mean(axis=0)
    return float(change[both].mean()) if both.any() else 0.0
