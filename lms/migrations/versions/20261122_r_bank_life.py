"""Imports in the background and what the author chooses about twins."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_r_bank_life"
down_revision = "20261122_r_packet"


def upgrade() -> None:
    """Create the tables and columns."""
    op.create_table(
        "import_source",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("pool", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_source_batch_id_import_batch")),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_import_source")),
    )
    for name in ("done", "total"):
        op.add_column("import_batch", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        op.alter_column("import_batch", name, server_default=None)
    op.add_column("import_batch", sa.Column("refusal", sa.String(length=60), nullable=True))
    op.add_column("import_line", sa.Column("choice", sa.String(length=10), nullable=False, server_default="new"))
    op.alter_column("import_line", "choice", server_default=None)
    op.create_check_constraint(op.f("ck_import_line_choice"), "import_line", "choice IN ('new', 'update', 'skip')")
    _check("import_batch", "state", "state IN ('waiting', 'staged', 'writing', 'committed', 'discarded', 'failed')")
    _check("import_line", "verdict", "verdict IN ('new', 'change', 'same', 'refused', 'skipped')")


def _check(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def downgrade() -> None:
    """Drop them."""
    _check("import_line", "verdict", "verdict IN ('new', 'change', 'same', 'refused')")
    _check("import_batch", "state", "state IN ('staged', 'committed', 'discarded')")
    op.drop_constraint(op.f("ck_import_line_choice"), "import_line", type_="check")
    op.drop_column("import_line", "choice")
    for name in ("done", "total", "refusal"):
        op.drop_column("import_batch", name)
    op.drop_table("import_source")
