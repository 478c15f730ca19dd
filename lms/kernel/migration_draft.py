"""Print the operations that bring the migrations to the tables as declared: `python -m lms.kernel.migration_draft`."""

import sys
import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from lms.kernel import migrate
from lms.kernel.db import Base
from lms.kernel.postgres import running


def draft(tables: set[str]) -> str:
    """Return the operations that bring a fresh migrated database to the tables as declared, for some or for all."""
    __import__("wsgi")  # the composition root brings every table into the metadata; the kernel may not name it
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "pg", durable=False) as url:
        migrate.upgrade(url)
        engine = migrate.owner_engine(url)
        try:
            return missing(engine, tables)
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


if __name__ == "__main__":
    sys.stdout.write(draft(set(sys.argv[1:])) + "\n")
