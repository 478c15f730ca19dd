"""Whether a run played what it was to play: people at every second, each kind of request as often as planned, every city."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import fmean

from load_tests.figures import EVERYBODY, Line, Second
from load_tests.scenario import REQUESTS, Scenario, until_sat
from load_tests.verdict import CityVerdict, Fault, Rate, budgets, is_judged

LEAST = 0.9  # of the plan
HANDED_IN = 0.5  # of those who were there at the beginning, when an exam had been sat: some leave, some think for long
SEEN = 50  # a kind of request of which fewer are planned is shown and not judged
CHANCE = 3.0  # standard deviations of a count of independent events: what is missed by less may be chance
PARTS = 10
KINDS = {"opened": "start of an exam", "answer": "answer", "hand_in": "hand-in of an exam", "beat": "heartbeat", "quiz": "hand-in of a quiz"}
REPORTS_EVERY, FEW_REPORTS = 15.0, 5.0  # seconds between a player's reports; where fewer reports are due, none may come by chance
FEW = 2.0  # so many people more or fewer are no matter of the plan


def reached(played: Scenario, lines: Sequence[Line]) -> list[Rate]:
    """Set the forecast's rates beside those of the run's teachers; staff do not count."""
    seen: dict[tuple[str, str], int] = {}
    for one in lines:
        if one.city:
            seen[one.method, one.name] = seen.get((one.method, one.name), 0) + one.requests
    counted = {code: sum(seen.get(request, 0) for request in REQUESTS[code]) for code in played.planned}
    return [Rate(code, planned, counted[code] / played.asked.seconds, counted[code]) for code, planned in played.planned.items()]


def too_seldom(rates: Sequence[Rate], seconds: float) -> Iterator[Fault]:
    """Name what came too seldom: then the verdict is about less than the forecast."""
    for one in rates:
        due = one.planned * seconds
        if due >= SEEN and one.requests < min(LEAST * due, due - CHANCE * sqrt(due)):
            yield Fault("plan", f"{one.code}: {one.reached:.2f} reached a second, {one.planned:.2f} planned")


def unplayed(played: Scenario, kinds: Mapping[str, int]) -> Iterator[Fault]:
    """Name what a rehearsal is about and nobody brought to its end; `kinds` are how many were acknowledged of each."""
    window = ("beat", "quiz") if played.habits.quizzes and not played.steady else ("beat",)
    for kind in ("opened", "answer", "hand_in") if played.stretch.exam else window:
        if not kinds.get(kind):
            yield Fault("run", f"no {KINDS[kind]} was acknowledged, so nothing is shown of it: let it run longer, or with more people")
    handed_in, asked = kinds.get("hand_in", 0), played.asked
    if played.stretch.exam and asked.seconds >= until_sat(asked) and 0 < handed_in < HANDED_IN * asked.people:
        yield Fault("run", f"only {handed_in} of {asked.people} who began had handed in at the end")


def too_few_people(played: Scenario, seconds: Sequence[Second]) -> Iterator[Fault]:
    """Name each tenth of the run in which fewer were there than planned."""
    asked, heard = played.asked, 0.0  # the second up to which somebody was heard
    for part in range(PARTS):
        begins, ends = asked.seconds * part / PARTS, asked.seconds * (part + 1) / PARTS
        there = [one for one in seconds if begins <= one.at < ends]
        if there:
            heard = ends
        elif asked.people * (ends - heard) / REPORTS_EVERY < FEW_REPORTS:
            continue
        planned = [played.people_at(asked.lead + one.at + 0.5) or 0 for one in there]
        if not there:
            yield Fault("plan", f"nothing was sent from second {begins:.0f} to {ends:.0f}")
        elif fmean(one.people for one in there) < LEAST * fmean(planned) - FEW:
            yield Fault(
                "plan", f"{fmean(one.people for one in there):.0f} people were there from second {begins:.0f} to {ends:.0f}, {fmean(planned):.0f} planned"
            )


def absent(played: Scenario, lines: Sequence[Line]) -> Iterator[Fault]:
    """Name the cities of which somebody was to come and nobody did; and a run of which nothing could be judged."""
    came = {one.city for one in lines if one.requests}
    for city, people in played.cities.items():
        if people >= FEW and city not in came:
            yield Fault("plan", f"{city}: up to {people:.0f} people planned, nobody came", city)
    least = budgets()["least"]
    if not any(is_judged(one, least) for one in lines if one.city == EVERYBODY):
        yield Fault("run", f"no path came {least} times, so no budget was judged: let it run longer, or with more people")


def by_city(played: Scenario, lines: Sequence[Line], faults: Sequence[Fault]) -> list[CityVerdict]:
    """Return the verdict of each city."""
    least = budgets()["least"]
    broken = {one.city for one in faults}
    found = []
    for city in played.cities:
        mine = [one for one in lines if one.city == city]
        judged = sum(is_judged(one, least) for one in mine)
        result = "failed" if city in broken else "passed" if judged else "too little seen"
        found.append(CityVerdict(city, played.names[city], result, judged, sum(one.requests for one in mine)))
    return found
