"""Sign-ins of the last quarter of an hour are counted without reading those of the season."""

from alembic import op

revision = "20261122_y_login"
down_revision = "20261122_z_bank_export"


def upgrade() -> None:
    """Index the instant of a sign-in; sign-ins come in order of time, so a block range says enough."""
    op.create_index("ix_login_created_at", "login", ["created_at"], unique=False, postgresql_using="brin")
