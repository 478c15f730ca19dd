"""The line and the nodes there are, as they were stated."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_ad_load_limits"
down_revision = "20261122_ac_beat"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "load_limits",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gbits", sa.Float(), nullable=True),
        sa.Column("nodes", sa.Integer(), nullable=True),
        sa.Column("stated_by", sa.BigInteger(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("gbits > 0", name=op.f("ck_load_limits_line_above_zero")),
        sa.CheckConstraint("nodes > 0", name=op.f("ck_load_limits_nodes_above_zero")),
        sa.ForeignKeyConstraint(["stated_by"], ["person.id"], name=op.f("fk_load_limits_stated_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_limits")),
    )


def downgrade() -> None:
    """Refuse: what was stated is kept."""
    raise NotImplementedError
