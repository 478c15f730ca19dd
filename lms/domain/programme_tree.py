"""What a programme states: one dataclass per table of a programme file, one field per key."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from lms.domain.programme_annex import Addition, Award, Certificate, Derivation, Deviation, Fees, Roster, Volunteer
from lms.domain.programme_reading import Blank, Limits, ZoneName
from lms.domain.programme_terms import Code, Count, DivisionCode, Hours, Percent, Points, Some
from lms.domain.window import Edge, Name, Period


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
class Asked:
    """What is asked of one kind of person where it differs from what is asked of all."""

    online: Hours | None = None
    offline: Hours | None = None
    total: Points | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One kind of person the programme is for."""

    code: Code
    title: str
    condition: Condition
    priority: bool = False
    asked: Asked | None = None


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
    """Ask now and then whether somebody is there; three minutes to answer are everybody's."""

    from_minutes: Some
    to_minutes: Some


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
    """The quiz at the end of a lesson; `tries` 0 means as often as wished. It may be done first unless it is for after the lesson."""

    items: Some
    pass_percent: Percent
    tries: Count = 0
    after_watching: bool = False


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

    def asked_of(self, kinds: Collection[str]) -> Self:
        """Give the programme as it holds for a person of these kinds: of each requirement the strictest."""
        chosen = [one.asked for one in self.participants if one.code in kinds]
        if not any(chosen):
            return self

        def most(name: str, otherwise: Decimal) -> Decimal:
            stated = (getattr(one, name) if one else None for one in chosen)
            return max(otherwise if value is None else value for value in stated)

        online, offline = most("online", self.hours.online), most("offline", self.hours.offline)
        total = most("total", self.requirements.total)
        return replace(self, hours=replace(self.hours, online=online, offline=offline), requirements=replace(self.requirements, total=total))

    @property
    def strictest(self) -> Self:
        """Give the programme as it holds for who is of every kind at once."""
        return self.asked_of([one.code for one in self.participants])

    @property
    def zone(self) -> ZoneInfo:
        """Give the time zone every bare date of the programme is meant in."""
        return ZoneInfo(self.time_zone)
