"""Formulas (MathML, as they are stored) as those of Word (Office Math), which a person can go on editing there."""

from collections.abc import Callable, Sequence

from lxml import etree
from lxml.etree import _Element as Element

from question_bank.formats import xml_tree
from question_bank.formats.word_formula import ACCENTS, FormulaUnknown

_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_NARY = frozenset("∑∏∫∬∭∮⋃⋂∐")
_INTEGRALS = frozenset("∫∬∭∮")
_ACCENTS = {accent: sign for sign, accent in ACCENTS.items()}
_ACCENT_OF = {"^": "hat", "~": "tilde", "→": "vec", "⃗": "vec", "˙": "dot", "¨": "ddot", "ˇ": "check"}
_LINES = frozenset("―¯‾_̲")
_BRACES = {"munder": "⏟", "mover": "⏞"}
_GROUPS = frozenset({"math", "semantics", "mrow", "mstyle", "mpadded", "mtd"})
_OPENING, _CLOSING = frozenset("([{|⟨‖⌊⌈"), frozenset(")]}|⟩‖⌋⌉")


def from_mathml(markup: str, *, is_block: bool) -> Element:
    """Return an `oMath`, or an `oMathPara` for a formula on a line of its own; raises FormulaUnknown."""
    formula = etree.Element(f"{{{_MATH}}}oMath", nsmap={"m": _MATH})
    _row(formula, [xml_tree.fragment(markup.replace("&nbsp;", "\u00a0"))])
    if not is_block:
        return formula
    whole = etree.Element(f"{{{_MATH}}}oMathPara", nsmap={"m": _MATH})
    whole.append(formula)
    return whole


def _put(parent: Element, name: str, **values: str) -> Element:
    return etree.SubElement(parent, f"{{{_MATH}}}{name}", {f"{{{_MATH}}}{key}": value for key, value in values.items()})


def _row(parent: Element, elements: Sequence[Element]) -> None:
    """Write what stands side by side; a sum or an integral takes in what follows it."""
    flat = [inner for each in elements for inner in _ungrouped(each)]
    if _is_fenced(flat):
        _fenced(parent, flat)
        return
    at = 0
    while at < len(flat):
        if sign := _nary_sign(flat[at]):
            _nary(parent, flat[at], sign, flat[at + 1 : at + 2])
            at += 2
        else:
            _one(parent, flat[at])
            at += 1


def _ungrouped(element: Element) -> list[Element]:
    """Return what a group holds, unless the group is a pair of fences, which stays together."""
    if element.tag == "annotation":
        return []
    children = [each for each in element if each.tag != "annotation"]
    if element.tag not in _GROUPS or (element.tag == "mrow" and _is_fenced(children) and len(children) > 1):
        return [element]
    return [inner for each in children for inner in _ungrouped(each)]


def _sign(element: Element) -> str:
    return (element.text or "").strip() if element.tag == "mo" else ""


def _is_fenced(elements: Sequence[Element]) -> bool:
    """Tell whether a row is one pair of fences around something, of which the left or the right may lack."""
    if len(elements) < 2 or sum(each.tag == "mo" and each.get("fence") == "true" for each in elements) > 2:
        return False
    first, last = elements[0], elements[-1]
    begins = first.get("fence") == "true" and first.get("form") == "prefix"
    ends = last.get("fence") == "true" and last.get("form") == "postfix"
    around = len(elements) == 3 and elements[1].tag in {"mtable", "mfrac"} and _sign(first) in _OPENING and _sign(last) in _CLOSING
    return (begins and (ends or (len(elements) == 2 and elements[1].tag == "mtable"))) or around


def _fenced(parent: Element, elements: Sequence[Element]) -> None:
    ends = _sign(elements[-1])
    fence = _put(parent, "d")
    properties = _put(fence, "dPr")
    _put(properties, "begChr", val=_sign(elements[0]))
    _put(properties, "endChr", val=ends)
    _row(_put(fence, "e"), elements[1:-1] if ends or elements[-1].tag == "mo" else elements[1:])


def _nary_sign(element: Element) -> str:
    base = element[0] if element.tag in {"msub", "msup", "msubsup", "munder", "mover", "munderover"} and len(element) else element
    base = base[0] if base.tag == "mrow" and len(base) == 1 else base
    return _sign(base) if _sign(base) in _NARY else ""


def _nary(parent: Element, element: Element, sign: str, following: Sequence[Element]) -> None:
    below = element[1] if element.tag in {"msub", "msubsup", "munder", "munderover"} else None
    above = element[-1] if element.tag in {"msup", "msubsup", "mover", "munderover"} else None
    nary = _put(parent, "nary")
    properties = _put(nary, "naryPr")
    _put(properties, "chr", val=sign)
    _put(properties, "limLoc", val="subSup" if sign in _INTEGRALS else "undOvr")
    for name, part in (("subHide", below), ("supHide", above)):
        if part is None:
            _put(properties, name, val="1")
    for name, part in (("sub", below), ("sup", above)):
        _row(_put(nary, name), [] if part is None else [part])
    _row(_put(nary, "e"), following)


def _one(parent: Element, element: Element) -> None:
    if element.tag == "mrow":
        _row(parent, list(element))
        return
    if element.tag not in _WRITERS:
        raise FormulaUnknown(element.tag)
    _WRITERS[element.tag](parent, element)


def _run(parent: Element, element: Element) -> None:
    words = " ".join((element.text or "").split(" "))
    if not words:
        return
    run = _put(parent, "r")
    if element.tag in {"mtext", "ms"}:
        _put(_put(run, "rPr"), "nor")
    elif element.tag == "mi" and (len(words) > 1 or element.get("mathvariant") == "normal"):
        _put(_put(run, "rPr"), "sty", val="p")
    written = _put(run, "t")
    written.text = words
    if words != words.strip():
        written.set(_SPACE, "preserve")


def _space(parent: Element, element: Element) -> None:
    width = element.get("width", "")
    _put(_put(parent, "r"), "t").text = "\u2003" if width.endswith("em") and float(width[:-2] or 0) >= 1 else "\u2009"


def _parts(kind: str, *names: str) -> Callable[[Element, Element], None]:
    def write(parent: Element, element: Element) -> None:
        made = _put(parent, kind)
        for name, child in zip(names, element, strict=True):
            _row(_put(made, name), [child])

    return write


def _fraction(parent: Element, element: Element) -> None:
    fraction = _put(parent, "f")
    if element.get("linethickness") in {"0", "0px", "0pt"}:
        _put(_put(fraction, "fPr"), "type", val="noBar")
    for name, child in zip(("num", "den"), element, strict=True):
        _row(_put(fraction, name), [child])


def _root(parent: Element, element: Element) -> None:
    root = _put(parent, "rad")
    if element.tag == "msqrt":
        _put(_put(root, "radPr"), "degHide", val="1")
    _row(_put(root, "deg"), list(element[1:]) if element.tag == "mroot" else [])
    _row(_put(root, "e"), [element[0]] if element.tag == "mroot" else list(element))


def _around(parent: Element, element: Element) -> None:
    """Write what stands under or over something: an accent, a line, a brace, or a limit."""
    base, other = element[0], element[1]
    sign = _sign(other)
    if sign in _LINES:
        made = _put(parent, "bar")
        _put(_put(made, "barPr"), "pos", val="top" if element.tag == "mover" else "bot")
    elif element.tag == "mover" and sign in _ACCENT_OF:
        made = _put(parent, "acc")
        _put(_put(made, "accPr"), "chr", val=_ACCENTS[_ACCENT_OF[sign]])
    elif sign == _BRACES[element.tag]:
        made = _put(parent, "groupChr")
        properties = _put(made, "groupChrPr")
        _put(properties, "chr", val=sign)
        if element.tag == "mover":
            _put(properties, "pos", val="top")
            _put(properties, "vertJc", val="bot")
    else:
        made = _put(parent, "limUpp" if element.tag == "mover" else "limLow")
        _row(_put(made, "e"), [base])
        _row(_put(made, "lim"), [other])
        return
    _row(_put(made, "e"), [base])


def _both(parent: Element, element: Element) -> None:
    upper = _put(parent, "limUpp")
    lower = _put(_put(upper, "e"), "limLow")
    _row(_put(lower, "e"), [element[0]])
    _row(_put(lower, "lim"), [element[1]])
    _row(_put(upper, "lim"), [element[2]])


def _matrix(parent: Element, element: Element) -> None:
    matrix = _put(parent, "m")
    width = max((len(row) for row in element), default=0)
    for row in element:
        line = _put(matrix, "mr")
        for at in range(width):
            _row(_put(line, "e"), [row[at]] if at < len(row) else [])


_WRITERS: dict[str, Callable[[Element, Element], None]] = {
    **dict.fromkeys(("mi", "mn", "mo", "mtext", "ms"), _run),
    **dict.fromkeys(("msqrt", "mroot"), _root),
    **dict.fromkeys(("munder", "mover"), _around),
    "mspace": _space,
    "mfrac": _fraction,
    "msub": _parts("sSub", "e", "sub"),
    "msup": _parts("sSup", "e", "sup"),
    "msubsup": _parts("sSubSup", "e", "sub", "sup"),
    "munderover": _both,
    "mtable": _matrix,
}
