"""Rules about a programme's codes, cities, quotas and weights: what must name, add up to or exist beside what."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from lms.domain.programme_annex import CaseCertificate, Volunteer
from lms.domain.programme_reading import UNREAD, Finding
from lms.domain.programme_rule import Rules, each, whole
from lms.domain.programme_tree import CityQuota, Exam, Presence, Programme, Window
from lms.domain.programme_walk import has, lists
from lms.domain.toml_line import join

rules = Rules()


@rules.on(each(Presence, Volunteer, CaseCertificate))
def _range_runs_forward(_: Programme, path: str, node: Any) -> Iterator[Finding]:
    least, most = {
        Presence: ("from_minutes", "to_minutes"),
        Volunteer: ("least", "most"),
        CaseCertificate: ("least_characters", "most_characters"),
    }[type(node)]
    if getattr(node, most) < getattr(node, least):
        yield Finding(join(path, most), "range_reversed", "上限小于下限")


@rules.on(lists)
def _codes_are_unique(_: Programme, path: str, tables: tuple[Any, ...]) -> Iterator[Finding]:
    seen = set()
    for index, table in enumerate(tables):
        code = UNREAD if table is UNREAD else getattr(table, "code", None)
        if code is UNREAD or code is None:
            continue
        if code in seen:
            city = isinstance(table, CityQuota)
            yield Finding(f"{path}[{index}].code", "city_twice" if city else "code_twice", f"「{code}」出现了两次")
        seen.add(code)


@rules.on(each(Exam))
def _exam_can_be_passed(_: Programme, path: str, exam: Exam) -> Iterator[Finding]:
    if exam.pass_mark is not None and exam.pass_mark > exam.points:
        yield Finding(f"{path}.pass_mark", "pass_mark_above_total", "合格分高于满分")


@rules.on(whole)
def _total_can_be_reached(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    if programme.strictest.requirements.total > programme.assessment.points:
        yield Finding("requirements.total", "pass_mark_above_total", "合格分高于满分")


@rules.on(whole)
def _a_required_quiz_exists(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    if programme.hours.quiz_required and programme.quiz is None:
        yield Finding("hours.quiz_required", "quiz_missing", "学时要求通过小测，却没有写明小测（quiz）")


@rules.on(each(Window))
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


@rules.on(_pairs)
def _a_city_has_one_window(_: Programme, path: str, pair: tuple[Window, Window]) -> Iterator[Finding]:
    earlier, later = pair
    taken = set(earlier.cities)
    for index, city in enumerate(later.cities):
        if city in taken and earlier.overlaps(later):
            yield Finding(f"{path}.cities[{index}]", "windows_overlap", f"「{city}」的两个学习时段重叠")
        elif city in taken:
            yield Finding(f"{path}.cities[{index}]", "city_twice", f"「{city}」有两个学习时段")


@rules.on(each(CityQuota))
def _quota_city_has_a_window(programme: Programme, path: str, row: CityQuota) -> Iterator[Finding]:
    if not any(row.code in window.cities for window in programme.windows):
        yield Finding(f"{path}.code", "city_without_window", f"「{row.name}」有名额而没有学习时段")


@rules.on(each(CityQuota))
def _own_codes_are_marked(_: Programme, path: str, row: CityQuota) -> Iterator[Finding]:
    official = row.code.isdigit() and len(row.code) == 6
    if official == row.own_code:
        message = "不是国标代码的要写 own_code = true" if not official else "自编代码不能写成六位数字，以免与国标混淆"
        yield Finding(f"{path}.code", "code_not_official", message)


def _seat_tables(programme: Programme) -> Iterable[tuple[str, Any]]:
    rows = programme.quotas.cities
    yield "quotas.totals", programme.quotas.totals
    yield from ((f"quotas.cities[{i}].seats", row.seats) for i, row in enumerate(rows) if row is not UNREAD)


@rules.on(_seat_tables)
def _seats_name_every_sector(programme: Programme, path: str, seats: dict[str, int]) -> Iterator[Finding]:
    sectors = [sector.code for sector in programme.sectors]
    for name in seats:
        if name not in sectors:
            yield Finding(join(path, name), "unknown_sector", f"没有「{name}」这类学校（sectors）")
    for name in sectors:
        if name not in seats:
            yield Finding(path, "missing_sector", f"缺少「{name}」的名额")


@rules.on(lambda programme: ((f"quotas.totals.{name}", name) for name in programme.quotas.totals))
def _columns_sum_to_totals(programme: Programme, path: str, sector: str) -> Iterator[Finding]:
    total = sum(row.seats.get(sector, 0) for row in programme.quotas.cities)
    if total != programme.quotas.totals[sector]:
        yield Finding(path, "quota_total_mismatch", f"各市名额之和是 {total}，写的是 {programme.quotas.totals[sector]}")


@rules.on(whole)
def _totals_sum(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    total = sum(programme.quotas.totals.values())
    if total != programme.quotas.total:
        yield Finding("quotas.total", "quota_total_mismatch", f"合计之和是 {total}，写的是 {programme.quotas.total}")


@rules.on(whole)
def _weights_make_a_hundred(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    total = sum(component.weight for component in programme.assessment.components)
    if total != 100:
        yield Finding("assessment.components", "weights_not_hundred", f"各项权重之和是 {total}，应为 100")


@rules.on(whole)
def _shares_make_a_hundred(programme: Programme, _: str, __: Any) -> Iterator[Finding]:
    total = sum(assignment.share for assignment in programme.assignments)
    if programme.assignments and total != 100:
        yield Finding("assignments", "shares_not_hundred", f"各份作业的份额之和是 {total}，应为 100")


@rules.on(lambda programme: ((f"assessment.components[{i}]", c) for i, c in enumerate(programme.assessment.components)))
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


@rules.on(_recorded)
def _recorded_paths_exist(programme: Programme, place: str, path: str) -> Iterator[Finding]:
    if not has(programme, path):
        yield Finding(place, "unknown_path", f"本文件没有「{path}」这个键")
