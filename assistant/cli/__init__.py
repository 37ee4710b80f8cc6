"""`seat`: one command for agents' machines, the server and engineers. One module for each command."""

from __future__ import annotations

import gc
import os
import sys

import typer

from assistant.cli import callers, capture, demo, doctor, extract, kb, replay, serve, users
from assistant.errors import SeatError
from audio.errors import AudioError
from kb.errors import PackError

ALLOCATIONS = 50_000
"""Between two looks for garbage. Python's 700 make a server's start, which only loads, a tenth longer."""

app = typer.Typer(
    name="seat",
    help="Seat Assistant: live transcript, work order and knowledge for 12345 hotlines.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (demo, serve, replay, extract, capture, doctor):
    app.command(module.NAME)(module.run)
app.add_typer(kb.app, name="kb")
app.add_typer(users.app, name="users")
app.add_typer(callers.app, name="callers")


def main() -> None:
    """Run the command line; what the user can put right ends in one line and exit code 1."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    gc.set_threshold(ALLOCATIONS)
    try:
        app()
    except (SeatError, AudioError, PackError) as error:
        print(f"seat: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        what = f"{error.filename}: " if error.filename else ""
        print(f"seat: {what}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
