"""The verdict as one page that needs nothing beside itself."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lms.domain.chart import LEFT, Chart
from lms.domain.forecast import METRICS
from lms.domain.programme import parse
from load_tests.scenario import BANDS
from load_tests.verdict import Verdict, budgets

ROOT = Path(__file__).parents[1]
_STYLES = ("lms/kernel/static/tokens.css", "lms/static/forecast.css")
RESULTS = {"passed": "通过", "failed": "未通过", "too little seen": "样本太少"}
KINDS = {"opened": "开考 starts", "answer": "答案 answers", "hand_in": "交卷 hand-ins", "beat": "播放记录 heartbeats", "quiz": "小测 quizzes"}
WIDTH, HEIGHT, TOP, BOTTOM = 960, 220, 10, 22


def html(verdicts: Sequence[Verdict]) -> str:
    """Return the page; of a ladder, each step and the last in full."""
    last = verdicts[-1]
    style = Markup("\n".join((ROOT / path).read_text(encoding="utf-8") for path in _STYLES))  # noqa: S704 - our own files
    templates = Environment(loader=FileSystemLoader([ROOT / "load_tests", ROOT / "lms/templates"]), autoescape=True, undefined=StrictUndefined)
    programme = parse(Path(str(last.scenario["programme"])).read_text(encoding="utf-8"))
    return templates.get_template("report.html").render(
        one=last,
        verdicts=verdicts,
        style=style,
        programme=programme,
        names={row.code: row.name for row in programme.quotas.cities},
        titles={metric.code: metric.title for metric in METRICS},
        results=RESULTS,
        bands=BANDS,
        kinds=KINDS,
        least=budgets()["least"],
        cities=sorted({line.city for line in last.lines}),
        charts=_charts(last),
    )


def _charts(one: Verdict) -> list[Chart]:
    seconds = [(float(second.at), second) for second in one.seconds]
    gauges = [(gauge.at, gauge) for gauge in one.gauges]
    return [
        line("在场教师 teachers there", [(at, float(second.people)) for at, second in seconds]),
        line("请求/秒 requests per second", [(at, second.requests) for at, second in seconds]),
        line("平均响应（毫秒） mean answer, ms", [(at, second.mean_ms) for at, second in seconds]),
        line("服务器占用核数 cores busy with the server", [(at, gauge.server_cores) for at, gauge in gauges]),
        line("数据库占用核数 cores busy with the database", [(at, gauge.database_cores) for at, gauge in gauges]),
        line("数据库连接 connections", [(at, float(gauge.connections)) for at, gauge in gauges]),
    ]


def line(label: str, points: Sequence[tuple[float, float]]) -> Chart:
    """Draw one curve over the seconds of a run."""
    end = max((at for at, _value in points), default=0) or 1
    most = max((value for _at, value in points), default=0) or 1
    inner, tall = WIDTH - LEFT - 4, HEIGHT - TOP - BOTTOM

    def y(value: float) -> float:
        return round(TOP + tall * (1 - value / most), 1)

    path = "L".join(f"{LEFT + inner * at / end:.1f} {y(value)}" for at, value in points)
    return Chart(
        label=label,
        width=WIDTH,
        height=HEIGHT,
        band="",
        line=f"M{path}" if path else "",
        seen="",
        limit=None,
        days=tuple((LEFT + inner * share, f"{end * share:.0f} s") for share in (0, 0.25, 0.5, 0.75)),
        levels=tuple((y(most * share), f"{most * share:,.3g}") for share in (0, 0.5, 1)),
    )
