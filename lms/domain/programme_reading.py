"""From a TOML table to a tree of dataclasses, noting every fault on the way."""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from lms.domain.toml_line import join
from lms.domain.window import Edge, Name


@dataclass(frozen=True, slots=True)
class Limits:
    """The smallest and the largest number a key may hold."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a text must look like."""

    expression: str


@dataclass(frozen=True, slots=True)
class Blank:
    """Allow an empty text."""


@dataclass(frozen=True, slots=True)
class ZoneName:
    """A text that names a time zone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault without its line."""

    path: str
    code: str
    message: str


class UnreadError(Exception):
    """Somebody touched a value that could not be read."""


class _Unread:
    """Stand in for a value that could not be read: a rule that touches it ends, so one fault is told once."""

    def _touch(self, *_: object) -> NoReturn:
        raise UnreadError

    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __mul__ = __rmul__ = __sub__ = __rsub__ = _touch
    __iter__ = __len__ = __bool__ = __contains__ = __getitem__ = __getattr__ = __eq__ = __ne__ = __hash__ = _touch


UNREAD: Any = _Unread()
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?", re.ASCII)
_YEARS = range(2000, 2101)
_TYPES: dict[Any, tuple[str, tuple[type, ...]]] = {
    str: ("一段文字", (str,)),
    bool: (" true 或 false", (bool,)),
    int: ("一个整数", (int,)),
    Decimal: ("一个数", (int, Decimal)),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What one key may hold: its bare type and the marks upon it."""

    kind: Any
    marks: tuple[Any, ...] = ()
    optional: bool = False

    def mark(self, sort: type) -> Any:
        """Give the mark of this sort, or nothing."""
        return next((mark for mark in self.marks if isinstance(mark, sort)), None)


@cache
def shape(hint: Any) -> Shape:
    """Take a type hint apart."""
    if get_origin(hint) is Annotated:
        inner = shape(get_args(hint)[0])
        return Shape(inner.kind, inner.marks + hint.__metadata__, inner.optional)
    if get_origin(hint) in {Union, types.UnionType}:
        inner = shape(next(part for part in get_args(hint) if part is not type(None)))
        return Shape(inner.kind, inner.marks, optional=True)
    return Shape(hint)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table: its name in the file, its field and its shape."""

    name: str
    field: Field[Any]
    shape: Shape

    @property
    def required(self) -> bool:
        """Tell whether the file must state it."""
        return self.field.default is MISSING and self.field.default_factory is MISSING


def keys(table: Any) -> tuple[Key, ...]:
    """List the keys of a table."""
    return _keys(table)


@cache
def _keys(table: Any) -> tuple[Key, ...]:
    hints = get_type_hints(table, include_extras=True)
    found = []
    for one in fields(table):
        form = shape(hints[one.name])
        name = form.mark(Name)
        found.append(Key(name.key if name else one.name, one, form))
    return tuple(found)


def key_paths(table: type, path: str = "") -> Iterator[tuple[str, Key]]:
    """Walk every key a file may hold; `[*]` stands for any place in a list."""
    for key in keys(table):
        here = join(path, key.name)
        yield here, key
        kind = key.shape.kind
        if get_origin(kind) is tuple:
            here, kind = f"{here}[*]", shape(get_args(kind)[0]).kind
        if is_dataclass(kind):
            yield from key_paths(kind, here)  # type: ignore[arg-type]


class Reader:
    """Read tables into dataclasses; what cannot be read is `UNREAD` and told in `findings`."""

    def __init__(self, zone: str) -> None:
        self.findings: list[Finding] = []
        self.zone: tzinfo = ZoneInfo(zone) if is_zone(zone) else UTC

    def table(self, kind: type, raw: object, path: str) -> Any:
        """Read one table."""
        if not isinstance(raw, dict):
            return self._fault(path, "wrong_type", "这里应当是一张表")
        known = {key.name: key for key in keys(kind)}
        for name in raw.keys() - known.keys():
            near = get_close_matches(name, known.keys() - raw.keys(), 1)
            self._fault(join(path, name), "unknown_key", f"不认识的键「{name}」" + (f"；是不是「{near[0]}」？" if near else ""))
        values: dict[str, Any] = {}
        for name, key in known.items():
            if name in raw:
                values[key.field.name] = self.value(key.shape, raw[name], join(path, name))
            elif key.required:
                values[key.field.name] = self._fault(join(path, name), "missing_key", f"缺少键「{name}」")
        return kind(**values)

    def value(self, form: Shape, raw: object, path: str) -> Any:
        """Read one value."""
        kind, origin = form.kind, get_origin(form.kind)
        if is_dataclass(kind):
            return self.table(kind, raw, path)  # type: ignore[arg-type]
        if origin is tuple:
            return self._list(get_args(kind)[0], raw, path)
        if origin is Literal:
            return self._choice(get_args(kind), raw, path)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(get_args(kind)[1], raw, path)
        if kind is datetime:
            return self._moment(form.mark(Edge), raw, path)
        return self._plain(form, raw, path)

    def _fault(self, path: str, code: str, message: str) -> Any:
        self.findings.append(Finding(path, code, message))
        return UNREAD

    def _list(self, hint: Any, raw: object, path: str) -> Any:
        if not isinstance(raw, list):
            return self._fault(path, "wrong_type", "这里应当是一个列表")
        if not raw:
            return self._fault(path, "empty", "列表不能为空；没有内容就不写这个键")
        return tuple(self.value(shape(hint), one, f"{path}[{index}]") for index, one in enumerate(raw))

    def _mapping(self, hint: Any, raw: object, path: str) -> Any:
        if not isinstance(raw, dict):
            return self._fault(path, "wrong_type", "这里应当是一张表")
        return {name: self.value(shape(hint), one, join(path, name)) for name, one in raw.items()}

    def _choice(self, choices: tuple[str, ...], raw: object, path: str) -> Any:
        if not isinstance(raw, str):
            return self._fault(path, "wrong_type", "这里应当是一段文字")
        if raw not in choices:
            return self._fault(path, "not_allowed", f"「{raw}」不在可选值之内：{'、'.join(choices)}")
        return raw

    def _moment(self, edge: Edge, raw: object, path: str) -> Any:
        if isinstance(raw, (date, time)):
            return self._fault(path, "wrong_type", "日期要写在引号里，由本系统检查")
        if not isinstance(raw, str):
            return self._fault(path, "wrong_type", "这里应当是一个写在引号里的日期")
        found = _DATE.fullmatch(raw)
        if found is None:
            return self._fault(path, "malformed_date", f"「{raw}」不是日期；写作 2023-11-06 或 2023-11-06T09:00")
        year, month, day, hour, minute = (int(part or 0) for part in found.groups())
        try:
            moment = datetime(year, month, day, hour, minute, tzinfo=self.zone)
        except ValueError:
            return self._fault(path, "impossible_date", f"没有「{raw}」这一天或这一刻")
        if year not in _YEARS:
            return self._fault(path, "out_of_range", f"年份应在 {_YEARS[0]} 与 {_YEARS[-1]} 之间")
        whole_day = found[4] is None and edge.of_day == "end"
        return moment + timedelta(days=1) if whole_day else moment

    def _plain(self, form: Shape, raw: object, path: str) -> Any:
        wanted, accepted = _TYPES[form.kind]
        if not isinstance(raw, accepted) or (isinstance(raw, bool) and form.kind is not bool):
            return self._fault(path, "wrong_type", f"这里应当是{wanted}")
        if isinstance(raw, str):
            return self._text(form, raw, path)
        limits = form.mark(Limits)
        if limits and not (_is_finite(raw) and limits.least <= raw <= limits.most):
            return self._fault(path, "out_of_range", f"应在 {limits.least} 与 {limits.most} 之间")
        return Decimal(str(raw)) if form.kind is Decimal else raw

    def _text(self, form: Shape, raw: str, path: str) -> Any:
        if not raw.strip() and not form.mark(Blank):
            return self._fault(path, "empty", "不能为空")
        pattern = form.mark(Pattern)
        if pattern and not re.fullmatch(pattern.expression, raw, re.ASCII):
            return self._fault(path, "malformed_code", f"「{raw}」不合代码的写法")
        if form.mark(ZoneName) and not is_zone(raw):
            return self._fault(path, "unknown_time_zone", f"没有「{raw}」这个时区；例如 Asia/Shanghai")
        return raw


def _is_finite(number: object) -> bool:
    return not isinstance(number, Decimal) or number.is_finite()


def is_zone(name: object) -> bool:
    """Tell whether this names a time zone."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_]+(/[A-Za-z_+0-9-]+)*", name, re.ASCII):
        return False
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
