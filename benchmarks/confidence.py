"""Does the recogniser's confidence say what share of the characters is right, and by which constants would it best?

The model's own likelihood of a text says less than is right where it is sure of itself, and does not know of the other
texts that the beam held. A logistic function of likelihood and number of texts does; `fit_confidence` measures its
constants and how well they do on recordings that they were not fitted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.table import Table
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

from assistant.recognizer import Recognition
from benchmarks.common import console

BINS = 8
FOLDS = 5
FEATURES = {"likelihood": (0,), "texts in the beam": (1,), "both": (0, 1)}


@dataclass(frozen=True)
class Judged:
    """An utterance for which a text was shown, and how right it was."""

    recording: str
    """Utterances of one recording are never both fitted on and tried."""
    recognition: Recognition
    correct: float
    """Share of the characters that are right, 0..1."""

    @property
    def evidence(self) -> tuple[float, float]:
        """What the confidence is made of: exp of the mean log-probability of a token, texts that the beam held."""
        return self.recognition.likelihood, 1.0 + len(self.recognition.hypotheses)


def bins(stated: NDArray[np.float64], correct: NDArray[np.float64]) -> list[dict[str, float]]:
    """Means over bins of equally many utterances, the least confident first."""
    parts = [part for part in np.array_split(np.argsort(stated, kind="stable"), BINS) if len(part)]
    return [
        {"confidence": float(stated[part].mean()), "correct": float(correct[part].mean()), "count": len(part)}
        for part in parts
    ]


def calibration_error(of_bins: Sequence[dict[str, float]]) -> float | None:
    """Expected calibration error: how far stated and right are apart, on average; None without utterances."""
    count = sum(one["count"] for one in of_bins)
    return sum(one["count"] * abs(one["confidence"] - one["correct"]) for one in of_bins) / count if count else None


def calibration(judged: Sequence[Judged]) -> list[dict[str, float]]:
    """Bins of the confidence as the recogniser states it."""
    stated = np.array([one.recognition.confidence for one in judged])
    return bins(stated, np.array([one.correct for one in judged]))


def fit_confidence(judged: Sequence[Judged]) -> tuple[float, ...]:
    """Constant, weight of the likelihood, weight of each text in the beam; prints what each is worth."""
    evidence = np.array([one.evidence for one in judged])
    correct = np.array([one.correct for one in judged])
    recordings = sorted({one.recording for one in judged})
    place = dict(zip(np.random.default_rng(0).permutation(recordings), range(len(recordings)), strict=True))
    folds = np.array([place[one.recording] % FOLDS for one in judged])
    stated = {"as stated now": np.array([one.recognition.confidence for one in judged])}
    for name, columns in FEATURES.items():
        stated[name] = np.zeros(len(judged))
        for fold in np.unique(folds):
            unseen = folds == fold
            model = _fit(evidence[~unseen][:, columns], correct[~unseen])
            stated[name][unseen] = model.predict_proba(evidence[unseen][:, columns])[:, 1]
    table = Table(
        "confidence from", "calibration error", "rank correlation", "Brier", title="on recordings not fitted on"
    )
    for name, values in stated.items():
        figures = (
            calibration_error(bins(values, correct)),
            spearmanr(values, correct)[0],
            np.mean((values - correct) ** 2),
        )
        table.add_row(name, *(f"{figure:.4f}" for figure in figures))
    console.print(table)
    model = _fit(evidence, correct)
    constants = tuple(round(float(one), 2) for one in (*model.intercept_, *model.coef_[0]))
    console.print("CONFIDENCE", constants)
    return constants


def _fit(evidence: NDArray[np.float64], correct: NDArray[np.float64]) -> LogisticRegression:
    """Each utterance counts as right by its share of right characters, as wrong by the rest."""
    outcome = np.repeat([1, 0], len(correct))
    weight = np.concatenate([correct, 1 - correct])
    return LogisticRegression(C=1e4, max_iter=1000).fit(np.tile(evidence, (2, 1)), outcome, sample_weight=weight)
