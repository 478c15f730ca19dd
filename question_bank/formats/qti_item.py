"""A QTI 2.0 to 3.0 item: its body, its one kind of interaction, its feedback; or the reason why it is none of ours."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lxml import etree

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, decimal
from question_bank.domain.item import ItemType
from question_bank.domain.notation import means
from question_bank.formats import gaps, qti_vocabulary
from question_bank.formats.findings import Place
from question_bank.formats.foreign_html import Source, Words
from question_bank.formats.qti_scoring import Scoring
from question_bank.formats.xml_tree import attribute, every, first, local, text_of

_SIGN = "\u2063{}\u2063"
_CUT = re.compile("\u2063\\d+\u2063")
_PARTS = frozenset({"simpleChoice", "simpleMatchSet", "simpleAssociableChoice", "gapText", "gapImg", "inlineChoice", "label"})
_FEEDBACK = frozenset({"feedbackInline", "feedbackBlock"})
_JUDGED = re.compile(r"true|false|t|f|正确|错误|对|错|√|×|是|否", re.IGNORECASE)
_LEARNER = frozenset({"candidate", ""})


@dataclass(frozen=True, slots=True)
class Known:
    """What stands beside an item in its package."""

    topic: str = ""
    level: str = ""
    difficulty: float | None = None
    tags: tuple[str, ...] = ()
    stimulus: Callable[[str], etree._Element | None] = lambda _name: None


class Item:
    """Reads one item."""

    def __init__(self, root: etree._Element, place: Place, files: Source, known: Known) -> None:
        self.root, self.place, self.known = root, place, known
        self.words = Words(place, files)
        self.body = first(root, "itemBody")
        self.scoring = Scoring(root, place)
        self.model = ""
        self.feedback: list[tuple[str, str]] = []  # identifier and words, of blocks that are shown afterwards
        self._number = 0
        self.bare = Draft(
            external_id=attribute(root, "identifier"),
            source="" if attribute(root, "title") == attribute(root, "identifier") else attribute(root, "title")[:300],
            topic=known.topic,
            level=known.level,
            difficulty=DEFAULT_DIFFICULTY if known.difficulty is None else known.difficulty,
            tags=known.tags,
            points=self._points(),
        )

    def _points(self) -> int | None:
        """Return the most points that the item gives, when it says so."""
        for element in self.root:
            if local(element) == "outcomeDeclaration" and attribute(element, "identifier") in {"MAXSCORE", "SCORE"}:
                most = decimal(attribute(element, "normalMaximum"))
                if most is None and attribute(element, "identifier") == "MAXSCORE":
                    most = decimal(text_of(first(element, "defaultValue")))
                if most is not None and most > 0 and most * 100 == int(most * 100):
                    return int(most * 100)
        return None

    def refuse(self, code: str) -> None:
        """Refuse the item; what it asks is told so far as it can be read."""
        words = "" if self.body is None else " ".join(text_of(self.body).split())[:200]
        self.place.refuse(code, words or self.bare.source, self.bare.external_id)

    def read(self) -> None:
        """Read the item or refuse it."""
        if attribute(self.root, "adaptive").lower() == "true":
            self.refuse("adaptive_item")
        elif any(local(each) in {"templateDeclaration", "templateProcessing"} for each in self.root):
            self.refuse("template_item")
        elif self.body is None or not (found := qti_vocabulary.interactions(self.body)):
            self.refuse("no_interaction")
        else:
            self._ask(found)

    def _ask(self, found: list[etree._Element]) -> None:
        kinds = {local(each) for each in found}
        kind = next(iter(kinds))
        if foreign := kinds - qti_vocabulary.READ:
            self.refuse(qti_vocabulary.REASONS.get(min(foreign), "unknown_interaction"))
        elif len(kinds) > 1 or (len(found) > 1 and kind not in {"textEntryInteraction", "inlineChoiceInteraction"}):
            self.refuse("several_interactions")
        else:
            self._settings()
            readers: dict[str, Callable[[etree._Element], None]] = {
                "choiceInteraction": self._choice,
                "orderInteraction": self._order,
                "matchInteraction": self._match,
                "associateInteraction": self._associate,
                "gapMatchInteraction": self._gap_match,
                "extendedTextInteraction": self._extended_text,
            }
            if kind == "textEntryInteraction":
                self._text_entries(found)
            elif kind == "inlineChoiceInteraction":
                self._inline_choices(found)
            else:
                readers[kind](found[0])

    def _settings(self) -> None:
        """Name what the item says of itself and the bank does not keep."""
        for element in self.root:
            match local(element):
                case "stylesheet":
                    self.place.lose(f"样式表未保留（{attribute(element, 'href')[:100]}）")
                case "companionMaterialsInfo" | "catalogInfo" | "apipAccessibility" | "contextDeclaration" as name:
                    self.place.lose(f"<{name}> 未保留")
        if attribute(self.root, "timeDependent").lower() == "true":
            self.place.lose("计时的设定未保留")
        if self.body is not None and every(self.body, "endAttemptInteraction"):
            self.place.lose("提示或结束作答的按钮未保留")

    # The body

    def _stem(self, gap: Callable[[etree._Element], str | None] = lambda _element: None) -> str:
        """Return the stem; `gap` says what stands in place of an element."""
        if self.body is None:
            return ""

        def special(element: etree._Element) -> str | None:
            name = local(element)
            if name in _FEEDBACK:
                self.feedback.append((attribute(element, "identifier"), self.words.of_tree(element)))
                return ""
            if name == "rubricBlock" and not set(attribute(element, "view").split() or [""]) & _LEARNER:
                self._rubric(element)
                return ""
            if name in _PARTS or name == "endAttemptInteraction":
                return ""
            if name in {"printedVariable", "infoControl", "templateBlock", "templateInline"}:
                self.place.lose(f"<{name}> 未保留")
                return ""
            return gap(element)

        shared = [self._stimulus(each, special) for each in self.root if local(each) == "assessmentStimulusRef"]
        return "\n".join(filter(None, (*shared, self.words.of_tree(self.body, special))))

    def _stimulus(self, reference: etree._Element, special: Callable[[etree._Element], str | None]) -> str:
        href = attribute(reference, "href")
        held = self.known.stimulus(href)
        body = first(held, "stimulusBody")
        if body is None:
            self.place.lose(f"共用材料未导入（{href[:100]}）")
            return ""
        return self.words.of_tree(body, special)

    def _rubric(self, element: etree._Element) -> None:
        if any(local(each) == "extendedTextInteraction" for each in qti_vocabulary.interactions(self.body if self.body is not None else element)):
            self.model = "\n".join(filter(None, (self.model, self.words.of_tree(element))))
        else:
            self.place.lose(f"给{attribute(element, 'view')}看的说明（rubricBlock）未保留")

    def _choices(self, interaction: etree._Element, name: str = "simpleChoice") -> tuple[list[str], list[str], list[str]]:
        """Return identifiers, words and explanations of the choices."""
        names, texts, explained = list[str](), list[str](), list[str]()
        for choice in every(interaction, name):
            notes: list[str] = []

            def special(element: etree._Element, notes: list[str] = notes) -> str | None:
                if local(element) in _FEEDBACK:
                    notes.append(self.words.of_tree(element))
                    return ""
                return None

            names.append(attribute(choice, "identifier"))
            texts.append(self.words.of_tree(choice, special))
            explained.append("\n".join(filter(None, notes)))
            if attribute(choice, "fixed").lower() == "true":
                self.place.lose("选项位置固定（fixed）的设定未保留")
            if attribute(choice, "templateIdentifier"):
                self.place.lose("选项按模板显示的设定未保留")
        if attribute(interaction, "shuffle").lower() == "false":
            self.place.lose("不打乱选项（shuffle）的设定未保留")
        return names, texts, explained

    def _explained(self, names: list[str], explained: list[str]) -> tuple[str, tuple[str, ...]]:
        """Return the explanation of the item and of its options; feedback named like an option belongs to it."""
        notes = [*self.feedback]
        notes += [(attribute(each, "identifier"), self.words.of_tree(each)) for each in self.root if local(each) == "modalFeedback"]
        overall = []
        for name, words in notes:
            if name in names:
                at = names.index(name)
                explained[at] = "\n".join(filter(None, (explained[at], words)))
            elif words:
                overall.append(words)
        if len(overall) > 1:
            self.place.lose("按作答情况分别显示的反馈合并为一段解析")
        return "\n".join(dict.fromkeys(overall)), tuple(explained)

    # The interactions

    def _choice(self, interaction: etree._Element) -> None:
        declared = self.scoring.of(interaction)
        names, options, explained = self._choices(interaction)
        most, least = attribute(interaction, "maxChoices", "1"), attribute(interaction, "minChoices", "0")
        single = not declared.is_multiple or (most == "1" and len(declared.correct) < 2)
        if not single and most.isdecimal() and 1 < int(most) < len(options):
            self.place.lose(f"最多选 {most} 项的限制未保留")
        if least.isdecimal() and int(least) > 1:
            self.place.lose(f"至少选 {least} 项的限制未保留")
        key = self.scoring.choices(declared, names, single=single)
        kind = ItemType.SINGLE if single else ItemType.MULTIPLE
        if single and len(options) == 2 and all(map(_JUDGED.fullmatch, options)) and {means(option) for option in options} == {True, False}:
            kind = ItemType.TRUE_FALSE
        stem = self._stem()
        explanation, each = self._explained(names, explained)
        self.place.keep(replace(self.bare, type=kind, stem=stem, options=tuple(options), key=key, explanation=explanation, option_explanations=each))

    def _order(self, interaction: etree._Element) -> None:
        declared = self.scoring.of(interaction)
        names, options, explained = self._choices(interaction)
        if not declared.correct:
            self.refuse("scoring_unsupported")
        elif sorted(declared.correct) != sorted(names):
            self.refuse("order_unsupported")
        else:
            key = tuple(names.index(value) for value in declared.correct)
            stem = self._stem()
            explanation, each = self._explained(names, explained)
            self.place.keep(
                replace(self.bare, type=ItemType.ORDERING, stem=stem, options=tuple(options), key=key, explanation=explanation, option_explanations=each)
            )

    def _match(self, interaction: etree._Element) -> None:
        sets = every(interaction, "simpleMatchSet")
        if len(sets) != 2:
            self.refuse("unknown_interaction")
            return
        left, right = ({attribute(each, "identifier"): self.words.of_tree(each) for each in every(held, "simpleAssociableChoice")} for held in sets)
        pairs = [pair if pair[0] in left else pair[::-1] for pair in self.scoring.pairs(self.scoring.of(interaction))]
        if attribute(interaction, "shuffle").lower() == "false":
            self.place.lose("不打乱选项（shuffle）的设定未保留")
        self._matched(left, right, pairs)

    def _matched(self, left: dict[str, str], right: dict[str, str], pairs: list[tuple[str, str]]) -> None:
        """Keep a matching item if either side pairs off one by one."""
        if any(one not in left or other not in right for one, other in pairs):
            self.refuse("scoring_unsupported")
            return
        if sorted(one for one, _ in pairs) != sorted(left):
            left, right, pairs = right, left, [(other, one) for one, other in pairs]
        if not pairs:
            self.refuse("scoring_unsupported")
        elif sorted(one for one, _ in pairs) != sorted(left):
            self.refuse("pairs_unsupported")
        else:
            wanted, names = dict(pairs), list(right)
            key = tuple(names.index(wanted[name]) for name in left)
            stem = self._stem()
            explanation, _each = self._explained([], [])
            prompts, options = tuple(left.values()), tuple(right.values())
            matched = replace(self.bare, type=ItemType.MATCHING, stem=stem, prompts=prompts, options=options, key=key, explanation=explanation)
            self.place.keep(matched)

    def _associate(self, interaction: etree._Element) -> None:
        names, texts, _explained = self._choices(interaction, "simpleAssociableChoice")
        pairs = self.scoring.pairs(self.scoring.of(interaction))
        used = [name for pair in pairs for name in pair]
        if not pairs or len(set(used)) < len(used) or set(used) - set(names):
            self.refuse("pairs_unsupported" if pairs else "scoring_unsupported")
            return
        self.place.lose("两两连线（associate）按匹配题导入：每对的前一项为题目，后一项为选项")
        held = dict(zip(names, texts, strict=True))
        lefts = [one for one, _ in pairs]
        self._matched({one: held[one] for one in lefts}, {name: held[name] for name in names if name not in lefts}, pairs)

    def _gap_match(self, interaction: etree._Element) -> None:
        words = {attribute(each, "identifier"): self.words.of_tree(each) for each in every(interaction, "gapText", "gapImg")}
        filled = {gap: name for name, gap in self.scoring.pairs(self.scoring.of(interaction))}
        found = [attribute(each, "identifier") for each in every(interaction, "gap")]
        if not found or any(filled.get(gap) not in words for gap in found):
            self.refuse("scoring_unsupported")
            return
        stem = self._stem(lambda element: self._sign() if local(element) == "gap" else None)
        self._gapped(stem, [list(words.values())] * len(found), [words[filled[gap]] for gap in found])

    def _inline_choices(self, found: list[etree._Element]) -> None:
        lists, right = [], []
        for interaction in found:
            names, texts, _explained = self._choices(interaction, "inlineChoice")
            key = self.scoring.choices(self.scoring.of(interaction), names, single=True)
            if len(key) != 1:
                self.refuse("scoring_unsupported")
                return
            lists.append(texts)
            right.append(texts[key[0]])
        self._gapped(self._stem(lambda element: self._sign() if local(element) == "inlineChoiceInteraction" else None), lists, right)

    def _sign(self) -> str:
        self._number += 1
        return _SIGN.format(self._number)

    def _gapped(self, stem: str, lists: list[list[str]], right: list[str]) -> None:
        explanation, _each = self._explained([], [])
        gaps.keep(self.place, replace(self.bare, explanation=explanation), _CUT.split(stem), lists, right)

    def _text_entries(self, found: list[etree._Element]) -> None:
        blanks = []
        for interaction in found:
            blank = self.scoring.blank(self.scoring.of(interaction))
            if isinstance(blank, str):
                self.refuse(blank)
                return
            if mask := attribute(interaction, "patternMask"):
                self.place.lose(f"输入格式的限制（patternMask {mask[:60]}）未保留")
            blanks.append(blank)

        def gap(element: etree._Element) -> str | None:
            if local(element) != "textEntryInteraction":
                return None
            self._number += 1
            return f"[[{self._number}]]"

        stem = self._stem(gap)
        explanation, _each = self._explained([], [])
        self.place.keep(replace(self.bare, type=ItemType.FILL_IN, stem=stem, blanks=tuple(blanks), explanation=explanation))

    def _extended_text(self, interaction: etree._Element) -> None:
        declared = self.scoring.of(interaction)
        stem = self._stem()
        explanation, _each = self._explained([], [])
        model = "\n".join(filter(None, (self.model, *map(self.words.of_plain, declared.correct))))
        self.place.keep(replace(self.bare, type=ItemType.SHORT_TEXT, stem=stem, model=model, explanation=explanation))
