"""The schema, in one transaction of the owner role: Alembic's revisions, the functions from their files, the app role's rights.

Tables change by revisions. Functions and triggers are repeatable: each stands in one file, `<package>/store/functions/<name>.sql`, and is
made anew when its file or what the database has of it is not as it was when it was made. Its comment notes both: PostgreSQL prints functions
differently from version to version.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from lms.kernel.db import APP_ROLE, Base, sqlalchemy_url

ROOT = Path(__file__).parent.parent.parent
OURS = """
    p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND p.proname NOT LIKE 'procrastinate%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')"""
# Each function with the triggers that call it, as PostgreSQL prints them.
FUNCTIONS = text(f"""
    SELECT p.proname, rtrim(pg_get_functiondef(p.oid), E'\\n') || E';\\n'
      || coalesce((SELECT string_agg(E'\\n' || pg_get_triggerdef(t.oid) || E';\\n', '' ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgfoid = p.oid), '')
    FROM pg_proc p WHERE {OURS} ORDER BY p.oid""")
NOTES = text(f"SELECT p.proname, p.oid::regprocedure::text, obj_description(p.oid, 'pg_proc') FROM pg_proc p WHERE {OURS} ORDER BY p.oid")
# Triggers first, by the alphabet.
DROPS = text(f"""
    SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass) AS statement FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
      WHERE {OURS} AND p.proname = :name
    UNION ALL SELECT format('DROP FUNCTION %s', p.oid::regprocedure) FROM pg_proc p WHERE {OURS} AND p.proname = :name
    ORDER BY statement DESC""")


class UnknownRevision(click.ClickException):
    """The database stands at a revision that this code does not have."""


def config(link: Connection | None = None) -> Config:
    """Return Alembic's configuration, for a connection of the owner role."""
    found = Config()
    found.set_main_option("script_location", str(ROOT / "lms" / "migrations"))
    found.attributes["link"] = link
    return found


def owner_engine(url: str) -> Engine:
    """Return an engine of the owner role."""
    return create_engine(sqlalchemy_url(url), connect_args={"options": "-c timezone=UTC -c lock_timeout=5s"})


def is_newest(url: str) -> bool:
    """Tell whether the database has the newest tables and functions already."""
    engine = owner_engine(url)
    try:
        with engine.connect() as link:
            heads = MigrationContext.configure(link).get_current_heads()
            return heads == tuple(ScriptDirectory.from_config(config()).get_heads()) and not _changed_functions(link)
    finally:
        engine.dispose()


def upgrade(url: str) -> None:
    """Upgrade to the newest schema and grant the app role what it needs; safe to repeat. Raises UnknownRevision.

    `Base.metadata` must hold every table: call it with the composition root imported.
    """
    engine = owner_engine(url)
    try:
        with engine.begin() as link:
            link.execute(text("SELECT pg_advisory_xact_lock(727274)"))
            _require_known(link)
            exists = link.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": APP_ROLE}).first()
            if not exists:
                link.execute(text(f"CREATE ROLE {APP_ROLE} NOLOGIN"))
            link.execute(text(f"GRANT {APP_ROLE} TO CURRENT_USER"))
            command.upgrade(config(link), "head")
            _make(link, _changed_functions(link))
            _grant(link)
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


def functions(link: Connection) -> dict[str, str]:
    """Return the text of each of our functions in a database, by its name; one left behind under other arguments follows in the same text."""
    found: dict[str, str] = {}
    for name, source in link.execute(FUNCTIONS):
        found[name] = found.get(name, "") + source
    return found


def function_files() -> dict[str, Path]:
    """Return the file of each function, by its name."""
    return {path.stem: path for path in sorted(ROOT.glob("*/store/functions/*.sql"))}


def _changed_functions(link: Connection) -> dict[str, str]:
    """Return the text of each function that the database lacks or has otherwise, by its name."""
    present = functions(link)
    noted = {name: note for name, _signature, note in link.execute(NOTES)}
    texts = {name: path.read_text(encoding="utf-8") for name, path in function_files().items()}
    return {name: source for name, source in texts.items() if name not in noted or noted[name] != _note(source, present[name])}


def _make(link: Connection, changed: Mapping[str, str]) -> None:
    """Make functions anew with their triggers, and note of each what it was made from and has become."""
    for name, source in changed.items():
        for statement in link.scalars(DROPS, {"name": name}).all():
            _run(link, statement)
        _run(link, source)
    printed = functions(link)
    for name, signature, _ in link.execute(NOTES).all():
        if name in changed:
            _run(link, f"COMMENT ON FUNCTION {signature} IS '{_note(changed[name], printed[name])}'")


def _note(source: str, printed: str) -> str:
    return " ".join(hashlib.sha256(each.encode()).hexdigest() for each in (source, printed))


def _run(link: Connection, statements: str) -> None:
    """Run statements as they stand: a percent sign is one."""
    driver: Any = link.connection.driver_connection
    driver.execute(statements)


def _require_known(link: Connection) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    for name in MigrationContext.configure(link).get_current_heads():
        if name not in known:
            raise UnknownRevision(
                f"The database stands at revision {name}, which this version does not have: another version made it, older than the first "
                "revision here or newer than the last. `make clean` throws a demo away, and `make demo` makes it anew; "
                "any other database stays with the version that made it."
            )


def _grant(link: Connection) -> None:
    """Give the app role all rights on data, except changing what is append-only."""
    link.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"))
    link.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}"))
    link.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}"))
    link.execute(text(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {APP_ROLE}"))
    present = set(inspect(link).get_table_names())  # a draft is made before its tables are
    for table in Base.metadata.sorted_tables:
        if table.info.get("append_only") and table.name in present:
            link.execute(text(f'REVOKE UPDATE, DELETE, TRUNCATE ON "{table.name}" FROM {APP_ROLE}'))
    link.execute(text(f"REVOKE ALL ON alembic_version FROM {APP_ROLE}"))
