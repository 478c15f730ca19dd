"""Setting an exam up: one form to make it and, while nothing has begun, to change it; its faults show while it is filled in."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, DateTimeLocalField, DecimalField, FloatField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import Field
from wtforms.validators import InputRequired, Optional, ValidationError

from exam.domain.exam import Counts, ExamPolicy, Release, WindowRule
from exam.domain.exam_settings import ExamSettings, SettingsFaulty, SettingsFrozen, components
from exam.domain.safe_exam_browser import keys_of
from exam.services import exam_settings as service
from exam.services.exam_settings import Choices, Draft, Judged
from exam.web.exam import MULTIPLE
from lms.kernel import request as current
from lms.kernel.forms import Form, of_our_time
from lms.kernel.i18n import ZONE, format_instant, lazy_gettext, to_utc
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import N_, Refusal
from question_bank.domain.scoring import MultiplePolicy

exam_settings = routes("exam_settings", __name__)
WINDOW_RULES = {WindowRule.FINISH_BY: N_("须在结束前交卷"), WindowRule.START_BY: N_("结束前开始即可，可以答满时长")}
RELEASES = {Release.AT_ONCE: N_("评分后立即公布"), Release.BY_HAND: N_("由管理员统一公布")}
COUNTS = {Counts.BEST: N_("取最高分"), Counts.LAST: N_("取最后一次")}
_WHEN = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
CHANGED = N_("这些设置刚被别人改过，下面是现在的设置，请核对后再改。")
KEYS = ("config_keys", "browser_exam_keys")
_POLICY = {one.name for one in fields(ExamPolicy)}


class ExamForm(Form):
    """Everything that can be chosen; its fields are called as the settings are."""

    code = StringField(lazy_gettext("考试代码"), [InputRequired()], description=lazy_gettext("出现在网址和文件名中，建立后不能改。"))
    title = StringField(lazy_gettext("考试名称"), [InputRequired()])
    bank_code = SelectField(lazy_gettext("题库"), [InputRequired()])
    blueprint = SelectField(lazy_gettext("双向细目表"), [InputRequired()])
    opens = DateTimeLocalField(lazy_gettext("开放时间"), [InputRequired(), of_our_time], format=_WHEN, description=lazy_gettext("北京时间。"))
    closes = DateTimeLocalField(
        lazy_gettext("结束时间"),
        [InputRequired(), of_our_time],
        format=_WHEN,
        description=lazy_gettext("到这一刻为止；1 月 31 日 24:00 写作 2 月 1 日 00:00。"),
    )
    minutes = IntegerField(lazy_gettext("时长（分钟）"), [InputRequired()])
    window_rule = SelectField(lazy_gettext("临近结束时开考"), [InputRequired()])
    requires_learning = BooleanField(lazy_gettext("学时达到要求后才能参加"))
    attempts = IntegerField(lazy_gettext("考试次数"), [InputRequired()])
    wait_days = IntegerField(lazy_gettext("两次考试至少间隔（天）"), [InputRequired()], description=lazy_gettext("从上一次交卷起，每天按 24 小时计。"))
    counts = SelectField(lazy_gettext("多次考试的成绩"), [InputRequired()])
    component = SelectField(lazy_gettext("计入总评的哪一项"), [InputRequired()])
    pass_points = DecimalField(lazy_gettext("及格分"), [Optional()], description=lazy_gettext("只在这场考试另有及格线时填写；是否合格仍由总评决定。"))
    release = SelectField(lazy_gettext("公布成绩"), [InputRequired()])
    multiple = SelectField(lazy_gettext("多选题计分"), [InputRequired()])
    double_percent = IntegerField(lazy_gettext("简答题双评比例（%）"), [InputRequired()], description=lazy_gettext("抽出的答卷由两人分别评阅，互不可见。"))
    tolerance_percent = IntegerField(
        lazy_gettext("双评允许相差（占该题分值的 %）"), [InputRequired()], description=lazy_gettext("相差不超过时取平均分，超过时由第三人裁定。")
    )
    starts_per_second = FloatField(
        lazy_gettext("每秒放行人数"), [Optional()], description=lazy_gettext("不填则用压测得出的速度；0 表示不限速、不候场。开考前还可以调整。")
    )
    asks_identity = BooleanField(lazy_gettext("开考前由监考人员核对身份（照片或当面），未通过的不能开始"))
    keeps_offline = BooleanField(lazy_gettext("断网时答案可加密暂存在考生设备上；不选则只留在页面里，关闭页面会丢失未送达的答案"))

    config_keys = TextAreaField(lazy_gettext("Config Key"), [Optional()], description=lazy_gettext("每行一个，64 位十六进制；对得上其中一个即可。"))
    browser_exam_keys = TextAreaField(
        lazy_gettext("Browser Exam Key"), [Optional()], description=lazy_gettext("要限定浏览器版本时填写，每行一个；与 Config Key 都填时，两种都要对上。")
    )
    browser_configuration = StringField(
        lazy_gettext("配置文件的网址"), [Optional()], description=lazy_gettext("填写后，考生可以从考试说明页直接打开 Safe Exam Browser。")
    )

    def validate_pass_points(self, field: Field) -> None:
        """Refuse what is no number of hundredths."""
        if field.data is not None and not (field.data.is_finite() and field.data * 100 % 1 == 0):
            raise ValidationError(_("请填写分数，最多两位小数。"))

    @classmethod
    def of(cls, draft: Draft, choices: Choices, *, new: bool, shown: bool = False) -> "ExamForm":
        """Return the form, filled with what stands unless it was sent; the code is chosen once. `shown`: whatever form was sent, it was not this."""
        settings = draft.settings
        plain = {one.name: getattr(settings, one.name) for one in fields(ExamSettings) if one.name != "policy"}
        plain |= {one: getattr(settings.policy, one) for one in _POLICY} | {"code": draft.code, "blueprint": draft.blueprint}
        plain |= {"opens": settings.opens.astimezone(ZONE), "closes": settings.closes.astimezone(ZONE)}
        plain |= {name: "\n".join(plain[name]) for name in KEYS}
        plain["pass_points"] = None if settings.pass_points is None else Decimal(settings.pass_points) / 100
        form = cls(formdata=None, data=plain) if shown else cls(data=plain)
        form.bank_code.choices = list(choices.banks.items())
        form.blueprint.choices = [(ref, _lined(ref, *line)) for ref, line in choices.blueprints.items()]
        form.component.choices = list(components(choices.programme).items())
        for field, words in (
            (form.window_rule, WINDOW_RULES),
            (form.release, RELEASES),
            (form.counts, COUNTS),
            (form.multiple, MULTIPLE),
        ):
            field.choices = [(str(value), _(text)) for value, text in words.items()]
        if not new:
            del form.code
        return form

    def read(self, draft: Draft) -> Draft:
        """Return what was typed, once it could be read."""
        values = {field.name: field.data for field in self if field.type != "CSRFTokenField"}
        code, blueprint, points = values.pop("code", draft.code), values.pop("blueprint"), values.pop("pass_points")
        policy = {name: values.pop(name) for name in _POLICY}
        values |= {name: keys_of(values[name] or "") for name in KEYS} | {"browser_configuration": (values["browser_configuration"] or "").strip()}
        policy |= {"counts": Counts(policy["counts"]), "multiple": MultiplePolicy(policy["multiple"])}
        settings = ExamSettings(
            **values | {"opens": to_utc(values["opens"]), "closes": to_utc(values["closes"])}
            | {"window_rule": WindowRule(values["window_rule"]), "release": Release(values["release"])},
            pass_points=None if points is None else int(points * 100), policy=ExamPolicy(**policy),
        )  # fmt: skip
        return replace(draft, code=code.strip(), settings=settings, blueprint=blueprint)

    def blame(self, faults: Mapping[str, str]) -> None:
        """Put every fault at its field."""
        for name, reason in faults.items():
            self[name].errors = [*self[name].errors, _(reason)]


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """What the form's page shows; `programmes` are to choose from where none is chosen yet."""

    programmes: Mapping[str, str]
    programme: str
    title: str
    code: str | None
    form: ExamForm | None
    period: str
    differences: tuple[str, ...]
    seen: str = ""
    refusal: str | None = None
    frozen: bool = False


@exam_settings.get("/admin/exams/new")
@requires(Permission.MANAGE_EXAMS)
def new() -> ResponseReturnValue:
    """Show the form of a new exam, filled from the programme's file."""
    programmes = service.programmes()
    code = request.args.get("programme") or (next(iter(programmes)) if len(programmes) == 1 else None)
    if code is None:
        page = SettingsPage(programmes, "", "", None, None, "", ())
        return render_template("exam/exam_settings/form.html", page=page)
    draft = service.asked(code)
    choices = _choices(draft)
    return _show(draft, choices, ExamForm.of(draft, choices, new=True), new=True)


@exam_settings.post("/admin/exams/for/<programme>")
@requires(Permission.MANAGE_EXAMS)
def create(programme: str) -> ResponseReturnValue:
    """Make the exam, or only say what is wrong with it."""
    return _sent(service.asked(programme), new=True)


@exam_settings.get("/admin/exams/<code>/settings")
@requires(Permission.MANAGE_EXAMS)
def edit(code: str) -> ResponseReturnValue:
    """Show how an exam is set."""
    draft, frozen = service.chosen(code, current.now())
    choices = _choices(draft)
    if frozen:
        return _standing(draft, choices, status=200)
    return _show(draft, choices, ExamForm.of(draft, choices, new=False), new=False)


@exam_settings.post("/admin/exams/<code>/settings")
@requires(Permission.MANAGE_EXAMS)
def change(code: str) -> ResponseReturnValue:
    """Set the exam anew, or only say what is wrong."""
    draft, frozen = service.chosen(code, current.now())
    if frozen:
        return _standing(draft, _choices(draft), status=SettingsFrozen.status)
    return _sent(draft, new=False)


def settings_words(draft: Draft, person_id: int) -> tuple[tuple[str, str], ...]:
    """Return everything that was chosen for an exam, in words."""
    form = ExamForm.of(draft, service.choices(draft.programme_code, person_id), new=False, shown=True)
    return tuple((field.label.text, _word(field)) for field in form if field.type != "CSRFTokenField")


def labels(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of settings as the form calls them."""
    form = ExamForm(formdata=None)
    return tuple(form[name].label.text for name in names)


def _word(field: Field) -> str:
    if isinstance(field, SelectField):
        return {str(choice[0]): str(choice[1]) for choice in field.iter_choices()}.get(str(field.data), str(field.data))
    if field.name in KEYS:
        return _("%(n)s 个", n=len(keys_of(field.data))) if field.data else "—"
    if isinstance(field.data, bool):
        return _("是") if field.data else _("否")
    if isinstance(field.data, datetime):
        return format_instant(field.data, "end" if field.name == "closes" else "minute")
    return "—" if field.data in (None, "") else f"{field.data.normalize():f}" if isinstance(field.data, Decimal) else str(field.data)


def _choices(draft: Draft) -> Choices:
    return service.choices(draft.programme_code, current.person().person_id)


def _standing(draft: Draft, choices: Choices, *, status: int) -> ResponseReturnValue:
    """Show how a frozen exam is set, whatever was typed."""
    form = ExamForm.of(draft, choices, new=False, shown=True)
    return _show(draft, choices, form, new=False, refusal=_(SettingsFrozen.message), frozen=True, status=status)


def _sent(draft: Draft, *, new: bool) -> ResponseReturnValue:
    me, now, choices = current.person().person_id, current.now(), _choices(draft)
    if not new and request.form.get("seen") != _sign(draft):
        return _show(draft, choices, ExamForm.of(draft, choices, new=False, shown=True), new=False, refusal=_(CHANGED), status=409)
    form = ExamForm.of(draft, choices, new=new)
    checking = request.form.get("action") == "check"
    if not form.validate_on_submit():
        return _show(draft, choices, form, new=new, status=200 if checking else 422)
    wanted = form.read(draft)
    if checking:
        judged = service.judge(wanted, actor_id=me, now=now, new=new)
        form.blame(judged.faults)
        return _show(draft, choices, form, new=new, judged=judged)
    try:
        if new:
            service.create(wanted, actor_id=me, now=now)
            flash(_("考试已建立。下一步请组卷。"), "success")
        else:
            stale = service.change(wanted, actor_id=me, now=now)
            flash(_("已保存。题库或细目表有变化，请重新组卷。") if stale else _("已保存。"), "success")
    except SettingsFaulty as refusal:
        form.blame(refusal.facts["faults"])  # type: ignore[arg-type]
        return _show(draft, choices, form, new=new, status=refusal.status)
    except Refusal as refusal:
        return _show(draft, choices, form, new=new, refusal=_(refusal.message), status=refusal.status)
    return redirect(url_for("exam_board.one", code=wanted.code))


def _show(
    draft: Draft,
    choices: Choices,
    form: ExamForm,
    *,
    new: bool,
    judged: Judged | None = None,
    refusal: str | None = None,
    frozen: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    programme = choices.programme
    page = SettingsPage(
        programmes={},
        programme=draft.programme_code,
        title=programme.title,
        code=None if new else draft.code,
        form=form,
        period=_("%(opens)s 至 %(closes)s", opens=format_instant(programme.exam.opens), closes=format_instant(programme.exam.closes, "end")),
        differences=labels(judged.differences) if judged else (),
        seen="" if new else _sign(draft),
        refusal=refusal,
        frozen=frozen,
    )
    return render_template("exam/exam_settings/form.html", page=page), status


def _sign(draft: Draft) -> str:
    """Return a sign of how an exam is set: what was shown is what is changed."""
    return hashlib.sha256(repr(draft).encode()).hexdigest()[:16]


def _lined(ref: str, title: str, items: int, points: int) -> str:
    _code, _at, version = ref.rpartition("@")
    kept = _("第 %(n)s 版", n=version) if version.isdigit() else _("随产品提供")
    return _("%(title)s（%(kept)s，%(items)s 题 %(points)s 分）", title=title, kept=kept, items=items, points=f"{points / 100:g}")
