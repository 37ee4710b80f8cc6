"""Orders, what was done to them, and what webhooks are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and find calls by number."""
    op.create_index("ix_calls_caller_phone", "calls", ["caller_phone"])
    op.create_table(
        "orders",
        sa.Column("number", sa.String(32), primary_key=True),
        sa.Column("call", sa.String(128), sa.ForeignKey("calls.id"), nullable=False, unique=True),
        sa.Column("agent", sa.String(64), nullable=False, index=True),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("received", sa.String(40), nullable=False, index=True),
        sa.Column("changed", sa.String(40), nullable=False),
        sa.Column("request_type", sa.String(16), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("department", sa.String(64), nullable=False, index=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("caller_name", sa.String(64), nullable=False),
        sa.Column("phone", sa.String(32), nullable=False, index=True),
        sa.Column("line", sa.String(32), nullable=False, index=True),
        sa.Column("subject", sa.String(200), nullable=False, index=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("confidential", sa.Boolean, nullable=False),
        sa.Column("contact_due", sa.String(40)),
        sa.Column("due", sa.String(40), index=True),
        sa.Column("deadline", sa.Text, nullable=False),
        sa.Column("estimated", sa.Boolean, nullable=False),
        sa.Column("extended", sa.Integer, nullable=False),
        sa.Column("urged", sa.Integer, nullable=False),
        sa.Column("supervised", sa.Boolean, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("callback", sa.Text, nullable=False),
        sa.Column("ticket", sa.Text, nullable=False),
    )
    op.create_table(
        "order_departments",
        sa.Column("number", sa.String(32), sa.ForeignKey("orders.number"), primary_key=True),
        sa.Column("department", sa.String(64), primary_key=True, index=True),
    )
    op.create_table(
        "order_moves",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(32), sa.ForeignKey("orders.number"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("move", sa.String(16), nullable=False),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("ix_order_moves_number", "order_moves", ["number", "version"], unique=True)
    op.create_table(
        "order_counters",
        sa.Column("day", sa.String(8), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("number", sa.String(32), nullable=False, index=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("made", sa.String(40), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.String(40), index=True),
        sa.Column("delivered", sa.String(40)),
        sa.Column("error", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables and the index."""
    op.drop_index("ix_calls_caller_phone", "calls")
    for table in ("deliveries", "order_counters", "order_moves", "order_departments", "orders"):
        op.drop_table(table)
