"""The form in which the store keeps what an order says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from assistant.ticket.fields import FieldValue

CHINA = timezone(timedelta(hours=8))
"""The hotline's wall clock, whatever the machine's is set to."""


def utc(moment: datetime) -> str:
    """An aware time as the store keeps it: ISO 8601 in UTC, so that times sort."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def local(kept_: str) -> str:
    """A time of the store by the hotline's clock, ISO 8601."""
    return datetime.fromisoformat(kept_).astimezone(CHINA).isoformat(timespec="seconds")


def kept(text: str) -> str:
    """Text without what a database cannot keep: halves of surrogate pairs, and in PostgreSQL the character 0."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def field_text(field: FieldValue) -> str:
    """A ticket's field as text; empty where it has no value."""
    return "" if field.value is None else kept(str(field.value))
