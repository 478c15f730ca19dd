"""How the marking of an exam goes, for those who manage it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from exam.domain import marking as rules
from exam.domain.exam import Exam
from exam.domain.marking import Mark, ScriptState
from exam.services import script as scripts
from exam.services.exam import found, may_still_sit
from exam.services.marking import COUNTED
from exam.store import attempt as attempts
from exam.store import backlog as store
from exam.store import exam as exams
from exam.store import marking
from exam.store.backlog import Backlog, Load
from exam.store.marking import ScriptRow
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.i18n import ZONE, format_instant
from lms.kernel.i18n import gettext as _

SHOWN, BATCH = 20, 500


@dataclass(frozen=True, slots=True)
class Overview:
    """How an exam's marking goes; `disputed` could be decided by whoever asks."""

    exam: Exam
    backlog: Backlog
    loads: Sequence[Load]
    names: Mapping[int, str]
    disputed: Sequence[tuple[ScriptRow, Sequence[Mark]]]


def overview(exam_code: str, person_id: int, now: datetime) -> Overview:
    """Return how the marking of an exam goes."""
    with transaction() as session:
        exam = found(session, exam_code)
        loads = store.loads(session, exam.id, now)
        cards = platform.people(session, [one.examiner_id for one in loads])
        disputed = marking.takeable(session, exam.id, scripts.reach(session, person_id), now, SHOWN)
        if disputed and may_still_sit(session, exam, person_id, now):
            disputed = []
        names = {person: f"{card.name}（{card.unit_name}）" for person, card in cards.items()}
        return Overview(exam, store.of_exam(session, exam.id, now), loads, names, [(row, marking.marks(session, row)) for row in disputed])


def ask_until(exam_code: str, day: date | None, *, actor_id: int, now: datetime) -> None:
    """Ask the examiners to have marked by the end of a day, or by none."""
    with transaction() as session:
        row = exams.lock(session, found(session, exam_code).id)
        end = None if day is None else datetime.combine(day + timedelta(days=1), time(), ZONE)
        row.settings = {**row.settings, "marking_until": end and end.isoformat()}
        audit.record(session, actor_id=actor_id, action="marking.ask_until", subject=f"exam:{row.id}", now=now, day=day and day.isoformat())


def to_mark(session: Session, person_id: int, now: datetime) -> Iterator[platform.Duty]:
    """Tell an examiner, exam by exam, how many scripts wait for her and until when."""
    for exam, number in _open_to(session, person_id, ScriptState.WAITING, now):
        facts = {"title": exam.title, "n": f"{number}+" if number == COUNTED else number}
        words = _("“%(title)s”有 %(n)s 份答卷等您评阅", **facts)
        is_late = exam.marking_until is not None and exam.marking_until <= now
        if exam.marking_until is not None:
            until = format_instant(exam.marking_until, "end")
            words += _("，应在 %(day)s 前评完，已经逾期。", day=until) if is_late else _("，请在 %(day)s 前评完。", day=until)
        yield platform.Duty(words, _("去阅卷"), "/marking", is_late)


def to_decide(session: Session, person_id: int, now: datetime) -> Iterator[platform.Duty]:
    """Tell a manager, exam by exam, on how many scripts two examiners differ."""
    for exam, number in _open_to(session, person_id, ScriptState.DISPUTED, now):
        words = _("“%(title)s”有 %(n)s 份答卷两位阅卷人评分相差较大，等您裁定。", title=exam.title, n=number)
        yield platform.Duty(words, _("去裁定"), f"/admin/exams/{exam.code}/marking")


def _open_to(session: Session, person_id: int, state: ScriptState, now: datetime) -> Iterator[tuple[Exam, int]]:
    open_exams = marking.exams_with_open_scripts(session)
    if not open_exams:
        return
    reach = scripts.reach(session, person_id)
    for exam_id in open_exams:
        number, _since = marking.reachable(session, exam_id, reach, state, now=now, most=COUNTED)
        exam = exams.by_id(session, exam_id)
        if number and not may_still_sit(session, exam, person_id, now):
            yield exam, number


def of_account(exam_code: str, account: str) -> list[ScriptRow]:
    """Return the scripts of a person in an exam, for whoever decides on her appeal."""
    with transaction() as session:
        mine = attempts.of_person(session, platform.id_of_account(session, account), found(session, exam_code).id)
        return marking.of_attempts(session, [one.id for one in mine])


def of_attempt(exam_code: str, attempt_id: int) -> list[ScriptRow]:
    """Return the scripts of an attempt at an exam."""
    with transaction() as session:
        exam = found(session, exam_code)
        return [row for row in marking.of_attempts(session, [attempt_id]) if row.exam_id == exam.id]


def verify(session: Session, now: datetime) -> Iterator[str]:  # noqa: ARG001 - the shape of every verifier
    """Fold the marks of every settled script anew and name each whose points are others."""
    last, policies = 0, {exam.id: exam.policy for exam in exams.all_of(session)}
    while batch := store.settled(session, last, BATCH):
        last = batch[-1].id
        for row in batch:
            due = rules.standing(marking.marks(session, row), row.wanted, row.worth, policies[row.exam_id]).points
            if list(due or ()) != row.points:
                yield f"script {row.id}: its points are not what its marks add up to"
