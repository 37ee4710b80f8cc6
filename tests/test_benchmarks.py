"""The benchmarks run and count what they say they count (they are never asked for times here)."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.accuracy import normalise
from benchmarks.conditions import telephone
from benchmarks.latency import Heard, evaluate
from benchmarks.recordings import Turn
from tests.conftest import SampleCall


def test_spoken_numbers_count_as_they_are_spoken() -> None:
    assert normalise("共860元，2026年！") == normalise("共八百六十元二千零二十六年")
    assert normalise("１５％") == "百分之十五"
    assert normalise("13800138001") == "一三八零零一三八零零一"
    assert normalise("3.5") == "三点五"
    assert normalise("10栋") == "十栋"
    assert normalise("1,200") == "一千二百"


def test_a_telephone_leaves_the_voice_band() -> None:
    time = np.arange(16000) / 16000
    for pitch, kept in ((1000, True), (6000, False)):
        heard = telephone((0.3 * np.sin(2 * np.pi * pitch * time)).astype(np.float32), 16000)
        assert bool(np.sqrt(np.mean(heard**2)) > 0.1) is kept


def test_latency_is_counted_from_the_true_end_of_speech() -> None:
    heard = Heard([Turn("caller", 1.0, 3.0, "你好"), Turn("agent", 4.0, 5.0, "请讲")], began=100.0)
    final = {"utterance": 0, "speaker": "caller", "start": 1.1, "end": 3.1, "text": "你好"}
    heard.arrivals = [
        (101.8, {"type": "transcript.partial", "data": {"utterance": 0, "stable": "", "tentative": "你"}}),
        (103.6, {"type": "transcript.final", "data": final}),
    ]
    result = evaluate([heard])
    assert [round(value) for value in result.finals] == [600]
    assert [round(value) for value in result.partials] == [800]
    assert (result.turns, result.lost) == (2, 1)


def test_text_said_again_where_one_final_meets_the_next_is_counted() -> None:
    def heard(*texts: str, said: str) -> int:
        call = Heard([Turn("caller", 0.0, 9.0, said)])
        for place, text in enumerate(texts):
            final = {"utterance": place, "speaker": "caller", "start": 3.0 * place, "end": 3.0 * place + 2.9}
            call.arrivals.append((10.0, {"type": "transcript.final", "data": final | {"text": text}}))
        return evaluate([call]).doubled

    assert heard("我要投诉天河区", "投诉天河区的噪音", said="我要投诉天河区的噪音") == 1
    assert heard("我要投诉天河区", "天河路的噪音", said="我要投诉天河区天河路的噪音") == 0
    assert heard("我要投诉我要投诉", "我要投诉，真的", said="我要投诉我要投诉，我要投诉我要投诉，真的") == 0


def test_a_turn_that_ends_in_mid_sentence_is_a_lost_tail() -> None:
    call = Heard([Turn("caller", 0.0, 5.0, "我要投诉天河区的噪音")])
    final = {"utterance": 0, "speaker": "caller", "start": 0.0, "end": 3.0, "text": "我要投诉"}
    call.arrivals = [(6.0, {"type": "transcript.final", "data": final})]
    assert evaluate([call]).lost_tails == 1
    assert evaluate([call]).finals == []


@pytest.fixture
def beginning(tmp_path: Path, call: SampleCall) -> Path:
    """A folder with the first turns of the bundled call as a recording with true times."""
    few = call.turns[:3]
    with av.open(str(tmp_path / "beginning.flac"), "w") as container:
        stream = container.add_stream("flac", rate=8000, layout="stereo", format="s16")
        pcm = (call.samples[:, : int(8000 * (few[-1].end + 0.2))] * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm.T).reshape(1, -1), format="s16", layout="stereo")
        frame.rate = 8000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    timing = json.dumps([vars(turn) for turn in few])
    (tmp_path / "beginning.timing.json").write_text(timing, encoding="utf-8")
    return tmp_path


@pytest.mark.slow  # most of a minute
def test_load_streams_calls_and_says_where_the_time_went(beginning: Path) -> None:
    out = beginning / "out.json"
    command = [sys.executable, "-m", "benchmarks", "load", "--calls", str(beginning), "--concurrency", "2"]
    done = subprocess.run([*command, "--no-admission", "--json", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [row] = json.loads(out.read_text())["load"]
    assert (row["calls"], row["turns"], row["lost"], row["doubled"], row["refused"]) == (2, 6, 0, 0, 0)
    assert row["final_ms"]["count"] == len(row["finals"]) > 0
    assert row["waterfall"][0]["stage"] == "voice activity"
    assert row["rss_mb"] > 100


@pytest.mark.slow  # half a minute
def test_endurance_plays_one_long_call(beginning: Path) -> None:
    out = beginning / "out.json"
    command = [sys.executable, "-m", "benchmarks", "endurance", "--calls", str(beginning), "--hours", "0.015"]
    done = subprocess.run([*command, "--json", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(out.read_text())["endurance"]
    assert len(told["windows"]) == 2
    assert all(window["finals"] > 0 for window in told["windows"])


@pytest.mark.slow  # half a minute, and a Chromium
def test_desks_time_what_a_page_shows(beginning: Path) -> None:
    out = beginning / "out.json"
    command = [sys.executable, "-m", "benchmarks", "desks", "--calls", str(beginning), "--desks", "1"]
    done = subprocess.run([*command, "--json", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [row] = json.loads(out.read_text())["desks"]
    assert row["desks"] == 1
    assert row["event_to_page_ms"]["count"] > row["final_to_field_ms"]["count"] > 0
    assert row["hang_up_to_draft_ms"]["count"] == row["submit_to_dispatched_ms"]["count"] == 1
    assert "--desks 1" in json.loads(out.read_text())["machine"]["command"]


@pytest.mark.slow  # half a minute
def test_accuracy_runs_on_a_folder_of_clips(tmp_path: Path, call: SampleCall) -> None:
    with (tmp_path / "manifest.tsv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t")
        rows.writerow(["file", "transcript"])
        for number in (0, 3, 8):
            rows.writerow([f"{number}.wav", call.turns[number].text])
            with wave.open(str(tmp_path / f"{number}.wav"), "wb") as clip:
                clip.setnchannels(1)
                clip.setsampwidth(2)
                clip.setframerate(16000)
                clip.writeframes((call.said(number) * 32767).astype("<i2").tobytes())
    out = tmp_path / "out.json"
    command = [sys.executable, "-m", "benchmarks", "accuracy", "--speech", str(tmp_path), "--json", str(out)]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(out.read_text())["accuracy"]
    window = [row["condition"] for row in told["rows"] if "5 s" in row["what"]]
    assert window == ["clean", "telephone", "noise 10 dB", "packet loss 5 %"]
    assert len(told["rows"]) == 7
    assert all(row["cer_percent"] < 60 for row in told["rows"] if row["condition"] == "telephone")
    assert 0 < sum(one["count"] for one in told["calibration"]) <= 4 * 3
    assert 0 <= told["calibration_error"] <= 1
    assert "CER" in done.stdout


def test_a_folder_without_clips_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "accuracy", "--speech", str(tmp_path)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "manifest.tsv" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
