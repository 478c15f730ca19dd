"""Activities: the things a learner does in a lesson or a programme, whoever provides them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lms.domain.exam_terms import ExamTerms

REHEARSED = "demo:before"  # the evidence of what a rehearsal takes as done; a live database accepts none without a tool's own record


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing to do. `kind` names the tool that provides it, `ref` is the tool's own id."""

    id: int
    kind: str
    ref: str
    title: str
    lesson_id: int | None
    programme_code: str


@dataclass(frozen=True, slots=True)
class ActivityState:
    """How far a learner is: `fraction` 0 to 1, `text` a short translated sentence.

    `pending`: what was done has no result yet; `again_at`: from when on it may be done once more; `terms`: of an exam, how it is held for her;
    `spent`: it is not done, and she has no attempt left; `sits`: her time for it is running.
    """

    activity_id: int
    done: bool
    fraction: float
    text: str
    pending: bool = False
    again_at: datetime | None = None
    terms: ExamTerms | None = None
    spent: bool = False
    sits: bool = False


@dataclass(frozen=True, slots=True)
class LearningRules:
    """What a tool needs to know of the learner's programme, so that it asks nothing while she learns.

    `opens` and `closes` are her window, half open; both None where the programme has none. `rate` is credited seconds per
    second of the clock. `presence_minutes` is None where presence is not asked.
    """

    enrolment_id: int
    programme_code: str
    opens: datetime | None
    closes: datetime | None
    rate: Decimal
    watched_ratio: Decimal
    presence_minutes: tuple[int, int] | None
    quiz_items: int
    quiz_pass_percent: int
    quiz_tries: int | None
    quiz_asked: bool
    quiz_after_watching: bool

    def earns_at(self, now: datetime) -> bool:
        """Tell whether the window is open."""
        return (self.opens is None or self.opens <= now) and (self.closes is None or now < self.closes)


@dataclass(frozen=True, slots=True)
class Panel:
    """What a tool shows on the lesson page: its template, the page object for it, its scripts and styles (asset paths)."""

    template: str
    page: object
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
