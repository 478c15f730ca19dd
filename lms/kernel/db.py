"""The database: metadata, types, the engine of this process, and the only place that commits."""

import re
import select
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import NoneType
from typing import Any, TypeVar
from weakref import WeakSet

import psycopg
from psycopg import abc, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement, DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session

from lms.kernel import foresight
from lms.kernel.link import Link, NotReplicated
from lms.kernel.refusal import Unavailable
from lms.kernel.settings import SettingsError

T = TypeVar("T")

__all__ = ["APPEND_ONLY", "PASSING", "Base", "Prepared", "Session", "Statement", "UtcDateTime", "connect", "connection", "disconnect", "reading", "transaction"]

APP_ROLE = "lms_app"
# Statements of a lane find few rows by their keys: one plan for ever, and never one that reads a table from end to end. None waits long
# for a lock: everybody who comes after it waits, too.
LANE_OPTIONS = "-c lock_timeout=1s -c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c jit=off"
# Pages ask the same few rows again and again: one plan for each statement, and by the index (what is read lies in memory, not on a spinning disk).
READER_OPTIONS = "-c default_transaction_read_only=on -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1"
_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]
# Faults that pass by themselves (a restart, a lock waited for too long, a standby away): background work is left as it stands and tried again.
PASSING = (OperationalError, InterfaceError, PoolEmpty, psycopg.OperationalError, psycopg.InterfaceError, Unavailable)
APPEND_ONLY = {"append_only": True}  # Table.info: the app role may insert and read, never change


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored as timestamptz and returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive instants."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return UTC whatever the connection's time zone."""
        return None if value is None else value.astimezone(UTC)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Base of every table; constraint names follow one pattern so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime()}  # noqa: RUF012 - SQLAlchemy's own protocol


# The engines of a process, declared: commands, jobs, requests and hot routes share them.
_state: dict[str, Any] = {}


def sqlalchemy_url(url: str) -> str:
    """Return the URL with the psycopg driver named."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def connect(url: str, *, pool_size: int = 20, as_app: bool = True) -> Engine:
    """Open the engines of this process, for writing and for reading; as the app role unless told otherwise."""
    disconnect()
    options = f"-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s{f' -c role={APP_ROLE}' if as_app else ''}"
    engine = _engine(url, options, pool_size)
    # Reads need no BEGIN and COMMIT, which cost as much as they do; under READ COMMITTED they see the same without.
    reader = _engine(url, f"{options} {READER_OPTIONS}", pool_size, isolation_level="AUTOCOMMIT")
    _state.update(engine=engine, reader=reader, readers=[], url=url, options=options)
    return engine


def _engine(url: str, options: str, pool_size: int, **more: Any) -> Engine:
    made = create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_recycle=1800,
        pool_use_lifo=True,
        connect_args={"options": options, "connect_timeout": 10},
        **more,
    )
    event.listen(made, "do_connect", lambda _dialect, _record, given, options: Link.connect(*given, **options))
    event.listen(made, "checkout", _refuse_dead)
    return made


def _refuse_dead(link: "psycopg.Connection[Any]", _record: object, _proxy: object) -> None:
    """Have a link replaced whose server has gone: an idle link has nothing to say, so a readable one says goodbye.

    One look at the socket instead of a round trip at every use.
    """
    if _dead(link):
        raise InvalidatePoolError


def _dead(link: "psycopg.Connection[Any]") -> bool:
    if link.closed:
        return True
    look = select.poll()
    look.register(link.pgconn.socket, select.POLLIN)
    return bool(look.poll(0))


def disconnect() -> None:
    """Close the engines of this process, if any."""
    for session in _state.pop("readers", ()):
        session.close()
    for name in ("engine", "reader"):
        engine = _state.pop(name, None)
        if engine is not None:
            engine.dispose()


def engine() -> Engine:
    """Return the engine of this process."""
    try:
        found: Engine = _state["engine"]
    except KeyError:
        raise SettingsError("this needs the database, and DATABASE_URL is not set; docs/operations.md lists every setting") from None
    return found


def reader() -> Engine:
    """Return the engine of this process that only reads."""
    found: Engine = _state["reader"]
    return found


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a session, commit at the end, roll back when anything is raised; raises NotReplicated where a standby is to confirm and did not in time."""
    foresight.drop()
    # A session used after its block would silently hold a new transaction open: make that an error.
    with Session(engine(), expire_on_commit=False, close_resets_only=False) as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """Open a session that only reads, each statement for itself; the database refuses to write in it.

    Sessions and their links are kept for the next reader: opening one costs more than a page's statements.
    """
    kept: list[Session] = _state["readers"]
    session = _kept(kept) or _reading_session()
    try:
        yield session
    except BaseException:
        session.close()
        raise
    if session.identity_map:
        session.expunge_all()
    kept.append(session)


def _kept(sessions: list[Session]) -> Session | None:
    while sessions:
        try:
            session = sessions.pop()
        except IndexError:  # another thread was faster
            break
        if not _dead(session.info["link"]):
            return session
        session.invalidate()
    return None


def _reading_session() -> Session:
    session = Session(reader(), expire_on_commit=False, close_resets_only=False)
    session.info["link"] = link_of(session)  # the one it has as long as it is kept
    return session


def take_time(session: Session) -> None:
    """Let this transaction think for longer than a request may, as long as it holds no lock that others wait for."""
    session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


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


def next_ids(session: Session, table: str, count: int) -> list[int]:
    """Take so many ids of a table, for rows that are added by COPY."""
    return list(session.scalars(text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"), {"table": table, "count": count}))


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


def on_trial(session: Session, work: Callable[[], T], *, keep: Callable[[T], bool]) -> T:
    """Do work inside the transaction and undo it unless `keep` approves of its outcome, which is returned either way."""
    savepoint = session.begin_nested()
    outcome = work()
    if keep(outcome):
        savepoint.commit()
    else:
        savepoint.rollback()
    return outcome


def copy_rows(session: Session, target: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Add many rows by COPY inside the transaction; `target` is `table (column, …)`."""
    with link_of(session).cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def connection() -> Link:
    """Open a psycopg connection of its own as the app role, for group commit on the hot routes."""
    url = make_url(_state["url"]).set(drivername="postgresql").render_as_string(hide_password=False)
    return Link.connect(url, options=f"{_state['options']} {LANE_OPTIONS}", autocommit=True, connect_timeout=3)


def wait_for_standby(link: "psycopg.Connection[Any]") -> None:
    """Write a line into the log, where a standby must confirm commits: whoever finds a row stored by an earlier try waits for it as its writer did."""
    _in_no_doubt(link)
    link.execute("SELECT pg_logical_emit_message(true, 'lms', '') WHERE current_setting('synchronous_standby_names') <> ''")


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
        _in_no_doubt(link)
        return result
    if link.pgconn.status == pq.ConnStatus.BAD:
        raise psycopg.OperationalError(result.get_error_message())
    raise psycopg.errors.error_from_result(result)


def _in_no_doubt(link: "psycopg.Connection[Any]") -> None:
    """End a batch at its first statement that no standby confirmed, or each of the others would wait as long."""
    if getattr(link, "doubtful", False):
        raise NotReplicated


def unsafe_settings() -> list[str]:
    """Return the names of settings under which an acknowledged write could be lost."""
    with engine().connect() as link:
        rows = link.execute(text("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"))
        return [name for name, setting in rows if setting == "off"]
