"""When and how an exam is really held: the tool that holds it knows better than the programme's file."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime

from lms.domain.programme import Programme
from lms.domain.window import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamTerms(Period):
    """What an exam was set up with; the fields are called as those of the programme's exam."""

    minutes: int
    items: int
    points: int
    attempts: int
    requires_learning: bool


def held(programme: Programme, exams: Iterable[ExamTerms], now: datetime) -> Programme:
    """Return the programme with the exam as it is held: the first that is not over, else the last; without any, as the file says."""
    ordered = sorted(exams, key=lambda one: one.opens)
    if not ordered:
        return programme
    terms = next((one for one in ordered if now < one.closes), ordered[-1])
    as_held = {one.name: getattr(terms, one.name) for one in fields(ExamTerms)}
    as_held |= {"opens": terms.opens.astimezone(programme.zone), "closes": terms.closes.astimezone(programme.zone)}
    return replace(programme, exam=replace(programme.exam, **as_held))
