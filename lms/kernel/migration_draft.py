"""What a revision has to say.

`python -m lms.kernel.migration_draft [TABLE…]` prints the operations that bring the migrations to the tables as declared.
`python -m lms.kernel.migration_draft --functions` writes the functions into their files as PostgreSQL prints them, which is how they are compared.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from lms.kernel import migrate
from lms.kernel.db import Base
from lms.kernel.postgres import running


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


if __name__ == "__main__":
    with migrated() as fresh:
        if sys.argv[1:] == ["--functions"]:
            with fresh.connect() as printing:
                for function, printed in migrate.functions(printing).items():
                    migrate.function_files()[function].write_text(printed, encoding="utf-8")
        else:
            sys.stdout.write(missing(fresh, set(sys.argv[1:])) + "\n")
