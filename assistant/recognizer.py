"""Speech to text with Whisper on a short window: what was said, and how likely is it that this was said.

`faster_whisper.WhisperModel.transcribe` encodes 30 s however short the utterance is. Here the window is the utterance
plus a few seconds of zeros, which costs a third at the same character error rate (measured on 208 clips of human
Mandarin at telephone quality; `python -m benchmarks accuracy` measures it again):

    finals    5 s of zeros, beam 5; timestamp tokens for short utterances only
    partials  1 s of zeros, timestamp tokens, beam 1 (without the tokens a window this tight loops)

The recogniser holds no state of any call and may be used from as many threads as it has workers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import ModelError
from assistant.text import has_words, is_loop, is_stock_phrase, tidy

SAMPLE_RATE = 16_000
WINDOW_SECONDS = 30.0
"""What Whisper can hear at once."""
FINAL_PAD_SECONDS = 5.0
PARTIAL_PAD_SECONDS = 1.0
SHORT_SECONDS = 2.7
"""Windows with less sound than this are decoded with timestamp tokens. Without them the model says short answers
twice (没有了没有了): character error rates of 81 telephone utterances of up to 1 / 1.6 / 2.2 s of speech were
50 / 30 / 27 % without the tokens, 33 / 26 / 19 % with them; on longer ones there is no difference."""
TOKENS_PER_SECOND = 14
TOKENS_EXTRA = 16
SPEECH_EVIDENCE = 0.1
"""Least confidence x (1 - no-speech probability) of speech. 72 sounds that are none (noises, tones, clicks, breath)
scored up to 0.064; of 239 utterances of telephone speech one that was heard rightly scored below 0.2."""

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recognition:
    """What the recogniser heard in one window; `text` is empty when it was no speech."""

    text: str
    confidence: float
    """exp of the mean log-probability of the tokens, 0..1."""
    no_speech: float
    """Probability that the window holds no speech, 0..1."""
    hypotheses: tuple[str, ...] = ()
    """Other texts the beam held, best first."""


NOTHING = Recognition("", 0.0, 1.0)


class Recognizer:
    """A Whisper model in memory. Raises ModelError when the directory holds no usable model.

    `workers` windows can be decoded at the same time, each on `threads_per_worker` CPU threads.
    """

    def __init__(
        self,
        directory: Path,
        *,
        workers: int = 1,
        threads_per_worker: int = 1,
        device: str = "cpu",
        compute_type: str = "int8",
        language: str = "zh",
    ) -> None:
        import ctranslate2  # noqa: PLC0415  (these take a second to load; the command line's help does not need them)
        from faster_whisper.feature_extractor import FeatureExtractor  # noqa: PLC0415
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415
        from tokenizers import Tokenizer as FastTokenizer  # noqa: PLC0415

        try:
            self._model: Any = ctranslate2.models.Whisper(
                str(directory),
                device=device,
                compute_type=compute_type,
                inter_threads=workers,
                intra_threads=threads_per_worker,
            )
            vocabulary = FastTokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as error:  # CTranslate2 and tokenizers raise several kinds for a bad file
            raise ModelError(
                f"The model in {directory} cannot be loaded on {device}/{compute_type}: {error}"
            ) from error
        self.workers = workers
        self._view = ctranslate2.StorageView
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._tokenizer: Any = Tokenizer(vocabulary, self._model.is_multilingual, task="transcribe", language=language)
        self._plain_prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._timed_prompt = list(self._tokenizer.sot_sequence)
        self._suppressed = sorted(
            {
                *self._tokenizer.non_speech_tokens,
                self._tokenizer.transcribe,
                self._tokenizer.translate,
                self._tokenizer.sot,
                self._tokenizer.sot_prev,
                self._tokenizer.sot_lm,
                self._tokenizer.no_speech,
            }
        )

    def decode(self, samples: Samples, *, beam: int = 5, pad: float = FINAL_PAD_SECONDS) -> Recognition:
        """What was said in `samples` (mono float32 at 16 kHz, at most 30 s; more is cut): a final, with n-best."""
        short = len(samples) < SHORT_SECONDS * SAMPLE_RATE
        return self._decode(samples, beam=beam, pad=pad, prompt=self._timed_prompt if short else self._plain_prompt)

    def decode_partial(self, samples: Samples) -> Recognition:
        """What has been said so far in an utterance that still goes on: quick, one hypothesis."""
        return self._decode(samples, beam=1, pad=PARTIAL_PAD_SECONDS, prompt=self._timed_prompt)

    def score(self, samples: Samples, texts: Sequence[str]) -> list[float]:
        """How likely each of `texts` was said in `samples`: the sum of its tokens' natural log-probabilities."""
        encoded, frames = self._encode(samples, FINAL_PAD_SECONDS)
        start = [*self._tokenizer.sot_sequence]
        scores = []
        for text in texts:
            tokens = self._tokenizer.encode(text)
            [aligned] = self._model.align(encoded, start, [tokens], [frames], median_filter_width=1)
            scores.append(float(np.log(np.maximum(aligned.text_token_probs, 1e-10)).sum()))
        return scores

    def _window(self, samples: Samples, pad: float) -> Any:
        limit = int(WINDOW_SECONDS * SAMPLE_RATE)
        length = min(len(samples) + int(pad * SAMPLE_RATE), limit)
        window = np.zeros(length, dtype=np.float32)
        window[: min(len(samples), limit)] = samples[:limit]
        return self._features(window)[:, : length // self._features.hop_length]

    def _encode(self, samples: Samples, pad: float) -> tuple[Any, int]:
        features = self._window(samples, pad)
        view = self._view.from_array(np.ascontiguousarray(features[np.newaxis], dtype=np.float32))
        return self._model.encode(view), features.shape[1]

    def _decode(self, samples: Samples, *, beam: int, pad: float, prompt: list[int]) -> Recognition:
        if not len(samples):
            return NOTHING
        features = self._window(samples, pad)
        [result] = self._model.generate(
            self._view.from_array(np.ascontiguousarray(features[np.newaxis], dtype=np.float32)),
            [prompt],
            beam_size=beam,
            num_hypotheses=beam,
            max_length=len(prompt) + TOKENS_EXTRA + math.ceil(TOKENS_PER_SECOND * len(samples) / SAMPLE_RATE),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )
        ranked = self._rank(result.sequences_ids, result.scores)
        text, score = ranked[0]
        confidence, no_speech = math.exp(min(0.0, score)), float(result.no_speech_prob)
        if confidence * (1 - no_speech) < SPEECH_EVIDENCE or not self._is_speech(text):
            return Recognition("", 0.0, no_speech)
        others = (other for other, _ in ranked[1:] if self._is_speech(other))
        return Recognition(text, confidence, no_speech, tuple(others))

    def _rank(self, sequences: Sequence[list[int]], scores: Sequence[float]) -> list[tuple[str, float]]:
        """Texts with their mean log-probability of a token, best first. 對 and 对 are one: their probabilities add."""
        found: dict[str, list[tuple[float, int]]] = {}
        for tokens, score in zip(sequences, scores, strict=True):
            found.setdefault(tidy(self._text(tokens)), []).append((score, max(1, len(tokens))))
        ranked = []
        for text, readings in found.items():
            score, length = readings[0]
            share = sum(math.exp(other * count - score * length) for other, count in readings)
            ranked.append((text, score + math.log(share) / length))
        return sorted(ranked, key=lambda item: -item[1])

    def _text(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode([token for token in tokens if token < self._tokenizer.eot]))

    @staticmethod
    def _is_speech(text: str) -> bool:
        return has_words(text) and not is_loop(text) and not is_stock_phrase(text)
