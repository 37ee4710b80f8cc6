"""Speech to text with Whisper on a short window: what was said, when, and how likely is it that this was said.

`faster_whisper.WhisperModel.transcribe` encodes 30 s however short the utterance is and weighs every language's tokens.
Here the window is the utterance plus a few seconds of zeros, and the tokens are those of Chinese
(assistant/vocabulary): a quarter of the cost at the same character error rate, as `python -m benchmarks accuracy`
measures:

    finals    5 s of zeros, beam 5; timestamp tokens for short utterances only
    partials  1 s of zeros, timestamp tokens, beam 1 (without the tokens a window this tight loops)

Among what the beam holds, the winner is the likeliest by sound and as Chinese (assistant/plausibility). On 208 clips of
human speech at telephone quality that brings 18.6 % character errors to 18.1 (30 s window, by sound alone: 18.2), on
234 turns of synthetic calls 17.0 to 16.9 (30 s: 17.0).

The recogniser holds no state of any call and may be used from as many threads as it has workers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from assistant import plausibility, vocabulary
from assistant.errors import ModelError
from assistant.text import has_words, is_loop, is_stock_phrase, tidy
from audio.change import spectral_change

SAMPLE_RATE = 16_000
CHINESE = "<|zh|>"
WINDOW_SECONDS = 30.0
"""What Whisper can hear at once."""
WINDOW_STEP = 0.5
"""Windows of finals are as long as a multiple of this: those of like length are decoded together, to the same text as
alone."""
FINAL_PAD_SECONDS = 5.0
ASKED_PAD_SECONDS = 3.0
PARTIAL_PAD_SECONDS = 1.0
PARTIAL_STEP = 0.25
"""Windows of partials are as long as a multiple of this: CTranslate2 keeps memory for every length it has seen (with
windows of any length, a call's first hour costs 100 MB more)."""
SHORT_SECONDS = 2.5
"""Windows with no more sound than this are decoded with timestamp tokens. Without them the model says short answers
twice (没有了没有了): character error rates of 81 telephone utterances of up to 1 / 1.6 / 2.2 s of speech were
50 / 30 / 27 % without the tokens, 33 / 26 / 19 % with them; on longer ones there is no difference."""
TOKENS_PER_SECOND = 10
TOKENS_EXTRA = 8
"""More tokens are not waited for: fast speech has 8 a second."""
SPEECH_EVIDENCE = 0.08
"""Least likelihood x (1 - no-speech probability) of speech. Noises, tones, clicks and breath score up to 0.16, most
under 0.06; of 774 utterances of telephone speech one that was heard rightly scored less."""
SURE_EVIDENCE = 0.4
STEADY = 4.6
"""Up to this evidence a sound is speech only if its spectrum changes by more dB (audio/change.py). Horns score up to
0.4 but change by 4.4 dB at most; every one of the 774 utterances changed by 4.8 and more."""
BRIEF_SECONDS = 0.6
BRIEF_STEADY = 6.0
"""The same for partials no longer than this, which the beginning of a sound is a large part of: a horn changed by
5.5 dB there; 7 % of the speech changed by less than this."""
LOOP_NGRAM = 3
"""A text that repeats itself is decoded again without repeating as many tokens (見證證證證… for 曾经的曾，曾丽华)."""
PLAUSIBILITY_WEIGHT = 0.3
CHARACTER_BONUS = 3.0
"""How much a text's log-probability as Chinese counts beside that of its sound, and what each character is given back
for it. Fitted on the human clips, checked on the synthetic calls."""
NUMBERS = 10
"""Numbers that are looked for when one is expected."""
FRAME_SECONDS = 0.02
"""Resolution of the times in `Recognition.times`."""

CALIBRATION = (-2.23, 6.81, -0.23)
"""Constant, weight of the likelihood, weight of each text in the beam."""
CPU_BATCH, GPU_BATCH = 2, 16
"""On two cores two windows together raise the throughput by a fifth, four no further (and both must wait)."""

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recognition:
    """What the recogniser heard in one window; `text` is empty when it was no speech."""

    text: str
    confidence: float
    """Share of the characters that is expected to be right, 0..1."""
    no_speech: float
    """Probability that the window holds no speech, 0..1."""
    likelihood: float = 0.0
    """exp of the mean log-probability of the tokens, 0..1: what `confidence` is made of."""
    hypotheses: tuple[str, ...] = ()
    """Other texts the beam held, best first."""
    times: tuple[float, ...] = ()
    """Seconds from the window's start at which each character of `text` begins (finals only)."""
    tokens: tuple[int, ...] = ()
    """The text as the model wrote it: `Recognizer.prefix` makes the beginning of the next partial from it."""


NOTHING = Recognition("", 0.0, 1.0)


@dataclass(frozen=True)
class _Hypothesis:
    text: str
    tokens: tuple[int, ...]
    likelihood: float
    """exp of the mean log-probability of its tokens."""
    worth: float
    """By sound and as Chinese; the best has most."""


@dataclass(frozen=True)
class _Ranked:
    hypotheses: list[_Hypothesis]
    no_speech: float

    @property
    def best(self) -> _Hypothesis:
        return self.hypotheses[0]


class Recognizer:
    """A Whisper model in memory. Raises ModelError when the directory holds no usable model.

    `workers` windows (or batches) can be decoded at the same time, each on `threads_per_worker` CPU threads.
    """

    def __init__(
        self,
        directory: Path,
        *,
        workers: int = 1,
        threads_per_worker: int = 1,
        device: str = "cpu",
        compute_type: str = "int8",
    ) -> None:
        import ctranslate2  # noqa: PLC0415  (these take a second to load; the command line's help does not need them)
        from faster_whisper.feature_extractor import FeatureExtractor  # noqa: PLC0415
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415
        from tokenizers import Tokenizer as FastTokenizer  # noqa: PLC0415

        try:
            tokens = vocabulary.read_vocabulary(directory)
            if CHINESE not in tokens:
                raise ValueError("it knows no Chinese")
            self._kept = vocabulary.chinese_tokens(tokens)
            self._model: Any = ctranslate2.models.Whisper(
                str(directory),
                device=device,
                compute_type=compute_type,
                inter_threads=workers,
                intra_threads=threads_per_worker,
                files=vocabulary.reduced(directory, tokens, self._kept),
            )
            spelling = FastTokenizer.from_file(str(directory / "tokenizer.json"))
        except Exception as error:  # CTranslate2 and tokenizers raise several kinds for a bad file
            raise ModelError(
                f"The model in {directory} cannot be loaded on {device}/{compute_type}: {error}"
            ) from error
        # Whatever number of threads BLAS divides a window's sums among, it changes their last bit, and now and then a
        # word: with one, the same samples always give the same text. Windows are small; workers share the processor.
        threadpool_limits(limits=1, user_api="blas")
        self.workers = workers
        self.batch = CPU_BATCH if device == "cpu" else GPU_BATCH
        """How many windows of the same `length` are worth decoding together."""
        self._view = ctranslate2.StorageView
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._tokenizer: Any = Tokenizer(spelling, True, task="transcribe", language="zh")
        self._numbers = {old: new for new, old in enumerate(self._kept)}
        self._end = self._numbers[self._tokenizer.eot]
        self._timed_prompt = self._reduced(self._tokenizer.sot_sequence)
        self._plain_prompt = [*self._timed_prompt, *self._reduced([self._tokenizer.no_timestamps])]
        digits = {token for digit in "0123456789" for token in self._spelled(digit)}
        self._no_digits = [token for token in range(len(self._kept)) if token not in digits]
        self._suppressed = sorted(
            self._reduced(
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
        )

    def decode(self, samples: Samples, *, beam: int = 5, pad: float = FINAL_PAD_SECONDS) -> Recognition:
        """What was said in `samples` (mono float32 at 16 kHz, at most 30 s; more is cut): a final, with n-best."""
        return self.decode_together([samples], beam=beam, pad=pad)[0]

    def decode_together(
        self, windows: Sequence[Samples], *, beam: int = 5, pad: float = FINAL_PAD_SECONDS
    ) -> list[Recognition]:
        """Finals of several windows that all have the same `length`, in one batch."""
        length = max(self.length(samples, pad) for samples in windows)
        if all(not len(samples) for samples in windows):
            return [NOTHING] * len(windows)
        encoded = self._encode(windows, length)
        sound = max(_rounded_up(len(samples) / SAMPLE_RATE) for samples in windows)
        prompt = self._timed_prompt if sound <= SHORT_SECONDS else self._plain_prompt
        prompts = [prompt] * len(windows)
        results = [self._ranked(result) for result in self._generate(encoded, prompts, beam, sound)]
        if any(is_loop(result.best.text) for result in results):
            broken = self._generate(encoded, prompts, beam, sound, no_repeat_ngram_size=LOOP_NGRAM)
            results = [
                self._ranked(again) if is_loop(result.best.text) else result
                for result, again in zip(results, broken, strict=True)
            ]
        heard = [self._judge(result, samples) for result, samples in zip(results, windows, strict=True)]
        return self._with_times(heard, encoded, windows)

    @staticmethod
    def length(samples: Samples, pad: float = FINAL_PAD_SECONDS) -> int:
        """Samples of the window that a final of `samples` is decoded in."""
        padded = _rounded_up(len(samples) / SAMPLE_RATE) + pad
        return int(min(padded, WINDOW_SECONDS) * SAMPLE_RATE)

    def decode_partial(self, samples: Samples, prefix: Sequence[int] = ()) -> Recognition:
        """What has been said so far in an utterance that still goes on: quick, one hypothesis.

        `prefix`: tokens that the text is known to begin with (see `prefix`); only what follows them is searched for.
        (CTranslate2 steps through them all the same: it saves no time, but text that is stable cannot change or loop.)
        """
        if not len(samples):
            return NOTHING
        padded = _rounded_up(len(samples) / SAMPLE_RATE, PARTIAL_STEP) + PARTIAL_PAD_SECONDS
        encoded = self._encode([samples], int(min(padded, WINDOW_SECONDS) * SAMPLE_RATE))
        start = self._reduced([self._tokenizer.timestamp_begin]) if prefix else []
        prompt = [*self._timed_prompt, *start, *prefix]
        [result] = self._generate(encoded, [prompt], 1, len(samples) / SAMPLE_RATE)
        brief = len(samples) <= BRIEF_SECONDS * SAMPLE_RATE
        return self._judge(self._ranked(result), samples, BRIEF_STEADY if brief else STEADY)

    def prefix(self, heard: Recognition, stable: str) -> tuple[int, ...]:
        """The longest beginning of what was heard that says no more than `stable`, as tokens for `decode_partial`."""
        if not stable:
            return ()
        tokens = [token for token in heard.tokens if token < self._end]
        for count in range(len(tokens), 0, -1):
            raw = self._spell(tokens[:count])
            if not raw.endswith("\ufffd") and stable.startswith(tidy(raw)):
                return tuple(tokens[:count])
        return ()

    def numbers(self, samples: Samples, before: str, first: str, count: int) -> list[str]:
        """Numbers of `count` digits that may have been said in `samples` after the words `before`, likeliest first.

        The decoder is given those words and the `first` digits, and may only write digits until it has as many.
        """
        encoded = self._encode([samples], self.length(samples, ASKED_PAD_SECONDS))
        prefix = [*self._spelled(before), *(token for digit in first for token in self._spelled(digit))]
        count -= len(first)
        [result] = self._model.generate(
            encoded,
            [[*self._plain_prompt, *prefix]],
            beam_size=NUMBERS,
            num_hypotheses=NUMBERS,
            max_length=2 * (len(prefix) + count),  # CTranslate2 decodes half of it
            suppress_blank=False,
            suppress_tokens=self._no_digits,
        )
        found = (first + self._spell(tokens[-count:]).replace(" ", "") for tokens in result.sequences_ids)
        return list(dict.fromkeys(found))

    def score(self, samples: Samples, texts: Sequence[str]) -> list[float]:
        """How likely each of `texts` was said in `samples`: the sum of its tokens' natural log-probabilities."""
        length = self.length(samples, ASKED_PAD_SECONDS)
        encoded = self._encode([samples], length)
        scores = []
        for text in texts:
            tokens = self._spelled(text)
            [aligned] = self._model.align(
                encoded, self._timed_prompt, [tokens], [length // self._features.hop_length], median_filter_width=1
            )
            scores.append(float(np.log(np.maximum(aligned.text_token_probs, 1e-10)).sum()))
        return scores

    def _spelled(self, text: str) -> list[int]:
        """The text's tokens; those that are not kept are written byte by byte."""
        whole = self._tokenizer.tokenizer
        tokens: list[int] = []
        for token in self._tokenizer.encode(text):
            pieces = [token] if token in self._numbers else map(whole.token_to_id, whole.id_to_token(token))
            tokens += self._reduced(pieces)
        return tokens

    def _reduced(self, tokens: Iterable[int]) -> list[int]:
        return [self._numbers[token] for token in tokens if token in self._numbers]

    def _encode(self, windows: Sequence[Samples], length: int) -> Any:
        """What the encoder makes of `windows`, each cut or filled up with zeros to `length` samples."""
        features = []
        for samples in windows:
            window = np.zeros(length, dtype=np.float32)
            window[: min(len(samples), length)] = samples[:length]
            features.append(self._features(window)[:, : length // self._features.hop_length])
        batch = np.ascontiguousarray(np.stack(features), dtype=np.float32)
        return self._model.encode(self._view.from_array(batch))

    def _generate(self, encoded: Any, prompts: list[list[int]], beam: int, seconds: float, **options: int) -> list[Any]:
        results: list[Any] = self._model.generate(
            encoded,
            prompts,
            beam_size=beam,
            num_hypotheses=beam,
            max_length=2 * (TOKENS_EXTRA + math.ceil(TOKENS_PER_SECOND * seconds)),  # CTranslate2 decodes half of it
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            **options,
        )
        return results

    def _ranked(self, result: Any) -> _Ranked:
        """A window's hypotheses, best first. Those that read alike (對 and 对) are one: their probabilities add up."""
        found: dict[str, list[tuple[float, list[int]]]] = {}
        for tokens, score in zip(result.sequences_ids, result.scores, strict=True):
            found.setdefault(tidy(self._spell(tokens)), []).append((score * max(1, len(tokens)), tokens))
        hypotheses = []
        for text, readings in found.items():
            sound, tokens = readings[0]
            sound += math.log(sum(math.exp(other - sound) for other, _ in readings))
            words, characters = plausibility.log_probability(text) if len(found) > 1 else (0.0, 0)
            worth = sound + PLAUSIBILITY_WEIGHT * words + CHARACTER_BONUS * characters
            likelihood = math.exp(min(0.0, sound / max(1, len(tokens))))
            hypotheses.append(_Hypothesis(text, tuple(tokens), likelihood, worth))
        hypotheses.sort(key=lambda hypothesis: -hypothesis.worth)
        return _Ranked(hypotheses, float(result.no_speech_prob))

    def _judge(self, ranked: _Ranked, samples: Samples, least_change: float = STEADY) -> Recognition:
        """The best text, if there was speech at all."""
        best = ranked.best
        evidence = (1 - ranked.no_speech) * max(hypothesis.likelihood for hypothesis in ranked.hypotheses)
        steady = evidence < SURE_EVIDENCE and spectral_change(samples) < least_change
        if evidence < SPEECH_EVIDENCE or steady or not self._is_speech(best.text):
            return Recognition("", 0.0, ranked.no_speech)
        others = tuple(other.text for other in ranked.hypotheses[1:] if self._is_speech(other.text))
        confidence = expected_share_right(best.likelihood, 1 + len(others))
        return Recognition(best.text, confidence, ranked.no_speech, best.likelihood, others, tokens=best.tokens)

    def _spell(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode([self._kept[token] for token in tokens if token < self._end]))

    def _with_times(self, heard: Sequence[Recognition], encoded: Any, windows: Sequence[Samples]) -> list[Recognition]:
        """The same with the times of their characters, by the cross-attention of the model's alignment heads."""
        if not any(each.text for each in heard):
            return list(heard)
        tokens = [[token for token in each.tokens if token < self._end] or [self._end] for each in heard]
        frames = [max(2, len(samples) // self._features.hop_length) for samples in windows]
        aligned = self._model.align(encoded, self._timed_prompt, tokens, frames)
        timed = []
        for each, mine, result in zip(heard, tokens, aligned, strict=True):
            begins: dict[int, float] = {}
            for token, frame in result.alignments:
                begins.setdefault(token, frame * FRAME_SECONDS)
            timed.append(replace(each, times=self._times(each.text, mine, begins)))
        return timed

    def _times(self, text: str, tokens: Sequence[int], begins: dict[int, float]) -> tuple[float, ...]:
        """When each character of `text` begins; `tokens` spell it but for spaces, script and the width of marks."""
        written: list[float] = []
        piece: list[int] = []
        begin = 0.0
        for place, token in enumerate(tokens):
            begin = begin if piece else begins.get(place, begin)
            piece.append(token)
            spelled = self._spell(piece)
            if "\ufffd" not in spelled:
                written += [begin] * sum(not character.isspace() for character in spelled)
                piece = []
        times = iter(written)
        last = 0.0
        found = []
        for character in text:
            last = last if character.isspace() else next(times, last)
            found.append(round(last, 2))
        return tuple(found)

    @staticmethod
    def _is_speech(text: str) -> bool:
        return has_words(text) and not is_loop(text) and not is_stock_phrase(text)


def expected_share_right(likelihood: float, texts: int) -> float:
    """Share of the characters of a final that is expected to be right, from its likelihood and how many texts the beam
    held (`python -m benchmarks accuracy --fit` measures CALIBRATION again)."""
    constant, by_likelihood, by_text = CALIBRATION
    return 1 / (1 + math.exp(-(constant + by_likelihood * likelihood + by_text * texts)))


def _rounded_up(seconds: float, step: float = WINDOW_STEP) -> float:
    return math.ceil(seconds / step) * step
