"""What a set of papers was asked for is kept with it, so that its seed can be played again; no exam is ever called closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261122_ao_replay"
down_revision = "20261122_an_twin_row"


def upgrade() -> None:
    """Add the column, and drop the state that nothing set."""
    op.add_column("assembly", sa.Column("asked", JSONB(), nullable=False, server_default="{}"))
    op.alter_column("assembly", "asked", server_default=None)
    op.drop_constraint(op.f("ck_exam_ck_exam_state"), "exam")  # the name that the pattern made of it
    op.create_check_constraint(op.f("ck_exam_state"), "exam", "state IN ('draft', 'ready')")


def downgrade() -> None:
    """Allow the state again, and drop the column."""
    op.drop_constraint(op.f("ck_exam_state"), "exam")
    op.create_check_constraint(op.f("ck_exam_ck_exam_state"), "exam", "state IN ('draft', 'ready', 'closed')")
    op.drop_column("assembly", "asked")
