"""An exam: its window, its limit, and how long somebody who starts now will have."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from exam.domain.safe_exam_browser import BrowserKeys
from question_bank.domain.scoring import MultiplePolicy

GRACE = timedelta(seconds=60)  # what arrives this long after the deadline still counts, and is marked
REMEMBERED = timedelta(days=7)  # after the end of its window an exam's board still shows who was heard of and who waited; then it is forgotten


class WindowRule(StrEnum):
    """What the end of the exam's window means."""

    START_BY = "start_by"
    FINISH_BY = "finish_by"


class Release(StrEnum):
    """When results may be seen."""

    AT_ONCE = "at_once"
    BY_HAND = "by_hand"


class Counts(StrEnum):
    """Which of several attempts counts."""

    BEST = "best"
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPolicy:
    """How an exam is scored, marked and taken again; nothing of it changes once the exam is frozen.

    `wait_days`: whole days of 24 hours between the end of an attempt and the next. `double_percent`: the share of scripts that two
    examiners mark; `tolerance_percent`: of an item's points, up to which the two may differ.
    """

    multiple: MultiplePolicy = MultiplePolicy.ALL_OR_NOTHING
    counts: Counts = Counts.BEST
    wait_days: int = 0
    double_percent: int = 20
    tolerance_percent: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """The settings of an exam; points in hundredths. The window is half open."""

    id: int
    code: str
    programme_code: str
    title: str
    component: str
    bank_code: str
    opens: datetime
    closes: datetime
    window_rule: WindowRule
    minutes: int
    attempts: int
    items: int
    points: int
    pass_points: int | None
    requires_learning: bool
    release: Release
    activity_id: int | None
    state: str
    released: bool = False
    keeps_offline: bool = True  # whether unsaved answers may lie, sealed, on the learner's own device
    asks_identity: bool = False  # whether nobody starts before an invigilator has confirmed who she is
    starts_per_second: float | None = None  # None: the house's rate
    config_keys: tuple[str, ...] = ()  # of Safe Exam Browser, as its browser_exam_keys
    browser_exam_keys: tuple[str, ...] = ()
    browser_configuration: str = ""  # the address of its configuration
    marking_until: datetime | None = None  # until when examiners are asked to have marked
    policy: ExamPolicy = field(default_factory=ExamPolicy)

    @property
    def browser_keys(self) -> BrowserKeys:
        """Return what it asks of the browser."""
        return BrowserKeys(self.config_keys, self.browser_exam_keys)

    @property
    def shows_results(self) -> bool:
        """Tell whether a final result may be seen and counts for the grade."""
        return self.release is Release.AT_ONCE or self.released

    @property
    def finish_by(self) -> datetime | None:
        """Return the latest deadline anyone can have: a grace before the end, so that late arrivals lie inside the window."""
        return self.closes - GRACE if self.window_rule is WindowRule.FINISH_BY else None

    def deadline(self, started_at: datetime, percent: int = 100) -> datetime:
        """Return the deadline of an attempt begun then; `percent` is the person's accommodation of the limit."""
        limit = started_at + timedelta(minutes=self.minutes) * percent / 100
        return limit if self.finish_by is None else min(limit, self.finish_by)

    def time_given(self, now: datetime, percent: int = 100) -> timedelta:
        """Return "you will have N minutes" for a start at this instant."""
        return max(self.deadline(now, percent) - now, timedelta(0))

    def kept_back(self, percent: int) -> timedelta:
        """Return how much of a person's limit the window keeps back even from her who starts as it opens."""
        return timedelta(minutes=self.minutes) * percent / 100 - self.time_given(self.opens, percent)

    def starts_at(self, now: datetime) -> bool:
        """Tell whether an attempt may begin now."""
        return self.opens <= now < self.closes and self.time_given(now) > timedelta(0)
