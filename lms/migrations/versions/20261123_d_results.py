"""By which rule a result came about, and when its learner first read it."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_d_results"
down_revision = "20261123_c_any_browser"

# Until a moment ago a correction of several blanks was judged whole and not blank by blank (rule 1); nothing else is judged otherwise.
OLDER = """
UPDATE result SET rule = 1 FROM attempt a WHERE a.id = attempt_id
  AND EXISTS (SELECT FROM regrade g WHERE g.exam_id = a.exam_id AND g.applied_at IS NOT NULL AND jsonb_array_length(g.blanks) > 0)
"""


def upgrade() -> None:
    """Add both."""
    op.add_column("result", sa.Column("rule", sa.Integer(), nullable=False, server_default="2"))
    op.execute(OLDER)
    op.alter_column("result", "rule", server_default=None)
    op.create_table(
        "result_view",
        sa.Column("attempt_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_result_view"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_result_view_attempt_id_attempt"),
    )


def downgrade() -> None:
    """Refuse: what was read is not forgotten."""
    raise NotImplementedError
