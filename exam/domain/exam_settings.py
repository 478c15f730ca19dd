"""What is chosen before an exam opens: its defaults from the programme's file, what is wrong with it, and where it differs from the file."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from exam.domain.blueprint import Blueprint
from exam.domain.exam import GRACE, ExamPolicy, Release, WindowRule
from exam.domain.safe_exam_browser import ADDRESS, KEYS, are_keys
from exam.domain.waiting_room import MOST
from lms.domain.programme import Programme
from lms.kernel.refusal import N_, Conflict, Invalid

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{1,59}")
RESERVED = frozenset({"new", "for"})  # addresses of the form
MOST_MINUTES = 1440
PERCENT = N_("请填写 0 到 100 之间的整数。")
_NONE = timedelta(0)


class SettingsFaulty(Invalid):
    """Some settings cannot stand; the facts name them, each with the reason."""

    code = "exam_settings_faulty"
    message = N_("考试设置有几处需要修改。")


class SettingsFrozen(Conflict):
    """From the moment the waiting room opens nothing is set any more."""

    code = "exam_settings_frozen"
    message = N_("开考前 30 分钟起，或已有人作答后，考试设置就冻结了，不能再改。")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamSettings:
    """What can be chosen; `pass_points` in hundredths, `starts_per_second` None for the house's rate."""

    title: str
    bank_code: str
    opens: datetime
    closes: datetime
    minutes: int
    window_rule: WindowRule = WindowRule.FINISH_BY
    attempts: int = 1
    pass_points: int | None = None
    requires_learning: bool = False
    component: str = "test"
    release: Release = Release.AT_ONCE
    asks_identity: bool = False
    keeps_offline: bool = True
    starts_per_second: float | None = None
    config_keys: tuple[str, ...] = ()
    browser_exam_keys: tuple[str, ...] = ()
    browser_configuration: str = ""
    policy: ExamPolicy = field(default_factory=ExamPolicy)


def asked_by(programme: Programme) -> ExamSettings:
    """Return what the programme's file asks of its exam; no bank is chosen yet."""
    asked = programme.exam
    return ExamSettings(
        title=asked.title,
        bank_code="",
        opens=asked.opens,
        closes=asked.closes,
        minutes=asked.minutes,
        window_rule=WindowRule(asked.window_rule),
        attempts=asked.attempts,
        pass_points=None if asked.pass_mark is None else int(asked.pass_mark * 100),
        requires_learning=asked.requires_learning,
        component=next(iter(components(programme)), "test"),
    )


def components(programme: Programme) -> dict[str, str]:
    """Return the parts of the total that an exam can give, by code."""
    return {part.code: part.title for part in programme.assessment.components if part.source == "exam"}


def faults(settings: ExamSettings, programme: Programme, blueprint: Blueprint | None, now: datetime) -> dict[str, str]:
    """Return what is wrong, by setting; of one setting the first reason."""
    length, policy = settings.closes - settings.opens, settings.policy
    keys, configuration = (*settings.config_keys, *settings.browser_exam_keys), settings.browser_configuration
    points = settings.pass_points
    short = settings.window_rule is WindowRule.FINISH_BY and _NONE < length < timedelta(minutes=min(settings.minutes, MOST_MINUTES)) + GRACE
    never = settings.attempts > 1 and _NONE < length <= timedelta(days=min(max(policy.wait_days, 0), 365))
    reasons: tuple[tuple[bool, str, str], ...] = (
        (not 0 < len(settings.title.strip()) <= 120, "title", N_("请填写考试名称，不超过 120 个字。")),
        (blueprint is None, "blueprint", N_("没有找到这份双向细目表。")),
        (length <= _NONE, "closes", N_("结束时间须晚于开放时间。")),
        (settings.closes <= now, "closes", N_("结束时间已经过去。")),
        (not 0 < settings.minutes <= MOST_MINUTES, "minutes", N_("请填写 1 到 1440 之间的分钟数。")),
        (short, "minutes", N_("开放的时间不够答满时长；须在结束前交卷的，结束前还要留 1 分钟收卷。")),
        (not 0 < settings.attempts <= 20, "attempts", N_("请填写 1 到 20 之间的次数。")),
        (not 0 <= policy.wait_days <= 365, "wait_days", N_("请填写 0 到 365 之间的天数。")),
        (never, "wait_days", N_("间隔太长：考试开放期间没有人能考第二次。")),
        (points is not None and not 0 <= points <= (blueprint.points if blueprint else points), "pass_points", N_("及格分须在 0 到试卷总分之间。")),
        (settings.component not in components(programme), "component", N_("总评中没有这一项考试成绩。")),
        (not 0 <= (settings.starts_per_second or 0) <= MOST, "starts_per_second", N_("请填写 0 到 10000 之间的数字；0 表示不限速、不候场。")),
        (not are_keys(settings.config_keys), "config_keys", KEYS),
        (not are_keys(settings.browser_exam_keys), "browser_exam_keys", KEYS),
        (bool(configuration) and not keys, "browser_configuration", N_("请先填写密钥：只填配置文件网址时，任何浏览器都能进入考场。")),
        (bool(configuration) and not ADDRESS.fullmatch(configuration), "browser_configuration", N_("请填写以 https:// 开头的网址。")),
        (not 0 <= policy.double_percent <= 100, "double_percent", PERCENT),
        (not 0 <= policy.tolerance_percent <= 100, "tolerance_percent", PERCENT),
    )
    return {name: reason for wrong, name, reason in reversed(reasons) if wrong}


def code_fault(code: str) -> str | None:
    """Return what is wrong with the code of a new exam."""
    if CODE.fullmatch(code) and code not in RESERVED:
        return None
    return N_("代码用 2 到 60 个小写字母、数字、连字符或下划线，以字母或数字开头。")


def differences(settings: ExamSettings, programme: Programme, blueprint: Blueprint | None) -> tuple[str, ...]:
    """Name the settings that are not as the programme's file says; people read the file's on their plans."""
    asked, file = programme.exam, asked_by(programme)
    found = ["opens"] if not asked.opens <= settings.opens < settings.closes <= asked.closes else []
    names = ("minutes", "window_rule", "attempts", "pass_points", "requires_learning")
    found += [name for name in names if getattr(settings, name) != getattr(file, name)]
    if blueprint is not None and (blueprint.items, blueprint.points) != (asked.items, asked.points * 100):
        found.append("blueprint")
    return tuple(found)
