"""What a programme states around the learning: honours, helpers, money, and its own deviations."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from lms.domain.programme_reading import Blank, Limits
from lms.domain.programme_terms import Code, Count, Day, KeyPath, Level, Percent, Some


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcellentCertificate:
    """The certificate of the best learners of the province."""

    title: str
    issuer: str
    percent: Percent


@dataclass(frozen=True, slots=True, kw_only=True)
class VolunteerCertificate:
    """The certificate of the best volunteers."""

    title: str
    issuer: str
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCertificate:
    """The certificate of the best cases among the work handed in."""

    title: str
    issuer: str
    count: Some
    least_characters: Some
    most_characters: Some
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The certificate of the qualified, and those above it."""

    title: str
    issuer: str
    electronic: bool = True
    excellent: ExcellentCertificate | None = None
    volunteer: VolunteerCertificate | None = None
    best_case: CaseCertificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """An award to the best cities, counties or schools, by rates in this order."""

    code: Code
    title: str
    level: Level
    count: Some
    by: tuple[Literal["enrolment_rate", "excellence_rate"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteer:
    """How many liaisons or volunteers of one kind each division names."""

    code: Code
    title: str
    level: Level
    least: Count
    most: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """A list of people that is due upwards; `reminder` is an earlier date to work towards."""

    code: Code
    title: str
    due: Day
    reminder: Day | None = None
    reviewed_by: str
    sent_to: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a learner pays, and who pays the rest."""

    learner_yuan: Annotated[Decimal, Limits(0, 100_000)]
    paid_by: str
    covers: tuple[str, ...] = ()
    travel: Annotated[str, Blank()] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """Where the file cannot follow the notice to the letter; `accepts` silences that one fault."""

    path: KeyPath
    notice: str
    file: str
    reason: str
    accepts: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What the file states and the notice does not."""

    path: KeyPath
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedDifference:
    """What a derived file changes; `[*]` in a path stands for any place in a list."""

    paths: tuple[KeyPath, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """The programme a file was derived from, and every difference."""

    programme: Code
    differences: tuple[DerivedDifference, ...]
