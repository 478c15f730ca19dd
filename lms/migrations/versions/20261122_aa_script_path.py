"""Where the writer of a script belongs stands with the script: who may take it is found without joining its writer.

And the quizzes an item was drawn for are found without reading all tries.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_aa_script_path"
down_revision = "20261122_aa_place"


def upgrade() -> None:
    """Add the path and the indexes."""
    op.add_column("script", sa.Column("path", sa.Text(collation="C")))
    op.execute(
        "UPDATE script s SET path = u.path FROM attempt a JOIN person p ON p.id = a.person_id JOIN unit u ON u.id = p.unit_id WHERE a.id = s.attempt_id"
    )
    op.alter_column("script", "path", nullable=False)
    op.create_index("ix_script_path", "script", ["exam_id", "state", "path"], postgresql_where=sa.text("state <> 'settled'"))
    op.create_index("ix_script_exam_id", "script", ["exam_id"])
    op.create_index("ix_quiz_attempt_drawn", "quiz_attempt", ["drawn"], postgresql_using="gin", postgresql_ops={"drawn": "jsonb_path_ops"})


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_quiz_attempt_drawn", "quiz_attempt")
    op.drop_index("ix_script_exam_id", "script")
    op.drop_column("script", "path")
