"""One item of a paper while its lines are read, and what its stem says besides the question."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from question_bank.domain import notation
from question_bank.domain.authored import Authored
from question_bank.domain.draft import letters
from question_bank.domain.item import LETTERS, ItemType
from question_bank.domain.written_answer import SURE_BLANK
from question_bank.formats.paper_marks import GUARD, Opaque, Section, letter_at

SIGN = "[√×✓✗✘]|对|错|正确|错误|T|F"
IN_BRACKETS = re.compile(rf"([（(【]{GUARD}?)([ \u3000]*(?:[A-Ka-kＡ-Ｋ](?:[ ,，、]*[A-Ka-kＡ-Ｋ])*|{SIGN})[ \u3000]*)([)）】])")
_BEHIND = re.compile(r"(?<=[。．.！!？?\s])[ \u3000]*([√×✓✗✘])$")  # 教师要关爱学生。√
EMPTY = re.compile(r"[（(][ \u3000]*[）)]|[_＿]{2,}")
_NAMES = ("维生素", "维他命", "肝炎", "型", "组", "级", "类", "点", "图", "班")  # what is told apart by letters in brackets
_ASKS = re.compile(r"(?:哪|(?<![几任])何|几(?!何)|什么)\w{0,3}$")  # 哪一组（C）: no name, the answer
CHOSEN = frozenset({"", ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE})
_TYPE_MARK = re.compile(r"[\[【（(]\s*+([^\[\]【】（）()]{2,8}?)\s*+(?:[,，]?\s*+(\d+(?:\.\d+)?)\s*+分)?\s*+[\]】）)](?:\s*[.、．:：])?")
_NAMED = re.compile(r"([^\s:：]{2,6}题)\s*[:：]\s*(?=\S)")
_POINTS = re.compile(r"[（(\[【]\s*+(?:本[小]?题)?\s*+(\d+(?:\.\d+)?)\s*+分\s*+[)）\]】]")
TELLS = re.compile(r"(?<!\s)\s*+[（(【\[]\s*+(?:正确答案|正确选项|答案|正确|√|✓)\s*+[)）】\]]\s*+$")  # behind an option: 问卷星 and its kin
_TICKED, _SIGNS = re.compile(r"(?<=[^\s√✓✔※★×✗✘✕])\s*+[√✓✔※★]\s*+$"), re.compile("[√✓✔※★×✗✘✕]")
_CONCLUDED = re.compile(
    r"(?:故|因此|所以)(?:本题)?(?:正确)?(?:答案|应该?)?(?:选择?|为)\s*+[:：]?\s*+([A-K]++(?:[、,，][A-K]+)*+)\s*+(?:选?项)?[.．。;；]?[ \t\u3000]*+$",
    re.MULTILINE,
)
_WORTH = re.compile(r"[\[【]\s*分值\s*[:：]\s*(\d+(?:\.\d+)?)\s*[\]】]")
_ASKED = re.compile(r"(?<=[\]】])\s*\*(?=\s*(?:\n|$))")
_ONLY_LETTERS = re.compile(r"[A-KＡ-Ｋ](?:[ ,，、]*[A-KＡ-Ｋ])*[ .。;；]*")
_UNDERLINED = re.compile(r"(?<=[\u4e00-\u9fff：:，,（])[ \u3000]+<u>([^<>\n]{1,60})</u>(?:[ \u3000]+|$)")  # written into a gap that was underlined
_SQUARE = re.compile(r"【([^【】]{1,80})】")  # 首都是【北京】, where blanks are asked for
_PROMPT = re.compile(r"[（(]\s*\d{1,2}\s*[)）]\s*(.+)|[①-⑳]\s*(.+)")


@dataclass(slots=True)
class Material:
    """What the items of some numbers share: its lines, each with where it stands."""

    numbers: range
    lines: list[tuple[str, int]]


@dataclass(slots=True)
class Item:
    """What was found of it so far."""

    number: int
    section: int
    line: int
    style: str = ""
    material: "Material | None" = None
    stem: list[str] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    letters: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    at: list[str] = field(default_factory=list)  # what a line without a mark goes on with
    at_role: str = "stem"
    shown: str = ""  # what stood in the stem's bracket and differs from the key

    @property
    def is_whole(self) -> bool:
        """Tell whether options or a key were seen, so that another item may follow."""
        return len(self.options) > 1 or "key" in self.fields


def authored(item: Item, section: Section, held: Opaque, unit: str) -> tuple[Authored, str]:
    """Return what was written of an item, and its type as far as the paper tells it."""
    cells = {role: "\n".join(texts) for role, texts in item.fields.items()}
    stem, marked_type, points = without_marks("\n".join(item.stem))
    if item.options and "explanation" not in cells and (said := _explained_key(cells.get("key", ""))):
        cells["key"], cells["explanation"] = said
    options, marked = told(item.options) if not cells.get("key", "").strip() else (["\n".join(option) for option in item.options], ())
    kind = notation.read_type(cells.get("type", "")) or marked_type or section.type
    if not options and kind in {"", ItemType.TRUE_FALSE} and not cells.get("key", "").strip() and (judged := _judged(stem)):
        stem, cells["key"], kind = *judged, ItemType.TRUE_FALSE
    if not marked and not cells.get("key", "").strip() and kind in CHOSEN:
        stem, cells["key"] = with_key_taken(stem)
    elif kind in CHOSEN:
        stem, item.shown = without_shown_key(stem, cells.get("key", "") or letters(marked), len(options))
    if not marked and not cells.get("key", "").strip() and (kind == ItemType.FILL_IN or (kind in CHOSEN and options)):
        stem, cells["key"] = with_gaps_read(stem, kind)
    if not marked and not cells.get("key", "").strip() and kind in CHOSEN and options:
        cells["key"] = _concluded(cells.get("explanation", ""))
    prompts: list[str] = []
    if kind == ItemType.MATCHING:
        stem, prompts = _listed(stem)
    cells["stem"] = "\n".join((*(text for text, _line in (item.material.lines if item.material else ())), stem))
    cells.setdefault("points", points or section.points)
    explained = [held.show(cells[letter]) if letter in cells else "" for letter in LETTERS]
    return Authored(
        place=f"第 {item.number} 题（第 {item.line} {unit}）",
        cells={role: held.show(text) for role, text in cells.items()},
        options=tuple(map(held.show, options)),
        marked=marked,
        option_explanations=tuple(explained) if any(explained) else (),
        prompts=tuple(map(held.show, prompts)),
    ), kind


def _listed(stem: str) -> tuple[str, list[str]]:
    """Return the stem and the prompts numbered below it; a line without a number goes on with the prompt above."""
    asked, prompts = list[str](), list[str]()
    for line in stem.split("\n"):
        if found := _PROMPT.fullmatch(line):
            prompts.append(found[1] or found[2])
        elif prompts:
            prompts[-1] += f"\n{line}"
        else:
            asked.append(line)
    return "\n".join(asked), prompts


def _explained_key(key: str) -> tuple[str, str] | None:
    """Return the letters of a key and the words on the lines below it, which explain it: none of them says a key or an option of another item."""
    letters, *words = key.split("\n")
    others = any(_ONLY_LETTERS.fullmatch(line) or letter_at(line) or "答案" in line for line in words)
    return (letters, "\n".join(words)) if words and _ONLY_LETTERS.fullmatch(letters) and not others else None


def keyed_below(item: Item) -> str:
    """Return the letters that stand alone on the line below an item's last option, its key in some papers; empty where none do."""
    last = item.options[-1] if len(item.options) > 1 else []
    letters = list(notation.untagged(last[-1])) if len(last) > 1 else []
    return "".join(letters) if letters and letters == sorted(set(letters) & set(LETTERS[: len(item.options)])) else ""


def told(options: Sequence[Sequence[str]]) -> tuple[list[str], tuple[int, ...]]:
    """Return the options without the words behind them that say which are right, and those that are."""
    texts = ["\n".join(option) for option in options]
    mark, marked = TELLS, tuple(at for at, text in enumerate(texts) if TELLS.search(text))
    ticked = tuple(at for at, text in enumerate(texts) if _TICKED.search(text))
    if not marked and len(ticked) == sum(len(_SIGNS.findall(text)) for text in texts):  # √× would be words to choose from
        mark, marked = _TICKED, ticked
    return ([mark.sub("", text) for text in texts], marked) if len(marked) < len(texts) else (texts, ())


def _concluded(explanation: str) -> str:
    """Return the letters that an explanation ends in, 故选：C, as papers of 菁优网 tell their keys; empty where it tells several."""
    found = {"".join(sorted(set(LETTERS) & set(each))) for each in _CONCLUDED.findall(explanation)}
    return found.pop() if len(found) == 1 else ""


def _judged(stem: str) -> tuple[str, str] | None:
    """Return stem and key where the last two lines are the two judgements, one of them said to be right."""
    *asked, first, second = ["", "", *stem.split("\n")]
    words = [TELLS.sub("", line).strip() for line in (first, second)]
    right = [word for line, word in zip((first, second), words, strict=True) if TELLS.search(line)]
    if len(right) != 1 or {notation.means(word) for word in words} != {True, False} or not any(asked):
        return None
    return "\n".join(asked).strip(), right[0]


def without_marks(stem: str) -> tuple[str, str, str]:
    """Return the stem without its marks of type and points: `[单选题]`, `（多选，2分）`, `（2分）`."""
    kind = points = ""
    if (named := _NAMED.match(stem)) and notation.is_known_type(named[1]):
        kind, stem = notation.read_type(named[1]), stem[named.end() :]
    if worth := _WORTH.search(stem):
        points, stem = worth[1], _WORTH.sub("", stem)
    stem = _ASKED.sub("", stem)
    for found in list(_TYPE_MARK.finditer(stem)):
        at_edge = not stem[: found.start()].strip() or not stem[found.end() :].partition("\n")[0].strip()
        if at_edge and (notation.is_known_type(found[1]) or notation.is_any_choice(found[1])):
            kind = notation.read_type(found[1]) if notation.is_known_type(found[1]) else ""
            points = found[2] or points
            stem = stem[: found.start()] + stem[found.end() :]
            break
    for found in list(_POINTS.finditer(stem)):
        if not stem[: found.start()].strip() or not stem[found.end() :].strip():
            points = found[1]
            stem = stem[: found.start()] + stem[found.end() :]
            break
    return stem.strip(), kind, points


def with_key_taken(stem: str) -> tuple[str, str]:
    """Return the stem with an empty bracket, and the key that stood in it: at the end, or the only one and no name's letter where nothing else is empty."""
    found = list(IN_BRACKETS.finditer(stem))
    last = [each for each in found if not stem[each.end() :].strip(" \u3000。.？?")]
    alone = len(found) == 1 and _is_answer(stem, found[0])
    first = found[:1] if found and GUARD in found[0][1] else []  # （ √ ）1．…
    chosen = next(iter((*first, *last[-1:], *(found if alone else ()))), None)
    if chosen is None:
        behind = None if EMPTY.search(stem) else _BEHIND.search(stem)
        return (stem[: behind.start()].rstrip(), behind[1]) if behind else (stem, "")
    opened, closed = ("（", "）") if chosen[1] == "【" else (chosen[1], chosen[3])
    return f"{stem[: chosen.start()]}{opened}\u3000{closed}{stem[chosen.end() :]}", chosen[2].strip()


def _is_answer(stem: str, found: re.Match[str]) -> bool:
    """Tell whether the only letters in brackets answer, and do not belong to a name such as 甲型（A）."""
    before, empty = stem[: found.start()].rstrip(), EMPTY.search(stem)
    if found[2] != found[2].strip():  # written into the gap that was left for it
        return empty is None or empty[0][0] in "_＿"
    return empty is None and (not before.endswith(_NAMES) or _ASKS.search(before) is not None)


def with_gaps_read(stem: str, kind: str) -> tuple[str, str]:
    """Return the stem with its underlined gaps empty, and what was written into them: for a choice letters alone, in a single gap."""
    gap = _UNDERLINED if _UNDERLINED.search(stem) or kind != ItemType.FILL_IN else _SQUARE
    written = gap.findall(stem)
    of_choice = len(written) == 1 and _ONLY_LETTERS.fullmatch(written[0])
    if EMPTY.search(stem) or SURE_BLANK.search(stem) or not (written if kind == ItemType.FILL_IN else of_choice):
        return stem, ""
    return gap.sub(" ____ ", stem).strip(), "\n".join(written)


def without_shown_key(stem: str, key: str, options: int) -> tuple[str, str]:
    """Return the stem with its bracket emptied where it shows a key that is also told elsewhere, and what it surely showed instead of that key."""
    emptied, taken = with_key_taken(stem)
    signs = [re.sub(r"[\s,，、;；.。]", "", unicodedata.normalize("NFKC", each)).upper() for each in (taken, key)]
    judged, told = notation.means(taken), notation.means(key)
    if taken and (set(signs[0]) == set(signs[1]) or (judged is not None and judged == told)):
        return emptied, ""
    of_options = options > 1 and set(signs[0]) <= set(LETTERS[:options]) and not _named(stem)
    differs = taken and key.strip() and GUARD not in stem and (of_options or (options == 0 and judged is not None and told is not None))
    return (emptied, taken) if differs else (stem, "")


def _named(stem: str) -> bool:
    """Tell whether letters in brackets belong to a name such as 甲型（A）."""
    return any(stem[: found.start()].rstrip().endswith(_NAMES) and not _ASKS.search(stem[: found.start()].rstrip()) for found in IN_BRACKETS.finditer(stem))
