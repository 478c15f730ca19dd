"""Signed lists: attendance and marks that come in from paper, row by row."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Invalid, Missing


class ListKind(StrEnum):
    """What a list holds."""

    OFFLINE = "offline"
    ASSIGNMENT = "assignment"


class ListStage(StrEnum):
    """How far a list has come."""

    STAGED = "staged"
    COMMITTED = "committed"
    UNDONE = "undone"


class DayPart(StrEnum):
    """Which part of a day a session filled."""

    DAY = "day"
    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


@dataclass(frozen=True, slots=True)
class Held:
    """When the session of a list was held: together with the person, what hours are counted for, and only once."""

    on: date
    part: DayPart

    @property
    def overlapping(self) -> tuple[DayPart, ...]:
        """Return the parts of the day that nobody can attend beside this one."""
        return tuple(DayPart) if self.part is DayPart.DAY else (DayPart.DAY, self.part)


class ListMissing(Missing):
    """No such list in reach."""

    code = "list_missing"
    message = N_("没有找到这份名单。")


class ListMoved(Conflict):
    """The list has been committed or undone meanwhile."""

    code = "list_moved"
    message = N_("这份名单的状态已有变化，请刷新后查看。")


class ListTwice(Conflict):
    """The same file stands in the records already."""

    code = "list_twice"
    message = N_("这份文件已经导入过。如需重新导入，请先撤销原来那一次。")


class SessionCounted(Conflict):
    """Another list of the same session was committed meanwhile."""

    code = "session_counted"
    message = N_("名单中有学员这一场的学时刚刚已由另一份名单计入，没有重复导入。请重新上传，检查后再确认。")


class SessionUndated(Invalid):
    """A list of attendance that does not say when the session was, or names a day to come."""

    code = "session_undated"
    message = N_("请填写这一场线下培训的日期；日期不能晚于今天。")


class NothingToCommit(Invalid):
    """Every row has a fault."""

    code = "nothing_to_commit"
    message = N_("没有可以导入的行，请按提示修改文件后重新上传。")


class NotAList(Invalid):
    """The file cannot be read as a list."""

    code = "not_a_list"
    message = N_("这个文件不能识别。请下载模板，按模板填写后以 .xlsx 格式上传。")


class TooManyRows(Invalid):
    """The file is longer than a list of one county can be."""

    code = "too_many_rows"
    message = N_("一份名单最多 20000 行，请分成几份上传。")


class UnknownAssignment(Invalid):
    """The programme has no such assignment."""

    code = "unknown_assignment"
    message = N_("培训项目中没有这份作业，请从列表中选择。")


FULL_MARK = 100


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """One row as it stands in the file; `number` is the spreadsheet's own."""

    number: int
    account: str
    name: str
    school: str
    amount: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An enrolled person a row can mean."""

    enrolment_id: int
    person_id: int
    account: str
    name: str
    school: str
    city: str = ""
    school_finished: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row after it was read: whom it means and how many hundredths, or what is wrong with it."""

    number: int
    account: str
    name: str
    school: str
    enrolment_id: int | None
    amount: int | None
    fault: str | None

    @property
    def is_good(self) -> bool:
        """Tell whether the row can be committed."""
        return self.fault is None


FAULTS: Mapping[str, str] = {
    "nobody": N_("没有写账号，也没有写姓名和学校"),
    "unknown": N_("没有找到这位学员：不在本培训中，或不在您的管理范围内"),
    "several": N_("同校有同名学员，请填写账号"),
    "other_name": N_("账号与姓名不一致"),
    "twice": N_("与前面一行是同一个人"),
    "no_amount": N_("没有填写数值"),
    "not_a_number": N_("数值不是数字"),
    "out_of_bounds": N_("数值超出范围"),
    "too_fine": N_("数值最多两位小数"),
    "counted": N_("这位学员这一天的这一场已经计入过学时，不重复计入；如要更正，请先撤销原来那份名单"),
    "school_unfinished": N_("这所学校还有学员没有完成线上学习，通知规定完成后才能开展线下培训"),
}


@dataclass(frozen=True, slots=True)
class Roll:
    """The enrolled people within reach, found by account or by name and school."""

    by_account: Mapping[str, Listed]
    by_name: Mapping[tuple[str, str], tuple[Listed, ...]]

    @classmethod
    def of(cls, people: Iterable[Listed]) -> "Roll":
        """Index people."""
        by_account, by_name = {}, dict[tuple[str, str], tuple[Listed, ...]]()
        for one in people:
            by_account[one.account] = one
            key = (one.name, one.school)
            by_name[key] = (*by_name.get(key, ()), one)
        return cls(by_account, by_name)


def read(rows: Sequence[WrittenRow], roll: Roll, most: Decimal, *, finished_only: bool = False, counted: Container[int] = ()) -> tuple[Line, ...]:
    """Read every row; each fault is told, none stops the rest.

    `finished_only`: a school must have finished learning online. `counted`: the enrolments whose session counts already.
    """
    seen: set[int] = set()
    lines = (_read_one(row, roll, most, seen, finished_only=finished_only) for row in rows)
    return tuple(replace(line, fault="counted") if line.is_good and line.enrolment_id in counted else line for line in lines)


def _read_one(row: WrittenRow, roll: Roll, most: Decimal, seen: set[int], *, finished_only: bool) -> Line:
    line = Line(row.number, row.account, row.name, row.school, None, None, None)
    person, fault = _find(row, roll)
    if person is None:
        return replace(line, fault=fault)
    line = replace(line, account=person.account, name=person.name, school=person.school, enrolment_id=person.enrolment_id)
    if person.enrolment_id in seen:
        return replace(line, fault="twice")
    if finished_only and not person.school_finished:
        return replace(line, fault="school_unfinished")
    amount, fault = amount_of(row.amount, most)
    if amount is not None:
        seen.add(person.enrolment_id)
    return replace(line, amount=amount, fault=fault)


def _find(row: WrittenRow, roll: Roll) -> tuple[Listed | None, str | None]:
    if row.account:
        person = roll.by_account.get(row.account)
        if person is None:
            return None, "unknown"
        if row.name and row.name != person.name:
            return None, "other_name"
        return person, None
    if not (row.name and row.school):
        return None, "nobody"
    namesakes = roll.by_name.get((row.name, row.school), ())
    if len(namesakes) == 1:
        return namesakes[0], None
    return None, "several" if namesakes else "unknown"


def amount_of(written: str, most: Decimal) -> tuple[int | None, str | None]:
    """Read a number as hundredths, or say what is wrong with it."""
    if not written:
        return None, "no_amount"
    try:
        amount = Decimal(written)
    except InvalidOperation:
        return None, "not_a_number"
    if not amount.is_finite():
        return None, "not_a_number"
    if not 0 <= amount <= most:
        return None, "out_of_bounds"
    hundredths = amount * 100
    if hundredths != int(hundredths):
        return None, "too_fine"
    return int(hundredths), None


def work_score(shares: Mapping[str, int], marks: Mapping[str, int]) -> tuple[int, int] | None:
    """Weigh the marks of all assignments, exactly: (points, of points) in hundredths; None while one is lacking."""
    if not set(shares) <= set(marks):
        return None
    weighed = sum(share * marks[code] for code, share in shares.items())
    most = sum(shares.values()) * FULL_MARK * 100
    return (weighed // 100, most // 100) if weighed % 100 == 0 and most % 100 == 0 else (weighed, most)
