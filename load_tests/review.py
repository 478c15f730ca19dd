"""`python -m load_tests review CODE --window w2`: plan beside reality, and figures proposed for the next plan."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import tomlkit

from lms.domain import review as rules
from lms.domain.behaviour import Behaviour
from lms.kernel import db
from lms.kernel.refusal import Refusal
from lms.services import load
from load_tests.plan import BEHAVIOUR


def review(code: str, window: str, *, database: str, write: Path | None) -> int:
    """Compare a window of a product's database with its forecast; exits 1 when there is nothing to learn from."""
    db.connect(database, pool_size=1)
    try:
        return judge(code, window, write)
    finally:
        db.disconnect()


def judge(code: str, window: str, write: Path | None) -> int:
    """Do it on the database this process is connected to."""
    if write is not None and write.exists():
        print(f"✗ {write} is there already; name a new file, compare, and put it in place yourself", file=sys.stderr)
        return 1
    try:
        live = load.live(code, datetime.fromtimestamp(0, UTC), window)
        if live.forecast.stretch.code != window:
            print(f"✗ {code} has no window {window}", file=sys.stderr)
            return 1
        found = rules.review(live.forecast, live.outlook.programme, live.outlook.behaviour, live.seen)
    except (rules.NothingLearntError, Refusal) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    names = {row.code: row.name for row in live.outlook.programme.quotas.cities}
    print("\n".join(lines(found, live.outlook.behaviour, names)))
    if write is not None:
        write.write_text(proposed(BEHAVIOUR.read_text(encoding="utf-8"), found.proposed), encoding="utf-8")
        print(f"\nproposed figures written to {write}; nothing else was changed")
    return 0


def lines(found: rules.Review, behaviour: Behaviour, names: dict[str, str]) -> list[str]:
    """Return the review in words."""
    told = [
        f"hours watched   {found.hours_seen:14,.0f} seen   {found.hours_expected:14,.0f} expected",
        f"peak at once    {found.peak_seen:14,.0f} seen   {found.peak_expected:14,.0f} expected",
        f"inside the band {found.inside:14.0%} of the quarters (95 % are meant to be)",
        *(f"  {names.get(city, city)} {share:.0%}" for city, share in found.by_city.items()),
        "",
        "figures that would have foretold it:",
    ]
    for name, figure in found.proposed.figures.items():
        if figure.source == rules.SOURCE:
            told.append(f"  {name:12} {behaviour.figures[name].value:8.3g} → {figure.value:8.3g}   range {figure.low:.3g} – {figure.high:.3g}")
    return told


def proposed(text: str, behaviour: Behaviour) -> str:
    """Return the behaviour file with the proposed figures in place of the old."""
    document = tomlkit.parse(text)
    figures = document["figures"]
    for name, figure in behaviour.figures.items():
        table = figures[name]
        if figure.source == rules.SOURCE:
            table.update({"value": round(figure.value, 4), "low": round(figure.low, 4), "high": round(figure.high, 4), "source": figure.source})
    curves = document["curves"]
    for key in ("workday", "weekend"):
        curve = getattr(behaviour, key)
        curves[key] = [round(100 * one / sum(curve), 2) for one in curve]
    curves["source"] = behaviour.curves_source
    return tomlkit.dumps(document)
