"""Formulas of Word (Office Math) as LaTeX."""

import re
from collections.abc import Callable

from lxml.etree import _Element as Element

from question_bank.formats.xml_tree import attribute, first, local

_OPERATORS = r"""
× \times ÷ \div ± \pm ∓ \mp ⋅ \cdot ≤ \leq ≥ \geq ≠ \neq ≈ \approx ∞ \infty → \to ⇒ \Rightarrow ⇔ \Leftrightarrow ∈ \in ∉ \notin ⊂ \subset ⊆ \subseteq
∪ \cup ∩ \cap ∅ \emptyset ∀ \forall ∃ \exists ∂ \partial ∇ \nabla ∠ \angle ⊥ \perp … \ldots ⋯ \cdots ∥ \parallel ∝ \propto ≡ \equiv ∼ \sim ∴ \therefore
∵ \because α \alpha β \beta γ \gamma δ \delta ε \epsilon ζ \zeta η \eta θ \theta ι \iota κ \kappa λ \lambda μ \mu ν \nu ξ \xi π \pi ρ \rho ς \varsigma
σ \sigma τ \tau υ \upsilon φ \phi ϕ \phi χ \chi ψ \psi ω \omega Γ \Gamma Δ \Delta Θ \Theta Λ \Lambda Ξ \Xi Π \Pi Σ \Sigma Φ \Phi Ψ \Psi Ω \Omega \ \backslash
"""
_ESCAPED = {sign: f"\\{sign}" for sign in "{}%#&$_"}
_SIGNS = {sign: f"{latex} " for sign, latex in zip(_OPERATORS.split()[::2], _OPERATORS.split()[1::2], strict=True)}
_SIGNS |= _ESCAPED | {"\u2009": r"\, ", "\u2003": r"\quad ", "∘": r"\circ ", "′": r"\prime "}
_SIGNS |= {
    "°": r"^{\circ}",
    "−": "-",
    "\u2061": "",
    "\u200b": "",
    "\u00a0": " ",
    "\u2009": r"\, ",
    "\u2003": r"\quad ",
    "∘": r"\circ ",
    "′": r"\prime ",
}
_NARY = dict(zip("∑∏∫∬∭∮⋃⋂∐", [r"\sum", r"\prod", r"\int", r"\iint", r"\iiint", r"\oint", r"\bigcup", r"\bigcap", r"\coprod"], strict=True))
ACCENTS = dict(
    zip("\u0302\u0303\u0305\u0304\u20d7\u20d1\u0307\u0308\u030c", ["hat", "tilde", "overline", "bar", "vec", "vec", "dot", "ddot", "check"], strict=True)
)
_FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "log",
        "ln",
        "lg",
        "exp",
        "lim",
        "max",
        "min",
        "sup",
        "inf",
        "det",
        "gcd",
        "deg",
        "dim",
        "ker",
        "arg",
    ]
)
_FENCES = dict(zip("{}⟨⟩‖⌊⌋⌈⌉", [r"\{", r"\}", r"\langle", r"\rangle", r"\|", r"\lfloor", r"\rfloor", r"\lceil", r"\rceil"], strict=True)) | {"": "."}
_TRANSPARENT = frozenset(
    ["e", "num", "den", "sub", "sup", "deg", "oMath", "oMathPara", "fName", "lim", "box", "borderBox", "ins", "sdt", "sdtContent", "hyperlink", "smartTag"]
)
_SILENT = frozenset(["bookmarkStart", "bookmarkEnd", "proofErr", "del", "moveFrom", "lastRenderedPageBreak"])


class FormulaUnknown(ValueError):
    """The formula holds something that has no LaTeX here; its name is the argument."""


def to_latex(formula: Element) -> str:
    """Return the LaTeX of an `oMath`; raises FormulaUnknown."""
    return " ".join(_inside(formula).split())


def _inside(element: Element | None) -> str:
    return "" if element is None else "".join(_written(child) for child in element)


def _written(element: Element) -> str:
    name = local(element)
    if name in _SILENT or name.endswith("Pr"):
        return ""
    if name == "r":
        return _run(element)
    if name in _TRANSPARENT:
        return _inside(element)
    if name not in _WRITERS:
        raise FormulaUnknown(name)
    return _WRITERS[name](element)


def _run(run: Element) -> str:
    words = "".join(child.text or "" for child in run if local(child) == "t")
    is_text = first(run, "rPr", "nor") is not None
    if any(local(child) in {"drawing", "object", "pict"} for child in run):
        raise FormulaUnknown("drawing")
    if (is_text or any("\u2e80" <= sign <= "\uffef" for sign in words)) and words.strip():
        words = "".join(_ESCAPED.get(sign, sign) for sign in words)
        return rf"\text{{{words}}}"
    if words.strip() not in _FUNCTIONS and words.isascii() and words.isalpha() and _property(run, "rPr", "sty") == "p":
        return rf"\mathrm{{{words}}}"
    return rf"\{words.strip()} " if words.strip() in _FUNCTIONS else "".join(_SIGNS.get(sign, sign) for sign in words)


_NAMES = "|".join(sorted(_FUNCTIONS, key=len, reverse=True))
_WORDED = re.compile(rf"(?P<text>[\u2e80-\uffef]+)|(?<![A-Za-z])(?P<function>{_NAMES})(?![A-Za-z])|.", re.DOTALL)


def of_words(words: str) -> str:
    """Return words in a formula as LaTeX: Chinese as text, functions and signs by their commands."""

    def written(found: re.Match[str]) -> str:
        if found["text"]:
            return rf"\text{{{found['text']}}}"
        return rf"\{found['function']} " if found["function"] else _SIGNS.get(found[0], found[0])

    return _WORDED.sub(written, words)


def _part(element: Element, name: str) -> str:
    return _inside(first(element, name)).strip()


def _property(element: Element, group: str, name: str, default: str = "") -> str:
    found = first(element, group, name)
    return default if found is None else attribute(found, "val")


def _fraction(element: Element) -> str:
    kind = _property(element, "fPr", "type")
    over, under = _part(element, "num"), _part(element, "den")
    if kind == "lin":
        return f"{over}/{under}"
    return rf"{{{{{over}}} \atop {{{under}}}}}" if kind == "noBar" else rf"\frac{{{over}}}{{{under}}}"


def _root(element: Element) -> str:
    degree = _part(element, "deg")
    return rf"\sqrt[{degree}]{{{_part(element, 'e')}}}" if degree else rf"\sqrt{{{_part(element, 'e')}}}"


def _nary(element: Element) -> str:
    sign = _NARY.get(_property(element, "naryPr", "chr", "∫") or "∫")
    if sign is None:
        raise FormulaUnknown("nary")
    below, above = _part(element, "sub"), _part(element, "sup")
    return sign + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "") + f" {_part(element, 'e')} "


def _fence(sign: str) -> str:
    return _FENCES.get(sign, sign)


def _fenced(element: Element) -> str:
    begin, end = _property(element, "dPr", "begChr", "("), _property(element, "dPr", "endChr", ")")
    inside = [child for each in element if local(each) == "e" for child in each if not local(child).endswith("Pr")]
    if (begin, end) == ("(", ")") and len(inside) == 1 and local(inside[0]) == "f" and _property(inside[0], "fPr", "type") == "noBar":
        return rf"\binom{{{_part(inside[0], 'num')}}}{{{_part(inside[0], 'den')}}}"
    parts = [_inside(child).strip() for child in element if local(child) == "e"]
    if begin == "{" and not end and len(parts) == 1 and parts[0].startswith(r"\begin{matrix}") and parts[0].endswith(r"\end{matrix}"):
        return parts[0].replace(r"\begin{matrix}", r"\begin{cases}", 1)[: -len(r"\end{matrix}")] + r"\end{cases}"
    between = _fence(_property(element, "dPr", "sepChr", "|"))
    return rf"\left{_fence(begin)} {between.join(parts)} \right{_fence(end)} "


def _matrix(element: Element) -> str:
    rows = [" & ".join(_inside(cell).strip() for cell in row if local(cell) == "e") for row in element if local(row) == "mr"]
    return _grid(rows)


def _lines(element: Element) -> str:
    return _grid([_inside(row).strip() for row in element if local(row) == "e"])


def _grid(rows: list[str]) -> str:
    lines = r" \\ ".join(rows)
    return rf"\begin{{matrix}} {lines} \end{{matrix}}"


def _accent(element: Element) -> str:
    name = ACCENTS.get(_property(element, "accPr", "chr", "\u0302") or "\u0302")
    if name is None:
        raise FormulaUnknown("acc")
    return rf"\{name}{{{_part(element, 'e')}}}"


def _bar(element: Element) -> str:
    return rf"\{'overline' if _property(element, 'barPr', 'pos') == 'top' else 'underline'}{{{_part(element, 'e')}}}"


def _grouped(element: Element) -> str:
    sign = _property(element, "groupChrPr", "chr", "⏟") or "⏟"
    if sign not in {"⏟", "⏞"}:
        raise FormulaUnknown("groupChr")
    return rf"\{'overbrace' if sign == '⏞' else 'underbrace'}{{{_part(element, 'e')}}}"


def _limit(element: Element) -> str:
    base, limit = _part(element, "e"), _part(element, "lim")
    if local(element) == "limUpp":
        return rf"\overset{{{limit}}}{{{base}}}"
    return f"{base}_{{{limit}}}" if base.lstrip("\\") in _FUNCTIONS else rf"\underset{{{limit}}}{{{base}}}"


_WRITERS: dict[str, Callable[[Element], str]] = {
    "f": _fraction,
    "sSup": lambda each: f"{{{_part(each, 'e')}}}^{{{_part(each, 'sup')}}}",
    "sSub": lambda each: f"{{{_part(each, 'e')}}}_{{{_part(each, 'sub')}}}",
    "sSubSup": lambda each: f"{{{_part(each, 'e')}}}_{{{_part(each, 'sub')}}}^{{{_part(each, 'sup')}}}",
    "sPre": lambda each: f"{{}}_{{{_part(each, 'sub')}}}^{{{_part(each, 'sup')}}}{{{_part(each, 'e')}}}",
    "rad": _root,
    "nary": _nary,
    "d": _fenced,
    "m": _matrix,
    "eqArr": _lines,
    "acc": _accent,
    "bar": _bar,
    "groupChr": _grouped,
    "func": lambda each: f"{_part(each, 'fName')} {{{_part(each, 'e')}}}",
    "limLow": _limit,
    "limUpp": _limit,
    "phant": lambda _each: "",
}
