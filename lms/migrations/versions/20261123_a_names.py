"""What an older chain of revisions left otherwise than the first one makes it: names that carry their table's twice, a sequence nobody asks.

Finds nothing to do in a database that the first revision of now has made.
"""

from alembic import op

revision = "20261123_a_names"
down_revision = "20261122_ao_replay"

NAMES = """
DO $$
DECLARE
  found record;
BEGIN
  FOR found IN
    SELECT conrelid::regclass AS owner, conname AS name, right(conname, -length('ck_' || relname || '_')) AS short
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE contype = 'c' AND starts_with(conname, 'ck_' || relname || '_ck_' || relname || '_')
  LOOP
    EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', found.owner, found.name, found.short);
  END LOOP;
END $$
"""


def upgrade() -> None:
    """Make them equal."""
    op.execute(NAMES)
    op.execute("ALTER TABLE exam_gate ALTER COLUMN exam_id DROP DEFAULT")
    op.execute("DROP SEQUENCE IF EXISTS exam_gate_exam_id_seq")


def downgrade() -> None:
    """Leave them: they mean the same."""
