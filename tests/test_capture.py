"""The softphone's two legs reach the server, through PulseAudio sinks that stand for a sound card."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from audio.devices import find_device
from audio.errors import AudioError
from audio.resample import Samples
from benchmarks.serving import ServerProcess
from tests.conftest import SampleCall

SINKS = ("softphone", "headset")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A PulseAudio of our own with two null sinks, and the environment in which PortAudio finds their monitors."""
    if not all(map(shutil.which, ("pulseaudio", "paplay", "pactl"))):
        pytest.skip("PulseAudio is not installed (scripts/setup dev installs it)")
    home = tmp_path_factory.mktemp("pulse")
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    devices = "".join(
        f'pcm.{name} {{ type pulse device "{name}.monitor" hint {{ show on description "{name}" }} }}\n'
        for name in SINKS
    )
    (home / ".asoundrc").write_text(f"{devices}pcm.!default {{ type pulse }}\nctl.!default {{ type pulse }}\n")
    environment = os.environ | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "PULSE_RUNTIME_PATH": str(runtime),
        "PULSE_SERVER": f"unix:{runtime}/native",
    }
    command = ["pulseaudio", "-n", "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no"]
    command += ["-L", f"module-native-protocol-unix socket={runtime}/native auth-anonymous=1"]
    command += [part for name in SINKS for part in ("-L", f"module-null-sink sink_name={name} rate=48000")]
    daemon = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False).returncode == 0:
            break
        if daemon.poll() is not None:
            pytest.skip("PulseAudio cannot run here")
        time.sleep(0.1)
    else:
        daemon.kill()
        pytest.skip("PulseAudio does not answer here")
    yield environment
    daemon.terminate()
    daemon.wait()


def seat(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from assistant.cli import main; main()", *arguments]


def write(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((samples * 32767).astype(np.int16).tobytes())
    return path


def test_the_devices_are_listed(sound: dict[str, str]) -> None:
    listed = subprocess.run(seat("capture", "--list"), env=sound, capture_output=True, text=True, check=True)
    assert all(name in listed.stdout for name in SINKS)


def test_what_both_say_reaches_the_server_on_the_right_channel(
    sound: dict[str, str], server: ServerProcess, call: SampleCall, tmp_path: Path
) -> None:
    caller, agent = call.turns[1], call.turns[0]
    legs = {
        "softphone": write(tmp_path / "caller.wav", call.samples[0, int(8000 * caller.start) : int(8000 * caller.end)]),
        "headset": write(tmp_path / "agent.wav", call.samples[1, int(8000 * agent.start) : int(8000 * agent.end)]),
    }
    command = seat("capture", "--far-end", "softphone", "--microphone", "headset", "--call-id", "captured")
    command += ["--server", f"{server.websocket}/media", "--seconds", "15"]
    with subprocess.Popen(command, env=sound, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as capturing:
        while httpx.get(f"{server.url}/api/calls/captured").status_code == 404:
            assert capturing.poll() is None, capturing.stderr.read() if capturing.stderr else ""
            time.sleep(0.1)
        time.sleep(2.0)  # PulseAudio delivers a monitor's first samples a second or two after it was opened
        for name, file in legs.items():
            subprocess.run(["paplay", "-d", name, str(file)], env=sound, check=True)
        assert capturing.wait(60) == 0
    spoken: dict[str, str] = {"caller": "", "agent": ""}
    for line in httpx.get(f"{server.url}/api/calls/captured/transcript").json():
        spoken[line["speaker"]] += line["text"]
    # On a busy machine PulseAudio may drop a digit; whose words they are does not change.
    assert "投诉" in spoken["caller"] and "投诉" not in spoken["agent"]
    assert "政务服务" in spoken["agent"] and "政务服务" not in spoken["caller"]


def test_a_device_that_is_not_there_is_named(sound: dict[str, str]) -> None:
    command = seat("capture", "--far-end", "no-such-device", "--microphone", "headset")
    refused = subprocess.run(command, env=sound, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("choose one from: seat capture --list")
    assert len(refused.stderr.strip().splitlines()) == 1


def test_a_server_that_is_not_there_is_named(sound: dict[str, str]) -> None:
    command = seat("capture", "--far-end", "softphone", "--microphone", "headset", "--server", "ws://127.0.0.1:9/media")
    refused = subprocess.run(command, env=sound, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "No media server answers" in refused.stderr


def test_a_name_that_nothing_has_is_an_error() -> None:
    with pytest.raises(AudioError, match="seat capture --list"):
        find_device("surely nobody calls a device this")
