r"""A bank as a Word paper: sections by type and points, and on a new page the key sheet; our own reader reads both back.

Formulas stand as LaTeX between `\(` and `\)`, which Word turns into formulas on demand and every reader here understands.
"""

import io
import re
from collections.abc import Mapping, Sequence
from itertools import groupby

import docx
import lxml.html
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt
from docx.text.paragraph import Paragraph
from lxml import etree

from question_bank.domain.draft import BLANK, PICTURE, Draft
from question_bank.domain.exchange import Picture
from question_bank.domain.item import LETTERS, TYPE_LABELS, ItemType
from question_bank.domain.written_answer import write_answer
from question_bank.formats import rich_text
from question_bank.formats.paper_marks import guarded

_ORDER = {kind: position for position, kind in enumerate(ItemType)}
_ORDINALS = "一二三四五六七八九十"
_WIDEST = Cm(12)
_PIXEL = 9525  # English Metric Units at 96 dots an inch
_HELD = re.compile(r"\\\(.*?\\\)|\\\[.*?\\\]|<math\b.*?</math>|" + PICTURE.pattern, re.DOTALL)
_SIGNS = re.compile("[\U000f0000-\U000ffffd]")
_NO_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_RULES = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "s": "strike", "sub": "subscript", "sup": "superscript"}


def write_paper(title: str, drafts: Sequence[Draft], pictures: Mapping[str, Picture]) -> bytes:
    """Return the paper with its key sheet as a .docx file."""
    return _Paper(title, pictures).write(drafts)


def _section(draft: Draft) -> tuple[int, int]:
    return _ORDER.get(ItemType(draft.type), 0), draft.points or 0


class _Paper:
    def __init__(self, title: str, pictures: Mapping[str, Picture]) -> None:
        self.document: Document = docx.Document()
        self.pictures = pictures
        normal = self.document.styles["Normal"]
        normal.font.name, normal.font.size = "Times New Roman", Pt(11)
        normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
        normal.paragraph_format.space_after = Pt(4)
        self.document.core_properties.title = self.document.core_properties.author = ""
        self.document.add_heading(_clean(title), 0)

    def write(self, drafts: Sequence[Draft]) -> bytes:
        """Return the document."""
        sections = [list(group) for _section_, group in groupby(sorted(drafts, key=_section), key=_section)]
        for ordinal, section in enumerate(sections):
            self._heading(ordinal, section)
            for number, draft in enumerate(section, start=1):
                self._item(number, draft)
        self.document.add_heading("参考答案与解析", 1).paragraph_format.page_break_before = True
        for ordinal, section in enumerate(sections):
            self._heading(ordinal, section)
            for number, draft in enumerate(section, start=1):
                self._key(number, draft)
        held = io.BytesIO()
        self.document.save(held)
        return held.getvalue()

    def _heading(self, ordinal: int, section: Sequence[Draft]) -> None:
        kind, points = TYPE_LABELS[ItemType(section[0].type)], section[0].points
        name = _ORDINALS[ordinal] if ordinal < len(_ORDINALS) else "十" + _ORDINALS[ordinal - 10]
        each = f"每题{points / 100:g}分，" if points else ""
        self.document.add_heading(f"{name}、{kind}（{each}共{len(section)}题）", 2)

    def _item(self, number: int, draft: Draft) -> None:
        stem = guarded(draft.stem)
        if draft.type == ItemType.FILL_IN:
            stem = BLANK.sub("____", stem)
        self._text(f"{number}．", stem)
        for at, prompt in enumerate(draft.prompts, start=1):
            self._text(f"（{at}）", guarded(prompt))
        # 正确 and 错误 need no letters.
        if draft.type != ItemType.TRUE_FALSE:
            for letter, option in zip(LETTERS, draft.options, strict=False):
                self._text(f"{letter}．", guarded(option)).paragraph_format.left_indent = Cm(0.75)

    def _key(self, number: int, draft: Draft) -> None:
        answer = ("√" if draft.key == (0,) else "×") if draft.type == ItemType.TRUE_FALSE else write_answer(draft)
        self._text(f"{number}．【答案】", answer if draft.type != ItemType.SHORT_TEXT else guarded(answer))
        difficulty = f"{draft.difficulty:.17g}{'' if draft.difficulty % 1 else '.0'}" if draft.difficulty is not None else ""
        told = {"解析": draft.explanation, **{f"选项{letter}解析": words for letter, words in zip(LETTERS, draft.option_explanations, strict=False)}}
        told |= {"知识点": draft.topic, "认知层次": draft.level, "难度": difficulty, "用途": {"exam": "考试", "practice": "练习"}.get(draft.pool, "")}
        told |= {"标签": "、".join(draft.tags), "来源": draft.source, "试题编号": draft.external_id, "互斥试题": "、".join(draft.enemies)}
        for name, words in told.items():
            if words:
                self._text(f"【{name}】", guarded(words))

    def _text(self, label: str, notation: str) -> Paragraph:
        """Write a text in the notation as paragraphs; the first begins with the label."""
        held: list[str] = []

        def hold(found: re.Match[str]) -> str:
            held.append(found[0])
            return chr(0xF0000 + len(held) - 1)

        markup = rich_text.to_html(_HELD.sub(hold, _SIGNS.sub("", _clean(notation))))
        first = paragraph = self.document.add_paragraph()
        paragraph.add_run(label)
        writer = _Writer(self, paragraph, held)
        writer.write(lxml.html.fragment_fromstring(markup, create_parent="div"), frozenset())
        return first


class _Writer:
    """Writes sanitised HTML into a document, from one paragraph on."""

    def __init__(self, paper: _Paper, paragraph: Paragraph, held: Sequence[str]) -> None:
        self.paper, self.paragraph, self.held = paper, paragraph, held

    def write(self, element: etree._Element, rules: frozenset[str]) -> None:
        """Write what an element holds, and the text behind each of its children."""
        self._words(element.text or "", rules)
        for child in element:
            match child.tag:
                case "br":
                    self.paragraph = self.paper.document.add_paragraph()
                case "table":
                    self._table(child)
                case "p" | "li" | "blockquote" | "pre":
                    if child.getprevious() is not None or (element.text or "").strip():
                        self.paragraph = self.paper.document.add_paragraph()
                    self.write(child, rules)
                case tag:
                    self.write(child, rules | {_RULES[str(tag)]} if str(tag) in _RULES else rules)
            self._words(child.tail or "", rules)

    def _words(self, words: str, rules: frozenset[str]) -> None:
        at = 0
        for sign in _SIGNS.finditer(words):
            self._run(words[at : sign.start()], rules)
            self._held(self.held[ord(sign[0]) - 0xF0000], rules)
            at = sign.end()
        self._run(words[at:], rules)

    def _run(self, words: str, rules: frozenset[str]) -> None:
        if words:
            run = self.paragraph.add_run(words)
            for rule in rules:
                setattr(run.font, rule, True)

    def _held(self, part: str, rules: frozenset[str]) -> None:
        found = PICTURE.fullmatch(part)
        if found and (picture := self.paper.pictures.get(found["digest"])):
            shape = self.paragraph.add_run().add_picture(io.BytesIO(picture.content), width=Emu(min(int(_WIDEST), picture.width * _PIXEL)))
            shape._inline.docPr.set("descr", found["alternative"])
        elif found:
            self._run(f"（图：{found['alternative']}）", rules)
        else:
            self._run(part if not part.startswith("<") else "".join(map(str, lxml.html.fromstring(part).itertext())), rules)

    def _table(self, table: etree._Element) -> None:
        rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")]
        width = max(map(len, rows), default=0)
        if not width:
            return
        written = self.paper.document.add_table(len(rows), width, style="Table Grid")
        for row, cells in zip(written.rows, rows, strict=True):
            for place, cell in zip(row.cells, cells, strict=False):
                self.paragraph = place.paragraphs[0]
                self.write(cell, frozenset())
        self.paragraph = self.paper.document.add_paragraph()


def _clean(words: str) -> str:
    return _NO_CONTROL.sub("", words)
