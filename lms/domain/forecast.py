"""What load a programme will bring: curves by quarter of an hour, from its windows and from how people behave.

Everything is reckoned for one participant first (shape (cases, quarters)) and multiplied by people last. Cities of one window
differ by how many they are, by how many of them teach in which sector, and by a spread of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import numpy as np

from lms.domain.behaviour import Array, Behaviour, Figures, cases, daytime_of, draws
from lms.domain.exam_terms import ExamShape
from lms.domain.programme import Programme
from lms.domain.stretch import QUARTER, SECONDS, Stretch, people_by_sector, told_apart
from lms.domain.window import Period
from lms.kernel.refusal import N_

EDGES = ("low", "median", "high")  # of a band, in the order of its fields
OUTSIDE_95 = (2.5, 50.0, 97.5)
DRAWS = 300
SEED = 20231106
DAYTIME = (8, 17)  # hours of a workday in which teachers are with their children or between lessons


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is reckoned; `counted_over` is over how many seconds a count is made, 0 where nothing is counted."""

    code: str
    title: str
    unit: str
    counted_over: int = SECONDS


PEOPLE, PER_SECOND, GBITS, GROWING = N_("人"), N_("次/秒"), "Gbit/s", N_("MB/刻钟")
WHOLE = {PEOPLE: 0.25, PER_SECOND: float(SECONDS), GBITS: SECONDS / 8_000, GROWING: 0.001}  # a quarter's share of a sum: person-hours, requests, TB, GB
METRICS = (
    Metric("signed_in", N_("同时在线"), PEOPLE, 1),
    Metric("sign_ins", N_("登录次数"), PER_SECOND),
    Metric("watching", N_("同时观看"), PEOPLE, 1),
    Metric("heartbeats", N_("进度上报"), PER_SECOND),
    Metric("segments", N_("视频分片"), PER_SECOND),
    Metric("quiz_starts", N_("小测开始"), PER_SECOND),
    Metric("exam_starts", N_("考试开始"), PER_SECOND),
    Metric("in_exam", N_("正在考试"), PEOPLE, 1),
    Metric("saves", N_("答案保存"), PER_SECOND),
    Metric("lesson_pages", N_("课程页访问"), PER_SECOND),
    Metric("other_pages", N_("其他页面访问"), PER_SECOND),
    Metric("page_views", N_("全部页面访问"), PER_SECOND),
    Metric("egress_large", N_("大码流出口带宽"), GBITS, 0),
    Metric("egress_small", N_("小码流出口带宽"), GBITS, 0),
    Metric("egress", N_("出口带宽合计"), GBITS, 0),
    Metric("growth", N_("数据库增长"), GROWING, 0),
)
CODES = tuple(one.code for one in METRICS)


@dataclass(frozen=True, slots=True)
class Band:
    """A curve with the band in which 95 % of the cases lie; each one value a quarter of an hour."""

    low: Array
    median: Array
    high: Array

    def times(self, factor: float) -> "Band":
        """Return it for so many."""
        return Band(self.low * factor, self.median * factor, self.high * factor)

    def part(self, first: int, count: int) -> "Band":
        """Return so many of its quarters."""
        return Band(*(edge[first : first + count] for edge in (self.low, self.median, self.high)))

    def at_most(self, people: float) -> "Band":
        """Count nobody twice at a time, however hard a rare case presses everybody into one evening."""
        return Band(*(np.minimum(edge, people) for edge in (self.low, self.median, self.high)))

    def counted(self, seconds: int) -> "Band":
        """Widen it by the chance in counting (Poisson); a rate is a count over so many seconds."""
        if not seconds:
            return self
        chance = 1.96**2 * self.median / seconds
        return Band(
            np.maximum(0, self.median - np.hypot(self.median - self.low, np.sqrt(chance))),
            self.median,
            self.median + np.hypot(self.high - self.median, np.sqrt(chance)),
        )


def summed(bands: Sequence[Band]) -> Band:
    """Add bands, their edges too, which is careful: not all go high together."""
    return Band(*(sum((getattr(one, edge) for one in bands[1:]), getattr(bands[0], edge)) for edge in EDGES))


@dataclass(frozen=True, slots=True)
class Spread:
    """One number of a stretch: by the figures as they stand, and the band in which 95 % of the cases lie."""

    figures: float
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak(Spread):
    """The fullest quarter of an hour, and when it is by the median curve."""

    at: datetime


@dataclass(frozen=True, slots=True)
class StretchForecast:
    """The curves of one stretch: everybody together, and one participant of a city."""

    stretch: Stretch
    total: Mapping[str, Band] = field(hash=False)
    each: Mapping[str, Mapping[str, Band]] = field(hash=False)  # by metric, then by sector of whom it is told apart
    peaks: Mapping[str, Peak] = field(hash=False)
    figures: Mapping[str, Array] = field(hash=False)  # everybody's curves by the figures as they stand
    sums: Mapping[str, Spread] = field(hash=False)  # over the whole stretch, in the units of WHOLE

    @property
    def metric(self) -> str:
        """Name what its people do: watch, or sit the exam."""
        return "in_exam" if self.stretch.exam else "watching"

    def city(self, code: str, metric: str) -> Band:
        """Return the curve of one city."""
        seats, each = self.stretch.seats[code], self.each[metric]
        mixed = summed([each[sector].times(people) for sector, people in people_by_sector(self.stretch, each, code).items()])
        found = mixed.counted(_COUNTED_OVER[metric])
        return found.at_most(seats) if metric in AT_ONCE else found


@dataclass(frozen=True, slots=True)
class Overlap:
    """What several stretches bring together while all of them are open."""

    stretches: tuple[Stretch, ...]
    opens: datetime
    closes: datetime
    total: Mapping[str, Band] = field(hash=False)
    peaks: Mapping[str, Peak] = field(hash=False)
    sums: Mapping[str, Spread] = field(hash=False)


AT_ONCE = ("signed_in", "watching", "in_exam")  # people, where all else is requests
_COUNTED_OVER = {one.code: one.counted_over for one in METRICS}


def shape(period: Period | Stretch, behaviour: Behaviour, figures: Figures, *, exam: bool = False, noise: Array | None = None, sector: str = "") -> Array:
    """Return how the time of one participant of a sector falls on the quarters: (cases, quarters), each row sums to 1."""
    count = max(1, round((period.closes - period.opens) / QUARTER))
    # Local time by the offset at the opening: a change to summer time would shift the rest by an hour, which no forecast minds.
    quarter = period.opens.hour * 4 + period.opens.minute // 15 + np.arange(count)
    hour, day = (quarter % 96 + 0.5) / 4, quarter // 96
    weekend = (period.opens.weekday() + day) % 7 >= 5
    left = (count - np.arange(count)) / 96
    hours = np.where(weekend, _by_hour(behaviour.weekend, hour), _by_hour(behaviour.workday, hour)) ** figures["sharpness"]
    if sector:
        hours = np.where(~weekend & (hour > DAYTIME[0]) & (hour < DAYTIME[1]), figures[daytime_of(sector)], 1.0) * hours
    # A day's sum must not depend on which curve it has: first each day is made equal, then weighed.
    for number in range(day[-1] + 1):
        hours[:, day == number] /= hours[:, day == number].mean(axis=1, keepdims=True)
    rush, rush_days = ("exam_rush", "exam_rush_days") if exam else ("rush", "rush_days")
    weight = np.where(weekend, figures["weekend"], 1.0) * (1 + figures[rush] * np.exp(-left / figures[rush_days]))
    found: Array = hours * weight
    if noise is not None:
        found *= noise[:, day]
    found /= found.sum(axis=1, keepdims=True)
    return found


def _by_hour(curve: Sequence[float], hour: Array) -> Array:
    return np.interp(hour, np.arange(-1, 25) + 0.5, [curve[-1], *curve, curve[0]])


def shape_of_all(stretch: Stretch, behaviour: Behaviour, figures: Figures) -> Array:
    """Return how everybody's time falls on the quarters, each sector as it is: (cases, quarters), each row sums to 1."""
    by_sector = people_by_sector(stretch, told_apart(stretch, behaviour))
    shapes = (shape(stretch, behaviour, figures, exam=bool(stretch.exam), sector=one) * people for one, people in by_sector.items())
    found: Array = sum(shapes, np.zeros(1)) / (stretch.people or 1)
    return found


def each(stretch: Stretch, programme: Programme, behaviour: Behaviour, figures: Figures, *, noise: Array | None = None, sector: str = "") -> dict[str, Array]:
    """Reckon every metric for one participant of a sector: (cases, quarters)."""
    when = shape(stretch, behaviour, figures, exam=bool(stretch.exam), noise=noise, sector=sector)
    none = np.zeros_like(when)
    found = dict.fromkeys(CODES, none)
    for part in [_exam(one, figures, when) for one in stretch.exam] or [_learning(programme, figures, when)]:
        found.update({code: found[code] + curve for code, curve in part.items()})
    found["page_views"] = found["lesson_pages"] + found["other_pages"]
    found["egress"] = found["egress_large"] + found["egress_small"]
    once = 1 + figures["retry_share"]  # what is sent again is stored once
    grown = (
        found["heartbeats"] / once * figures["heartbeat_bytes"]
        + found["saves"] / once * figures["save_bytes"]
        + found["lesson_pages"] / figures["pages_per_lesson"] * figures["lesson_bytes"]
        + found["exam_starts"] * figures["attempt_bytes"]
        + found["quiz_starts"] * figures["quiz_bytes"]
    )
    found["growth"] = grown * SECONDS / 1e6
    return found


def watched_seconds(programme: Programme, figures: Figures) -> Array:
    """Return how many seconds of film one participant plays: (cases, 1)."""
    finish = (1 - figures["dropout"]) + figures["dropout"] * figures["dropout_watched"]
    found: Array = figures["uptake"] * float(programme.hours.online_minutes) * 60 * figures["overwatch"] * finish
    return found


def mean_watching(stretch: Stretch, programme: Programme) -> float:
    """Say how many watch on average over all hours, day and night, if everybody watches exactly what is asked."""
    return stretch.people * float(programme.hours.online_minutes) / (stretch.days * 24 * 60)


def _learning(programme: Programme, figures: Figures, when: Array) -> dict[str, Array]:
    watching = watched_seconds(programme, figures) * when / SECONDS
    finished = watching / (figures["lesson_minutes"] * 60)
    asked = np.ones_like(figures["quiz_share"]) if programme.hours.quiz_required else figures["quiz_share"]
    sent = figures["fetched"] * (1 - figures["cached"])
    fetching = sent * ((1 - figures["downloaded"]) * watching + figures["downloaded"] * watching.mean(axis=1, keepdims=True))
    return {
        "signed_in": watching / figures["watching_share"],
        "sign_ins": watching / (figures["session_minutes"] * 60),  # at each sitting, as on a shared computer of a school
        "watching": watching,
        "heartbeats": watching / figures["heartbeat_seconds"] * (1 + figures["retry_share"]),
        "segments": fetching / figures["segment_seconds"] * (1 + figures["retry_share"]),
        "quiz_starts": finished * asked * figures["quiz_tries"] if programme.quiz else np.zeros_like(when),
        "lesson_pages": finished * figures["pages_per_lesson"],
        "other_pages": watching / (figures["session_minutes"] * 60) * figures["pages_per_session"],
        "egress_large": fetching * (1 - small_share(figures)) * figures["large_kbits"] / 1e6,
        "egress_small": fetching * small_share(figures) * figures["small_kbits"] / 1e6,
    }


def small_share(figures: Figures) -> Array:
    """Return the share of viewing at the small rendition, from the mix of devices and lines: (cases, 1)."""
    found: Array = figures["phone_share"] * figures["phone_small"] + (1 - figures["phone_share"]) * figures["slow_line"]
    return found


def _exam(asked: ExamShape, figures: Figures, when: Array) -> dict[str, Array]:
    starts = figures["uptake"] * figures[asked.share] * when / SECONDS
    lasts = figures["exam_time"] * asked.minutes * 60
    # Who goes away without handing in is under way until her time is up, and saves no more than by chance.
    there, gone = starts * SECONDS * (1 - figures["exam_left"]), starts * SECONDS * figures["exam_left"]
    answering = _under_way(there, lasts / SECONDS)
    in_exam = answering + _under_way(gone, np.full_like(lasts, asked.minutes * 60 / SECONDS))
    return {
        "signed_in": in_exam + starts * 600,  # ten minutes before and after for briefing and result
        "sign_ins": starts,
        "exam_starts": starts,
        "in_exam": in_exam,
        "saves": answering * asked.items * figures["changes"] / lasts * (1 + figures["retry_share"]),
        "other_pages": starts * figures["pages_per_session"],
    }


def _under_way(begun: Array, quarters: Array) -> Array:
    """Count those who began and have not ended, at the end of each quarter; `begun` a quarter, each takes so many quarters."""
    count = begun.shape[1]
    whole = np.concatenate([np.zeros((begun.shape[0], 1)), begun.cumsum(axis=1)], axis=1)
    before = np.clip(np.arange(1, count + 1) - quarters, 0, None)
    floor = before.astype(int)
    ended = np.take_along_axis(whole, floor, 1) * (1 - before + floor) + np.take_along_axis(whole, np.minimum(floor + 1, count), 1) * (before - floor)
    under_way: Array = whole[:, 1:] - ended
    return under_way


def central(stretch: Stretch, programme: Programme, behaviour: Behaviour, changes: Sequence[Mapping[str, float]] = ({},)) -> dict[str, Array]:
    """Reckon the whole stretch with the figures as they stand, once for each set of changes: (cases, quarters)."""
    figures = cases(behaviour, changes)
    by_sector = people_by_sector(stretch, told_apart(stretch, behaviour))
    parts = [(each(stretch, programme, behaviour, figures, sector=one), people) for one, people in by_sector.items()]
    return {code: sum((found[code] * people for found, people in parts), np.zeros(1)) for code in CODES}


def forecast(stretch: Stretch, programme: Programme, behaviour: Behaviour, *, count: int = DRAWS, seed: int = SEED) -> StretchForecast:
    """Draw the stretch so many times and gather its curves and peaks."""
    figures = draws(behaviour, count, seed)
    chance = np.random.default_rng(seed + 1)
    noise = np.exp(figures["day_noise"] * chance.standard_normal((count, int(stretch.days) + 2)))
    cities = np.exp(figures["city_spread"] * chance.standard_normal((count, len(stretch.seats) or 1)))
    apart = told_apart(stretch, behaviour)
    parts = {one: each(stretch, programme, behaviour, figures, noise=noise, sector=one) for one in apart}
    by_city = [people_by_sector(stretch, apart, city) for city in stretch.seats] or [dict.fromkeys(apart, 0.0)]
    everybody = {one: (cities @ np.array([row[one] for row in by_city]))[:, None] for one in apart}
    standing = {code: curve[0] for code, curve in central(stretch, programme, behaviour).items()}
    total, peaks, sums = {}, {}, {}
    for metric in METRICS:
        drawn: Array = sum((parts[one][metric.code] * everybody[one] for one in apart), np.zeros(1))
        band = _band(drawn).counted(metric.counted_over)
        total[metric.code] = band.at_most(stretch.people) if metric.code in AT_ONCE else band
        peaks[metric.code] = _peak(stretch, metric.code, total[metric.code], drawn, standing[metric.code])
        sums[metric.code] = Spread(*(float(one) * WHOLE[metric.unit] for one in (standing[metric.code].sum(), *np.percentile(drawn.sum(axis=1), OUTSIDE_95))))
    of_one = {code: {one: _band(parts[one][code] * cities[:, :1]) for one in apart} for code in CODES}
    return StretchForecast(stretch, total, of_one, peaks, standing, sums)


def overlaps(found: Sequence[StretchForecast]) -> tuple[Overlap, ...]:
    """Add up the stretches that are open at once, such as a window and the exam; the band's edges are added too, which is careful."""
    edges = sorted({edge for one in found for edge in (one.stretch.opens, one.stretch.closes)})
    open_at = (([one for one in found if one.stretch.opens <= opens and closes <= one.stretch.closes], opens, closes) for opens, closes in pairwise(edges))
    return tuple(_together(members, opens, closes) for members, opens, closes in open_at if len(members) > 1)


def _together(members: Sequence[StretchForecast], opens: datetime, closes: datetime) -> Overlap:
    count = max(1, round((closes - opens) / QUARTER))
    first = [round((opens - one.stretch.opens) / QUARTER) for one in members]
    total = {code: summed([one.total[code].part(at, count) for one, at in zip(members, first, strict=True)]) for code in CODES}
    peaks, sums = {}, {}
    for metric in METRICS:
        band = total[metric.code]
        standing: Array = sum((one.figures[metric.code][at : at + count] for one, at in zip(members, first, strict=True)), np.zeros(1))
        curves = (standing, band.low, band.median, band.high)
        peaks[metric.code] = Peak(*(float(one.max()) for one in curves), at=members[0].stretch.at(first[0] + int(band.median.argmax())))
        sums[metric.code] = Spread(*(float(one.sum()) * WHOLE[metric.unit] for one in curves))
    return Overlap(tuple(one.stretch for one in members), opens, closes, total, peaks, sums)


def _band(cases: Array) -> Band:
    if not cases.any():
        nothing = np.zeros(cases.shape[1])
        return Band(nothing, nothing, nothing)
    rows = np.sort(np.ascontiguousarray(cases.T), axis=1)  # a tenth of the time of np.percentile along the cases
    return Band(*(rows[:, round(percent / 100 * (rows.shape[1] - 1))].copy() for percent in OUTSIDE_95))  # a view would keep every case: a gigabyte


def _peak(stretch: Stretch, code: str, band: Band, cases: Array, standing: Array) -> Peak:
    most = stretch.people if code in AT_ONCE else np.inf
    highest = np.percentile(np.minimum(cases.max(axis=1), most), OUTSIDE_95)
    return Peak(min(float(standing.max()), most), *map(float, highest), at=stretch.at(int(band.median.argmax())))
