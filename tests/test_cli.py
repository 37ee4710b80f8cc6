"""The command line as people type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli import app, main
from assistant.ticket.fields import LABELS
from tests.conftest import SampleCall


def seat(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from assistant.cli import main; main()", *arguments]
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """The one line that a command says when it fails, run in this process, which has loaded everything already."""

    def run(*arguments: str, **environment: str) -> str:
        for name, value in ({"SEAT_DATA_DIR": str(tmp_path)} | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["seat", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code not in (0, None)
        [line] = capsys.readouterr().err.strip().splitlines()
        return str(line)

    return run


@pytest.mark.parametrize("command", ["demo", "serve", "replay", "extract", "kb", "capture", "doctor"])
def test_every_command_has_help(command: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"])
    assert told.exit_code == 0
    assert "Usage" in told.output


def test_replay_writes_the_contract(tmp_path: Path, call: SampleCall) -> None:
    out = tmp_path / "out.json"
    options = ("--phone", call.caller_phone, "--started-at", call.started_at, "--json", str(out))
    done = seat("replay", str(call.path), *options)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    assert set(told) == {"call", "transcript", "ticket", "candidates", "suggestions", "hints", "latency"}
    assert {"utterance", "speaker", "start", "end", "text"} <= told["transcript"][0].keys()
    assert {line["speaker"] for line in told["transcript"]} == {"caller", "agent"}
    assert list(told["ticket"]) == list(LABELS)
    assert {"value", "state", "confidence", "evidence"} <= told["ticket"]["title"].keys()
    assert told["ticket"]["contact_phone"]["value"] == "15900203147"
    assert {"after_utterance", "articles"} == told["suggestions"][0].keys()
    assert {"p50", "p95"} <= told["latency"]["final_ms"].keys()
    assert "座席" in done.stdout
    assert "市民" in done.stdout


@pytest.mark.slow  # a quarter of a minute
def test_a_recording_that_breaks_off_is_replayed_as_far_as_it_goes(tmp_path: Path, call: SampleCall) -> None:
    whole = call.path.read_bytes()
    (tmp_path / "half.flac").write_bytes(whole[: len(whole) // 4])
    done = seat("replay", str(tmp_path / "half.flac"), "--json", "-")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert 10 < told["call"]["seconds"] < 50
    assert "12345" in told["transcript"][0]["text"]
    assert "breaks off" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("replay", "nothing.wav"), "does not exist"),
        (("replay", __file__), "not an audio file"),
        (("replay", "{call}", "--speed", "2"), "--speed is max or 1"),
        (("replay", "{call}", "--json", "/no/such/folder/out.json"), "cannot be written"),
        (("replay", "{call}", "--started-at", "noon"), "ISO 8601"),
        (("replay", "{call}", "--pack", "/no/such/pack"), "/no/such/pack"),
        (("extract", "nothing.json"), "cannot be read"),
        (("extract", __file__), "not a JSON document"),
        (("capture",), "Choose both devices"),
        (("serve", "--port", "99999"), "port"),
    ],
)
def test_mistakes_get_one_line_that_says_what_to_do(
    arguments: tuple[str, ...], words: str, call: SampleCall, refusal: Callable[..., str]
) -> None:
    filled = [str(call.path) if argument == "{call}" else argument for argument in arguments]
    assert words in refusal(*filled)


def test_settings_that_are_wrong_are_named(
    tmp_path: Path, refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seat.toml").write_text("workers = 'many'\n")
    config = str(tmp_path / "seat.toml")
    assert "Setting workers" in refusal("serve", SEAT_CONFIG=config)
    (tmp_path / "seat.toml").write_text("colour = 'red'\n")
    assert "Setting colour" in refusal("serve", SEAT_CONFIG=config)
    (tmp_path / "seat.toml").write_text("= =\n")
    assert "not valid TOML" in refusal("serve", SEAT_CONFIG=config)
    assert "does not exist" in refusal("serve", SEAT_CONFIG="/no/seat.toml")
    monkeypatch.delenv("SEAT_CONFIG")
    assert "no-such-model" in refusal("serve", "--port", "0", "--model", "no-such-model")


def test_a_program_that_fails_says_one_line_and_no_more(tmp_path: Path) -> None:
    failed = seat("replay", str(tmp_path / "nothing.wav"))
    assert failed.returncode == 1
    [line] = failed.stderr.strip().splitlines()
    assert "nothing.wav does not exist" in line


def test_the_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["doctor"], env={"SEAT_DATA_DIR": str(tmp_path)})
    assert told.exit_code == 0, told.output
    assert "识别模型" in told.output
    assert "广州市" in told.output


def test_the_doctor_notices_what_is_missing(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["doctor", "--pack", str(tmp_path)], env={"SEAT_DATA_DIR": str(tmp_path)})
    assert told.exit_code == 1
    assert "✗" in told.output


@pytest.mark.slow  # a minute and a half: the call is played at its own pace
def test_the_demo_plays_its_call_and_stops(tmp_path: Path) -> None:
    told = seat("demo", "--once", "--port", "0", SEAT_DATA_DIR=str(tmp_path))
    assert told.returncode == 0, told.stderr
    assert "/desk/1" in told.stdout
    assert "市民" in told.stdout
    assert "工单" in told.stdout
    assert "秦女士" in told.stdout
