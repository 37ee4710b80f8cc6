"""Results as JSON, in a file or on standard output."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from assistant.errors import SeatError


def check(target: Path | None) -> None:
    """Complain before the work is done, not after, that the result has no place to go. Raises SeatError."""
    if target is None or str(target) == "-":
        return
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise SeatError(f"{target} cannot be written: give a file in a directory that exists.")
    if not os.access(target if target.exists() else target.absolute().parent, os.W_OK):
        raise SeatError(f"{target} cannot be written: permission denied.")


def write(target: Path, document: Any) -> None:
    """Write the document whole or not at all."""
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if str(target) == "-":
        sys.stdout.write(text)
        return
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SeatError(f"{target} cannot be written: {error.strerror}.") from error
