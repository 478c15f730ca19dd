"""No audience on a person: programmes tell whom they are for, enrolments what kind of participant somebody is."""

from alembic import op

revision = "20261123_h_audiences"
down_revision = "20261123_g_previews"


def upgrade() -> None:
    """Drop it; it was always empty."""
    op.execute("ALTER TABLE person DROP COLUMN audience")


def downgrade() -> None:
    """Add it, empty as it was."""
    op.execute("ALTER TABLE person ADD COLUMN audience VARCHAR(40) DEFAULT '' NOT NULL")
