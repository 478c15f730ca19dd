"""The runs of a Word paragraph as text in the notation: emphasis, formulas and pictures in their order."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from question_bank.formats import rich_text, symbol_font, word_field, word_formula
from question_bank.formats.findings import Place
from question_bank.formats.word_formula import FormulaUnknown
from question_bank.formats.xml_tree import attribute, every, first, local

_INSIDE = frozenset("hyperlink ins moveTo smartTag sdt sdtContent fldSimple customXml dir bdo AlternateContent Choice Fallback rubyBase ruby rt".split())  # noqa: SIM905
_TOGGLES = {"b": "b", "i": "i", "strike": "s", "dstrike": "s"}
_SIGNS = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "cr": "\n"}
_OFF = frozenset({"0", "false", "off", "none"})
_BLACK = re.compile(r"auto|[0-5][0-9a-f][0-5][0-9a-f][0-5][0-9a-f]|", re.IGNORECASE)  # black and what nobody tells from it
_UNSHADED = frozenset({"auto", "", "ffffff", "none", "clear"})
_TAG_LIKE = re.compile(r"<(?=math\b|/?(?:" + "|".join(rich_text.ALLOWED) + r')(?: (?:col|row)span="[1-9]\d?")*\s*/?>)', re.IGNORECASE)
_RAISED = re.compile("[\uf020-\uf0ff]")  # signs of Symbol and its kin, where Word has them among words
_ADDRESS = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.IGNORECASE)
_UNSHOWN = re.compile(r"\s*(?:XE|TC|TA|RD|SET|ADVANCE|PRIVATE|HYPERLINK)\b|\s*$", re.IGNORECASE)  # fields that show nothing by themselves
_WORTH_WORDS = re.compile(r"\s*(?:EQ|SYMBOL)\b", re.IGNORECASE)  # the others' codes are Word's own business, or the author's disk
_LOST = {
    "footnoteReference": "脚注未导入",
    "endnoteReference": "尾注未导入",
    "commentReference": "批注未导入",
    "del": "修订中删除的文字未导入",
    "moveFrom": "修订中移走的文字未导入",
    "object": "嵌入对象（如 MathType 公式）未导入，请改用 Word 公式或图片",
    "chart": "图表未导入",
    "relIds": "SmartArt 图形未导入",
    "rt": "拼音标注未导入",
    "altChunk": "嵌入的文档未导入",
}

COLOURED, STRONG = "coloured", "strong"  # in another colour than black, or on one; bold or underlined


@dataclass(slots=True)
class _Field:
    """A field that is open: its code as far as it was read, and the parts of the paragraph before its result."""

    code: list[word_field.Sign] = field(default_factory=list)
    result: int | None = None
    shown: list[str] = field(default_factory=list)  # words that stand in the code though they are none, kept where the field is never ended


@dataclass(slots=True)
class _Look:
    """How the words of a run are set."""

    emphasis: tuple[str, ...] = ()
    font: str = ""
    marks: frozenset[str] = frozenset()
    is_dotted: bool = False


_BARE = _Look()


@dataclass(slots=True)
class Runs:
    """Collects one paragraph. `image` returns the bytes and the name of a relationship, or why there are none."""

    place: Place
    image: Callable[[str], tuple[bytes, str] | str]
    sources: Mapping[str, str] = field(default_factory=dict)  # what formulas were written in, see word_source
    address: Callable[[str], str] = lambda _relationship: ""
    parts: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    marked: Mapping[str, list[str]] = field(default_factory=lambda: {COLOURED: [], STRONG: []})  # the words that look so, what runs on as one
    fields: list[_Field] = field(default_factory=list)

    def read(self, element: Element) -> None:
        """Take in what stands in a paragraph or in anything that only wraps runs."""
        was: frozenset[str] = frozenset()
        for child in element:
            name = local(child)
            if name == "r":
                look = _look(child[0]) if len(child) and local(child[0]) == "rPr" else _BARE
                before = len(self.parts)
                self._in_run(child, look)
                for mark in look.marks:
                    words, seen = "".join(part for _emphasis, part in self.parts[before:]), self.marked[mark]
                    seen.append(seen.pop() + words if mark in was else words)
                was = look.marks
            elif name == "oMath":
                self._formula(child, r"\({}\)")
            elif name == "oMathPara":
                for formula in every(child, "oMath"):
                    self._formula(formula, "\n\\[{}\\]\n")
            elif name in _LOST:
                self.place.lose(_LOST[name])
            elif name in _INSIDE:
                self._wrapper(child, name)

    def _wrapper(self, element: Element, name: str) -> None:
        if name == "fldSimple":
            self.fields.append(_Field([(sign, "") for sign in attribute(element, "instr")], len(self.parts)))
        elif name == "hyperlink" and (target := self.address(attribute(element, "id"))):
            self.place.lose(_link(target))
        self.read(element)
        if name == "fldSimple":
            self._end_field()

    def _in_run(self, run: Element, look: _Look) -> None:
        for child in run:
            match local(child):
                case "t" | "instrText" as name:
                    if name == "t" and self.fields and self.fields[-1].result is None:
                        self.fields[-1].shown.append(_plain(child.text or ""))
                    self._words(child.text or "", look)
                case name if name in _SIGNS:
                    self.parts.append((look.emphasis, _SIGNS[name]))
                case "br" if attribute(child, "type") not in {"page", "column"}:
                    self.parts.append(((), "\n"))
                case "sym":
                    self._symbol(attribute(child, "font"), attribute(child, "char"), look)
                case "fldChar":
                    self._field(attribute(child, "fldCharType"))
                case "drawing" | "pict":
                    self._drawing(child)
                case name:
                    self._rarely(child, name, look)

    def _rarely(self, element: Element, name: str, look: _Look) -> None:
        if name == "AlternateContent":
            chosen = first(element, "Choice")
            self._in_run(chosen if chosen is not None else element, look)
        elif name == "ruby":
            self.read(element)
        elif name in _LOST:
            self.place.lose(_LOST[name])

    def _words(self, words: str, look: _Look) -> None:
        if self.fields and self.fields[-1].result is None:
            script = next((each for each in look.emphasis if each in {"sub", "sup"}), "")
            self.fields[-1].code += [(sign, script) for sign in words]
            return
        if look.is_dotted:
            self.place.lose("着重号改为下划线")
        if _RAISED.search(words):
            words = _RAISED.sub(lambda found: symbol_font.sign(look.font, ord(found[0])) or found[0], words)
        self.parts.append((look.emphasis, _plain(words)))

    def _field(self, kind: str) -> None:
        if kind == "begin":
            self.fields.append(_Field())
        elif kind == "separate" and self.fields:
            self.fields[-1].result = len(self.parts)
        elif kind == "end" and self.fields:
            self._end_field()

    def _end_field(self) -> None:
        """Show what the field shows: its result, or what its code means where nobody worked it out."""
        ended = self.fields.pop()
        code = word_field.words_of(ended.code)
        if found := _ADDRESS.match(code):
            self.place.lose(_link(found[1]))
        if _UNSHOWN.match(code) or (ended.result is not None and any(words.strip() for _emphasis, words in self.parts[ended.result :])):
            return
        try:
            shown = word_field.shown(ended.code)
        except word_field.FieldUnknown:
            if not _WORTH_WORDS.match(code):
                self.place.lose(f"域“{code[:60]}”未导入")
                return
            self.place.lose(f"域“{code[:60]}”没有结果，也不能识别，按文字保留")
            shown = word_field.Shown(code, is_formula=False)
        if self.fields and self.fields[-1].result is None:
            self.fields[-1].code += [(shown.text, "tex")] if shown.is_formula else [(sign, "") for sign in shown.text]
        else:
            self.parts.append(((), rf"\({shown.text}\)" if shown.is_formula else _plain(shown.text)))

    def _formula(self, formula: Element, form: str) -> None:
        try:
            latex = word_formula.to_latex(formula)
        except FormulaUnknown as unknown:
            words = "".join(map(str, formula.itertext()))[:60]
            self.place.lose(f"公式“{words}”含有无法转换的成分（{unknown}），只保留了文字")
            self.parts.append(((), _plain(words)))
            return
        if latex:
            written = form.format(latex)
            self.parts.append(((), self.sources.get(written.strip()[:2] + latex, written)))

    def _symbol(self, font: str, char: str, look: _Look) -> None:
        code = int(char, 16) if re.fullmatch("[0-9A-Fa-f]{1,5}", char) else 0
        if sign := symbol_font.sign(font, code) or (chr(code) if 0xA0 < code < 0xE000 else None):
            self._words(sign, look)
        else:
            self.place.lose(f"特殊符号（{font} {char}）未导入")

    def _drawing(self, drawing: Element) -> None:
        described = next((attribute(each, "descr") or attribute(each, "title") for each in every(drawing, "docPr")), "")
        for each in every(drawing, "blip", "imagedata", "txbxContent", "chart", "relIds", "OLEObject"):
            match local(each):
                case "txbxContent":
                    words = "".join(map(str, each.itertext())).strip()
                    if words:
                        self.place.lose(f"文本框未导入：“{words[:40]}”")
                case "blip" | "imagedata":
                    self._picture(attribute(each, "embed") or attribute(each, "id") or attribute(each, "link"), described or attribute(each, "title"))
                case "OLEObject":
                    self.place.lose(_LOST["object"])
                case name:
                    self.place.lose(_LOST[name])

    def _picture(self, relationship: str, described: str) -> None:
        found = self.image(relationship)
        if isinstance(found, str):
            self.place.lose(found)
        elif digest := self.place.picture(*found):
            self.parts.append(((), picture_notation(described, digest)))

    def text(self) -> str:
        """Return the paragraph."""
        while self.fields:  # one that is not ended here has its result in paragraphs to come
            if (left := self.fields.pop()).result is None and (code := word_field.words_of(left.code)) and not _UNSHOWN.match(code):
                self.place.lose(f"域“{code[:60]}”未导入")
            self.parts += [((), words) for words in left.shown]
        return emphasised(self.parts)


def emphasised(parts: Sequence[tuple[tuple[str, ...], str]]) -> str:
    """Return the words of runs with their emphasis; what holds for all of them is only the look of the whole."""
    if not any(emphasis for emphasis, _words in parts):
        return "".join(words for _emphasis, words in parts)
    worded = [emphasis for emphasis, words in parts if words.strip() and not words.startswith(("\\(", "\n\\["))]
    common = set.intersection(*map(set, worded)) & {"b", "i", "u"} if worded else set()
    merged: list[tuple[tuple[str, ...], str]] = []
    for emphasis, words in parts:
        kept = tuple(each for each in emphasis if each not in common)
        if "u" in emphasis and words and not words.strip(" \t\u3000\u00a0"):
            kept, words = (), "____"  # noqa: PLW2901 - a line to write on
        if merged and merged[-1][0] == kept:
            merged[-1] = (kept, merged[-1][1] + words)
        else:
            merged.append((kept, words))
    return "".join(_tagged(emphasis, words) for emphasis, words in merged)


def picture_notation(described: str, digest: str) -> str:
    """Return a picture as the notation names it."""
    alternative = re.sub(r"[\[\]\\\n]", " ", described)[:200].strip()
    return f"![{alternative}](picture:{digest})"


def emphasis_of(properties: Element) -> tuple[str, ...]:
    """Return the emphasis of a run by its properties, which Word and Excel name alike."""
    return _look(properties).emphasis


def _look(properties: Element) -> _Look:
    found, look = [], _Look()
    for child in properties:
        name, value = local(child), attribute(child, "val")
        if name in _TOGGLES and value not in _OFF:
            found.append(_TOGGLES[name])
        elif name == "u" and value != "none":
            found.append("u")
        elif name == "vertAlign" and value in {"superscript", "subscript"}:
            found.append(value[:3])
        elif name == "em" and value != "none":
            found.append("u")
            look.is_dotted = True
        elif name == "rFonts":
            look.font = attribute(child, "ascii")
        elif _is_colour(child, name, value):
            look.marks = frozenset({COLOURED})
    look.emphasis = tuple(sorted(set(found)))
    if not {"b", "u"}.isdisjoint(found):
        look.marks |= {STRONG}
    return look


def _is_colour(element: Element, name: str, value: str) -> bool:
    if name == "shd":
        return attribute(element, "fill").lower() not in _UNSHADED
    return (name == "color" and not _BLACK.fullmatch(value)) or (name == "highlight" and value not in _OFF)


def _link(target: str) -> str:
    return f"链接未保留，文字保留（{target[:100]}）"


def _plain(words: str) -> str:
    """Return typed words as the notation writes them: what looks like one of its tags is no tag."""
    words = words.replace("\u00a0", " ")
    if "&" in words:
        words = re.sub(r"&(?=(?:lt|gt|amp);)", "&amp;", words)
    return _TAG_LIKE.sub("&lt;", words) if "<" in words else words


def _tagged(emphasis: tuple[str, ...], words: str) -> str:
    core = words.strip()
    if not core or not emphasis:
        return words
    before, after = words[: words.index(core)], words[words.index(core) + len(core) :]
    return before + "".join(f"<{each}>" for each in emphasis) + core + "".join(f"</{each}>" for each in reversed(emphasis)) + after
