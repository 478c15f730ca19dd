"""The marks by which a paper's lines are told apart: numbers, letters, words before a colon; what they look like, nothing more."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from question_bank.domain import notation
from question_bank.domain.draft import PICTURE
from question_bank.domain.item import LETTERS
from question_bank.domain.notation import is_any_choice, is_known_type, read_type
from question_bank.formats import formula, headings

MINE = "mine"  # what a learner answered: 学习通 writes it before the key
RIGHT = "（正确答案）"  # behind an option: it is a right one
GUARD = "\u2060"  # written by our own papers inside words that would be taken for a mark; read as nothing
_TAGS = r"(?:</?(?:b|i|u|s|sub|sup)>)*"
_NUMBER = (
    r"(?:题目?|试题)\s*(?P<titled>\d{1,5})\s*[.、．:：]|(?P<counted>\d{1,5})\s*题\s*[.、．:：]|第\s*(?P<word>\d{1,5})\s*(?:小)?题\s*+[.、．:：]?|Q(?:\.\s?(?P<short>\d{1,5})[.:：)、]?|(?:uestion\s)?(?P<asked>\d{1,5})[.:：)、])(?!\d)|[（(]\s*(?P<round>\d{1,5})\s*[)）]\s*[.、．]?"
    r"|(?P<dot>\d{1,5})\s*(?:．|\.(?:(?!\d)|(?=(?:19|20)\d\d))|[、)）]|[:：](?!\d))|[【\[](?P<square>\d{1,5})[】\]]"
    r"|(?P<bare>\d{1,3})[ \u3000]+(?=[\u4e00-\u9fff“《【\[])"
)
STEM = re.compile(rf"(?P<tags>{_TAGS})(?:{_NUMBER})\s*")
_LETTER = r"[A-Za-zＡ-Ｚａ-ｚ]"
LABEL = re.compile(rf"[（(\[]\s*({_LETTER})\s*[)）\]]\s*+[.、．:：]?|({_LETTER})\s*[.、．:：)）]")
_BARE = re.compile(r"(?:^|\t|(?<![ \u3000])[ \u3000]{2,}+)([A-Z])[ \u3000]++(?=\S)")
_ROLES = (
    "key",
    "explanation",
    "difficulty",
    "points",
    "topic",
    "chapter",
    "tags",
    "source",
    "level",
    "pool",
    "external_id",
    "type",
    "subject",
    "grade",
    "enemies",
    "order_scoring",
)
_MORE = {"详解": "explanation", "分析": "explanation", "点评": "explanation", "解答": "explanation", "试题分析": "explanation", "考查点": "topic", "答": "key"}
_MORE |= dict.fromkeys((f"{who}的{what}" for who in ("我", "你", "您", "学生", "考生", "学员") for what in ("答案", "作答", "选择")), MINE)
_MORE |= dict.fromkeys(("answer", "answers", "ans", "key", "correct answer", "correct answers", "correct option", "right answer", "correct"), "key")
_MORE |= {"explanation": "explanation", "rationale": "explanation", "difficulty": "difficulty"}
_MORE |= dict.fromkeys(("学生答案", "考生答案", "学员答案"), MINE)
_TO_TRADITIONAL = str.maketrans(notation.SIMPLIFIED, notation.TRADITIONAL)
_BY_WORD = {word: role for role in _ROLES for word in headings.words(role) if re.search("[\u4e00-\u9fff]{2}", word)} | _MORE
_BY_WORD = {word: role for word, role in _BY_WORD.items() if word not in {"题型", "类型", "得分", "单元", "主题", "课程", "题库"}} | {"题型": "type"}
_BY_WORD |= {word.translate(_TO_TRADITIONAL): role for word, role in _BY_WORD.items()}
_WORDS = "|".join(sorted(_BY_WORD, key=len, reverse=True))
FIELD = re.compile(
    rf"【\s*(?P<boxed>{_WORDS}|选项[A-Z]解析)\s*】\s*+[:：]?\s*+"
    rf"|(?:^|(?<=[\s;；。>）)])(?!(?-i:[a-z])))(?:(?P<before>{_WORDS}|选项[A-Z]解析)\s*[:：]|(?P<said>(?:正[确確]|[参參]考|[标標][准準])?答案)(?:[是为]\s*+[:：]?|\s+(?=[A-H√×对错]+\s*$)|(?=[A-H]+\s*$)))\s*+",
    re.IGNORECASE,
)
_WRAPPED = re.compile(rf"<([bius])>(\s*+(?:{FIELD.pattern}|(?:{_NUMBER.replace('?P<', '?P<in_')})|{LABEL.pattern})\s*+)</\1>", re.IGNORECASE)
_HEADING = re.compile(
    r"(?:第?\s*+(?P<ordinal>[一二三四五六七八九十]{1,3})\s*+(?:(?:部分|大题)\s*+)?(?:[、.．:：]\s*+|(?<=\s)))?(?P<name>[^（(：:，,。\s]{1,12})\s*+(?P<rest>[（(：:，,。].*)?"
)
_DECIMAL = re.compile(r"^\d{1,2}(?:\.\d{1,2})+[\s、]\s*+")  # 2.2 多选题
_CHAPTER = re.compile(r"第\s*[一二三四五六七八九十\d]{1,3}\s*[章节篇讲单元部分]+(?:\s|[:：、]|$).{0,60}|[一二三四五六七八九十]{1,3}\s*[、.．].{1,60}")
ORDINALS = "一二三四五六七八九十"
_LISTED = re.compile(rf"([{ORDINALS}])\s*[、.．]")
_EACH = re.compile(r"每(?:小)?[题空]\s*(\d+(?:\.\d+)?)\s*分")
ANSWERS = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}\s*+[、.．]\s*+)?[【\[（(]?\s*+(?:试题|习题|练习题?|附[:：]?)?\s*+(?:[参參]考|[标標][准準]|正[确確])?答案(?:[与和及]?(?:试题)?(?:解析|[详詳]解|评分标准|评分参考))?(?:表|部分)?\s*+[】\])）]?\s*+[:：]?"
    r"|(?:Answers|Answer\s++Keys?)\s*+[:：]?",
    re.IGNORECASE,
)
_NUMBERS = r"(\d{1,3})(?:\s*[-–—~～至到、]\s*(\d{1,3}))?\s*小?题"
_SHARED = re.compile(
    rf"(?:根据|依据|结合|阅读|据此|按照).{{0,60}}?(?:回答|完成|作答)(?:\s*第?\s*{_NUMBERS}|(?:下列|以下|下面|后面)各?小?(?:题|问题))|{_NUMBERS}\s*共用题干"
)
DRAWN = re.compile(r"-{3,}|\*{3,}|={5,}")  # a line across the page
_OPAQUE = re.compile(rf"{formula.PATTERN}|<table>(?:[^<]|<(?!/?table>))*+</table>|<pre>(?:[^<]|<(?!/?pre>))*+</pre>|[\U000F0000-\U000FFFFD]|{PICTURE.pattern}")
_HELD = re.compile("[\U000f0000-\U000ffffd]")
_AROUND_TABLE = re.compile(r"\n?(</?table>)\n?")
_TAG = re.compile(r"<(/?)(b|i|u|s|sub|sup)>")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading over several items: 一、单选题（每题1分，共39题）."""

    ordinal: str
    type: str
    points: str = ""
    chapter: str = ""  # the words of a chapter's heading


def heading(text: str) -> Section | None:
    """Return the section a line opens, or None; a chapter's heading opens a section of no type."""
    words = _DECIMAL.sub("", untagged(text))
    found = _HEADING.fullmatch(words)
    name = found["name"].strip("【】[]") if found else ""
    ordinal = (found["ordinal"] or "") if found else ""
    if not ordinal and (bare := name.lstrip("一二三四五六七八九十")) != name and is_known_type(bare):  # 一名词解释
        ordinal, name = name.removesuffix(bare), bare
    if found and len(words) < 200 and (ordinal or name.endswith("题") or found["rest"] or len(name) > 2) and (is_known_type(name) or is_any_choice(name)):
        each = _EACH.search(found["rest"] or "")
        return Section(ordinal, read_type(name) if is_known_type(name) else "", each[1] if each else "")
    return Section("", "", chapter=words) if _CHAPTER.fullmatch(words) and not FIELD.search(words) else None


def shared(text: str) -> range | None:
    """Return the numbers of the items for which a line announces a material: 阅读材料，回答1-3题; an empty range where it tells none."""
    found = None if STEM.match(text) or FIELD.match(text) or letter_at(text) or text.startswith(GUARD) else _SHARED.search(text)
    numbers = [int(number) for number in found.groups() if number] if found else []
    return None if found is None else range(numbers[0], numbers[-1] + 1) if numbers else range(0)


def is_listed(text: str, above: Sequence[str]) -> bool:
    """Tell whether a line such as 一、先听 begins a list in an answer, or goes on the one above it; a chapter is headed alike."""
    numbers = [_LISTED.match(untagged(line)) for line in (text, *above)]
    first, *others = [ORDINALS.index(found[1]) if found else None for found in numbers]
    return first == 0 or (first is not None and first - 1 in others)


def heads_field(text: str) -> bool:
    """Tell whether the words of a heading name what stands below it: a key, an explanation, a learner's own answer."""
    return _BY_WORD.get(text.strip().lower()) in {"key", "explanation", "rubric", MINE}


def begins(text: str) -> bool:
    """Tell whether a line begins with something that a paper is told by."""
    words = text.strip()
    return bool(STEM.match(words) or letter_at(words) or FIELD.match(words) or heading(words) or ANSWERS.fullmatch(words))


def unwrapped(text: str) -> str:
    """Return the line with no emphasis on its marks alone."""
    return _WRAPPED.sub(_inner, text)


def _inner(found: re.Match[str]) -> str:  # a template would be looked up at each of a paper's lines
    return found[2]


def untagged(text: str) -> str:
    """Return the words without emphasis."""
    return notation.untagged(text).strip()


def role_of(found: re.Match[str]) -> str:
    """Return what a field's word announces: a role, or the letter of an explained option."""
    word = (found["boxed"] or found["before"] or found["said"]).casefold()
    return word[2].upper() if word.startswith("选项") else _BY_WORD.get(word, "key")


def style(found: re.Match[str]) -> tuple[str, int]:
    """Return how a stem is numbered, and its number."""
    return next((name, int(value)) for name, value in found.groupdict().items() if name != "tags" and value)


def letter_at(text: str) -> str:
    """Return the letter of an option's label at the beginning of a text."""
    found = LABEL.match(text)
    return unicodedata.normalize("NFKC", found[1] or found[2]).upper() if found else ""


def cuts(text: str, begin: int) -> list[tuple[int, int]]:
    """Return where the labels of options stand, from the letter at position `begin` on, each in its turn: (start, end)."""
    found: list[tuple[int, int]] = []
    for label in LABEL.finditer(text):
        letter = unicodedata.normalize("NFKC", label[1] or label[2]).upper()
        before = text[label.start() - 1] if label.start() else " "
        in_turn = begin + len(found) < len(LETTERS) and letter == LETTERS[begin + len(found)]
        if (
            in_turn
            and not (before.isascii() and before.isalnum())
            and before not in "(（"
            and not _closes(text[found[-1][1] if found else 0 : label.start()], label)
        ):
            found.append(label.span())
    if found and (found[0][0] == 0 or len(found) > 1):
        return found
    bare: list[tuple[int, int]] = []
    for label in _BARE.finditer(text):
        if begin + len(bare) < len(LETTERS) and label[1] == LETTERS[begin + len(bare)]:
            bare.append((label.start(), label.end()))
    return bare if bare and (len(bare) > 1 or (begin and bare[0][0] == 0)) else []


def _closes(before: str, label: re.Match[str]) -> bool:
    """Tell whether the bracket behind a letter closes one that was opened before it: 水果（如维生素C）."""
    return bool(label[2]) and label[0][-1] in ")）" and sum(map(before.count, "(（")) > sum(map(before.count, ")）"))


class Opaque:
    """What no mark is looked for in (formulas, pictures, tables), held as one sign each while the text is cut."""

    def __init__(self) -> None:
        self._held: list[str] = []

    def hide(self, text: str) -> str:
        """Return the text with a sign of the private plane for each such part."""
        return _OPAQUE.sub(self._sign, text)

    def _sign(self, found: re.Match[str]) -> str:
        if len(self._held) > 0xFFF0:
            return found[0]
        self._held.append(found[0])
        return chr(0xF0000 + len(self._held) - 1)

    def show(self, text: str) -> str:
        """Return the text with the parts in their places, emphasis closed and guards gone."""
        shown = self.revealed((balanced(text) if "<" in text else text.strip()).replace(GUARD, ""))
        return _AROUND_TABLE.sub(r"\1", shown) if "<table>" in shown else shown

    def revealed(self, text: str) -> str:
        """Return the text with the parts in their places."""
        return _HELD.sub(lambda sign: self._held[at] if (at := ord(sign[0]) - 0xF0000) < len(self._held) else sign[0], text)


def balanced(text: str) -> str:
    """Return the text with every emphasis closed: a line was cut where it stood."""
    parts, at, opened = [], 0, dict[str, int]()  # how often each is opened: of one inside itself only the outer one counts
    for tag in _TAG.finditer(text):
        parts.append(text[at : tag.start()])
        at = tag.end()
        if not tag[1]:
            parts.append("" if tag[2] in opened else tag[0])
            opened[tag[2]] = opened.get(tag[2], 0) + 1
        elif opened.get(tag[2], 0) > 1:
            opened[tag[2]] -= 1
        elif tag[2] in opened:
            while (last := opened.popitem()[0]) != tag[2]:
                parts.append(f"</{last}>")
            parts.append(tag[0])
    whole = "".join([*parts, text[at:], *(f"</{name}>" for name in reversed(opened))])
    while (less := re.sub(r"<(b|i|u|s|sub|sup)>([ \n]*)</\1>", r"\2", whole)) != whole:
        whole = less
    return whole.strip()


_MISTAKABLE = re.compile(
    rf"(?:[（(【\[](?=[^（(】）)\]\n]{{0,14}}[】）)\]])|{_LETTER}(?=\s*[.、．:：)）\]])|(?<=[\t \u3000])[A-Z](?=[ \u3000])|_(?=_))"
    rf"|(?:{_WORDS}|选项[A-Z]解析)(?=\s*[:：】])|答案",
    re.IGNORECASE,
)


def guarded(text: str) -> str:
    """Return words of ours such that no reader of papers takes any for a mark; people see no difference."""
    held = Opaque()
    inside = _MISTAKABLE.sub(lambda found: found[0][0] + GUARD + found[0][1:], held.hide(text))
    first, *later = inside.split("\n")
    if STEM.match(first) or heading(first) or ANSWERS.match(first) or first[:1] in set(":：.．、)）0123456789"):
        first = GUARD + first
    return held.revealed("\n".join([first, *(line if line[:1] >= "\U000f0000" else GUARD + line for line in later)]))
