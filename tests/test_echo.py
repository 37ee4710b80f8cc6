"""The other leg's echo is told from what somebody really says, on the bundled call."""

from __future__ import annotations

import numpy as np
import pytest

from audio.echo import EchoDetector
from audio.resample import SAMPLE_RATE, Resampler, Samples
from benchmarks.trust import with_echo
from tests.conftest import SampleCall, Turn

CALLER, AGENT = 0, 1
MARGIN = 0.15
"""Seconds around a turn that voice activity takes with it."""

NOW = 3600 * SAMPLE_RATE
"""All that was fed."""


def heard(samples: Samples, until: float, piece: int = SAMPLE_RATE) -> EchoDetector:
    """A detector that has been fed the first seconds of a call (2, n at 8 kHz)."""
    detector = EchoDetector()
    for channel in (CALLER, AGENT):
        wide = Resampler(8000).feed(samples[channel, : int(until * 8000)], last=True)
        for first in range(0, len(wide), piece):
            detector.feed(channel, wide[first : first + piece])
    return detector


def asked(samples: Samples, channel: int, start: float, end: float) -> list[tuple[float, float]]:
    """The speaker's own parts between `start` and `end`, in seconds, as they are known half a second later."""
    parts = heard(samples, end + 0.5).own_speech(channel, int(start * SAMPLE_RATE), int(end * SAMPLE_RATE), NOW)
    return [(first / SAMPLE_RATE, last / SAMPLE_RATE) for first, last in parts]


def turns_of(call: SampleCall, speaker: str) -> list[Turn]:
    """Turns of a few seconds into which nobody else talks."""
    return [
        turn
        for turn in call.turns
        if turn.speaker == speaker
        and 1.5 < turn.end - turn.start < 8
        and not any(other.start < turn.end + 0.3 and other.end > turn.start for other in call.turns if other != turn)
    ]


@pytest.mark.parametrize(("level", "delay"), [(-10, 0.04), (-15, 0.12), (-20, 0.25)])
@pytest.mark.parametrize(("source", "speaker"), [(AGENT, "agent"), (CALLER, "caller")])
def test_the_other_legs_echo_is_not_own_speech(
    call: SampleCall, level: float, delay: float, source: int, speaker: str
) -> None:
    mixed = with_echo(call.samples, source, level, delay)
    for turn in turns_of(call, speaker)[:4]:
        start, end = turn.start + delay - MARGIN, turn.end + delay + 0.05
        assert asked(mixed, 1 - source, start, end) == []
        assert asked(mixed, source, turn.start, turn.end) == [pytest.approx((turn.start, turn.end), abs=1e-3)]


def test_who_answers_into_the_echo_is_heard_without_it(call: SampleCall) -> None:
    mixed = with_echo(call.samples, AGENT, -15, 0.15)
    asked_, answered = next(
        (one, two)
        for one, two in zip(call.turns[2:], call.turns[3:], strict=False)
        if one.speaker == "agent" and 1.5 < two.end - two.start < 5
    )
    parts = asked(mixed, CALLER, asked_.start, answered.end)
    assert parts[0][0] > asked_.end - 0.5
    assert parts[0][0] < answered.start + 0.05
    assert parts[-1][1] > answered.end - 0.05


def test_both_talking_at_once_is_no_echo(call: SampleCall) -> None:
    both = call.samples.copy()
    both[CALLER] = np.roll(both[CALLER], 3 * 8000)
    for turn in turns_of(call, "caller")[:6]:
        start, end = turn.start + 3, turn.end + 3
        assert asked(both, CALLER, start, end) == [pytest.approx((start, end), abs=1e-3)]


def test_speech_over_a_weak_echo_is_kept(call: SampleCall) -> None:
    both = call.samples.copy()
    both[CALLER] = np.roll(both[CALLER], 3 * 8000)
    mixed = with_echo(both, AGENT, -20, 0.1)
    for turn in turns_of(call, "caller")[:6]:
        parts = asked(mixed, CALLER, turn.start + 3, turn.end + 3)
        assert sum(last - first for first, last in parts) > 0.9 * (turn.end - turn.start)


def test_nothing_on_the_other_leg_makes_no_echo(call: SampleCall) -> None:
    alone = call.samples.copy()
    alone[AGENT] = 0
    turn = turns_of(call, "caller")[0]
    assert asked(alone, CALLER, turn.start, turn.end) == [pytest.approx((turn.start, turn.end), abs=1e-3)]
    assert asked(alone, AGENT, turn.start, turn.end) == [pytest.approx((turn.start, turn.end), abs=1e-3)]


def test_the_size_of_the_pieces_changes_nothing(call: SampleCall) -> None:
    mixed = with_echo(call.samples, AGENT, -15, 0.1)
    span = int(call.turns[0].start * SAMPLE_RATE), int(call.turns[2].end * SAMPLE_RATE)
    told = [
        heard(mixed, call.turns[2].end + 0.5, piece).own_speech(CALLER, *span, NOW) for piece in (333, 512, 100_000)
    ]
    assert told[0] == told[1] == told[2]
    assert told[0] != [span]


def test_what_is_long_past_is_not_judged(call: SampleCall) -> None:
    mixed = with_echo(call.samples, AGENT, -15, 0.1)
    assert heard(mixed, 90).own_speech(CALLER, 0, 4 * SAMPLE_RATE, NOW) == [(0, 4 * SAMPLE_RATE)]
    assert EchoDetector().own_speech(AGENT, 0, SAMPLE_RATE, NOW) == [(0, SAMPLE_RATE)]
