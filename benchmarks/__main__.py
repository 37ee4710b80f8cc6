"""`python -m benchmarks`: how fast, how exact and how trustworthy recognition and search are on this machine."""

from __future__ import annotations

import os
import sys

import typer

from assistant.errors import SeatError
from audio.errors import AudioError
from benchmarks.accuracy import accuracy
from benchmarks.bigcity import bigcity
from benchmarks.compare import compare
from benchmarks.desks import desks
from benchmarks.distractors import distractors
from benchmarks.endurance import endurance
from benchmarks.gate import gate
from benchmarks.knowledge import knowledge
from benchmarks.latency import latency, load
from benchmarks.report import report
from benchmarks.suggestions import suggestions
from benchmarks.tickets import tickets
from benchmarks.trust import trust
from kb.errors import PackError

app = typer.Typer(
    name="benchmarks", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
for command in (
    latency, load, accuracy, trust, endurance, compare, tickets, bigcity, distractors, knowledge, suggestions, desks,
    report, gate,
):  # fmt: skip
    app.command()(command)


def main() -> None:
    """Run; what the user can put right ends in one line and exit code 1."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        app()
    except (SeatError, AudioError, PackError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
