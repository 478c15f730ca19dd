"""What a run plays: one stretch of a programme, its cities by the forecast's own curve, scaled to people and pressed into seconds."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from lms.domain import behaviour as behaviours
from lms.domain.forecast import Stretch, central, stretches
from lms.domain.programme import Programme, parse

BEHAVIOUR = Path(__file__).with_name("behaviour.toml")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; travels to Locust's processes as one variable of the environment."""

    programme: str
    window: int  # from 0; the exam comes after the last
    people: int  # at once, at the fullest
    seconds: float
    pace: float = 6.0
    barrier: float = 0.0  # seconds until everybody who waits may start the exam at once
    peak: bool = False  # only the fullest quarter of an hour, held
    first: int = 0  # the first account that is free
    workers: int = 1
    offline: float = 0.05  # share of lessons with a spell without network
    lead: float = 0.0  # seconds in which people come, before anything is judged
    media: float = 1.0  # share of learners who fetch the film here; the rest are taken to have it from elsewhere

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Asked":
        """Read what `run` has passed on, or the variables of somebody who starts Locust by hand."""
        if "LOAD_SCENARIO" in environment:
            return msgspec.json.decode(environment["LOAD_SCENARIO"], type=cls)
        return cls(
            programme=environment.get("LOAD_PROGRAMME", "lms/programmes/jiangxi-2023.toml"),
            window=int(environment.get("LOAD_WINDOW", "2")) - 1,
            people=int(environment.get("LOAD_PEOPLE", "30")),
            seconds=float(environment.get("LOAD_SECONDS", "60")),
            pace=float(environment.get("LOAD_PACE", "6")),
            workers=int(environment.get("LOAD_WORKERS", "1")),
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stretch as a run plays it: for each city how many are at it in each of its steps."""

    asked: Asked
    stretch: Stretch
    cities: Mapping[str, tuple[float, ...]]
    quiz_share: float
    expected: float  # signed in at once at the fullest, by the forecast

    @property
    def scale(self) -> float:
        """Return the share of the forecast's peak that is played."""
        return self.asked.people / self.expected

    def people_at(self, second: float) -> int | None:
        """Return how many are at it at a second of the run; None when it is over."""
        second = max(0.0, second - self.asked.lead)
        if second >= self.asked.seconds:
            return None
        return max(1, round(sum(curve[int(second / self.asked.seconds * len(curve))] for curve in self.cities.values())))

    def as_dict(self) -> dict[str, object]:
        """Return it for the report."""
        compressed = self.stretch.days * 86_400 / self.asked.seconds
        told = {"code": self.stretch.code, "title": self.stretch.title, "exam": self.stretch.exam, "compressed": compressed, "scale": round(self.scale, 5)}
        return {**msgspec.structs.asdict(self.asked), **told}


def scenario(asked: Asked) -> Scenario:
    """Read programme and behaviour, and bring the forecast's curve of those signed in to so many people."""
    programme, stretch = chosen(Path(asked.programme), asked.window)
    behaviour = behaviours.parse(BEHAVIOUR.read_text(encoding="utf-8"))
    form = central(stretch, programme, behaviour)["signed_in"][0]
    expected = float(form.max())
    if asked.peak:
        form = np.ones(1)
    form = form / form.max() * asked.people / stretch.people
    cities = {city: tuple((form * seats).tolist()) for city, seats in stretch.seats.items()}
    asks = programme.quiz is not None and programme.hours.quiz_required
    return Scenario(asked, stretch, cities, 1.0 if asks else behaviour.figures["quiz_share"].value, expected)


def chosen(path: Path, window: int) -> tuple[Programme, Stretch]:
    """Return a programme and the stretch with this number."""
    programme = parse(path.read_text(encoding="utf-8"))
    every = stretches(programme)
    if not 0 <= window < len(every):
        raise ValueError(f"--window is one of 1 to {len(every)}; {len(every)} is the exam's month")
    return programme, every[window]


def expected_peak(path: Path, window: int) -> float:
    """Say how many are signed in at once at the fullest by the forecast as it stands."""
    programme, stretch = chosen(path, window)
    behaviour = behaviours.parse(BEHAVIOUR.read_text(encoding="utf-8"))
    return float(central(stretch, programme, behaviour)["signed_in"][0].max())


def pressed(text: str) -> float:
    """Read `14d:20m` as how many seconds of life pass in one of the run."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]):(\d+(?:\.\d+)?)([smhd])", text)
    if found is None or not float(found[3]):
        raise ValueError(f"{text!r} is no compression; write it as 14d:20m")
    return float(found[1]) * _UNITS[found[2]] / (float(found[3]) * _UNITS[found[4]])
