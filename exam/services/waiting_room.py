"""The waiting room: tickets, and how many may start in a second."""

from datetime import UTC, datetime, timedelta

from exam.domain.exam import REMEMBERED
from exam.domain.waiting_room import MOST, RATE, Place, Waiting
from exam.services import load_test
from exam.services.exam import found
from exam.services.payload import AskTurn, EntryToken, PlaceToken, TurnNow
from exam.store import exam as exams
from exam.store import waiting_room as store
from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.refusal import N_, Invalid
from lms.kernel.security import Signer, TokenRefused
from lms.kernel.settings import Settings

_MICROSECOND = timedelta(microseconds=1)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_signers: dict[str, Signer] = {}
_rate = [RATE]


class RateRefused(Invalid):
    """Not a rate."""

    code = "rate_refused"
    message = N_("请填写 0 到 10000 之间的数字；0 表示不限速、不候场。")


def mount(settings: Settings) -> None:
    """Take the installation's secret."""
    _signers["place"] = Signer(settings.secret_key, "exam place")
    _rate[0] = max(load_test.bearable(settings.var_dir), RATE)  # a small run says what was asked, not what can be borne


def house_rate() -> float:
    """Return how many may start in a second where the exam does not say."""
    return _rate[0]


def waiting(place: Place, entry: EntryToken, now: datetime) -> Waiting:
    """Return the refusal that tells somebody her place and gives her the ticket to it."""
    ticket = PlaceToken(entry.exam, entry.person_id, _stored(place.since), _stored(place.turn), place.gap // _MICROSECOND, place.squeezed)
    return Waiting(ticket=_signers["place"].sign(ticket), **_told(place, now))


def held(ticket: str, entry: EntryToken) -> Place | None:
    """Return the place that a ticket stands for, given up or not; another's ticket is refused."""
    if not ticket:
        return None
    read = _signers["place"].read(ticket, PlaceToken)
    if (read.exam, read.person_id) != (entry.exam, entry.person_id):
        raise TokenRefused
    return _place(read)


def turn(payload: AskTurn, now: datetime) -> TurnNow:
    """Tell where a ticket stands; asks nobody."""
    return TurnNow(**_told(_place(_signers["place"].read(payload.ticket, PlaceToken)), now))


def _told(place: Place, now: datetime) -> dict[str, int]:
    millisecond = timedelta(milliseconds=1)
    return {"ahead": place.ahead(now), "wait_ms": -(-place.wait(now) // millisecond), "bell_ms": max(-(-(place.since - now) // millisecond), 0)}


def _stored(at: datetime) -> int:
    return (at - _START) // _MICROSECOND


def _place(ticket: PlaceToken) -> Place:
    since, turn_at = (_START + value * _MICROSECOND for value in (ticket.since, ticket.turn))
    return Place(since, turn_at, ticket.gap * _MICROSECOND, ticket.squeezed)


def forget(now: datetime) -> None:
    """Job: delete the lines of exams that are long over."""
    with transaction() as session:
        store.forget(session, now - REMEMBERED)


def set_rate(code: str, rate: float | None, *, actor_id: int | None, now: datetime) -> None:
    """Set how many may start in a second; who has a place keeps it or, at a higher rate, moves up. None: the house rate."""
    if rate is not None and not 0 <= rate <= MOST:
        raise RateRefused
    with transaction() as session:
        exam = found(session, code)
        store.lock_gate(session, exam.id)  # first, as whoever draws a place does
        row = exams.lock(session, exam.id)
        old, new = (_rate[0] if one is None else float(one) for one in (row.settings.get("starts_per_second"), rate))
        if old > 0 and not 0 < new <= old:
            store.move_up(session, exam.id, exam.opens, old=old, new=new, now=now)
        row.settings = {**row.settings, "starts_per_second": rate}
        audit.record(session, actor_id=actor_id, action="exam.rate", subject=f"exam:{exam.id}", now=now, rate=rate)
