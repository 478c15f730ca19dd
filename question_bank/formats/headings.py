"""The headings that authors' tables really have, and which column each one names."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from question_bank.domain import notation
from question_bank.domain.item import LETTERS
from question_bank.formats.workbook import Sheet

LOOKED_AT = 20  # a title, instructions and a merged block may stand above the headings

_WORDS = {
    "type": "题型 题目类型 试题类型 类型 题类 题目类别 试题类别 试题题型 type questiontype 题目题型",
    "stem": "题干 题目内容 试题内容 问题内容 题目描述 问题描述 试题题干 题干内容 大题题干 content question stem questiontext questionstem questioncontent",
    "asked": "题目 试题 问题 试题题目 内容",
    "title": "题目名称 试题名称 题目标题 标题 title",
    "options": "选项 备选项 备选答案 选项内容 候选答案 options choices optionlist choicelist answeroptions 答案选项 试题选项 右列 右项 右侧 匹配右项",
    "prompts": "左列 左项 左侧 匹配左项 条目 待匹配项 prompts",
    "key": "答案 正确答案 标准答案 标答 参考答案 填空答案 正确选项 试题答案 题目答案 填写答案 answer ans key"
    " correctanswer correctanswers correctoption correctoptions rightanswer answers 答案内容 questionanswer",
    "rubric": "评分标准 评分细则 评分要点 rubric",
    "explanation": "解析 答案解析 试题解析 题目解析 解析说明 答题解析 解析内容 详解 试题详解 试题分析 说明解析 整体解析 explanation analysis feedback 解释",
    "difficulty": "难度 难易度 难度等级 难度级别 难易程度 难度系数 试题难度 题目难度 difficulty",
    "points": "分值 分数 得分 题目分值 试题分值 题目分数 试题分数 score points 分",
    "topic": "知识点 主题 考点 所属知识点 知识点名称 知识模块 topic knowledgepoint knowledgepoints",
    "chapter": "章节 章 所属章节 模块 单元 chapter",
    "section": "节",
    "tags": "标签 关键字 关键词 tags keywords",
    "subject": "分类 科目 所属科目 学科 题库 题目分类 试题分类 课程 category subject",
    "grade": "年级 学段 grade",
    "source": "来源 出处 题目来源 source",
    "level": "认知层次 认知水平 能力层次 层次 考核层次 目标层次 level",
    "pool": "用途 题目用途 试题用途 pool",
    "external_id": "试题编号 题目编号 外部编号 externalid id 题目id 试题id questionid",
    "enemies": "互斥试题 互斥题 互斥 enemies",
    "order_scoring": "排序计分 排序题计分",
    "ignored": "序号 编号 题号 no 导入结果 错误原因 失败原因 错误信息 状态 审核状态 创建时间 创建人 no.",
}
_ROLE_BY_WORD = {word: role for role, words in _WORDS.items() for word in words.split()}
# Several columns of these are kept, one under the other; of keys the first that is filled; of any other role the first column counts and a second
# one is named as a loss.
JOINED = frozenset({"explanation", "chapter", "section", "tags", "subject", "grade", "enemies"})
_STEMS = ("stem", "asked", "title")  # the surest first; the next sure one beside it is a title
_CHINESE_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九十", start=1)}
_OPTION = re.compile(
    r"(?:选项|备选项|备选答案|填空答案|填空|答案|option|opt|choice|选择项)[-_.:]?([a-z]|\d{1,2}|[一二三四五六七八九十])|([a-z])(?:选项|项|option|答案)|([a-z])"
)
_PROMPT = re.compile(r"(?:条目|待匹配项|左[列项侧]?|匹配左项|prompt)[-_.:]?([a-z]|\d{1,2}|[一二三四五六七八九十])")
_RIGHT = re.compile(r"(?:iscorrect|correct|是否正确)[-_]?([a-z]|\d{1,2})|(?:选项)?([a-z]|\d{1,2})是否正确")
_OPTION_EXPLANATION = re.compile(r"(?:选项)?([a-z])(?:选项)?(?:的)?解析|解析([a-z])|explanation([a-z])")
_NUMBERED = {"option_explanations": _OPTION_EXPLANATION, "options": _OPTION, "right": _RIGHT, "prompts": _PROMPT}


@dataclass(frozen=True, slots=True)
class Headings:
    """Which column holds what. `row` is the position of the heading row in the sheet."""

    row: int
    columns: Mapping[str, int]
    options: Mapping[int, int]  # position of the option → column
    option_explanations: Mapping[int, int]
    right: Mapping[int, int]
    unknown: Mapping[str, int] = field(default_factory=dict)
    prompts: Mapping[int, int] = field(default_factory=dict)
    more: Sequence[tuple[str, int]] = ()  # further columns of joined roles and of keys
    above: int = 0  # rows of headings above this one
    from_zero: bool = False  # whether the options are numbered from 0

    def worded(self) -> frozenset[int]:
        """Return the columns of what people read; keys and labels are more than their look."""
        named = (*self.columns.items(), *self.more)
        columns = (column for role, column in named if role in {"stem", "options", "prompts", "explanation"})
        return frozenset((*columns, *self.options.values(), *self.option_explanations.values(), *self.prompts.values()))


def words(role: str) -> list[str]:
    """Return the words by which files name a role."""
    return _WORDS[role].split()


def find(sheet: Sheet) -> Headings | None:
    """Return the headings of a sheet, or None when it is no table of items."""
    for position, row in enumerate(sheet.rows[:LOOKED_AT]):
        found = _headings(position, row)
        if found is None:
            continue
        below = sheet.rows[position + 1] if position + 1 < len(sheet.rows) else ()
        return _two_rows(found, row, below) or (found if _enough(found) else None) or _next(sheet, position)
    return None


def typed(found: Headings, sheet: Sheet) -> Headings:
    """Return the headings with a column for the types that another word heads, 类别 or 分类, where every cell below it names a type."""
    if "type" in found.columns:
        return found
    others = {**found.unknown, **{role: column for role, column in found.columns.items() if role == "subject"}}
    for word, column in others.items():
        cells = [row[column] for row in sheet.rows[found.row + 1 :] if column < len(row) and row[column].strip()]
        if cells and all(notation.is_known_type(cell) or notation.is_any_choice(cell) for cell in cells):
            columns = {role: at for role, at in found.columns.items() if at != column}
            return replace(found, columns={**columns, "type": column}, unknown={name: at for name, at in found.unknown.items() if name != word})
    return found


def _next(sheet: Sheet, position: int) -> Headings | None:
    for later in range(position + 1, min(LOOKED_AT, len(sheet.rows))):
        found = _headings(later, sheet.rows[later])
        if found and _enough(found):
            return found
    return None


def _enough(found: Headings) -> bool:
    return "stem" in found.columns and bool({"key", "options"} & found.columns.keys() or found.options or found.right)


def _two_rows(found: Headings, row: Sequence[str], below: Sequence[str]) -> Headings | None:
    """Read 选项 merged over A B C D in the row below it."""
    if "options" not in found.columns or "stem" not in found.columns:
        return None
    begin = found.columns["options"]
    letters: dict[int, int] = {}
    for column in range(begin, min(len(below), begin + len(LETTERS))):
        if (column == begin or not (row[column] if column < len(row) else "").strip()) and plain(below[column]) == LETTERS[len(letters)].lower():
            letters[len(letters)] = column
        else:
            break
    if len(letters) < 2 or sum(1 for cell in below if cell.strip()) > len(letters):
        return None
    columns = {role: column for role, column in found.columns.items() if role != "options"}
    return replace(found, row=found.row + 1, above=1, columns=columns, options=letters)


def _headings(position: int, row: Sequence[str]) -> Headings | None:
    columns: dict[str, int] = {}
    numbered: dict[str, dict[int, int]] = {name: {} for name in _NUMBERED}
    unknown: dict[str, int] = {}
    more: list[tuple[str, int]] = []
    for column, cell in enumerate(row):
        word = plain(cell)
        if not word:
            continue
        role = _ROLE_BY_WORD.get(word, "")
        found = next(((name, match) for name, pattern in _NUMBERED.items() if (match := pattern.fullmatch(word))), None)
        if role:
            kept = columns.setdefault(role, column)
        elif found:
            kept = numbered[found[0]].setdefault(_position(next(filter(None, found[1].groups()))), column)
        else:
            kept = unknown.setdefault(cell.strip(), column)
        if kept != column and role in {*JOINED, "key"}:
            more.append((role, column))
        elif kept != column and role != "ignored":
            unknown[f"{cell.strip()}（第 {column + 1} 列）"] = column
    from_zero, numbered = -1 in numbered["options"], {name: _from_first(found) for name, found in numbered.items()}
    for role, column in zip(("stem", "title", "third"), [columns.pop(role) for role in _STEMS if role in columns], strict=False):
        columns[role] = column
    if "third" in columns:
        column = columns.pop("third")
        unknown[f"{row[column].strip()}（第 {column + 1} 列）"] = column
    return Headings(position, columns, unknown=unknown, more=more, above=0, from_zero=from_zero, **numbered) if "stem" in columns else None


def _from_first(columns: dict[int, int]) -> dict[int, int]:
    """Return columns by position from 0, also where their headings are numbered from 0."""
    return {at + 1: column for at, column in columns.items()} if -1 in columns else columns


def plain(cell: str) -> str:
    """Return a heading as compared: without stars, hints in brackets, blanks and case."""
    word = unicodedata.normalize("NFKC", cell).replace("\ufeff", "")
    word = re.sub(r"[(\[【<][^(\[【<)\]】>]*+[)\]】>]", "", word)  # from one bracket to the next: a long cell may be all brackets
    return notation.word(re.sub(r"[*:：_]", "", word))


def _position(label: str) -> int:
    if label in _CHINESE_DIGITS:
        return _CHINESE_DIGITS[label] - 1
    return int(label) - 1 if label.isdecimal() else LETTERS.lower().index(label)
