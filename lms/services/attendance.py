"""Signed lists: read, show, commit in one transaction, undo by entries that take back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from lms.domain import attendance as rules
from lms.domain import hours as hours_rules
from lms.domain.attendance import Held, Line, ListKind, ListStage
from lms.domain.hours import HoursKind
from lms.domain.programme import Programme
from lms.formats import attendance as formats
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import ZONE
from lms.kernel.permissions import Permission
from lms.services import grade as grades
from lms.services import hours
from lms.services import programme as programmes
from lms.services.unit import scope_of
from lms.store import attendance as store
from lms.store import hours as hours_store
from lms.store.attendance import AttendanceList
from lms.store.programme import ProgrammeVersion

InForce = tuple[ProgrammeVersion, Programme]


@dataclass(frozen=True, slots=True)
class ListView:
    """One list with its rows."""

    head: AttendanceList
    lines: tuple[Line, ...]
    standing: Mapping[int, int]  # what each enrolment has already, in hundredths: offline hours, or the mark of the same assignment


def permission_for(kind: ListKind) -> Permission:
    """Say who may bring in such a list: hours come from those who held the session, marks from the province alone."""
    return Permission.MANAGE_PEOPLE if kind is ListKind.OFFLINE else Permission.MANAGE_PROGRAMMES


def stage(
    content: bytes,
    *,
    file_name: str,
    programme_code: str,
    kind: ListKind,
    component: str | None,
    actor_id: int,
    now: datetime,
    held: Held | None = None,
) -> int:
    """Read a file and keep it with every fault found; nothing counts yet. Attendance is counted once a person and session (`held`)."""
    if (kind is ListKind.OFFLINE) != (held is not None) or (held and held.on > now.astimezone(ZONE).date()):
        raise rules.SessionUndated
    written = formats.read(content)
    digest = hashlib.sha256(content).hexdigest()
    with transaction() as session:
        programme = programmes.programme(session, programme_code)
        _check_component(programme, kind, component)
        if store.standing(session, programme_code=programme_code, kind=kind, component=component, digest=digest):
            raise rules.ListTwice
        scope = scope_of(session, actor_id, permission_for(kind))
        # Once her city's window is over nobody there can still finish: then a colleague who did not holds no one up.
        over = {city for window in programme.windows if window.closes <= now for city in window.cities}
        roll = rules.Roll.of(replace(one, school_finished=one.school_finished or one.city in over) for one in store.enrolled(session, programme_code, scope))
        finished_only = kind is ListKind.OFFLINE and programme.hours.offline_condition == "school_finished_online"
        most = programme.strictest.hours.offline if kind is ListKind.OFFLINE else Decimal(rules.FULL_MARK)
        return store.stage(
            session,
            programme_code=programme_code,
            kind=kind,
            component=component,
            held=held,
            file_name=file_name,
            digest=digest,
            lines=rules.read(written, roll, most, finished_only=finished_only, counted=_counted(session, programme_code, held)),
            entered_by=actor_id,
            now=now,
        )


def commit(list_id: int, *, actor_id: int, now: datetime) -> int:
    """Let every good row of a staged list count, in one transaction; returns how many."""
    with transaction() as session:
        head = _own(session, list_id, actor_id, lock=True)
        if head.stage is not ListStage.STAGED:
            raise rules.ListMoved
        store.one_at_a_time(session, head.programme_code)
        if store.standing(session, programme_code=head.programme_code, kind=head.kind, component=head.component, digest=head.digest):
            raise rules.ListTwice
        lines = [line for line in store.lines(session, list_id) if line.is_good]
        if not lines:
            raise rules.NothingToCommit
        if _counted(session, head.programme_code, head.held) & {line.enrolment_id for line in lines}:
            raise rules.SessionCounted
        _hold(session, head, lines, now)
        store.move(session, list_id, ListStage.COMMITTED, now)
        in_force = programmes.in_force(session, head.programme_code)
        if head.kind is ListKind.OFFLINE:
            for line in lines:
                _enter_hours(session, in_force, head, line, now)
        else:
            _post_marks(session, in_force[1], head, lines, actor_id, now)
        audit.record(session, actor_id=actor_id, action="attendance.commit", subject=f"attendance_list:{list_id}", now=now, rows=len(lines))
        return len(lines)


def undo(list_id: int, *, actor_id: int, now: datetime) -> None:
    """Take back everything a committed list brought; its record stays."""
    with transaction() as session:
        head = _own(session, list_id, actor_id, lock=True)
        if head.stage is not ListStage.COMMITTED:
            raise rules.ListMoved
        lines = [line for line in store.lines(session, list_id) if line.is_good]
        _hold(session, head, lines, now)
        store.move(session, list_id, ListStage.UNDONE, now)
        in_force = programmes.in_force(session, head.programme_code)
        for entry in hours_store.by_evidence(session, _evidence(list_id)):
            hours.reverse(session, in_force, entry.id, reason=_evidence(list_id), now=now, entered_by=actor_id)
        for evidence in store.evidence_with(session, list_id):
            grades.take_back(session, programme_code=head.programme_code, evidence=[evidence], reason=_evidence(list_id), now=now, posted_by=actor_id)
        if head.kind is ListKind.ASSIGNMENT:  # an earlier list's marks may count again
            _post_marks(session, in_force[1], head, lines, actor_id, now)
        audit.record(session, actor_id=actor_id, action="attendance.undo", subject=f"attendance_list:{list_id}", now=now)


def view(list_id: int, *, actor_id: int) -> ListView:
    """Return a list of the actor's with every row."""
    with transaction() as session:
        head, lines = _own(session, list_id, actor_id), store.lines(session, list_id)
        return ListView(head, lines, _standing(session, head, [line.enrolment_id for line in lines if line.enrolment_id is not None]))


def lists(programme_code: str, *, actor_id: int, of_everybody: bool) -> tuple[AttendanceList, ...]:
    """Return the lists of a programme, the newest first; of everybody for the province."""
    with transaction() as session:
        return store.of_programme(session, programme_code, None if of_everybody else actor_id, 100)


def template(programme_code: str, kind: ListKind, *, actor_id: int) -> bytes:
    """Write a workbook with everyone enrolled within the actor's reach."""
    with transaction() as session:
        programmes.programme(session, programme_code)
        people = store.enrolled(session, programme_code, scope_of(session, actor_id, permission_for(kind)))
    amount = "学时" if kind is ListKind.OFFLINE else "成绩（百分制）"
    return formats.template(amount, ((one.account, one.name, one.school) for one in people[: formats.MOST_ROWS]))


def _counted(session: Session, programme_code: str, held: Held | None) -> frozenset[int]:
    return store.counted(session, programme_code, held) if held else frozenset()


def _standing(session: Session, head: AttendanceList, enrolment_ids: Sequence[int]) -> dict[int, int]:
    if head.kind is ListKind.ASSIGNMENT:
        return {one: marks[head.component].amount for one, marks in store.marks(session, enrolment_ids).items() if head.component in marks}
    minutes = programmes.programme(session, head.programme_code).hours.minutes_per_hour
    return {one: seconds * 100 // (minutes * 60) for one, seconds in store.offline_seconds(session, enrolment_ids).items()}


def _hold(session: Session, head: AttendanceList, lines: Sequence[Line], now: datetime) -> None:
    """Lock everything of everybody on the list."""
    ids = [line.enrolment_id for line in lines if line.enrolment_id is not None]
    (hours.hold if head.kind is ListKind.OFFLINE else grades.hold)(session, ids, now)


def _enter_hours(session: Session, in_force: InForce, head: AttendanceList, line: Line, now: datetime) -> None:
    hours.enter(
        session,
        in_force,
        enrolment_id=line.enrolment_id or 0,
        kind=HoursKind.OFFLINE,
        worth=hours_rules.worth_of_offline(in_force[1].hours, Decimal(line.amount or 0) / 100),
        evidence=_evidence(head.id),
        entered_by=head.entered_by,
        now=now,
    )


def _post_marks(session: Session, programme: Programme, head: AttendanceList, lines: list[Line], actor_id: int, now: datetime) -> None:  # noqa: PLR0917
    """Post one score for the assignments together, to everyone of the list whose marks are all there."""
    component = next((one.code for one in programme.assessment.components if one.source == "assignments"), None)
    if component is None:
        return
    shares = {one.code: one.share for one in programme.assignments}
    ids = [line.enrolment_id for line in lines if line.enrolment_id is not None]
    people = store.people_of(session, ids)
    for enrolment_id, marks in store.marks(session, ids).items():
        score = rules.work_score(shares, {code: mark.amount for code, mark in marks.items()})
        if score is None:
            continue
        points, of_points = score
        grades.post_score(
            session,
            person_id=people[enrolment_id],
            programme_code=head.programme_code,
            component=component,
            points=points,
            of_points=of_points,
            evidence=_evidence(*sorted({mark.list_id for code, mark in marks.items() if code in shares})),
            now=now,
            posted_by=actor_id,
        )


def _evidence(*list_ids: int) -> str:
    return "attendance_list:" + "+".join(str(one) for one in list_ids)


def _check_component(programme: Programme, kind: ListKind, component: str | None) -> None:
    named = {one.code for one in programme.assignments}
    if (kind is ListKind.ASSIGNMENT) != (component in named) or (kind is ListKind.OFFLINE and component is not None):
        raise rules.UnknownAssignment


def _own(session: Session, list_id: int, actor_id: int, *, lock: bool = False) -> AttendanceList:
    """Return a list to who brought it in, or to who holds its permission for the province; to others it does not exist."""
    head = store.one(session, list_id, lock=lock)
    if head is None:
        raise rules.ListMissing
    if head.entered_by != actor_id and not scope_of(session, actor_id, Permission.MANAGE_PROGRAMMES):
        raise rules.ListMissing
    return head
