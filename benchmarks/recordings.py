"""Recorded calls with what was really said, and when.

True times come from `NAME.timing.json` beside `NAME.flac` (a list of {"speaker", "start", "end", "text"}, seconds) or
its "turns" in `NAME.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SeatError


@dataclass(frozen=True)
class Turn:
    """What one speaker really said, and when (seconds)."""

    speaker: str
    start: float
    end: float
    text: str


def recordings(directory: Path) -> list[Path]:
    """Two-channel recordings with true times beside them. Raises SeatError when there are none."""
    found = [path for path in sorted(directory.glob("*.flac")) if turns(path)]
    if not found:
        raise SeatError(f"{directory} has no recordings with true times (NAME.flac with NAME.timing.json).")
    return found


def turns(path: Path) -> list[Turn]:
    """What was said in a recording, in order; empty when nobody wrote it down. Raises SeatError."""
    for file, key in ((path.with_suffix(".timing.json"), None), (path.with_suffix(".json"), "turns")):
        if not file.is_file():
            continue
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            return [Turn(t["speaker"], t["start"], t["end"], t["text"]) for t in (told[key] if key else told)]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SeatError(f"{file} does not give the turns as speaker, start, end, text ({error!r}).") from error
    return []
