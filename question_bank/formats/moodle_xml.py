"""Moodle's XML: each question type as the item it is, or the reason why it is none of ours."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from lxml import etree

from question_bank.domain.draft import Draft, decimal
from question_bank.domain.exchange import Reading
from question_bank.domain.item import Blank, ItemType
from question_bank.formats import gaps, moodle_cloze, numbers, pairing, weights
from question_bank.formats.findings import Findings, Place
from question_bank.formats.foreign_html import Words
from question_bank.formats.gift import matching
from question_bank.formats.xml_tree import Document, attribute, every, first, local, parse, text_of, written

_PLUGIN = re.compile(r"^@@PLUGINFILE@@/", re.IGNORECASE)
_PAIRS = frozenset({"1", "RELATIVE_NEXT_EXCLUDE_LAST"})  # how an ordering question is graded
_LINE_TO_FILL = re.compile(r"_{3,}")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&\w+;")
_YES = frozenset({"1", "true", "yes"})
_REASONS = {
    **dict.fromkeys(("calculated", "calculatedsimple", "calculatedmulti", "formulas", "varnumeric", "varnumericset", "stack", "wiris"), "calculated_item"),
    **dict.fromkeys(("ddimageortext", "ddmarker", "imagetarget", "gapfillimage"), "graphic_interaction"),
    **dict.fromkeys(("drawing", "freehanddrawing"), "drawing_interaction"),
    **dict.fromkeys(("recordrtc", "poodllrecording"), "recording_interaction"),
    **dict.fromkeys(("fileresponse",), "upload_interaction"),
    "description": "no_interaction",
}
_READ = frozenset(
    "name questiontext generalfeedback defaultgrade hidden idnumber answer subquestion single usecase tags answernumbering shownumcorrect dragbox"  # noqa: SIM905
    " selectoption responseformat responserequired responsefieldlines attachments attachmentsrequired graderinfo responsetemplate shuffleanswers"
    " penalty hint correctfeedback partiallycorrectfeedback incorrectfeedback units unitgradingtype unitpenalty showunits unitsleft image image_base64"
    " showstandardinstruction minwordlimit maxwordlimit maxbytes filetypeslist layouttype selecttype selectcount gradingtype showgrading numberingstyle"
    " correct correctanswer category row column weight numberofrows numberofcolumns scoringmethod delimitchars answerdisplay casesensitive".split()
)


def read(words: str) -> Reading:
    """Return what a quiz file holds."""
    found = Findings("moodle")
    read_into(found, parse(words), "")
    return found.reading()


def read_into(found: Findings, document: Document, file: str) -> None:
    """Read one document; `file` names it where there are several."""
    prefix = f"{file}：" if file else ""
    if document.damaged:
        found.at(f"{prefix}第 {document.damaged[0]} 行").lose("文件从这一行起有 XML 错误，其后的内容可能没有读全")
    category, number = "", 0
    for element in every(document.root, "question"):
        if attribute(element, "type") == "category":
            category = text_of(first(element, "category"))
            continue
        number += 1
        name = text_of(first(element, "name"))[:60]
        place = found.at(f"{prefix}第 {number} 题（{name}）" if name else f"{prefix}第 {number} 题")
        question = _Question(element, place, category)
        if document.is_damaged(element):
            place.refuse("xml_damaged", question.stem_words(), question.bare.external_id)
        else:
            question.read()


class _Question:
    """Reads one question."""

    def __init__(self, element: etree._Element, place: Place, category: str) -> None:
        self.element, self.place = element, place
        self.kind = attribute(element, "type").lower()
        self.files = {unquote(attribute(each, "path", "/").lstrip("/") + attribute(each, "name")): each for each in every(element, "file")}
        self.words = Words(place, self._file, tex=True)
        segments = [part.strip().replace("//", "/") for part in re.split(r"(?<!/)/(?!/)", category)]
        segments = [part for part in segments if part and part != "top" and not re.fullmatch(r"\$\w+\$", part)]
        self.bare = Draft(
            external_id=text_of(first(element, "idnumber")),
            source=_title(text_of(first(element, "name")), text_of(first(element, "idnumber"))),
            topic=segments[-1] if segments else "",
            tags=(*(text_of(tag) for tag in every(element, "tag")), *segments[:-1]),
            points=_hundredths(text_of(first(element, "defaultgrade"))),
        )

    def _file(self, source: str) -> bytes | None:
        name = unquote(_PLUGIN.sub("", source)).partition("?")[0]
        element = self.files.get(name)
        if element is None:
            element = next((each for path, each in self.files.items() if path.rpartition("/")[2] == name.rpartition("/")[2]), None)
        return None if element is None else _decoded(text_of(element))

    def stem_words(self) -> str:
        """Return some words of the stem, for people to recognise it by."""
        return re.sub(r"<[^>]*>", " ", text_of(first(self.element, "questiontext", "text")))[:200].strip()

    def _text(self, element: etree._Element | None) -> str:
        """Return the notation of an element that holds `text` and names its format."""
        if element is None:
            return ""
        inner = first(element, "text")
        form = attribute(element, "format", "html").lower()
        held = text_of(inner if inner is not None else element) if inner is None or not len(inner) else _inner(inner)
        if form == "markdown":
            self.place.lose("Markdown 标记按原文保留，不再排版")
        if form in {"plain_text", "markdown"}:
            return self.words.of_plain(held)
        return self.words.of_html(held.replace("\n", "<br>") if form == "moodle_auto_format" else held)

    def _asked(self) -> str:
        return self._illustrated(self._text(first(self.element, "questiontext")))

    def _illustrated(self, stem: str) -> str:
        """Return the stem with the picture that stood beside it before Moodle 2."""
        name, content = text_of(first(self.element, "image")), _decoded(text_of(first(self.element, "image_base64")))
        if name and not content:
            self.place.lose("旧式题图（image）未导入")
        digest = self.place.picture(content, name) if content else None
        return f"{stem}\n![](picture:{digest})" if digest else stem

    def _answer_text(self, element: etree._Element | None) -> str:
        """Answers of pairs are plain words in Moodle itself, and HTML in its kin and in our exports."""
        held = text_of(first(element, "text"))
        if element is not None and not attribute(element, "format") and not _MARKUP.search(held):
            return self.words.of_plain(held)
        return self._text(element)

    def read(self) -> None:
        """Read the question or refuse it."""
        readers: dict[str, Callable[[], None]] = {
            **dict.fromkeys(("multichoice", "multichoiceset", "oumultiresponse", "singlechoice"), self._choice),
            "truefalse": self._judgement,
            "shortanswer": self._fill_in,
            "numerical": self._number,
            **dict.fromkeys(("matching", "match", "ddmatch"), self._matching),
            "essay": self._essay,
            "ordering": self._ordering,
            **dict.fromkeys(("ddwtos", "gapselect"), self._gaps),
            **dict.fromkeys(("cloze", "multianswer"), self._cloze),
            **dict.fromkeys(("mtf", "kprime"), self._rows),
            "gapfill": self._gapfill,
        }
        reader = readers.get(self.kind)
        if reader is None:
            self.place.refuse(_REASONS.get(self.kind, "type_foreign"), self.stem_words(), self.bare.external_id)
            return
        self._settings()
        self.bare = replace(self.bare, explanation=self._text(first(self.element, "generalfeedback")))
        reader()

    def _settings(self) -> None:
        """Name what the question says of itself and the bank does not keep."""
        held = {local(child): text_of(child) for child in self.element}
        lose = self.place.lose
        if (penalty := decimal(held.get("penalty", ""))) is not None and penalty > 0:
            lose(f"重试扣分（penalty {penalty.normalize():f}）未保留")
        if "hint" in held and any(text_of(each) for each in every(self.element, "hint")):
            lose("提示（hint）未保留")
        if any(held.get(name) for name in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")):
            lose("按得分显示的反馈（correctfeedback 等）未保留")
        if held.get("shuffleanswers", "1").lower() in {"0", "false"}:
            lose("不打乱选项的设定未保留")
        if held.get("hidden") == "1":
            lose("隐藏状态未保留")
        for name in dict.fromkeys(held):
            if name and name not in _READ and held[name]:
                lose(f"设定 <{name[:40]}> 未保留")

    def _answers(self) -> list[tuple[etree._Element, float]]:
        """Return the answers with their shares in percent."""
        found = [(each, numbers.float_of(attribute(each, "fraction"))) for each in self.element if local(each) == "answer"]
        if found and 0 < max(share for _, share in found) <= 1:  # shares of one instead of a hundred
            found = [(each, share * 100) for each, share in found]
        return found

    def _choice(self) -> None:
        answers = self._answers()
        points = [share for _, share in answers]
        if any(first(each, "correctanswer") is not None for each, _ in answers):  # oumultiresponse, before it had shares
            points = [100.0 if text_of(first(each, "correctanswer")) in _YES else 0.0 for each, _ in answers]
        single = self.kind in {"multichoice", "singlechoice"} and text_of(first(self.element, "single")).lower() not in {"false", "0"}
        key = weights.of_single(points) if single else weights.of_multiple(points)
        if told := weights.lost(points, key, ours=attribute(self.element, "scored") == "whole"):
            self.place.lose(told)
        if single and key and max(points) < 100 * (1 - weights.NEARLY):
            self.place.lose(f"最好的选项只得 {max(points):g}%，按满分计")
        self.place.keep(
            replace(
                self.bare,
                type=ItemType.SINGLE if single else ItemType.MULTIPLE,
                stem=self._asked(),
                options=tuple(self._text(each) for each, _ in answers),
                option_explanations=tuple(self._text(first(each, "feedback")) for each, _ in answers),
                key=key,
            )
        )

    def _judgement(self) -> None:
        answers = {text_of(first(each, "text")).lower() or text_of(each).lower(): (each, share) for each, share in self._answers()}
        yes, no = answers.get("true"), answers.get("false")
        key = (0,) if yes and yes[1] > 0 else (1,) if no and no[1] > 0 else ()
        explained = tuple(self._text(first(each[0], "feedback")) if each else "" for each in (yes, no))
        stem = self._asked()
        self.place.keep(replace(self.bare, type=ItemType.TRUE_FALSE, stem=stem, key=key, option_explanations=explained))

    def _full(self) -> list[etree._Element]:
        """Return the answers with full points; the others, and the feedback of each, are told."""
        answers = self._answers()
        best = max((share for _, share in answers), default=0.0)
        full = [each for each, share in answers if share > 0 and share >= min(best, 100.0) * (1 - weights.NEARLY)]
        if full and best < 100 * (1 - weights.NEARLY):
            self.place.lose(f"最好的答案只得 {best:g}%，按满分计")
        for each, share in answers:
            if each not in full:
                self.place.lose(f"{'部分得分' if share > 0 else '不得分'}的答案“{text_of(first(each, 'text'))[:60]}”（{share:g}%）未保留")
        if any(text_of(first(each, "feedback")) for each, _ in answers):
            self.place.lose("各答案的反馈未保留")
        return full

    def _stem_with_blank(self) -> str:
        """Moodle shows the field where the stem has a line of underscores, else below."""
        stem, found = _LINE_TO_FILL.subn("[[1]]", self._asked(), count=1)
        return stem if found else f"{stem} [[1]]"

    def _fill_in(self) -> None:
        full = self._full()
        accepted = tuple(text_of(first(each, "text")) for each in full)
        if not any(accepted):
            self.place.refuse("no_full_answer", self.stem_words(), self.bare.external_id)
            return
        if any("*" in text.replace(r"\*", "") for text in accepted):
            self.place.lose("答案中的通配符 * 按原文比较")
        blank = Blank(tuple(text.replace(r"\*", "*") for text in accepted), case_matters=text_of(first(self.element, "usecase")) in _YES)
        self.place.keep(replace(self.bare, type=ItemType.FILL_IN, stem=self._stem_with_blank(), blanks=(blank,)))

    def _number(self) -> None:
        if every(self.element, "unit"):
            self.place.lose("数值的单位（units）未保留")
        ranges = {numbers.around(text_of(first(each, "text")) or attribute(each, "text"), text_of(first(each, "tolerance"))) for each in self._full()}
        known = [each for each in ranges if each is not None]
        if not known or len(known) < len(ranges):
            self.place.refuse("no_full_answer", self.stem_words(), self.bare.external_id)
        elif len(known) > 1:
            self.place.refuse("numbers_unsupported", self.stem_words(), self.bare.external_id)
        else:
            self.place.keep(replace(self.bare, type=ItemType.FILL_IN, stem=self._stem_with_blank(), blanks=(numbers.blank(*known[0]),)))

    def _matching(self) -> None:
        pairs = [(self._text(each), self._answer_text(first(each, "answer"))) for each in self.element if local(each) == "subquestion"]
        self.place.keep(matching(replace(self.bare, stem=self._asked()), [pair for pair in pairs if any(pair)]))

    def _essay(self) -> None:
        if text_of(first(self.element, "responsetemplate")):
            self.place.lose("作答模板（responsetemplate）未保留")
        if text_of(first(self.element, "attachments")) not in {"", "0"}:
            self.place.lose("上传附件的要求未保留")
        for name, told in (("minwordlimit", "最少字数"), ("maxwordlimit", "最多字数")):
            if (limit := text_of(first(self.element, name))) not in {"", "0"}:
                self.place.lose(f"{told}的限制（{limit[:20]}）未保留")
        model = self._text(first(self.element, "graderinfo"))
        self.place.keep(replace(self.bare, type=ItemType.SHORT_TEXT, stem=self._asked(), model=model))

    def _ordering(self) -> None:
        options = tuple(self._text(each) for each in self.element if local(each) == "answer")  # they stand in the right order
        if text_of(first(self.element, "selecttype")) not in {"", "0", "ALL"}:
            self.place.lose("每次只抽取部分选项的设定未保留")
        scoring = text_of(first(self.element, "gradingtype"))
        if scoring not in {"", "-1", "ALL_OR_NOTHING", *_PAIRS}:
            self.place.lose(f"排序题的计分方式（{scoring[:40]}）未保留，改为全对给分")
        stem, key = self._asked(), tuple(range(len(options)))
        self.place.keep(replace(self.bare, type=ItemType.ORDERING, stem=stem, options=options, key=key, by_pairs=scoring in _PAIRS))

    def _gaps(self) -> None:
        boxes = [each for each in self.element if local(each) in {"dragbox", "selectoption"}]
        held = [(self._text(each), text_of(first(each, "group")) or "1") for each in boxes]
        if any(first(each, "infinite") is not None for each in boxes):
            self.place.lose("选项可重复使用的设定未保留")
        stem = self._asked()
        wanted = [int(number) - 1 for number in re.findall(r"\[\[(\d+)\]\]", stem)]
        if not wanted or any(not 0 <= at < len(held) for at in wanted):
            self.place.refuse("scoring_unsupported", stem, self.bare.external_id)
            return
        lists = []
        for at in wanted:
            options = tuple(dict.fromkeys(words for words, group in held if group == held[at][1]))
            lists.append(gaps.Listed(options, (options.index(held[at][0]),)))
        gaps.keep(self.place, self.bare, re.split(r"\[\[\d+\]\]", stem), lists)

    def _rows(self) -> None:
        """Read several true/false statements: each row is matched to its column."""
        rows = [each for each in self.element if local(each) == "row"]
        columns = [each for each in self.element if local(each) == "column"]
        weights_of = {
            (attribute(each, "rownumber"), attribute(each, "columnnumber")): decimal(text_of(first(each, "value"))) for each in every(self.element, "weight")
        }
        right = [
            [at for at, column in enumerate(columns) if (weights_of.get((attribute(row, "number"), attribute(column, "number"))) or 0) > 0] for row in rows
        ]
        stem = self._asked()
        if not rows or not all(right):
            self.place.refuse("pairs_unsupported", stem, self.bare.external_id)
            return
        if scoring := text_of(first(first(self.element, "scoringmethod"), "text")) or text_of(first(self.element, "scoringmethod")):
            self.place.lose(f"各行的计分方式（scoringmethod {scoring[:40]}）未保留，按匹配题计分")
        if any(text_of(first(row, "feedbacktext")) for row in rows):
            self.place.lose("各行的反馈未保留")
        prompts = tuple(self._text(first(row, "optiontext")) for row in rows)
        options = tuple(self._text(first(column, "responsetext")) for column in columns)
        pairing.keep(self.place, replace(self.bare, stem=stem), prompts, options, right)

    def _gapfill(self) -> None:
        """Read a text with its answers between delimiters."""
        delimiters = text_of(first(self.element, "delimitchars"))
        begin, end = (delimiters[0], delimiters[1]) if len(delimiters) == 2 else ("[", "]")
        stem = self._asked()
        parts = re.split(f"{re.escape(begin)}([^{re.escape(begin + end)}]+){re.escape(end)}", stem)
        if len(parts) < 3:
            self.place.refuse("scoring_unsupported", stem, self.bare.external_id)
            return
        if text_of(first(self.element, "answerdisplay")) not in {"", "gapfill"}:
            self.place.lose("从列表中选词的呈现方式未保留，按填空题导入")
        case_matters = text_of(first(self.element, "casesensitive")) in _YES
        blanks = tuple(Blank(tuple(answer.split("|")), case_matters=case_matters) for answer in parts[1::2])
        stem = "".join(part if at % 2 == 0 else f"[[{at // 2 + 1}]]" for at, part in enumerate(parts))
        self.place.keep(replace(self.bare, type=ItemType.FILL_IN, stem=stem, blanks=blanks))

    def _cloze(self) -> None:
        element = first(self.element, "questiontext")
        inner = first(element, "text")
        if element is None or inner is None:
            self.place.refuse("no_interaction", "", self.bare.external_id)
            return
        source, fields = moodle_cloze.fields(text_of(inner) if not len(inner) else _inner(inner))
        moodle_cloze.keep(self.place, self.bare, self.words, self._illustrated(self.words.of_html(source)), fields)


def _decoded(words: str) -> bytes | None:
    try:
        return base64.b64decode(re.sub(r"\s+", "", words), validate=True)
    except (binascii.Error, ValueError):
        return None


def _title(name: str, external_id: str) -> str:
    """Return a question's name, unless it only repeats its number."""
    return "" if name == external_id else name[:300]


def _hundredths(written: str) -> int | None:
    number = decimal(written) if written else None
    return int(number * 100) if number is not None and number > 0 and number * 100 == int(number * 100) else None


def _inner(element: etree._Element) -> str:
    """Return markup that stands in the file as such, where it should have been text."""
    return (element.text or "") + "".join(written(child, tail=True) for child in element)
