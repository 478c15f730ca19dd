"""Importing a file in the browser: upload, look, mend, commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Malformed
from question_bank.domain.draft import Draft
from question_bank.domain.item import POOL_LABELS, Pool
from question_bank.domain.staging import VERDICT_LABELS, Choice, Verdict
from question_bank.domain.written_answer import write_answer
from question_bank.formats import reading, workbook_writing
from question_bank.formats.unreadable import Unreadable, message_of
from question_bank.formats.workbook_writing import Notes
from question_bank.services import bank as banks
from question_bank.services import drafting
from question_bank.services import staging as service
from question_bank.services.bank import Bank
from question_bank.services.staging import BatchView, Difference
from question_bank.store.staging import Batch
from question_bank.web import item_form
from question_bank.web.bank import xlsx
from question_bank.web.item_form import ItemForm
from question_bank.web.loss import LossTable, loss_table
from question_bank.web.loss_words import told
from question_bank.web.picture import shown_in
from question_bank.web.version import Changes, changes

staging = routes("staging", __name__, url_prefix="/bank/<code>/import")
SHOWN = 100


@dataclass(frozen=True, slots=True)
class UploadPage:
    """Where a file is chosen."""

    bank: Bank
    batches: tuple[Batch, ...]
    person_id: int
    pools: tuple[tuple[str, str], ...]
    error: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One row in the list, in the reader's language: its words without any notation."""

    place: str
    stem: str
    options: tuple[str, ...]
    answer: str
    losses: tuple[str, ...]
    twin_place: str  # of the earlier row that it is much like
    changes: Changes  # of an update


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A staged file: some of its rows, the refused ones first."""

    view: BatchView
    tabs: tuple[dict[str, object], ...]
    writes: int
    refused: int
    alike: int
    refusal: str
    losses: LossTable
    rows: Mapping[int, Shown]
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class LinePage:
    """One row in the form."""

    bank: Bank
    batch: Batch
    place: str
    form: ItemForm
    back: str
    goes_on: bool


def _upload(code: str, error: str | None = None) -> ResponseReturnValue:
    bank, batches = service.recent(code)
    pools = tuple((pool, _(label)) for pool, label in POOL_LABELS.items())
    return render_template("question_bank/staging/upload.html", page=UploadPage(bank, batches, current.person().person_id, pools, error)), 422 if error else 200


@staging.get("")
@requires(Permission.WRITE_ITEMS)
def upload(code: str) -> ResponseReturnValue:
    """Show where a file is chosen."""
    return _upload(code)


@staging.post("")
@requires(Permission.WRITE_ITEMS, most_bytes=reading.MAX_BYTES + 100_000)  # and the rest of the form
def take_in(code: str) -> ResponseReturnValue:
    """Read a file and show its rows; nothing is in the bank yet."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _upload(code, _("请先选择一个文件。"))
    pool = request.form.get("pool", "")
    try:
        batch_id = service.stage(
            code,
            file.filename.replace("\x00", ""),
            file.read(),
            pool=pool if pool in set(Pool) else "",
            person_id=current.person().person_id,
            now=current.now(),
        )
    except Unreadable as refusal:
        return _upload(code, _(refusal.message))
    return redirect(url_for("staging.batch", code=code, batch_id=batch_id))


@staging.get("/template")
@requires(Permission.WRITE_ITEMS)
def template(code: str) -> ResponseReturnValue:
    """Give out an Excel template with one example of each type."""
    banks.topics(code)
    return xlsx(workbook_writing.write_items(_EXAMPLES, notes=Notes("填写说明", _INSTRUCTIONS)), "template")


@staging.get("/<int:batch_id>")
@requires(Permission.WRITE_ITEMS)
def batch(code: str, batch_id: int) -> ResponseReturnValue:
    """Show a staged file's rows with their faults."""
    verdict = request.args.get("verdict", "")
    written = request.args.get("from", "0")
    begin = int(written) if written.isdecimal() and len(written) < 8 else 0
    view = service.view(code, batch_id, person_id=current.person().person_id, verdict=verdict, begin=begin, limit=SHOWN)
    if view.batch.state.is_busy:
        return render_template("question_bank/staging/working.html", page=view)
    kept: dict[str, Any] = {"code": code, "batch_id": batch_id} | ({"verdict": verdict} if verdict else {})
    before: dict[str, Any] = kept | {"from": max(0, begin - SHOWN)}
    after: dict[str, Any] = kept | {"from": begin + SHOWN}
    total = sum(view.counts.values())
    tabs = [{"label": _("全部"), "url": url_for("staging.batch", code=code, batch_id=batch_id), "current": not verdict, "count": total}]
    for each, label in VERDICT_LABELS.items():
        url = url_for("staging.batch", code=code, batch_id=batch_id, verdict=each)
        tabs.append({"label": _(label), "url": url, "current": verdict == each, "count": view.counts[each]})
    lost: dict[str, list[str]] = {}
    for loss in view.losses:
        lost.setdefault(loss.place, []).append(loss.what)
    found = view.counts[Verdict(verdict)] if verdict in set(Verdict) else total
    return render_template(
        "question_bank/staging/batch.html",
        page=BatchPage(
            view=view,
            tabs=tuple(tabs),
            writes=view.counts[Verdict.NEW] + view.counts[Verdict.CHANGE],
            refused=view.counts[Verdict.REFUSED],
            alike=view.alike,
            refusal=_(message_of(view.batch.refusal)) if view.batch.refusal else "",
            losses=loss_table(view.losses),
            rows={at: _shown(view.bank, line.draft, lost.get(line.draft.place, ()), view.differences.get(at, Difference())) for at, line in view.lines},
            previous=url_for("staging.batch", **before) if begin else None,
            next=url_for("staging.batch", **after) if begin + SHOWN < found else None,
        ),
    )


def _shown(bank: Bank, draft: Draft, losses: Sequence[str], difference: Difference) -> Shown:
    stem, *options, answer = (drafting.brief(words, _("图片")) for words in (draft.stem, *draft.options, write_answer(draft)))
    changed = changes(bank, *difference.update) if difference.update else ()
    return Shown(told(draft.place), stem, tuple(options), answer, tuple(map(told, losses)), told(difference.place), changed)


@staging.get("/<int:batch_id>/progress")
@requires(Permission.WRITE_ITEMS)
def progress(code: str, batch_id: int) -> ResponseReturnValue:
    """Tell how far the worker has come."""
    found = service.progress(code, batch_id, person_id=current.person().person_id)
    return {"state": found.state, "done": found.done, "total": found.total}


@staging.post("/<int:batch_id>/twins")
@requires(Permission.WRITE_ITEMS)
def choose(code: str, batch_id: int) -> ResponseReturnValue:
    """Say what becomes of rows that are much like an item."""
    choice, position = request.form.get("choice"), request.form.get("position", "")
    person_id = current.person().person_id
    if (position, choice) == ("all", Choice.SKIP):
        service.skip_alike(code, batch_id, person_id=person_id)
        return redirect(url_for("staging.batch", code=code, batch_id=batch_id))
    if choice not in set(Choice) or not position.isdecimal() or len(position) > 6:
        raise Malformed
    service.choose(code, batch_id, int(position), Choice(choice), person_id=person_id, now=current.now())
    return redirect(url_for("staging.batch", code=code, batch_id=batch_id, _anchor=f"row-{position}"))


def _line(code: str, batch_id: int, position: int, draft: Draft | None = None) -> ResponseReturnValue:
    found = service.row(code, batch_id, position, person_id=current.person().person_id)
    bank, topics = banks.topics(code)
    form = item_form.filled(draft or found.line.draft, topics, found.line.faults, shown=shown_in(code))
    back = url_for("staging.batch", code=code, batch_id=batch_id)
    page = LinePage(bank, found.batch, told(found.line.draft.place), form, back, goes_on=found.other is not None)
    return render_template("question_bank/staging/line.html", page=page)


@staging.get("/<int:batch_id>/<int:position>")
@requires(Permission.WRITE_ITEMS)
def line(code: str, batch_id: int, position: int) -> ResponseReturnValue:
    """Show one row in the form."""
    return _line(code, batch_id, position)


@staging.post("/<int:batch_id>/<int:position>")
@requires(Permission.WRITE_ITEMS)
def mend(code: str, batch_id: int, position: int) -> ResponseReturnValue:
    """Put the mended row in place; a row with faults left stays in the form."""
    draft = item_form.read(request.form, request.form.getlist("key"))
    judged = service.mend(code, batch_id, position, draft, person_id=current.person().person_id, now=current.now())
    if judged.verdict is Verdict.REFUSED:
        return _line(code, batch_id, position)
    flash(_("这一行已改好。"), "success")
    other = service.row(code, batch_id, position, person_id=current.person().person_id).other if request.form.get("action") == "next" else None
    if other is not None:
        return redirect(url_for("staging.line", code=code, batch_id=batch_id, position=other))
    return redirect(url_for("staging.batch", code=code, batch_id=batch_id))


@staging.post("/<int:batch_id>/commit")
@requires(Permission.WRITE_ITEMS)
def commit(code: str, batch_id: int) -> ResponseReturnValue:
    """Write the accepted rows."""
    service.commit(code, batch_id, person_id=current.person().person_id, now=current.now())
    return redirect(url_for("staging.batch", code=code, batch_id=batch_id))


@staging.post("/<int:batch_id>/discard")
@requires(Permission.WRITE_ITEMS)
def discard(code: str, batch_id: int) -> ResponseReturnValue:
    """Give the file up."""
    service.discard(code, batch_id, person_id=current.person().person_id, now=current.now())
    flash(_("已放弃这次导入，题库没有变化。"), "info")
    return redirect(url_for("bank.page", code=code))  # open also to whoever may no longer import


@staging.get("/<int:batch_id>/refused")
@requires(Permission.WRITE_ITEMS)
def refused(code: str, batch_id: int) -> ResponseReturnValue:
    """Give out the refused rows with the reasons."""
    return xlsx(service.refused_rows(code, batch_id, person_id=current.person().person_id), "refused")


_EXAMPLES = (
    Draft(
        type="single",
        stem="班主任发现一名学生连续几天情绪低落，第一步最合适的做法是？",
        options=("单独、平和地表达关心并倾听", "在班会上点名询问原因", "立即通知家长带孩子回家", "等待学生自己好转"),
        option_explanations=("先建立信任，了解情况。", "公开询问会让学生难堪。", "还没有了解情况。", "可能错过需要帮助的时机。"),
        key=(0,),
        explanation="先倾听、了解，再决定是否需要进一步支持。",
        topic="知识点名称",
        level="apply",
        difficulty=0.75,
        pool="exam",
    ),
    Draft(
        type="multiple",
        stem="下列属于学校心理健康教育途径的有哪些？",
        options=("心理健康课", "学科渗透", "家校沟通", "公布学生心理测评结果"),
        key=(0, 1, 2),
        explanation="测评结果应当保密。",
        topic="知识点名称",
        level="remember",
        difficulty=0.7,
        pool="practice",
    ),
    Draft(
        type="true_false",
        stem="心理辅导中的保密原则没有任何例外。",
        options=("正确", "错误"),
        key=(1,),
        explanation="出现伤害自己或他人的危险时应突破保密。",
        topic="知识点名称",
        level="understand",
        difficulty=0.85,
        pool="practice",
    ),
)
_INSTRUCTIONS = (
    ("一行一题。列的顺序可以改变，用不到的列可以留空或删去。",),
    ("题型：单选题、多选题、判断题。不填时按答案判断。",),
    ("答案：单选填一个字母，多选填多个字母（ABD 或 A,B,D），判断填 对/错、正确/错误、√/×。",),
    ("难度：预计得分率，0 到 1 之间的小数（0.85 表示约 85% 的人能答对），或填 容易、中等、较难。",),
    ("认知层次：识记、理解、应用、分析、评价、创造。用途：考试或练习。",),
    ("试题编号可不填。填了编号再次导入时，会更新同一题而不是新增；编号相同、内容却是另一道题的，按新题写入并另取编号。",),
    ("导入前请删去示例行。",),
)
