"""A server in a process of its own, as a hotline runs it, with an empty store."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from assistant.errors import SeatError


class ServerProcess:
    """`seat serve` on a free loopback port; a context manager. `url` is known once it has been entered.

    It takes as many calls as come, unless `environment` says otherwise.

    `data_dir` keeps the calls when given, so that a server can be started again on them, at the same `port`.
    """

    def __init__(self, data_dir: Path | None = None, port: int = 0, **environment: str) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="seat-")
        self.data = data_dir or Path(self._scratch.name)
        """Where it keeps its calls."""
        self._environment = environment
        self._port = port
        self.process: subprocess.Popen[str] | None = None
        self.url = ""
        self.errors: list[str] = []
        """What the server wrote to standard error."""

    @property
    def websocket(self) -> str:
        """The address with ws:// in front."""
        return self.url.replace("http", "ws", 1)

    @property
    def pid(self) -> int:
        """Of the server's process."""
        assert self.process is not None
        return self.process.pid

    def health(self) -> dict[str, Any]:
        """What `/api/health` says."""
        with urllib.request.urlopen(f"{self.url}/api/health") as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def __enter__(self) -> ServerProcess:
        given = {"SEAT_DATA_DIR": str(self.data), "SEAT_MAX_CALLS": "1000", "COLUMNS": "500"}
        environment = os.environ | given | self._environment
        command = [sys.executable, "-c", "from assistant.cli import main; main()", "serve", "--port", str(self._port)]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert self.process.stdout is not None
        threading.Thread(target=self._collect, daemon=True).start()
        for line in self.process.stdout:
            if found := re.search(r"http://[\d.]+:\d+", line):
                self.url = found[0]
                return self
        self.process.wait()
        raise SeatError(f"The server did not start: {' '.join(self.errors)[-500:]}")

    def kill(self) -> None:
        """End the server as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self._scratch.cleanup()

    def _collect(self) -> None:
        assert self.process is not None and self.process.stderr is not None
        for line in self.process.stderr:
            self.errors.append(line.rstrip())
