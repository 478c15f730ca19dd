"""Banks shared between organisations, and alarms about keys."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_t_share"
down_revision = "20261122_r_result_appeal"


def upgrade() -> None:
    """Create the tables."""
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
    op.create_table(
        "key_alarm",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_key_alarm_person_id_person")),
        sa.ForeignKeyConstraint(["cleared_by"], ["person.id"], name=op.f("fk_key_alarm_cleared_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_alarm")),
    )
    op.create_index(op.f("ix_key_alarm_person_id"), "key_alarm", ["person_id"], unique=False)
    keys = sa.text("action IN ('item.view_key', 'bank.export')")
    op.create_index("ix_audit_entry_keys", "audit_entry", ["at", "actor_id"], unique=False, postgresql_where=keys)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_audit_entry_keys", "audit_entry")
    op.drop_table("key_alarm")
    op.drop_table("bank_share")
