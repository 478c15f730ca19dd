"""Marking by people, retakes after waiting days, and the policy of each exam."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_u_marking"
down_revision = "20261122_v_waiting_room"

# exam_start asks one thing more: whether enough days have passed since the last attempt.
_GIVEN = "given >= e.attempts;"
_WAITED = (
    "given >= e.attempts OR r.arrived < e.wait_days * interval '24 hours'"
    " + (SELECT max(a.ended_at) FROM attempt a WHERE a.exam_id = e.id AND a.person_id = r.person_id);"
)
_REPLACE = """
DO $do$ BEGIN
  EXECUTE replace(pg_get_functiondef('exam_start(json)'::regprocedure), $a${old}$a$, $a${new}$a$);
END $do$
"""


def upgrade() -> None:
    """Create them."""
    for name, kind, default in (
        ("multiple", sa.String(length=30), "all_or_nothing"),
        ("counts", sa.String(length=10), "best"),
        ("wait_days", sa.Integer(), "0"),
        ("double_percent", sa.Integer(), "20"),
        ("tolerance_percent", sa.Integer(), "20"),
    ):
        op.add_column("exam", sa.Column(name, kind, nullable=False, server_default=default))
        op.alter_column("exam", name, server_default=None)
    op.create_check_constraint(op.f("ck_exam_counts"), "exam", "counts IN ('best', 'last')")
    op.create_check_constraint(
        op.f("ck_exam_multiple"), "exam", "multiple IN ('all_or_nothing', 'half_when_incomplete', 'share_when_incomplete', 'right_minus_wrong')"
    )
    op.create_check_constraint(op.f("ck_exam_policy"), "exam", "wait_days >= 0 AND double_percent BETWEEN 0 AND 100 AND tolerance_percent BETWEEN 0 AND 100")
    op.create_table(
        "script",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("exam_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("worth", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("points", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("leased_to", sa.BigInteger(), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state <> 'settled' OR points IS NOT NULL", name=op.f("ck_script_settled")),
        sa.CheckConstraint("state IN ('waiting', 'disputed', 'settled')", name=op.f("ck_script_state")),
        sa.CheckConstraint("num_nulls(leased_to, leased_until) IN (0, 2)", name=op.f("ck_script_lease")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_script_attempt_id_attempt")),
        sa.ForeignKeyConstraint(["exam_id"], ["exam.id"], name=op.f("fk_script_exam_id_exam")),
        sa.ForeignKeyConstraint(["version_id"], ["item_version.id"], name=op.f("fk_script_version_id_item_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script")),
        sa.UniqueConstraint("attempt_id", "position", name=op.f("uq_script_attempt_id_position")),
    )
    op.create_index("ix_script_leased_to", "script", ["leased_to"], postgresql_where=sa.text("leased_to IS NOT NULL"))
    op.create_index("ix_script_open", "script", ["exam_id", "state", "version_id", "waiting_since", "id"], postgresql_where=sa.text("state <> 'settled'"))
    op.create_table(
        "mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("script_id", sa.BigInteger(), nullable=False),
        sa.Column("examiner_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("points", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("handed_in_at IS NULL OR array_position(points, NULL) IS NULL", name=op.f("ck_mark_whole")),
        sa.ForeignKeyConstraint(["script_id"], ["script.id"], name=op.f("fk_mark_script_id_script")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark")),
        sa.UniqueConstraint("script_id", "examiner_id", "revision", name=op.f("uq_mark_script_id_examiner_id_revision")),
    )
    op.create_index("ix_mark_examiner_id", "mark", ["examiner_id"])
    op.execute(_REPLACE.format(old=_GIVEN, new=_WAITED))


def downgrade() -> None:
    """Drop them."""
    op.execute(_REPLACE.format(old=_WAITED, new=_GIVEN))
    op.drop_table("mark")
    op.drop_table("script")
    for name in ("policy", "multiple", "counts"):
        op.drop_constraint(op.f(f"ck_exam_{name}"), "exam")
    for name in ("tolerance_percent", "double_percent", "wait_days", "counts", "multiple"):
        op.drop_column("exam", name)
