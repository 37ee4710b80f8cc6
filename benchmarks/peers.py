"""Other programs for live speech recognition, each in a virtual environment of its own that is made once and kept.

pip's own settings hold for them: PIP_INDEX_URL and PIP_CONSTRAINT say from where and which (torch without CUDA, say).
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from assistant.config import cache_dir
from assistant.errors import SeatError
from audio.resample import SAMPLE_RATE, Samples
from benchmarks.latency import FRAME
from benchmarks.matching import Shown

START_SECONDS = 180.0
FLUSH_SECONDS = 120.0
"""How long a program may go on after the last sample."""


@dataclass(frozen=True)
class Peer:
    """A server program and how it is asked; `{…}` in the command are filled in by PeerServer."""

    name: str
    package: str
    command: tuple[str, ...]
    path: str
    """Where its websocket is."""
    how: str


WHISPERLIVEKIT = Peer(
    "whisperlivekit",
    "whisperlivekit",
    (
        *("{bin}/whisperlivekit-server", "--host", "127.0.0.1", "--port", "{port}", "--log-level", "WARNING"),
        *("--backend", "faster-whisper", "--backend-policy", "localagreement", "--model_dir", "{model}"),
        *("--language", "zh", "--pcm-input", "--warmup-file", "{warmup}"),
    ),
    "/asr",
    "its server, faster-whisper backend, LocalAgreement, beam 5, its own voice activity; one socket a speaker, 20 ms "
    "of PCM at a time at real-time pace; uncertain text counts, too",
)
PEERS = {peer.name: peer for peer in (WHISPERLIVEKIT,)}


def environment(peer: Peer) -> Path:
    """The program's virtual environment, made if it is not there yet. Raises SeatError with pip's last line."""
    target = cache_dir() / "peers" / peer.name
    stamp = target / "installed"
    if not stamp.is_file():
        shutil.rmtree(target, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(target)])
        _run([str(target / "bin" / "pip"), "install", "--disable-pip-version-check", peer.package])
        stamp.touch()
    return target


def version(peer: Peer) -> str:
    """Of the installed program."""
    code = f"import importlib.metadata as m; print(m.version({peer.package!r}))"
    return _run([str(environment(peer) / "bin" / "python"), "-c", code]).strip()


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SeatError(_last_line(done.stderr) or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def _last_line(text: str) -> str:
    """The last line that says something, an error's if there is one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "")


class PeerServer:
    """The program's server on a free loopback port, offline, on as many threads as ours; a context manager."""

    def __init__(self, peer: Peer, model: Path, warmup: Path, threads: int) -> None:
        self._peer = peer
        self._fill = {"bin": str(environment(peer) / "bin"), "model": str(model), "warmup": str(warmup)}
        self._threads = threads
        self._log = tempfile.TemporaryFile(mode="w+", encoding="utf-8")  # noqa: SIM115 - closed with the object
        self.url = ""

    def __enter__(self) -> PeerServer:
        port = _free_port()
        self.url = f"ws://127.0.0.1:{port}{self._peer.path}"
        offline = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(self._threads)}
        command = [part.format(port=port, **self._fill) for part in self._peer.command]
        self._process = subprocess.Popen(command, env=os.environ | offline, stdout=self._log, stderr=self._log)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return self
            time.sleep(0.2)
        self.__exit__(None, None, None)
        raise SeatError(self.last_line() or "it did not start")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_line(self) -> str:
        """What it said last."""
        self._log.seek(0)
        return _last_line(self._log.read())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Streamed:
    """What a client had, message by message, and whether the program said that it was done."""

    shown: list[Shown]
    done: bool


def stream(url: str, voices: Sequence[Samples], advance: Callable[[float], None]) -> tuple[float, list[Streamed]]:
    """Speak `voices` (mono at 16 kHz) at the same time, each to a socket of its own, at real-time pace.

    Returns the wall time at which they began and what each client had. Raises SeatError when the program breaks off.
    """
    began = time.monotonic() + 2

    async def all_of_them() -> list[Streamed]:
        speaking = [_speak(url, voice, began, advance if not place else None) for place, voice in enumerate(voices)]
        return await asyncio.gather(*speaking)

    try:
        return began, asyncio.run(all_of_them())
    except (OSError, WebSocketException) as error:
        raise SeatError(f"it broke off: {error or type(error).__name__}") from error


async def _speak(url: str, voice: Samples, began: float, advance: Callable[[float], None] | None) -> Streamed:
    shown: list[Shown] = []
    frame = int(FRAME * SAMPLE_RATE)
    pcm = (np.clip(voice, -1, 1) * 32767).astype("<i2")
    async with connect(url, max_size=None) as client:
        reading = asyncio.create_task(_read(client, shown))
        for place, first in enumerate(range(0, len(pcm), frame), start=1):
            await asyncio.sleep(max(0.0, began + place * FRAME - time.monotonic()))
            await client.send(pcm[first : first + frame].tobytes())
            if advance and place % 50 == 0:
                advance(1)
        await client.send(b"")
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await reading
        except TimeoutError:
            return Streamed(shown, done=False)
    return Streamed(shown, done=True)


async def _read(client: object, shown: list[Shown]) -> None:
    async for message in client:  # type: ignore[attr-defined]
        told = json.loads(message)
        if told.get("type") == "ready_to_stop":
            return
        if "lines" in told:
            text = "".join(line["text"] or "" for line in told["lines"]) + told["buffer_transcription"]
            shown.append(Shown(time.monotonic(), text))
