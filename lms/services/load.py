"""Watching the real window: count each quarter of an hour, compare with the forecast, call where they part."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

import structlog
from prometheus_client import Gauge

from lms.domain import exam_terms
from lms.domain import load as rules
from lms.domain.forecast import EDGES, StretchForecast
from lms.domain.load import Alarm
from lms.domain.outlook import Outlook
from lms.domain.programme import Programme
from lms.domain.stretch import QUARTER, quarter_of, stretches
from lms.kernel.db import Session, reading, transaction
from lms.kernel.health import forget_the_dead
from lms.services import forecast as forecasts
from lms.services import load_source
from lms.services import programme as programmes
from lms.store import enrolment as enrolment_store
from lms.store import load as store
from lms.store.programme import ProgrammeVersion

SEEN = Gauge("lms_load_people", "People at it, by programme, metric and city.", ["programme", "metric", "city"], multiprocess_mode="mostrecent")
EXPECTED = Gauge(
    "lms_load_expected", "The forecast of the same; bound is low, median or high.", ["programme", "metric", "city", "bound"], multiprocess_mode="mostrecent"
)
OUTSIDE = Gauge("lms_load_outside", "Cities that have left their band.", ["programme", "metric"], multiprocess_mode="mostrecent")
FILLED = Gauge(
    "lms_load_filled",
    "Share of the line and of the nodes that all that is open takes; 0 where it is not known.",
    ["programme", "resource"],
    multiprocess_mode="mostrecent",
)
OBSERVED = Gauge("lms_load_observed_timestamp_seconds", "When people were last counted, by the machine's clock.", multiprocess_mode="mostrecent")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Live:
    """One stretch as it runs: what was expected of the enrolled, and what was seen by city."""

    outlook: Outlook
    forecast: StretchForecast
    metric: str
    seen: dict[str, list[int | None]]
    sign_ins: list[int | None]  # in the quarter before each
    exam_starts: list[int | None]  # in each
    alarms: tuple[Alarm, ...]

    @property
    def total(self) -> list[int | None]:
        """Add the cities; None where nothing was seen."""
        return rules.summed(self.seen)

    @property
    def most_people(self) -> float | None:
        """Say how many may be at it at once with the line and the nodes there are; None where that is not known."""
        return self.outlook.taken(self.forecast).most_people


def observe(now: datetime) -> None:
    """Job: write down how many do what at this quarter, a zero where nobody does; then call where the forecast is left."""
    at = quarter_of(now)
    with transaction() as session:
        counts = load_source.counts(session, now)
        known = tuple(programmes.programmes(session))
        open_now = {version.code: _open(session, version, programme, now) for version, programme in known}
        running = [version.code for version, programme in known if programme.contains(now) or open_now[version.code]]
        enrolled = {code: enrolment_store.count_by_city(session, code) for code in running}
        store.add(
            session,
            [
                store.Seen(code, metric, at, city, found.get((code, city), 0))
                for metric, found in counts.items()
                for code, cities in enrolled.items()
                for city in cities
            ],
        )
    for version, programme in known:
        programme_code = version.code
        watched = [live(programme_code, now, code) for code in open_now[programme_code]]
        _publish(programme_code, watched, at, [row.code for row in programme.quotas.cities])
        for found in watched:
            for one in found.alarms:
                code = found.forecast.stretch.code
                _log.warning("load.outside_forecast", programme=programme_code, stretch=code, city=one.city, seen=one.seen, low=one.low, high=one.high)
    OBSERVED.set_to_current_time()  # Prometheus compares it with its own time, and a rehearsed clock is in another year
    forget_the_dead()


def _open(session: Session, version: ProgrammeVersion, programme: Programme, now: datetime) -> list[str]:
    """Name the windows and exams that are open."""
    exams = exam_terms.times(programme, load_source.exams(session, version.code))
    return [one.code for one in stretches(programme, {}, exams) if one.opens <= now < one.closes]


def live(code: str, now: datetime, stretch_code: str | None = None) -> Live:
    """Return how a stretch runs: the one asked for, else the one that runs now, else the next, else the last."""
    with reading() as session:
        version, programme = programmes.in_force(session, code)
        enrolled = enrolment_store.count_by_city(session, code)
        found = forecasts.reckon(session, version, programme, now, enrolled)
        ahead = sorted(found.forecasts, key=lambda one: (one.stretch.closes <= now, one.stretch.opens))
        chosen = next((one for one in found.forecasts if one.stretch.code == stretch_code), ahead[0])
        return _live(session, code, found, chosen, chosen.metric)


def _live(session: Session, code: str, found: Outlook, chosen: StretchForecast, metric: str) -> Live:
    seen = _by_city(session, code, metric, chosen)
    sign_ins, starts = (rules.summed(_by_city(session, code, *asked)) for asked in (("sign_ins", chosen), ("exam_starts", chosen, QUARTER)))
    return Live(found, chosen, metric, seen, sign_ins, starts, rules.alarms(chosen, metric, seen))


def _by_city(session: Session, code: str, metric: str, chosen: StretchForecast, later: timedelta = timedelta()) -> dict[str, list[int | None]]:
    """Return what was seen in each quarter; what was written down `later` than it happened is put where it belongs."""
    found: dict[str, dict[datetime, int]] = defaultdict(dict)
    for one in store.between(session, code, metric, chosen.stretch.opens + later, chosen.stretch.closes + later):
        found[one.city][one.at - later] = one.people
    return {city: rules.curve(chosen, found[city]) for city in chosen.stretch.seats}


def _publish(code: str, watched: Sequence[Live], at: datetime, cities: Iterable[str]) -> None:
    """Give Prometheus what was seen of a programme and what was expected; what runs no longer calls nobody and is in no sum over cities."""
    outside, line, nodes = dict.fromkeys(("watching", "in_exam"), 0), 0.0, 0.0
    idle = set(product(outside, cities))
    for found in watched:
        stretch = found.forecast.stretch
        quarter = min(round((at - stretch.opens) / QUARTER), stretch.quarters - 1)  # a change to summer time may take an hour off its end
        for city, row in found.seen.items():
            idle.discard((found.metric, city))
            band = found.forecast.city(city, found.metric)
            people = row[quarter]
            if people is not None:
                SEEN.labels(code, found.metric, city).set(people)
            for bound in EDGES:
                EXPECTED.labels(code, found.metric, city, bound).set(float(getattr(band, bound)[quarter]))
        outside[found.metric] += len(found.alarms)
        people, each = found.total[quarter] or 0, found.outlook.taken(found.forecast)
        line, nodes = line + people * each.line, nodes + people * each.nodes  # who watches and who sits an exam share one line and the same nodes
    for metric, city in idle:
        SEEN.labels(code, metric, city).set(0)
        for bound in EDGES:
            EXPECTED.labels(code, metric, city, bound).set(0)
    for metric, left in outside.items():
        OUTSIDE.labels(code, metric).set(left)
    FILLED.labels(code, "line").set(line)
    FILLED.labels(code, "nodes").set(nodes)
