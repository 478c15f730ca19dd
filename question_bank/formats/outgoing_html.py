"""The author's notation as HTML that other systems show, and that reads back as the same notation."""

import html
import re
from collections.abc import Callable

from question_bank.formats import formula, rich_text
from question_bank.formats.foreign_html import MARK

_PICTURE = re.compile(r'<img data-picture="([0-9a-f]{64})" alt="([^"]*)">')
_MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
_BLANK = re.compile(r'<span class="blank" data-blank="(\d+)">\d+</span>')
_EDGE = r"<(?:/?(?:" + "|".join(rich_text.BLOCK) + r")(?:\s[^>]*)?|br)>"
_SPACES = re.compile(rf" (?= )| (?={_EDGE})|\t")
_SPACE_BEHIND = re.compile(rf"({_EDGE}) ")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_MATHML = "http://www.w3.org/1998/Math/MathML"


def written(
    notation: str,
    source: Callable[[str], str],
    *,
    tex: bool,
    blank: Callable[[int], str] | None = None,
) -> str:
    r"""Return HTML. `source` names a picture by its digest; `tex`: formulas stay `\(…\)`; `blank` says what stands for a blank."""
    stored = rich_text.to_html(_FORBIDDEN.sub("\ufffd", notation), with_blanks=blank is not None)
    kept: list[str] = []

    def keep(markup: str) -> str:
        kept.append(markup)
        return f"\ue010{len(kept) - 1}\ue011"

    def math(found: re.Match[str]) -> str:
        latex = formula.latex_of(found[0])
        if latex is None or not tex:
            return keep(found[0].replace("<math", f'<math xmlns="{_MATHML}"', 1))
        escaped = html.escape(latex, quote=False)
        return keep(f"\\[{escaped}\\]" if formula.is_block(found[0]) else f"\\({escaped}\\)")

    stored = _MATH.sub(math, stored)
    stored = _PICTURE.sub(lambda found: keep(f'<img src="{html.escape(source(found[1]))}" alt="{found[2]}">'), stored)
    if blank is not None:
        stored = _BLANK.sub(lambda found: keep(blank(int(found[1]))), stored)
    # Blanks that HTML would drop, and signs that would be read as a formula, are written by number.
    stored = _SPACE_BEHIND.sub(r"\1&#160;", _SPACES.sub("&#160;", stored))
    if tex:
        stored = re.sub(r"\\(?=[(\[])", "&#92;", stored).replace("$$", "&#36;$")
    if stored.startswith("<p>") and stored.count("<p>") == 1:
        stored = stored.replace("<p>", f'<p class="{MARK}">', 1)
    return re.sub("\ue010(\\d+)\ue011", lambda found: kept[int(found[1])], stored)


def as_xml(markup: str) -> str:
    """Return HTML as XML has it: what is empty is closed, no names for signs."""
    closed = re.sub(r"<(br|img|mspace|mprescripts|none)((?:\s[^<>]*?)?)\s*/?>(?:</\1>)?", r"<\1\2/>", markup)
    return closed.replace("&nbsp;", "&#160;")
