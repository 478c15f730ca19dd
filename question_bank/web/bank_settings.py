"""The page that makes a bank, and the one that keeps its name and topics."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from lms.kernel import request as current
from lms.kernel.forms import Form
from lms.kernel.i18n import gettext as _
from lms.kernel.i18n import lazy_gettext
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.services import bank_settings as service
from question_bank.services.bank import Bank
from question_bank.services.bank_settings import BankChanged, BankThere, Names

bank_settings = routes("bank_settings", __name__, url_prefix="/bank")
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_PATHS = {"new", "alarms"}  # what addresses of other pages begin with
MOST_TOPICS, LONGEST_TOPIC, LONGEST_NAME = 3_000, 60, 200


class SettingsForm(Form):
    """What a bank is called, and its topics, one a line."""

    name = StringField(lazy_gettext("题库名称"), [DataRequired(), Length(max=LONGEST_NAME)])
    topics = TextAreaField(lazy_gettext("知识点"))
    seen = HiddenField()  # what the form was opened with, as JSON

    def validate_topics(self, field: Any) -> None:
        """Refuse what cannot be kept, naming its line."""
        lines = _lines(field.data or "")
        if len(lines) > MOST_TOPICS:
            raise ValidationError(_("最多 %(most)d 个知识点。", most=MOST_TOPICS))
        seen: set[str] = set()
        for number, (code, name) in enumerate(lines, start=1):
            if not code or not name or len(code) > LONGEST_TOPIC or len(name) > LONGEST_NAME or "\0" in code + name:
                raise ValidationError(_("第 %(number)d 行：编号最多 60 个字，名称最多 200 个字，都不能为空。", number=number))
            if code in seen:
                raise ValidationError(_("第 %(number)d 行：编号“%(code)s”重复。", number=number, code=code))
            seen.add(code)


class NewForm(SettingsForm):
    """The same of a bank that is to be made."""

    code = StringField(lazy_gettext("题库编号"), [InputRequired()])

    def validate_code(self, field: Any) -> None:
        """Take what can stand in an address and in a command."""
        if not _CODE.fullmatch(field.data or "") or field.data in _PATHS:
            raise ValidationError(_("请用小写字母、数字和连字符，例如 psychology-2026。"))


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The form, the bank if there is one yet, and what somebody else changed meanwhile: what, before, now."""

    form: SettingsForm
    bank: Bank | None
    refusal: str = ""
    changes: tuple[tuple[str, str, str], ...] = ()


@bank_settings.get("/new")
@requires(Permission.REVIEW_ITEMS)
def new() -> ResponseReturnValue:
    """Show the form of a new bank."""
    return _shown(NewForm())


@bank_settings.post("/new")
@requires(Permission.REVIEW_ITEMS)
def make() -> ResponseReturnValue:
    """Make a bank."""
    form = NewForm()
    if not form.validate():
        return _shown(form), 422
    try:
        service.make(str(form.code.data), _name(form), _topics(form), person_id=current.person().person_id, now=current.now())
    except BankThere as there:
        form.code.errors = [_(there.message)]
        return _shown(form), 409
    flash(_("题库已建立，可以编写或导入试题了。"), "success")
    return redirect(url_for("bank.page", code=form.code.data))


@bank_settings.get("/<code>/settings")
@requires(Permission.REVIEW_ITEMS)
def page(code: str) -> ResponseReturnValue:
    """Show a bank's name and topics."""
    bank = service.view(code, person_id=current.person().person_id)
    topics = "\n".join(topic if topic == name else f"{topic}={name}" for topic, name in bank.topics.items())
    return _shown(SettingsForm(name=bank.name, topics=topics, seen=_sealed(bank)), bank)


@bank_settings.post("/<code>/settings")
@requires(Permission.REVIEW_ITEMS)
def keep(code: str) -> ResponseReturnValue:
    """Rename a bank, name topics."""
    person, form = current.person(), SettingsForm()
    if not form.validate():
        return _shown(form, service.view(code, person_id=person.person_id)), 422
    seen = _seen(form)
    try:
        service.keep(code, _name(form), _topics(form), seen=seen, person_id=person.person_id, now=current.now())
    except BankChanged as changed:
        form.seen.data = _sealed(changed.bank)
        page = SettingsPage(form, changed.bank, _(changed.message), _changes(seen, changed.bank))
        return render_template("question_bank/bank/settings.html", page=page), 409
    flash(_("已保存。"), "success")
    return redirect(url_for("bank.page", code=code))


def _shown(form: SettingsForm, bank: Bank | None = None) -> str:
    return render_template("question_bank/bank/settings.html", page=SettingsPage(form, bank))


def _sealed(bank: Bank) -> str:
    return msgspec.json.encode(Names(bank.name, bank.topics)).decode()


def _seen(form: SettingsForm) -> Names:
    """Return what the form was opened with; a form that does not tell has seen nothing."""
    try:
        return msgspec.json.decode(form.seen.data or "", type=Names)
    except msgspec.DecodeError:
        return Names()


def _changes(seen: Names, bank: Bank) -> tuple[tuple[str, str, str], ...]:
    topics = [(code, seen.topics.get(code, ""), name) for code, name in bank.topics.items()]
    return tuple(change for change in [(_("题库名称"), seen.name, bank.name), *topics] if change[1] != change[2])


def _lines(text: str) -> list[tuple[str, str]]:
    """Return the code and the name of each line; a line without a sign of equality is both."""
    parted = [line.partition("=") for line in text.splitlines() if line.strip()]
    return [(code.strip(), (name if sign else code).strip()) for code, sign, name in parted]


def _name(form: SettingsForm) -> str:
    return (form.name.data or "").strip()


def _topics(form: SettingsForm) -> Mapping[str, str]:
    return dict(_lines(form.topics.data or ""))
