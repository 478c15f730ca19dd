"""An attempt: its states, its deadline, and how the log folds into answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from lms.kernel.refusal import N_, Conflict

AttemptId = NewType("AttemptId", int)


class State(StrEnum):
    """Where an attempt stands."""

    OPEN = "open"
    SUBMITTED = "submitted"  # handed in by the learner
    FINALISED = "finalised"  # ended by the server at the deadline
    SCORED = "scored"
    ANNULLED = "annulled"


# Back to open only by a re-opening, which is audited and which the database also asks for.
_REOPENED = frozenset((ended, State.OPEN) for ended in (State.SUBMITTED, State.FINALISED, State.SCORED))
_ALLOWED = frozenset(
    {
        (State.OPEN, State.SUBMITTED),
        (State.OPEN, State.FINALISED),
        (State.OPEN, State.ANNULLED),
        (State.SUBMITTED, State.SCORED),
        (State.SUBMITTED, State.ANNULLED),
        (State.FINALISED, State.SCORED),
        (State.FINALISED, State.ANNULLED),
        (State.SCORED, State.ANNULLED),
    }
)


class IllegalTransition(Conflict):
    """An attempt cannot go from this state to that one."""

    code = "attempt_transition"
    message = N_("该作答记录的状态已经变化，不能执行此操作。")


class AttemptClosed(Conflict):
    """The attempt has been handed in or ended."""

    code = "attempt_closed"
    message = N_("本次作答已经结束，不能再修改答案。")


class TimeIsUp(Conflict):
    """It arrived after the deadline and its minute of grace."""

    code = "time_is_up"
    message = N_("考试时间已到，之后到达的答案只留作记录，不计入成绩。")


class AttemptPaused(Conflict):
    """The invigilators have paused the clock."""

    code = "attempt_paused"
    message = N_("监考人员暂停了考试，计时停止。您的答案都在本机，恢复后自动保存。")


class NoRestLeft(Conflict):
    """The person was granted no rest in this exam, or has had it all."""

    code = "no_rest_left"
    message = N_("自主休息的时间已经用完。")


class AttemptSettling(Conflict):
    """It came behind the deadline, but an outage is not settled yet: time may be given back."""

    code = "attempt_settling"
    message = N_("系统刚刚恢复，正在核算要补回的时间。您的答案都还在，请稍候。")


class TimeLeft(Conflict):
    """A page's bell rang by a deadline that has moved meanwhile."""

    code = "time_left"
    message = N_("考试时间已延长，请继续作答。")


class ResultOut(Conflict):
    """The attempt is scored, and its result is out or with the examiners."""

    code = "result_out"
    message = N_("这次作答的成绩已经公布或正在阅卷，不能重新开放。确有需要的，请作废后给予一次补考机会。")


class NewerAttempt(Conflict):
    """Only the newest attempt can be entered."""

    code = "newer_attempt"
    message = N_("考生之后已开始另一次作答，这一次不能重新开放。")


class OtherDeviceLeads(Conflict):
    """Another device leads the attempt."""

    code = "other_device_leads"
    message = N_("本次考试正在另一台设备或另一个页面上进行。如需在这里继续，请选择“在此设备继续”。")


class StaleRevision(Conflict):
    """The answer was changed elsewhere in the meantime."""

    code = "stale_revision"
    message = N_("这道题的答案已在别处修改，请核对后再保存。")


class SequenceTaken(Conflict):
    """The sequence number was already used for another change."""

    code = "sequence_taken"
    message = N_("保存请求的编号重复，请刷新页面后继续。")


def move(state: State, target: State, *, reopening: bool = False) -> State:
    """Return the new state; raises IllegalTransition."""
    if (state, target) in _ALLOWED or (reopening and (state, target) in _REOPENED):
        return target
    raise IllegalTransition(state=str(state), target=str(target))


def may_reopen(state: State) -> bool:
    """Tell whether a re-opening leads back from this state."""
    return (state, State.OPEN) in _REOPENED


def deadline_of(base: datetime, adjustments: Iterable[timedelta]) -> datetime:
    """Fold the adjustments (outage, extra minutes) onto the deadline given at the start; they move *finish by* too."""
    return base + sum(adjustments, timedelta(0))


def remaining_ms(deadline: datetime, now: datetime) -> int:
    """Return the milliseconds left, never below zero."""
    return max(0, (deadline - now) // timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands for one position: choices as shown, or texts."""

    choices: tuple[int, ...]
    revision: int
    marked: bool
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """One accepted line of the log."""

    position: int
    revision: int
    choices: tuple[int, ...]
    marked: bool
    texts: tuple[str, ...] = ()


def fold(changes: Iterable[LoggedChange]) -> Mapping[int, Answer]:
    """Return the answers that a log of accepted changes, in any order, adds up to."""
    answers: dict[int, Answer] = {}
    for change in changes:
        held = answers.get(change.position)
        if held is None or change.revision > held.revision:
            answers[change.position] = Answer(change.choices, change.revision, change.marked, change.texts)
    return answers
