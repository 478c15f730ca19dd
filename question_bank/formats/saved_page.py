"""Web pages under Excel's or Word's name, as many systems export them: their tables are sheets, and the lines beside them a paper."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from urllib.parse import unquote

from lxml import etree

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss, Reading
from question_bank.domain.fault import Fault
from question_bank.domain.item import LETTERS
from question_bank.formats import headings, paper_marks, paper_text, table, text, xml_tree
from question_bank.formats.findings import Findings
from question_bank.formats.foreign_html import Source, Words
from question_bank.formats.paper_lines import Line
from question_bank.formats.unreadable import FileTooLarge, Unreadable, XmlHostile
from question_bank.formats.workbook import MAX_COLUMNS, MAX_LINES, Sheet
from question_bank.formats.xml_tree import attribute

_ROOTS = frozenset({"html", "head", "meta", "title", "style", "body", "table", "div", "p", "center", "h1", "h2", "h3"})
_PACKED = re.compile(rb"(?:[\w-]+:.*\n|[ \t].*\n){0,30}?MIME-Version:", re.IGNORECASE)
_MOST_ELEMENTS = 1_000_000
_MOST_SPANNED = 1000
_DEEPEST_LIST = 3  # inside so many others
_PARAGRAPH, _TAG = re.compile(r"</?p>"), re.compile(r"</?[a-z]+[^<>]*>")
_HUGE = re.compile(r"(data:image/[\w.+-]+;base64,)[\w+/=\s]{9000000,}+")  # more the parser takes for an attack
_LETTERED = re.compile(r"list-style(?:-type)?\s*:[^;]*(?:upper|lower)-(?:alpha|latin)", re.IGNORECASE)
_JUDGED = re.compile(r"[（(]\s*[√×✓✗✔✘]\s*[)）]\s*[。.]?$")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)


def looks_like(words: str) -> bool:
    """Tell whether a text is a page of the web."""
    return xml_tree.root_name(words).lower() in _ROOTS


def is_packed(content: bytes) -> bool:
    """Tell whether the bytes are a page and its pictures in one file (MHTML), as Word and Excel save it."""
    return _PACKED.match(content) is not None


def unpacked(content: bytes) -> tuple[str, Source]:
    """Return the page of such a file, and its pictures by the names the page calls them; raises Unreadable."""
    parts = [part for part in message_from_bytes(content).walk() if not part.is_multipart()]
    pages = [text.decode(_bytes(part)) for part in parts if part.get_content_type() == "text/html"]
    if not pages:
        raise Unreadable
    files = {_file(str(part["Content-Location"])): _bytes(part) for part in parts if part.get_content_maintype() == "image"}
    return "\n".join(pages), lambda name: files.get(_file(name))


def _file(address: str) -> str:
    return unquote(address.replace("\\", "/").rpartition("/")[2])


def _bytes(part: "Message[str, str]") -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def read(words: str, source: Source = lambda _name: None) -> Reading:
    """Return the items of a page; raises Unreadable."""
    if words.count("<") - words.count("</") > _MOST_ELEMENTS:
        raise XmlHostile
    try:
        tree = xml_tree.page(_HUGE.sub(r"\1AAAA", words))
    except etree.ParserError:
        raise Unreadable from None
    tables = list(_tables(tree))
    found = Findings("excel" if tables else "word")
    names = [f"表 {number}" if len(tables) > 1 else "" for number in range(1, len(tables) + 1)]
    sheets = [Sheet(name, tuple(_rows(each, name, found, source))) for name, each in zip(names, tables, strict=True)]
    drafts, losses = table.read(sheets)
    for each in tables:
        behind = each.tail
        each.clear()
        each.tag, each.tail = "p", behind
    more, lost, refused = _paper(tree, found, source)
    seen = found.reading()
    return replace(seen, drafts=(*drafts, *more), losses=(*seen.losses, *losses, *lost), refused=tuple(refused))


def _tables(tree: etree._Element) -> Iterator[etree._Element]:
    """Yield the tables with the headings of a bank; one inside another belongs to a cell."""
    taken: set[etree._Element] = set()
    for each in tree.iter("table"):
        if any(outer in taken for outer in each.iterancestors("table")):
            continue
        head = [[_plain(cell) for cell, _across, _down in cells] for cells in _cells(each, headings.LOOKED_AT)]
        if headings.find(Sheet("", tuple(map(tuple, head)))):
            taken.add(each)
            yield each


def _plain(cell: etree._Element) -> str:
    return "" if cell.find(".//table") is not None else " ".join("".join(map(str, cell.itertext())).split())[:100]


def _cells(of: etree._Element, most: int) -> Iterator[list[tuple[etree._Element, int, int]]]:
    """Yield a table's rows: each cell with how many columns and rows it goes over."""
    own = (row for row in of.iter("tr") if next(row.iterancestors("table")) is of)
    for _number, row in zip(range(most), own, strict=False):
        yield [(cell, _span(cell, "colspan"), _span(cell, "rowspan")) for cell in row if cell.tag in {"td", "th"}]


def _span(cell: etree._Element, name: str) -> int:
    told = attribute(cell, name)
    return min(int(told), _MOST_SPANNED) if told.isdecimal() and told.isascii() and len(told) < 6 and int(told) else 1


def _rows(of: etree._Element, name: str, found: Findings, source: Source) -> Iterator[tuple[str, ...]]:
    """Yield rows of notation; what goes over rows stands in each of them, what goes over columns in the first."""
    carried: dict[int, tuple[int, str]] = {}  # column → rows left, words
    for number, cells in enumerate(_cells(of, MAX_LINES + 1), start=1):
        if number > MAX_LINES:
            raise FileTooLarge
        place = found.at(f"{name} 第 {number} 行".strip())
        words = Words(place, source)
        row: list[str] = []
        waiting = iter(cells)
        while len(row) < MAX_COLUMNS:
            left, above = carried.pop(len(row), (0, ""))
            if left:
                carried |= {len(row): (left - 1, above)} if left > 1 else {}
                row.append(above)
                continue
            cell, across, down = next(waiting, (None, 0, 0))
            if cell is None and not any(column >= len(row) for column in carried):
                break
            written = words.of_tree(cell) if cell is not None else ""
            for each in (written, *[""] * (across - 1)):
                carried |= {len(row): (down - 1, each if across == 1 else "")} if down > 1 else {}
                row.append(each)
        if any(row) and cells and _HIDDEN.search(attribute(cells[0][0].getparent(), "style")):
            place.lose("这一行在文件中是隐藏的，其中的题一并导入，请核对")
        yield tuple(row[:MAX_COLUMNS])


def _paper(tree: etree._Element, found: Findings, source: Source) -> tuple[list[Draft], list[Loss], list[tuple[Draft, Fault]]]:
    """Return what a page holds beside its sheets as a paper does, a line each paragraph; without an item the words are told."""
    for each in tree.iter("table"):
        if all(not (words := _plain(cell)) or paper_marks.letter_at(words) for cells in _cells(each, MAX_LINES) for cell, _across, _down in cells):
            _unfold(each)  # only there to set options beside each other
    _number(tree)
    written = Words(found.at("文件"), source).of_tree(tree)
    lines = [line.strip() for line in _PARAGRAPH.sub("\n", written).splitlines()]
    if not paper_text.looks_like("\n".join(lines)):
        beside = " ".join(_TAG.sub(" ", written).split())
        return [], [Loss("文件", f"没有选项和答案的文字，未导入：{beside[:60]}")] if beside else [], []
    return paper_text.read([Line(line, number) for number, line in enumerate(filter(None, lines), start=1)], "段")


def _number(tree: etree._Element) -> None:
    """Make lines of the points of lists: letters as a browser shows them, or as they are written, and numbers where a point has options or a key."""
    for each in list(tree.iter("ol", "ul")):
        points = each.findall("li")
        if not points or len(list(each.iterancestors("ol", "ul"))) > _DEEPEST_LIST:
            continue
        lettered = each.tag == "ol" and _is_lettered(each) and 1 < len(points) <= len(LETTERS)
        written = all(paper_marks.letter_at("".join(map(str, point.itertext())).strip()) for point in points)
        if not (lettered or written or (each.tag == "ol" and any(map(_asks, points)))):
            continue
        first = attribute(each, "start")
        begins = int(first) if first.isdecimal() and first.isascii() and len(first) < 5 else 1
        for number, point in enumerate(points):
            if not written:
                _begin(point, f"{LETTERS[number]}. " if lettered else f"{begins + number}. ")
            point.tag = "p"
        each.tag = "div"


def _is_lettered(of: etree._Element) -> bool:
    return attribute(of, "type") in {"A", "a"} or _LETTERED.search(attribute(of, "style")) is not None


def _asks(point: etree._Element) -> bool:
    """Tell whether a point of a list is an item: options or a field stand in it, or a judgement in brackets."""
    words = [words for piece in point.itertext() if (words := str(piece).strip())]
    marked = any(paper_marks.letter_at(each) or paper_marks.FIELD.match(each) for each in words[1:])
    return marked or _JUDGED.search("".join(words)) is not None or any(map(_is_lettered, point.iter("ol")))


def _begin(point: etree._Element, words: str) -> None:
    while not (point.text or "").strip() and len(point) and point[0].tag in {"p", "div", "span", "b", "strong"}:
        point = point[0]
    point.text = words + (point.text or "").lstrip()


def _unfold(of: etree._Element) -> None:
    for each in of.iter("table", "thead", "tbody", "tr", "td", "th"):
        each.tag = "p" if each.tag in {"td", "th"} else "div"
