"""Articles with their versions, and what is searched and used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "articles",
        sa.Column("pack", sa.String(512), primary_key=True),
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.String(40), nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("reviewed_at", sa.String(40), nullable=False),
        sa.Column("reviewed_by", sa.String(64), nullable=False),
    )
    op.create_table(
        "article_versions",
        sa.Column("change", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("pack", sa.String(512), nullable=False),
        sa.Column("article", sa.String(128), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("at", sa.String(40), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.UniqueConstraint("pack", "article", "version"),
    )
    op.create_table(
        "searches",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.String(40), nullable=False, index=True),
        sa.Column("agent", sa.String(64), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("opened", sa.String(128), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("searches", "article_versions", "articles"):
        op.drop_table(table)
