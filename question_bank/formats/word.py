"""Word files (.docx of Word, WPS and LibreOffice) as the lines of a paper."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from lxml.etree import _Element as Element

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss, Reading
from question_bank.domain.item import LETTERS
from question_bank.formats import archive, headings, paper_marks, paper_text, table, word_source, xml_tree
from question_bank.formats.findings import Findings
from question_bank.formats.paper_lines import Line
from question_bank.formats.unreadable import FileTooLarge, Unreadable
from question_bank.formats.word_numbering import Numbering
from question_bank.formats.word_run import COLOURED, STRONG, Runs
from question_bank.formats.workbook import Sheet
from question_bank.formats.xml_tree import attribute, every, first, local

MAX_DOCUMENT = 64 * 1024 * 1024
_MOST_PARTS = 20  # of other programs
_PARAGRAPH = re.compile(r"第 (\d+) 段")
_WRAPPERS = frozenset({"sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"})
Cell = tuple[list[Line], int]  # the paragraphs of a table's cell, and the columns it spans


def is_word(names: frozenset[str]) -> bool:
    """Tell whether the entries of an archive are those of a Word file."""
    return "word/document.xml" in names


def read(content: bytes) -> Reading:
    """Return the items of a document; raises Unreadable."""
    archive.check(content)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        document = _Document(packed)
        document.read()
    drafts, losses, refused = paper_text.read(document.lines, "段")
    if not drafts and not refused and not document.drafts:
        raise Unreadable
    document.tell_marked(drafts)
    found = document.found.reading()
    return Reading("word", (*document.drafts, *drafts), (*found.losses, *document.losses, *losses), tuple(refused), found.pictures)


@dataclass(slots=True)
class _Document:
    """Goes through the body once, counting paragraphs."""

    packed: zipfile.ZipFile
    found: Findings = field(default_factory=lambda: Findings("word"))
    lines: list[Line] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    names: frozenset[str] = frozenset()
    related: dict[str, tuple[str, bool]] = field(default_factory=dict)  # relationship → (target, is outside)
    numbering: Numbering = field(default_factory=lambda: Numbering(None, None))
    sources: dict[str, str] = field(default_factory=dict)
    marked: Mapping[str, dict[int, list[str]]] = field(default_factory=lambda: {COLOURED: {}, STRONG: {}})  # words that look so, by paragraph
    paragraphs: int = 0
    tables: int = 0

    def read(self) -> None:
        """Read the document's parts and its body."""
        self.names = frozenset(self.packed.namelist())
        if "word/vbaProject.bin" in self.names:
            self.found.at("文档").lose("宏未导入")
        relationships = self._part("word/_rels/document.xml.rels")
        for each in every(relationships, "Relationship") if relationships is not None else ():
            self.related[attribute(each, "Id")] = (attribute(each, "Target"), attribute(each, "TargetMode") == "External")
        self.numbering = Numbering(self._part("word/numbering.xml"), self._part("word/styles.xml"))
        for name in sorted(name for name in self.names if name.startswith("customXml/") and name.count("/") == 1)[:_MOST_PARTS]:
            self.sources |= word_source.read(self._part(name))
        body = first(self._part("word/document.xml"), "body")
        if body is None:
            raise Unreadable
        self._blocks(body)

    def _part(self, name: str) -> Element | None:
        if name not in self.names:
            return None
        if self.packed.getinfo(name).file_size > MAX_DOCUMENT:
            raise FileTooLarge
        return xml_tree.parse(xml_tree.decode(self.packed.read(name))).root

    def _image(self, relationship: str) -> tuple[bytes, str] | str:
        target, is_outside = self.related.get(relationship, ("", False))
        if is_outside:
            return f"链接到文件外的图片未导入：{target[:80]}"
        name = posixpath.normpath(posixpath.join("word", target)) if not target.startswith("/") else target[1:]
        if not target or name not in self.names:
            return "图片不在文件中，未导入"
        return self.packed.read(name), posixpath.basename(name)

    def _address(self, relationship: str) -> str:
        target, is_outside = self.related.get(relationship, ("", False))
        return target if is_outside else ""

    def tell_marked(self, drafts: Sequence[Draft]) -> None:
        """Tell of each paragraph whose colours go, and of items without a key which options look unlike the others: many mark the key so."""
        for number in self.marked[COLOURED]:
            self.found.at(f"第 {number} 段").lose("文字颜色、底纹未保留")
        begun = [int(place[1]) if (place := _PARAGRAPH.search(draft.place)) else 0 for draft in drafts]
        for draft, begin, end in zip(drafts, begun, [*begun[1:], self.paragraphs + 1], strict=False):
            if draft.key or draft.key_text:
                continue
            told = self.found.at(draft.place)
            if key := self._unlike(draft, self.marked[COLOURED], begin, end):
                told.lose(f"选项 {key} 带颜色或底纹；若以此标出答案，请写明“答案：{key}”")
            if key := self._unlike(draft, self.marked[STRONG], begin, end):
                told.lose(f"选项 {key} 加粗或有下划线；若以此标出答案，请写明“答案：{key}”")

    @staticmethod
    def _unlike(draft: Draft, seen: Mapping[int, Sequence[str]], begin: int, end: int) -> str:
        """Return the letters of the options that were seen to look so in these paragraphs, empty where all or none do."""
        words = {each for number in range(begin, end) for words in seen.get(number, ()) for each in _pieces(words)}
        letters = [letter for letter, option in zip(LETTERS, draft.options, strict=False) if {letter, paper_marks.untagged(option)} & words]
        return "".join(letters) if len(letters) < len(draft.options) else ""

    def _blocks(self, parent: Element) -> None:
        for child in parent:
            match local(child):
                case "p":
                    self.lines += self._paragraph(child)
                case "tbl":
                    self._table(child)
                case "altChunk":
                    self.found.at(f"第 {self.paragraphs + 1} 段").lose("嵌入的文档未导入")
                case name if name in _WRAPPERS:
                    self._blocks(child)

    def _paragraph(self, paragraph: Element) -> list[Line]:
        self.paragraphs += 1
        runs = Runs(self.found.at(f"第 {self.paragraphs} 段"), self._image, self.sources, self._address)
        runs.read(paragraph)
        label, words = self.numbering.label(first(paragraph, "pPr")), runs.text()
        for mark, seen in runs.marked.items():
            if words_of := [each for each in seen if each.strip()]:
                self.marked[mark][self.paragraphs] = words_of
        # Word numbers empty paragraphs, too; they only count.
        whole = f"{label} {words}" if label and words.strip() else words
        return [Line(part, self.paragraphs) for part in whole.split("\n")]

    def _table(self, element: Element) -> None:
        self.tables += 1
        rows = [list(self._cells(row)) for row in _rows(element)]
        name, words = f"表 {self.tables}", tuple(tuple(_words(cell) for cell in row) for row in rows)
        columns = tuple(zip_longest(*words, fillvalue=""))  # a table for each item has its headings in the first of them
        turned = Sheet(name, columns, places=tuple(f"{name} 第 {number} 列" for number in range(1, len(columns) + 1)))
        for sheet in (Sheet(name, words), turned):
            if headings.find(sheet) is not None:
                drafts, losses = table.read([sheet])
                self.drafts += drafts
                self.losses += losses
                return
        filled = [cell for row in rows for cell in row if _words(cell)]
        if len(filled) <= 1 or all(len(row) == 1 for row in rows) or all(paper_marks.letter_at(_words(cell)) for cell in filled):
            self.lines += [line for lines, _span in filled for line in lines]
        else:
            markup = "".join(["<table>", *("<tr>" + "".join(map(_markup, row)) + "</tr>" for row in rows), "</table>"])
            self.lines.append(Line(markup, self.paragraphs))

    def _cells(self, row: Element) -> Iterator[Cell]:
        for cell in row:
            if local(cell) in _WRAPPERS:
                yield from self._cells(cell)
            if local(cell) != "tc":
                continue
            span = first(cell, "tcPr", "gridSpan")
            before, self.lines = self.lines, []
            self._blocks(cell)
            inside, self.lines = self.lines, before
            width = attribute(span, "val") if span is not None else "1"
            yield inside, int(width) if width.isdecimal() and 0 < int(width) < 100 else 1


def _rows(element: Element) -> Iterator[Element]:
    for child in element:
        if local(child) == "tr":
            yield child
        elif local(child) in _WRAPPERS:
            yield from _rows(child)


def _pieces(words: str) -> list[str]:
    """Return what stands behind each label of an option, and the letter of a label alone."""
    parts = [part.strip() for part in paper_marks.LABEL.sub("\n", words).split("\n")]
    return [part for part in parts if part] or [paper_marks.letter_at(words.strip()) or words.strip()]


def _words(cell: Cell) -> str:
    return "\n".join(line.text for line in cell[0]).strip()


def _markup(cell: Cell) -> str:
    span = f' colspan="{cell[1]}"' if cell[1] > 1 else ""
    return f"<td{span}>{_words(cell)}</td>"
