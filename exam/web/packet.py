"""Pages of emergency packets: the teacher hands hers in, managers bring many and decide on each."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField, validators

from exam.domain.exam import Exam
from exam.domain.packet import LARGEST, PacketLine
from exam.domain.response import letters
from exam.services import packet as service
from exam.services import room as rooms
from exam.services.packet import DecidedPacket, Packets, PacketView, Received
from exam.store.packet import PacketDecisionRow, PacketRow
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.forms import Form
from lms.kernel.i18n import format_instant, lazy_gettext
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Refusal

exam_packet = routes("exam_packet", __name__)
MOST_FILES = 200


class DecisionForm(Form):
    """Why a packet counts, or does not."""

    reason = StringField(lazy_gettext("理由"), [validators.InputRequired(), validators.Length(max=500)])


@dataclass(frozen=True, slots=True)
class OwnPage:
    """Where a teacher hands in her packet."""

    exam: Exam
    packets: Sequence[tuple[PacketRow, PacketDecisionRow | None]]
    refusal: str | None


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer of a packet beside the one the server holds, in words."""

    position: int
    held: str
    brought: str
    counts: bool


@dataclass(frozen=True, slots=True)
class PacketsPage:
    """The packets of an exam."""

    found: Packets
    waiting: tuple[tuple[PacketView, tuple[AnswerLine, ...]], ...]
    decided: tuple[tuple[str, ...], ...]
    received: tuple[tuple[str, str], ...]


@exam_packet.get("/exams/<code>/packet")
@requires(Permission.SIT_EXAM)
def own(code: str) -> ResponseReturnValue:
    """Show where to hand in a packet, and what became of those handed in."""
    return _own(code, None)


@exam_packet.post("/exams/<code>/packet")
@requires(Permission.SIT_EXAM)
def hand_in(code: str) -> ResponseReturnValue:
    """Take a packet from the person it belongs to."""
    person_id = current.person().person_id
    file = request.files.get("packet")
    try:
        brought = service.receive(file.read(LARGEST + 1) if file else b"", exam_code=code, brought_by=person_id, owner_id=person_id, now=current.now())
    except Refusal as refusal:
        return _own(code, refusal)
    if any(packet.id == brought and decision for packet, decision in service.of_person(person_id, code)):
        flash(_("这个应急包先前已经处理过，结果见本页。"), "info")
    else:
        flash(_("应急包已收存。是否计入成绩由考试管理员决定，结果会显示在本页。"), "success")
    return redirect(url_for("exam_packet.own", code=code))


@exam_packet.get("/admin/exams/<code>/packets")
@requires(Permission.MANAGE_EXAMS)
def everything(code: str) -> ResponseReturnValue:
    """List the packets of an exam."""
    return _listed(code, ())


@exam_packet.post("/admin/exams/<code>/packets")
@requires(Permission.MANAGE_EXAMS)
def bring(code: str) -> ResponseReturnValue:
    """Take many packets at once; each is told by itself."""
    files = [(file.filename or "", file.read(LARGEST + 1)) for file in request.files.getlist("packets")[:MOST_FILES]]
    received = service.receive_all(files, exam_code=code, brought_by=current.person().person_id, now=current.now())
    return _listed(code, received)


@exam_packet.post("/admin/exams/<code>/packets/<int:packet_id>/<any(approve, refuse):decision>")
@requires(Permission.MANAGE_EXAMS)
def decide(code: str, packet_id: int, decision: str) -> ResponseReturnValue:
    """Approve or refuse a packet, by name and with a reason."""
    service.admit(code, current.person().person_id, current.now())
    form = DecisionForm()
    if not form.validate_on_submit():
        flash(_("请写明理由，会留下记录。"), "warning")
        return redirect(url_for("exam_packet.everything", code=code))
    with flash_refusal():
        counted = service.decide(
            packet_id, exam_code=code, approve=decision == "approve", reason=form.reason.data or "", actor_id=current.person().person_id, now=current.now()
        )
        flash(_("已计入 %(n)s 题的答案。", n=counted) if decision == "approve" else _("已决定不计入，成绩不变。"), "success")
    return redirect(url_for("exam_packet.everything", code=code))


@exam_packet.post("/admin/exams/<code>/packets/units/<int:unit_id>/<any(approve, refuse):decision>")
@requires(Permission.MANAGE_EXAMS)
def decide_unit(code: str, unit_id: int, decision: str) -> ResponseReturnValue:
    """Decide alike on the packets of a unit whose line was down."""
    service.admit(code, current.person().person_id, current.now())
    form = DecisionForm()
    if form.validate_on_submit():
        done, refusal = service.decide_unit(
            unit_id, exam_code=code, approve=decision == "approve", reason=form.reason.data or "", actor_id=current.person().person_id, now=current.now()
        )
        flash(_("已处理 %(n)s 个应急包。", n=done), "success")
        if refusal:
            flash(_(refusal.message), "warning")
    else:
        flash(_("请写明理由，会留下记录。"), "warning")
    return redirect(url_for("exam_packet.everything", code=code, unit=unit_id))


def _own(code: str, refusal: Refusal | None) -> ResponseReturnValue:
    person_id = current.person().person_id
    one = rooms.exam_of(person_id, code, current.now())
    page = OwnPage(one.briefing.exam, service.of_person(person_id, code), _(refusal.message) if refusal else None)
    return render_template("exam/packet/own.html", page=page), refusal.status if refusal else 200


def _listed(code: str, received: Sequence[Received]) -> ResponseReturnValue:
    service.admit(code, current.person().person_id, current.now())
    found = service.of_exam(code, request.args.get("unit", type=int))
    page = PacketsPage(
        found=found,
        waiting=tuple((view, tuple(_line(line) for line in view.lines)) for view in found.waiting),
        decided=tuple(_decided(one) for one in found.decided),
        received=tuple((one.file_name, _(one.refusal.message) if one.refusal else _("已收存")) for one in received),
    )
    return render_template("exam/packet/list.html", page=page)


def _line(line: PacketLine) -> AnswerLine:
    held, brought = line.held, line.brought
    return AnswerLine(brought.position, said(held.choices, held.texts), said(brought.choices, brought.texts), line.counts)


def said(choices: Sequence[int], texts: Sequence[str]) -> str:
    """Say an answer as the learner's page showed it: options by their letters, in her order where the order counts."""
    return _("；").join(texts) or letters(choices) or _("未作答")


def _decided(one: DecidedPacket) -> tuple[str, ...]:
    verdict = _("计入 %(n)s 题", n=one.decision.counted) if one.decision.approved else _("不计入")
    return one.person, format_instant(one.packet.arrived_at), verdict, one.decision.reason, one.decided_by
