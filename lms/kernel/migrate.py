"""Migrations: Alembic as the owner role, then the app role's rights from the tables' own declarations."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from lms.kernel.db import APP_ROLE, Base, sqlalchemy_url

FOLDER = Path(__file__).parent.parent / "migrations"


def config(engine: Engine) -> Config:
    """Return Alembic's configuration for an engine of the owner role."""
    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    found.attributes["engine"] = engine
    return found


def owner_engine(url: str) -> Engine:
    """Return an engine of the owner role."""
    return create_engine(sqlalchemy_url(url), connect_args={"options": "-c timezone=UTC -c lock_timeout=5s"})


def is_newest(url: str) -> bool:
    """Tell whether the database has the newest schema already."""
    engine = owner_engine(url)
    try:
        with engine.connect() as link:
            return MigrationContext.configure(link).get_current_heads() == tuple(ScriptDirectory.from_config(config(engine)).get_heads())
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Upgrade to the newest schema and grant the app role what it needs; safe to repeat.

    `Base.metadata` must hold every table: call it with the composition root imported.
    """
    engine = owner_engine(url)
    try:
        with engine.begin() as link:
            link.execute(text("SELECT pg_advisory_xact_lock(727274)"))
            exists = link.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": APP_ROLE}).first()
            if not exists:
                link.execute(text(f"CREATE ROLE {APP_ROLE} NOLOGIN"))
            link.execute(text(f"GRANT {APP_ROLE} TO CURRENT_USER"))
        command.upgrade(config(engine), "head")
        grant(engine)
    finally:
        engine.dispose()


def rebuild(url: str) -> None:
    """Drop everything that the database holds and make the newest schema; as `upgrade`, with the composition root imported."""
    engine = owner_engine(url)
    try:
        with engine.begin() as link:
            link.execute(text("DROP SCHEMA public CASCADE"))
            link.execute(text("CREATE SCHEMA public"))
    finally:
        engine.dispose()
    upgrade(url)


def grant(engine: Engine) -> None:
    """Give the app role all rights on data, except changing what is append-only."""
    with engine.begin() as link:
        link.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"))
        link.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}"))
        link.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}"))
        link.execute(text(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {APP_ROLE}"))
        present = set(inspect(link).get_table_names())  # a draft is made before its tables are
        for table in Base.metadata.sorted_tables:
            if table.info.get("append_only") and table.name in present:
                link.execute(text(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table.name}" FROM {APP_ROLE}'))
        link.execute(text(f"REVOKE ALL ON alembic_version FROM {APP_ROLE}"))
