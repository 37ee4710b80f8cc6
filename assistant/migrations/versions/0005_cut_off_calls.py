"""When a call was cut off that may still go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("calls", sa.Column("cut_off", sa.String(40), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("calls", "cut_off")
