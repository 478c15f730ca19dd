"""A table of responses analysed in the browser: nothing of it is kept."""

from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.domain.analysis import ItemReport
from question_bank.formats.responses import TooManyResponses
from question_bank.formats.unreadable import Unreadable
from question_bank.services import analysis as service
from question_bank.services import bank as banks
from question_bank.services.analysis import FileReport
from question_bank.services.bank import Bank
from question_bank.web import analysis as words
from question_bank.web import curve
from question_bank.web.analysis import Advice
from question_bank.web.curve import Chart

responses = routes("responses", __name__)
MOST_BYTES = 5_000_000
MOST_CELLS = 500_000  # a few seconds of a request
DETAILED, FAULTS_SHOWN = 40, 50


@dataclass(frozen=True, slots=True)
class Detail:
    """Curves and figures of one item."""

    charts: tuple[tuple[Chart, tuple[str, ...], tuple[tuple[str, ...], ...]], ...]
    options: tuple[tuple[str, ...], ...]
    models: tuple[tuple[str, ...], ...]
    differences: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ResponseLine:
    """One item in the reader's words."""

    name: str
    answers: int
    difficulty: str
    discrimination: str
    advice: tuple[Advice, ...]
    detail: Detail


@dataclass(frozen=True, slots=True)
class Found:
    """What a table of responses tells, the gravest first."""

    people: int
    trust: str
    lines: tuple[ResponseLine, ...]
    detailed: int
    faulty: int
    faults: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class UploadPage:
    """Where a table is chosen, and what it tells."""

    bank: Bank
    found: Found | None
    error: str | None


def _page(code: str, found: Found | None = None, error: str | None = None) -> ResponseReturnValue:
    bank, _topics = banks.topics(code)
    return render_template("question_bank/analysis/upload.html", page=UploadPage(bank, found, error)), 422 if error else 200


@responses.get("/bank/<code>/analysis/responses")
@requires(Permission.WRITE_ITEMS)
def upload(code: str) -> ResponseReturnValue:
    """Show where a table of responses is chosen."""
    return _page(code)


@responses.post("/bank/<code>/analysis/responses")
@requires(Permission.WRITE_ITEMS, most_bytes=2 * MOST_BYTES)
def analyse(code: str) -> ResponseReturnValue:
    """Analyse a table of responses and show what it tells."""
    file, key = request.files.get("responses"), request.files.get("key")
    content = file.read(MOST_BYTES + 1) if file and file.filename else b""
    if not content:
        return _page(code, error=_("请先选择一个文件。"))
    try:
        if len(content) > MOST_BYTES:
            raise TooManyResponses
        report = service.of_file(content, (key.read(MOST_BYTES) if key and key.filename else b"") or None, most_cells=MOST_CELLS)
    except TooManyResponses:
        return _page(code, error=_("文件过大：网页上最多 5 MB、50 万个作答。更大的文件请管理员用命令 flask bank analyse 分析。"))
    except Unreadable as refusal:
        return _page(code, error=_(refusal.message))
    return _page(code, _found(report))


def _found(report: FileReport) -> Found:
    found = report.analysis
    ordered = sorted(found.items, key=lambda one: -one.severity)
    faults = tuple((fault.place, _(fault.message)) for fault in report.faults[:FAULTS_SHOWN])
    return Found(found.people, words.trust(found.reliability), tuple(map(_line, ordered)), DETAILED, report.faulty, faults)


def _line(report: ItemReport) -> ResponseLine:
    figures = report.statistics
    return ResponseLine(
        name=figures.item,
        answers=figures.answers,
        difficulty=curve.percent(figures.difficulty),
        discrimination=words.figure(figures.point_biserial),
        advice=words.advised(report),
        detail=Detail(tuple(words.charts(report)), tuple(words.options(report)), tuple(words.models(report)), tuple(words.differences(report))),
    )
