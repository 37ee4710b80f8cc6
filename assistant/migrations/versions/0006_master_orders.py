"""Orders that have joined another about the same matter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("orders", sa.Column("master", sa.String(32), nullable=False, server_default=""))
    op.create_index("ix_orders_master", "orders", ["master"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_orders_master", "orders")
    op.drop_column("orders", "master")
