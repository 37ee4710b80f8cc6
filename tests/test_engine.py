"""One engine for all calls: what is asked last is not always answered last."""

from __future__ import annotations

import pytest

from assistant import model
from assistant.config import cache_dir
from assistant.engine import Engine
from assistant.recognizer import Recognizer
from tests.conftest import SampleCall


@pytest.fixture
def engine(recognizer: Recognizer) -> Engine:
    return Engine(recognizer)


def test_finals_go_before_partials_and_questions(call: SampleCall) -> None:
    engine = Engine(Recognizer(model.locate("base", cache_dir()), workers=1))
    order: list[str] = []
    speech = call.said(3)
    jobs = {"first": engine.final(call.said(1))}
    jobs |= {f"question {n}": engine.score(speech, ["你好"]) for n in range(3)}
    jobs |= {f"partial {n}": engine.partial(n, speech) for n in range(3)}
    jobs |= {f"final {n}": engine.final(speech) for n in range(3)}
    for name, job in jobs.items():
        job.add_done_callback(lambda _, name=name: order.append(name))
    for job in jobs.values():
        job.result()
    engine.close()
    assert order == ["first"] + [f"{kind} {n}" for kind in ("final", "partial", "question") for n in range(3)]


def test_a_partial_that_a_newer_one_overtook_is_never_decoded(engine: Engine, call: SampleCall) -> None:
    speech = call.said(3)
    busy = [engine.final(call.said(1)) for _ in range(4)]
    partials = [engine.partial("utterance", speech) for _ in range(5)]
    newest = partials[-1].result()
    assert newest.text
    assert all(partial.cancelled() for partial in partials[:-1])
    assert all(job.result().text for job in busy)
    engine.close()


def test_a_cancelled_final_is_not_answered_and_the_others_are(engine: Engine, call: SampleCall) -> None:
    jobs = [engine.final(call.said(3)) for _ in range(6)]
    assert jobs[4].cancel()
    assert all(job.result().text for place, job in enumerate(jobs) if place != 4)
    assert jobs[4].cancelled()
    engine.close()


def test_an_error_reaches_the_one_who_asked_and_nobody_else(engine: Engine, call: SampleCall) -> None:
    broken = engine.final("no samples")  # type: ignore[arg-type]
    with pytest.raises(Exception):  # noqa: B017
        broken.result()
    assert engine.final(call.said(3)).result().text
    engine.close()


def test_a_closed_engine_cancels_what_waits(engine: Engine, call: SampleCall) -> None:
    jobs = [engine.final(call.said(1)) for _ in range(8)]
    engine.close()
    assert all(job.done() for job in jobs)
    assert engine.final(call.said(1)).cancelled()
