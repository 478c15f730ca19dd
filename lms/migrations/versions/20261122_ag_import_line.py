"""By what a row of an import is found beside those it may be at odds with, and the item it is."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_ag_import_line"
down_revision = "20261122_af_start"


def upgrade() -> None:
    """Add the columns; files staged before, whose rows could not be found by them, are given up: nothing of them was written."""
    op.execute("UPDATE import_batch SET state = 'discarded', closed_at = now() WHERE state = 'staged'")
    op.add_column("import_line", sa.Column("name", sa.String(length=120), nullable=False, server_default=""))
    op.add_column("import_line", sa.Column("content_hash", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("import_line", sa.Column("item_id", sa.BigInteger(), nullable=True))
    for column in ("name", "content_hash"):
        op.alter_column("import_line", column, server_default=None)
        op.create_index(f"ix_import_line_batch_id_{column}", "import_line", ["batch_id", column], unique=False)


def downgrade() -> None:
    """Drop them."""
    for column in ("name", "content_hash"):
        op.drop_index(f"ix_import_line_batch_id_{column}", table_name="import_line")
    for column in ("name", "content_hash", "item_id"):
        op.drop_column("import_line", column)
