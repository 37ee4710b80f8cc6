"""Stable and tentative text of an utterance that is still being spoken.

Local agreement (Liu et al. 2020, "Low-Latency Sequence-to-Sequence Speech Recognition and Translation by Partial
Hypothesis Selection"): what two successive hypotheses agree on from the beginning is stable, the rest tentative.
Stable text only grows; it is never taken back before the final.
"""

from __future__ import annotations

from itertools import takewhile

UNSURE_TAIL = 1
"""Characters at the end of an agreement that stay tentative: a syllable cut by the window's edge agrees by chance."""


class LocalAgreement:
    """The hypotheses of one utterance, in the order of their windows."""

    def __init__(self) -> None:
        self.stable = ""
        self._previous = ""

    def update(self, hypothesis: str) -> tuple[str, str]:
        """Returns (stable, tentative); together they are what to show."""
        pairs = zip(self._previous, hypothesis, strict=False)
        agreed = hypothesis[: max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - UNSURE_TAIL)]
        self._previous = hypothesis
        if len(agreed) > len(self.stable) and agreed.startswith(self.stable):
            self.stable = agreed
        return self.stable, hypothesis[len(self.stable) :]
