"""XML and HTML from outside: decoded within bounds; no entity is expanded, nothing outside the file is ever asked for.

The only module that may parse: whoever needs a tree asks here.
"""

import codecs
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from lxml import html as lxml_html

from question_bank.formats import text
from question_bank.formats.unreadable import Unreadable, XmlHostile

MAX_DEPTH = 120
MAX_ELEMENTS = 3_000_000
MAX_ATTRIBUTES = 200  # of one element
_PIECE = 1_000_000  # bytes fed at a time: of more than ten million at once the parser drops the rest
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (MAX_DEPTH + 1)})")
_TOO_MANY_ATTRIBUTES = etree.XPath(f"boolean(//*[@*[{MAX_ATTRIBUTES + 1}]])")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_OF_XML = frozenset({"lt", "gt", "amp", "quot", "apos"})
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PROLOGUE = re.compile(r"^\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>\s*)*", re.DOTALL)
_LONG_TAG = re.compile(r"<[^<>]{65536,}")  # looked at before it is parsed: millions of attributes are seconds and a gigabyte
_HIDDEN = re.compile(r"<!\[CDATA\[[^\]<]*</?(?:p|br|b|i|u|em|strong|span|div|table|t[rdh]|ul|ol|li|sub|sup|h[1-6])\b", re.IGNORECASE)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ENDS = {b"<![CDATA[": b"]]>", b"<!--": b"-->", b"<?": b"?>"}
_SECTION = re.compile(b"|".join(map(re.escape, _ENDS)))
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)")


@dataclass(frozen=True, slots=True)
class Document:
    """A tree, and the lines at which the file is not well-formed; what stands there may be incomplete.

    `hides_markup` tells of HTML that stands in the file as text (CDATA).
    """

    root: etree._Element
    damaged: tuple[int, ...] = ()
    hides_markup: bool = False

    def is_damaged(self, element: etree._Element) -> bool:
        """Tell whether a fault lies in the element: between its first line and the next element behind it."""
        begin = int(element.sourceline or 0)
        after = element.getnext()
        end = max(begin, int(after.sourceline or begin) - 1) if after is not None else max((begin, *self.damaged))
        return any(begin <= line <= end for line in self.damaged)


def root_name(words: str) -> str:
    """Return the local name of a document's root, or nothing when the text is no XML."""
    head = words[:50_000].lstrip("\ufeff")
    found = _ROOT.match(head, _PROLOGUE.match(head).end())  # type: ignore[union-attr]  # matches the empty text too
    return found[1] if found else ""


def decode(content: bytes) -> str:
    """Return a document's text: the mark, UTF-8, the encoding it declares, then what our Chinese authors use."""
    declared = _DECLARED.match(content)
    if not content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and declared:
        name = declared[1].decode().lower()
        # Windows' own signs are written under the name of ISO 8859-1 everywhere.
        for encoding in ("utf-8", "cp1252" if name in {"iso-8859-1", "latin1", "latin-1", "us-ascii"} else name):
            try:
                return codecs.decode(content, encoding)
            except (UnicodeDecodeError, LookupError, TypeError, ValueError):
                continue
    return text.decode(content)


def parse(words: str) -> Document:
    """Return the tree; raises XmlHostile for what no exchange file needs, Unreadable for what is no XML at all."""
    words = _FORBIDDEN.sub(" ", _DECLARATION.sub("", words.lstrip("\ufeff"), count=1))
    prologue = _PROLOGUE.match(words)
    if "<!ENTITY" in words[: prologue.end() if prologue else 0].upper():
        raise XmlHostile
    if any(max(tag.count('="'), tag.count("='")) > MAX_ATTRIBUTES for tag in _LONG_TAG.findall(words)):
        raise XmlHostile
    content, hides = _NAMED.sub(_named, words).encode("utf-8", "replace"), hides_markup(words)
    try:
        return Document(_fed(content, _parser(recover=False)), hides_markup=hides)
    except etree.XMLSyntaxError as fault:
        broken = fault.lineno or 1
    parser = _parser(recover=True)
    try:
        root = _fed(content, parser)
    except etree.XMLSyntaxError:
        raise Unreadable from None
    return Document(root, tuple(sorted({broken, *(int(entry.line) for entry in parser.feed_error_log)})), hides)


def escaped(words: str) -> str:
    """Return words as they stand in a document outside CDATA."""
    return html.escape(words, quote=False)


def hides_markup(words: str) -> bool:
    """Tell whether HTML stands in a document as text (CDATA)."""
    return bool(_HIDDEN.search(words))


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        strip_cdata=False,
        recover=recover,
    )


def _fed(content: bytes, parser: etree.XMLParser) -> etree._Element:
    """Return the root of a file that holds no more than any honest one."""
    if _opened(content) > MAX_ELEMENTS:
        raise XmlHostile
    for begin in range(0, len(content), _PIECE):
        parser.feed(content[begin : begin + _PIECE])
    root = parser.close()
    if root is None:
        raise Unreadable
    if _TOO_DEEP(root) or _TOO_MANY_ATTRIBUTES(root):
        raise XmlHostile
    if root.getroottree().docinfo.internalDTD is not None and any(True for _ in root.getroottree().docinfo.internalDTD.iterentities()):
        raise XmlHostile
    return root


def _opened(content: bytes) -> int:
    """Count what may open an element; what stands in CDATA, comments and instructions opens none, nor does one of them inside another."""
    opened, begin = 0, 0
    while section := _SECTION.search(content, begin):
        end = content.find(_ENDS[section[0]], section.end())
        if end < 0:
            break
        opened += content.count(b"<", begin, section.start()) - content.count(b"</", begin, section.start())
        begin = end
    return opened + content.count(b"<", begin) - content.count(b"</", begin)


def written(element: etree._Element, section: Callable[[str], str] = escaped, *, tail: bool = False) -> str:
    """Return an element as it would stand in a document; `section` says what becomes of the words of a CDATA section."""
    return _CDATA.sub(lambda found: section(found[1]), etree.tostring(element, encoding="unicode", with_tail=tail))


def fragment(words: str) -> etree._Element:
    """Return a piece of XML, such as a formula; raises XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)
    return etree.fromstring(words.encode("utf-8", "replace"), parser)


def page(source: str) -> etree._Element:
    """Return the tree of a piece of HTML, as a browser would mend it; raises ParserError where there is nothing in it."""
    parser = lxml_html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False, encoding="utf-8")
    return lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)


def _named(found: re.Match[str]) -> str:
    """HTML's names for signs stand in many a file without a declaration."""
    return found[0] if found[1] in _OF_XML else html.escape(html.unescape(found[0])) if html.unescape(found[0]) != found[0] else f"&amp;{found[1]};"


def local(element: etree._Element) -> str:
    """Return an element's name without its namespace; entities and the like have none."""
    tag = element.tag
    return _bare(tag) if isinstance(tag, str) else ""


@lru_cache(4_096)
def _bare(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]


def attribute(element: etree._Element, name: str, default: str = "") -> str:
    """Return an attribute by its local name."""
    value = element.get(name)
    if value is None:
        value = next((value for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), default)
    return str(value).strip()


def text_of(element: etree._Element | None) -> str:
    """Return all the words inside an element."""
    return "" if element is None else "".join(map(str, element.itertext())).strip()


def first(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Return the first descendant along a path of local names, one step a level."""
    for name in path:
        if element is None:
            return None
        element = next((child for child in element if local(child) == name), None)
    return element


def every(element: etree._Element, *names: str) -> list[etree._Element]:
    """Return all descendants of these local names, in the document's order."""
    return [found for found in element.iterdescendants() if local(found) in names]
