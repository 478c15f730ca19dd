"""A start whose person is held elsewhere goes the long way at once, where nobody else waits for it: the batch holds the line's row meanwhile."""

from alembic import op
from sqlalchemy import text

revision = "20261122_af_start"
down_revision = "20261122_ae_review"

WAITS = "PERFORM pg_advisory_xact_lock(hashtextextended('attempt:' || e.id, r.person_id));"
TRIES = "EXIT entry WHEN NOT pg_try_advisory_xact_lock(hashtextextended('attempt:' || e.id, r.person_id));"


def upgrade() -> None:
    """Change the one line."""
    function = op.get_bind().execute(text("SELECT pg_get_functiondef('exam_start'::regproc)")).scalar_one()
    assert function.count(WAITS) == 1
    op.execute(function.replace(WAITS, TRIES))


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
