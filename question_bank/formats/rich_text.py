"""Author's notation and stored HTML: plain text in which a short list of tags, formulas and pictures is understood; nothing else is ever markup.

Notation → HTML escapes everything, then lets the allow-listed tags stand, then nh3 closes and nests them. A `<script>` that
somebody types or imports is therefore shown as the words it is, never run and never silently dropped. A stored picture names its
digest and no address: whoever shows the page says where pictures are served (`with_sources`).
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping

import nh3

from question_bank.domain.draft import BLANK, PICTURE
from question_bank.formats import formula

INLINE = ("b", "strong", "i", "em", "u", "s", "sub", "sup", "code")
BLOCK = ("p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "pre")
ALLOWED = frozenset({*INLINE, *BLOCK, "br"})
_CELLS = {cell: {"colspan", "rowspan"} for cell in ("td", "th")}
_FORMULA = {element: set(formula.ATTRIBUTES) for element in formula.ELEMENTS} | {"annotation": {"encoding"}}

_NESTING = frozenset({"ul", "ol", "table", "blockquote", "pre"})
DEEPEST = 20  # of these in one another; what would go deeper is only words: closing thousands takes a sanitiser long
PATIENCE = 20  # so many unreadable formulas are looked at in one text; whoever sends more sends an attack
_SPANS = r'(?P<spans>(?: (?:col|row)span="[1-9]\d?")*)'
_TAG = r"<(?P<close>/?)(?P<tag>" + "|".join(sorted(ALLOWED, key=len, reverse=True)) + ")" + _SPANS + r"\s*/?>"
_NOTATION = re.compile(rf"(?P<latex>(?<!\\)\\[(\[])|(?i:(?P<math><math\b))|(?P<picture>{PICTURE.pattern})|(?P<blank>{BLANK.pattern})|(?i:{_TAG})")
_STORED = re.compile(
    r'(?P<math><math\b.*?</math>)|<img data-picture="(?P<picture>[0-9a-f]{64})" alt="(?P<alternative>[^"]*)">'
    rf'|<span class="blank" data-blank="(?P<blank>\d+)">\d+</span>|{_TAG}',
    re.DOTALL,
)
_LATEX_ENDS = {"\\(": re.compile(r"(?<!\\)\\\)"), "\\[": re.compile(r"(?<!\\)\\\]")}
_MATH_END = "</math>"
_MEANINGFUL = re.compile(r"[<>&\\\[]")
_TAG_LIKE = re.compile(_TAG, re.IGNORECASE)
_ENTITY = re.compile(r"&(lt|gt|amp);")
_A_BLOCK = re.compile(r"(</?(?:" + "|".join(BLOCK) + r")(?: [^<>]*)?>)")
# Each run of breaks is gone through once.
_ONLY_BREAKS, _BREAKS, _BREAKS_BACKWARDS = re.compile(r"(?:\s*+<br>)*+\s*+"), re.compile(r"(?:\s*+<br>)++"), re.compile(r"(?:\s*+>rb<)++")
_BEGINS_LINE = re.compile(r"(?<=[^\n])(?=<(?:/?(?:table|thead|tbody|ul|ol)|tr|li)>)")
_PICTURE_TAG = re.compile(r'<img data-picture="([0-9a-f]{64})"')
_CLEANER = nh3.Cleaner(
    tags={*ALLOWED, "img", "span", *formula.ELEMENTS},
    attributes={**_CELLS, **_FORMULA, "img": {"data-picture", "alt"}, "span": {"class", "data-blank"}},
    strip_comments=True,
    link_rel=None,
)
_BARE = nh3.Cleaner(tags=set(ALLOWED), attributes=_CELLS, strip_comments=True, link_rel=None)


def to_html(notation: str, *, with_blanks: bool = False) -> str:
    """Return sanitised HTML for a text in the author's notation; `with_blanks` in the stem of a fill-in item."""
    if _is_plain(notation):
        return notation.replace("\n", "<br>")
    stored = _converted(notation, with_blanks=with_blanks)
    if "<" in notation:  # closing and nesting tags may bring words together that are then read as one thing
        while (again := _converted(to_notation(stored), with_blanks=with_blanks)) != stored:
            stored = again
    return stored


def _is_plain(notation: str) -> bool:
    """Tell whether nothing in a text is markup or needs escaping: most texts of a large file."""
    return not _MEANINGFUL.search(notation) and notation.replace("\n", "").isprintable()


def _converted(notation: str, *, with_blanks: bool) -> str:
    parts, written, at, patience, depth = [], 0, 0, PATIENCE, 0
    while found := _NOTATION.search(notation, at):
        is_formula = bool(found["latex"] or found["math"])
        if (found["tag"] or "").lower() in _NESTING:
            if not found["close"] and depth == DEEPEST:
                at = found.end()
                continue
            depth = max(0, depth - 1) if found["close"] else depth + 1
        markup, at = _markup(notation, found, with_blanks=with_blanks) if patience or not is_formula else (None, found.end())
        if markup is not None:
            parts += [_escaped(notation[written : found.start()]), markup]
            written = at
        elif is_formula and patience:
            patience -= 1
    parts.append(_escaped(notation[written:]))
    return _canonical("".join(parts), _CLEANER)


def _markup(notation: str, found: re.Match[str], *, with_blanks: bool) -> tuple[str | None, int]:
    """Return the HTML of what was found and where it ends; None for what is only words."""
    if found["latex"] or found["math"]:
        end, written = _formula(notation, found)
        if written is None or (with_blanks and BLANK.search(notation, found.start(), end)):
            return None, found.end()
        return written, end
    if found["picture"]:
        alternative = html.escape(re.sub(r"\\(.)", r"\1", found["alternative"]))
        return f'<img data-picture="{found["digest"]}" alt="{alternative}">', found.end()
    if found["blank"]:
        return (f'<span class="blank" data-blank="{found["number"]}">{found["number"]}</span>' if with_blanks else None), found.end()
    return f"<{found['close']}{found['tag'].lower()}{found['spans'].lower()}>", found.end()


def _formula(notation: str, found: re.Match[str]) -> tuple[int, str | None]:
    start, end = found.span()
    if found["math"]:
        stop = notation.find(_MATH_END, end, end + formula.MAX_MATHML) + len(_MATH_END)
        return stop, formula.from_mathml(notation[start:stop])
    closing = _LATEX_ENDS[found["latex"]].search(notation, end, end + formula.MAX_LATEX + 2)
    if closing is None:
        return end, None
    return closing.end(), formula.from_latex(_literal(notation[end : closing.start()]), is_block=found["latex"] == "\\[")


def unread_formulas(notation: str) -> tuple[str, ...]:
    """Return what stands between formula signs and cannot be read as a formula."""
    unread: list[str] = []
    for found in _NOTATION.finditer(notation):
        end, written = _formula(notation, found) if (found["latex"] or found["math"]) and len(unread) < PATIENCE else (0, None)
        if written is None and end > found.end():
            unread.append(notation[found.start() : end][:80])
    return tuple(unread)


def from_html(source: str) -> str:
    """Return sanitised HTML for foreign HTML: tags that are not listed go, their words stay."""
    return _canonical(source, _BARE)


def to_notation(stored: str) -> str:
    """Return the author's notation of stored HTML; `to_html` gives the same HTML back."""
    parts, at = [], 0
    for found in _STORED.finditer(stored):
        parts += [_unescaped(stored[at : found.start()]), _notation(found)]
        at = found.end()
    parts.append(_unescaped(stored[at:]))
    return "".join(parts)


def on_lines(notation: str) -> str:
    """Return a notation with each row and entry on a line of its own, for somebody who edits it; `to_html` makes the same of both."""
    laid = _BEGINS_LINE.sub("\n", notation)
    same = all(to_html(laid, with_blanks=blanks) == to_html(notation, with_blanks=blanks) for blanks in (False, True))
    return laid if same else notation  # the words of a picture or a formula may look like a tag


def _notation(found: re.Match[str]) -> str:
    if found["math"]:
        latex = formula.latex_of(found["math"])
        if latex is None:
            return found["math"]
        begin, end = ("\\[", "\\]") if formula.is_block(found["math"]) else ("\\(", "\\)")
        return f"{begin}{_guarded(latex)}{end}"
    if found["picture"]:
        alternative = re.sub(r"([\]\\])", r"\\\1", html.unescape(found["alternative"]))
        return f"![{alternative}](picture:{found['picture']})"
    if found["blank"]:
        return f"[[{found['blank']}]]"
    return "\n" if found["tag"] == "br" else found[0]


def to_plain(stored: str) -> str:
    """Return the words of stored HTML, for lists, search and comparison."""
    if not _MEANINGFUL.search(stored):
        return stored.strip()
    return html.unescape(_STORED.sub(_plain, stored)).strip()


def _plain(found: re.Match[str]) -> str:
    if found["math"]:
        return html.escape(formula.latex_of(found["math"]) or re.sub(r"<[^>]*>", " ", found["math"]), quote=False)
    if found["picture"]:
        return f"[{found['alternative']}]" if found["alternative"] else ""
    if found["blank"]:
        return "____"
    return " " if found["tag"] in BLOCK or found["tag"] == "br" else ""


def pictures_in(stored: Iterable[str]) -> frozenset[str]:
    """Return the digests of the pictures that stored texts show."""
    return frozenset(digest for text in stored for digest in _PICTURE_TAG.findall(text))


def with_sizes(stored: str, sizes: Mapping[str, tuple[int, int]]) -> str:
    """Return stored HTML with width and height at its pictures, so that a page does not jump while they load."""
    return _PICTURE_TAG.sub(lambda found: '{} width="{}" height="{}"'.format(found[0], *sizes[found[1]]) if found[1] in sizes else found[0], stored)


def with_sources(stored: str, address: Callable[[str], str]) -> str:
    """Return stored HTML with the address of each picture."""
    return _PICTURE_TAG.sub(lambda found: f'{found[0]} src="{html.escape(address(found[1]))}" loading="lazy"', stored)


def _canonical(markup: str, cleaner: nh3.Cleaner) -> str:
    """Return clean markup with no breaks beside its blocks, which begin lines of their own."""
    parts = _A_BLOCK.split(cleaner.clean(markup))
    for at in range(0, len(parts), 2):
        words, is_behind, is_before = parts[at], at > 0, at + 1 < len(parts)
        if is_behind and is_before and _ONLY_BREAKS.fullmatch(words):
            blanks = words.split("<br>")
            parts[at] = blanks[len(blanks) // 2]
            continue
        words = _without(_BREAKS, words) if is_behind else words
        parts[at] = _without(_BREAKS_BACKWARDS, words[::-1])[::-1] if is_before else words
    return "".join(parts)


def _without(beginning: re.Pattern[str], words: str) -> str:
    found = beginning.match(words)
    return words[found.end() :] if found else words


def _literal(words: str) -> str:
    # `&lt;` `&gt;` `&amp;` are how the notation writes a sign that would otherwise be read as a tag.
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), words)


def _escaped(words: str) -> str:
    return html.escape(_literal(words), quote=False).replace("\n", "<br>")


def _guarded(words: str) -> str:
    return _ENTITY.sub(r"&amp;\1;", words)


def _unescaped(words: str) -> str:
    return _TAG_LIKE.sub(lambda tag: tag[0].replace("<", "&lt;"), _guarded(html.unescape(words)))
