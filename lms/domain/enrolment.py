"""Enrolment: who takes part in a programme, as what, and when she may earn hours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lms.domain.programme import Programme, window_of
from lms.domain.window import Period
from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid, Missing


class EnrolmentClosed(Conflict):
    """Enrolment has not begun, or is over."""

    code = "enrolment_closed"
    message = N_("现在不在报名时间内。")


class QuotaFull(Conflict):
    """Every seat of the city and sector is taken."""

    code = "quota_full"
    message = N_("本市的名额已满。请联系设区市教育行政部门。")


class AlreadyEnrolled(Conflict):
    """The person takes part already."""

    code = "already_enrolled"
    message = N_("您已经报名参加这个培训。")


class UnknownParticipant(Invalid):
    """The programme is not for this kind of person."""

    code = "unknown_participant"
    message = N_("培训对象中没有这一类，请从列表中选择。")


class NoSeats(Invalid):
    """The city or the sector has no quota in this programme."""

    code = "no_seats"
    message = N_("这个地区或学校类别在本培训中没有名额。")


class EnrolledBySchool(Forbidden):
    """The programme's notice leaves enrolment to others."""

    code = "enrolled_by_school"
    message = N_("本培训由学校统一报名，请联系学校管理员。")


class EnrolledByLearner(Forbidden):
    """The programme's notice leaves enrolment to the learners."""

    code = "enrolled_by_learner"
    message = N_("本培训由教师本人报名。")


class EnrolmentMissing(Missing):
    """The person does not take part."""

    code = "enrolment_missing"
    message = N_("没有找到报名记录。")


class WindowReversed(Invalid):
    """A window ends before it begins."""

    code = "window_reversed"
    message = N_("时段的结束须晚于开始。")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One person's part in one programme; `participants` are the kinds she belongs to, the first chosen first."""

    id: int
    person_id: int
    programme_code: str
    city: str
    sector: str
    unit_id: int | None
    participants: tuple[str, ...]
    personal_windows: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrollable:
    """A teacher who does not take part yet."""

    person_id: int
    account: str
    name: str
    unit_id: int
    unit_name: str


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What tools may know of an enrolment; `missing` says in plain words what learning still lacks."""

    id: int
    person_id: int
    programme_code: str
    city: str
    unit_id: int | None
    learning_complete: bool
    missing: tuple[str, ...]


def may_enrol(programme: Programme, *, participants: tuple[str, ...], city: str, sector: str, taken: int, now: datetime) -> None:
    """Refuse whoever cannot be enrolled now; `taken` counts the seats of this city and sector in use."""
    if not programme.enrolment.contains(now):
        raise EnrolmentClosed(opens=programme.enrolment.opens.isoformat(), closes=programme.enrolment.closes.isoformat())
    known = {one.code for one in programme.participants}
    if not participants or not set(participants) <= known:
        raise UnknownParticipant
    seats = programme.quotas.of(city).get(sector)
    if seats is None:
        raise NoSeats
    if taken >= seats:
        raise QuotaFull(seats=seats)


def sector_of(programme: Programme, school: str) -> str:
    """Tell the sector of a school by its name: the sector whose word stands in it, else the first."""
    named = (sector.code for sector in programme.sectors if any(word in school for word in sector.covers))
    return next(named, programme.sectors[0].code)


def earning_window(programme: Programme, city: str, personal: Iterable[Period], now: datetime | None) -> Period | None:
    """Find the window that matters now: the open one that closes last, else the next to open, else the last to have closed.

    A personal window is another chance, never a smaller one: the city's window stays beside it. Without an instant the one
    that closes last is meant.
    """
    own = window_of(programme, city)
    windows = [*personal, *([own] if own else [])]
    if not windows:
        return None
    last = max(windows, key=lambda one: one.closes)
    if now is None:
        return last
    ahead = [one for one in windows if now < one.closes]
    here = [one for one in ahead if one.contains(now)]
    if here:
        return max(here, key=lambda one: one.closes)
    return min(ahead, key=lambda one: one.opens) if ahead else last
