"""A paper's lines as most papers have them: what platforms, records and keys in front write otherwise is put in the usual order before it is read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from question_bank.domain.item import LETTERS
from question_bank.domain.notation import is_known_type
from question_bank.formats import paper_marks as marks
from question_bank.formats.paper_item import SIGN

_TYPE_FIRST = re.compile(r"([\[【（(]\s*+([^\[\]【】（）()]{2,8}?)\s*[\]】）)])\s*(\d{1,5}\s*[.．、])\s*")
STEM_FIELD = re.compile(r"(?:(?:题目|题干|试题内容|题目内容|试题|问题|question)\s*[:：]|【(?:题目|题干|试题)】\s*[:：]?)\s*", re.IGNORECASE)
_TYPE_FIELD = re.compile(r"(?:题型|题目类型|试题类型)\s*[:：]")
_OPTION_FIELD = re.compile(r"^选项\s*([A-Z])\s*[:：]\s*")
_MINE_BESIDE = re.compile(r"((?:我|你|您|学生|考生|学员)的?(?:答案|作答|选择)\s*+[:：][^:：]{0,200}?)(?=正确答案\s*+[:：])")  # 我的答案:B正确答案:C
_KEY_FIRST = re.compile(rf"[（(][ \u3000]*((?:[A-HＡ-Ｈ]+|{SIGN}|[○◯〇╳])?)[ \u3000]*[)）]\s*+(\d{{1,4}}\s*+(?:[．、]|\.(?!\d)))\s*+")  # （ √ ）1．…
_ALONE = re.compile(r"^([A-Z])[ \t\u3000]+(?=\S)")
_BULLET = re.compile(r"([○◯□☐◻⚪])[ \u3000]*+(?=\S)")
_STARRED = re.compile(rf"[*＊※★](?={marks.LABEL.pattern})")
_LETTER = re.compile(r"([A-Z])\s*+[.．、:：)）]?")
_OPTION_LINES = 6  # of one option whose letter stands in a line of its own
_TYPE_ALONE = re.compile(r"[\[【（(]?([^\[\]【】（）()\s]{2,8}+)[\]】）)]?\s*+([（(\[]\d{1,2}(?:\.\d)?\s*+分[)）\]])?")
_NUMBER = re.compile(r"\d{1,4}")
_KEY = r"(?:(?:正确|参考|标准)?答案|(?:答案)?解析)"
_BOTH_WORDS = r"(?:正确|参考|标准)?答案\s*+[与和及/／、]\s*+(?:解析|详解)"
_DECORATED = re.compile(rf"[★☆◆◇▲►➤※]\s*+(?={_KEY}\s*+[:：])|^\[({_KEY})\]\s*+[:：]?\s*+|^[（(]\s*+({_KEY}\s*+[:：][^（()）]+)[)）]$")
_DASHED = re.compile(r"^((?:正确|参考|标准)?答案)\s*+[—–-]{1,2}\s*+(?=[A-HＡ-Ｈ√×对错])")
_BOTH = re.compile(rf"^(?:{_BOTH_WORDS}\s*+[:：]|[【\[]{_BOTH_WORDS}[】\]]\s*+[:：]?)\s*+(?=\S)")  # 答案与解析：B。……
_REASONED = re.compile(r"^((?:【(?:正确|参考|标准)?答案】|(?:正确|参考|标准)?答案\s*+[:：])\s*+[A-HＡ-Ｈ]{1,8}+)\s*+[，,。.；;]\s*+(?=因为|由于|理由)")
_REASON = re.compile(r"^(答案：(?:[A-HＡ-Ｈ]{1,8}+|[√×对错]|正确|错误))(?:\s*+[，,。.；;]\s*+|\s++)(?=\S)")
_BOXED_KEY = re.compile(r"【\s*([A-HＡ-Ｈ]{1,8})\s*】")
_STATISTICS = re.compile(r"((?:正确答案|答案)\s*+[是为:：]{1,2}\s*+[A-H]++)\s*+[,，。;；]\s*+(?=(?:全站)?正确率|易错项)")


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph or line of text in the notation; `number` is where it stands in the file."""

    text: str
    number: int


def usual(lines: Sequence[Line]) -> list[Line]:
    """Return the lines, without space around them, as most papers have them; each keeps its number."""
    told = [_STATISTICS.sub(r"\1 解析：", _MINE_BESIDE.sub(_parted, _DECORATED.sub(_plain, line.text))) for line in lines]
    texts = _keyed_first([_numbered_first(_reasoned(text)) for text in _boxed(told)])
    changed = _joined([replace(line, text=text) for line, text in zip(lines, texts, strict=True)])
    return _starred(_bulleted(_lettered(_recorded(changed))))


def _plain(found: re.Match[str]) -> str:
    return f"{found[1]}：" if found[1] else found[2] or ""


def _parted(found: re.Match[str]) -> str:
    return f"{found[1]} "


def _reasoned(text: str) -> str:
    """Return the line of a key with a field of its own for the reason behind it: 答案与解析：B。……, 答案：B，因为……; a dash is no sign of a key."""
    both = _BOTH.sub("答案：", text)
    return _REASON.sub(r"\1 解析：", both) if both != text else _REASONED.sub(r"\1 解析：", _DASHED.sub(r"\1：", text))


def _boxed(texts: Sequence[str]) -> list[str]:
    """Return the lines with a word before letters that stand alone in their box below options: 【B】."""
    made, above = list[str](), ""
    for text in texts:
        found = _BOXED_KEY.fullmatch(text) if marks.letter_at(above) else None
        made.append(f"答案：{found[1]}" if found else text)
        above = text or above
    return made


def _numbered_first(text: str) -> str:
    """Return the line with its number before the mark of its type: `[单选题] 5. …`."""
    found = _TYPE_FIRST.match(text)
    return f"{found[3]}{found[1]}{text[found.end() :]}" if found and is_known_type(found[2]) else text


def _keyed_first(lines: Sequence[str]) -> list[str]:
    """Return the lines with a number before the key that stood before it; a letter there may be an option's, (A) 1、3, unless nothing else is numbered."""
    found = [_KEY_FIRST.match(line) for line in lines]
    lettered = [each[1] for each in found if each and re.fullmatch("[A-HＡ-Ｈ]+", each[1])]
    plain = any(marks.STEM.match(line) for line, each in zip(lines, found, strict=True) if each is None)
    are_keys = not plain and lettered != list(LETTERS[: len(lettered)])
    moved = (each if each and (are_keys or each[1] not in lettered) else None for each in found)
    return [f"{each[2]}（{marks.GUARD} {each[1]} ）{line[each.end() :]}" if each else line for line, each in zip(lines, moved, strict=True)]


def _recorded(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of records (题型：… 题目：… 选项A：…) as a paper has them: the stem first, numbered, options by their letters."""
    if not any(STEM_FIELD.match(line.text) for line in lines) or any(marks.STEM.match(line.text) for line in lines):
        return list(lines)
    made: list[Line] = []
    before: list[Line] = []  # the type, told before the stem
    number = 0
    for line in lines:
        if found := STEM_FIELD.match(line.text):
            number += 1
            made += [replace(line, text=f"{number}. {line.text[found.end() :]}"), *before]
            before = []
        elif _TYPE_FIELD.match(line.text):
            before.append(line)
        else:
            made.append(replace(line, text=_OPTION_FIELD.sub(r"\1. ", line.text)))
    return made + before


def _lettered(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with a dot behind letters that stand alone before options, where lines with A and B follow each other."""
    filled = [line for line in lines if line.text]
    letters = [found[1] if (found := _ALONE.match(line.text)) else "" for line in filled]
    runs = set()
    for at, letter in enumerate(letters):
        if letter == "A" and letters[at + 1 : at + 2] == ["B"]:
            length = next(count for count in range(2, len(LETTERS) + 2) if letters[at + count : at + count + 1] != [LETTERS[count : count + 1]])
            runs |= {filled[at + count].number for count in range(length)}
    return [replace(line, text=_ALONE.sub(r"\1. ", line.text)) if line.number in runs else line for line in lines]


def _joined(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with numbers, types and letters that stand alone in theirs before the words they belong to, as pages of 学习通 and 雨课堂 are copied."""
    filled = [at for at, line in enumerate(lines) if line.text]
    texts = [lines[at].text for at in filled]
    for at, (text, below) in enumerate(pairwise(texts)):
        stem = marks.STEM.match(text)
        if _NUMBER.fullmatch(text) and (kind := _type_alone(below)):
            texts[at], texts[at + 1] = f"{text}. 【{kind[1]}】{kind[2] or ''}", ""
        elif stem and (kind := _type_alone(text[stem.end() :])) and not _begins(below):
            texts[at] = f"{stem[0]}【{kind[1]}】{kind[2] or ''}"
        elif stem and kind and marks.style(stem)[0] == "round" and marks.STEM.match(below):
            texts[at] = f"{kind[1]}{kind[2] or ''}"  # （1）单项选择 above 1. heads a section
    for run in _letters_alone(texts):
        for at in run:
            texts[at], texts[at + 1] = f"{texts[at][0]}. {texts[at + 1]}", ""
    changed = dict(zip(filled, texts, strict=True))
    return [replace(line, text=changed.get(at, "")) for at, line in enumerate(lines)]


def _type_alone(text: str) -> re.Match[str] | None:
    """Return what a line says that names a type and perhaps its points, and nothing else."""
    found = _TYPE_ALONE.fullmatch(text)
    return found if found and is_known_type(found[1]) else None


def _letters_alone(texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield where the letters of an item's options stand alone in their lines, each with words below it."""
    run: list[int] = []
    for at, text in enumerate(texts):
        found = _LETTER.fullmatch(text)
        if run and (at - run[-1] > _OPTION_LINES or (_begins(text) and not found)):
            if len(run) > 1:
                yield run
            run = []
        if found and at + 1 < len(texts) and not _begins(texts[at + 1]) and not _LETTER.fullmatch(texts[at + 1]):
            if found[1] == LETTERS[len(run)]:
                run.append(at)
            elif found[1] == "A":
                run = [at]
    if len(run) > 1:
        yield run


def _begins(text: str) -> bool:
    return bool(marks.STEM.match(text) or marks.FIELD.match(text) or marks.letter_at(text) or _NUMBER.fullmatch(text))


def _bulleted(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with letters for the circles or boxes before options, as 问卷星 writes them; other lists stand behind a field or above letters."""
    made, run, asks = list(lines), list[int](), False
    for at, line in enumerate([*lines, Line("|", 0)]):
        found = _BULLET.match(line.text)
        if not line.text or (found and run and found[1] == lines[run[0]].text[0]):
            run += [at] if found else []
            continue
        if asks and 1 < len(run) <= len(LETTERS) and not _lettered_below(lines, at):
            for letter, each in zip(LETTERS, run, strict=False):
                words = _BULLET.sub("", lines[each].text)
                made[each] = replace(lines[each], text=words if marks.letter_at(words) else f"{letter}. {words}")
        if not found:
            asks = bool(marks.STEM.match(line.text)) or (asks and not run and not marks.FIELD.match(line.text))
        run = [at] if found else []
    return made


def _lettered_below(lines: Sequence[Line], begin: int) -> bool:
    """Tell whether options with letters follow before a field or the next number."""
    for at in range(begin, len(lines)):
        if marks.letter_at(lines[at].text):
            return True
        if marks.STEM.match(lines[at].text) or marks.FIELD.match(lines[at].text):
            return False
    return False


def _starred(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with the words that tell a right option instead of a star before its letter, where others beside it have none."""
    made = list(lines)
    run: list[int] = []
    for at, line in enumerate([*lines, Line("", 0)]):
        words = _STARRED.sub("", line.text)
        letter = marks.letter_at(words)
        if at < len(lines) and (not line.text or (letter and letter == LETTERS[len(run) : len(run) + 1])):
            run += [at] if letter else []
            continue
        starred = [each for each in run if _STARRED.match(lines[each].text)]
        if len(starred) < len(run):
            for each in starred:
                made[each] = replace(lines[each], text=f"{_STARRED.sub('', lines[each].text)}{marks.RIGHT}")
        run = [at] if letter == "A" else []
    return made
