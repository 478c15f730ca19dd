"""Looking through one's paper with keys and explanations, only if and when the exam allows."""

from dataclasses import dataclass
from datetime import datetime

from exam.domain.attempt import Answer
from exam.domain.exam import Exam
from exam.domain.marking import criteria_of
from exam.domain.packet import Outstanding
from exam.domain.regrade import Effect, right_keys
from exam.domain.review import Review, ReviewClosed, ReviewFrozen
from exam.domain.waiting_room import LASTS
from exam.services import paper as papers
from exam.services import posting
from exam.services.exam import found, is_frozen, is_over, is_settled
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import marking
from exam.store import packet as packets
from exam.store import paper as paper_store
from exam.store import regrade as regrades
from exam.store import result as results
from exam.store.attempt import Attempt
from exam.store.marking import ScriptRow
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank import api as bank
from question_bank.domain.exchange import Picture
from question_bank.domain.item import Criterion, Explanation, ItemContent, Key


@dataclass(frozen=True, slots=True)
class ReviewedItem:
    """One item as it stood on the paper; `order` holds the original index behind each option shown, points are hundredths.

    `keys`: all that is right, under the corrections in force; `effect`: what the last of these did.
    """

    content: ItemContent
    order: tuple[int, ...]
    answer: Answer | None
    keys: tuple[Key, ...]
    effect: Effect | None
    explanation: Explanation
    points: int
    of_points: int
    marked: "Marked | None" = None


@dataclass(frozen=True, slots=True)
class Marked:
    """What examiners gave for a response: points by criterion, and their remarks."""

    criteria: tuple[tuple[Criterion, int], ...]
    remarks: tuple[str, ...]


def rule_of(session: Session, exam: Exam) -> Review:
    """Return when the exam's papers may be looked through."""
    return Review(exams.settings_of(session, exam.id).get("review", Review.NEVER))


def current_rule(exam_code: str) -> Review:
    """Return the rule of an exam."""
    with transaction() as session:
        return rule_of(session, found(session, exam_code))


def set_rule(exam_code: str, rule: Review, *, actor_id: int, now: datetime) -> None:
    """Choose whether the papers may be looked through, before the exam or after it; raises ReviewFrozen."""
    with transaction() as session:
        exam = found(session, exam_code)
        row = exams.lock(session, exam.id)
        if is_frozen(session, exam, now) and not is_over(session, exam, now):
            raise ReviewFrozen
        row.settings = {**row.settings, "review": str(rule)}
        audit.record(session, actor_id=actor_id, action="exam.review_rule", subject=f"exam:{exam.id}", now=now, rule=str(rule))


def held_by(exam_code: str, now: datetime) -> tuple[tuple[str, str] | None, Outstanding | None]:
    """Return what keeps an exam's papers from being looked through: which other exam of the same bank (code, title), and what may still come by packets."""
    with transaction() as session:
        exam = found(session, exam_code)
        due = packets.outstanding(session, exam.id)
        return _held_by(session, exam, now), None if due.is_settled(now) else due


def _held_by(session: Session, exam: Exam, now: datetime) -> tuple[str, str] | None:
    return exams.still_drawn(session, exam.bank_code, exam.id, now - LASTS, now)


def shows_keys(session: Session, exam: Exam, now: datetime) -> bool:
    """Tell whether those whose results are out may look through their papers: not while anybody sits, may bring a packet, or be given the same items."""
    return rule_of(session, exam) is Review.AFTER_WINDOW and exam.shows_results and is_settled(session, exam, now) and not _held_by(session, exam, now)


def close(session: Session, exam_id: int, *, actor_id: int, now: datetime) -> None:
    """Keep papers from being looked through after all: people are to sit again, and nobody has said when."""
    row = exams.lock(session, exam_id)
    if row.settings.get("review", Review.NEVER) != Review.NEVER:
        row.settings = {**row.settings, "review": str(Review.NEVER)}
        audit.record(session, actor_id=actor_id, action="exam.review_rule", subject=f"exam:{exam_id}", now=now, rule=str(Review.NEVER))


def is_open(person_id: int, exam_code: str, now: datetime) -> bool:
    """Tell whether a person may look through her paper."""
    with transaction() as session:
        return _counting(session, person_id, found(session, exam_code), now) is not None


def review(person_id: int, exam_code: str, now: datetime) -> tuple[Exam, tuple[ReviewedItem, ...]]:
    """Return the paper of the attempt that counts; raises ReviewClosed."""
    with transaction() as session:
        exam = found(session, exam_code)
        attempt = _counting(session, person_id, exam, now)
        held = results.newest_of(session, attempt.id) if attempt else None
        if attempt is None or held is None:
            raise ReviewClosed
        assembly_id, paper = paper_store.by_id(session, attempt.paper_id)
        known, worth = papers.places(session, assembly_id), papers.position_points(session, exam.id, assembly_id)
        contents, keys = bank.contents(session, paper.version_ids), bank.keys(session, paper.version_ids)
        corrections = regrades.in_force(session, exam.id)
        explained = bank.explanations(session, paper.version_ids)
        marked = {row.position: _marked(session, row, keys[row.version_id]) for row in marking.of_attempts(session, [attempt.id])}
        return exam, tuple(
            ReviewedItem(
                contents[version], paper.order(index, known[version].options), attempt.answers.get(index + 1),
                right_keys(keys[version], made), made[-1].effect if made else None, explained[version],
                held.item_points[index] or 0, worth[index], marked.get(index + 1),
            )
            for index, version in enumerate(paper.version_ids)
            for made in (corrections.get(version, ()),)
        )  # fmt: skip


def _marked(session: Session, row: ScriptRow, key: Key) -> Marked | None:
    if not row.points:
        return None
    given = marking.marks(session, row)
    counting = [mark for mark in given if mark.decides][-1:] or given
    return Marked(tuple(zip(criteria_of(key, row.worth), row.points, strict=True)), tuple(mark.remark for mark in counting if mark.remark))


def picture(person_id: int, exam_code: str, digest: str, now: datetime) -> Picture:
    """Return a picture of the reviewed paper."""
    with transaction() as session:
        exam = found(session, exam_code)
        attempt = _counting(session, person_id, exam, now)
        if attempt is None or not papers.shows(session, paper_store.by_id(session, attempt.paper_id)[1], digest):
            raise Missing
        held = bank.picture(session, exam.bank_code, digest)
        if held is None:
            raise Missing
        return held


def _counting(session: Session, person_id: int, exam: Exam, now: datetime) -> Attempt | None:
    """Return the attempt that counts, None where it may not be looked through."""
    counts = posting.counting(session, exam, person_id) if shows_keys(session, exam, now) else None
    return None if counts is None else attempts.by_id(session, counts[0])
