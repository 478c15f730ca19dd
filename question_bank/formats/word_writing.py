r"""A bank as a Word paper: sections by type and points, and on a new page the key sheet; our own reader reads both back.

Paragraphs are built as XML: python-docx, which makes the file around them, takes ten times as long for each. Formulas become Word's own; the LaTeX
they were written in goes along in a part of its own, by the LaTeX that our reader makes of Word's formula, so that it comes back as it was.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt
from lxml import etree

from question_bank.domain.draft import BLANK, PICTURE, TRUE_FALSE_OPTIONS, Draft
from question_bank.domain.exchange import Beat, Picture, quiet
from question_bank.domain.item import LETTERS, TYPE_LABELS, ItemType
from question_bank.domain.written_answer import PAIRS, write_answer
from question_bank.formats import formula, rich_text, word_formula, word_formula_writing, word_source, xml_tree
from question_bank.formats.paper_marks import ORDINALS, guarded
from question_bank.formats.word_formula import FormulaUnknown

_ORDER = {kind: position for position, kind in enumerate(ItemType)}
_STEP = 250  # items between two signs of life
_WIDEST = Cm(12)
_INDENT = "425"  # twentieths of a point: 7.5 mm
_PIXEL = 9525  # English Metric Units at 96 dots an inch
_HELD = re.compile(f"{formula.PATTERN}|{PICTURE.pattern}")
_SIGNS = re.compile("[\U000f0000-\U000ffffd]")
_NO_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_RULES = {"b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "s": "strike", "sub": "subscript", "sup": "superscript"}
_P, _R, _T, _PROPERTIES = qn("w:p"), qn("w:r"), qn("w:t"), qn("w:rPr")
_IN_ORDER = ("b", "i", "strike", "u", "subscript", "superscript")  # as the schema of Word has them
_EMPHASIS = {"u": ("u", "single"), "subscript": ("vertAlign", "subscript"), "superscript": ("vertAlign", "superscript")}
_ON_LINES = {"p", "ul", "ol", "blockquote", "pre"}
_BLANKS = {"\t": "w:tab", "\n": "w:br"}


def write_paper(title: str, drafts: Sequence[Draft], pictures: Mapping[str, Picture], beat: Beat = quiet) -> bytes:
    """Return the paper with its key sheet as a .docx file."""
    return _Paper(title, pictures).write(drafts, beat)


def _is_marked(draft: Draft) -> bool:
    """Tell whether the key is √ or ×: 正确 and 错误 need no letters."""
    return draft.type == ItemType.TRUE_FALSE and draft.options == TRUE_FALSE_OPTIONS


def _section(draft: Draft) -> tuple[int, int]:
    return _ORDER.get(ItemType(draft.type), 0), draft.points or 0


class _Paper:
    def __init__(self, title: str, pictures: Mapping[str, Picture]) -> None:
        self.document: Document = docx.Document()
        self.pictures = pictures
        self.end = self.document.element.body.sectPr  # paragraphs come before it
        normal = self.document.styles["Normal"]
        normal.font.name, normal.font.size = "Times New Roman", Pt(11)
        normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
        normal.paragraph_format.space_after = Pt(4)
        self.document.core_properties.title = self.document.core_properties.author = ""
        self.document.add_heading(_clean(title), 0)
        self.sources: dict[str, str] = {}

    def write(self, drafts: Sequence[Draft], beat: Beat) -> bytes:
        """Return the document."""
        sections = [list(group) for _section_, group in groupby(sorted(drafts, key=_section), key=_section)]
        self._all(sections, self._item, lambda done: beat(done // 2))
        self.document.add_heading("参考答案与解析", 1).paragraph_format.page_break_before = True
        self._all(sections, self._key, lambda done: beat((len(drafts) + done) // 2))
        if self.sources:
            part = Part(PackURI("/customXml/formulas.xml"), "application/xml", word_source.write(self.sources), self.document.part.package)
            self.document.part.relate_to(part, RELATIONSHIP_TYPE.CUSTOM_XML)
        held = io.BytesIO()
        self.document.save(held)
        return held.getvalue()

    def _all(self, sections: Sequence[Sequence[Draft]], write: Callable[[int, Draft], None], beat: Beat) -> None:
        """Write something of every item, section by section."""
        done = 0
        for ordinal, section in enumerate(sections):
            self._heading(ordinal, section)
            for number, draft in enumerate(section, start=1):
                if done % _STEP == 0:
                    beat(done)
                write(number, draft)
                done += 1

    def _heading(self, ordinal: int, section: Sequence[Draft]) -> None:
        kind, points = TYPE_LABELS[ItemType(section[0].type)], section[0].points
        name = ORDINALS[ordinal] if ordinal < len(ORDINALS) else "十" + ORDINALS[ordinal - 10]
        each = f"每题{points / 100:g}分，" if points else ""
        self.document.add_heading(f"{name}、{kind}（{each}共{len(section)}题）", 2)

    def _item(self, number: int, draft: Draft) -> None:
        stem = guarded(draft.stem)
        if draft.type == ItemType.FILL_IN:
            stem = BLANK.sub("____", stem)
        self._text(f"{number}．", stem)
        for at, prompt in enumerate(draft.prompts, start=1):
            self._text(f"（{at}）", guarded(prompt))
        if not _is_marked(draft):
            for letter, option in zip(LETTERS, draft.options, strict=False):
                self._text(f"{letter}．", guarded(option), indent=_INDENT)

    def _key(self, number: int, draft: Draft) -> None:
        answer = ("√" if draft.key == (0,) else "×") if _is_marked(draft) else write_answer(draft)
        self._text(f"{number}．【答案】", answer if draft.type != ItemType.SHORT_TEXT else guarded(answer))
        difficulty = f"{draft.difficulty:.17g}{'' if draft.difficulty % 1 else '.0'}" if draft.difficulty is not None else ""
        told = {"解析": draft.explanation, **{f"选项{letter}解析": words for letter, words in zip(LETTERS, draft.option_explanations, strict=False)}}
        told |= {"知识点": draft.topic, "认知层次": draft.level, "难度": difficulty, "用途": {"exam": "考试", "practice": "练习"}.get(draft.pool, "")}
        told |= {"标签": "、".join(draft.tags), "来源": draft.source, "试题编号": draft.external_id, "互斥试题": "、".join(draft.enemies)}
        told |= {"排序计分": PAIRS} if draft.by_pairs else {}
        for name, words in told.items():
            if words:
                self._text(f"【{name}】", guarded(words))

    def _text(self, label: str, notation: str, *, indent: str = "") -> None:
        """Write a text in the notation as paragraphs; the first begins with the label."""
        held: list[str] = []

        def hold(found: re.Match[str]) -> str:
            held.append(found[0])
            return chr(0xF0000 + len(held) - 1)

        paragraph = self.paragraph()
        if indent:
            etree.SubElement(etree.SubElement(paragraph, qn("w:pPr")), qn("w:ind"), {qn("w:left"): indent})
        writer = _Writer(self, paragraph, held)
        writer.run(label)
        plain = _HELD.sub(hold, _SIGNS.sub("", _clean(notation)))
        if "<" not in plain and "&" not in plain and "\n" not in plain:
            writer.words(plain, frozenset())
            return
        (whole,) = xml_tree.page(f"<div>{rich_text.to_html(plain)}</div>").iterchildren("body")
        writer.write(whole[0], frozenset())

    def paragraph(self) -> etree._Element:
        """Return a new last paragraph of the document."""
        made = etree.Element(_P)
        self.end.addprevious(made)
        return made


class _Writer:
    """Writes sanitised HTML into a document, from one paragraph on."""

    def __init__(self, paper: _Paper, paragraph: etree._Element, held: Sequence[str]) -> None:
        self.paper, self.paragraph, self.held = paper, paragraph, held

    def write(self, element: etree._Element, rules: frozenset[str]) -> None:
        """Write what an element holds, and the text behind each of its children."""
        self.words(element.text or "", rules)
        for child in element:
            match child.tag:
                case "br":
                    self.paragraph = self.paper.paragraph()
                case "table":
                    self._table(child)
                case "p" | "li" | "blockquote" | "pre":
                    if child.getprevious() is not None or (element.text or "").strip():
                        self.paragraph = self.paper.paragraph()
                    self.write(child, rules)
                case tag:
                    self.write(child, rules | {_RULES[str(tag)]} if str(tag) in _RULES else rules)
            if child.tag in _ON_LINES and (child.tail or "").strip():
                self.paragraph = self.paper.paragraph()
            self.words(child.tail or "", rules)

    def words(self, words: str, rules: frozenset[str]) -> None:
        """Write words, and what is held in their places."""
        at = 0
        for sign in _SIGNS.finditer(words):
            self.run(words[at : sign.start()], rules)
            self._held(self.held[ord(sign[0]) - 0xF0000], rules)
            at = sign.end()
        self.run(words[at:], rules)

    def run(self, words: str, rules: frozenset[str] = frozenset()) -> None:
        """Write words with their emphasis."""
        if not words:
            return
        run = etree.SubElement(self.paragraph, _R)
        if rules:
            properties = etree.SubElement(run, _PROPERTIES)
            for rule in _IN_ORDER:
                if rule in rules:
                    name, value = _EMPHASIS.get(rule, (rule, ""))
                    etree.SubElement(properties, qn(f"w:{name}"), {qn("w:val"): value} if value else {})
        for part in re.split("([\t\n])", words):
            if part in _BLANKS:
                etree.SubElement(run, qn(_BLANKS[part]))
            elif part:
                text = etree.SubElement(run, _T, {"{http://www.w3.org/XML/1998/namespace}space": "preserve"})
                text.text = part

    def _held(self, part: str, rules: frozenset[str]) -> None:
        found = PICTURE.fullmatch(part)
        if found and (picture := self.paper.pictures.get(found["digest"])):
            self._picture(picture, found["alternative"])
        elif found:
            self.run(f"（图：{found['alternative']}）", rules)
        elif not self._formula(part):
            self.run(part if not part.startswith("<") else xml_tree.text_of(xml_tree.page(part)), rules)

    def _picture(self, picture: Picture, alternative: str) -> None:
        width = Emu(min(int(_WIDEST), picture.width * _PIXEL))
        inline = self.paper.document.part.new_pic_inline(io.BytesIO(picture.content), width)
        inline.docPr.set("descr", alternative)
        etree.SubElement(etree.SubElement(self.paragraph, _R), qn("w:drawing")).append(inline)

    def _formula(self, part: str) -> bool:
        """Write a formula as one of Word's; tells whether it could be."""
        stored = rich_text.to_html(part)
        if not stored.startswith("<math"):
            return False
        is_block = formula.is_block(stored)
        try:
            written = word_formula_writing.from_mathml(stored, is_block=is_block)
            read = word_formula.to_latex(written[0] if is_block else written)
        except FormulaUnknown:
            return False
        if formula.from_latex(read) is None:
            return False
        self.paper.sources.setdefault(("\\[" if is_block else "\\(") + read, part)
        self.paragraph.append(written)
        return True

    def _table(self, table: etree._Element) -> None:
        rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")]
        width = max(map(len, rows), default=0)
        if not width:
            return
        written = self.paper.document.add_table(len(rows), width, style="Table Grid")
        for row, cells in zip(written.rows, rows, strict=True):
            for place, cell in zip(row.cells, cells, strict=False):
                self.paragraph = place.paragraphs[0]._p
                self.write(cell, frozenset())
        self.paragraph = self.paper.paragraph()


def _clean(words: str) -> str:
    return _NO_CONTROL.sub("", words)
