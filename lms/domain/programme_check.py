"""The rules a programme must keep beyond the shape of its keys."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from lms.domain.programme_reading import UNREAD, Finding, UnreadError
from lms.domain.programme_tree import (
    Assignment,
    CaseCertificate,
    CityQuota,
    Exam,
    Presence,
    Programme,
    Stage,
    Volunteer,
    Window,
)
from lms.domain.programme_walk import has, lists, nodes
from lms.domain.toml_line import join
from lms.domain.window import Period

# What a notice can force upon a file; a deviation may accept these, and nothing else.
ACCEPTABLE = frozenset(
    {
        "enrolment_after_learning_starts",
        "exam_before_learning_ends",
        "marking_before_hand_in_ends",
        "outside_programme",
        "outside_stage",
        "quota_total_mismatch",
        "window_outside_stage",
        "window_too_short",
    }
)

Subjects = Callable[[Programme], Iterable[tuple[str, Any]]]
Check = Callable[[Programme, str, Any], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One check and the things it is made on, one by one."""

    subjects: Subjects
    check: Check


RULES: list[Rule] = []


def _rule(subjects: Subjects) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        RULES.append(Rule(subjects, check))
        return check

    return keep


def _whole(programme: Programme) -> Iterable[tuple[str, Any]]:
    return [("", programme)]


def _each(kind: type) -> Subjects:
    return lambda programme: ((path, node) for path, node in nodes(programme) if isinstance(node, kind))


def broken(programme: Programme) -> list[Finding]:
    """List every rule this programme breaks; a rule that meets an unread value says nothing."""
    findings: list[Finding] = []
    for rule in RULES:
        try:
            for path, subject in rule.subjects(programme):
                _note(rule.check(programme, path, subject), findings)
        except UnreadError:
            continue
    return findings


def _note(found: Iterator[Finding], findings: list[Finding]) -> None:
    try:
        for finding in found:
            findings.append(finding)  # one by one: what was found before an unread value stays
    except UnreadError:
        return


@_rule(_each(Period))
def _period_runs_forward(_: Programme, path: str, period: Period) -> Iterator[Finding]:
    if period.closes <= period.opens:
        yield Finding(join(path, "to"), "period_reversed", "结束不晚于开始")


@_rule(_each((Presence, Volunteer, CaseCertificate)))  # type: ignore[arg-type]
def _range_runs_forward(_: Programme, path: str, node: Any) -> Iterator[Finding]:
    least, most = {
        Presence: ("from_minutes", "to_minutes"),
        Volunteer: ("least", "most"),
        CaseCertificate: ("least_characters", "most_characters"),
    }[type(node)]
    if getattr(node, most) < getattr(node, least):
        yield Finding(join(path, most), "range_reversed", "上限小于下限")


@_rule(lists)
def _codes_are_unique(_: Programme, path: str, tables: tuple[Any, ...]) -> Iterator[Finding]:
    seen = set()
    for index, table in enumerate(tables):
        code = UNREAD if table is UNREAD else getattr(table, "code", None)
        if code is UNREAD or code is None:
            continue
        if code in seen:
            kind = "city_twice" if isinstance(table, CityQuota) else "code_twice"
            yield Finding(f"{path}[{index}].code", kind, f"「{code}」出现了两次")
        seen.add(code)


@_rule(lambda programme: [("enrolment", programme.enrolment), ("exam", programme.exam)])
@_rule(_each(Stage))
def _lies_in_programme(programme: Programme, path: str, period: Period) -> Iterator[Finding]:
    if not Period(opens=programme.opens, closes=programme.closes).encloses(period):
        yield Finding(path, "outside_programme", "超出了培训的起止日期")


def _in_stage(programme: Programme, activity: str, period: Period) -> bool:
    stages = [stage for stage in programme.stages if stage.activity == activity]
    return any(stage.encloses(period) for stage in stages)


@_rule(_each(Window))
def _window_lies_in_stage(programme: Programme, path: str, window: Window) -> Iterator[Finding]:
    if not _in_stage(programme, "online", window):
        yield Finding(path, "window_outside_stage", "学习时段超出了线上学习阶段（activity = \"online\"）")


@_rule(_each(Assignment))
def _hand_in_lies_in_stage(programme: Programme, path: str, assignment: Assignment) -> Iterator[Finding]:
    if not _in_stage(programme, "assignments", assignment.hand_in):
        yield Finding(f"{path}.hand_in", "outside_stage", "提交时间超出了作业阶段（activity = \"assignments\"）")


@_rule(_each(Assignment))
def _marking_lies_in_stage(programme: Programme, path: str, assignment: Assignment) -> Iterator[Finding]:
    if not _in_stage(programme, "assessment", assignment.marking):
        yield Finding(f"{path}.marking", "outside_stage", "评阅时间超出了评阅及测试阶段（activity = \"assessment\"）")


@_rule(_each(Assignment))
def _marking_follows_hand_in(_: Programme, path: str, assignment: Assignment) -> Iterator[Finding]:
    if assignment.marking.opens < assignment.hand_in.closes:
        yield Finding(f"{path}.marking.from", "marking_before_hand_in_ends", "作业尚可提交，评阅就已开始")


@_rule(_each(Exam))
def _exam_lies_in_stage(programme: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if not _in_stage(programme, "assessment", exam):
        yield Finding(path, "outside_stage", "考试时间超出了评阅及测试阶段（activity = \"assessment\"）")


@_rule(_each(Exam))
def _exam_follows_learning(programme: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if exam.opens < max(window.closes for window in programme.windows):
        yield Finding(f"{path}.from", "exam_before_learning_ends", "学习尚未结束，考试就已开放")


@_rule(_each(Exam))
def _exam_has_room(_: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if timedelta(0) < exam.closes - exam.opens < timedelta(minutes=exam.minutes):
        yield Finding(f"{path}.to", "exam_too_short", f"考试开放的时间不足 {exam.minutes} 分钟")


@_rule(_each(Exam))
def _exam_can_be_passed(_: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if exam.pass_mark is not None and exam.pass_mark > exam.points:
        yield Finding(f"{path}.pass_mark", "pass_mark_above_total", "合格分高于满分")


@_rule(_whole)
def _total_can_be_reached(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    if programme.requirements.total > programme.assessment.points:
        yield Finding("requirements.total", "pass_mark_above_total", "合格分高于满分")


@_rule(_whole)
def _enrolment_precedes_learning(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    if programme.enrolment.closes > min(window.opens for window in programme.windows):
        yield Finding("enrolment.to", "enrolment_after_learning_starts", "报名尚未结束，学习时段就已开始")


@_rule(_each(Window))
def _window_holds_its_hours(programme: Programme, path: str, window: Window) -> Iterator[Finding]:
    hours = programme.hours
    if hours.credit == "lesson" or window.closes <= window.opens:
        return  # lessons have no stated length; a reversed period is told as such
    held = Decimal(window.minutes_held(hours.longest_day_minutes)) * hours.rate
    if held < hours.online_minutes:
        yield Finding(
            f"{path}.to",
            "window_too_short",
            f"{hours.online} 学时需要 {hours.online_minutes} 分钟，"
            f"按每天至多 {hours.longest_day_minutes} 分钟，时段内只有 {held} 分钟",
        )


@_rule(_each(Window))
def _window_cities_have_quotas(programme: Programme, path: str, window: Window) -> Iterator[Finding]:
    known = {row.code for row in programme.quotas.cities}
    seen: set[str] = set()
    for index, city in enumerate(window.cities):
        if city in seen:
            yield Finding(f"{path}.cities[{index}]", "city_twice", f"「{city}」在同一时段出现了两次")
        elif city not in known:
            yield Finding(f"{path}.cities[{index}]", "city_without_quota", f"「{city}」有学习时段而没有名额")
        seen.add(city)


def _pairs(programme: Programme) -> Iterable[tuple[str, Any]]:
    found = enumerate(programme.windows)
    return [(f"windows[{later}]", (one, two)) for (_, one), (later, two) in combinations(found, 2)]


@_rule(_pairs)
def _a_city_has_one_window(_: Programme, path: str, pair: tuple[Window, Window]) -> Iterator[Finding]:
    earlier, later = pair
    taken = set(earlier.cities)
    for index, city in enumerate(later.cities):
        if city in taken and earlier.overlaps(later):
            yield Finding(f"{path}.cities[{index}]", "windows_overlap", f"「{city}」的两个学习时段重叠")
        elif city in taken:
            yield Finding(f"{path}.cities[{index}]", "city_twice", f"「{city}」有两个学习时段")


@_rule(_each(CityQuota))
def _quota_city_has_a_window(programme: Programme, path: str, row: CityQuota) -> Iterator[Finding]:
    if not any(row.code in window.cities for window in programme.windows):
        yield Finding(f"{path}.code", "city_without_window", f"「{row.name}」有名额而没有学习时段")


@_rule(_each(CityQuota))
def _own_codes_are_marked(_: Programme, path: str, row: CityQuota) -> Iterator[Finding]:
    official = row.code.isdigit() and len(row.code) == 6
    if official == row.own_code:
        message = "不是国标代码的要写 own_code = true" if not official else "自编代码不能写成六位数字，以免与国标混淆"
        yield Finding(f"{path}.code", "code_not_official", message)


def _seat_tables(programme: Programme) -> Iterable[tuple[str, Any]]:
    rows = programme.quotas.cities
    yield "quotas.totals", programme.quotas.totals
    yield from ((f"quotas.cities[{i}].seats", row.seats) for i, row in enumerate(rows) if row is not UNREAD)


@_rule(_seat_tables)
def _seats_name_every_sector(programme: Programme, path: str, seats: dict[str, int]) -> Iterator[Finding]:
    sectors = [sector.code for sector in programme.sectors]
    for name in seats:
        if name not in sectors:
            yield Finding(join(path, name), "unknown_sector", f"没有「{name}」这类学校（sectors）")
    for name in sectors:
        if name not in seats:
            yield Finding(path, "missing_sector", f"缺少「{name}」的名额")


@_rule(lambda programme: ((f"quotas.totals.{name}", name) for name in programme.quotas.totals))
def _columns_sum_to_totals(programme: Programme, path: str, sector: str) -> Iterator[Finding]:
    total = sum(row.seats.get(sector, 0) for row in programme.quotas.cities)
    if total != programme.quotas.totals[sector]:
        yield Finding(path, "quota_total_mismatch", f"各市名额之和是 {total}，写的是 {programme.quotas.totals[sector]}")


@_rule(_whole)
def _totals_sum(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    total = sum(programme.quotas.totals.values())
    if total != programme.quotas.total:
        yield Finding("quotas.total", "quota_total_mismatch", f"合计之和是 {total}，写的是 {programme.quotas.total}")


@_rule(_whole)
def _weights_make_a_hundred(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    total = sum(component.weight for component in programme.assessment.components)
    if total != 100:
        yield Finding("assessment.components", "weights_not_hundred", f"各项权重之和是 {total}，应为 100")


@_rule(_whole)
def _shares_make_a_hundred(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    total = sum(assignment.share for assignment in programme.assignments)
    if programme.assignments and total != 100:
        yield Finding("assignments", "shares_not_hundred", f"各份作业的份额之和是 {total}，应为 100")


@_rule(lambda programme: ((f"assessment.components[{i}]", c) for i, c in enumerate(programme.assessment.components)))
def _components_have_a_source(programme: Programme, path: str, component: Any) -> Iterator[Finding]:
    if component.source == "assignments" and not programme.assignments:
        yield Finding(f"{path}.source", "component_without_source", "作业计入总分，却没有写明作业")


def _recorded(programme: Programme) -> Iterable[tuple[str, Any]]:
    for name in ("deviations", "additions"):
        for index, record in enumerate(getattr(programme, name)):
            if record is not UNREAD and record.path is not UNREAD:
                yield f"{name}[{index}].path", record.path
    if programme.derivation is not None:
        for index, one in enumerate(programme.derivation.differences):
            if one is not UNREAD and one.paths is not UNREAD:
                place = f"derived_from.differences[{index}].paths"
                yield from ((f"{place}[{i}]", path) for i, path in enumerate(one.paths) if path is not UNREAD)


@_rule(_recorded)
def _recorded_paths_exist(programme: Programme, place: str, path: str) -> Iterator[Finding]:
    if not has(programme, path):
        yield Finding(place, "unknown_path", f"本文件没有「{path}」这个键")


def settle(programme: Programme, findings: list[Finding]) -> list[Finding]:
    """Take away what deviations accept; tell of an acceptance that is impossible or needless."""
    accepted: dict[tuple[str, str], str] = {}
    told = []
    for place, node in nodes(programme):
        code = getattr(node, "accepts", None)
        if not place.startswith("deviations[") or code is None or code is UNREAD or node.path is UNREAD:
            continue
        if code in ACCEPTABLE:
            accepted[node.path, code] = f"{place}.accepts"
        else:
            told.append(Finding(f"{place}.accepts", "acceptance_not_possible", f"「{code}」不能作为偏差接受"))
    left = [one for one in findings if (one.path, one.code) not in accepted]
    met = {(one.path, one.code) for one in findings}
    if not left:  # beside other faults, an absent one may only be hidden
        told += [
            Finding(place, "acceptance_unused", f"文件里没有「{code}」这个问题，无需接受")
            for (path, code), place in accepted.items()
            if (path, code) not in met
        ]
    return left + told
