"""How authors write answers that are no choice: the texts of blanks, orders and pairs; and back into the same habits."""

import re
import unicodedata
from collections.abc import Sequence

from question_bank.domain.draft import BLANK, Draft, decimal, letters
from question_bank.domain.item import LETTERS, Blank, Criterion, ItemType
from question_bank.domain.notation import folded, untagged

CASE_MATTERS = "（区分大小写）"
_NAMED = r"[\[【]\s*(?:填空|空)\s*\d{0,2}\s*[\]】]"
_LINE, _BRACKET = r"[_＿]{2,}", r"[（(][ \u3000\u00a0]*[）)]|【[ \u3000]*】"
SURE_BLANK = re.compile(f"{_NAMED}|{_LINE}|{BLANK.pattern}")
# What a file uses for its blanks is told by the number of answers; named ones count before lines, lines before brackets.
_MARKS = tuple(map(re.compile, (_NAMED, _LINE, _BRACKET, f"{_LINE}|{_BRACKET}")))
_RARE_MARKS = re.compile(r"\{[ \u3000]*\}|\[[ \u3000]*\]")  # only where there is no other: programs are full of them
_BETWEEN_BLANKS = ("\n", "[;；]", "###", r"\|", "[、]", "[,，]", r"\t|[ \u3000]{2,}", r"[ \u3000]")
_BRACKETED = re.compile(r"[（(]([^（）()]+)[)）]")
_ESCAPED = re.compile(r"\\([\\/;；|或±\n])")
_SCRIPT = re.compile(r"<(sup|sub)>([0-9+\-=()]+)</\1>")
_SCRIPTS = {"sup": str.maketrans("0123456789+-=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾"), "sub": str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")}
_SPECIAL = re.compile(r"([\\/;；|或±\n])")
_HELD = 0xF0000  # escaped signs wait on a private plane while the text is cut
_ALTERNATIVE = re.compile(r"/|或者?(?=\s*\S)")
# 3/4, 2a/3, 60km/h, TCP/IP and 米/秒 are one answer; is/was, USA/America, 10/ten, 2/2个 and 东部/东 two; 或许 and 不可或缺 are words.
_BETWEEN_LATIN = re.compile(r"([\dA-Za-z'’μΩ℃°)⁰¹²³⁴-⁹₀-₉]{1,40})/(?=([\dA-Za-z'’μΩ℃°(²³]{1,40})(.?))")
_MEASURE = r"(?:[kcdmnμM]?(?:g|m|mol|s|J|N|W|V|A|Pa|Hz|eV|C|F|T|l|L|B|b|bit)|K|℃|°C?|h|d|t|r|rad|min|sec|Ω|rpm|U|IU)[23²³]?"
_UNIT = re.compile(rf"(?:\d*{_MEASURE}|\d+)/\(?(?:[kcdm]?m|m?s|min|h|d|[kmμ]?g|t|m?mol|[mμdk]?[lL]|K|℃|°C|C|V|N|T|Pa|J)[23²³]?\)?")
_FRACTION = re.compile(r"\d+/\d+|\d*[a-z]/\d+|\d+/\d*[a-zA-Z]|\d*[a-z]?\)/\d*[a-z]?|\d*[a-z]?\)?/\(\d*[a-z]?")
_NAME = re.compile(r"(?i:tcp/ip|i/o|and/or|w/o|n/a)|GB/T|OS/2|PL/SQL|HTTP/\d|A/D|D/A|B/S|C/S")
_AMOUNT = re.compile(r"\d+")
_SURE = re.compile(r"[-−]?[\d./]+|\d[\d.]*[^\W\d]{1,3}/(?:s|h|min|L|m|kg)")
_ONE_ANSWER = re.compile(
    r"不可或缺|或(?:[许然]|运算|非?门|有[负资事])|与或非|(?<!\w)或[^\W或]{1,2}或(?=\w{1,2}(?!\w))"
    r"|元/(?:千克|公斤|克|吨|人|次)|(?:米|公里|克|吨|升|转|次|元|人|摩尔?)/(?:秒|分钟?|小?时|天|日|月|年|升|[平立]方\w{0,2}米|摩尔?)"
)
_CLOSE = re.compile(r"[^\s;；|、，,]{1,40}(?:/|或者?)[^\s;；|、，,]{1,40}")
_NUMBERED_BLANK = re.compile(r"(?:[（(]\s*(\d{1,2})\s*[)）]|([①-⑳])|(?:^|(?<=[\s;；,，、]))(\d{1,2})\s*[.．、](?!\d))\s*(?=[^\s,，、;；.。()（）①-⑳])")
_NAMED_BLANK = re.compile(r"第\s*(?:[一二三四五六七八九十]{1,3}|\d{1,2})\s*[个]?空\s*[:：]")
_PAIR = re.compile(r"\s*(?:=+>?|＝|→|-+>|—+>)\s*")
_NUMBERED_PAIR = re.compile(r"(\d{1,2})\s*[-–—:：.、=→]?\s*([A-Z])(?![A-Z])")
_ORDER = re.compile(r"[\s,，、;；|/&+>＞→\-–—]+")
PAIRS = "相邻两项"  # how an ordering item says that each two neighbours earn a share


def read_blanks(stem: str, written: str) -> tuple[str, tuple[Blank, ...]]:
    """Return the stem with its blanks as `[[1]]` … and what is right in each; a number of answers that does not fit is left to the faults."""
    if BLANK.search(stem):
        return stem, _blanks(written, len(BLANK.findall(stem)))
    found = [(marks, len(marks.findall(stem))) for marks in _MARKS if marks.search(stem)]
    if not found and (rare := len(_RARE_MARKS.findall(stem))) and len(_blanks(written, rare)) == rare:
        found = [(_RARE_MARKS, rare)]
    if not found:
        return stem, _blanks(written, 1)
    by_count = sorted(found, key=lambda each: -each[1])
    marks, count = next(((marks, count) for marks, count in by_count if len(_blanks(written, count)) == count), found[0])
    numbers = iter(range(1, count + 1))
    return marks.sub(lambda _mark: f"[[{next(numbers)}]]", stem), _blanks(written, count)


def has_usual_blank(stem: str) -> bool:
    """Tell whether a stem has a blank in one of the usual signs."""
    return bool(BLANK.search(stem) or any(marks.search(stem) for marks in _MARKS))


def _blanks(written: str, count: int) -> tuple[Blank, ...]:
    held = _held(written)
    if not held:
        return ()
    named = [piece.strip(" \n;；,，") for piece in _NAMED_BLANK.split(held)[1:]] or _numbered(held, count)
    if len(named) == count:
        return tuple(_blank(re.split(r"[\n;；|]", piece)) for piece in named)
    if count == 1:
        return (_blank(re.split(r"[\n;；|]", held)),)
    for divider in _BETWEEN_BLANKS:
        pieces = [piece for piece in re.split(divider, held) if piece.strip()]
        if len(pieces) == count:
            return tuple(_blank([piece]) for piece in pieces)
    pieces = _BRACKETED.findall(held)
    if len(pieces) != count or pieces == [str(number) for number in range(1, count + 1)]:  # which numbers blanks, and answers none
        pieces = [piece for piece in re.split(r"[\n;；|]", held) if piece.strip()]
    return tuple(_blank([piece]) for piece in pieces)


def _numbered(held: str, count: int) -> list[str]:
    """Return the answers behind the numbers of all blanks, in their order: (1) 甲 (2) 乙; a single 1. before a figure may belong to it."""
    found = list(_NUMBERED_BLANK.finditer(held))
    numbers = [int(unicodedata.normalize("NFKC", next(filter(None, each.groups())))) for each in found]
    if not numbers or sorted(numbers) != list(range(1, count + 1)) or found[0].start() or (count == 1 and found[0][3] and held[found[0].end()].isdecimal()):
        return []
    ends = [*(each.start() for each in found[1:]), len(held)]
    parts = {number: held[each.end() : end].strip(" \n;；,，、") for number, each, end in zip(numbers, found, ends, strict=True)}
    return [parts[number] for number in sorted(parts)]


def _held(written: str) -> str:
    """Return an answer in which signs that divide nothing wait on the private plane; it is compared with typed words, so that emphasis goes."""
    if "<" in written:
        written = untagged(_SCRIPT.sub(lambda found: found[2].translate(_SCRIPTS[found[1]]), written))
    held = _ESCAPED.sub(lambda sign: chr(_HELD + ord(sign[1])), written.strip())
    if "/" not in held and "或" not in held:
        return held
    return _BETWEEN_LATIN.sub(_latin, _ONE_ANSWER.sub(lambda found: _hide(found[0]), held))


def _latin(found: re.Match[str]) -> str:
    """Hide the stroke of a fraction, a unit or a name; the same figure on both sides is no fraction: 2/2个, 5g/5克."""
    left, right, behind = found.groups()
    figures = [_AMOUNT.match(side) for side in (left, right)]
    if figures[0] and figures[1] and (figures[0][0] == figures[1][0] or (behind and behind in "%％=＝")):
        return found[0]
    if behind and behind in "=＝":
        return found[0]
    pair = f"{left}/{right}"
    return _hide(found[0]) if any(one.fullmatch(pair) for one in (_FRACTION, _UNIT, _NAME)) else found[0]


def _hide(words: str) -> str:
    return "".join(chr(_HELD + ord(sign)) if sign in "/或" else sign for sign in words)


def close_alternatives(written: str) -> list[tuple[str, int]]:
    r"""Return what was or was not cut at a `/` or 或 with no blank beside it, and into how many answers; fractions and what was escaped leave no doubt."""
    if "/" not in written and "或" not in written:
        return []
    shown = untagged(_ESCAPED.sub("", written))  # the stroke of a tag parts nothing
    found = ((close[0], len([part for part in _ALTERNATIVE.split(_held(close[0])) if part.strip()])) for close in _CLOSE.finditer(shown))
    return [(words, count) for words, count in found if count > 1 or ("/" in words and not _SURE.fullmatch(words) and not _ONE_ANSWER.search(words))]


def _blank(pieces: Sequence[str]) -> Blank:
    case_matters = pieces[-1].rstrip().endswith(CASE_MATTERS)
    pieces = [*pieces[:-1], pieces[-1].rstrip().removesuffix(CASE_MATTERS)]
    accepted = [text.strip() for piece in pieces for text in _ALTERNATIVE.split(piece) if text.strip()]
    number, _, tolerance = accepted[0].partition("±") if accepted else ("", "", "")
    if decimal(number) is not None and decimal(tolerance) is not None:
        return Blank((number.strip(), *map(_freed, accepted[1:])), tolerance.strip(), case_matters)
    return Blank(tuple(map(_freed, accepted)), "", case_matters)


def _freed(text: str) -> str:
    return "".join(chr(ord(sign) - _HELD) if _HELD <= ord(sign) <= _HELD + 0xFFFF else sign for sign in text)


def write_blanks(blanks: Sequence[Blank]) -> str:
    """Return answers as `read_blanks` reads them."""
    texts = [*map(_written, blanks)]
    if _numbered(_held("；".join(texts)), len(texts)):  # the numbers belong to the answers
        texts = [f"第{number}空：{text}" for number, text in enumerate(texts, start=1)]
    return "；".join(texts)


def _written(blank: Blank) -> str:
    texts = [_SPECIAL.sub(r"\\\1", text) for text in blank.accepted]
    if blank.tolerance and texts:
        texts[0] = f"{texts[0]}±{blank.tolerance}"
    return " / ".join(texts) + (CASE_MATTERS if blank.case_matters else "")


def read_order(written: str, options: Sequence[str]) -> tuple[int, ...]:
    """Return the positions in the order a key names them: CABD, C→A→B, 3,1,2, or the options' words."""
    upper = unicodedata.normalize("NFKC", written).upper().strip()
    parts = [part for part in _ORDER.split(upper) if part]
    if re.fullmatch("[A-Z]+", "".join(parts)):
        return tuple(LETTERS.index(sign) for sign in "".join(parts))
    if parts and all(part.isdecimal() and 0 < int(part) <= len(LETTERS) for part in parts):
        return tuple(int(part) - 1 for part in parts)
    known = {folded(untagged(option)): position for position, option in enumerate(options)}
    known |= {folded(option): position for position, option in enumerate(options)}
    words = [folded(part) for part in re.split(r"[\n;；|→>]", untagged(written)) if part.strip()]
    return tuple(known[word] for word in words) if all(word in known for word in words) else ()


_CRITERION = re.compile(r"(?P<words>.*\S)[\s:：(（]+(?P<whole>\d{1,5})(?:\.(?P<part>\d{1,2}))?\s*分?\s*[)）]?")
Pairs = tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]]


def read_pairs(prompts: Sequence[str], options: Sequence[str], written: str) -> Pairs:
    """Return prompts, options and the option of each prompt, from columns with a key `1-B 2-A` or from `left=right` lines."""
    if not prompts:
        lines = [line for line in re.split(r"[\n;；]", written) if line.strip()]
        in_key = [_PAIR.split(line, maxsplit=1) for line in lines]
        pairs = [_PAIR.split(option, maxsplit=1) for option in options]
        if pairs and all(len(pair) == 2 for pair in pairs):
            return _from_lines(pairs, ())
        if in_key and all(len(pair) == 2 for pair in in_key):
            return _from_lines(in_key, options)
        return (), tuple(options), ()
    upper = unicodedata.normalize("NFKC", written).upper()
    named = {int(number): letter for number, letter in _NUMBERED_PAIR.findall(upper)}
    run = re.sub(r"[\s,，、;；|]", "", upper)
    found = [named.get(number, "") for number in range(1, len(prompts) + 1)] if named else list(run) if run.isalpha() else []
    key = tuple(LETTERS.index(letter) for letter in found if letter and letter in LETTERS)
    return tuple(prompts), tuple(options), key


def _from_lines(pairs: Sequence[Sequence[str]], options: Sequence[str]) -> Pairs:
    known = list(options) or list(dict.fromkeys(right.strip() for _left, right in pairs))
    words = [folded(untagged(option)) for option in known]
    letters = [LETTERS.find(folded(right).upper()) if len(right.strip()) == 1 else -1 for _left, right in pairs]
    rights = [folded(untagged(right)) for _left, right in pairs]
    key = [words.index(right) if right in words else letter for right, letter in zip(rights, letters, strict=True)]
    return tuple(left.strip() for left, _right in pairs), tuple(known), tuple(key)


def write_pairs(key: Sequence[int]) -> str:
    """Return the key of a matching item as `read_pairs` reads it."""
    return "、".join(f"{number}-{LETTERS[position]}" for number, position in enumerate(key, start=1) if position < len(LETTERS))


def read_rubric(written: str) -> tuple[Criterion, ...]:
    """Return the criteria, one a line with its points at the end; a line that cannot be read has 0 points, which is a fault."""
    return tuple(_criterion(line) for line in written.splitlines() if line.strip())


def _criterion(line: str) -> Criterion:
    found = _CRITERION.fullmatch(line.strip())
    return Criterion(found["words"], int(found["whole"]) * 100 + int((found["part"] or "0").ljust(2, "0"))) if found else Criterion(line.strip(), 0)


def write_rubric(rubric: Sequence[Criterion]) -> str:
    """Return criteria as `read_rubric` reads them."""
    return "\n".join(f"{one.words} {one.points / 100:g}" if one.points else one.words for one in rubric)


def write_answer(draft: Draft) -> str:
    """Return the answer of a draft in one line, as these readers and `notation.read_key` read it."""
    match draft.type:
        case ItemType.FILL_IN:
            return write_blanks(draft.blanks) or draft.key_text
        case ItemType.SHORT_TEXT:
            return draft.model or draft.key_text
        case ItemType.MATCHING:
            return write_pairs(draft.key) or draft.key_text
        case _:
            return letters(draft.key) or draft.key_text
