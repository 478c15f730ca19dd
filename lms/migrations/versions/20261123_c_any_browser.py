"""Whether any browser will do for one person in an exam that asks for Safe Exam Browser."""

from alembic import op

revision = "20261123_c_any_browser"
down_revision = "20261123_b_consents"


def upgrade() -> None:
    """Add it."""
    op.execute("ALTER TABLE exam_accommodation ADD COLUMN any_browser BOOLEAN DEFAULT false NOT NULL")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE exam_accommodation DROP COLUMN any_browser")
