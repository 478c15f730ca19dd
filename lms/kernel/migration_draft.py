"""Print the operations that bring the migrations to the tables as declared: `python -m lms.kernel.migration_draft`."""

import sys
import tempfile
from pathlib import Path

import psycopg
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from lms.kernel import migrate
from lms.kernel.db import Base
from lms.kernel.postgres import running


def draft(tables: set[str]) -> str:
    """Return the operations as Python, for some tables or for all."""
    __import__("wsgi")  # the composition root brings every table into the metadata; the kernel may not name it
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "pg", durable=False) as url:
        psycopg.connect(url).close()
        migrate.upgrade(url)
        engine = migrate.owner_engine(url)
        with engine.connect() as link:

            def include(item: object, name: str | None, kind: str, *_rest: object) -> bool:
                table = name if kind == "table" else getattr(getattr(item, "table", None), "name", None)
                return not str(table).startswith("procrastinate_") and (not tables or table in tables)

            context = MigrationContext.configure(link, opts={"include_object": include, "compare_type": True})
            operations = produce_migrations(context, Base.metadata).upgrade_ops
        engine.dispose()
    return "" if operations is None or operations.is_empty() else render_python_code(operations)


if __name__ == "__main__":
    sys.stdout.write(draft(set(sys.argv[1:])) + "\n")
