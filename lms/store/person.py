"""People and their roles in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    UniqueConstraint,
    any_,
    literal,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.domain.hours import Worth
from lms.domain.person import Person, PersonCard
from lms.kernel.db import APPEND_ONLY, Base
from lms.store.unit import UnitRow, below


class PersonRow(Base):
    """One account. Identity number and phone are sealed; the blind columns find them by keyed hash."""

    __tablename__ = "person"
    __table_args__ = (
        Index("ix_person_name_pinyin", "name_pinyin", "id"),
        Index("ix_person_unit_id", "unit_id", "name_pinyin", "id"),
        CheckConstraint("(phone_sealed IS NULL) = (phone_blind IS NULL)", name="phone"),
        CheckConstraint("(identity_sealed IS NULL) = (identity_blind IS NULL)", name="identity"),
    )

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    account: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    name_pinyin: Mapped[str] = mapped_column(String(200, collation="C"))
    unit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(UnitRow.id))
    created_at: Mapped[datetime]
    post: Mapped[str] = mapped_column(String(60), default="")
    password_hash: Mapped[str | None] = mapped_column(String(200), default=None)
    activation_hash: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    activation_ends_at: Mapped[datetime | None] = mapped_column(default=None)
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    phone_blind: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, default=None)
    identity_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    identity_blind: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True, default=None)
    active: Mapped[bool] = mapped_column(default=True)


class ConsentRow(Base):
    """A person accepted one version of the text on personal information."""

    __tablename__ = "consent"
    __table_args__ = (UniqueConstraint("person_id", "version"), {"info": APPEND_ONLY})

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id", ondelete="CASCADE"))
    version: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Sealed:
    """The numbers of a person as stored."""

    phone: bytes | None
    identity: bytes | None


def _people(session: Session, query: Select[PersonRow, UnitRow]) -> list[Person]:
    return [
        Person(
            id=row.id,
            account=row.account,
            name=row.name,
            unit_id=unit.id,
            unit_name=unit.name,
            unit_path=unit.path,
            post=row.post,
            active=row.active,
            activated=row.password_hash is not None,
        )
        for row, unit in session.execute(query)
    ]


def _joined() -> Select[PersonRow, UnitRow]:
    return select(PersonRow, UnitRow).join(UnitRow, UnitRow.id == PersonRow.unit_id)


def person_of(session: Session, person_id: int) -> Person | None:
    """Return a person by id."""
    return next(iter(_people(session, _joined().where(PersonRow.id == person_id))), None)


def people_of(session: Session, ids: Collection[int]) -> list[Person]:
    """Return people by id."""
    return _people(session, _joined().where(PersonRow.id.in_(ids)))


def person_by_account(session: Session, account: str) -> Person | None:
    """Return a person by account."""
    return next(iter(_people(session, _joined().where(PersonRow.account == account))), None)


def cards(session: Session, ids: Sequence[int]) -> dict[int, PersonCard]:
    """Return the cards of people by id."""
    query = select(PersonRow.id, PersonRow.name, UnitRow.name, UnitRow.path).join(UnitRow, UnitRow.id == PersonRow.unit_id)
    # One parameter, however many: the protocol counts them in 16 bits.
    rows = session.execute(query.where(PersonRow.id == any_(literal(list(ids), ARRAY(BigInteger)))))
    return {person_id: PersonCard(id=person_id, name=name, unit_name=unit_name, unit_path=path) for person_id, name, unit_name, path in rows}


def path_of(session: Session, person_id: int) -> str | None:
    """Return the path of the unit a person belongs to."""
    return session.scalar(select(UnitRow.path).join(PersonRow, PersonRow.unit_id == UnitRow.id).where(PersonRow.id == person_id))


# Raw, because the tables of learning stand above those of people.
BEHIND = (
    "EXISTS(SELECT 1 FROM enrolment JOIN learner_progress ON learner_progress.enrolment_id = enrolment.id "
    "WHERE enrolment.person_id = person.id AND NOT (online_complete AND offline_complete))"
)


IN_ORDER = (PersonRow.name_pinyin, PersonRow.id)


def named(words: str) -> ColumnElement[bool]:
    """Return the condition that a person is meant by the words: name, pinyin or account."""
    if not words:
        return true()
    # The reader's % and _ are signs like any other.
    begins = words.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return or_(
        PersonRow.name.like(f"%{begins}"),
        PersonRow.name_pinyin.like(begins),
        PersonRow.name_pinyin.like(f"% {begins}"),
        PersonRow.account.like(begins),
    )


def behind_in_order(session: Session, after: int | None) -> ColumnElement[bool]:
    """Return the condition that a person comes behind another in the order of names: the next page of a list."""
    if after is None:
        return true()
    pinyin = session.scalar(select(PersonRow.name_pinyin).where(PersonRow.id == after)) or ""
    return tuple_(*IN_ORDER) > tuple_(pinyin, after)


def search(session: Session, scope: Sequence[str], *, words: str, activated: bool | None, after: int | None, limit: int, behind: bool = False) -> list[Person]:
    """Return people of a scope by name, pinyin or account, in the order of their names, beginning behind the person `after`."""
    query = _joined().where(below(UnitRow.path.expression, scope), named(words))
    if activated is not None:
        query = query.where(PersonRow.password_hash.is_not(None) if activated else PersonRow.password_hash.is_(None))
    if behind:
        query = query.where(text(BEHIND))
    return _people(session, query.where(behind_in_order(session, after)).order_by(*IN_ORDER).limit(limit))


def by_blind(session: Session, *, phone: bytes, identity: bytes, account: str) -> list[Person]:
    """Return whoever has exactly this account, phone or identity number."""
    matches = or_(PersonRow.phone_blind == phone, PersonRow.identity_blind == identity, PersonRow.account == account)
    return _people(session, _joined().where(matches).order_by(PersonRow.id).limit(3))


def counts_by_unit(session: Session, paths: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return how many people are at or under each path, and how many of them are activated."""
    rows = session.execute(
        text(
            "SELECT top, count(person.id), count(password_hash) FROM unnest(CAST(:paths AS text[])) AS top "
            "LEFT JOIN unit ON starts_with(unit.path, top) LEFT JOIN person ON person.unit_id = unit.id AND person.active GROUP BY top"
        ),
        {"paths": list(paths)},
    )
    return {top: (people, activated) for top, people, activated in rows}


def sealed_of(session: Session, person_id: int) -> Sealed:
    """Return the sealed numbers of a person."""
    phone, identity = session.execute(select(PersonRow.phone_sealed, PersonRow.identity_sealed).where(PersonRow.id == person_id)).one()
    return Sealed(phone=phone, identity=identity)


def set_password(session: Session, person_id: int, password_hash: str) -> None:
    """Store a password's hash and use up the activation code."""
    _change(session, person_id, password_hash=password_hash, activation_hash=None, activation_ends_at=None)


def password_hash_of(session: Session, person_id: int) -> str | None:
    """Return the stored hash of a person's password."""
    return session.scalar(select(PersonRow.password_hash).where(PersonRow.id == person_id))


def set_codes(session: Session, codes: Mapping[int, bytes], ends_at: datetime) -> None:
    """Store activation codes by keyed hash; a password there was is gone, because a reset must lock out whoever knew it."""
    if not codes:
        return
    values = [{"id": person_id, "activation_hash": code, "activation_ends_at": ends_at, "password_hash": None} for person_id, code in codes.items()]
    session.execute(update(PersonRow), values)


def set_active(session: Session, person_id: int, *, active: bool) -> None:
    """Enable or disable an account."""
    _change(session, person_id, active=active)


def _change(session: Session, person_id: int, **values: object) -> None:
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(**values))


def consents_of(session: Session, person_id: int) -> list[tuple[str, datetime]]:
    """Return the texts a person accepted."""
    query = select(ConsentRow.version, ConsentRow.given_at).where(ConsentRow.person_id == person_id).order_by(ConsentRow.given_at, ConsentRow.version)
    return [(version, at) for version, at in session.execute(query)]


def waiting_in(session: Session, scope: Sequence[str], limit: int) -> list[Person]:
    """Return the active people of a scope who have no password yet."""
    query = _joined().where(below(UnitRow.path.expression, scope), PersonRow.password_hash.is_(None), PersonRow.active)
    return _people(session, query.order_by(UnitRow.path, PersonRow.name_pinyin, PersonRow.id).limit(limit))


def last_sign_ins(session: Session, ids: Sequence[int]) -> Mapping[int, datetime]:
    """Return when people last signed in."""
    rows = session.execute(text("SELECT person_id, max(created_at) FROM login WHERE person_id = ANY(:ids) GROUP BY person_id"), {"ids": list(ids)})
    return {person_id: at.astimezone(UTC) for person_id, at in rows}


def sums_of(session: Session, ids: Sequence[int]) -> list[tuple[int, str, tuple[str, ...], Worth, Worth]]:
    """Return person, programme, the kinds she is of, online and offline sums of the enrolment that each of the people made last."""
    rows = session.execute(
        text(
            "SELECT DISTINCT ON (person_id) person_id, programme_code, participants, online_seconds, online_lessons, offline_seconds FROM enrolment "
            "JOIN learner_progress ON enrolment_id = enrolment.id WHERE person_id = ANY(:ids) ORDER BY person_id, enrolled_at DESC, enrolment.id DESC"
        ),
        {"ids": list(ids)},
    )
    return [(person_id, code, tuple(kinds), Worth(seconds, lessons), Worth(offline, 0)) for person_id, code, kinds, seconds, lessons, offline in rows]
