"""Alembic's environment: the connection, in its transaction, comes from lms.kernel.migrate, the tables from Base.metadata."""

from alembic import context
from sqlalchemy.sql.schema import SchemaItem

from lms.kernel.db import Base


def include(item: SchemaItem, name: str | None, kind: str, reflected: bool, compared: SchemaItem | None) -> bool:  # noqa: ARG001
    """Leave procrastinate's own tables out of comparisons."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


context.configure(connection=context.config.attributes["link"], target_metadata=Base.metadata, include_object=include, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
