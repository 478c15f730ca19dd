"""Assembly: papers for an exam, before the bell."""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from time import monotonic

from exam.domain import assembly as rules
from exam.domain.assembly import Assembly, ExposureExceeded, PapersUnequal
from exam.domain.blueprint import Blueprint, PoolLacking
from exam.domain.exam import Exam
from exam.domain.waiting_room import EARLY
from exam.services import waiting_room
from exam.services.exam import ExamFrozen, SourcesChanged, found, is_frozen
from exam.store import exam as exams
from exam.store import incident
from exam.store import paper as store
from exam.store.paper import Drawing
from lms.kernel import audit, jobs
from lms.kernel.db import Session, take_time, transaction
from lms.kernel.jobs import Standing
from lms.kernel.refusal import N_, Conflict, Refusal
from question_bank import api as bank
from question_bank.domain.item import PoolItem

JOB = "exam.assemble"
AT_ONCE = 500  # papers are drawn within a request: under the narrowest tolerance in somewhat more than a second
TRIED = 200  # of more, so many are drawn for a trial: what the pool or the tolerance does not allow is said at once
logger = logging.getLogger(__name__)


class DrawingRuns(Conflict):
    """The papers of an exam are being drawn, or wait for it."""

    code = "drawing_runs"
    message = N_("这场考试正在组卷或排队等待组卷，完成后会显示在这里。")


def top_up(now: datetime) -> int:
    """Draw more papers for each exam that runs short, from the opening of its waiting room on and for extra attempts; returns for how many exams it could."""
    house = waiting_room.house_rate()
    with transaction() as session:
        supplies = [
            (one, rules.more(papers=one.papers, free=one.free, expected=one.expected, rate=house if one.rate is None else one.rate, extra=one.extra))
            for one in store.supplies(session, opening=now + EARLY, now=now)
        ]
    drawn = 0
    for one, wanted in supplies:
        if wanted:
            try:
                assemble(one.exam_code, papers=wanted, forms=one.forms and min(one.forms, wanted), now=now, replacing=False)
                drawn += 1
            except Refusal as refusal:  # one exam's empty pool holds up no other
                logger.error("top_up_refused", extra={"exam": one.exam_code, "code": refusal.code})
    return drawn


def request(exam_code: str, *, papers: int, forms: int | None, actor_id: int, now: datetime) -> Assembly | None:
    """Draw papers in place of those nobody took yet: a few at once; of many only a trial, a worker draws them. Raises also DrawingRuns."""
    with transaction() as session:
        exam = found(session, exam_code)
        bank.require_draw(session, exam.bank_code, actor_id)
        _leave_standing(session, exam, now)
        held = jobs.standing(session, key_of(exam.code))
        if held and not held.failed:
            raise DrawingRuns
        jobs.forget_failure(session, key_of(exam.code))
    if papers <= AT_ONCE:
        return assemble(exam_code, papers=papers, forms=forms, now=now, actor_id=actor_id)
    measured(exam_code, papers=TRIED, forms=forms and min(forms, TRIED), seed=secrets.randbits(128))
    with transaction() as session:
        asked: dict[str, object] = {"exam_code": exam.code, "papers": papers, "forms": forms, "actor_id": actor_id}
        if not jobs.enqueue_once(session, JOB, asked, key=key_of(exam.code)):
            raise DrawingRuns
    return None


def draw(now: datetime, exam_code: str, papers: int, forms: int | None, actor_id: int) -> None:
    """Draw the papers that somebody asked for."""
    assemble(exam_code, papers=papers, forms=forms, now=now, actor_id=actor_id)


def cancel(exam_code: str) -> bool:
    """Give papers up that wait to be drawn; returns whether there were any."""
    with transaction() as session:
        held = jobs.standing(session, key_of(exam_code))
        return held is not None and not held.running and jobs.cancel(session, key_of(exam_code))


def key_of(exam_code: str) -> str:
    """Return by what the one drawing of an exam is known."""
    return f"{JOB}:{exam_code}"


def standing(exam_code: str) -> Standing | None:
    """Return the drawing of an exam's papers that waits, runs or has failed."""
    with transaction() as session:
        return jobs.standing(session, key_of(exam_code))


def assemble(
    exam_code: str,
    *,
    papers: int,
    now: datetime,
    forms: int | None = None,
    seed: int | None = None,
    actor_id: int | None = None,
    replacing: bool = True,
) -> Assembly:
    """Draw papers for an exam from the exam pool and make it ready; `replacing` takes the place of papers nobody took yet.

    From the opening of the waiting room on the papers stay and only more of the same pool are drawn, otherwise ExamFrozen. Where items were
    retired since and too few are left, these go beyond a rule rather than leave people without: an incident, told wherever the exam is watched.
    `forms`: so many parallel forms are handed out in turn instead of a paper for each learner.
    """
    seed, began = secrets.randbits(128) if seed is None else seed, monotonic()
    with transaction() as session:
        take_time(session)  # a hundred thousand papers are drawn and compared for minutes, before anything is locked
        exam = found(session, exam_code)
        blueprint = exams.blueprint_of(session, exam.id)
        if actor_id is not None:
            bank.require_draw(session, exam.bank_code, actor_id)
        offered = bank.pool(session, exam.bank_code, "exam")
        if replacing:
            _leave_standing(session, exam, now)
        ways: list[tuple[Sequence[PoolItem], str]] = [(offered, "")] if replacing else _ways(session, exam.id, offered)
        for pool, beyond in ways:
            drawing = Drawing(seed, pool, _options(session, pool), papers, forms, further=not replacing, exceeding=bool(beyond))
            try:
                made = _made(blueprint, drawing)
                break
            except (PoolLacking, PapersUnequal, ExposureExceeded):
                if beyond == ways[-1][1]:
                    raise
        row, still = exams.lock(session, exam.id), found(session, exam_code)
        if (still.bank_code, exams.blueprint_of(session, exam.id)) != (exam.bank_code, blueprint):
            raise SourcesChanged
        if replacing:
            _leave_standing(session, still, now + timedelta(seconds=monotonic() - began))  # drawing may have lasted until the waiting room opened
        # Asked under the lock: of two drawings at once each numbers on behind the other.
        before = 0 if replacing else store.last_number(session, exam.id)
        store.add_assembly(
            session,
            exam.id,
            [replace(one, number=before + one.number) for one in made.papers],
            drawing=drawing,
            digest=made.hash,
            statistics=asdict(replace(made.statistics, beyond={beyond: papers} if beyond else {})),
            now=now,
        )
        row.state = "ready"
        used = sorted({version for paper in made.papers for version in paper.version_ids})
        bank.record_use(session, used, purpose=f"exam:{exam.code}", title=exam.title, times=1, now=now)
        if beyond:
            facts: dict[str, object] = {"beyond": beyond, "papers": papers}
            incident.add(session, exam_id=exam.id, paths=["/"], kind="papers", words="", facts=facts, recorded_by=actor_id, now=now)
        audit.record(
            session, actor_id=actor_id, action="exam.assemble", subject=f"exam:{exam.id}", now=now, papers=papers, forms=made.statistics.forms, hash=made.hash
        )
    return made


def measured(exam_code: str, *, papers: int, forms: int | None, seed: int) -> Assembly:
    """Draw papers for an exam from the exam pool as it is now, and store nothing."""
    with transaction() as session:
        take_time(session)
        exam = found(session, exam_code)
        pool = bank.pool(session, exam.bank_code, "exam")
        drawing = Drawing(seed, pool, _options(session, pool), papers, forms, further=False, exceeding=False)
        blueprint = exams.blueprint_of(session, exam.id)
    return _made(blueprint, drawing)


def replay(exam_code: str) -> list[tuple[str, str | None]]:
    """Draw each set of an exam's papers anew from its seed and the pool as it was kept; returns the hash it had and the one that it has now.

    None for a set that an earlier version drew, which did not keep the pool whole.
    """
    with transaction() as session:
        take_time(session)
        exam = found(session, exam_code)
        blueprint = exams.blueprint_of(session, exam.id)
        drawings = store.drawings(session, exam.id)
    return [(digest, _made(blueprint, drawing).hash if drawing else None) for drawing, digest in drawings]


def _options(session: Session, pool: Sequence[PoolItem]) -> dict[int, int]:
    """Return how many options each version has."""
    contents = bank.contents(session, [item.version_id for item in pool])
    return {version: len(content.options_html) for version, content in contents.items()}


def _made(blueprint: Blueprint, drawing: Drawing) -> Assembly:
    return rules.assemble(
        blueprint, drawing.pool, drawing.options, papers_wanted=drawing.papers, seed=drawing.seed, forms=drawing.forms, further=drawing.further,
        exceeding=drawing.exceeding,
    )  # fmt: skip


def _leave_standing(session: Session, exam: Exam, now: datetime) -> None:
    """Refuse to take away papers that somebody may come for at any moment; the first papers of a late exam take away none."""
    if is_frozen(session, exam, now) and store.counts(session, exam.id)[0]:
        raise ExamFrozen


def _ways(session: Session, exam_id: int, offered: Sequence[PoolItem]) -> list[tuple[Sequence[PoolItem], str]]:
    """Return how further papers may be drawn, the strictest way first: from which items, and beyond which rule of `fairness.BEYOND`.

    Who comes late draws from what everybody drew from, less what was retired meanwhile; if anything was, the last way is as the first papers
    were drawn, without a cap.
    """
    held, still = store.newest_pool(session, exam_id), {item.version_id for item in offered}
    frozen = [replace(item, difficulty=held[item.version_id].difficulty) for item in bank.frozen(session, list(held))]  # as hard as it was taken to be
    left = [item for item in frozen if item.version_id in still]
    return [(left, ""), (left, "exposure"), *([(frozen, "retired")] if len(left) < len(frozen) else [])]
