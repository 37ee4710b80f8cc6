"""The sounds are what they are called, flaws are counted, and the benchmark runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from benchmarks.flaws import Hygiene, at_seams, doubled, hygiene, latin, missing
from benchmarks.sounds import RATE, Samples, assorted
from benchmarks.trust import ECHO_SECONDS, KEPT_BY_TIDYING, Shown, with_echo
from tests.conftest import SampleCall


@pytest.fixture(scope="module")
def sounds(call: SampleCall) -> dict[str, Samples]:
    return {sound.name: sound.samples for sound in assorted(120, list(call.samples))}


def pitches(samples: Samples, loudest: int) -> list[int]:
    """The strongest frequencies, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    peaks = [n for n in range(1, len(spectrum) - 1) if spectrum[n - 1] < spectrum[n] >= spectrum[n + 1]]
    best = sorted(peaks, key=lambda n: -spectrum[n])[:loudest]
    return sorted(round(n * RATE / len(samples)) for n in best)


def test_sounds_are_assorted_and_telephone_audio(sounds: dict[str, Samples]) -> None:
    assert len(sounds) > 35
    assert sum(map(len, sounds.values())) / RATE == pytest.approx(120 + 1.2 * len(sounds), abs=1)
    for samples in sounds.values():
        assert samples.dtype == np.float32
        assert np.abs(samples).max() <= 1
        assert len(np.unique(samples)) < 256  # mu-law has no more
    assert [name for name, samples in sounds.items() if not samples.any()] == ["digital silence"]


def test_tones_have_their_pitch_and_cadence(sounds: dict[str, Samples]) -> None:
    middle = slice(RATE, 3 * RATE)
    assert pitches(sounds["dial tone 450 Hz"][middle], 1) == [450]
    assert pitches(sounds["horn"], 2) != [450]
    ringing = np.abs(sounds["ringback 450 Hz"][int(0.6 * RATE) :]) > 0.05
    assert ringing[: RATE // 2].mean() > 0.5
    assert ringing[RATE + 100 : 3 * RATE].sum() == 0


def test_sounds_are_the_same_each_time_and_babble_is_faint(sounds: dict[str, Samples], call: SampleCall) -> None:
    again = {sound.name: sound.samples for sound in assorted(120, list(call.samples))}
    assert all(np.array_equal(samples, again[name]) for name, samples in sounds.items())
    assert 20 * np.log10(np.std(sounds["babble far away -40 dB"])) < -38
    assert not any(sound.name.startswith("babble") for sound in assorted(20))


def test_flaws_of_a_text_are_counted() -> None:
    assert hygiene("谢谢谢谢谢谢谢谢") == Hygiene(loops=1)
    assert hygiene("好的好的好的好的我知道") == Hygiene(loops=1)
    assert hygiene("对对对，我的号码是13888888888，一三八八八八八八八八八") == Hygiene()
    assert hygiene("我\ufffd\ufffd要") == Hygiene(broken=2)
    assert hygiene("請問你在嗎") == Hygiene(traditional=3)
    assert hygiene("我 要 投诉 iPhone 15") == Hygiene(spaces=2)
    assert hygiene("着火了，干净，这里") + hygiene("對") == Hygiene(traditional=1)


def test_english_words_and_digits_are_found() -> None:
    assert latin("三D打印用APP，AB款PC端，iPhone 15 Pro和3.5元。") == ["D", "APP", "AB", "PC", "iPhone 15 Pro", "3.5"]
    assert all(said in text for text, said in KEPT_BY_TIDYING)


def test_words_of_the_other_leg_are_doubled_text() -> None:
    def final(speaker: str, start: float, text: str) -> dict[str, Any]:
        return {"speaker": speaker, "start": start, "end": start + 3, "text": text}

    asked = final("agent", 1, "请问您住在哪个小区？")
    plain = {"agent": "请问您住在哪个小区？", "caller": "我住在沁心华庭。请问您住在哪个小区？"}
    assert doubled([asked, final("caller", 1.3, "请问您珠在哪个小去我住在沁心华庭")], plain | {"caller": "我住"}) == [
        "请问您珠在哪个小去我住在沁心华庭"
    ]
    assert doubled([asked, final("caller", 1.3, "请问您住在哪个小区")], plain) == []  # the caller did say it
    assert doubled([asked, final("caller", 9, "请问您住在哪个小区")], plain | {"caller": ""}) == []  # later
    assert doubled([asked, final("caller", 1.3, "我住在沁心华庭")], plain) == []


def test_characters_that_are_gone_are_counted() -> None:
    assert missing("我住在沁心华庭，七号楼。", "我住在华庭，嗯，七号楼") == 2
    assert missing("我要投诉", "") == 4


def test_characters_lost_and_doubled_at_seams() -> None:
    said = "今天上午十点钟我们小区的大门口有一辆货车一直停着不走影响了大家的出行"
    whole = (said[:17], True), (said[17:], False)
    assert at_seams(said, whole) == (0, 0)
    assert at_seams(said, [(said[:16], True), (said[18:], False)]) == (2, 0)
    assert at_seams(said, [(said[:18], True), (said[16:], False)]) == (0, 2)
    assert at_seams(said, [(said[:18], False), (said[16:], False)]) == (0, 0)  # no seam


def test_echo_comes_later_and_quieter_on_the_other_leg(call: SampleCall) -> None:
    silent = call.samples[:, : 10 * RATE].copy()
    silent[0] = 0
    mixed = with_echo(silent, 1, -20, 0.2)
    assert np.array_equal(mixed[1], silent[1])
    assert 20 * np.log10(np.std(mixed[0]) / np.std(mixed[1])) == pytest.approx(-20, abs=3)
    onset = [int(np.argmax(np.abs(leg) > 0.3 * np.abs(leg).max())) for leg in mixed]
    assert 0.15 * RATE < onset[0] - onset[1] < 0.35 * RATE


def test_an_utterance_counts_once_and_partials_alone_are_marked() -> None:
    shown = Shown([{"utterance": 0, "speaker": "caller", "text": "嗯"}], {0: "嗯嗯", 1: "词曲", 2: ""})
    assert shown.text() == "嗯 (词曲)"
    assert shown.characters() == 4


@pytest.mark.slow  # most of a minute
def test_it_runs_on_a_short_call(tmp_path: Path, call: SampleCall) -> None:
    shorten(call, tmp_path, seconds=12)
    out = tmp_path / "trust.json"
    command = [sys.executable, "-m", "benchmarks", "trust", "--minutes", "0.2", "--calls", str(tmp_path)]
    done = subprocess.run(
        [*command, "--json", str(out)], env=os.environ, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(out.read_text(encoding="utf-8"))["trust"]
    assert len(told["sounds"]) > 35
    assert told["speech"]["characters"] > 20
    assert all(row["kept"] for row in told["survive"])
    assert told["echo"]
    assert told["seam"]["splits"] >= 2
    assert "Echo" in done.stdout


def shorten(call: SampleCall, directory: Path, seconds: int) -> None:
    """The first seconds of the bundled call as a recording with true times."""
    assert seconds < ECHO_SECONDS
    samples = (call.samples[:, : seconds * RATE] * 32767).astype(np.int16)
    with av.open(str(directory / "short.flac"), "w") as file:
        stream = file.add_stream("flac", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1).copy(), format="s16", layout="stereo")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    turns = [vars(turn) for turn in call.turns if turn.end < seconds]
    (directory / "short.timing.json").write_text(json.dumps(turns), encoding="utf-8")
