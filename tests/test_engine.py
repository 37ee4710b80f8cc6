"""One engine for all calls: what is asked last is not always answered last."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assistant import model
from assistant.config import cache_dir
from assistant.engine import Engine, Job
from assistant.recognizer import Recognizer
from tests.conftest import SampleCall


@pytest.fixture
def engine(recognizer: Recognizer) -> Engine:
    return Engine(recognizer)


def test_finals_go_before_trials_partials_and_questions(call: SampleCall) -> None:
    engine = Engine(Recognizer(model.locate("base", cache_dir()), workers=1))
    order: list[str] = []
    speech = [call.said(number) for number in (1, 3, 5, 7)]
    jobs: dict[str, Job[Any]] = {"first": engine.final(speech[0])}
    jobs |= {
        f"question {n}": engine.ask(lambda recognizer, n=n: recognizer.score(speech[n], ["你好"])) for n in range(3)
    }
    jobs |= {f"partial {n}": engine.partial(n, speech[n]) for n in range(3)}
    jobs |= {f"trial {n}": engine.final(speech[n][: -n or None], 5.0 - n, trial=True) for n in range(3)}
    jobs |= {f"final {n}": engine.final(speech[n], 9.0 - n) for n in range(3)}
    engine.promote(jobs["trial 0"])
    for name, job in jobs.items():
        job.future.add_done_callback(lambda _, name=name: order.append(name))
    for job in jobs.values():
        job.future.result()
    engine.close()
    first, *others = order
    assert first == "first"
    finals = ["trial 0", "final 2", "final 1", "final 0"]  # the promoted one was due first
    assert sorted(others[:6]) == sorted([*finals, "trial 1", "trial 2"])
    assert others.index("trial 0") < others.index("final 2")
    assert others.index("final 2") < others.index("final 1") < others.index("trial 2")
    assert others[6:] == [f"{kind} {n}" for kind in ("question", "partial") for n in range(3)]


def test_finals_of_like_length_are_decoded_together_to_the_same_text(call: SampleCall) -> None:
    engine = Engine(Recognizer(model.locate("base", cache_dir()), workers=1))
    alone = engine.final(call.said(3)).future.result()
    jobs = [engine.final(call.said(3)) for _ in range(5)]
    assert [job.future.result().text for job in jobs] == [alone.text] * 5
    assert len({job.done for job in jobs[1:]}) < 4, "none shared a batch"
    assert all(job.ordered <= job.begun <= job.done for job in jobs)
    engine.close()


def test_a_partial_that_a_newer_one_overtook_is_never_decoded(engine: Engine, call: SampleCall) -> None:
    speech = call.said(3)
    busy = [engine.final(call.said(1)) for _ in range(4)]
    partials = [engine.partial("utterance", speech) for _ in range(5)]
    newest = partials[-1].future.result()
    assert newest.text
    assert all(partial.future.cancelled() for partial in partials[:-1])
    assert all(job.future.result().text for job in busy)
    engine.close()


def test_partials_leave_a_worker_to_finals(engine: Engine, call: SampleCall) -> None:
    partials = [engine.partial(number, call.said(1)) for number in range(6)]
    final = engine.final(call.said(3))
    final.future.result()
    assert sum(partial.begun < final.begun for partial in partials if partial.begun) <= 2
    for partial in partials:
        partial.future.result()
    engine.close()


def test_a_cancelled_final_is_not_answered_and_the_others_are(engine: Engine, call: SampleCall) -> None:
    jobs = [engine.final(call.said(number)) for number in (1, 3, 5, 7, 9, 11)]
    assert jobs[4].cancel()
    assert all(job.future.result().text for place, job in enumerate(jobs) if place != 4)
    assert jobs[4].future.cancelled()
    engine.close()


def test_the_delay_of_finals_is_known(engine: Engine, call: SampleCall) -> None:
    assert engine.delay() == engine.queueing() == 0.0
    jobs = [engine.final(call.said(3)) for _ in range(6)]
    for job in jobs:
        job.future.result()
    assert min(job.done - job.ordered for job in jobs) <= engine.delay() <= max(job.done - job.ordered for job in jobs)
    assert min(job.begun - job.ordered for job in jobs) <= engine.queueing() < engine.delay()
    assert engine.waiting() == 0
    engine.close()


def test_an_error_reaches_the_one_who_asked_and_nobody_else(engine: Engine, call: SampleCall) -> None:
    broken = engine.final("no samples")  # type: ignore[arg-type]
    with pytest.raises(Exception):  # noqa: B017
        broken.future.result()
    assert engine.final(call.said(3)).future.result().text
    engine.close()


def test_what_breaks_a_batch_fails_alone(call: SampleCall) -> None:
    engine = Engine(Recognizer(model.locate("base", cache_dir()), workers=1))
    speech = call.said(3)
    broken = np.full((len(speech), 2), 0.1, dtype=np.float32)  # as long, but of two channels
    busy = engine.final(speech)
    jobs = [engine.final(samples) for samples in (speech, broken, speech, broken)]
    assert busy.future.result().text
    assert [job.future.exception() is None for job in jobs] == [True, False, True, False]
    assert len({job.done for job in jobs}) < 4, "none shared a batch"
    engine.close()


def test_a_closed_engine_cancels_what_waits(engine: Engine, call: SampleCall) -> None:
    jobs = [engine.final(call.said(1)) for _ in range(8)]
    engine.close()
    assert all(job.future.done() for job in jobs)
    assert engine.final(call.said(1)).future.cancelled()
