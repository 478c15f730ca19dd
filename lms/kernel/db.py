"""The database: metadata, types, the engine of this process, and the only place that commits."""

import select
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import psycopg
from sqlalchemy import DateTime, Dialect, Engine, MetaData, TypeDecorator, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolEmpty
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, Session

from lms.kernel import foresight
from lms.kernel.link import Link
from lms.kernel.refusal import Unavailable
from lms.kernel.settings import SettingsError
from lms.kernel.statement import link_of

T = TypeVar("T")

__all__ = ["APPEND_ONLY", "PASSING", "Base", "Session", "UtcDateTime", "connect", "connection", "disconnect", "reading", "transaction"]

APP_ROLE = "lms_app"
# Statements of a lane find few rows by their keys: one plan for ever, and never one that reads a table from end to end. None waits long
# for a lock: everybody who comes after it waits, too.
LANE_OPTIONS = "-c lock_timeout=1s -c plan_cache_mode=force_generic_plan -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off -c jit=off"
# Pages ask the same few rows again and again: one plan for each statement, and by the index (what is read lies in memory, not on a spinning disk).
READER_OPTIONS = "-c default_transaction_read_only=on -c plan_cache_mode=force_generic_plan -c random_page_cost=1.1"
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


def next_ids(session: Session, table: str, count: int) -> list[int]:
    """Take so many ids of a table, for rows that are added by COPY."""
    return list(session.scalars(text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"), {"table": table, "count": count}))


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


def unsafe_settings() -> list[str]:
    """Return the names of settings under which an acknowledged write could be lost."""
    with engine().connect() as link:
        rows = link.execute(text("SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"))
        return [name for name, setting in rows if setting == "off"]
