"""Derive the demo's programme from a real one: the same shape, few hours, dates laid around today."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import tomlkit
from tomlkit.items import Table

from lms.domain.programme import parse

DEMO_CODE = "jiangxi-2023-demo"
_DAY_OF_WINDOW = 2  # today is the third day of the second window: hand-in and offline training have begun, too

_SAMPLE_ISSUER = "示范省教育厅（样本）"
_STATED = {
    "code": DEMO_CODE,
    "title": "中小学（幼儿园）心理健康教师专业技能提升培训（演示）",
    "organisation.organiser": "示范省教育厅（虚构）",
    "organisation.provider": "示范培训中心（虚构）",
    "organisation.platform": "本平台（演示）",
    "hours.online": 1.6,
    "hours.offline": 1,
    "hours.offline_condition": "none",
    "hours.credit": "nominal",
    "hours.quiz_required": True,
    "exam.requires_learning": True,
    "certificate.title": "教师心理健康教育辅导合格证书（样本）",
    "certificate.issuer": _SAMPLE_ISSUER,
    "certificate.excellent.title": "教师心理健康教育辅导优秀学员证书（样本）",
    "certificate.excellent.issuer": _SAMPLE_ISSUER,
    "certificate.volunteer.title": "优秀志愿者证书（样本）",
    "certificate.volunteer.issuer": _SAMPLE_ISSUER,
    "certificate.best_case.title": "优秀案例证书（样本）",
    "certificate.best_case.issuer": _SAMPLE_ISSUER,
    "fees.paid_by": "演示，不收费",
    "fees.travel": "演示，无往返交通",
}
_SHIFTED = (
    "from",
    "to",
    "enrolment.from",
    "enrolment.to",
    "stages[*].from",
    "stages[*].to",
    "participants[*].condition.age_on",
    "windows[*].from",
    "windows[*].to",
    "assignments[*].hand_in.from",
    "assignments[*].hand_in.to",
    "assignments[*].marking.from",
    "assignments[*].marking.to",
    "exam.from",
    "exam.to",
    "rosters[*].due",
    "rosters[*].reminder",
)
_EARLY = ("stages[3].from", "assignments[*].marking.from", "exam.from")

_REASONS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("code", "title"), "演示另立一个培训项目，不与原项目混淆"),
    (_SHIFTED, "全部日期整体平移同样的天数，使今天落在第二时段的第三天；各阶段的先后和长短不变"),
    (_EARLY, "评阅及测试阶段、评阅和测试提前到第二时段的第一天开放，使人当天就能走完看课、小测、测试、领证；结束日期不提前"),
    (("exam.requires_learning",), "测试提前开放后，改以个人学完为入场条件，保住“课程结束后测试”的次序"),
    (("hours.online", "hours.offline"), "演示的七节课合计约七十三分钟，要求线上1.6学时、线下1学时，七节都学完才达到"),
    (("hours.offline_condition",), "演示的老师先有线下结果，再看最后一节课；不以全校学完线上为前提"),
    (("hours.credit",), "每节课看满95%并通过小测后，按这节课的标称时长计，零头不损失"),
    (("hours.quiz_required",), "演示随堂小测，通过后才计入学时；原项目没有这个条件"),
    (
        ("organisation.organiser", "organisation.provider", "organisation.platform", "fees.paid_by", "fees.travel"),
        "演示不以真实单位的名义举办，也没有费用",
    ),
    (
        tuple(path for path in _STATED if path.startswith("certificate.")),
        "演示证书印“样本”，不以真实机构的名义颁发",
    ),
    (("deviations", "additions"), "原项目的记录全部保留，另加演示自己的偏差与增补"),
)
_DEVIATIONS = (
    {
        "path": "exam.from",
        "notice": "测试在1月1日至1月31日，全部学习时段结束之后",
        "file": "第二时段的第一天起，学完的人即可参加测试，测试期的最后一天不变",
        "reason": "演示要在一天之内走完；学完才能入场，次序与通知一致",
        "accepts": "exam_before_learning_ends",
    },
    {
        "path": "exam.requires_learning",
        "notice": "“课程结束后每位参训学员均需完成测试”，没有说未学完的人不得参加",
        "file": "演示以个人学完为入场条件",
        "reason": "测试提前开放，不等全部时段结束，只能以个人学完为“课程结束”",
    },
    {
        "path": "hours.offline_condition",
        "notice": "已完成线上理论学习的学校可开展线下培训",
        "file": "演示不设这个条件",
        "reason": "演示的老师已有线下学时和作业成绩，只差最后的课、小测和测试",
    },
)
_ADDITIONS = (
    {"path": "hours.credit", "reason": "通知未写学时如何计；演示按每节课的标称时长计"},
    {"path": "hours.quiz_required", "reason": "通知没有随堂小测；演示把它作为获得学时的条件，以便看到完整的路径"},
    {"path": "quiz", "reason": "通知没有随堂小测；演示的每节课后有一次，题数、及格线和次数由本文件定"},
)
_HEADING = "# 演示用的培训项目，由 jiangxi-2023 派生；每一处不同及其理由见文末的 derived_from。\n"


def derive(text: str, today: date) -> str:
    """Write the demo's programme file."""
    original = parse(text)
    document: Any = tomlkit.parse(text)
    window = original.windows[1]
    shift = today - timedelta(days=_DAY_OF_WINDOW) - window.first_day
    for path in _SHIFTED:
        for table, key in _places(document, path):
            table[key] = _moved(str(table[key]), shift)
    for path in _EARLY:
        for table, key in _places(document, path):
            table[key] = (window.first_day + shift).isoformat()
    for path, value in _STATED.items():
        for table, key in _places(document, path):
            table[key] = value
    _record(document["deviations"], _DEVIATIONS)
    _record(document["additions"], _ADDITIONS)
    document["derived_from"] = _derivation(original.code)
    return _HEADING + str(tomlkit.dumps(document))


def _moved(written: str, shift: timedelta) -> str:
    day = date.fromisoformat(written[:10]) + shift
    return day.isoformat() + written[10:]


def _places(document: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Find the tables that hold a key, `[*]` and `[n]` followed."""
    *parents, key = path.split(".")
    tables = [document]
    for parent in parents:
        name, _, index = parent.rstrip("]").partition("[")
        below = [table[name] for table in tables]
        if index == "*":
            below = [one for members in below for one in members]
        elif index:
            below = [members[int(index)] for members in below]
        tables = below
    yield from ((table, key) for table in tables if key in table)


def _record(records: Any, changed: tuple[dict[str, str], ...]) -> None:
    """Rewrite what stands under the same path, and put the rest in front."""
    for values in changed:
        table = next((one for one in records if one["path"] == values["path"]), None)
        if table is not None:
            table.update(values)
            continue
        table = tomlkit.table()
        table.update(values)
        table.add(tomlkit.nl())
        records.insert(0, table)


def _derivation(code: str) -> Table:
    derivation = tomlkit.table()
    derivation["programme"] = code
    differences = tomlkit.aot()
    for paths, reason in _REASONS:
        one = tomlkit.table()
        one["paths"] = list(paths)
        one["reason"] = reason
        differences.append(one)
    derivation["differences"] = differences
    return derivation
