"""Streaming sample-rate conversion without clicks at the borders between chunks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from audio.errors import AudioError

SAMPLE_RATE = 16_000
"""Samples a second of everything behind this module: what webrtcvad, Silero and Whisper expect."""

LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000

Samples = npt.NDArray[np.float32]


class Resampler:
    """One channel from `rate` to 16 kHz. Keeps the filter's state, so chunks of any length join seamlessly.

    Raises AudioError for a rate that no sound card or telephone uses.
    """

    def __init__(self, rate: int) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AudioError(f"A sample rate of {rate} Hz is not usable; expected {LOWEST_RATE} to {HIGHEST_RATE} Hz.")
        self._stream = None if rate == SAMPLE_RATE else soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """`samples`: float32 mono in -1..1. Returns what is ready at 16 kHz; with `last` all that is left."""
        if self._stream is None:
            return samples
        resampled: Samples = self._stream.resample_chunk(np.ascontiguousarray(samples, dtype=np.float32), last=last)
        return resampled


def from_pcm16(frame: bytes, channels: int) -> Samples:
    """Interleaved little-endian 16-bit PCM to float32 (channels, samples) in -1..1.

    Raises AudioError when the bytes are not whole samples of every channel.
    """
    width = 2 * channels
    if len(frame) % width:
        raise AudioError(
            f"An audio frame of {len(frame)} bytes is not whole 16-bit samples of {channels} channel(s); "
            f"send a multiple of {width} bytes."
        )
    pcm = np.frombuffer(frame, dtype="<i2").reshape(-1, channels).T
    return pcm.astype(np.float32) / 32768.0


def to_pcm16(samples: Samples) -> bytes:
    """float32 (channels, samples) in -1..1 to interleaved little-endian 16-bit PCM."""
    return (np.clip(samples.T, -1.0, 32767 / 32768) * 32768.0).astype("<i2").tobytes()
