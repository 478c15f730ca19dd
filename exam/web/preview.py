"""A paper as it was drawn, looked through and printed; and the two consents that open its key for a day."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from exam.domain.exam import Exam
from exam.domain.response import letters
from exam.services import exam as exams
from exam.services import preview as service
from exam.services import sealed_key
from exam.services.preview import PaperPreview
from exam.services.sealed_key import Seal
from exam.web.picture import sent
from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.api import with_sources
from question_bank.domain.item import TYPE_LABELS, ItemType, Key

exam_paper = routes("exam_paper", __name__)


class ConsentForm(Form):
    """Why the keys are opened."""

    reason = StringField(lazy_gettext("原因"), [InputRequired(), Length(max=500)])


@dataclass(frozen=True, slots=True)
class SeenItem:
    """One item of the paper as shown, with its key where that is open; `bank_key`: options in the bank's letters, empty where the key has none."""

    position: int
    name: str
    kind: str
    points: int
    stem_html: str
    options_html: tuple[str, ...]
    prompts_html: tuple[str, ...]
    key_html: str | None
    bank_key: str


@dataclass(frozen=True, slots=True)
class SeenSection:
    """A heading and its items."""

    title: str
    items: tuple[SeenItem, ...]


@dataclass(frozen=True, slots=True)
class PaperPage:
    """The whole paper."""

    preview: PaperPreview
    sections: tuple[SeenSection, ...]


@dataclass(frozen=True, slots=True)
class SealPage:
    """Who agreed so far."""

    seal: Seal
    mine: bool
    form: ConsentForm


@dataclass(frozen=True, slots=True)
class SealsPage:
    """What the list shows."""

    exams: Sequence[Exam]


@exam_paper.get("/admin/exams/<code>/papers/<int:number>")
@requires(Permission.MANAGE_EXAMS)
def page(code: str, number: int) -> ResponseReturnValue:
    """Show one paper as it was drawn."""
    preview = service.paper(code, number, actor_id=current.person().person_id, now=current.now())
    sections = tuple(
        SeenSection(section.title, tuple(_item(preview, index, section.points) for index in range(first, end)))
        for section, first, end in preview.blueprint.spans()
    )
    return render_template("exam/paper/page.html", page=PaperPage(preview, sections))


@exam_paper.get("/admin/exams/<code>/papers/<int:number>/pictures/<digest>")
@requires(Permission.MANAGE_EXAMS)
def picture(code: str, number: int, digest: str) -> Response:
    """Send a picture that the paper shows."""
    return sent(service.picture(code, number, digest, actor_id=current.person().person_id, now=current.now()), seconds=60)


@exam_paper.get("/admin/keys")
@requires(Permission.HOLD_KEYS)
def seals() -> ResponseReturnValue:
    """List the exams whose keys this person may help to open."""
    return render_template("exam/paper/seals.html", page=SealsPage(exams.all_exams()))


@exam_paper.get("/admin/exams/<code>/keys")
@requires(Permission.HOLD_KEYS)
def seal(code: str) -> ResponseReturnValue:
    """Show who has agreed to opening the keys."""
    return _seal(code, ConsentForm())


@exam_paper.post("/admin/exams/<code>/keys")
@requires(Permission.HOLD_KEYS)
def consent(code: str) -> ResponseReturnValue:
    """Agree to opening the keys."""
    form = ConsentForm()
    if not form.validate_on_submit():
        return _seal(code, form, status=422)
    opened = sealed_key.consent(code, current.person().person_id, form.reason.data or "", current.now())
    flash(_("答案已开启，24 小时内可在试卷预览中查看和打印。") if opened else _("已记下您的同意，还需要另一位同事同意。"), "success")
    return redirect(url_for("exam_paper.seal", code=code))


@exam_paper.post("/admin/exams/<code>/keys/withdraw")
@requires(Permission.HOLD_KEYS)
def withdraw(code: str) -> ResponseReturnValue:
    """Take one's own consent back."""
    sealed_key.withdraw(code, current.person().person_id, current.now())
    flash(_("已撤回您的同意。"), "success")
    return redirect(url_for("exam_paper.seal", code=code))


def _seal(code: str, form: ConsentForm, *, status: int = 200) -> ResponseReturnValue:
    found = sealed_key.seal(code, current.now())
    mine = any(one.person_id == current.person().person_id for one in found.consents)
    return render_template("exam/paper/seal.html", page=SealPage(found, mine, form)), status


def _item(preview: PaperPreview, index: int, points: int) -> SeenItem:
    version = preview.paper.version_ids[index]
    content = preview.contents[version]
    order = preview.paper.order(index, len(content.options_html))
    options = tuple(_shown(preview, content.options_html[original]) for original in order)
    key = preview.keys[version] if preview.keys else None
    return SeenItem(
        position=index + 1,
        name=preview.names[version],
        kind=_(TYPE_LABELS[ItemType(content.type)]),
        points=points,
        stem_html=_shown(preview, content.stem_html),
        options_html=options,
        prompts_html=tuple(_shown(preview, html) for html in content.prompts_html),
        key_html=_key(preview, content.type, key, index) if key else None,
        bank_key=lettered(content.type, key.options) if key else "",
    )


def _key(preview: PaperPreview, kind: ItemType, key: Key, index: int) -> str:
    """Return the key in the letters of this paper; escaped where it holds words."""
    match kind:
        case ItemType.FILL_IN:
            return _("；").join(escape(" / ".join(blank.accepted)) for blank in key.blanks)
        case ItemType.SHORT_TEXT:
            return _shown(preview, key.model_html)
        case _:
            return lettered(kind, preview.paper.shown(index, key.options))


def lettered(kind: ItemType, options: Sequence[int]) -> str:
    """Return options by their letters: beside the number of each prompt, in their order, or sorted where no order counts."""
    if kind is ItemType.MATCHING:
        return " ".join(f"{prompt}→{letter}" for prompt, letter in enumerate(letters(options), start=1))
    return " → ".join(letters(options)) if kind is ItemType.ORDERING else letters(sorted(options))


def _shown(preview: PaperPreview, html: str) -> str:
    return with_sources(html, lambda digest: url_for("exam_paper.picture", code=preview.exam.code, number=preview.paper.number, digest=digest))
