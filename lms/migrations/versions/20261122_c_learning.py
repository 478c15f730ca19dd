"""The tables of learning."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_c_learning"
down_revision = "20261122_b_people"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "attendance_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("programme_code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("component", sa.String(length=64), nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("faulty", sa.Integer(), nullable=False),
        sa.CheckConstraint("(kind = 'assignment') = (component IS NOT NULL)", name="ck_attendance_list_assignment_named"),
        sa.CheckConstraint("kind IN ('offline', 'assignment')", name="ck_attendance_list_kind_known"),
        sa.CheckConstraint("stage IN ('staged', 'committed', 'undone')", name="ck_attendance_list_stage_known"),
        sa.PrimaryKeyConstraint("id", name="pk_attendance_list"),
    )
    op.create_index(
        "uq_attendance_list_standing",
        "attendance_list",
        ["programme_code", "kind", "component", "digest"],
        unique=True,
        postgresql_where=sa.text("stage = 'committed'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "course",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("programme_code", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_course"),
    )
    op.create_index("ix_course_programme", "course", ["programme_code", "position"], unique=False)
    op.create_table(
        "programme_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name="ck_programme_version_number_from_one"),
        sa.PrimaryKeyConstraint("id", name="pk_programme_version"),
        sa.UniqueConstraint("code", "number", name="uq_programme_version_code_number"),
    )
    op.create_table(
        "lesson",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("course_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("quiz", sa.Boolean(), nullable=False),
        sa.CheckConstraint("seconds > 0", name="ck_lesson_takes_time"),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name="fk_lesson_course_id_course"),
        sa.PrimaryKeyConstraint("id", name="pk_lesson"),
    )
    op.create_index("ix_lesson_course", "lesson", ["course_id", "position"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("programme_code", sa.String(length=64), nullable=False),
        sa.Column("programme_version_id", sa.BigInteger(), nullable=False),
        sa.Column("city", sa.String(length=12), nullable=False),
        sa.Column("sector", sa.String(length=64), nullable=False),
        sa.Column("participants", postgresql.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_enrolment_person_id_person"),
        sa.ForeignKeyConstraint(["programme_version_id"], ["programme_version.id"], name="fk_enrolment_programme_version_id_programme_version"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_enrolment_unit_id_unit"),
        sa.PrimaryKeyConstraint("id", name="pk_enrolment"),
        sa.UniqueConstraint("person_id", "programme_code", name="uq_enrolment_person_id_programme_code"),
    )
    op.create_index("ix_enrolment_seat", "enrolment", ["programme_code", "city", "sector"], unique=False)
    op.create_table(
        "lesson_state",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("lesson_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('not_started', 'watching', 'watched', 'quiz_passed', 'credited')", name="ck_lesson_state_state_known"),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name="fk_lesson_state_lesson_id_lesson"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_lesson_state_person_id_person"),
        sa.PrimaryKeyConstraint("person_id", "lesson_id", name="pk_lesson_state"),
    )
    op.create_table(
        "attendance_line",
        sa.Column("list_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("school", sa.String(length=120), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_attendance_line_enrolment_id_enrolment"),
        sa.ForeignKeyConstraint(["list_id"], ["attendance_list.id"], name="fk_attendance_line_list_id_attendance_list"),
        sa.PrimaryKeyConstraint("list_id", "number", name="pk_attendance_line"),
    )
    op.create_index("ix_attendance_line_enrolment_id", "attendance_line", ["enrolment_id"], unique=False)
    op.create_table(
        "hours_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("lesson_id", sa.BigInteger(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("programme_version_id", sa.BigInteger(), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('online', 'offline')", name="ck_hours_entry_kind_known"),
        sa.CheckConstraint("reverses_id IS NOT NULL OR (seconds >= 0 AND lessons >= 0)", name="ck_hours_entry_taking_names_entry"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_hours_entry_enrolment_id_enrolment"),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name="fk_hours_entry_lesson_id_lesson"),
        sa.ForeignKeyConstraint(["programme_version_id"], ["programme_version.id"], name="fk_hours_entry_programme_version_id_programme_version"),
        sa.ForeignKeyConstraint(["reverses_id"], ["hours_entry.id"], name="fk_hours_entry_reverses_id_hours_entry"),
        sa.PrimaryKeyConstraint("id", name="pk_hours_entry"),
    )
    op.create_index("ix_hours_entry_enrolment_id", "hours_entry", ["enrolment_id"], unique=False)
    op.create_index(
        "uq_hours_entry_lesson",
        "hours_entry",
        ["enrolment_id", "lesson_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id IS NULL AND lesson_id IS NOT NULL"),
    )
    op.create_index(
        "uq_hours_entry_listed", "hours_entry", ["enrolment_id", "evidence"], unique=True, postgresql_where=sa.text("reverses_id IS NULL AND lesson_id IS NULL")
    )
    op.create_index("uq_hours_entry_reversed", "hours_entry", ["reverses_id"], unique=True, postgresql_where=sa.text("reverses_id IS NOT NULL"))
    op.create_table(
        "learner_progress",
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("online_seconds", sa.Integer(), nullable=False),
        sa.Column("online_lessons", sa.Integer(), nullable=False),
        sa.Column("offline_seconds", sa.Integer(), nullable=False),
        sa.Column("online_complete", sa.Boolean(), nullable=False),
        sa.Column("offline_complete", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_learner_progress_enrolment_id_enrolment"),
        sa.PrimaryKeyConstraint("enrolment_id", name="pk_learner_progress"),
    )
    op.create_table(
        "personal_window",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("enrolment_id", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("opens < closes", name="ck_personal_window_runs_forward"),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name="fk_personal_window_enrolment_id_enrolment"),
        sa.PrimaryKeyConstraint("id", name="pk_personal_window"),
    )
    op.create_index("ix_personal_window_enrolment_id", "personal_window", ["enrolment_id"], unique=False)
    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("lesson_id", sa.BigInteger(), nullable=True),
        sa.Column("programme_code", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lesson_id"], ["lesson.id"], name="fk_activity_lesson_id_lesson"),
        sa.PrimaryKeyConstraint("id", name="pk_activity"),
        sa.UniqueConstraint(
            "programme_code", "lesson_id", "kind", "ref", name="uq_activity_programme_code_lesson_id_kind_ref", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_activity_lesson_id", "activity", ["lesson_id"], unique=False)
    op.create_table(
        "activity_done",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_id", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name="fk_activity_done_activity_id_activity"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_activity_done_person_id_person"),
        sa.PrimaryKeyConstraint("person_id", "activity_id", name="pk_activity_done"),
    )


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
