"""One call: what goes wrong in one part does not take the rest with it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from rapidfuzz import fuzz

from assistant.call import STAGES, Call
from assistant.engine import Engine
from assistant.events import Draft, TranscriptFinal
from assistant.recognizer import Recognizer
from assistant.seat import Knowledge
from assistant.understanding import Understanding
from audio.echo import EchoDetector
from audio.media import MediaStart
from audio.resample import Samples
from audio.utterances import UtteranceDetector
from tests.conftest import SampleCall


def run(
    call: SampleCall,
    recognizer: Recognizer,
    knowledge: Knowledge,
    *,
    fail: str = "",
    seconds: float = 12.0,
    samples: Samples | None = None,
    published: list[Draft] | None = None,
) -> list[Draft]:
    """The events of the beginning of the bundled call; `fail` names the part that raises at every utterance.

    They are also in `published` when the call fails.
    """
    published = [] if published is None else published

    async def publish(drafts: Sequence[Draft]) -> None:
        if fail == "publish" and any(draft.data.type == "transcript.final" for draft in drafts):
            raise OSError("disk full")
        published.extend(drafts)

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    async def play() -> None:
        start = MediaStart("call", "1", None, 8000, 2, datetime.fromisoformat(call.started_at))
        filler, suggester = knowledge.filler(start.started_at, None), knowledge.suggester(start.started_at)
        if fail == "ticket":
            filler.hear = broken  # type: ignore[method-assign]
        if fail == "suggester":
            suggester.hear = broken  # type: ignore[method-assign]
        engine = Engine(recognizer)
        with ThreadPoolExecutor(1) as ears:
            running = Call(
                start,
                engine=engine,
                understanding=Understanding(
                    "call", engine=engine, filler=filler, suggester=suggester, publish=publish, live=False
                ),
                ears=ears,
                publish=publish,
                partial_interval=None,
            )
            await running.start()
            try:
                await running.feed((call.samples if samples is None else samples)[:, : int(8000 * seconds)])
            finally:
                try:
                    await running.hang_up()
                finally:
                    engine.close()

    asyncio.run(play())
    return published


@pytest.mark.parametrize("part", ["ticket", "suggester"])
def test_a_fault_in_one_part_leaves_the_others(
    part: str, call: SampleCall, recognizer: Recognizer, knowledge: Knowledge
) -> None:
    kinds = [draft.data.type for draft in run(call, recognizer, knowledge, fail=part)]
    assert kinds.count("transcript.final") >= 2
    assert kinds[-1] == "call.ended"
    assert ("ticket.updated" in kinds) is (part != "ticket")


def test_events_that_cannot_be_stored_end_the_call_instead_of_hanging_it(
    call: SampleCall, recognizer: Recognizer, knowledge: Knowledge
) -> None:
    with pytest.raises(OSError, match="disk full"):
        run(call, recognizer, knowledge, fail="publish", seconds=60.0)


def test_a_fault_in_listening_keeps_what_was_said_before(
    call: SampleCall, recognizer: Recognizer, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(UtteranceDetector, "close", broken)
    published: list[Draft] = []
    with pytest.raises(ZeroDivisionError):
        run(call, recognizer, knowledge, published=published, seconds=20.0)
    kinds = [draft.data.type for draft in published]
    assert kinds.count("transcript.final") >= 2
    assert "ticket.updated" in kinds
    assert kinds[-1] == "call.ended"


def test_a_fault_in_looking_for_echo_costs_no_text(
    call: SampleCall, recognizer: Recognizer, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    wanted = [draft.data.text for draft in run(call, recognizer, knowledge) if isinstance(draft.data, TranscriptFinal)]
    monkeypatch.setattr(EchoDetector, "own_speech", broken)
    heard = [draft.data.text for draft in run(call, recognizer, knowledge) if isinstance(draft.data, TranscriptFinal)]
    assert heard == wanted


def test_a_call_in_which_nobody_speaks_begins_and_ends(recognizer: Recognizer, knowledge: Knowledge) -> None:
    silent = SampleCall(None, np.zeros((2, 40_000), np.float32), [], "2026-03-24T15:40:00+08:00", "")  # type: ignore[arg-type]
    kinds = [draft.data.type for draft in run(silent, recognizer, knowledge)]
    assert kinds == ["call.started", "call.ended"]


def test_a_final_says_when_each_character_was_said_and_where_its_time_went(
    call: SampleCall, recognizer: Recognizer, knowledge: Knowledge
) -> None:
    finals = [draft.data for draft in run(call, recognizer, knowledge) if isinstance(draft.data, TranscriptFinal)]
    finals = [final for final in finals if final.text]
    assert finals
    for final in finals:
        assert len(final.times) == len(final.text)
        assert final.start - 0.5 <= final.times[0] <= final.times[-1] <= final.end + 0.3
        assert tuple(final.stages) == STAGES
        assert all(took >= 0 for took in final.stages.values())


def test_the_echo_of_the_other_leg_is_not_written_again(
    call: SampleCall, recognizer: Recognizer, knowledge: Knowledge
) -> None:
    echoed = call.samples.copy()
    echoed[0, 960:] += 0.2 * call.samples[1, :-960]
    wanted, heard = (
        [
            (draft.data.speaker, draft.data.text)
            for draft in run(call, recognizer, knowledge, seconds=25.0, samples=samples)
            if isinstance(draft.data, TranscriptFinal) and draft.data.text
        ]
        for samples in (call.samples, echoed)
    )
    assert [text for who, text in heard if who == "agent"] == [text for who, text in wanted if who == "agent"]
    mine, others = ([text for who, text in heard if who == speaker] for speaker in ("caller", "agent"))
    assert len(mine) == len([text for who, text in wanted if who == "caller"])
    assert all(fuzz.ratio(text, other) < 60 for text in mine for other in others)
