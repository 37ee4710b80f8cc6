"""Calls and their events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "calls",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("agent", sa.String(64), nullable=False, index=True),
        sa.Column("caller_phone", sa.String(32)),
        sa.Column("started_at", sa.String(40), nullable=False),
        sa.Column("arrival", sa.Integer, nullable=False, index=True, unique=True),
        sa.Column("ended", sa.String(16)),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("utterances", sa.Integer, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("call_id", sa.String(128), sa.ForeignKey("calls.id"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("latency_ms", sa.Float, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("request", sa.String(64)),
        sa.Index("ix_events_request", "call_id", "request"),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("events")
    op.drop_table("calls")
