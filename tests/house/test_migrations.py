"""One line of migrations, equal to the tables as declared, and rights that fit."""

import psycopg
import pytest
from alembic.script import ScriptDirectory

from lms.kernel import db, migrate
from lms.kernel.db import Base
from lms.kernel.migration_draft import function_files, functions, missing
from lms.kernel.settings import Settings


def test_there_is_one_head(settings: Settings) -> None:
    engine = migrate.owner_engine(settings.database_url)
    assert len(ScriptDirectory.from_config(migrate.config(engine)).get_heads()) == 1


def test_migrations_and_tables_agree(settings: Settings) -> None:
    engine = migrate.owner_engine(settings.database_url)
    try:
        assert missing(engine, set()) == ""
    finally:
        engine.dispose()


def test_the_functions_stand_in_their_files_as_the_migrations_leave_them(settings: Settings) -> None:
    engine = migrate.owner_engine(settings.database_url)
    try:
        found = functions(engine)
    finally:
        engine.dispose()
    written = {name: path.read_text(encoding="utf-8") for name, path in function_files().items()}
    assert written == found, "`python -m lms.kernel.migration_draft --functions` writes them"


def test_the_app_role_cannot_change_what_is_append_only(app: object, settings: Settings) -> None:
    tables = [table.name for table in Base.metadata.sorted_tables if table.info.get("append_only")]
    assert "audit_entry" in tables
    with db.connection() as link:
        for table in tables:
            for statement in (f'UPDATE "{table}" SET {Base.metadata.tables[table].columns.keys()[0]} = NULL', f'DELETE FROM "{table}"'):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    link.execute(statement)
