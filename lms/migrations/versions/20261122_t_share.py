"""Banks shared between organisations."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_t_share"
down_revision = "20261122_s_bulk"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "bank_share",
        sa.Column("bank_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("right", sa.String(length=10), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("\"right\" IN ('read', 'draw', 'write', 'own')", name=op.f("ck_bank_share_right")),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name=op.f("fk_bank_share_bank_id_bank")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bank_share_unit_id_unit")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_bank_share_granted_by_person")),
        sa.PrimaryKeyConstraint("bank_id", "unit_id", name=op.f("pk_bank_share")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("bank_share")
