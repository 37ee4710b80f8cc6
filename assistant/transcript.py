"""An utterance as text: what one speaker said between two pauses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Speaker = Literal["caller", "agent", "unknown"]
"""Channel 0 is the caller, channel 1 the agent; a mono recording cannot tell, its speaker is "unknown"."""


@dataclass(frozen=True)
class Utterance:
    """A final: text that will not change any more."""

    index: int
    """Number of the utterance in its call, in the order in which speech began."""
    speaker: Speaker
    text: str
    """Simplified Chinese with punctuation, as shown to the agent."""
    start: float = 0.0
    """Seconds of call audio at which the speech begins."""
    end: float = 0.0
    """Seconds of call audio at which the speech ends."""
    confidence: float = 1.0
    """0..1, how sure the recogniser is of the words (1.0 for typed text)."""
    hypotheses: tuple[str, ...] = ()
    """What else the recogniser thought it heard, best first, without `text` itself."""


def speaker(channel: int, channels: int) -> Speaker:
    """Who speaks on a channel of a call."""
    if channels == 1:
        return "unknown"
    return "caller" if channel == 0 else "agent"
