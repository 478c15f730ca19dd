"""A paused attempt takes nothing; signs of life wait for no flush; changes of address stand in the attempt's log."""

import sqlalchemy as sa
from alembic import op

revision = "20261122_v_pulse"
down_revision = "20261122_s_integrity"

PAUSED_SAVE = """    IF a.ended_at IS NULL AND a.paused_at < r.arrived THEN
      o_status := 'paused';
      RETURN NEXT;
      CONTINUE;
    END IF;
"""
PAUSED_SUBMIT = """      ELSIF a.paused_at < r.arrived THEN
        o_status := 'paused';
"""
SAVE_PLACE = "    o_late := r.arrived > a.deadline;\n"
SUBMIT_PLACE = "      ELSIF r.epoch <> a.epoch THEN\n"


def upgrade() -> None:
    """Amend what is there."""
    op.add_column("attempt", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE attempt SET paused_at = h.began_at FROM attempt_pause h WHERE h.attempt_id = attempt.id AND h.ended_at IS NULL")
    _amend("exam_save(json)", SAVE_PLACE, PAUSED_SAVE + SAVE_PLACE)
    _amend("exam_submit(json)", SUBMIT_PLACE, PAUSED_SUBMIT + SUBMIT_PLACE)
    op.drop_constraint("fk_attempt_pulse_attempt_id_attempt", "attempt_pulse")
    op.execute("ALTER TABLE attempt_pulse SET UNLOGGED")
    op.add_column("attempt_pulse", sa.Column("address", sa.String(length=16), nullable=False, server_default=""))
    op.alter_column("attempt_pulse", "address", server_default=None)
    op.create_table(
        "attempt_address",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempt_address"),
    )
    op.create_index("ix_attempt_address_attempt_id", "attempt_address", ["attempt_id"])


def downgrade() -> None:
    """Put back what was there."""
    op.drop_table("attempt_address")
    op.drop_column("attempt_pulse", "address")
    op.execute("ALTER TABLE attempt_pulse SET LOGGED")
    op.create_foreign_key("fk_attempt_pulse_attempt_id_attempt", "attempt_pulse", "attempt", ["attempt_id"], ["id"])
    _amend("exam_submit(json)", PAUSED_SUBMIT, "")
    _amend("exam_save(json)", PAUSED_SAVE, "")
    op.drop_column("attempt", "paused_at")


def _amend(function: str, place: str, words: str) -> None:
    """Replace one place of a stored function."""
    link = op.get_bind()
    body = link.scalar(sa.text("SELECT pg_get_functiondef(CAST(:function AS regprocedure))"), {"function": function})
    if body.count(place) != 1:
        raise ValueError(f"{function} is not as expected")
    link.exec_driver_sql(body.replace(place, words).replace("%", "%%"))
