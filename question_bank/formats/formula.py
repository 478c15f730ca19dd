"""Formulas: LaTeX becomes MathML, foreign MathML is written anew from a list of elements and attributes; nothing else comes through.

The LaTeX stays in an annotation, so that authors get back what they wrote.
"""

import html
import re
from functools import lru_cache
from xml.etree.ElementTree import Element

import latex2mathml.exceptions
from latex2mathml.converter import convert_to_element
from lxml import etree

from question_bank.formats import xml_tree

MAX_LATEX = 2_000
MAX_MATHML = 20_000
# Where formulas stand in a text, and no formula reaches into the next one: a run of openings without an end is gone through once.
PATTERN = r"\\\((?:[^\\]|\\(?![()]))*+\\\)|\\\[(?:[^\\]|\\(?![\[\]]))*+\\\]|<math\b(?:[^<]|<(?!/?math\b))*+</math>"
_DEEPEST = 60
_ELEMENTS = (
    "math semantics annotation mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts none"
    " mtable mtr mtd mstyle mpadded mphantom menclose"
)
_ATTRIBUTES = (
    "display mathvariant stretchy fence separator form accent accentunder lspace rspace minsize maxsize largeop movablelimits symmetric linethickness"
    " columnalign rowspacing columnspacing rowlines columnlines displaystyle scriptlevel width height depth mathcolor notation columnspan rowspan"
)
ELEMENTS, ATTRIBUTES = frozenset(_ELEMENTS.split()), frozenset(_ATTRIBUTES.split())
_VALUE = re.compile(r"(?:(?:[a-z-]{1,24}|[+-]?\d{0,2}(?:\.\d{1,5})?(?:em|ex|px|pt|cm|mm|in|mu|%)?|#[0-9a-f]{3,6})(?: |$)){1,6}", re.IGNORECASE)
_CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
_TEX = "application/x-tex"
_NOTE = re.compile(r'<annotation encoding="application/x-tex">([^<]*)</annotation>')
_BLANKS = re.compile(r"[ \t\r\n]+")
_DELIMITER = re.compile(r"(?<!\\)\\[()\[\]]")
_NAMED = re.compile(r"&(?!(?:lt|gt|amp|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31};)")
_UNREADABLE: tuple[type[Exception], ...] = (
    *(each for each in vars(latex2mathml.exceptions).values() if isinstance(each, type) and issubclass(each, Exception)),
    *(RecursionError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, etree.XMLSyntaxError),
)


class _Foreign(ValueError):
    """Something that no formula of ours holds."""


@lru_cache(maxsize=2048)
def from_latex(latex: str, *, is_block: bool = False) -> str | None:
    """Return a formula as MathML, or None when it cannot be read: an unknown command, braces that do not match."""
    latex = " ".join(latex.split())
    if not latex or len(latex) > MAX_LATEX or _depth(latex) > _DEEPEST or _DELIMITER.search(latex):
        return None
    try:
        body = "".join(_written(child, is_ours=True) for child in convert_to_element(latex))
    except _UNREADABLE:
        return None
    note = f'<annotation encoding="{_TEX}">{html.escape(latex, quote=False)}</annotation>'
    return f"<math{_BLOCK if is_block else ''}><semantics>{body}{note}</semantics></math>"


_BLOCK = ' display="block"'


def from_mathml(markup: str) -> str | None:
    """Return foreign MathML with nothing in it but what is listed; None when it is not well-formed or is something else."""
    if len(markup) > MAX_MATHML or not markup.startswith("<math"):
        return None
    try:
        root = xml_tree.fragment(_NAMED.sub(lambda name: html.unescape(name[0]), markup))
        note = next((each.text for each in root.iter() if _name(each) == "annotation" and each.get("encoding") == _TEX), None)
        ours = from_latex(note, is_block=root.get("display") == "block") if note else None
        return ours or (_written(root) if _name(root) == "math" else None)
    except _UNREADABLE:
        return None


def latex_of(stored: str) -> str | None:
    """Return the LaTeX a stored formula was written in, if it was."""
    note = _NOTE.search(stored)
    return html.unescape(note[1]) if note else None


def is_block(stored: str) -> bool:
    """Tell whether a stored formula stands on lines of its own."""
    return stored.startswith(f"<math{_BLOCK}")


def _written(element: Element | etree._Element, *, is_ours: bool = False) -> str:
    name = _name(element)
    if name == "annotation" or name.startswith("annotation-"):  # a note of a kind we do not read; the formula itself stands beside it
        return ""
    if name not in ELEMENTS:
        raise _Foreign(name)
    words = _BLANKS.sub(" ", html.unescape(element.text or "")).strip(" ")
    if is_ours and (words.startswith("\\") or len(element) < _CHILDREN.get(name, 0)):
        raise _Foreign(words)  # the converter shows an unknown command as a word, and an argument that lacks as nothing
    if any((child.tail or "").strip() for child in element):
        raise _Foreign(name)  # words between elements, which no browser shows where they stand
    given = "".join(f' {key}="{value}"' for key, value in sorted(element.attrib.items()) if key in ATTRIBUTES and _VALUE.fullmatch(value))
    inner = html.escape(words, quote=False).replace("\u00a0", "&nbsp;") + "".join(_written(child, is_ours=is_ours) for child in element)
    return f"<{name}{given}>{inner}</{name}>"


def _name(element: Element | etree._Element) -> str:
    return element.tag.rpartition("}")[2]


def _depth(latex: str) -> int:
    """Return how deep the braces go; beyond every bound when they do not match."""
    deepest = depth = 0
    for sign in re.findall(r"\\.|[{}]", latex):
        depth += (sign == "{") - (sign == "}")
        deepest = max(deepest, depth) if depth >= 0 else MAX_LATEX
    return MAX_LATEX if depth else deepest
