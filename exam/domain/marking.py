"""Marking by people: who may have a script, what its marks add up to, and when a third person decides.

One mark settles a script; a sample wants two, by different examiners who do not see each other's. Within the tolerance the mean
counts, beyond it a third person decides, who sees both. Points are hundredths.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from exam.domain.exam import ExamPolicy
from lms.kernel.refusal import N_, Conflict, Invalid
from question_bank.domain.item import Criterion, Key

LEASE = timedelta(minutes=20)
LONGEST_REMARK = 500


class ScriptState(StrEnum):
    """What a script waits for."""

    WAITING = "waiting"  # for its first or second examiner
    DISPUTED = "disputed"  # for a third person
    SETTLED = "settled"


class LeaseLost(Conflict):
    """The lease ran out and somebody else has the script, or it was handed in."""

    code = "lease_lost"
    message = N_("这份答卷的评阅时限已过，已由他人领取，或已经交回。您的草稿仍保留，请领取下一份。")


class PointsUnfit(Invalid):
    """A criterion without points, or with more than it is worth."""

    code = "points_unfit"
    message = N_("请给每条评分标准打分：不小于 0，不超过该条的分值，最多两位小数。")


class MarkFinal(Conflict):
    """Results are out, or the mark is not one's own to take back."""

    code = "mark_final"
    message = N_("这份评分已不能撤回：成绩已公布，或答卷已转交裁定。需要改分时，请联系考试管理员。")


class NobodyDecides(Conflict):
    """A script is opened again only where another person may decide it."""

    code = "nobody_decides"
    message = N_("除您以外，还没有能裁定这份答卷的考试管理员。请先在“角色授权”中授予一位没有评过它、也不参加这场考试的同事省级管理员角色，再转为裁定。")


class NotSettled(Conflict):
    """Only a settled script is opened again."""

    code = "script_not_settled"
    message = N_("这份答卷还没有评完，不需要重评。")


@dataclass(frozen=True, slots=True)
class Mark:
    """What one person gave, criterion by criterion; `decides`: as the third one."""

    examiner_id: int
    points: tuple[int, ...]
    remark: str = ""
    decides: bool = False

    @property
    def total(self) -> int:
        """Return the points of the whole response."""
        return sum(self.points)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a script stands by its marks; `points` by criterion once it is settled."""

    state: ScriptState
    points: tuple[int, ...] | None = None


def wanted_marks(exam_code: str, attempt_id: int, position: int, policy: ExamPolicy) -> int:
    """Return how many examiners a script wants: two for a sample that nobody chooses and everybody can check."""
    drawn = int.from_bytes(hashlib.sha256(f"{exam_code}:{attempt_id}:{position}".encode()).digest()[:8]) % 100
    return 2 if drawn < policy.double_percent else 1


def script_code(script_id: int) -> str:
    """Return the name under which examiners see a script; it tells nothing of the person."""
    sign = hashlib.sha256(f"script:{script_id}".encode()).hexdigest().upper()
    return f"{sign[:4]}-{sign[4:8]}"


def criteria_of(key: Key, worth: int) -> tuple[Criterion, ...]:
    """Return the rubric with the points that an exam gives the item: shared out as the author weighed, to the last hundredth."""
    if not key.rubric:
        return (Criterion("", worth),)
    weights = [one.points for one in key.rubric]
    # Shares of a whole cut into as many parts as there are weights, so that the cuts add up exactly.
    cuts = [worth * sum(weights[: at + 1]) // sum(weights) for at in range(len(weights))]
    return tuple(Criterion(one.words, cut - before) for one, cut, before in zip(key.rubric, cuts, (0, *cuts), strict=False))


def checked(points: Sequence[int | None], criteria: Sequence[Criterion]) -> tuple[int, ...]:
    """Return the points of a mark; raises PointsUnfit."""
    given = tuple(one for one in points if one is not None)
    if not len(given) == len(points) == len(criteria) or any(not 0 <= one <= criterion.points for one, criterion in zip(given, criteria, strict=True)):
        raise PointsUnfit
    return given


def standing(marks: Sequence[Mark], wanted: int, worth: int, policy: ExamPolicy) -> Standing:
    """Fold the marks of a script, the oldest first."""
    decided = [mark for mark in marks if mark.decides]
    if decided:
        return Standing(ScriptState.SETTLED, decided[-1].points)
    if len(marks) < wanted:
        return Standing(ScriptState.WAITING)
    if wanted == 1:
        return Standing(ScriptState.SETTLED, marks[0].points)
    one, two = marks[0], marks[1]
    if abs(one.total - two.total) * 100 > policy.tolerance_percent * worth:
        return Standing(ScriptState.DISPUTED)
    return Standing(ScriptState.SETTLED, mean(one.points, two.points))


def mean(one: Sequence[int], two: Sequence[int]) -> tuple[int, ...]:
    """Return the mean by criterion; the total is the exact mean, half a hundredth rounded up."""
    sums, found = [left + right for left, right in zip(one, two, strict=True)], []
    up = True
    for both in sums:
        found.append(both // 2 + (both % 2 and up))
        up ^= bool(both % 2)
    return tuple(found)
