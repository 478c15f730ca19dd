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
from lms.services.load import Live
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
            known = ", ".join(one.stretch.code for one in live.outlook.forecasts)
            print(f"✗ {code} has no window {window}; it has {known}", file=sys.stderr)
            return 1
        found = rules.review(live.forecast, live.outlook.programme, live.outlook.behaviour, live.seen, live.exam_starts)
    except rules.NothingLearntError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except Refusal as refused:
        print(f"✗ {code}: {refused.message}", file=sys.stderr)
        return 1
    names = {row.code: row.name for row in live.outlook.programme.quotas.cities}
    print("\n".join(lines(found, live, names)))
    if write is not None:
        write.write_text(proposed(BEHAVIOUR.read_text(encoding="utf-8"), found.proposed), encoding="utf-8")
        print(f"\nproposed figures written to {write}; nothing else was changed")
    return 0


def lines(found: rules.Review, live: Live, names: dict[str, str]) -> list[str]:
    """Return the review in words."""
    compared = found.compared
    exam = live.forecast.stretch.exam
    told = [
        f"{'hours in the exam' if exam else 'hours watched':18} {compared.hours_seen:12,.0f} seen {compared.hours_expected:12,.0f} expected",
        f"{'peak at once':18} {compared.peak_seen:12,.0f} seen {compared.peak_expected:12,.0f} expected",
    ]
    if exam:
        begun, expected = sum(one or 0 for one in live.exam_starts), 900 * live.forecast.total["exam_starts"].median.sum()
        told.append(f"{'attempts begun':18} {begun:12,.0f} seen {expected:12,.0f} expected")
    told += [
        f"{'inside the band':18} {compared.inside:12.0%} of the quarters (95 % are meant to be); {compared.recorded:.0%} of them were recorded",
        *(f"  {names.get(city, city)} {share:.0%}" for city, share in compared.by_city.items()),
        "",
        "figures that would have foretold it:",
    ]
    for name, figure in found.proposed.figures.items():
        if figure.source == rules.SOURCE:
            told.append(f"  {name:14} {live.outlook.behaviour.figures[name].value:8.3g} → {figure.value:8.3g}   range {figure.low:.3g} – {figure.high:.3g}")
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
