"""What a migration has to say, and has said.

`python -m lms.kernel.migration_draft [TABLE…]` prints the operations that bring the migrations to the tables as declared.
`python -m lms.kernel.migration_draft --functions` writes the functions of the migrated database into their files, where people read them:
`<package>/store/functions/<name>.sql`, with the triggers that call them. An empty file asks for a new one; a file whose function is gone, goes.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from lms.kernel import migrate
from lms.kernel.db import Base
from lms.kernel.postgres import running

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = text("""
    SELECT p.proname, rtrim(pg_get_functiondef(p.oid), E'\\n') || E';\\n'
      || coalesce((SELECT string_agg(E'\\n' || pg_get_triggerdef(t.oid) || E';\\n', '' ORDER BY t.tgname) FROM pg_trigger t WHERE t.tgfoid = p.oid), '')
    FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.proname NOT LIKE 'procrastinate%'
    ORDER BY p.oid
""")


@contextmanager
def migrated() -> Iterator[Engine]:
    """Yield an engine of a fresh migrated database."""
    __import__("wsgi")  # the composition root brings every table into the metadata; the kernel may not name it
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "pg", durable=False) as url:
        migrate.upgrade(url)
        engine = migrate.owner_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()


def missing(engine: Engine, tables: set[str]) -> str:
    """Return what a database lacks of the tables as declared, as Python operations; empty when nothing."""

    def include(item: object, name: str | None, kind: str, *_rest: object) -> bool:
        table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
        return not str(table).startswith("procrastinate_") and (not tables or table in tables)

    with engine.connect() as link:
        context = MigrationContext.configure(link, opts={"include_object": include, "compare_type": True})
        operations = produce_migrations(context, Base.metadata).upgrade_ops
    return "" if operations is None or operations.is_empty() else render_python_code(operations)


def functions(engine: Engine) -> dict[str, str]:
    """Return the text of each of our functions in a database, by its name; one left behind under other arguments follows in the same text."""
    found: dict[str, str] = {}
    with engine.connect() as link:
        for name, source in link.execute(FUNCTIONS):
            found[name] = found.get(name, "") + source
    return found


def function_files() -> dict[str, Path]:
    """Return the file of each function, by its name."""
    return {path.stem: path for path in ROOT.glob("*/store/functions/*.sql")}


def write_functions(found: dict[str, str]) -> None:
    """Write the functions into their files; names those that have none."""
    files = function_files()
    for name, path in files.items():
        if name in found:
            path.write_text(found[name], encoding="utf-8")
        else:
            path.unlink()
    for name in sorted(set(found) - set(files)):
        sys.stdout.write(f"{name} has no file: make an empty <package>/store/functions/{name}.sql and ask again\n")


if __name__ == "__main__":
    with migrated() as fresh:
        if sys.argv[1:] == ["--functions"]:
            write_functions(functions(fresh))
        else:
            sys.stdout.write(missing(fresh, set(sys.argv[1:])) + "\n")
