"""Requests for a window of one's own."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_ab_window_request"
down_revision = "20261122_aa_script_path"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "window_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.String(200), nullable=False),
        sa.CheckConstraint("opens < closes", name=op.f("ck_window_request_runs_forward")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (granted IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_window_request_decided_whole")
        ),
        sa.CheckConstraint("(verified_at IS NULL) = (verified_by IS NULL)", name=op.f("ck_window_request_verified_whole")),
        sa.CheckConstraint("granted IS NOT TRUE OR verified_by <> decided_by", name=op.f("ck_window_request_two_people")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_window_request_enrolment_id_enrolment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_request")),
    )
    op.create_index("uq_window_request_open", "window_request", ["enrolment_id"], unique=True, postgresql_where=sa.text("decided_at IS NULL"))
    op.create_index("ix_window_request_enrolment_id", "window_request", ["enrolment_id"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("window_request")
