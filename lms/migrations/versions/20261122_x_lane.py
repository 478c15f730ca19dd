"""The heartbeat's functions run under the settings of their lane, which are the same: nothing is set anew at each call."""

from alembic import op

revision = "20261122_x_lane"
down_revision = "20261122_u_script_order"


def upgrade() -> None:
    """Take the functions' own settings away."""
    for function in ("heartbeat_state", "heartbeat_save"):
        op.execute(f"ALTER FUNCTION {function} RESET ALL")


def downgrade() -> None:
    """Refuse: the first migrations are the floor."""
    raise NotImplementedError
