"""Grades: weighted results against a programme's requirements, compared exactly before any rounding."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from lms.domain.programme import Programme
from lms.kernel.refusal import N_, Invalid


class UnknownComponent(Invalid):
    """The programme has no such part of the total."""

    code = "unknown_component"
    message = N_("培训项目的考核中没有这一项。")


class ScoreOutOfRange(Invalid):
    """The points are not between nothing and all."""

    code = "score_out_of_range"
    message = N_("得分须在 0 与满分之间。")


@dataclass(frozen=True, slots=True)
class Score:
    """Points in hundredths, of how many."""

    points: int
    of_points: int

    def __post_init__(self) -> None:
        """Refuse what is no score."""
        if self.of_points <= 0 or not 0 <= self.points <= self.of_points:
            raise ScoreOutOfRange

    @property
    def share(self) -> Fraction:
        """Return the part of all points, exactly."""
        return Fraction(self.points, self.of_points)


@dataclass(frozen=True, slots=True)
class Grade:
    """How a learner stands: `total` in the programme's points, None until every component has a score."""

    total: Fraction | None
    scores: Mapping[str, Score]
    online_complete: bool
    offline_complete: bool
    qualified: bool


def check_component(programme: Programme, code: str) -> None:
    """Refuse a component that the programme does not weigh."""
    if code not in {component.code for component in programme.assessment.components}:
        raise UnknownComponent


def grade(programme: Programme, scores: Mapping[str, Score], *, online_complete: bool, offline_complete: bool) -> Grade:
    """Weigh the scores and tell whether every requirement holds.

    70 points at full weight and 0.3 × 60 are exactly 88: nothing is rounded before it is compared.
    """
    components = programme.assessment.components
    total = None
    if all(component.code in scores for component in components):
        total = sum(
            (scores[component.code].share * Fraction(str(component.weight)) / 100 * programme.assessment.points for component in components),
            Fraction(0),
        )
    asked = programme.requirements
    qualified = (
        total is not None
        and total >= Fraction(str(asked.total))
        and (online_complete or not asked.online_complete)
        and (offline_complete or not asked.offline_complete)
    )
    return Grade(total=total, scores=scores, online_complete=online_complete, offline_complete=offline_complete, qualified=qualified)
