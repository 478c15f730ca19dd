"""Statements of the busiest paths, on a shorter way to the driver than the toolkit's."""

import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from types import NoneType
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg import abc, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

from lms.kernel import foresight
from lms.kernel.link import in_no_doubt

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]


def link_of(session: Session) -> "psycopg.Connection[Any]":
    """Return the driver's link under a session."""
    link: psycopg.Connection[Any] | None = session.info.get("link")
    return link or session.connection().connection.driver_connection  # type: ignore[return-value]


class Statement:
    """A statement kept as plain SQL for the busiest paths, where the toolkit's way to the driver costs more than the database.

    A reading session has it prepared once a link and runs it by one call of libpq, together with what the page is expected to ask next.
    """

    def __init__(self, clause: ClauseElement) -> None:
        compiled = clause.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self._values = dict(compiled.params)
        self.names: list[str] = []
        self._prepared = Prepared(f"statement_{id(self)}", re.sub(r"%(?:\((\w+)\)s|%)", self._place, self.sql))
        self._row: Any = None

    def _place(self, found: re.Match[str]) -> str:
        """Return what stands for a named value: its number."""
        name = found.group(1)
        if name is None:
            return "%"
        if name not in self.names:
            self.names.append(name)
        return f"${self.names.index(name) + 1}"

    def rows(self, session: Session, **values: object) -> list[Any]:
        """Run it in the session's transaction; returns named tuples in the driver's own types."""
        link = link_of(session)
        if not link.autocommit:  # in a transaction the driver may forget what is prepared, and begins it at its first own statement
            cursor = psycopg.Cursor(link, row_factory=namedtuple_row)
            cursor.execute(self.sql, {**self._values, **values})
            return cursor.fetchall() if cursor.description else []
        given = self._given(values)
        result = foresight.answer(link, self, given) or self._prepared.run(link, _texts(link, given))
        foresight.note(self, given)
        return self._read(link, result)

    def on(self, link: "psycopg.Connection[Any]", **values: object) -> list[Any]:
        """Run it on a lane's link; returns the same."""
        return self._read(link, self._prepared.run(link, _texts(link, self._given(values))))

    def _given(self, values: dict[str, object]) -> list[object]:
        return [values[name] if name in values else self._values[name] for name in self.names]

    def _read(self, link: "psycopg.Connection[Any]", result: "pq.abc.PGresult") -> list[Any]:
        if self._row is None:
            self._row = namedtuple("Row", [(result.fname(place) or b"").decode() for place in range(result.nfields)], rename=True)  # type: ignore[misc]
        driver = _driver_of(link)
        driver.set_pgresult(result)
        return driver.load_rows(0, result.ntuples, self._row._make)

    def prepare(self, link: "psycopg.Connection[Any]") -> None:
        """Make it known to the link."""
        self._prepared.prepare(link)

    def send(self, link: "psycopg.Connection[Any]", values: Sequence[object]) -> None:
        """Send it in a pipeline, without waiting for the answer."""
        link.pgconn.send_query_prepared(self._prepared.name, _texts(link, values))

    def row(self, session: Session, **values: object) -> Any:
        """Return the first row, or None."""
        found = self.rows(session, **values)
        return found[0] if found else None


class Prepared:
    """A statement of a lane, prepared once a link and run by one call of libpq that leaves the interpreter to others meanwhile.

    Values and answers are PostgreSQL's own text: what the driver's cursor does for comfort costs more than a small statement.
    """

    def __init__(self, name: str, sql: str) -> None:
        self.name, self._sql = name.encode(), sql.encode()
        self._known: WeakSet[psycopg.Connection[Any]] = WeakSet()

    def rows(self, link: "psycopg.Connection[Any]", values: Sequence[bytes]) -> list[list[bytes | None]]:
        """Run it on a link; returns rows of texts."""
        found = self.run(link, values)
        columns = range(found.nfields)
        return [[found.get_value(row, column) for column in columns] for row in range(found.ntuples)]

    def prepare(self, link: "psycopg.Connection[Any]") -> None:
        """Make it known to a link, once."""
        if link not in self._known:
            _checked(link, link.pgconn.prepare(self.name, self._sql))
            self._known.add(link)

    def run(self, link: "psycopg.Connection[Any]", values: Any) -> "pq.abc.PGresult":
        """Run it on a link; returns the driver's own result."""
        self.prepare(link)
        return _checked(link, link.pgconn.exec_prepared(self.name, values))


def _checked(link: "psycopg.Connection[Any]", result: "pq.abc.PGresult") -> "pq.abc.PGresult":
    """Return the result; raises what the database refused, and OperationalError where the link is gone."""
    if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
        in_no_doubt(link)
        return result
    if link.pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(result.get_error_message())
    raise psycopg.errors.error_from_result(result)


def _text(value: str) -> bytes:
    if "\0" in value:
        raise psycopg.DataError("a text cannot hold the character NUL")
    return value.encode()


def _array(values: list[Any]) -> bytes:
    """Write an array of numbers or of texts; KeyError where it holds anything else, which is the driver's."""
    kinds = set(map(type, values)) or {int}
    return b"{%s}" % b",".join(map(_ELEMENT[kinds.pop() if len(kinds) == 1 else NoneType], values))


_ELEMENT: dict[type, Callable[[Any], bytes]] = {
    int: lambda value: b"%d" % value,
    str: lambda value: b'"%s"' % _text(value).replace(b"\\", b"\\\\").replace(b'"', b'\\"'),
}
# The values of nearly every question; the driver takes ten times as long to find out how to write them.
_AS_TEXT: dict[type, Callable[[Any], bytes | None]] = {
    int: lambda value: b"%d" % value,
    str: _text,
    bytes: lambda value: b"\\x" + value.hex().encode(),
    datetime: lambda value: value.isoformat(" ").encode(),
    timedelta: lambda value: b"%d microseconds" % (value // timedelta(microseconds=1)),
    float: lambda value: repr(value).encode(),
    list: _array,
    NoneType: lambda _value: None,
}


def _texts(link: "psycopg.Connection[Any]", values: Sequence[object]) -> Any:
    """Return values as text without a type, so that the database infers it and one preparation serves every value."""
    try:
        return [_AS_TEXT[type(value)](value) for value in values]
    except KeyError:
        return _driver_of(link).dump_sequence(values, [PyFormat.TEXT] * len(values))


def _driver_of(link: "psycopg.Connection[Any]") -> abc.Transformer:
    """Return what puts values into the link's words and back: kept with it, since it learns a type only once."""
    known: abc.Transformer | None = link.__dict__.get("driver_kept")
    if known is None:
        known = link.__dict__["driver_kept"] = Transformer(link)
    return known
