"""Sign-ins in the database: what a cookie's token stands for, read once per request."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, LargeBinary, String, select, text, update
from sqlalchemy import Identity as AutoNumber
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.domain.signing_in import Login
from lms.kernel.db import Base, reading
from lms.kernel.identity import Identity
from lms.kernel.permissions import Role
from lms.kernel.statement import Statement
from lms.store.person import ConsentRow, PersonRow
from lms.store.role_grant import RoleGrantRow


class LoginRow(Base):
    """One sign-in on one device; ending the row ends the sign-in at once."""

    __tablename__ = "login"
    __table_args__ = (
        Index("ix_login_person_id", "person_id", "created_at"),
        Index("ix_login_created_at", "created_at", postgresql_using="brin"),
    )

    id: Mapped[int] = mapped_column(BigInteger, AutoNumber(), primary_key=True, init=False)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[int] = mapped_column(BigInteger, ForeignKey(PersonRow.id, ondelete="CASCADE"))
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(String(120), default="")
    device_key: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    weak: Mapped[bool] = mapped_column(Boolean, default=False)  # without a second factor that staff must have: only a teacher's rights


_IDENTITY = Statement(
    text(
        "SELECT login.id, person_id, person.name, array(SELECT DISTINCT role FROM role_grant "
        "WHERE role_grant.person_id = person.id AND (NOT login.weak OR role = 'teacher')) AS roles "
        "FROM login JOIN person ON person.id = login.person_id "
        "WHERE login.token_hash = :token_hash AND login.ended_at IS NULL AND login.ends_at > :now AND person.active"
    )
)


def identity_of(token_hash: bytes, now: datetime) -> Identity | None:
    """Return who a token stands for, by one query; None once the sign-in has ended or the account is disabled."""
    with reading() as session:
        found = _IDENTITY.row(session, token_hash=token_hash, now=now)
    if found is None:
        return None
    login_id, person_id, name, roles = found
    # The token itself is not kept, so a loaded identity carries none: only a fresh sign-in puts one into a cookie.
    return Identity(person_id=person_id, name=name, roles=frozenset(Role(role) for role in roles), login_id=login_id, token="")


_ADD = Statement(
    text(
        "INSERT INTO login (token_hash, person_id, created_at, ends_at, device, device_key, weak)"
        " VALUES (:token_hash, :person_id, :now, :ends_at, :device, :device_key, false) RETURNING id"
    )
)


def add(session: Session, *, token_hash: bytes, person_id: int, device: str, now: datetime, ends_at: datetime, device_key: bytes | None = None) -> int:
    """Insert a sign-in and return its id."""
    row = _ADD.row(session, token_hash=token_hash, person_id=person_id, now=now, ends_at=ends_at, device=device, device_key=device_key)
    return int(row.id)


@dataclass(frozen=True, slots=True)
class Claimant:
    """The account that somebody claims to be, with what proves it."""

    person_id: int
    account: str
    name: str
    active: bool
    password_hash: str | None
    activation_hash: bytes | None
    activation_ends_at: datetime | None
    phone_sealed: bytes | None
    knows_device: bool
    consented: bool
    has_factor: bool
    roles: frozenset[Role]


# Everything that a sign-in asks before it writes, in one look; there is always one row, since failures count for unknown accounts, too.
_CLAIMANT = Statement(
    text(
        "SELECT failed.uses, found.* FROM (SELECT coalesce(sum(uses), 0)::bigint AS uses FROM throttle "
        "WHERE key = :failed_key AND slot > :failed_since) AS failed "
        "LEFT JOIN (SELECT person.id, account, name, active, password_hash, activation_hash, activation_ends_at, phone_sealed, "
        "EXISTS(SELECT 1 FROM login WHERE login.person_id = person.id AND login.device_key = :device_key), "
        "EXISTS(SELECT 1 FROM consent WHERE consent.person_id = person.id AND consent.version = :consent), "
        "EXISTS(SELECT 1 FROM second_factor WHERE second_factor.person_id = person.id AND confirmed_at IS NOT NULL), "
        "array(SELECT DISTINCT role FROM role_grant WHERE role_grant.person_id = person.id) "
        "FROM person WHERE account = :account OR phone_blind = :phone_blind ORDER BY (account = :account) DESC, person.id LIMIT 1) AS found ON true"
    )
)


def claimant(
    session: Session, *, account: str, phone_blind: bytes, device_key: bytes, consent: str, failed_key: str, failed_since: datetime
) -> tuple[Claimant | None, int]:
    """Return the account behind an account name or a phone number, and how often a throttled key has failed lately."""
    failed, *found = _CLAIMANT.row(
        session, account=account, phone_blind=phone_blind, device_key=device_key, consent=consent, failed_key=failed_key, failed_since=failed_since
    )
    if found[0] is None:
        return None, failed
    found[-1] = frozenset(map(Role, found[-1]))
    return Claimant(*found), failed


def roles_of(session: Session, person_id: int) -> frozenset[Role]:
    """Return the roles a person holds anywhere."""
    return frozenset(Role(role) for role in session.scalars(select(RoleGrantRow.role).where(RoleGrantRow.person_id == person_id).distinct()))


def logins_of(session: Session, person_id: int, now: datetime) -> list[Login]:
    """Return the sign-ins that still stand, newest first."""
    query = (
        select(LoginRow)
        .where(LoginRow.person_id == person_id, LoginRow.ended_at.is_(None), LoginRow.ends_at > now)
        .order_by(LoginRow.created_at.desc(), LoginRow.id.desc())
        .limit(50)
    )
    return [Login(id=row.id, device=row.device, created_at=row.created_at, ends_at=row.ends_at) for row in session.scalars(query)]


def weaken(session: Session, login_id: int) -> None:
    """Leave a sign-in a teacher's rights only."""
    session.execute(update(LoginRow).where(LoginRow.id == login_id).values(weak=True))


def strengthen(session: Session, login_id: int) -> None:
    """Give a sign-in every right of its person."""
    session.execute(update(LoginRow).where(LoginRow.id == login_id).values(weak=False))


def is_weak(session: Session, login_id: int) -> bool:
    """Tell whether a sign-in has a teacher's rights only."""
    return bool(session.scalar(select(LoginRow.weak).where(LoginRow.id == login_id)))


def end(session: Session, login_id: int, now: datetime) -> None:
    """End one sign-in."""
    session.execute(update(LoginRow).where(LoginRow.id == login_id, LoginRow.ended_at.is_(None)).values(ended_at=now))


def end_all(session: Session, person_id: int, now: datetime, *, but: int | None = None) -> int:
    """End every sign-in of a person, perhaps but one; return how many ended."""
    query = update(LoginRow).where(LoginRow.person_id == person_id, LoginRow.ended_at.is_(None), LoginRow.ends_at > now)
    if but is not None:
        query = query.where(LoginRow.id != but)
    return len(session.execute(query.values(ended_at=now).returning(LoginRow.id)).all())


def add_consent(session: Session, person_id: int, version: str, now: datetime) -> None:
    """Keep that a person accepted a version of the text."""
    values = {"person_id": person_id, "version": version, "given_at": now}
    session.execute(insert(ConsentRow).values(values).on_conflict_do_nothing())


def sign_ins(session: Session, now: datetime) -> dict[tuple[str, str], int]:
    """Count the sign-ins of the last whole quarter of an hour by programme and city of those enrolled."""
    found = session.execute(
        text(
            "SELECT e.programme_code, e.city, count(*) FROM login JOIN enrolment e USING (person_id), "
            "date_bin('15 minutes', CAST(:now AS timestamptz), '2000-01-01 00:00Z') AS quarter "
            "WHERE login.created_at >= quarter - interval '15 minutes' AND login.created_at < quarter GROUP BY 1, 2"
        ),
        {"now": now},
    )
    return {(code, city): count for code, city, count in found}
