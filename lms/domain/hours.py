"""Credit hours: what an entry is worth, and what the sum of entries makes."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import ceil

from lms.domain.programme import HoursRule
from lms.kernel.refusal import N_, Conflict


class HoursKind(StrEnum):
    """Where hours were earned."""

    ONLINE = "online"
    OFFLINE = "offline"


class AlreadyReversed(Conflict):
    """The entry has been taken back before."""

    code = "already_reversed"
    message = N_("这笔学时已经撤销过了。")


@dataclass(frozen=True, slots=True)
class Worth:
    """What one entry, or a sum of entries, holds: seconds of time and lessons."""

    seconds: int
    lessons: int

    def __neg__(self) -> "Worth":
        return Worth(-self.seconds, -self.lessons)

    def __str__(self) -> str:
        return f"{self.seconds} s and {self.lessons} lessons"

    def __add__(self, other: "Worth") -> "Worth":
        return Worth(self.seconds + other.seconds, self.lessons + other.lessons)


NOTHING = Worth(0, 0)


def worth_of_lesson(rule: HoursRule, *, nominal_seconds: int, measured_seconds: int) -> Worth:
    """Say what one credited lesson is worth; a programme that counts lessons still records the time really studied."""
    return Worth(nominal_seconds if rule.credit == "nominal" else measured_seconds, 1)


def worth_of_offline(rule: HoursRule, hours: Decimal) -> Worth:
    """Say what offline hours are worth in seconds; a part of a second is given whole, so that nothing listed is lost."""
    return Worth(ceil(hours * rule.minutes_per_hour * 60), 0)


def online_hours(rule: HoursRule, total: Worth) -> Decimal:
    """Give the online hours of a sum, rounded down as the programme says; a programme may count lessons instead."""
    if rule.credit == "lesson":
        return Decimal(total.lessons)
    return _rounded(rule, total.seconds)


def offline_hours(rule: HoursRule, total: Worth) -> Decimal:
    """Give the offline hours of a sum."""
    return _rounded(rule, total.seconds)


def online_complete(rule: HoursRule, total: Worth) -> bool:
    """Tell whether the online hours asked are there."""
    return online_hours(rule, total) >= rule.online


def offline_complete(rule: HoursRule, total: Worth) -> bool:
    """Tell whether the offline hours asked are there."""
    return offline_hours(rule, total) >= rule.offline


def _rounded(rule: HoursRule, seconds: int) -> Decimal:
    of_hour = rule.minutes_per_hour * 60
    if rule.rounding == "whole":
        return Decimal(seconds // of_hour)
    if rule.rounding == "half":
        return Decimal(seconds * 2 // of_hour) / 2
    return Decimal(seconds) / of_hour
