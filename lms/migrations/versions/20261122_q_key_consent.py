"""Consents to opening the keys of an exam."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_q_key_consent"
down_revision = "20261122_o_start"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "exam_key_consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_exam_key_consent_exam_id_exam")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exam_key_consent_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_key_consent")),
        sa.UniqueConstraint("exam_id", "person_id", name=op.f("uq_exam_key_consent_exam_id_person_id")),
    )
