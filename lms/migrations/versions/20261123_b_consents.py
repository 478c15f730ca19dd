"""A consent to opening an exam's keys lapses, may be withdrawn and may be given again."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_b_consents"
down_revision = "20261123_a_names"


def upgrade() -> None:
    """Let a person agree and withdraw as often as she likes."""
    op.drop_constraint("uq_exam_key_consent_exam_id_person_id", "exam_key_consent", type_="unique")
    op.create_index("ix_exam_key_consent_exam_id", "exam_key_consent", ["exam_id"])
    op.add_column("exam_key_consent", sa.Column("given", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.alter_column("exam_key_consent", "given", server_default=None)


def downgrade() -> None:
    """Refuse: what was said twice has no place in the older table."""
    raise NotImplementedError
