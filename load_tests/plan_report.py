"""The plan as one page that needs nothing beside itself."""

from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lms.domain.chart import Chart, both, chart
from lms.domain.forecast import GBITS, GROWING, METRICS, PEOPLE, PER_SECOND, StretchForecast, mean_watching
from lms.domain.outlook import Outlook
from lms.domain.sizing import SWAYED, swayed

WHOLE_UNITS = {PEOPLE: "人·小时", PER_SECOND: "次", GBITS: "TB", GROWING: "GB"}
SWAYS = 8
ROOT = Path(__file__).parents[1]
_STYLES = ("lms/kernel/static/tokens.css", "lms/static/forecast.css")


def html(found: Outlook) -> str:
    """Return the page."""
    templates = Environment(loader=FileSystemLoader([ROOT / "load_tests", ROOT / "lms/templates"]), autoescape=True, undefined=StrictUndefined)
    templates.filters["instant"] = lambda moment: f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else str(moment)
    style = Markup("\n".join((ROOT / path).read_text(encoding="utf-8") for path in _STYLES))  # noqa: S704 - our own files
    names = {row.code: row.name for row in found.programme.quotas.cities}
    return templates.get_template("plan.html").render(
        found=found,
        style=style,
        names=names,
        metrics=METRICS,
        mean=mean_watching,
        charts=[_charts(one, found, names) for one in found.forecasts],
        units=WHOLE_UNITS,
        swayed=[swayed(rows, SWAYED[bool(one.stretch.exam)], "zh", most=SWAYS) for one, rows in zip(found.forecasts, found.sways, strict=True)],
    )


def _charts(one: StretchForecast, found: Outlook, names: dict[str, str]) -> tuple[tuple[Chart, Chart], list[Chart]]:
    bands = {city: one.city(city, one.metric) for city in one.stretch.seats}
    top = max((float(band.high.max()) for band in bands.values()), default=0)
    words = "正在考试 in_exam" if one.stretch.exam else "同时观看 watching"
    whole = both(f"{one.stretch.title}：{words}", one.total[one.metric], one.stretch.opens, limit=found.taken(one).most_people)
    return whole, [chart(names.get(city, city), band, one.stretch.opens, top=top, width=480, height=200) for city, band in bands.items()]
