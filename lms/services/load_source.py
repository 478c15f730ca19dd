"""What tools tell of load: figures of their own that a forecast may use, how exams are held, and how many do what at this moment."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from lms.domain.exam_terms import ExamTerms
from lms.kernel.db import Session

Place = tuple[str, str]  # programme, city
FiguresOf = Callable[[Session], Mapping[str, float]]
ExamsOf = Callable[[Session, str], Iterable[ExamTerms]]
CountOf = Callable[[Session, datetime], Mapping[Place, int]]

# Filled while the parts are imported, read afterwards.
_FIGURES: list[FiguresOf] = []
_EXAMS: list[ExamsOf] = []
_COUNTS: dict[str, CountOf] = {}


def register_load_figures(figures: FiguresOf) -> None:
    """Let a tool give figures of the forecast (by their names in the behaviour file) that it knows better."""
    _FIGURES.append(figures)


def register_exam_terms(exams: ExamsOf) -> None:
    """Let a tool tell how the exams of a programme are held."""
    _EXAMS.append(exams)


def register_load_count(metric: str, count: CountOf) -> None:
    """Let a tool count, for one metric of the forecast, how many there are now."""
    _COUNTS[metric] = count


def figures(session: Session) -> dict[str, float]:
    """Gather what the tools know."""
    return {name: value for provider in _FIGURES for name, value in provider(session).items()}


def exams(session: Session, programme_code: str) -> tuple[ExamTerms, ...]:
    """Gather how the exams of a programme are held."""
    return tuple(terms for provider in _EXAMS for terms in provider(session, programme_code))


def counts(session: Session, now: datetime) -> dict[str, Mapping[Place, int]]:
    """Gather how many do what now."""
    return {metric: count(session, now) for metric, count in _COUNTS.items()}
