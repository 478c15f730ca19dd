"""Rosters: which heading means what, what is wrong with a row, and what a row says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lms.domain.person import account_is_valid, identity_is_valid, normal_account, normal_phone, phone_is_valid
from lms.kernel.refusal import N_, Conflict, Invalid

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "account": ("账号", "帐号", "用户名", "登录名", "登录账号", "工号", "教师编号"),
    "name": ("姓名", "教师姓名", "名字", "学员姓名"),
    "school": ("学校", "学校名称", "单位", "工作单位", "单位名称", "任职学校", "所在学校"),
    "school_code": ("学校代码", "单位代码", "学校标识码"),
    "county": ("县区", "区县", "县市区", "县", "所属县区"),
    "phone": ("手机号", "手机", "手机号码", "联系电话", "电话", "联系方式"),
    "identity": ("身份证号", "身份证", "身份证号码", "证件号码", "证件号"),
    "post": ("任教", "任教学科", "岗位", "职务", "任职岗位", "任教岗位", "学科"),
}
MOST_ROWS = 200_000
_HEADINGS_WITHIN = 10

MESSAGES: Mapping[str, str] = {
    "no_headings": N_("前 10 行里没有找到表头；至少要有“账号”和“姓名”两列。"),
    "heading_twice": N_("同一项内容出现了两列，请只保留一列。"),
    "account_missing": N_("没有填写账号。"),
    "account_invalid": N_("账号须为 3 到 40 个小写字母、数字或 . _ -，以字母或数字开头。"),
    "account_twice": N_("账号在表中重复出现。"),
    "name_missing": N_("没有填写姓名。"),
    "name_too_long": N_("姓名超过 60 个字符。"),
    "post_too_long": N_("岗位超过 60 个字符。"),
    "phone_invalid": N_("手机号须为 11 位数字。"),
    "phone_twice": N_("手机号在表中重复出现。"),
    "phone_taken": N_("手机号已属于另一个账号。"),
    "identity_digits_lost": N_("身份证号单元格是数字格式，末几位已经丢失；请改为文本格式后重新填写。"),
    "identity_invalid": N_("身份证号须为 18 位且校验位正确。"),
    "identity_twice": N_("身份证号在表中重复出现。"),
    "identity_taken": N_("身份证号已属于另一个账号。"),
    "digits_lost": N_("单元格是数字格式，位数已经丢失；请改为文本格式后重新填写。"),
    "school_missing": N_("没有填写学校。"),
    "school_unknown": N_("在所选单位下没有这所学校。"),
    "school_ambiguous": N_("有同名学校，请补充县区或学校代码。"),
    "elsewhere": N_("这个账号属于其他单位，请先由上级管理员办理调动。"),
    "too_many_rows": N_("一次最多导入 200000 行，请分开导入。"),
    "empty": N_("表中没有人员。"),
}


class RosterUnreadable(Invalid):
    """The file is not a workbook or a text table, or too large when unpacked."""

    code = "roster_unreadable"
    message = N_("无法读取这个文件。请使用 Excel（.xlsx、.xls）或 CSV 文件。")


class ImportUndone(Conflict):
    """The import has been undone already."""

    code = "import_undone"
    message = N_("这次导入已经撤销过了。")


class UndoTooLate(Conflict):
    """People of the import have learnt something since, or a later import changed them."""

    code = "undo_too_late"
    message = N_("这次导入的人员已有报名、学习记录或后续导入，不能整批撤销。请逐个停用账号。")


@dataclass(frozen=True, slots=True)
class RosterFault:
    """What is wrong, in which row (as the spreadsheet counts) and under which heading."""

    row: int
    heading: str
    code: str

    @property
    def message(self) -> str:
        """Return the sentence for the reader."""
        return MESSAGES[self.code]


@dataclass(frozen=True, slots=True)
class RosterLine:
    """One person of a roster, in normal form; empty text where nothing was given."""

    row: int
    account: str
    name: str
    school: str = ""
    school_code: str = ""
    county: str = ""
    phone: str = ""
    identity: str = ""
    post: str = ""


@dataclass(slots=True)
class Reading:
    """What a roster says, and every fault in it."""

    lines: list[RosterLine] = field(default_factory=list)
    faults: list[RosterFault] = field(default_factory=list)


Cell = str | float | None
NumberedRow = tuple[int, Sequence[Cell]]


def read(rows: Iterable[NumberedRow]) -> Reading:
    """Read the rows of a table with its headings in any order; all faults at once."""
    reading = Reading()
    columns: dict[str, int] | None = None
    seen: dict[str, set[str]] = {"account": set(), "phone": set(), "identity": set()}
    for number, cells in rows:
        if columns is None:
            columns = _headings(number, cells, reading)
            if columns is None and number >= _HEADINGS_WITHIN:
                break
            continue
        if len(reading.lines) >= MOST_ROWS:
            reading.faults.append(RosterFault(number, "", "too_many_rows"))
            break
        if any(cell not in (None, "") for cell in cells):
            _read_row(number, cells, columns, reading=reading, seen=seen)
    if columns is None:
        reading.faults.append(RosterFault(1, "", "no_headings"))
    elif not reading.lines and not reading.faults:
        reading.faults.append(RosterFault(1, "", "empty"))
    return reading


def _headings(number: int, cells: Sequence[Cell], reading: Reading) -> dict[str, int] | None:
    columns: dict[str, int] = {}
    for place, cell in enumerate(cells):
        said = re.sub(r"[\s*＊（(].*$|[、/]", "", cell.strip().lstrip("*＊")) if isinstance(cell, str) else ""
        for key, words in SYNONYMS.items():
            if said in words:
                if key in columns:
                    reading.faults.append(RosterFault(number, said, "heading_twice"))
                columns.setdefault(key, place)
    return columns if {"account", "name"} <= columns.keys() else None


def _read_row(number: int, cells: Sequence[Cell], columns: Mapping[str, int], *, reading: Reading, seen: dict[str, set[str]]) -> None:
    texts: dict[str, str] = {}
    codes: list[tuple[str, str]] = []
    for key, place in columns.items():
        cell = cells[place] if place < len(cells) else None
        text = _text(cell)
        if text is None:
            codes.append((key, "identity_digits_lost" if key == "identity" else "digits_lost"))
        texts[key] = text or ""
    line = RosterLine(
        row=number,
        account=normal_account(texts.get("account", "")),
        name=re.sub(r"\s+", " ", texts.get("name", "")),
        school=texts.get("school", ""),
        school_code=texts.get("school_code", ""),
        county=texts.get("county", ""),
        phone=normal_phone(texts.get("phone", "")),
        identity=texts.get("identity", "").upper(),
        post=texts.get("post", ""),
    )
    lost = {key for key, _code in codes}
    codes += [(key, code) for key, code in _faults(line) if key not in lost]
    for key, known in seen.items():
        value: str = getattr(line, key)
        if value and value in known:
            codes.append((key, f"{key}_twice"))
        known.add(value)
    reading.faults.extend(RosterFault(number, SYNONYMS[key][0], code) for key, code in codes)
    reading.lines.append(line)


def _text(cell: Cell) -> str | None:
    """Return a cell as text; None for a number that can no longer be told exactly (a spreadsheet keeps 15 digits)."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell.strip().lstrip("'")
    if not float(cell).is_integer() or abs(cell) >= 1e15:
        return None
    return str(int(cell))


def _faults(line: RosterLine) -> Iterable[tuple[str, str]]:
    if not line.account:
        yield "account", "account_missing"
    elif not account_is_valid(line.account):
        yield "account", "account_invalid"
    if not line.name:
        yield "name", "name_missing"
    elif len(line.name) > 60:
        yield "name", "name_too_long"
    if len(line.post) > 60:
        yield "post", "post_too_long"
    if line.phone and not phone_is_valid(line.phone):
        yield "phone", "phone_invalid"
    if line.identity and not identity_is_valid(line.identity):
        yield "identity", "identity_invalid"
