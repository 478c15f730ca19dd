"""Banks, the list of items, coverage, export."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_
from question_bank.domain.bulk import ACTION_LABELS
from question_bank.domain.item import BAND_LABELS, LEVEL_LABELS, POOL_LABELS, TYPE_LABELS, ItemType, Level, Pool, band_of
from question_bank.domain.review import STATUS_LABELS, Status
from question_bank.formats.writing import WRITERS
from question_bank.services import author as authors
from question_bank.services import bank as service
from question_bank.services import key_watch
from question_bank.services.bank import Bank, BankCard, Coverage, ListPage
from question_bank.services.demand import Demand
from question_bank.services.key_watch import Alarm
from question_bank.store.listing import SENT_BACK, Filter, Listed

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STATUS_KINDS = {Status.DRAFT: "neutral", Status.IN_REVIEW: "warning", Status.APPROVED: "success", Status.RETIRED: "neutral"}

bank = routes("bank", __name__, url_prefix="/bank", templates=Path(__file__).parent.parent / "templates")


@dataclass(frozen=True, slots=True)
class BanksPage:
    """Every bank."""

    banks: tuple[BankCard, ...]
    alarms: tuple[Alarm, ...]
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One line of the list in the reader's words."""

    url: str
    listed: Listed
    excerpt: str
    type: str
    status: str
    status_kind: str
    topic: str
    level: str
    band: str
    pool: str
    author: str


Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BankPage:
    """One page of a bank's items."""

    list: ListPage
    lines: tuple[ItemLine, ...]
    filter: Filter
    tabs: tuple[Mapping[str, object], ...]
    types: Choices
    topics: Choices
    pools: Choices
    bands: Choices
    exports: Choices
    levels: Choices
    actions: Choices
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class CoveragePage:
    """Topic × level × difficulty."""

    coverage: Coverage
    pool: str
    pools: Choices
    levels: Choices
    wanted: tuple[tuple[Demand, str, str], ...]  # with its cell in words and where to write an item for it


def xlsx(content: bytes, name: str) -> Response:
    """Return a workbook as a download."""
    return Response(content, mimetype=XLSX, headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'})


@bank.get("")
@requires(Permission.WRITE_ITEMS)
def banks() -> ResponseReturnValue:
    """Show every bank."""
    alarms = key_watch.alarms() if current.person().may(Permission.REVIEW_ITEMS) else ()
    names = authors.names(alarm.person_id for alarm in alarms)
    return render_template("question_bank/bank/banks.html", page=BanksPage(service.banks(current.person().person_id), alarms, names))


@bank.post("/alarms/<int:alarm_id>/clear")
@requires(Permission.REVIEW_ITEMS)
def clear_alarm(alarm_id: int) -> ResponseReturnValue:
    """Mark an alarm as looked into."""
    key_watch.clear(alarm_id, person_id=current.person().person_id, now=current.now())
    flash(_("已记录：这次提醒已核实。"), "success")
    return redirect(url_for("bank.banks"))


@bank.get("/<code>")
@requires(Permission.WRITE_ITEMS)
def page(code: str) -> ResponseReturnValue:
    """Show one page of a bank's items."""
    asked = request.args
    wanted = Filter(
        words=asked.get("q", "")[:100].replace("\x00", ""),
        topic=asked.get("topic", ""),
        status=asked.get("status", ""),
        type=asked.get("type", ""),
        pool=asked.get("pool", ""),
        band=asked.get("band", ""),
    )
    found = service.page(code, wanted, after=_number("after"), before=_number("before"))
    names = authors.names(item.author_id for item in found.items)
    kept: dict[str, Any] = {"q": wanted.words, "topic": wanted.topic, "type": wanted.type, "pool": wanted.pool, "band": wanted.band}
    kept = {name: value for name, value in kept.items() if value}
    here = kept | ({"status": wanted.status} if wanted.status else {})
    total = sum(found.statuses.values())
    tabs = [{"label": _("全部"), "url": url_for("bank.page", code=code, **kept), "current": not wanted.status, "count": total}]
    counts: list[tuple[str, str, int]] = [(status, label, found.statuses.get(status, 0)) for status, label in STATUS_LABELS.items()]
    if found.sent_back or wanted.status == SENT_BACK:
        counts.insert(1, (SENT_BACK, N_("退回"), found.sent_back))
    for status, label, count in counts:
        url = url_for("bank.page", code=code, status=status, **kept)
        tabs.append({"label": _(label), "url": url, "current": wanted.status == status, "count": count})
    reviews = current.person().may(Permission.REVIEW_ITEMS)
    return render_template(
        "question_bank/bank/page.html",
        page=BankPage(
            list=found,
            lines=tuple(_line(found, item, names) for item in found.items),
            filter=wanted,
            tabs=tuple(tabs),
            types=tuple((kind, _(label)) for kind, label in TYPE_LABELS.items()),
            topics=tuple(found.topics.items()),
            pools=tuple((pool, _(label)) for pool, label in POOL_LABELS.items()),
            bands=tuple((band, _(label)) for band, label in BAND_LABELS.items()),
            exports=tuple((url_for("export.ask", code=code, format=form), _(writer.label)) for form, writer in WRITERS.items()),
            levels=tuple((level, _(label)) for level, label in LEVEL_LABELS.items()),
            actions=tuple((action, _(label)) for action, label in ACTION_LABELS.items() if reviews or not action.is_review),
            previous=url_for("bank.page", code=code, before=found.before, **here) if found.before else None,
            next=url_for("bank.page", code=code, after=found.after, **here) if found.after else None,
        ),
    )


def _number(name: str) -> int | None:
    written = request.args.get(name, "")
    return int(written) if written.isdecimal() and len(written) < 19 else None


def _line(found: ListPage, item: Listed, names: Mapping[int, str]) -> ItemLine:
    status = Status(item.status)
    return ItemLine(
        url=url_for("item.page", code=found.bank.code, item_id=item.item_id),
        listed=item,
        excerpt=item.plain.split("\n", 1)[0][:90],
        type=_(TYPE_LABELS[ItemType(item.type)]),
        status=_("退回") if item.sent_back else _(STATUS_LABELS[status]),
        status_kind="warning" if item.sent_back else STATUS_KINDS[status],
        topic=found.bank.topic_name(item.topic),
        level=_(LEVEL_LABELS[Level(item.level)]) if item.level else "",
        band=_(BAND_LABELS[band_of(item.difficulty)]),
        pool=_(POOL_LABELS[Pool(item.pool)]) if item.pool else "",
        author=names.get(item.author_id or 0, _("系统导入")),
    )


@bank.get("/<code>/coverage")
@requires(Permission.WRITE_ITEMS)
def coverage(code: str) -> ResponseReturnValue:
    """Show how well the bank covers its topics."""
    pool = request.args.get("pool", "")
    found = service.coverage(code, pool, approved_only=request.args.get("all") != "yes", now=current.now())
    return render_template(
        "question_bank/bank/coverage.html",
        page=CoveragePage(
            coverage=found,
            pool=pool,
            pools=tuple((each, _(label)) for each, label in POOL_LABELS.items()),
            levels=tuple((level or "", _(LEVEL_LABELS[level]) if level else _("未分层次")) for level in found.levels),
            wanted=tuple((each, _cell(found.bank, each), url_for("item.new", code=code, topic=each.topic)) for each in found.demands),
        ),
    )


def _cell(found: Bank, wanted: Demand) -> str:
    words = [_(TYPE_LABELS[ItemType(wanted.type)])]
    words += [found.topic_name(wanted.topic)] if wanted.topic else []
    words += [_(LEVEL_LABELS[Level(wanted.level)])] if wanted.level else []
    if wanted.hardest > 0 or wanted.easiest < 1:
        words.append(_("得分率 %(low)s–%(high)s", low=f"{wanted.hardest:g}", high=f"{wanted.easiest:g}"))
    return " · ".join(words)
