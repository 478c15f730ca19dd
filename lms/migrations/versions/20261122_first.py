"""The job queue's own tables, then ours: `lms/migrations/first/` has a file for each package, in the order in which they refer to each other.

The product was never released before. This revision took the place of 59 and bears the name of the last of them: a database that
stood there stands here. Functions and triggers are no matter of revisions: `lms.kernel.migrate` makes them from their files.
"""

from pathlib import Path

from alembic import op

from lms.kernel import worker

revision = "20261122_ao_replay"
down_revision = None

FOLDER = Path(__file__).parent.parent / "first"


def upgrade() -> None:
    """Create the tables."""
    link = op.get_bind().connection.driver_connection
    link.execute(worker.schema())
    for package in ("lms", "media", "question_bank", "exam"):
        link.execute((FOLDER / f"{package}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Refuse: the first migration is the floor."""
    raise NotImplementedError
