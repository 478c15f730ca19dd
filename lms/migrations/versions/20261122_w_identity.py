"""Checks of identity before an exam, and their photos until the check."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_w_identity"
down_revision = "20261122_v_gate"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "exam_identity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("consent", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.CheckConstraint("state IN ('none', 'sent', 'confirmed', 'refused')", name=op.f("ck_exam_identity_state")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_exam_identity_decided_by_person")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_exam_identity_exam_id_exam")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_identity_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_identity")),
        sa.UniqueConstraint("exam_id", "person_id", name=op.f("uq_exam_identity_exam_id_person_id")),
    )
    op.create_table(
        "exam_photo",
        sa.Column("identity_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["exam_identity.id"], name=op.f("fk_exam_photo_identity_id_exam_identity"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_exam_photo")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("exam_photo")
    op.drop_table("exam_identity")
