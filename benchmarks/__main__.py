"""`python -m benchmarks`: latency, accuracy, knowledge, suggestions; each prints a table and can write JSON."""

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
from rich.table import Table

from assistant import config, model
from assistant.cli import output
from assistant.demo import sample
from assistant.errors import SeatError
from audio.errors import AudioError
from audio.files import RecordingReader
from benchmarks import accuracy as accuracy_
from benchmarks import latency as latency_
from benchmarks.knowledge import knowledge
from benchmarks.suggestions import suggestions
from kb.errors import PackError

app = typer.Typer(
    name="benchmarks", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.command()(knowledge)
app.command()(suggestions)
console = Console(width=None if sys.stdout.isatty() else 120)

SAMPLES = sample().parent
JsonOption = Annotated[Path | None, typer.Option(help="Write the figures as JSON to this file.")]


@app.command()
def latency(
    calls: Annotated[Path, typer.Option(help="Recordings with true times beside them.")] = SAMPLES,
    concurrency: Annotated[str, typer.Option(help="Numbers of calls at once, separated by commas.")] = "1,4",
    json: JsonOption = None,
) -> None:
    """Speech end to final text and speech onset to first partial, at a websocket client, at real-time pace."""
    output.check(json)
    try:
        counts = [int(part) for part in concurrency.split(",")]
    except ValueError as error:
        raise SeatError(f"--concurrency is numbers separated by commas, not {concurrency!r}.") from error
    paths = latency_.recordings(calls)
    results = []
    for count in counts:
        with _bar() as bar:
            task = bar.add_task(f"{count} call(s)", total=sum(_seconds(paths[n % len(paths)]) for n in range(count)))
            results.append(
                latency_.measure(paths, count, lambda seconds, bar=bar, task=task: bar.advance(task, seconds))
            )
    table = Table(
        "calls", "final p50", "p95", "max", "first partial p50", "p95", "turns", "measured", "lost", title="Latency, ms"
    )
    for result in results:
        told = latency_.summary(result)
        final, partial = told["final_ms"], told["first_partial_ms"]
        cells = [f"{final[key]:.0f}" if final else "-" for key in ("p50", "p95", "max")]
        cells += [f"{partial[key]:.0f}" if partial else "-" for key in ("p50", "p95")]
        table.add_row(str(result.calls), *cells, str(result.turns), str(len(result.finals)), str(result.lost))
    console.print(table)
    _finish(json, {"latency": [latency_.summary(result) for result in results]})


@app.command()
def accuracy(
    speech: Annotated[Path, typer.Option(help="Clips with a manifest.tsv (file, transcript).")],
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many clips, chosen at random, always the same.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Character error rate at telephone quality: the short window, the 30 s window and plain faster-whisper."""
    output.check(json)
    settings = config.load()
    clips = accuracy_.load_clips(speech, limit)
    with _bar() as bar:
        task = bar.add_task(f"{len(clips)} clips, three ways", total=3 * len(clips))
        directory = model.locate(settings.model, config.cache_dir())
        results = accuracy_.measure(directory, clips, settings.workers, lambda: bar.advance(task))
    table = Table("what", "CER %", "times real time", "wall s", title=f"{len(clips)} clips at telephone quality")
    for row in results:
        table.add_row(row.what, f"{row.cer:.2f}", f"{row.audio / row.seconds:.1f}", f"{row.seconds:.0f}")
    console.print(table)
    figures = [
        {
            "what": row.what,
            "cer_percent": round(row.cer, 2),
            "characters": row.characters,
            "seconds": round(row.seconds, 1),
        }
        for row in results
    ]
    _finish(json, {"accuracy": figures})


def _seconds(path: Path) -> float:
    with RecordingReader(path) as reader:
        return reader.recording.seconds or 0.0


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _finish(target: Path | None, figures: dict[str, Any]) -> None:
    machine = {
        "when": datetime.now().astimezone().isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "ctranslate2": version("ctranslate2"),
        "faster-whisper": version("faster-whisper"),
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
    }
    console.print(" · ".join(f"{key} {machine[key]}" for key in ("processor", "cores", "python", "ctranslate2")))
    if target:
        output.write(target, {"machine": machine, **figures})


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


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
