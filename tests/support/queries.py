"""Count the statements that a block of code sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from lms.kernel import db
from lms.kernel.statement import Statement


@contextmanager
def query_budget(most: int) -> Iterator[list[str]]:
    """Fail when the block sends more statements than allowed; yields them as they come."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    def noted_rows(self: Statement, session: db.Session, **values: object) -> list[Any]:
        sent.append(self.sql)
        return rows(self, session, **values)

    rows, Statement.rows = Statement.rows, noted_rows  # type: ignore[method-assign]
    for engine in (db.engine(), db.reader()):
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        Statement.rows = rows  # type: ignore[method-assign]
        for engine in (db.engine(), db.reader()):
            event.remove(engine, "before_cursor_execute", note)
    assert len(sent) <= most, f"{len(sent)} statements, {most} allowed:\n" + "\n".join(sent)
