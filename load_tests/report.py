"""The verdict as one page that needs nothing beside itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from lms.domain.chart import LEFT, Chart
from lms.domain.forecast import METRICS
from lms.domain.programme import parse
from load_tests.figures import Line
from load_tests.gauges import Machine
from load_tests.scenario import BANDS
from load_tests.verdict import Verdict, budgets, is_judged

ROOT = Path(__file__).parents[1]
_STYLES = ("lms/kernel/static/tokens.css", "lms/static/forecast.css")
RESULTS = {"passed": "通过", "failed": "未通过", "too little seen": "样本太少"}
KINDS = {"opened": "开考 starts", "answer": "答案 answers", "hand_in": "交卷 hand-ins", "beat": "播放记录 heartbeats", "quiz": "小测 quizzes"}
WIDTH, HEIGHT, TOP, BOTTOM = 480, 200, 10, 22
# What a verdict asks, and the kinds of fault that answer it with no; a kind that is none of these is of what was acknowledged.
QUESTIONS = (
    ("计划演的都演到了吗 Was everything played that was planned?", ("run", "plan")),
    ("时限和失败率守住了吗 Were the budgets kept?", ("budget", "overload")),
    ("机器还有余量吗 Has the machine head-room?", ("machine",)),
)
STORED = "确认过的都存下了吗 Is everything stored that was acknowledged?"


class Answer(NamedTuple):
    """One question of a verdict: how many faults say no, the figure behind it, and whether anything answers it at all."""

    question: str
    faults: int
    figure: str
    known: bool = True


def html(verdicts: Sequence[Verdict]) -> str:
    """Return the page; of a ladder, each step and the last in full."""
    last = verdicts[-1]
    style = Markup("\n".join((ROOT / path).read_text(encoding="utf-8") for path in _STYLES))  # noqa: S704 - our own files
    templates = Environment(loader=FileSystemLoader([ROOT / "load_tests", ROOT / "lms/templates"]), autoescape=True, undefined=StrictUndefined)
    programme = parse(Path(str(last.scenario["programme"])).read_text(encoding="utf-8"))
    return templates.get_template("report.html").render(
        one=last,
        answers=answers(last),
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


def answers(one: Verdict) -> list[Answer]:
    """Return why a run is go or no-go: each question with its faults and one figure."""
    scales = one.scenario["scales"]
    assert isinstance(scales, dict)
    judged = [line for line in one.lines if is_judged(line, budgets()["least"])]
    nearest = max((_nearest(line, one.budgets.get(line.name, {})) for line in judged), default=(0.0, "没有足够多的请求 too few requests of any kind"))
    machine = one.machine
    figures = (
        "占预计高峰 of the forecast's peak: "
        + (" · ".join(f"{share:.2%} ({BANDS[band]})" for band, share in scales.items()) or f"{one.scenario['scale']:.2%}"),
        nearest[1],
        _head_room(machine, passed=one.passed) if machine else "没有观察 not seen",
    )
    kinds = [fault.kind for fault in one.faults]
    seen = (True, bool(judged), machine is not None)
    named = [
        Answer(question, sum(kind in asked for kind in kinds), figure, known) for (question, asked), figure, known in zip(QUESTIONS, figures, seen, strict=True)
    ]
    stored = len(kinds) - sum(answer.faults for answer in named)
    return [Answer(STORED, stored, f"逐条核对 {one.acknowledged:,} 条 compared one by one", bool(one.acknowledged)), *named]


def _head_room(machine: Machine, *, passed: bool) -> str:
    told = f"按核时的 60% 计，可承受本次负载的 {machine.head_room:.1f} 倍 times this load at 60 % of the cores"
    return told if passed else f"{told}; 最先用满 fullest: {machine.saturated}"


def _nearest(one: Line, budget: Mapping[str, float]) -> tuple[float, str]:
    """Return which share of its budget a path has used at the most, and in words."""
    used = {"p95": (one.p95_ms, "p95_ms"), "p99": (one.p99_ms, "p99_ms"), "queued p95": (one.queue_p95_ms, "queue_p95_ms")}
    shares = [(seen / budget[name], f"{words} {seen:.0f} / {budget[name]:.0f} ms") for words, (seen, name) in used.items() if budget.get(name)]
    share, words = max(shares, default=(0.0, ""))
    return share, f"最接近时限 nearest to its budget: {one.city + ' ' if one.city else ''}{one.method} {one.name} {words}"


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
