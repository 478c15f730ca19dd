"""Of a person and exam one archive waits at a time, it may be cancelled, and it is known whether the file holds the keys."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_e_archives"
down_revision = "20261123_d_results"

# Until now a person could ask as often as she liked: what is being written stays, else what was asked for first.
TWICE = """
UPDATE exam_archive SET state = 'cancelled' FROM (
  SELECT id, row_number() OVER (PARTITION BY exam_id, asked_by ORDER BY state = 'queued' DESC, id) AS place
  FROM exam_archive WHERE state IN ('asked', 'queued')
) one WHERE one.id = exam_archive.id AND place > 1
"""
STATES = """
ALTER TABLE exam_archive DROP CONSTRAINT ck_exam_archive_state,
  ADD CONSTRAINT ck_exam_archive_state CHECK (state IN ('asked', 'queued', 'ready', 'failed', 'expired', 'cancelled'))
"""
# A file that may still be fetched is taken to hold them.
HELD = "UPDATE exam_archive SET keys = true WHERE state = 'ready'"


def upgrade() -> None:
    """Close what was asked for twice, and add the rest."""
    op.execute(STATES)
    op.execute(TWICE)
    op.create_index(
        "uq_exam_archive_waiting", "exam_archive", ["exam_id", "asked_by"], unique=True, postgresql_where=sa.text("state IN ('asked', 'queued')")
    )
    op.add_column("exam_archive", sa.Column("keys", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("exam_archive", "keys", server_default=None)
    op.execute(HELD)


def downgrade() -> None:
    """Refuse: what was cancelled has no place in the older table."""
    raise NotImplementedError
