"""A QTI 2.0 to 3.0 item: its body, its one kind of interaction, its feedback; or the reason why it is none of ours."""

import copy
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from lxml import etree

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, decimal
from question_bank.domain.item import Blank, ItemType
from question_bank.domain.notation import means
from question_bank.formats import composite, gaps, pairing, qti_vocabulary
from question_bank.formats.findings import Place
from question_bank.formats.foreign_html import Source, Special, Words
from question_bank.formats.qti_scoring import Scoring
from question_bank.formats.xml_tree import attribute, every, first, local, text_of

_PARTS = frozenset({"simpleChoice", "simpleMatchSet", "simpleAssociableChoice", "gapText", "gapImg", "inlineChoice", "label"})
_EXPLAINED = ("simpleChoice", "hottext")  # options that keep an explanation of their own
_FEEDBACK = frozenset({"feedbackInline", "feedbackBlock"})
_JUDGED = re.compile(r"true|false|t|f|正确|错误|对|错|√|×|是|否", re.IGNORECASE)
_LIMITS = {"maxStrings": "分几处作答的设定", "minStrings": "至少作答几处的限制"}
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
        self.run: Sequence[etree._Element] = ()  # what is asked
        self.is_part = False  # of an item that asks several things
        self.frame = ""  # the words around it, in an item that asks several things
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
        if len(found) > 1 and (media := [each for each in found if local(each) == "mediaInteraction"]):
            self.place.lose("媒体（mediaInteraction）未保留")
            found = [each for each in found if each not in media] or media[:1]
        reasons = {qti_vocabulary.REASONS.get(local(each), "unknown_interaction") for each in found if local(each) not in self._readers}
        if reasons and all(local(each) not in self._readers for each in found):
            self.refuse(min(reasons))
            return
        self._settings()
        runs = composite.runs(found, lambda each: local(each) in qti_vocabulary.INLINE)
        if len(runs) == 1:
            self._read_run(runs[0])
        else:
            self._divide(runs)

    def _read_run(self, run: Sequence[etree._Element]) -> None:
        """Read what is asked together: one interaction, or the gaps of a text."""
        self.run = run
        kind = local(run[0])
        if reader := self._readers.get(kind):
            reader(self, run[0])
        else:
            self.refuse(qti_vocabulary.REASONS.get(kind, "unknown_interaction"))

    def _divide(self, runs: Sequence[Sequence[etree._Element]]) -> None:
        """Read each run as an item of its own, behind the words that belong to it and those that belong to all."""
        numbers = {element: number for number, element in enumerate(each for run in runs for each in run)}

        def signed(element: etree._Element) -> str | None:
            if element not in numbers:
                return None
            return composite.sign(numbers[element]) if local(element) in qti_vocabulary.INLINE else f"\n{composite.sign(numbers[element])}\n"

        body = self._stem(signed)
        worded = [bool(self.words.of_tree(run[0], self._special(lambda element: "" if local(element) == "gap" else None))) for run in runs]
        frames = composite.frames(body, [[numbers[each] for each in run] for run in runs], worded)
        for (place, bare), run, frame in zip(gaps.divided(self.place, self.bare, len(runs)), runs, frames, strict=True):
            part = copy.copy(self)
            part.place, part.bare, part.is_part, part.frame, part.feedback = place, bare, True, frame, list(self.feedback)
            part._read_run(run)

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
        special = self._special(gap)
        if self.frame:
            is_gap = local(self.run[0]) in qti_vocabulary.INLINE
            return self.frame if is_gap else composite.filled(self.frame, self.words.of_tree(self.run[0], special))
        shared = [self._stimulus(each, special) for each in self.root if local(each) == "assessmentStimulusRef"]
        return "\n".join(filter(None, (*shared, "" if self.body is None else self.words.of_tree(self.body, special))))

    def _special(self, gap: Callable[[etree._Element], str | None]) -> Special:
        """Return what stands in place of the elements of a body that are no words of the stem."""

        def special(element: etree._Element) -> str | None:
            name = local(element)
            if name in _FEEDBACK:
                self.feedback.append((attribute(element, "identifier"), self.words.of_tree(element)))
                return ""
            if name == "rubricBlock" and not set(attribute(element, "view").split() or [""]) & _LEARNER:
                self._rubric(element)
                return ""
            if name in _PARTS or name in {"endAttemptInteraction", "mediaInteraction"}:
                return ""
            if name in {"printedVariable", "infoControl", "templateBlock", "templateInline"}:
                self.place.lose(f"<{name}> 未保留")
                return ""
            return gap(element)

        return special

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
        """Return the explanation of the item and of its options; feedback named like an option of one part only belongs to it."""
        notes = [*self.feedback]
        notes += [(attribute(each, "identifier"), self.words.of_tree(each)) for each in self.root if local(each) == "modalFeedback"]
        asked = Counter(attribute(each, "identifier") for each in every(self.body, *_EXPLAINED)) if self.is_part and self.body is not None else {}
        overall = []
        for name, words in notes:
            if asked.get(name, 0) > 1 and words:  # nothing says of which part
                self.place.lose("反馈没有写明属于哪一问，拆开后每道题都作为解析保留")
                overall.append(words)
            elif name in names:
                at = names.index(name)
                explained[at] = "\n".join(filter(None, (explained[at], words)))
            elif words and name not in asked:
                overall.append(words)
        if len(overall) > 1:
            self.place.lose("按作答情况分别显示的反馈合并为一段解析")
        return "\n".join(dict.fromkeys(overall)), tuple(explained)

    # The interactions

    def _choice(self, interaction: etree._Element) -> None:
        names, options, explained = self._choices(interaction)
        self._chosen(interaction, names, options, explained, self._stem())

    def _hottext(self, interaction: etree._Element) -> None:
        """Read words to be chosen in a text: the text with the words marked, and the words as options."""
        names, words, explained = self._choices(interaction, "hottext")
        is_doubtful = len(set(words)) < len(words)
        options = [f"（{at}）{each}" if is_doubtful else each for at, each in enumerate(words, start=1)]
        shown = {name: f"（{at}）<u>{each}</u>" if is_doubtful else f"<u>{each}</u>" for at, (name, each) in enumerate(zip(names, words, strict=True), start=1)}
        self.place.lose("在文中点选文字（hottext）按选择题导入：可选的文字在题干中加下划线")
        stem = self._stem(lambda element: shown.get(attribute(element, "identifier")) if local(element) == "hottext" else None)
        self._chosen(interaction, names, options, explained, stem)

    def _slider(self, interaction: etree._Element) -> None:
        """Read a slider as a number to be written."""
        blank = self.scoring.blank(self.scoring.of(interaction))
        if isinstance(blank, str):
            self.refuse(blank)
            return
        low, high = attribute(interaction, "lowerBound"), attribute(interaction, "upperBound")
        self.place.lose(f"滑块按填数导入，范围（{low[:20]} 到 {high[:20]}）未保留")
        stem = f"{self._stem()} [[1]]"
        explanation, _each = self._explained([], [])
        self.place.keep(replace(self.bare, type=ItemType.FILL_IN, stem=stem, blanks=(blank,), explanation=explanation))

    def _chosen(self, interaction: etree._Element, names: list[str], options: list[str], explained: list[str], stem: str) -> None:
        declared = self.scoring.of(interaction)
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
        """Keep what is paired, from the side that pairs off one by one, or from one where everything has partners."""
        if not pairs or any(one not in left or other not in right for one, other in pairs):
            self.refuse("scoring_unsupported")
            return
        turned = [(other, one) for one, other in pairs]

        def lacking(side: tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]) -> tuple[int, int]:
            return len(set(side[0]) - {one for one, _ in side[2]}), len(side[2]) - len(side[0])

        prompts, options, wanted = min(((left, right, pairs), (right, left, turned)), key=lacking)
        partners = {name: [list(options).index(other) for one, other in wanted if one == name] for name in prompts}
        if alone := [words for name, words in prompts.items() if not partners[name]]:
            self.place.lose(f"没有对应选项的条目“{'、'.join(alone)[:60]}”未导入")
        stem = self._stem()
        explanation, _each = self._explained([], [])
        asked = [name for name in prompts if partners[name]]
        bare = replace(self.bare, stem=stem, explanation=explanation)
        pairing.keep(self.place, bare, [prompts[name] for name in asked], list(options.values()), [partners[name] for name in asked])

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
        stem = self._stem(lambda element: composite.sign(0) if local(element) == "gap" else None)
        names, options = list(words), tuple(words.values())
        self._gapped(stem, [gaps.Listed(options, (names.index(filled[gap]),)) for gap in found])

    def _gaps(self, _first: etree._Element) -> None:
        """Read the gaps of a text: to be written, or to be filled from lists."""
        held: list[Blank | gaps.Listed] = []
        for interaction in self.run:
            gap = self._listed(interaction) if local(interaction) == "inlineChoiceInteraction" else self._blank(interaction)
            if isinstance(gap, str):
                self.refuse(gap)
                return
            held.append(gap)
        worth = [self.scoring.most(self.scoring.of(interaction)) for interaction in self.run]
        if len(set(worth)) > 1:
            self.place.lose(f"各空的分值（{'、'.join('未写' if each is None else f'{each:g}' for each in worth)}）未保留，分值平分")
        self._gapped(self._stem(lambda element: composite.sign(0) if element in self.run else None), held)

    def _listed(self, interaction: etree._Element) -> gaps.Listed:
        names, texts, explained = self._choices(interaction, "inlineChoice")
        key = self.scoring.choices(self.scoring.of(interaction), names, single=True)
        return gaps.Listed(tuple(texts), key, explained=tuple(explained))

    def _blank(self, interaction: etree._Element) -> Blank | str:
        if shown := attribute(interaction, "placeholderText"):
            self.place.lose(f"输入框里的提示（{shown[:60]}）未保留")
        if mask := attribute(interaction, "patternMask"):
            self.place.lose(f"输入格式的限制（patternMask {mask[:60]}）未保留")
        return self.scoring.blank(self.scoring.of(interaction))

    def _gapped(self, stem: str, held: Sequence[Blank | gaps.Listed]) -> None:
        explanation, _each = self._explained([], [])
        gaps.keep(self.place, replace(self.bare, explanation=explanation), composite.SIGNS.split(stem)[::2], held)

    def _extended_text(self, interaction: etree._Element) -> None:
        declared = self.scoring.of(interaction)
        for name, told in _LIMITS.items():
            if (number := attribute(interaction, name)) not in {"", "0", "1"}:
                self.place.lose(f"{told}（{name} {number[:20]}）未保留")
        stem = self._stem()
        explanation, _each = self._explained([], [])
        model = "\n".join(filter(None, (self.model, *map(self.words.of_plain, declared.correct))))
        self.place.keep(replace(self.bare, type=ItemType.SHORT_TEXT, stem=stem, model=model, explanation=explanation))

    _readers: ClassVar[dict[str, Callable[["Item", etree._Element], None]]] = {
        "choiceInteraction": _choice,
        "orderInteraction": _order,
        "matchInteraction": _match,
        "associateInteraction": _associate,
        "gapMatchInteraction": _gap_match,
        "extendedTextInteraction": _extended_text,
        "hottextInteraction": _hottext,
        "sliderInteraction": _slider,
        **dict.fromkeys(qti_vocabulary.INLINE, _gaps),
    }
