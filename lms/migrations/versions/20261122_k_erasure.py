"""Requests to erase one's personal data."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_k_erasure"
down_revision = "20261122_k_factor"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (granted IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_erasure_request_decided_whole")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_erasure_request_person_id_person"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index("uq_erasure_request_open", "erasure_request", ["person_id"], unique=True, postgresql_where=sa.text("decided_at IS NULL"))


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("erasure_request")
