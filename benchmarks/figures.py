"""What the benchmarks write, as types: the JSON files that `report` draws and `gate` compares.

A file is {"machine": {...}, "<benchmark>": ...}; keys not named here are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.errors import SeatError

NAMES = (
    "latency", "load", "desks", "accuracy", "trust", "endurance", "compare", "tickets", "knowledge", "suggestions",
)  # fmt: skip
"""Benchmarks in the order of the report; each writes NAME.json."""


class Figures(BaseModel):
    """Numbers as a benchmark wrote them."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Spread(Figures):
    """A distribution of times; milliseconds."""

    p50: float
    p95: float
    max: float | None = None
    count: int | None = None


class Stage(Figures):
    """A piece of one utterance's way to the client; milliseconds after the true end of speech."""

    stage: str
    start: float
    end: float


class LatencyRow(Figures):
    """One number of calls at once; every time in milliseconds."""

    calls: int = Field(ge=1)
    turns: int
    lost: int
    lost_tails: int | None = None
    doubled: int | None = None
    final_ms: Spread | None = None
    first_partial_ms: Spread | None = None
    ticket_ms: Spread | None = None
    suggestion_ms: Spread | None = None
    finals: list[float] = []
    partials: list[float] = []
    stages_ms: dict[str, float] = {}
    """Medians, in the order in which they pass."""
    waterfall: list[Stage] = []
    refused: int = 0
    cpu_percent: float | None = None
    """Of one core."""
    rss_mb: float | None = None


class Admission(Figures):
    """Twice as many calls as a server takes: how those fare that it took."""

    capacity: int
    offered: int
    taken: int
    said: list[str] = []
    """What those were told that it refused."""
    final_ms: Spread | None = None
    first_partial_ms: Spread | None = None
    lost: int
    lost_tails: int = 0
    doubled: int = 0


class AccuracyRow(Figures):
    """One way of recognising the clips under one condition."""

    what: str
    condition: str
    cer_percent: float
    characters: int
    times_real_time: float = Field(gt=0)


class Bin(Figures):
    """Utterances of about the same confidence: what was stated, and the share that was right; both 0 to 1."""

    confidence: float
    correct: float
    count: int = Field(ge=1)


class Accuracy(Figures):
    """Our own way is the first row of each condition."""

    rows: list[AccuracyRow] = Field(min_length=1)
    calibration: list[Bin] = []
    calibration_error: float | None = None


class Sound(Figures):
    """What came out of a sound in which nobody speaks."""

    name: str
    seconds: float
    characters: int
    text: str = ""


class Speech(Figures):
    """What must never come out of real speech; counts."""

    seconds: float
    characters: int
    loops: int
    broken: int
    traditional: int
    spaces: int


class Survival(Figures):
    """A word that is not Chinese, said inside Chinese."""

    said: str
    kept: bool
    where: Literal["tidying", "speech"] = "tidying"
    """"tidying": what our own rules make of a text; "speech": recognised from a voice."""


class Echo(Figures):
    """The other leg heard again through a bad headset; counts of utterances."""

    level_db: float
    delay_ms: float
    doubled: int
    without_suppression: int | None = None
    missing: int | None = None
    """Characters of the leg's own that echo suppression took away, of `characters`."""
    characters: int | None = None


class Seam(Figures):
    """Speech without a pause, cut where the window ends; characters lost and doubled there."""

    seconds: float
    splits: int
    lost: int
    doubled: int


class Trust(Figures):
    """`characters` and `seconds` are of all sounds together."""

    sounds: list[Sound]
    characters: int
    seconds: float
    speech: Speech | None = None
    survive: list[Survival] = []
    echo: list[Echo] = []
    seam: Seam | None = None


class Window(Figures):
    """Some minutes of a long call."""

    minute: float = Field(gt=0)
    """Of the call's audio, at the end of the window."""
    final_ms: Spread
    rss_mb: float
    finals: int


class Endurance(Figures):
    """One long call, streamed at `pace` times real time or as fast as the server took it."""

    hours: float
    pace: float
    pace_reached: float
    """How fast the server really took the audio; it holds a client back that is too fast for it."""
    windows: list[Window] = Field(min_length=1)
    first_p50: float
    last_p50: float
    growth_percent: float
    rss_growth_mb: float


class System(Figures):
    """One program on the same audio; None: it cannot be asked for that."""

    system: str
    version: str = ""
    how: str = ""
    cer_percent: float | None = None
    """On the calls, recorded utterances."""
    live_cer_percent: float | None = None
    """On the calls, played live."""
    speech_cer_percent: float | None = None
    """On clips of human speech."""
    times_real_time: float | None = None
    final_ms: Spread | None = None
    first_partial_ms: Spread | None = None
    lost: int | None = None
    """Turns."""
    doubled: int | None = None
    nonspeech_characters: int | None = None


class NotRun(Figures):
    """A program that is missing from the comparison."""

    system: str
    why: str


class Compare(Figures):
    """The first row is ours."""

    audio: str
    rows: list[System] = Field(min_length=1)
    not_run: list[NotRun] = []


class TicketField(Figures):
    """One field over all calls; counts of calls."""

    field: str
    right: int
    of: int
    known: int
    """Calls in which the field has a true value."""
    known_right: int
    missing: int
    """Calls in which it has one and was left empty."""
    never_said: int
    """Calls in which it has none and was filled."""


class TicketValue(Figures):
    """One field of one call."""

    label: str
    filled: Any
    true: Any
    confidence: float
    right: bool | None
    """None: the field is not judged word by word."""


class Line(Figures):
    """What one of the speakers said."""

    speaker: str
    text: str


class TicketCall(Figures):
    """A call side by side: what was said, heard, filled and true."""

    call: str
    said: list[Line]
    heard: list[Line]
    fields: list[TicketValue]


class Tickets(Figures):
    """Work orders that filled themselves, against the true ones; shares of 1."""

    source: Literal["text", "audio"]
    calls: int
    right: int
    fields: int
    share: float
    """`right` of `fields`: the micro average."""
    by_field: list[TicketField]
    top_3: dict[str, float | None]
    filled: int
    sure: int
    """Filled with a confidence above 0.9."""
    sure_and_wrong: list[str]
    never_said: list[str]
    calibration: list[Bin] = []
    content_facts: float | None
    content_invented: list[str]
    titles: float | None
    """Calls with a title of at most 30 characters."""
    utterance_ms: Spread | None
    details: list[TicketCall]


class KnowledgeRow(Figures):
    """The search for one kind of query; shares of 1."""

    articles: int
    """Searched among."""
    asked: str
    """"as written" or "misheard"."""
    kind: str
    queries: int
    recall_1: float
    recall_3: float
    mrr: float


class KnowledgeSpeed(Figures):
    """What it costs to search one pack."""

    articles: int
    build_seconds: float | None = None
    """To make the index; None: not measured."""
    load_seconds: float
    """To read the index from disk."""
    memory_mb: float
    """Of the process after all queries."""
    search_ms: Spread


class SuggestionsRow(Figures):
    """Articles shown during some calls."""

    calls: str
    """Which, in words."""
    number: int
    """Of calls."""
    wanted: int
    """Articles that somebody asked for."""
    shown: int
    in_time: int
    """Shown by the end of the turn in which they were asked for."""
    others: int
    only_others: int
    """Calls that show articles, but none that is wanted."""


class DesksRow(Figures):
    """Times on the agents' pages with a number of desks at work."""

    desks: int = Field(ge=1)
    event_to_page_ms: Spread
    """From when another client has an event to the frame that shows it."""
    final_to_field_ms: Spread
    """From the arrival of a final on the page to the next change of a field."""
    hang_up_to_draft_ms: Spread
    submit_to_dispatched_ms: Spread
    between_windows_ms: Spread
    """Between the frames in which the first desk's two windows show the same event."""


class Results(Figures):
    """One file, or all of a directory."""

    latency: list[LatencyRow] | None = None
    load: list[LatencyRow] | None = None
    admission: Admission | None = None
    """Of `load`."""
    accuracy: Accuracy | None = None
    trust: Trust | None = None
    endurance: Endurance | None = None
    compare: Compare | None = None
    tickets: list[Tickets] | None = None
    knowledge: list[KnowledgeRow] | None = None
    knowledge_speed: list[KnowledgeSpeed] | None = None
    """Of `knowledge`."""
    suggestions: list[SuggestionsRow] | None = None
    desks: list[DesksRow] | None = None

    @property
    def by_calls(self) -> list[LatencyRow]:
        """Rows of `latency` and `load` by number of calls; where both measured the same number, `latency`'s."""
        rows = {row.calls: row for row in [*(self.load or []), *(self.latency or [])]}
        return [rows[calls] for calls in sorted(rows)]

    def row(self, calls: int) -> LatencyRow | None:
        """The row for so many calls at once."""
        return next((row for row in self.by_calls if row.calls == calls), None)

    def ours(self, condition: str) -> AccuracyRow | None:
        """Our own accuracy under a condition."""
        rows = self.accuracy.rows if self.accuracy else []
        return next((row for row in rows if row.condition == condition), None)

    def theirs(self, condition: str, word: str) -> AccuracyRow | None:
        """The accuracy under a condition of another way that has `word` in its name: "30 s", "transcribe"."""
        rows = [row for row in self.accuracy.rows if row.condition == condition] if self.accuracy else []
        return next((row for row in rows[1:] if word in row.what), None)


@dataclass(frozen=True)
class Run:
    """Where and how a file came about."""

    file: Path
    machine: dict[str, Any]
    """As `benchmarks.common.machine` tells it."""


def read(path: Path) -> tuple[Results, list[Run]]:
    """A result file, or every NAME.json of a directory, with the runs that made them. Raises SeatError."""
    if not path.exists():
        raise SeatError(f"{path} does not exist: give a result file or a folder of them.")
    files = [path]
    if path.is_dir():
        files = [file for name in NAMES if (file := path / f"{name}.json").is_file()]
        if not files:
            raise SeatError(f"{path} has no results: run `python -m benchmarks latency --json {path}/latency.json`.")
    merged: dict[str, Any] = {}
    runs = []
    for file in files:
        results, run = _read(file)
        merged |= {name: told for name in Results.model_fields if (told := getattr(results, name)) is not None}
        runs.append(run)
    return Results(**merged), runs


class _File(Results):
    machine: dict[str, Any]


def _read(file: Path) -> tuple[Results, Run]:
    try:
        found = _File.model_validate_json(file.read_bytes())
    except OSError as error:
        raise SeatError(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise SeatError(
            f"{file} is not a result of the benchmarks ({place}: {first['msg']}); measure again."
        ) from error
    if all(getattr(found, name) is None for name in NAMES):
        raise SeatError(f"{file} holds no figures of {', '.join(NAMES)}; measure again.")
    return found, Run(file, found.machine)
