"""A QTI 2.0 to 3.0 item: its one kind of interaction, or several as items of their own; or the reason why it is none of ours."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from lxml import etree

from question_bank.domain.item import Blank, ItemType
from question_bank.formats import composite, gaps, pairing, qti_vocabulary
from question_bank.formats.qti_body import Body
from question_bank.formats.xml_tree import attribute, every, local

_LIMITS = {"maxStrings": "分几处作答的设定", "minStrings": "至少作答几处的限制"}


class Item(Body):
    """Reads one item."""

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
        self.lose_settings()
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

        body = self.stem(signed)
        worded = [bool(self.words.of_tree(run[0], self.special(lambda element: "" if local(element) == "gap" else None))) for run in runs]
        frames = composite.frames(body, [[numbers[each] for each in run] for run in runs], worded)
        for (place, bare), run, frame in zip(gaps.divided(self.place, self.bare, len(runs)), runs, frames, strict=True):
            part = copy.copy(self)
            part.place, part.bare, part.is_part, part.frame, part.feedback = place, bare, True, frame, list(self.feedback)
            part._read_run(run)

    # The interactions

    def _choice(self, interaction: etree._Element) -> None:
        names, options, explained = self.choices(interaction)
        self._chosen(interaction, names, options, explained, self.stem())

    def _hottext(self, interaction: etree._Element) -> None:
        """Read words to be chosen in a text: the text with the words marked, and the words as options."""
        names, words, explained = self.choices(interaction, "hottext")
        is_doubtful = len(set(words)) < len(words)
        options = [f"（{at}）{each}" if is_doubtful else each for at, each in enumerate(words, start=1)]
        shown = {name: f"（{at}）<u>{each}</u>" if is_doubtful else f"<u>{each}</u>" for at, (name, each) in enumerate(zip(names, words, strict=True), start=1)}
        self.place.lose("在文中点选文字（hottext）按选择题导入：可选的文字在题干中加下划线")
        stem = self.stem(lambda element: shown.get(attribute(element, "identifier")) if local(element) == "hottext" else None)
        self._chosen(interaction, names, options, explained, stem)

    def _slider(self, interaction: etree._Element) -> None:
        """Read a slider as a number to be written."""
        blank = self.scoring.blank(self.scoring.of(interaction))
        if isinstance(blank, str):
            self.refuse(blank)
            return
        low, high = attribute(interaction, "lowerBound"), attribute(interaction, "upperBound")
        self.place.lose(f"滑块按填数导入，范围（{low[:20]} 到 {high[:20]}）未保留")
        stem = f"{self.stem()} [[1]]"
        explanation, _each = self.explained([], [])
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
        kind = qti_vocabulary.chosen(options) if single else ItemType.MULTIPLE
        explanation, each = self.explained(names, explained)
        self.place.keep(replace(self.bare, type=kind, stem=stem, options=tuple(options), key=key, explanation=explanation, option_explanations=each))

    def _order(self, interaction: etree._Element) -> None:
        declared = self.scoring.of(interaction)
        names, options, explained = self.choices(interaction)
        if not declared.correct:
            self.refuse("scoring_unsupported")
        elif sorted(declared.correct) != sorted(names):
            self.refuse("order_unsupported")
        else:
            key = tuple(names.index(value) for value in declared.correct)
            stem = self.stem()
            explanation, each = self.explained(names, explained)
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
        stem = self.stem()
        explanation, _each = self.explained([], [])
        asked = [name for name in prompts if partners[name]]
        bare = replace(self.bare, stem=stem, explanation=explanation)
        pairing.keep(self.place, bare, [prompts[name] for name in asked], list(options.values()), [partners[name] for name in asked])

    def _associate(self, interaction: etree._Element) -> None:
        names, texts, _explained = self.choices(interaction, "simpleAssociableChoice")
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
        stem = self.stem(lambda element: composite.sign(0) if local(element) == "gap" else None)
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
        self._gapped(self.stem(lambda element: composite.sign(0) if element in self.run else None), held)

    def _listed(self, interaction: etree._Element) -> gaps.Listed:
        names, texts, explained = self.choices(interaction, "inlineChoice")
        key = self.scoring.choices(self.scoring.of(interaction), names, single=True)
        return gaps.Listed(tuple(texts), key, explained=tuple(explained))

    def _blank(self, interaction: etree._Element) -> Blank | str:
        if shown := attribute(interaction, "placeholderText"):
            self.place.lose(f"输入框里的提示（{shown[:60]}）未保留")
        if mask := attribute(interaction, "patternMask"):
            self.place.lose(f"输入格式的限制（patternMask {mask[:60]}）未保留")
        return self.scoring.blank(self.scoring.of(interaction))

    def _gapped(self, stem: str, held: Sequence[Blank | gaps.Listed]) -> None:
        explanation, _each = self.explained([], [])
        gaps.keep(self.place, replace(self.bare, explanation=explanation), composite.SIGNS.split(stem)[::2], held)

    def _extended_text(self, interaction: etree._Element) -> None:
        declared = self.scoring.of(interaction)
        for name, told in _LIMITS.items():
            if (number := attribute(interaction, name)) not in {"", "0", "1"}:
                self.place.lose(f"{told}（{name} {number[:20]}）未保留")
        stem = self.stem()
        explanation, _each = self.explained([], [])
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
