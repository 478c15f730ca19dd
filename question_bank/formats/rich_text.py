"""Author's notation and stored HTML: plain text in which a short list of tags is understood; nothing else is ever markup.

Notation → HTML escapes everything, then lets the allow-listed tags stand, then nh3 closes and nests them. A `<script>` that
somebody types or imports is therefore shown as the words it is, never run and never silently dropped.
"""

import html
import re

import nh3

INLINE = ("b", "strong", "i", "em", "u", "s", "sub", "sup", "code")
BLOCK = ("p", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "pre")
ALLOWED = frozenset({*INLINE, *BLOCK, "br"})

_TAG = re.compile(r"<(/?)(" + "|".join(sorted(ALLOWED, key=len, reverse=True)) + r")\s*(/?)>", re.IGNORECASE)
_ENTITY = re.compile(r"&(lt|gt|amp);")
_AROUND_BLOCK = re.compile(r"(?:<br>\s*)?(</?(?:" + "|".join(BLOCK) + r")>)(?:\s*<br>)?")
_CLEANER = nh3.Cleaner(tags=set(ALLOWED), attributes={}, strip_comments=True, link_rel=None)


def to_html(notation: str) -> str:
    """Return sanitised HTML for a text in the author's notation."""
    parts, at = [], 0
    for tag in _TAG.finditer(notation):
        parts.append(_escaped(notation[at : tag.start()]))
        parts.append(f"<{tag[1]}{tag[2].lower()}>")
        at = tag.end()
    parts.append(_escaped(notation[at:]))
    return _canonical("".join(parts).replace("\n", "<br>"))


def from_html(source: str) -> str:
    """Return sanitised HTML for foreign HTML (GIFT's `[html]`): tags that are not allowed go, their words stay."""
    return _canonical(source)


def to_notation(stored: str) -> str:
    """Return the author's notation of stored HTML; `to_html` gives the same HTML back."""
    parts, at = [], 0
    for tag in _TAG.finditer(stored):
        parts.append(_unescaped(stored[at : tag.start()]))
        parts.append("\n" if tag[2] == "br" else f"<{tag[1]}{tag[2]}>")
        at = tag.end()
    parts.append(_unescaped(stored[at:]))
    return "".join(parts)


def to_plain(stored: str) -> str:
    """Return the words of stored HTML, for lists, search and comparison."""
    return html.unescape(_TAG.sub(lambda tag: " " if tag[2] in BLOCK or tag[2] == "br" else "", stored)).strip()


def lost_tags(source: str) -> tuple[str, ...]:
    """Return the names of the tags that `from_html` drops, for the list of losses."""
    found = {name.lower() for name in re.findall(r"<([a-zA-Z][a-zA-Z0-9]*)", source)}
    return tuple(sorted(found - ALLOWED - {"span", "div", "font"}))


def _canonical(markup: str) -> str:
    cleaned = _CLEANER.clean(markup)
    previous = None
    while previous != cleaned:
        previous, cleaned = cleaned, _AROUND_BLOCK.sub(r"\1", cleaned)
    return cleaned


def _escaped(words: str) -> str:
    # `&lt;` `&gt;` `&amp;` are how the notation writes a sign that would otherwise be read as a tag.
    return re.sub(r"&amp;(lt|gt|amp);", r"&\1;", html.escape(words, quote=False))


def _unescaped(words: str) -> str:
    plain = html.unescape(words)
    guarded = _ENTITY.sub(r"&amp;\1;", plain)
    return _TAG.sub(lambda tag: tag[0].replace("<", "&lt;"), guarded)
