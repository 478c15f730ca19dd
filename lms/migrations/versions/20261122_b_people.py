"""The tables of people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_b_people"
down_revision = "20261122_a_kernel"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.CheckConstraint("kind IN ('province', 'city', 'county', 'school', 'class')", name="ck_unit_kind"),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name="fk_unit_parent_id_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_unit"),
        sa.UniqueConstraint("code", name="uq_unit_code"),
    )
    op.create_index("ix_unit_parent_id", "unit", ["parent_id"], unique=False)
    op.create_index("ix_unit_path", "unit", ["path"], unique=False, postgresql_ops={"path": "text_pattern_ops"})
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_pinyin", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post", sa.String(length=60), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("activation_hash", sa.LargeBinary(), nullable=True),
        sa.Column("activation_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_blind", sa.LargeBinary(), nullable=True),
        sa.Column("identity_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("identity_blind", sa.LargeBinary(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(identity_sealed IS NULL) = (identity_blind IS NULL)", name="ck_person_identity"),
        sa.CheckConstraint("(phone_sealed IS NULL) = (phone_blind IS NULL)", name="ck_person_phone"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_person_unit_id_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("account", name="uq_person_account"),
        sa.UniqueConstraint("identity_blind", name="uq_person_identity_blind"),
        sa.UniqueConstraint("phone_blind", name="uq_person_phone_blind"),
    )
    op.create_index("ix_person_name_pinyin", "person", ["name_pinyin", "id"], unique=False)
    op.create_index("ix_person_unit_id", "person", ["unit_id", "name_pinyin", "id"], unique=False)
    op.create_table(
        "roster_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_roster_import_unit_id_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_roster_import"),
    )
    op.create_index("ix_roster_import_unit_id", "roster_import", ["unit_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_consent_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint("person_id", "version", name="uq_consent_person_id_version"),
    )
    op.create_table(
        "login",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("device_key", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_login_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_login"),
        sa.UniqueConstraint("token_hash", name="uq_login_token_hash"),
    )
    op.create_index("ix_login_person_id", "login", ["person_id", "created_at"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "role IN ('teacher', 'author', 'reviewer', 'examiner', 'invigilator', 'class_administrator', 'school_manager', 'county_manager', 'city_manager', 'province_manager', 'course_editor', 'operator', 'auditor')",
            name="ck_role_grant_role",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_role_grant_person_id_person", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_role_grant_unit_id_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_role_grant"),
        sa.UniqueConstraint("person_id", "role", "unit_id", name="uq_role_grant_person_id_role_unit_id"),
    )
    op.create_index("ix_role_grant_unit_id", "role_grant", ["unit_id"], unique=False)
    op.create_table(
        "roster_change",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB, nullable=True),
        sa.ForeignKeyConstraint(["import_id"], ["roster_import.id"], name="fk_roster_change_import_id_roster_import"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_roster_change_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("import_id", "person_id", name="pk_roster_change"),
    )
    op.create_index("ix_roster_change_person_id", "roster_change", ["person_id"], unique=False)


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
