"""Second factors, and sign-ins of staff that wait for one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122_k_factor"
down_revision = "20261122_m_load"


def upgrade() -> None:
    """Create the table and the mark on sign-ins."""
    op.create_table(
        "second_factor",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recovery", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_second_factor_person_id_person"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factor")),
    )
    op.add_column("login", sa.Column("weak", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("login", "weak", server_default=None)


def downgrade() -> None:
    """Drop both."""
    op.drop_column("login", "weak")
    op.drop_table("second_factor")
