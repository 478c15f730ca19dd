"""What a programme states: one dataclass per table of a programme file, one field per key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from lms.domain.programme_reading import Blank, Limits, Pattern, ZoneName
from lms.domain.window import Edge, Name, Period

Code = Annotated[str, Pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")]
DivisionCode = Annotated[str, Pattern(r"[0-9A-Z]{6,12}")]
KeyPath = Annotated[str, Pattern(r"[a-z_0-9.*\[\]]+")]
Percent = Annotated[int, Limits(0, 100)]
Count = Annotated[int, Limits(0, 10_000_000)]
Some = Annotated[int, Limits(1, 1_000_000)]
Hours = Annotated[Decimal, Limits(0, 1000)]
Points = Annotated[Decimal, Limits(0, 1000)]
Day = Annotated[datetime, Edge("end")]
Level = Literal["city", "county", "school"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The notice a programme was made from."""

    number: str
    title: str
    issuer: str
    published: Annotated[datetime, Edge("start")]
    basis: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who holds the training, and on which platform the notice says it happens."""

    organiser: str
    provider: str
    platform: str
    management: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One subject of the training."""

    code: Code
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment(Period):
    """When enrolment is open, and who enrols."""

    by: Literal["school", "county", "learner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Period):
    """One stage of the plan."""

    code: Code
    title: str
    activity: Literal["online", "offline", "assignments", "assessment"]
    adjustable: bool = False
    note: Annotated[str, Blank()] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What makes a person a participant; everything stated must hold."""

    text: str
    younger_than: Annotated[int, Limits(16, 100)] | None = None
    age_on: Annotated[datetime, Edge("start")] | None = None
    failed_in: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One kind of person the programme is for."""

    code: Code
    title: str
    condition: Condition
    priority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """One kind of school that has its own column of quotas."""

    code: Code
    title: str
    covers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CityQuota:
    """The seats of one city, per sector."""

    code: DivisionCode
    name: str
    seats: Mapping[str, Count] = field(hash=False)
    own_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """The seats of every city, and the totals the notice states."""

    total: Count
    totals: Mapping[str, Count] = field(hash=False)
    cities: tuple[CityQuota, ...]

    def of(self, city: str) -> Mapping[str, int]:
        """Give the seats of a city per sector; none for a city unknown here."""
        return next((row.seats for row in self.cities if row.code == city), {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Period):
    """The period in which the teachers of these cities earn online hours."""

    code: Code
    cities: tuple[DivisionCode, ...]
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Ask now and then whether somebody is there."""

    from_minutes: Some
    to_minutes: Some
    answer_minutes: Some = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRule:
    """How many credit hours are asked, and how they are earned."""

    online: Hours
    offline: Hours
    offline_condition: Literal["none", "school_finished_online"] = "none"
    minutes_per_hour: Annotated[int, Limits(1, 240)] = 45
    credit: Literal["nominal", "measured", "lesson"]
    rounding: Literal["exact", "half", "whole"]
    rate: Annotated[Decimal, Limits(1, 4)] = Decimal(1)
    watched_ratio: Annotated[Decimal, Limits(0, 1)] = Decimal("0.95")
    quiz_required: bool = False
    presence: Presence | None = None
    longest_day_minutes: Annotated[int, Limits(1, 1440)] = 480
    registered_as: str = ""

    @property
    def online_minutes(self) -> Decimal:
        """Say how many minutes of watching the online hours are."""
        return self.online * self.minutes_per_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """The quiz at the end of a lesson; `tries` 0 means as often as wished."""

    items: Some
    pass_percent: Percent
    tries: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One piece of written work; `share` is its part of the assignments' weight."""

    code: Code
    title: str
    task: str
    min_characters: Count
    share: Percent
    hand_in: Period
    marking: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam(Period):
    """The final test."""

    code: Code
    title: str
    window_rule: Literal["start_by", "finish_by"]
    minutes: Annotated[int, Limits(1, 1440)]
    items: Annotated[int, Limits(1, 1000)]
    points: Annotated[int, Limits(1, 1000)]
    pass_mark: Points | None = None
    attempts: Some = 1
    random_draw: bool = False
    requires_learning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of the total."""

    code: Code
    title: str
    weight: Percent
    source: Literal["exam", "assignments"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How the total is made."""

    points: Annotated[int, Limits(1, 1000)]
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What must hold for a person to be qualified."""

    online_complete: bool
    offline_complete: bool
    total: Points


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme(Period):
    """A province's training programme; `opens` and `closes` frame it all."""

    code: Code
    title: str
    time_zone: Annotated[str, ZoneName()]
    source: Source
    organisation: Provider
    goals: tuple[str, ...] = ()
    topics: tuple[Topic, ...]
    enrolment: Enrolment
    stages: tuple[Stage, ...]
    participants: tuple[Participant, ...]
    sectors: tuple[Sector, ...]
    quotas: Quotas
    windows: tuple[Window, ...]
    hours: HoursRule
    quiz: Quiz | None = None
    assignments: tuple[Assignment, ...] = ()
    exam: Exam
    assessment: Assessment
    requirements: Requirements
    certificate: Certificate
    awards: tuple[Award, ...] = ()
    volunteers: tuple[Volunteer, ...] = ()
    rosters: tuple[Roster, ...] = ()
    fees: Fees
    deviations: tuple[Deviation, ...] = ()
    additions: tuple[Addition, ...] = ()
    derivation: Annotated[Derivation | None, Name("derived_from")] = None

    @property
    def zone(self) -> ZoneInfo:
        """Give the time zone every bare date of the programme is meant in."""
        return ZoneInfo(self.time_zone)
