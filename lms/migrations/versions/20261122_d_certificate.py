"""The tables of certificate."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_d_certificate"
down_revision = "20261122_c_learning"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "signing_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("name", name=op.f("uq_signing_key_name")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_name", sa.String(length=20), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_certificate_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["key_name"], ["signing_key.name"], name=op.f("fk_certificate_key_name_signing_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("code", name=op.f("uq_certificate_code")),
        sa.UniqueConstraint("enrolment_id", "kind", "edition", name=op.f("uq_certificate_enrolment_id_kind_edition")),
        sa.UniqueConstraint("serial", name=op.f("uq_certificate_serial")),
    )
    op.create_table(
        "grade",
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.String(length=60), nullable=True),
        sa.Column("qualified", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_grade_enrolment_id_enrolment")),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_grade")),
    )
    op.create_table(
        "grade_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("component", sa.String(length=64), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("of_points", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("of_points > 0 AND points >= 0 AND points <= of_points", name=op.f("ck_grade_line_points_in_range")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_grade_line_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["reverses_id"], ["grade_line.id"], name=op.f("fk_grade_line_reverses_id_grade_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_line")),
    )
    op.create_index(op.f("ix_grade_line_enrolment_id"), "grade_line", ["enrolment_id"], unique=False)
    op.create_index("uq_grade_line_reversed", "grade_line", ["reverses_id"], unique=True, postgresql_where=sa.text("reverses_id IS NOT NULL"))
    op.create_table(
        "certificate_revocation",
        sa.Column("certificate_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["certificate_id"], ["certificate.id"], name=op.f("fk_certificate_revocation_certificate_id_certificate")),
        sa.PrimaryKeyConstraint("certificate_id", name=op.f("pk_certificate_revocation")),
    )


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
