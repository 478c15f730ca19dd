r"""Word's fields that stand in a document as code with no result beside it: formulas (EQ) as LaTeX, signs (SYMBOL) as themselves.

EQ has its own little language: `\f(1,2)`, `\r(3,x)`, `\s\up5(2)\do3(n)`, `\b\lc\{(\a\al(x,y))`, `\o\ac(○,11)`, `\x\to(AB)`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from question_bank.formats import formula, symbol_font, word_formula

Sign = tuple[str, str]  # a sign of a field's code, and how it stands there: plain "", raised "sup", lowered "sub", or "tex" for what is LaTeX already
_SYMBOL = re.compile(r"\s*SYMBOL\s+(?:0x(?P<hex>[0-9a-f]{1,4})|(?P<number>\d{1,5}))(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_FONT = re.compile(r"\\f\s*[\"“]?([^\"”\\]+)")
_EQ = re.compile(r"\s*EQ(?![A-Za-z])\s*(?:\\\*\s*(?:[\"“][^\"”]*[\"”]|\w+)\s*)*", re.IGNORECASE)  # with the switches of all fields: \* jc2 \* hps10
_OPTION = re.compile(r"\\(?:(?P<fence>[lrbfv]c)\s*\\(?P<sign>.)|(?P<name>[a-z]{2})\s*(?P<value>\d{0,3}))\s*", re.IGNORECASE | re.DOTALL)
_OPEN, _MOST = "([{〈⟨|", 400  # signs of a formula: longer ones are no formula of an item
_CLOSING = dict(zip("([{<|〈⟨", ")]}>|〉⟩", strict=True))
_FENCES = {"{": r"\{", "}": r"\}", "〈": r"\langle", "〉": r"\rangle", "⟨": r"\langle", "⟩": r"\rangle", " ": ".", "": ".", "‖": r"\|"}
_OVER = dict.fromkeys("→⇀", r"\overrightarrow") | dict.fromkeys("-－—–ˉ_￣‾−", r"\overline") | {"^": r"\hat", "∧": r"\hat", "·": r"\dot", "~": r"\tilde"}
_ARCS = frozenset("⌒︵⌢")
_AROUND = dict.fromkeys("○◯〇О", "\u20dd") | {"□": "\u20de", "◇": "\u20df", "△": "\u20e4"}  # the marks that enclose the sign before them
_ENCIRCLED = {str(number): chr(0x2460 + number - 1) for number in range(1, 21)} | {"0": "⓪"}
_ENCIRCLED |= {str(number): chr(0x3251 + number - 21) for number in range(21, 36)} | {str(number): chr(0x32B1 + number - 36) for number in range(36, 51)}
_ENCIRCLED |= {sign: chr(0x3280 + at) for at, sign in enumerate("一二三四五六七八九十")}
_ENCIRCLED |= {chr(code): chr(0x24B6 + code - 0x41) for code in range(0x41, 0x5B)} | {chr(code): chr(0x24D0 + code - 0x61) for code in range(0x61, 0x7B)}
_SUMS = {"su": r"\sum", "pr": r"\prod"}


class FieldUnknown(ValueError):
    """The field holds something that is not known here."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a field shows: LaTeX, or mere words."""

    text: str
    is_formula: bool


def words_of(code: Sequence[Sign]) -> str:
    """Return a field's code as it was typed."""
    return " ".join("".join(sign for sign, _how in code).split())


def shown(code: Sequence[Sign]) -> Shown:
    """Return what a field shows that has no result; raises FieldUnknown."""
    words = "".join(sign if len(sign) == 1 else "\ufffc" for sign, _how in code)  # one sign each, so that places agree
    if found := _SYMBOL.fullmatch(words):
        return Shown(_symbol(found), is_formula=False)
    begun = _EQ.match(words)
    if begun is None or len(words) > _MOST:
        raise FieldUnknown
    reader = _Equation(words, code, begun.end())
    latex = " ".join(reader.until("").split())
    if latex in _ENCIRCLED.values() or latex[1:] in set(_AROUND.values()):
        return Shown(latex, is_formula=False)
    if formula.from_latex(latex) is None:
        raise FieldUnknown
    return Shown(latex, is_formula=True)


def _symbol(found: re.Match[str]) -> str:
    code = int(found["hex"], 16) if found["hex"] else int(found["number"])
    font = _FONT.search(found["rest"])
    if "\\u" in found["rest"] or not font:
        return chr(code)
    sign = symbol_font.sign(font[1].strip(), code)
    if sign is None:
        raise FieldUnknown
    return sign


class _Equation:
    """Reads the code of a formula from left to right."""

    def __init__(self, words: str, code: Sequence[Sign], at: int) -> None:
        self.words, self.code, self.at, self.depth = words, code, at, 0

    def until(self, ends: str) -> str:
        """Return the LaTeX of what stands before the next sign of `ends` that no bracket holds."""
        parts, plain, how = list[str](), list[str](), ""

        def close() -> None:
            if plain:
                latex = word_formula.of_words("".join(plain))
                parts.append(f"{'^' if how == 'sup' else '_'}{{{latex}}}" if how else latex)
                plain.clear()

        inner = 0
        while self.at < len(self.words):
            sign, stands = self.words[self.at], self.code[self.at][1]
            if not inner and sign in ends:
                break
            if sign == "\\" and self.words[self.at + 1 : self.at + 2].isalpha():
                close()
                parts.append(self._command())
                continue
            if stands == "tex":
                close()
                parts.append(self.code[self.at][0])
                self.at += 1
                continue
            if sign == "\\" and self.at + 1 < len(self.words):
                self.at += 1
                sign = self.words[self.at]
            elif sign in "()":
                inner += 1 if sign == "(" else -1
            if stands != how:
                close()
                how = stands
            plain.append(sign)
            self.at += 1
        close()
        return "".join(parts).strip()

    def _command(self) -> str:
        self.depth += 1
        if self.depth > 30:
            raise FieldUnknown
        name = self.words[self.at + 1].lower()
        self.at += 2
        if name == "s":
            latex = self._raised()
        else:
            options = self._options()
            writer = _WRITERS.get(name)
            parts = self._parts()
            if writer is None or parts is None:
                raise FieldUnknown
            latex = writer(options, parts)
        self.depth -= 1
        return latex

    def _options(self) -> dict[str, str]:
        found: dict[str, str] = {}
        self._blanks()
        while option := _OPTION.match(self.words, self.at):
            self.at = option.end()
            found[(option["fence"] or option["name"]).lower()] = option["sign"] or option["value"] or ""
        return found

    def _blanks(self) -> None:
        while self.words[self.at : self.at + 1].isspace():
            self.at += 1

    def _parts(self) -> list[str] | None:
        """Return what stands in the brackets that follow, cut at its commas; at semicolons where there are none."""
        if self.words[self.at : self.at + 1] != "(":
            return None
        self.at += 1
        parts, cuts = list[str](), ""
        while True:
            parts.append(self.until(",;)"))
            ended = self.words[self.at : self.at + 1]
            self.at += 1
            if not ended:
                raise FieldUnknown
            if ended == ")":
                break
            cuts += ended
        if len(set(cuts)) < 2:
            return parts
        joined = parts[:1]
        for cut, part in zip(cuts, parts[1:], strict=True):
            joined = [*joined, part] if cut == "," else [*joined[:-1], f"{joined[-1]};{part}"]
        return joined

    def _raised(self) -> str:
        r"""Return scripts: `\s\up5(2)\do3(n)`, or two above each other: `\s(2,n)`."""
        written = ""
        self._blanks()
        if self.words[self.at : self.at + 1] == "(":
            return _scripts(self._parts() or [])
        while option := _OPTION.match(self.words, self.at):
            self.at = option.end()
            parts = self._parts() if self.words[self.at : self.at + 1] == "(" else None
            name = (option["name"] or "").lower()
            if parts is None and name in {"ai", "di"}:
                continue
            if parts is None or name not in {"up", "do"}:
                raise FieldUnknown
            written += f"{'^' if name == 'up' else '_'}{{{', '.join(parts)}}}"
        return written


def _scripts(parts: Sequence[str]) -> str:
    if len(parts) != 2:
        raise FieldUnknown
    return f"^{{{_bare(parts[0])}}}_{{{_bare(parts[1])}}}"


def _bare(part: str) -> str:
    """Return what is raised or lowered, by itself."""
    return part[2:-1] if part.startswith(("^{", "_{")) and part.endswith("}") else part


def _fraction(_options: dict[str, str], parts: list[str]) -> str:
    if len(parts) != 2:
        raise FieldUnknown
    return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"


def _root(_options: dict[str, str], parts: list[str]) -> str:
    if len(parts) > 2:
        raise FieldUnknown
    return rf"\sqrt[{parts[0]}]{{{parts[1]}}}" if len(parts) == 2 and parts[0] else rf"\sqrt{{{parts[-1]}}}"


def _boxed(options: dict[str, str], parts: list[str]) -> str:
    if set(options) - {"to", "bo"} or len(options) > 1:
        raise FieldUnknown
    name = {"to": "overline", "bo": "underline"}.get(next(iter(options), ""), "boxed")
    return rf"\{name}{{{','.join(parts)}}}"


def _array(options: dict[str, str], parts: list[str]) -> str:
    columns = max(1, int(options.get("co") or 1))
    rows = r" \\ ".join(" & ".join(parts[at : at + columns]) for at in range(0, len(parts), columns))
    return rf"\begin{{matrix}} {rows} \end{{matrix}}"


def _fenced(options: dict[str, str], parts: list[str]) -> str:
    inside = ",".join(parts)
    begin, end = options.get("lc", ""), options.get("rc", "")
    if both := options.get("bc", ""):
        begin, end = both, _CLOSING.get(both, both)
    elif not options:
        begin, end = "(", ")"
    if begin == "{" and not end.strip() and inside.startswith(r"\begin{matrix}") and inside.endswith(r"\end{matrix}") and "&" not in inside:
        return inside.replace("matrix}", "cases}")
    return rf"\left{_FENCES.get(begin, begin)} {inside} \right{_FENCES.get(end, end)} "


def _sum(options: dict[str, str], parts: list[str]) -> str:
    if len(parts) != 3 or {"fc", "vc"} & set(options):
        raise FieldUnknown
    sign = next((latex for name, latex in _SUMS.items() if name in options), r"\int")
    return f"{sign}_{{{parts[0]}}}^{{{parts[1]}}} {parts[2]} "


def _over(options: dict[str, str], parts: list[str]) -> str:
    """Return what is written over one another: a sign in a circle, a vector, a condition over an arrow, scripts above each other."""
    if len(parts) == 2 and (around := _AROUND.get(parts[0])):
        inside = parts[1].removeprefix(r"\text{").removesuffix("}")
        if around == _AROUND["○"] and inside in _ENCIRCLED:
            return _ENCIRCLED[inside]
        if len(inside) != 1:
            raise FieldUnknown
        return inside + around
    if {"=", "/"} == set(parts):
        return r"\neq "
    raised = [part for part in parts if part.startswith("^{")]
    lowered = [part for part in parts if part.startswith("_{")]
    bases = [part for part in parts if part not in raised and part not in lowered]
    if not bases or (len(bases) == len(parts) and {"al", "ar"} & set(options)):
        return _scripts([*raised, *bases, *lowered])
    if len(bases) != 1 or len(raised) > 1 or len(lowered) > 1:
        raise FieldUnknown
    written = rf"\text{{{bases[0]}}}" if set(bases[0]) == {"="} and len(bases[0]) > 1 else bases[0]
    for part in map(_bare, raised):
        sign = part.replace(r"\to", "→").strip().removeprefix(r"\text{").removesuffix("}")
        over = rf"\overset{{\frown}}{{{written}}}" if sign in _ARCS else rf"\overset{{{part}}}{{{written}}}"
        written = rf"{_OVER[sign]}{{{written}}}" if sign in _OVER and "=" not in written else over
    for part in map(_bare, lowered):
        written = rf"\underset{{{part}}}{{{written}}}"
    return written


_WRITERS: dict[str, Callable[[dict[str, str], list[str]], str]] = {
    "f": _fraction,
    "r": _root,
    "x": _boxed,
    "a": _array,
    "b": _fenced,
    "i": _sum,
    "o": _over,
    "l": lambda _options, parts: ",".join(parts),
    "d": lambda _options, parts: ",".join(parts),
}
