"""What all benchmarks share: the console, a progress bar, and how figures end up in a file."""

from __future__ import annotations

import os
import platform
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from assistant.cli import output
from audio.files import sample

console = Console(width=None if sys.stdout.isatty() else 120)

SAMPLES = sample().parent
"""The folder of the bundled call."""

JsonOption = Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file.")]


def bar() -> Progress:
    """A progress bar on standard error that goes away when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def machine() -> dict[str, Any]:
    """What the figures were measured on, with which versions and by which command."""
    return {
        "when": datetime.now().astimezone().isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "ctranslate2": version("ctranslate2"),
        "faster-whisper": version("faster-whisper"),
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
    }


def finish(target: Path | None, figures: dict[str, Any]) -> None:
    """Say what the figures were measured on and write them. Raises SeatError."""
    about = machine()
    console.print(" · ".join(f"{key} {about[key]}" for key in ("processor", "cores", "python", "ctranslate2")))
    if target:
        output.write(target, {"machine": about, **figures})


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
