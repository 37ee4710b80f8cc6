"""What `compare` and `accuracy` count: turns found in a growing text, sounds made worse, three ways to decode."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from assistant.errors import SeatError
from assistant.recognizer import Recognition
from audio.resample import SAMPLE_RATE
from benchmarks.compare import compare
from benchmarks.conditions import CONDITIONS, heard, losses, speech_level, with_noise
from benchmarks.confidence import Judged, calibration, calibration_error, fit_confidence
from benchmarks.latency import Heard
from benchmarks.matching import Shown, doubled, follow, spans, tail_is_lost
from benchmarks.recordings import Turn
from tests.conftest import SampleCall

TURNS = [Turn("caller", 1.0, 3.0, "我住在体育西路。"), Turn("caller", 5.0, 7.0, "电话是多少？")]


def test_turns_are_found_in_a_text_with_mistakes() -> None:
    assert spans(["我住在体育西路", "电话是多少"], "我住在体一西路电话是多少") == [(0, 7), (7, 12)]


def test_a_turn_of_which_too_little_came_is_lost() -> None:
    assert spans(["我住在体育西路", "电话是多少"], "我住在体育西路啊") == [(0, 7), None]
    assert spans(["你好"], "") == [None]


def test_a_turn_is_complete_when_its_text_stays() -> None:
    shown = [
        Shown(101.8, "我住"),
        Shown(103.1, "我住在体育西路"),
        Shown(103.5, "我住在体一西路"),
        Shown(104.0, "我住在体育西路。"),
        Shown(105.9, "我住在体育西路。电话"),
        Shown(107.4, "我住在体育西路。电话是多少？"),
    ]
    followed = follow(TURNS, shown, began=100.0)
    assert [round(value) for value in followed.finals] == [1000, 400]
    assert [round(value) for value in followed.partials] == [800, 900]
    assert (followed.turns, followed.lost, followed.doubled, followed.errors) == (2, 0, 0, 0)


def test_what_never_came_is_lost_and_counts_as_errors() -> None:
    followed = follow(TURNS, [Shown(103.0, "我住在体育西路")], began=100.0)
    assert (followed.lost, followed.errors, followed.characters) == (1, 5, 12)
    assert follow(TURNS, [], began=100.0).lost == 2


def test_doubled_text_is_what_nobody_said_twice() -> None:
    assert doubled("我住在体育西路", "我住在体育西路我住在体育西路") == 1
    assert doubled("没有了没有了没有了没有了", "没有了没有了没有了没有了") == 0
    assert doubled("谢谢", "谢谢谢谢") == 0  # shorter than what counts
    assert doubled("我住在体育西路", "我住在体育西路") == 0


def test_a_tail_is_lost_when_nothing_stands_for_it() -> None:
    assert tail_is_lost("我住在体育西路十二号", "我住在体育")
    assert not tail_is_lost("我住在体育西路", "我住在体一吸炉")
    assert not tail_is_lost("我住在体育西路", "我住在体育西")
    assert not tail_is_lost("", "")


def test_what_the_page_shows_of_a_speaker() -> None:
    def event(kind: str, utterance: int, speaker: str, **text: str) -> dict[str, Any]:
        return {"type": f"transcript.{kind}", "data": {"utterance": utterance, "speaker": speaker} | text}

    heard = Heard(
        TURNS,
        arrivals=[
            (1.0, event("partial", 0, "caller", stable="我", tentative="住再")),
            (1.5, event("partial", 1, "agent", stable="", tentative="好")),
            (2.0, event("final", 0, "caller", text="我住在")),
            (3.0, event("final", 2, "caller", text="这里")),
        ],
    )
    assert heard.shown("caller") == [Shown(1.0, "我住再"), Shown(2.0, "我住在"), Shown(3.0, "我住在这里")]


def test_packets_get_lost_in_bursts() -> None:
    gone = losses(SAMPLE_RATE * 2000, np.random.default_rng(1))
    assert 0.04 < gone.mean() < 0.06
    bursts = (np.diff(gone.astype(int)) == 1).sum()
    assert 1.8 < gone.sum() / bursts < 2.2


def test_noise_is_as_loud_as_it_says(call: SampleCall) -> None:
    said, others = call.said(1), [call.said(2), call.said(3)]
    noise = with_noise(said, others, np.random.default_rng(1)) - said
    loudness = 20 * np.log10(speech_level(said) / np.sqrt(np.mean(noise**2)))
    assert loudness == pytest.approx(10, abs=0.1)


def test_each_condition_is_always_the_same_and_keeps_the_length(call: SampleCall) -> None:
    voices = [call.said(1), call.said(3)]
    for condition in CONDITIONS:
        once, again = heard(voices, condition), heard(voices, condition)
        assert all(np.array_equal(one, other) for one, other in zip(once, again, strict=True))
        assert [abs(len(one) - len(voice)) <= 2 for one, voice in zip(once, voices, strict=True)] == [True, True]
    assert not np.allclose(heard(voices, "telephone")[0], heard(voices, "loss")[0])


def test_a_confidence_that_is_too_low_is_put_right() -> None:
    rng = np.random.default_rng(0)
    judged = []
    for number in range(400):
        right = float(rng.uniform(0.4, 1.0))
        judged.append(Judged(str(number % 40), Recognition("好", right - 0.2, 0.0), right))
    error = calibration_error(calibration(judged))
    assert error == pytest.approx(0.2, abs=0.001)
    constant, weight, of_each_text = fit_confidence(judged)
    assert 1 / (1 + np.exp(-(constant + weight * 0.5 + of_each_text))) == pytest.approx(0.7, abs=0.05)
    assert calibration_error(calibration([])) is None


@pytest.mark.slow  # half a minute
def test_the_command_writes_what_it_measured_and_what_it_did_not(tmp_path: Path, call: SampleCall) -> None:
    few = call.turns[:3]
    seconds = few[-1].end + 0.2
    with av.open(str(tmp_path / "beginning.flac"), "w") as container:
        stream = container.add_stream("flac", rate=8000, layout="stereo", format="s16")
        pcm = (call.samples[:, : int(8000 * seconds)] * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T).reshape(1, -1), format="s16", layout="stereo")
        frame.rate = 8000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    timing = json.dumps([turn.__dict__ for turn in few])
    (tmp_path / "beginning.timing.json").write_text(timing, encoding="utf-8")
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "benchmarks", "compare", "--calls", str(tmp_path), "--live", "0", "--peer", ""]
    done = subprocess.run(
        [*command, "--nonspeech", "0", "--json", str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(out.read_text(encoding="utf-8"))["compare"]
    systems = ["ours", "faster_whisper transcribe", "faster_whisper batched"]
    assert [row["system"] for row in told["rows"]] == systems
    assert all(row["how"] and row["version"] for row in told["rows"])
    assert all(row["cer_percent"] < 60 and row["times_real_time"] > 0 for row in told["rows"])
    assert all(row["nonspeech_characters"] is None and row["final_ms"] is None for row in told["rows"])
    assert all(one["why"] for one in told["not_run"])


def test_a_program_that_nobody_knows_is_named() -> None:
    with pytest.raises(SeatError, match="whisperlivekit, not 'nobody'"):
        compare(peer="nobody")
