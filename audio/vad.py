"""Voice activity: is somebody speaking on this channel right now?

Two stages. webrtcvad listens to every 20 ms; only while it hears something does Silero listen, 32 ms at a time, and
only Silero decides. On twelve two-channel telephone calls (webrtcvad alone / Silero alone / both stages):

    chunks within turns found as speech    96 / 89 / 91 %    (the rest is mostly pauses within turns)
    silence taken for speech               11 / 1.8 / 2.5 %

Both stages together miss none of the 234 turns, and 42 % of the chunks never reach Silero.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import webrtcvad

from audio.resample import SAMPLE_RATE, Samples, to_pcm16

CHUNK = 512
"""Samples Silero judges at a time (32 ms)."""
_CONTEXT = 64
_FRAME = 320
"""Samples webrtcvad judges at a time (20 ms)."""
_AGGRESSIVENESS = 1
_HANGOVER = SAMPLE_RATE // 2
"""How long Silero goes on listening after webrtcvad fell silent, in samples."""
_WARM_UP = 8
"""Chunks of the silence before that Silero hears first when webrtcvad wakes it."""


@cache
def _silero() -> Any:
    import onnxruntime  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.log_severity_level = 4
    with as_file(files("faster_whisper") / "assets" / "silero_vad_v6.onnx") as path:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class VoiceActivity:
    """Speech probability of one channel's 16 kHz stream, chunk by chunk."""

    def __init__(self) -> None:
        self._gate = webrtcvad.Vad(_AGGRESSIVENESS)
        self._frames = np.zeros(0, dtype=np.float32)
        self._chunks = np.zeros(0, dtype=np.float32)
        self._heard = 0
        """Samples judged by webrtcvad so far."""
        self._judged = 0
        """Samples judged as whole chunks so far."""
        self._listen_until = -1
        self._skipped: deque[Samples] = deque(maxlen=_WARM_UP)
        self._h = self._c = np.zeros((1, 1, 128), dtype=np.float32)
        self._context = np.zeros(_CONTEXT, dtype=np.float32)

    def feed(self, samples: Samples) -> list[float]:
        """Probability of speech, 0..1, of each chunk of 512 samples that `samples` complete."""
        self._frames = np.concatenate([self._frames, samples])
        self._chunks = np.concatenate([self._chunks, samples])
        probabilities: list[float] = []
        while len(self._chunks) >= CHUNK:
            # The gate hears up to this chunk's end, no further: the same samples in larger pieces must judge the same.
            while self._heard < self._judged + CHUNK:
                if len(self._frames) < _FRAME:
                    return probabilities
                self._gate_frame()
            chunk, self._chunks = self._chunks[:CHUNK], self._chunks[CHUNK:]
            self._judged += CHUNK
            probabilities.append(self._judge(chunk) if self._judged <= self._listen_until else self._skip(chunk))
        return probabilities

    def _gate_frame(self) -> None:
        frame, self._frames = self._frames[:_FRAME], self._frames[_FRAME:]
        self._heard += _FRAME
        if self._gate.is_speech(to_pcm16(frame[np.newaxis]), SAMPLE_RATE):
            self._listen_until = self._heard + _HANGOVER

    def _judge(self, chunk: Samples) -> float:
        for earlier in self._skipped:
            self._silero(earlier)
        self._skipped.clear()
        return self._silero(chunk)

    def _silero(self, chunk: Samples) -> float:
        window = np.concatenate([self._context, chunk])[np.newaxis]
        probability, self._h, self._c = _silero().run(None, {"input": window, "h": self._h, "c": self._c})
        self._context = chunk[-_CONTEXT:]
        return float(probability.ravel()[0])

    def _skip(self, chunk: Samples) -> float:
        """Silero starts afresh after a silence, warmed up on the end of it: cold it misses words as short as 对的."""
        if not self._skipped:
            self._h = self._c = np.zeros((1, 1, 128), dtype=np.float32)
            self._context = np.zeros(_CONTEXT, dtype=np.float32)
        self._skipped.append(chunk)
        return 0.0
