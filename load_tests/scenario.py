"""What a run plays: one stretch of a programme, its cities by the forecast's own curve, scaled to people and pressed into seconds."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from lms.domain import behaviour as behaviours
from lms.domain.behaviour import Array
from lms.domain.forecast import central, forecast
from lms.domain.programme import Programme, parse
from lms.domain.stretch import Stretch, stretches
from load_tests.sitting import PAGES, Habits

BEHAVIOUR = Path(__file__).with_name("behaviour.toml")
PROGRAMME = "lms/programmes/jiangxi-2023.toml"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


FIGURES = "figures"
BANDS: Mapping[str, str] = {FIGURES: "figures as they stand", "median": "median", "high": "95 % edge"}  # of the forecast's peak, as a table calls it


class NotPlayable(ValueError):
    """What was asked for cannot be played; the message says what can."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; travels to Locust's processes as one variable of the environment."""

    programme: str
    window: int  # from 0; the exam comes after the last
    people: int  # at once, at the fullest
    band: str = FIGURES  # which of the forecast's peaks is meant by scale 1
    peaks: dict[str, float] = {}  # signed in at once at the fullest, by band; without them the figures as they stand are scale 1
    seconds: float = 0.0  # that are judged; 0: long enough for what is played
    pace: float = 6.0  # how many times faster than life people think
    barrier: float = 0.0  # seconds after all have come until everybody who waits may start the exam at once
    peak: bool = False  # only the fullest quarter of an hour, held: everything as often as the forecast says
    first: int = 0  # the first account that is free
    accounts: int = 0  # so many are for this run; 0: all there are
    overload: bool = False  # more than the server bears: learners, candidates and people who read reports at once
    rate: float = 0.0  # exam: starts a second that the waiting room admits; 0: no waiting room
    workers: int = 1
    offline: float = 0.05  # share of lessons with a spell without network
    lead: float = -1.0  # seconds in which people come, before anything is judged; below 0: as long as they need
    media: float = 1.0  # share of learners who fetch the film here; the rest are taken to have it from elsewhere

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Asked":
        """Read what `run` has passed on, or the variables of somebody who starts Locust by hand."""
        if "LOAD_SCENARIO" in environment:
            return completed(msgspec.json.decode(environment["LOAD_SCENARIO"], type=cls))
        said = {name: environment[f"LOAD_{name.upper()}"] for name in cls.__struct_fields__ if f"LOAD_{name.upper()}" in environment}
        found = msgspec.convert({"programme": PROGRAMME, "window": 2, "people": 30} | said, type=cls, strict=False)
        return completed(msgspec.structs.replace(found, window=found.window - 1))


# What the forecast reckons, and the requests that are it. The answer to signing in is the home page; a segment fetched in vain is not asked for.
REQUESTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "sign_ins": (("POST", "/sign-in"),),
    "heartbeats": (("POST", "/api/media/heartbeat"),),
    "segments": (("GET", "/media/:segment"),),
    "quiz_starts": (("POST", "/quizzes/:id/attempts"),),
    "lesson_pages": (("GET", "/lessons/:id"),),
    "other_pages": (("GET", "/sign-in"), ("POST", "/sign-in"), *(("GET", path) for path in PAGES)),
}
AT_FILM_SPEED = ("heartbeats", "segments")  # whatever the pace


@dataclass(frozen=True, slots=True)
class Scenario:
    """A stretch as a run plays it: how many are at it in each of its steps, and from which cities."""

    asked: Asked
    stretch: Stretch
    form: tuple[float, ...]  # how many people in each step
    cities: Mapping[str, float]  # how many of each city at the fullest
    habits: Habits
    quiz_share: float
    expected: float  # signed in at once at the fullest, by the forecast
    rates: Mapping[str, float]  # requests a second at the fullest, by the forecast
    names: Mapping[str, str]  # of the cities

    @property
    def scale(self) -> float:
        """Return the share of the forecast's peak that is played, of the band that was asked for."""
        return self.asked.people / self.expected

    @property
    def held(self) -> bool:
        """Tell whether so many are there all the time: the fullest quarter of an hour, or an exam's last evening."""
        return _is_held(self.asked, self.stretch)

    @property
    def steady(self) -> bool:
        """Tell whether everything comes as often as in the forecast's fullest quarter; a compressed window only brings as many people."""
        return self.asked.peak and not self.stretch.exam and not self.asked.overload

    @property
    def planned(self) -> dict[str, float]:
        """Return how often each of the forecast's requests is to come, a second; nothing where only people are planned."""
        if not self.steady:
            return {}
        faster = {code: 1.0 if code in AT_FILM_SPEED else self.asked.pace for code in REQUESTS}
        share = {"segments": self.asked.media}
        return {code: rate for code in REQUESTS if (rate := self.rates[code] * self.scale * faster[code] * share.get(code, 1.0))}

    @property
    def length(self) -> int:
        """Return how long a lesson's film is, so that as many lessons end as the forecast says."""
        return max(1, round(self.habits.lesson_seconds / self.asked.pace))

    def people_at(self, second: float) -> int | None:
        """Return how many are at it at a second of the run; None when it is over."""
        asked = self.asked
        if second >= asked.lead + asked.seconds:
            return None
        if second < asked.lead:
            first = self.form[0]  # a cold product is not judged by them
            return max(1, round(min(first, first * (second + 1) / max(SHORTEST_COMING, asked.lead - SETTLING))))
        fullest = self.form.index(max(self.form))
        reached, left = (since / (asked.seconds - self.hold) * len(self.form) - 0.5 for since in (second - asked.lead, second - asked.lead - self.hold))
        step = min(reached, max(fullest, left))
        return max(1, round(float(np.interp(step, range(len(self.form)), self.form))))  # people come one by one, not a step's at once

    @property
    def hold(self) -> float:
        """Return how long a pressed window stays at its fullest, so that whoever comes then goes her way beside all the others."""
        return 0.0 if self.held else min(LONGEST_HOLD, self.asked.seconds * HOLD_SHARE)

    def comers(self, film: float) -> int:
        """Return how many accounts a run takes at the most: those there at once, and those who follow when they have gone their way."""
        asked, whole = self.asked, self.asked.lead + self.asked.seconds
        if self.steady:
            takes = self.habits.seconds / asked.pace
        else:
            exam, lesson = QUICKEST_EXAM / asked.pace, film + SIGNING_IN / asked.pace
            takes = min(exam, lesson) if asked.overload else exam if self.stretch.exam else lesson
        present: float = sum(self.people_at(second + 0.5) or 0 for second in range(int(whole)))
        if self.stretch.exam and asked.barrier:  # nobody hands in before the bell
            present = asked.people * max(0.0, asked.seconds - asked.barrier)
        return math.ceil(asked.people + 1.1 * present / takes) + SPARE

    def as_dict(self) -> dict[str, object]:
        """Return it for the report."""
        compressed = 1.0 if self.held else self.stretch.days * 86_400 / (self.asked.seconds - self.hold)
        one, scale = self.stretch, round(self.scale, 5)
        told = {"code": one.code, "title": one.title, "exam": bool(one.exam), "compressed": compressed, "scale": scale}
        scales = {band: round(self.asked.people / peak, 5) for band, peak in self.asked.peaks.items()}
        return {**msgspec.structs.asdict(self.asked), **told, "scales": scales}


SIGNING_IN = 10.0  # seconds of life that the shortest way takes beside its film
QUICKEST_EXAM, LONGEST_EXAM = 400.0, 800.0  # seconds of life: fifty items of twelve seconds take six hundred on average
SPARE = 10
SECONDS = 150.0  # that are judged, unless more are asked for or an exam takes longer
LONGEST_HOLD, HOLD_SHARE = 30.0, 0.2  # seconds; of the run
STEP = 5.0  # seconds of the run at least in which the curve is taken as one
SHORTEST_COMING = 5.0
COMING_PER_SECOND = 20.0  # page, address and lease for each, on the machine that also plays them
SIGN_INS_PER_SECOND = 5.0  # each a password hash
SETTLING = 20.0  # seconds of a lead that are left when all have come: the first report is due fifteen seconds after the film's start


def scenario(asked: Asked) -> Scenario:
    """Read programme and behaviour, and bring the forecast's curve of those signed in to so many people."""
    asked = completed(asked)
    programme, stretch = chosen(Path(asked.programme), asked.window)
    behaviour = behaviours.parse(BEHAVIOUR.read_text(encoding="utf-8"))
    curves = {code: curve[0] for code, curve in central(stretch, programme, behaviour).items()}
    form = curves["signed_in"]
    central_peak, fullest = float(form.max()), int(form.argmax())
    expected = asked.peaks[asked.band] if asked.peaks else central_peak
    form = np.ones(1) if _is_held(asked, stretch) else _in_steps(form, max(1, int(asked.seconds / STEP)))
    form = form / form.max() * asked.people
    cities = {city: asked.people * seats / stretch.people for city, seats in stretch.seats.items()}
    asks = programme.quiz is not None and programme.hours.quiz_required
    figure = {name: one.value for name, one in behaviour.figures.items()}
    quiz_share = 1.0 if asks else figure["quiz_share"]
    habits = Habits(
        seconds=figure["session_minutes"] * 60 / figure["watching_share"],
        watched=figure["session_minutes"] * 60,
        pages=figure["pages_per_session"],
        quizzes=quiz_share * figure["quiz_tries"] if programme.quiz else 0.0,
        lesson_seconds=figure["lesson_minutes"] * 60,
        **{name: figure[name] for name in ("phone_share", "phone_small", "slow_line", "dropout", "dropout_watched", "exam_left")},
    )
    # People of a higher band do what everybody does: so many more of every request.
    rates = {code: float(curves[code][fullest]) * expected / central_peak for code in REQUESTS}
    rates["segments"] /= figure["fetched"]
    return Scenario(asked, stretch, tuple(form.tolist()), cities, habits, quiz_share, expected, rates, {row.code: row.name for row in programme.quotas.cities})


def completed(asked: Asked) -> Asked:
    """Fill in how long it takes until all have come, and how long what is played takes, where that was not said."""
    _programme, stretch = chosen(Path(asked.programme), asked.window)
    lead, seconds = asked.lead, asked.seconds
    if lead < 0:
        coming = asked.people / (SIGN_INS_PER_SECOND if stretch.exam else COMING_PER_SECOND)
        lead = SETTLING + (max(SHORTEST_COMING, coming) if _is_held(asked, stretch) else 0.0)
    if not seconds:
        seconds = max(SECONDS, until_sat(asked)) if stretch.exam else SECONDS
    return msgspec.structs.replace(asked, lead=lead, seconds=seconds)


def until_sat(asked: Asked) -> float:
    """Return after how many seconds nearly everybody has handed in who was there at the beginning: bell, waiting room's line, exam."""
    return asked.barrier + (asked.people / asked.rate if asked.rate else 0.0) + LONGEST_EXAM / asked.pace


def _is_held(asked: Asked, stretch: Stretch) -> bool:
    return asked.peak or asked.overload or bool(stretch.exam)


def _in_steps(curve: Array, steps: int) -> Array:
    """Return a curve by fewer steps, each the mean of what it covers."""
    edges = np.linspace(0, len(curve), min(steps, len(curve)) + 1).astype(int)
    return np.add.reduceat(curve, edges[:-1]) / np.diff(edges)


def chosen(path: Path, window: int) -> tuple[Programme, Stretch]:
    """Return a programme and the stretch with this number."""
    programme = parse(path.read_text(encoding="utf-8"))
    every = stretches(programme)
    if not 0 <= window < len(every):
        raise NotPlayable(f"--window is one of 1 to {len(every)}; {len(every)} is the exam's month")
    return programme, every[window]


def expected_peaks(path: Path, window: int) -> dict[str, float]:
    """Say how many are signed in at once at the fullest: with the figures as they stand, and the median and the 95 % edge of all cases."""
    programme, stretch = chosen(path, window)
    behaviour = behaviours.parse(BEHAVIOUR.read_text(encoding="utf-8"))
    peak = forecast(stretch, programme, behaviour).peaks["signed_in"]
    return {FIGURES: float(central(stretch, programme, behaviour)["signed_in"][0].max()), "median": peak.median, "high": peak.high}


def pressed(text: str) -> float:
    """Read `14d:20m` as how many seconds of life pass in one of the run."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]):(\d+(?:\.\d+)?)([smhd])", text)
    if found is None or not float(found[3]):
        raise NotPlayable(f"{text!r} is no compression; write it as 14d:20m")
    return float(found[1]) * _UNITS[found[2]] / (float(found[3]) * _UNITS[found[4]])
