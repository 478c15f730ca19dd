"""Look through an exam's responses for leads, and show them to those who answer for the people."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np

from exam.domain import integrity as rules
from exam.domain.exam import Exam
from exam.domain.integrity import Sheets
from exam.services import analysis
from exam.services import paper as papers
from exam.services.exam import found
from exam.store import analysis as scored
from exam.store import integrity as store
from exam.store import regrade as regrades
from exam.store.integrity import IntegrityLeadRow, IntegrityRunRow
from lms import api as platform
from lms.kernel import audit, jobs
from lms.kernel.db import Session, transaction
from lms.kernel.jobs import Standing
from lms.kernel.permissions import Permission

JOB = "exam.integrity"
FAST_SECONDS = 3.0
FAST_LEAST = 10  # answers
FAST_RIGHT = 0.8  # of them right
LEAST_PEOPLE = 30  # for chances and difficulties to mean anything


@dataclass(frozen=True, slots=True)
class Leads:
    """What a page shows: the newest run and those of its leads that lie in one's scope."""

    exam: Exam
    run: IntegrityRunRow | None
    leads: tuple[IntegrityLeadRow, ...]
    names: dict[int, str]
    standing: Standing | None  # the look that waits or runs


def look(now: datetime, exam_code: str) -> None:
    """Look an exam through and store what was found, unless it is cancelled meanwhile."""
    beat = partial(jobs.beat, analysis.key_of(JOB, exam_code))
    with transaction() as session:
        exam = found(session, exam_code)
        sheets, who = _gathered(session, exam, beat)
        cards = platform.people(session, who)
        fast = store.paces(session, exam.id, seconds=FAST_SECONDS, least=FAST_LEAST)
    schools = {path: number for number, path in enumerate(sorted({cards[person].unit_path for person in who}))}
    similar = rules.similarity(sheets, np.array([schools[cards[person].unit_path] for person in who]))
    beat()
    leads: list[tuple[str, int, int | None, dict[str, float]]] = [
        (
            "similar", who[pair.one], who[pair.other],
            {"common": pair.common, "matches": pair.matches, "wrong": pair.wrong, "expected": round(pair.expected, 2), "omega": round(pair.omega, 2),
             "probability": pair.probability, "adjusted": pair.adjusted},
        )
        for pair in similar.leads
    ]  # fmt: skip
    if len(who) >= LEAST_PEOPLE:
        fit = rules.person_fit(sheets, rules.difficulties(sheets))
        leads += [("misfit", who[at], None, {"fit": round(float(fit[at]), 2)}) for at in np.argsort(fit) if fit[at] < rules.MISFIT]
    beat()
    leads += [("fast", one.person_id, None, {"fast": one.fast, "right": one.right}) for one in fast if one.right >= FAST_RIGHT * one.fast]
    with transaction() as session:
        run = IntegrityRunRow(exam_id=exam.id, people=len(who), pairs=similar.pairs, too_few=similar.too_few, left_out=similar.left_out, at=now)
        store.add(session, run, leads)


def _gathered(session: Session, exam: Exam, beat: Callable[[], None]) -> tuple[Sheets, list[int]]:
    """Gather who answered what on her first scored paper, everybody's; and the people behind the numbers."""
    places = analysis.places_of(session, exam)
    fixed = analysis.fixed_of(regrades.in_force(session, exam.id))
    parts = {version for version, place in places.items() if not place.type.chooses}
    column = {version: at for at, version in enumerate(sorted(places))}
    who: list[int] = []
    person, item, chosen, share = array("i"), array("i"), array("I"), array("f")
    for attempt in jobs.beating(scored.scored(session, exam.id), beat):
        for version, got, bits in analysis.answered(attempt, papers.position_points(session, exam.id, attempt.assembly_id), parts, fixed):
            person.append(len(who))
            item.append(column[version])
            chosen.append(bits)
            share.append(got if version in parts else got == 1)
        who.append(attempt.person_id)
    return Sheets(np.array(person), np.array(item), np.array(chosen), np.array(share)), who


def leads(exam_code: str, actor_id: int, now: datetime) -> Leads:
    """Return the leads about people one answers for; that they were seen is recorded."""
    with transaction() as session:
        exam = found(session, exam_code)
        newest, runs = store.newest(session, exam.id), jobs.standing(session, analysis.key_of(JOB, exam.code))
        if newest is None:
            return Leads(exam, None, (), {}, runs)
        run, every = newest
        scope = platform.scope_of(session, actor_id, Permission.MANAGE_EXAMS)
        cards = platform.people(session, [person for lead in every for person in (lead.person_id, lead.other_id) if person])
        mine = tuple(lead for lead in every if any(cards[lead.person_id].unit_path.startswith(path) for path in scope))
        audit.record(session, actor_id=actor_id, action="integrity.view", subject=f"exam:{exam.id}", now=now, leads=len(mine))
        return Leads(exam, run, mine, {person: f"{card.name}（{card.unit_name}）" for person, card in cards.items()}, runs)
