"""The verdict of an overload: what presses least is refused first, an answer never, and players are asked to report less often."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from lms.kernel.permissions import Priority
from load_tests.figures import INTERVAL, Class, Line
from load_tests.verdict import Fault, over_budget
from media.domain.reporting import SECONDS

PRESSING = ("/api/exam/save", "/api/exam/submit", "/api/exam/remaining")
ENOUGH = 100  # requests of a class, so that its share says something
CHANCE = 0.03


def faults(classes: Sequence[Class], lines: Sequence[Line]) -> Iterator[Fault]:
    """Name what was not as promised."""
    by_name = {one.name: one for one in classes}
    yield from _answers(by_name)
    ordered = [by_name[name] for name in (one.name.lower() for one in Priority) if name in by_name and by_name[name].requests >= ENOUGH]
    for more, less in pairwise(ordered):
        if more.share > less.share + CHANCE:
            yield Fault("overload", f"{more.share:.0%} of {more.name} were refused, of {less.name}, which presses less, only {less.share:.0%}")
    reports = by_name.get(Priority.REPORTS.name.lower())
    if reports is None or not reports.refused:
        yield Fault("overload", "no report was refused, so the server was not overloaded: ask for more people, or a higher --pace")
    longest = max((one.p99_ms for one in lines if one.name == INTERVAL), default=0.0)
    if longest <= 1000 * SECONDS:
        yield Fault("overload", f"players were asked to report every {longest / 1000:.0f} s, no longer than ever")
    yield from over_budget([one for one in lines if one.name in PRESSING])


def _answers(by_name: Mapping[str, Class]) -> Iterator[Fault]:
    answers = by_name.get(Priority.ANSWERS.name.lower())
    if answers is None or answers.requests < ENOUGH:
        yield Fault("overload", f"fewer than {ENOUGH} requests carried answers, so nothing is shown of them: let it run longer")
    elif answers.refused or answers.failed:
        yield Fault("overload", f"{answers.refused} requests that carry answers were refused and {answers.failed} failed, of {answers.requests}")
