"""The runs of a Word paragraph as text in the notation: emphasis, formulas and pictures in their order."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lxml.etree import _Element as Element

from question_bank.formats import rich_text, word_formula
from question_bank.formats.findings import Place
from question_bank.formats.word_formula import FormulaUnknown
from question_bank.formats.xml_tree import attribute, every, first, local

_INSIDE = frozenset("hyperlink ins moveTo smartTag sdt sdtContent fldSimple customXml dir bdo AlternateContent Choice Fallback rubyBase ruby rt".split())  # noqa: SIM905
_TOGGLES = {"b": "b", "i": "i", "strike": "s"}
_WINGDINGS = {"F0FC": "√", "F0FB": "×", "F0FE": "☑", "F0FD": "☒", "F0A8": "□", "F06F": "□", "F050": "√", "F052": "☑", "F04F": "×", "F0D0": "√"}
_TAG_LIKE = re.compile(r"<(?=math\b|/?(?:" + "|".join(rich_text.ALLOWED) + r')(?: (?:col|row)span="[1-9]\d?")*\s*/?>)', re.IGNORECASE)
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


@dataclass(slots=True)
class Runs:
    """Collects one paragraph. `image` returns the bytes and the name of a relationship, or why there are none."""

    place: Place
    image: Callable[[str], tuple[bytes, str] | str]
    sources: Mapping[str, str] = field(default_factory=dict)  # what formulas were written in, see word_source
    parts: list[tuple[tuple[str, ...], str]] = field(default_factory=list)

    def read(self, element: Element) -> None:
        """Take in what stands in a paragraph or in anything that only wraps runs."""
        for child in element:
            name = local(child)
            if name == "r":
                self._in_run(child, _emphasis(first(child, "rPr")))
            elif name == "oMath":
                self._formula(child, r"\({}\)")
            elif name == "oMathPara":
                for formula in every(child, "oMath"):
                    self._formula(formula, "\n\\[{}\\]\n")
            elif name in _LOST:
                self.place.lose(_LOST[name])
            elif name in _INSIDE:
                self.read(child)

    def _in_run(self, run: Element, emphasis: tuple[str, ...]) -> None:
        for child in run:
            match local(child):
                case "t":
                    self.parts.append((emphasis, _plain(child.text or "")))
                case "tab" | "ptab" | "noBreakHyphen" | "cr" as name:
                    self.parts.append((emphasis, {"noBreakHyphen": "-", "cr": "\n"}.get(name, "\t")))
                case "br" if attribute(child, "type") not in {"page", "column"}:
                    self.parts.append(((), "\n"))
                case "sym":
                    self._symbol(child)
                case "drawing" | "pict":
                    self._drawing(child)
                case "AlternateContent":
                    chosen = first(child, "Choice")
                    self._in_run(chosen if chosen is not None else child, emphasis)
                case "ruby":
                    self.read(child)
                case name if name in _LOST:
                    self.place.lose(_LOST[name])

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

    def _symbol(self, symbol: Element) -> None:
        code = attribute(symbol, "char").upper()
        if code in _WINGDINGS:
            self.parts.append(((), _WINGDINGS[code]))
        else:
            self.place.lose(f"特殊符号（{attribute(symbol, 'font')} {code}）未导入")

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
        """Return the paragraph; emphasis that holds for the whole of it is only the paragraph's look."""
        worded = [emphasis for emphasis, words in self.parts if words.strip() and not words.startswith(("\\(", "\n\\["))]
        common = set.intersection(*map(set, worded)) & {"b", "i", "u"} if worded else set()
        merged: list[tuple[tuple[str, ...], str]] = []
        for emphasis, words in self.parts:
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


def _emphasis(properties: Element | None) -> tuple[str, ...]:
    found = []
    for child in properties if properties is not None else ():
        name, value = local(child), attribute(child, "val")
        if name in _TOGGLES and value not in {"0", "false", "off", "none"}:
            found.append(_TOGGLES[name])
        elif name == "u" and value != "none":
            found.append("u")
        elif name == "vertAlign" and value in {"superscript", "subscript"}:
            found.append(value[:3])
    return tuple(sorted(found))


def _plain(words: str) -> str:
    """Return typed words as the notation writes them: what looks like one of its tags is no tag."""
    return _TAG_LIKE.sub("&lt;", re.sub(r"&(?=(?:lt|gt|amp);)", "&amp;", words.replace("\u00a0", " ")))


def _tagged(emphasis: tuple[str, ...], words: str) -> str:
    core = words.strip()
    if not core or not emphasis:
        return words
    before, after = words[: words.index(core)], words[words.index(core) + len(core) :]
    return before + "".join(f"<{each}>" for each in emphasis) + core + "".join(f"</{each}>" for each in reversed(emphasis)) + after
