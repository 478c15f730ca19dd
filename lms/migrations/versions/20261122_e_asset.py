"""The tables of asset."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_e_asset"
down_revision = "20261122_d_certificate"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "asset",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("length_ms", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("mp4", sa.Boolean(), nullable=False),
        sa.Column("poster", sa.Boolean(), nullable=False),
        sa.Column("build", sa.String(length=16), nullable=False),
        sa.Column("captions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("renditions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('uploading', 'uploaded', 'probing', 'ready_mp4', 'transcoding', 'ready', 'refused', 'failed')",
            name=op.f("ck_asset_state_known"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_asset_progress_percent")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_asset_created_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("code", name=op.f("uq_asset_code")),
    )
    op.create_index("ix_asset_sha256", "asset", ["sha256"], unique=False)


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
