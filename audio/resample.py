"""Streaming sample-rate conversion without clicks at the borders between chunks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from audio.errors import AudioError

SAMPLE_RATE = 16_000
"""Samples a second of everything behind this module: what webrtcvad, Silero and Whisper expect."""

LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000

QUALITY = "MQ"
"""soxr's medium quality holds back 26 ms of sound, its high quality 66 ms; on a telephone nobody hears which it is."""

Samples = npt.NDArray[np.float32]


class Resampler:
    """One channel from `rate` to 16 kHz. Keeps the filter's state, so chunks of any length join seamlessly.

    The same samples give the same result to the last bit, however they were cut: the filter gets them 20 ms at a time
    (a recogniser in doubt between two texts may be tipped by a rounding error).

    Raises AudioError for a rate that no sound card or telephone uses.
    """

    def __init__(self, rate: int) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise AudioError(f"A sample rate of {rate} Hz is not usable; expected {LOWEST_RATE} to {HIGHEST_RATE} Hz.")
        self._block = rate // 50
        self._rest = np.zeros(0, dtype=np.float32)
        self._stream = None
        if rate != SAMPLE_RATE:
            self._stream = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32", quality=QUALITY)

    def feed(self, samples: Samples, *, last: bool = False) -> Samples:
        """`samples`: float32 mono in -1..1. Returns what is ready at 16 kHz; with `last` all that is left."""
        if self._stream is None:
            return samples
        samples = np.concatenate([self._rest, samples], dtype=np.float32)
        whole = len(samples) - len(samples) % self._block
        self._rest = samples[whole:]
        resampled = [
            self._stream.resample_chunk(samples[place : place + self._block]) for place in range(0, whole, self._block)
        ]
        if last:
            resampled.append(self._stream.resample_chunk(self._rest, last=True))
        return np.concatenate([np.zeros(0, dtype=np.float32), *resampled])


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
