"""GIFT, second step: blocks become drafts; what the bank does not keep is named."""

import re
from dataclasses import replace

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Reading
from question_bank.domain.item import Blank, ItemType
from question_bank.formats import numbers, weights
from question_bank.formats.findings import Findings, Place
from question_bank.formats.foreign_html import Words
from question_bank.formats.gift_lexing import Block, blocks, reveal

_TITLE = re.compile(r"^\s*::(.*?)::", re.DOTALL)
_MARKUP = re.compile(r"^\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_ANSWER = re.compile(r"([=~])\s*(?:%(-?\d+(?:\.\d+)?)%)?((?:(?![=~]).)*)", re.DOTALL)
_JUDGEMENT = re.compile(r"^(TRUE|FALSE|T|F)\s*(?:#(.*))?$", re.IGNORECASE | re.DOTALL)
_HTML = re.compile(r"</?(?:p|br|b|i|u|em|strong|span|div|img|a|table|t[rdh]|ul|ol|li|sub|sup|h[1-6]|pre|code|font|script|math)\b[^<>]*>", re.IGNORECASE)
_GAP = "\ue009"
_REMARK = re.compile(r"^\s*//[^\n]*")  # a whole line's is gone already: what is left stands behind a title or a brace
_BEHIND = re.compile(r"\s//\s[^\n]*")
_SHORT_BLOCK = re.compile(r"\{\s*(?:(?:T|F|TRUE|FALSE)\s*[#}]|\})", re.IGNORECASE)
_OF_LATEX = re.compile(r"(?:[\\^_}(]|\\[A-Za-z]+)$")  # what stands before the braces of a formula
_PREFACE = re.compile(r"\A\ufeff?(?:[^\S\n]*+(?://[^\n]*+)?+\n)*+")  # comments before the first item, which may be many
_LINE_TO_FILL = re.compile(r"_{3,}")


def looks_like(text: str) -> bool:
    """Tell whether the text has at least one block of answers in GIFT's braces."""
    head = _PREFACE.sub("", text, count=1)[:200_000]
    return bool(
        re.search(r"(?<!\\)\{\s*[=~#]", head)
        or any(not _in_formula(head, *found.span()) for found in _SHORT_BLOCK.finditer(head))
        or re.search(r"^[^\S\n]*\$CATEGORY:", head, re.MULTILINE | re.IGNORECASE)
        or re.search(r"^[^\S\n]*::.+?::", head, re.MULTILINE)
    )


def begins_with_markup(text: str) -> bool:
    """Tell whether the text is GIFT whose first words are HTML."""
    return bool(_HTML.match(text.lstrip("\ufeff \t\r\n"))) and looks_like(text)


def _in_formula(text: str, begin: int, end: int) -> bool:
    """Tell whether braces are LaTeX's by what stands around them: a command before, or dollar signs that enclose them."""
    line = text[max(0, begin - 300) : begin].rpartition("\n")[2]
    closes = text.find("}", end - 1, end + 2_000)
    behind = text[closes + 1 : closes + 300].partition("\n")[0] if closes >= 0 else ""
    return bool(_OF_LATEX.search(line)) or (line.count("$") % 2 == 1 and "$" in behind)


def read(text: str) -> Reading:
    """Return drafts, losses, and the blocks that are no item we can read."""
    found = Findings("gift")
    for block in blocks(text):
        _Reader(block, found.at(f"第 {block.line} 行")).read()
    return found.reading()


class _Reader:
    """Reads one block."""

    def __init__(self, block: Block, place: Place) -> None:
        self.block, self.place = block, place
        self.words = Words(place, lambda _name: None, tex=True)
        self.markup = "moodle"

    def read(self) -> None:
        text = self.block.text
        title = _TITLE.match(text)
        text = self._marked(_REMARK.sub("", text[title.end() :]) if title else text)
        begin, end = text.find("{"), text.rfind("}")
        if begin < 0 and end < 0:
            self.place.lose(f"没有答案的说明文字，未导入：{reveal(text)[:60]}")
            return
        if begin < 0 or end < begin or text.count("{") != 1 or text.count("}") != 1:
            self.place.refuse("block_unreadable", reveal(text), self.block.name)
            return
        segments = [part.strip() for part in re.split(r"(?<!/)/(?!/)", self.block.category)]
        segments = [part.replace("//", "/") for part in segments if part not in {"", "$course$", "$system$", "$module$", "top"}]
        bare = Draft(
            external_id=self.block.name,
            topic=segments[-1] if segments else "",
            tags=(*self.block.tags, *segments[:-1]),
            source=reveal(title[1])[:300] if title else "",
        )
        self._answers(text[begin + 1 : end].strip(), text[:begin], text[end + 1 :], bare)

    def _marked(self, text: str) -> str:
        """Note the markup that the text names, and return the text behind the name."""
        named = _MARKUP.match(text)
        if not named:
            return text
        self.markup = named[1].lower()
        if self.markup == "markdown":
            self.place.lose("Markdown 标记按原文保留，不再排版")
        return text[named.end() :]

    def _words(self, text: str) -> str:
        words = reveal(text)
        if self.markup == "html" or (self.markup == "moodle" and _HTML.search(words)):
            return self.words.of_html(words if self.markup == "html" else words.replace("\n", "<br>"))
        return self.words.of_plain(words)

    def _answer_words(self, text: str) -> str:
        """An answer may name a markup of its own."""
        markup = self.markup
        words = self._words(self._marked(text))
        self.markup = markup
        return words

    def _stem(self, before: str, after: str, gap: str = "", *, always: bool = False) -> str:
        """Return the stem with the gap where the braces stood; a gap at the end is shown when it is to be filled in, on the line for it."""
        if always and not after.strip() and len(_LINE_TO_FILL.findall(before)) == 1:
            before, after = _LINE_TO_FILL.split(before)
        if not after.strip() and not always:
            return self._words(before)
        return self._words(f"{before}{_GAP}{after}").replace(_GAP, gap).strip()

    def _answers(self, body: str, before: str, after: str, bare: Draft) -> None:
        body, _, general = body.partition("####")
        body = _REMARK.sub("", body).strip()
        bare = replace(bare, explanation=self._answer_words(general))
        if not body:
            self.place.keep(replace(bare, type=ItemType.SHORT_TEXT, stem=self._stem(before, after, "_____")))
        elif body.startswith("#"):
            self._number(body[1:].strip(), replace(bare, stem=self._stem(before, after, "[[1]]", always=True)))
        elif judged := _JUDGEMENT.match(body) or _JUDGEMENT.match(_BEHIND.sub("", body).strip()):
            self.place.keep(self._judgement(judged, replace(bare, stem=self._stem(before, after, "_____"))))
        elif "~" in body:
            self._choice(body, replace(bare, stem=self._stem(before, after, "_____")))
        elif body.startswith("=") and "->" in body:
            self._matching(body, replace(bare, stem=self._stem(before, after, "_____")))
        else:
            self._fill_in(body, replace(bare, stem=self._stem(before, after, "[[1]]", always=True)))

    def _judgement(self, judged: re.Match[str], bare: Draft) -> Draft:
        true = judged[1].upper().startswith("T")
        wrong, _, right = (judged[2] or "").partition("#")
        # GIFT gives the feedback for the wrong response first.
        explanations = (right, wrong) if true else (wrong, right)
        return replace(bare, type=ItemType.TRUE_FALSE, key=(0 if true else 1,), option_explanations=tuple(map(self._answer_words, explanations)))

    def _choice(self, body: str, bare: Draft) -> None:
        if not body.startswith(("=", "~")):
            self.place.refuse("block_unreadable", bare.stem, self.block.name)
            return
        options, explanations, points = list[str](), list[str](), list[float]()
        answers = _ANSWER.findall(body)
        for sign, weight, words in answers:
            text, _, feedback = words.partition("#")
            options.append(self._answer_words(text))
            explanations.append(self._answer_words(feedback))
            points.append(float(weight) if weight else 100.0 if sign == "=" else 0.0)
        single = any(sign == "=" for sign, _weight, _words in answers)
        kind, key = (ItemType.SINGLE, weights.of_single(points)) if single else (ItemType.MULTIPLE, weights.of_multiple(points))
        if told := weights.lost(points, key, ours=self.block.is_whole):
            self.place.lose(told)
        self.place.keep(replace(bare, type=kind, options=tuple(options), option_explanations=tuple(explanations), key=key))

    def _full(self, body: str) -> list[str]:
        """Return the answers that get full points; the others, and the feedback of each, are told."""
        answers = _ANSWER.findall(body if body.startswith("=") else f"={body}")
        full, explained = [], False
        for sign, weight, words in answers:
            text, _, feedback = words.partition("#")
            explained = explained or bool(feedback.strip())
            if text.strip() in {"", "*"} and (sign == "~" or (weight and not float(weight))):
                continue  # only says what is told of every other answer
            if sign == "~" or (weight and float(weight) < 100):
                self.place.lose(f"部分得分的答案“{reveal(text)[:60]}”（{weight or 0}%）未保留")
            else:
                full.append(text)
        if explained:
            self.place.lose("各答案的反馈未保留")
        return full

    def _fill_in(self, body: str, bare: Draft) -> None:
        accepted = [reveal(self._marked(text)) for text in self._full(body)]
        if any("*" in text for text in accepted):
            self.place.lose("答案中的通配符 * 按原文比较")
        if not any(accepted):
            self.place.refuse("no_full_answer", bare.stem, self.block.name)
            return
        self.place.keep(replace(bare, type=ItemType.FILL_IN, blanks=(Blank(tuple(accepted)),)))

    def _number(self, body: str, bare: Draft) -> None:
        ranges = [numbers.read_range(reveal(text)) for text in self._full(body)]
        known = [each for each in ranges if each is not None]
        if len(known) < len(ranges) or not known:
            self.place.refuse("block_unreadable" if ranges else "no_full_answer", bare.stem, self.block.name)
        elif len(set(known)) > 1:
            self.place.refuse("numbers_unsupported", bare.stem, self.block.name)
        else:
            self.place.keep(replace(bare, type=ItemType.FILL_IN, blanks=(numbers.blank(*known[0]),)))

    def _matching(self, body: str, bare: Draft) -> None:
        pairs = []
        for _sign, _weight, words in _ANSWER.findall(body):
            left, arrow, right = words.partition("->")
            if not arrow:
                self.place.refuse("block_unreadable", bare.stem, self.block.name)
                return
            pairs.append((self._answer_words(left), self._answer_words(right)))
        self.place.keep(matching(bare, pairs))


def matching(bare: Draft, pairs: list[tuple[str, str]]) -> Draft:
    """Return a matching item of pairs; an option without a prompt matches nothing."""
    options = list(dict.fromkeys(right for _left, right in pairs))
    asked = [(left, right) for left, right in pairs if left]
    return replace(
        bare,
        type=ItemType.MATCHING,
        prompts=tuple(left for left, _right in asked),
        options=tuple(options),
        key=tuple(options.index(right) for _left, right in asked),
    )
