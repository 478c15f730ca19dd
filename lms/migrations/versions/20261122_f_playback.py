"""The tables of playback."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_f_playback"
down_revision = "20261122_e_asset"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "delivery",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("spans", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_delivery_asset_id_asset", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_delivery_person_id_person"),
        sa.PrimaryKeyConstraint("person_id", "asset_id", name="pk_delivery"),
    )
    op.create_table(
        "delivery_writer",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("backend", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_writer"),
    )
    op.create_table(
        "delivery_gap",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_gap"),
    )
    op.create_table(
        "playback_account",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("lease_id", sa.BigInteger(), nullable=True),
        sa.Column("presence_left_ms", sa.Integer(), nullable=True),
        sa.Column("presence_number", sa.Integer(), nullable=False),
        sa.Column("presence_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_playback_account_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name="pk_playback_account"),
    )
    op.create_table(
        "playback_lease",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("login_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("length_ms", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opens", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rate", sa.SmallInteger(), nullable=False),
        sa.Column("done_ms", sa.Integer(), nullable=False),
        sa.Column("presence_from", sa.SmallInteger(), nullable=True),
        sa.Column("presence_to", sa.SmallInteger(), nullable=True),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unspent_ms", sa.Integer(), nullable=False),
        sa.Column("lost_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name="fk_playback_lease_activity_id_activity"),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_playback_lease_asset_id_asset"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_playback_lease_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_playback_lease"),
    )
    op.create_index("ix_playback_lease_person_id", "playback_lease", ["person_id", "activity_id"], unique=False)
    op.create_table(
        "watched",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("length_ms", sa.Integer(), nullable=False),
        sa.Column("accepted", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("waiting", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undelivered", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("resume_ms", sa.Integer(), nullable=False),
        sa.Column("done_ms", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name="fk_watched_activity_id_activity"),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_watched_asset_id_asset"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_watched_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "activity_id", "asset_id", name="pk_watched"),
    )
    op.create_index(
        "ix_watched_unsettled", "watched", ["waiting_since"], unique=False, postgresql_where=sa.text("waiting_since IS NOT NULL OR NOT isempty(undelivered)")
    )
    op.create_table(
        "beat",
        sa.Column("lease_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("accepted", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.ForeignKeyConstraint(["lease_id"], ["playback_lease.id"], name="fk_beat_lease_id_playback_lease", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lease_id", "sequence", name="pk_beat"),
    )
    op.create_table(
        "refused_span",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("lease_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("spans", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('outside_window', 'other_device', 'already_counted', 'faster_than_clock', 'not_delivered', 'presence_missed')",
            name="ck_refused_span_reason",
        ),
        sa.ForeignKeyConstraint(["lease_id"], ["playback_lease.id"], name="fk_refused_span_lease_id_playback_lease", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_refused_span"),
    )
    op.create_index("ix_refused_span_person_id", "refused_span", ["person_id", "activity_id", "at"], unique=False)
    op.create_table(
        "watched_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spans", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name="fk_watched_correction_activity_id_activity"),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_watched_correction_asset_id_asset"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_watched_correction_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_watched_correction"),
    )
    op.create_index("ix_watched_correction_person_id", "watched_correction", ["person_id", "activity_id", "asset_id"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("asset_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("spans", postgresql.INT4MULTIRANGE(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="ck_appeal_decided"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined')", name="ck_appeal_state"),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name="fk_appeal_activity_id_activity"),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name="fk_appeal_asset_id_asset"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_appeal_person_id_person", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
    )
    op.create_index("ix_appeal_person_id", "appeal", ["person_id", "activity_id"], unique=False)
    op.create_index("ix_appeal_state", "appeal", ["state", "made_at"], unique=False)
    op.create_index("uq_appeal_open", "appeal", ["person_id", "activity_id"], unique=True, postgresql_where=sa.text("state = 'open'"))


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
