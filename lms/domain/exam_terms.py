"""When and how exams are really held: the tool that holds them knows better than the programme's file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from lms.domain.programme import Programme
from lms.domain.window import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamTerms(Period):
    """What an exam was set up with; all but `component` are called as in the programme's exam."""

    title: str
    component: str
    minutes: int
    items: int
    points: int
    attempts: int
    requires_learning: bool


@dataclass(frozen=True, slots=True)
class ExamShape:
    """What those who come to an exam sit; `again` where the component was examined before, so that only those come who need it."""

    minutes: int
    items: int
    again: bool = False

    @property
    def share(self) -> str:
        """Name the figure that says how many of the enrolled come."""
        return "resit_share" if self.again else "exam_share"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamTime(Period):
    """A time in which exams are open, one or several at once; who may choose among those of one component sits one of them."""

    code: str
    title: str
    shapes: tuple[ExamShape, ...]


def held(programme: Programme, terms: ExamTerms | None) -> Programme:
    """Return the programme with an exam as it is held; without one, as the file says."""
    if terms is None:
        return programme
    as_held = {one.name: getattr(terms, one.name) for one in fields(ExamTerms) if one.name not in {"title", "component"}}
    as_held |= {"opens": terms.opens.astimezone(programme.zone), "closes": terms.closes.astimezone(programme.zone)}
    return replace(programme, exam=replace(programme.exam, **as_held))


def next_of(exams: Iterable[ExamTerms], now: datetime) -> ExamTerms | None:
    """Return the exam that matters now: the first that is not over, else the last."""
    ordered = sorted(exams, key=lambda one: one.opens)
    return next((one for one in ordered if now < one.closes), ordered[-1] if ordered else None)


def as_filed(programme: Programme) -> tuple[ExamTime, ...]:
    """Return the exam of a programme's file."""
    exam = programme.exam
    return (ExamTime(code=exam.code, title=exam.title, opens=exam.opens, closes=exam.closes, shapes=(ExamShape(exam.minutes, exam.items),)),)


def times(programme: Programme, exams: Iterable[ExamTerms]) -> tuple[ExamTime, ...]:
    """Return when exams are held: those that overlap are one time, since nobody sits two at once; nothing where none is set up."""
    together: list[list[ExamTerms]] = []
    for one in sorted(exams, key=lambda one: one.opens):
        if together and one.opens < max(other.closes for other in together[-1]):
            together[-1].append(one)
        else:
            together.append([one])
    found: list[ExamTime] = []
    examined: set[str] = set()
    for number, group in enumerate(together, start=1):
        components = list(dict.fromkeys(one.component for one in group))
        shapes = tuple(_shape([one for one in group if one.component == component], again=component in examined) for component in components)
        examined.update(components)
        code = programme.exam.code if number == 1 else f"{programme.exam.code}-{number}"
        title = " + ".join(dict.fromkeys(one.title for one in group))
        opens, closes = (moment.astimezone(programme.zone) for moment in (group[0].opens, max(one.closes for one in group)))
        found.append(ExamTime(code=code, title=title, opens=opens, closes=closes, shapes=shapes))
    return tuple(found)


def _shape(exams: Sequence[ExamTerms], *, again: bool) -> ExamShape:
    return ExamShape(max(one.minutes for one in exams), max(one.items for one in exams), again)
