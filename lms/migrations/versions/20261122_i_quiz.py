"""The tables of quiz."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_i_quiz"
down_revision = "20261122_h_exam"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "quiz_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("drawn", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("of_items", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("responses", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("right_items", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(submitted_at IS NULL) = (responses IS NULL)", name=op.f("ck_quiz_attempt_submitted")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_quiz_attempt_activity_id_activity")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_quiz_attempt_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiz_attempt")),
        sa.UniqueConstraint("person_id", "activity_id", "number", name=op.f("uq_quiz_attempt_person_id_activity_id_number")),
    )
    op.create_index("ix_quiz_attempt_activity_id", "quiz_attempt", ["activity_id"])
    op.create_index(
        "uq_quiz_attempt_open", "quiz_attempt", ["person_id", "activity_id"], unique=True, postgresql_where=sa.text("submitted_at IS NULL")
    )


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
