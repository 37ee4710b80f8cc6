"""A call in the terminal: the transcript as it comes, then the ticket."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from assistant.events import Event

SPEAKERS = {"caller": ("市民", "cyan"), "agent": ("座席", "green"), "unknown": ("说话人", "magenta")}
STATES = {"empty": "", "suggested": "建议", "confirmed": "已确认", "edited": "已修改"}


class Transcript:
    """Prints finals, suggestions and hints; on a terminal also what is being said right now. A context manager."""

    def __init__(self, console: Console, seconds: float | None = None) -> None:
        """`seconds`: length of the recording, for the line that says how much of it is done."""
        self._console = console
        self._seconds = seconds
        self._done = Text()
        self._speaking: dict[int, Text] = {}
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __enter__(self) -> Transcript:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.update(Text())
            self._live.stop()

    def progress(self, seconds: float) -> None:
        """Called with the seconds of audio heard so far."""
        total = f" / {_clock(self._seconds)}" if self._seconds else ""
        self._done = Text(f"已听 {_clock(seconds)}{total}", "dim")
        self._draw()

    def show(self, event: Event) -> None:
        """Called for every event."""
        data = event.data
        match event.type:
            case "transcript.partial":
                line = _head(data["start"], data["speaker"])
                self._speaking[data["utterance"]] = line.append(data["stable"]).append(data["tentative"], "dim italic")
            case "transcript.final":
                self._speaking.pop(data["utterance"], None)
                if data["text"]:
                    self._console.print(_head(data["start"], data["speaker"]).append(data["text"]), soft_wrap=True)
            case "knowledge.suggested":
                for article in data["articles"]:
                    line = Text(f"        知识 {article['confidence']:4.0%}  ", "yellow").append(article["title"])
                    self._console.print(line, soft_wrap=True)
            case "hint.raised":
                self._console.print(Text(f"        提示  {data['text']}", "bold red"), soft_wrap=True)
        self._draw()

    def _draw(self) -> None:
        if self._live:
            self._live.update(Group(*self._speaking.values(), self._done))


def ticket_table(document: dict[str, Any]) -> Table:
    """The filled fields of a call's document."""
    table = Table(title="工单", title_justify="left", show_lines=False)
    for heading, ratio in (("字段", 2), ("值", 7), ("状态", 1), ("置信度", 1), ("依据", 3)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    said = {line["utterance"]: line["text"] for line in document["transcript"]}
    for field in document["ticket"].values():
        if field["value"] in (None, []):
            continue
        evidence = dict.fromkeys(said.get(e["utterance"], "")[e["start"] : e["end"]] for e in field["evidence"])
        table.add_row(
            field["label"],
            Text(field["display"] or str(field["value"])),
            STATES[field["state"]],
            f"{field['confidence']:.0%}",
            Text("…".join(list(evidence)[:3])),
        )
    return table


def latency_line(document: dict[str, Any]) -> str:
    """Latencies in one line."""
    names = {"final_ms": "话音落到定稿", "ticket_ms": "到工单", "suggestion_ms": "到知识"}
    parts = [
        f"{label} 中位 {document['latency'][name]['p50']:.0f} ms，p95 {document['latency'][name]['p95']:.0f} ms"
        for name, label in names.items()
        if name in document["latency"]
    ]
    return "；".join(parts)


@contextmanager
def loading(console: Console) -> Iterator[Any]:
    """A progress callback (what, part 0..1) for the loading of models and indexes; silent where nobody looks."""
    if not console.is_terminal:
        yield lambda what, part: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def report(what: str, part: float) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=1.0)
            bars.update(tasks[what], completed=part)

        yield report


def stderr() -> Console:
    """The console for progress and warnings."""
    return Console(stderr=True)


def stdout() -> Console:
    """The console for results; wide enough for a table when nobody looks."""
    return Console(width=None if sys.stdout.isatty() else 140)


def _head(start: float, speaker: str) -> Text:
    name, colour = SPEAKERS[speaker]
    return Text(f"{_clock(start)} ", "dim").append(f"{name}  ", colour)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
