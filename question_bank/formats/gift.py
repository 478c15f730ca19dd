"""GIFT, second step: blocks become drafts; what the bank does not keep is named."""

import re
from dataclasses import dataclass, field, replace

from question_bank.domain.draft import Draft, tidy
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import ItemType
from question_bank.formats import rich_text
from question_bank.formats.gift_lexing import Block, blocks, reveal

_TITLE = re.compile(r"^\s*::(.*?)::", re.DOTALL)
_MARKUP = re.compile(r"^\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_ANSWER = re.compile(r"([=~])(?:%(-?\d+(?:\.\d+)?)%)?((?:(?![=~]).)*)", re.DOTALL)
_JUDGEMENT = re.compile(r"^(TRUE|FALSE|T|F)\s*(?:#(.*))?$", re.IGNORECASE | re.DOTALL)


def looks_like(text: str) -> bool:
    """Tell whether the text has at least one block of answers in GIFT's braces."""
    head = text[:200_000]
    return bool(
        re.search(r"(?<!\\)\{\s*(?:[=~#]|(?:T|F|TRUE|FALSE)\s*[#}]|\})", head, re.IGNORECASE)
        or re.search(r"^\s*\$CATEGORY:", head, re.MULTILINE | re.IGNORECASE)
        or re.search(r"^\s*::.+?::", head, re.MULTILINE)
    )


@dataclass(slots=True)
class _Found:
    drafts: list[Draft] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    refused: list[tuple[Draft, Fault]] = field(default_factory=list)


def read(text: str) -> tuple[list[Draft], list[Loss], list[tuple[Draft, Fault]]]:
    """Return drafts, losses, and the blocks that are no item we can read."""
    found = _Found()
    for block in blocks(text):
        _Reader(block, found).read()
    return found.drafts, found.losses, found.refused


class _Reader:
    """Reads one block."""

    def __init__(self, block: Block, found: _Found) -> None:
        self.block, self.found = block, found
        self.place = f"第 {block.line} 行"
        self.html = False

    def read(self) -> None:
        text = self.block.text
        title = _TITLE.match(text)
        text = text[title.end() :] if title else text
        text = self._markup(text)
        begin, end = text.find("{"), text.rfind("}")
        if begin < 0 and end < 0:
            self._lose("没有答案的说明文字，未导入")
            return
        if begin < 0 or end < begin or text.count("{") != 1 or text.count("}") != 1:
            self._refuse("block_unreadable", text)
            return
        rest = text[end + 1 :].strip()
        stem = text[:begin].rstrip() + (" _____ " + rest if rest else "")
        segments = [part.strip() for part in re.split(r"(?<!/)/(?!/)", self.block.category)]
        segments = [part for part in segments if part not in {"", "$course$", "$system$", "top"}]
        bare = Draft(
            place=self.place,
            external_id=self.block.name,
            stem=self._words(stem),
            topic=segments[-1] if segments else "",
            tags=(*self.block.tags, *segments[:-1]),
            source=reveal(title[1])[:300] if title else "",
        )
        self._answers(text[begin + 1 : end].strip(), bare)

    def _markup(self, text: str) -> str:
        named = _MARKUP.match(text)
        if not named:
            return text
        self.html = named[1].lower() == "html"
        if named[1].lower() == "markdown":
            self._lose("Markdown 标记按原文保留，不再排版")
        return text[named.end() :]

    def _answers(self, body: str, bare: Draft) -> None:
        general = ""
        if "####" in body:
            body, general = (part.strip() for part in body.split("####", 1))
        bare = replace(bare, explanation=self._words(general))
        if judged := _JUDGEMENT.match(body):
            self._keep(self._judgement(judged, bare))
        elif not body:
            self._unsupported(bare, ItemType.SHORT_TEXT)
        elif body.startswith("#"):
            self._unsupported(bare, ItemType.FILL_IN)
        elif not body.startswith(("=", "~")):
            self._refuse("block_unreadable", bare.stem)
        elif "~" in body:
            self._keep(self._choice(body, bare))
        else:
            self._unsupported(bare, ItemType.MATCHING if "->" in body else ItemType.FILL_IN)

    def _judgement(self, judged: re.Match[str], bare: Draft) -> Draft:
        true = judged[1].upper().startswith("T")
        wrong, _, right = (judged[2] or "").partition("#")
        # GIFT gives the feedback for the wrong response first.
        explanations = (right, wrong) if true else (wrong, right)
        return replace(bare, type=ItemType.TRUE_FALSE, key=(0 if true else 1,), option_explanations=tuple(map(self._words, explanations)))

    def _choice(self, body: str, bare: Draft) -> Draft:
        options, explanations, weights, marked = list[str](), list[str](), list[float | None](), list[int]()
        for position, (sign, weight, words) in enumerate(_ANSWER.findall(body)):
            text, _, feedback = words.partition("#")
            options.append(self._words(self._option_markup(text)))
            explanations.append(self._words(feedback))
            weights.append(float(weight) if weight else None)
            if sign == "=":
                marked.append(position)
        if marked:
            kind, key = ItemType.SINGLE, marked
            partial = {weight for position, weight in enumerate(weights) if weight and position not in marked}
        else:
            kind, key = ItemType.MULTIPLE, [position for position, weight in enumerate(weights) if weight and weight > 0]
            uneven = len({weights[position] for position in key}) > 1
            partial = {weight for weight in weights if weight and (weight < 0 or uneven)}
        if partial:
            self._lose(f"选项权重 {'、'.join(f'{weight:g}%' for weight in sorted(partial))} 未保留，按题型计分")
        return replace(bare, type=kind, options=tuple(options), option_explanations=tuple(explanations), key=tuple(key))

    def _keep(self, draft: Draft) -> None:
        self.found.drafts.append(tidy(draft))

    def _option_markup(self, text: str) -> str:
        named = _MARKUP.match(text)
        return text[named.end() :] if named else text

    def _words(self, text: str) -> str:
        words = reveal(text)
        if not self.html or not words:
            return words
        lost = rich_text.lost_tags(words)
        if lost:
            self._lose(f"HTML 标记 {'、'.join(lost)} 未保留")
        return rich_text.to_notation(rich_text.from_html(words))

    def _lose(self, what: str) -> None:
        loss = Loss(self.place, what)
        if loss not in self.found.losses[-8:]:
            self.found.losses.append(loss)

    def _unsupported(self, bare: Draft, kind: ItemType) -> None:
        self.found.refused.append((replace(bare, type=kind), fault("type_unsupported", "type")))

    def _refuse(self, code: str, text: str) -> None:
        self.found.refused.append((Draft(place=self.place, stem=reveal(text)[:200]), fault(code)))
