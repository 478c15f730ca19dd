"""Attempts are annulled by two people; extra attempts; incidents keep their figures apart from their words."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_ai_annulment"
down_revision = "20261122_ah_settling"


def upgrade() -> None:
    """Create the tables, and give incidents their facts."""
    op.create_table(
        "attempt_annulment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("annulled", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (annulled IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_attempt_annulment_decided_whole")
        ),
        sa.CheckConstraint("NOT annulled OR decided_by <> proposed_by", name=op.f("ck_attempt_annulment_two_people")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_attempt_annulment_attempt_id_attempt")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_annulment")),
    )
    op.create_index("uq_attempt_annulment_waiting", "attempt_annulment", ["attempt_id"], unique=True, postgresql_where=sa.text("decided_at IS NULL"))
    op.create_table(
        "extra_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("opens < closes", name=op.f("ck_extra_attempt_window")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_extra_attempt_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_extra_attempt_exam_id_exam")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_extra_attempt_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_attempt")),
    )
    op.create_index("ix_extra_attempt_person_id", "extra_attempt", ["person_id", "exam_id"])
    op.create_index("ix_extra_attempt_waiting", "extra_attempt", ["exam_id", "closes"], postgresql_where=sa.text("attempt_id IS NULL"))
    op.add_column("incident", sa.Column("facts", postgresql.JSONB(), nullable=False, server_default="{}"))
    op.alter_column("incident", "facts", server_default=None)


def downgrade() -> None:
    """Drop them."""
    op.drop_column("incident", "facts")
    op.drop_table("extra_attempt")
    op.drop_table("attempt_annulment")
