"""A signed list of attendance says which session it is of."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_k_session"
down_revision = "20261122_i_quiz"


def upgrade() -> None:
    """Add day and part of the day; older lists take the day they came in."""
    op.add_column("attendance_list", sa.Column("held_on", sa.Date(), nullable=True))
    op.add_column("attendance_list", sa.Column("held_part", sa.String(length=12), nullable=True))
    op.execute("UPDATE attendance_list SET held_on = (entered_at AT TIME ZONE 'Asia/Shanghai')::date, held_part = 'day' WHERE kind = 'offline'")
    op.create_check_constraint(
        op.f("ck_attendance_list_session_dated"),
        "attendance_list",
        "(kind = 'offline') = (held_on IS NOT NULL) AND (kind = 'offline') = (held_part IS NOT NULL)",
    )
    op.create_check_constraint(op.f("ck_attendance_list_held_part_known"), "attendance_list", "held_part IN ('day', 'morning', 'afternoon', 'evening')")


def downgrade() -> None:
    """Drop the columns with their checks."""
    op.drop_column("attendance_list", "held_part")
    op.drop_column("attendance_list", "held_on")
