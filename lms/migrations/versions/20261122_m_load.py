"""Load as it was seen, by quarters of an hour."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_m_load"
down_revision = "20261122_l_item_statistics"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "load_quarter",
        sa.Column("programme_code", sa.String(length=64), nullable=False),
        sa.Column("metric", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("city", sa.String(length=12), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.CheckConstraint("people >= 0", name=op.f("ck_load_quarter_people_from_zero")),
        sa.PrimaryKeyConstraint("programme_code", "metric", "at", "city", name=op.f("pk_load_quarter")),
    )


def downgrade() -> None:
    """Refuse: what was seen is kept."""
    raise NotImplementedError
