"""How people behave: the figures a forecast rests on, each with its range and its source, and ways to vary them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Figures = Mapping[str, Array]  # each a column: one row for each case that is reckoned

ASSUMED = "assumption"
DAYTIME = "daytime_"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what is taken, between what it may lie, and who says so."""

    name: str
    title: str
    title_en: str
    unit: str
    value: float
    low: float
    high: float
    source: str
    note: str = ""

    def titled(self, language: str) -> str:
        """Return the title in a page's language."""
        return self.title_en if language == "en" else self.title

    @property
    def assumed(self) -> bool:
        """Tell whether nobody but us says so."""
        return self.source == ASSUMED


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The same plan with some figures set otherwise."""

    code: str
    title: str
    title_en: str
    set: Mapping[str, float] = field(hash=False)

    def titled(self, language: str) -> str:
        """Return the title in a page's language."""
        return self.title_en if language == "en" else self.title


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Everything a forecast assumes; `workday` and `weekend` are shares by hour."""

    figures: Mapping[str, Figure] = field(hash=False)
    workday: tuple[float, ...]
    weekend: tuple[float, ...]
    curves_source: str
    what_ifs: tuple[WhatIf, ...]

    @property
    def sectors(self) -> tuple[str, ...]:
        """Return the sectors of which it says something of their own: how much of the daytime of a workday they use, against all others."""
        return tuple(name.removeprefix(DAYTIME) for name in self.figures if name.startswith(DAYTIME))

    @property
    def ranged(self) -> tuple[Figure, ...]:
        """Return the figures that nobody knows for certain."""
        return tuple(one for one in self.figures.values() if one.low < one.high)

    def having(self, **values: float) -> "Behaviour":
        """Return the same with some figures known: their range closes on the value."""
        known = {name: replace(self.figures[name], value=value, low=value, high=value) for name, value in values.items()}
        return replace(self, figures={**self.figures, **known})


class UnreadBehaviourError(ValueError):
    """The text holds no figures a forecast can use; the message says where."""


def daytime_of(sector: str) -> str:
    """Name the figure of a sector's daytime."""
    return DAYTIME + sector


def parse(text: str) -> Behaviour:
    """Read the figures; a missing source, an empty range or a value outside it is refused with its name."""
    try:
        raw: dict[str, Any] = tomllib.loads(text)
        figures = {name: Figure(name=name, **table) for name, table in raw["figures"].items()}
        curves = raw["curves"]
        what_ifs = tuple(WhatIf(**table) for table in raw.get("what_if", ()))
        found = Behaviour(figures, tuple(map(float, curves["workday"])), tuple(map(float, curves["weekend"])), curves["source"], what_ifs)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise UnreadBehaviourError(f"behaviour: {error}") from error
    for one in figures.values():
        if not one.low <= one.value <= one.high:
            raise UnreadBehaviourError(f"behaviour: figures.{one.name}: {one.value} does not lie between {one.low} and {one.high}")
        if not one.source:
            raise UnreadBehaviourError(f"behaviour: figures.{one.name} names no source; write one, or `assumption`")
    if len(found.workday) != 24 or len(found.weekend) != 24 or min(*found.workday, *found.weekend) < 0 or not sum(found.workday) * sum(found.weekend):
        raise UnreadBehaviourError("behaviour: curves.workday and curves.weekend are 24 shares each, none below 0 and not all 0")
    unknown = {name for one in found.what_ifs for name in one.set} - set(figures)
    if unknown:
        raise UnreadBehaviourError(f"behaviour: what_if sets unknown figures: {', '.join(sorted(unknown))}")
    return found


def cases(behaviour: Behaviour, changes: Sequence[Mapping[str, float]] = ({},)) -> Figures:
    """Return the figures for several cases at once, one row each, every case with its changes."""
    return {name: np.array([[change.get(name, one.value)] for change in changes], dtype=float) for name, one in behaviour.figures.items()}


def draws(behaviour: Behaviour, count: int, seed: int) -> Figures:
    """Draw every figure from a triangle over its range, one row a draw; the same seed gives the same draws."""
    chance = np.random.default_rng(seed)
    return {
        name: chance.triangular(one.low, one.value, one.high, (count, 1)) if one.low < one.high else np.full((count, 1), float(one.value))
        for name, one in behaviour.figures.items()
    }
