"""What the ticket would like to have asked: whether certain words were said in an utterance that was heard already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

NUMBER_DIGITS, MOBILE = 11, "1"
"""How many digits a mobile number has, and the first of them."""

Sounds = Mapping[int, Mapping[str, float]]
"""Index of an utterance -> what may have been said in it -> natural logarithm of the probability that it was."""


@dataclass(frozen=True)
class Question:
    """How likely is it that each of `texts` was said instead of characters [start, end) of an utterance?"""

    utterance: int
    start: int
    end: int
    texts: tuple[str, ...]
    about: Literal["place", "phone", "name"] = "place"
    number: Literal["", "any", "mobile"] = ""
    """Look for numbers of as many digits, too: where there may be none, what is no mobile number shows it."""
    means: tuple[str, ...] = ()
    """What each of the texts stands for, where that is not the text itself."""


Answers = Mapping[Question, Mapping[str, float]]
"""What the recogniser answered: each text with the natural logarithm of its probability."""
NO_SOUNDS: Sounds = MappingProxyType({})
