"""Where utterances begin and end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from audio.resample import SAMPLE_RATE, Samples
from audio.utterances import (
    Endpointing,
    SpeechEnded,
    SpeechEnding,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
    UtteranceDetector,
)
from tests.conftest import SampleCall, silence


def ended(
    samples: Samples, rate: int = SAMPLE_RATE, piece: int = 320, settings: Endpointing | None = None
) -> list[SpeechEnded]:
    """All utterances of a channel, fed piece by piece."""
    detector = UtteranceDetector(rate, settings)
    events = [e for place in range(0, len(samples), piece) for e in detector.feed(samples[place : place + piece])]
    events += detector.finish()
    return [event for event in events if isinstance(event, SpeechEnded)]


def test_every_turn_of_a_call_lies_in_an_utterance(call: SampleCall) -> None:
    for channel, speaker in enumerate(("caller", "agent")):
        found = ended(call.samples[channel], rate=8000, piece=160)
        for turn in call.turns:
            if turn.speaker == speaker:
                mine = [u for u in found if u.end / SAMPLE_RATE > turn.start and u.start / SAMPLE_RATE < turn.end]
                assert mine, turn.text
                assert mine[-1].end / SAMPLE_RATE > turn.end - 0.3, turn.text


def test_the_pieces_in_which_samples_come_make_no_difference(call: SampleCall) -> None:
    samples = call.samples[0, : 40 * 8000]
    small, large = ended(samples, 8000, 160), ended(samples, 8000, 50_000)
    assert [(u.start, u.end) for u in small] == [(u.start, u.end) for u in large]
    assert all(np.allclose(a.samples, b.samples, atol=1e-5) for a, b in zip(small, large, strict=True))


def test_soft_beginnings_are_kept(call: SampleCall) -> None:
    speech = call.said(1, margin=0.0)
    [utterance] = ended(np.concatenate([silence(1.0), speech, silence(1.0)]))
    before = utterance.start - (len(utterance.samples) - (utterance.end - utterance.start))
    assert before < SAMPLE_RATE + 800
    assert len(utterance.samples) >= len(speech) - SAMPLE_RATE // 10


def test_a_pause_is_tried_and_taken_back_when_the_speaker_goes_on(call: SampleCall) -> None:
    pause = silence(0.35)
    detector = UtteranceDetector(SAMPLE_RATE)
    events = detector.feed(np.concatenate([silence(0.5), call.said(3, 0.0), pause, call.said(5, 0.0), silence(1.0)]))
    kinds = [type(event) for event in events]
    assert kinds[0] is SpeechStarted
    assert SpeechResumed in kinds
    assert kinds[-3:] == [SpeechPaused, SpeechEnding, SpeechEnded]
    paused, final = events[-3], events[-1]
    assert isinstance(paused, SpeechPaused)
    assert isinstance(final, SpeechEnded)
    assert np.array_equal(paused.samples, final.samples), "the final on trial must be the final"


@pytest.mark.parametrize("patience", [0.3, 0.5, 0.9])
def test_an_utterance_ends_when_patience_does(call: SampleCall, patience: float) -> None:
    detector = UtteranceDetector(SAMPLE_RATE)
    detector.hear(np.concatenate([silence(0.5), call.said(3, 0.0), silence(2.0)]))
    found = []
    for event in detector.advance(detector.heard):
        if isinstance(event, SpeechEnding):
            detector.patience = patience
        found.append(event)
    final = found[-1]
    assert isinstance(final, SpeechEnded)
    waited = (final.at - final.end) / SAMPLE_RATE
    assert patience <= waited < patience + 0.04


def test_patience_holds_for_one_pause_only(call: SampleCall) -> None:
    detector = UtteranceDetector(SAMPLE_RATE)
    speech = call.said(3, 0.0)
    detector.hear(np.concatenate([silence(0.5), speech, silence(0.6), speech, silence(2.0)]))
    ends = []
    for event in detector.advance(detector.heard):
        if isinstance(event, SpeechEnding) and event.at < SAMPLE_RATE + len(speech):
            detector.patience = 0.9
        if isinstance(event, SpeechEnded):
            ends.append(event)
    [final] = ends
    assert (final.at - final.end) / SAMPLE_RATE < 0.6


def test_what_is_said_just_before_hang_up_is_an_utterance(call: SampleCall) -> None:
    speech = call.said(3, margin=0.0)
    [utterance] = ended(np.concatenate([silence(1.0), speech]))
    assert len(utterance.samples) >= len(speech) - SAMPLE_RATE // 10


def test_silence_is_no_utterance() -> None:
    assert ended(silence(5.0)) == []


@pytest.mark.parametrize("longest", [4.0, 6.0])
def test_a_monologue_is_split_without_losing_a_sample(call: SampleCall, longest: float) -> None:
    speech = np.concatenate([call.said(1, 0.0), call.said(9, 0.0), call.said(11, 0.0)])
    found = ended(np.concatenate([silence(0.5), speech, silence(1.0)]), settings=Endpointing(longest=longest, end=0.8))
    assert len(found) >= 2
    assert any(utterance.split for utterance in found)
    for earlier, later in pairwise(found):
        if earlier.split:
            assert later.start == earlier.end
            assert len(later.samples) >= later.end - later.start
    assert all(len(utterance.samples) <= (longest + 0.5) * SAMPLE_RATE for utterance in found)
    covered = sum(len(utterance.samples) for utterance in found)
    assert covered >= len(speech) - SAMPLE_RATE // 10


def test_the_split_is_made_at_the_quietest_place(call: SampleCall) -> None:
    speech = np.tile(call.said(1, 0.0), 3)
    dip = int(9.0 * SAMPLE_RATE)
    speech[dip : dip + 1600] *= 0.001
    settings = Endpointing(longest=11.0, end=2.0, pause=1.5, split_search=4.0)
    first = ended(np.concatenate([silence(0.5), speech, silence(1.0)]), settings=settings)[0]
    assert first.split
    assert dip <= first.end - SAMPLE_RATE // 2 <= dip + 1600
