"""QTI 1.2 and its kin (Canvas, Blackboard, WebCT, Respondus): items of questestinterop."""

import re
from collections.abc import Mapping
from dataclasses import replace

from lxml import etree

from question_bank.domain.draft import Draft
from question_bank.domain.item import Blank, ItemType
from question_bank.formats import composite, gaps, pairing, qti_one_blank, qti_one_matching, qti_vocabulary, weights
from question_bank.formats import qti_one_facts as facts
from question_bank.formats.findings import Findings, Place
from question_bank.formats.foreign_html import Source, Words
from question_bank.formats.qti_one_facts import name_of
from question_bank.formats.qti_one_matching import Pairs
from question_bank.formats.qti_one_material import Materials
from question_bank.formats.qti_one_scoring import Rules
from question_bank.formats.xml_tree import Document, attribute, every, first, local, text_of

_REASONS = {
    "file_upload_question": "upload_interaction",
    "calculated_question": "calculated_item",
    "text_only_question": "no_interaction",
    "hot_spot_question": "graphic_interaction",
    "hot spot": "graphic_interaction",
    "calculated": "calculated_item",
    "calculated numeric": "calculated_item",
    "arithmetic": "calculated_item",
    "file upload": "upload_interaction",
}
_ESSAYS = frozenset({"essay_question", "essay", "short response", "short answer/essay", "extended", "long answer", "modified essay"})
_LINE_TO_FILL = re.compile(r"_{3,}")
PARTS = frozenset({"item", "assessment", "section", "objectbank"})
_EXACT = frozenset({"", "Equivalence", "TextEquivalence", "TextInChoices"})  # how Canvas compares a blank as we do


def read_into(found: Findings, document: Document, file: str, files: Source) -> None:
    """Read every item of a document."""
    prefix = f"{file}：" if file else ""
    items = [document.root] if local(document.root) == "item" else every(document.root, "item")
    stimuli = facts.stimuli(items)
    for number, element in enumerate(items, start=1):
        name = attribute(element, "ident") or attribute(element, "title")
        place = found.at(f"{prefix}第 {number} 题（{name[:60]}）" if name else f"{prefix}第 {number} 题")
        item = _Item(element, place, files, stimuli)
        if name in stimuli:
            place.lose("阅读材料已并入依附于它的各题")
        elif document.is_damaged(element):
            item.refuse("xml_damaged")
        else:
            item.read()
    for element in every(document.root, "sourcebank_ref", "selection_ordering"):
        if local(element) == "sourcebank_ref" or every(element, "selection"):
            found.at(f"{file or 'questestinterop'}").lose("随机抽题的设定（selection_ordering）未导入")


class _Item:
    """Reads one item."""

    def __init__(self, element: etree._Element, place: Place, files: Source, stimuli: Mapping[str, etree._Element]) -> None:
        self.element, self.place = element, place
        told = facts.metadata(element)
        self.kind, self.stimulus, self.bare = facts.kind(told), stimuli.get(told.get(facts.PARENT, "")), facts.bare(element, told)
        self.materials = Materials(Words(place, files, tex=True), place)
        self.presentation = first(element, "presentation")
        self.responses = [] if self.presentation is None else [each for each in every(self.presentation, *facts.RESPONSES) if _asks(each)]
        self.rules = Rules(element, place)
        notes = [self.materials.words_of(each) for each in every(element, "interpretvar", "itemproc_extension")]
        self.guidance = list(filter(None, (told.get("grading_notes", ""), *notes)))

    def refuse(self, code: str) -> None:
        """Refuse the item; what it asks is told so far as it can be read."""
        self.place.refuse(code, " ".join(text_of(self.presentation).split())[:200] or self.bare.source, self.bare.external_id)

    def read(self) -> None:
        """Read the item or refuse it."""
        reason = _REASONS.get(self.kind, "") or self._reason()
        if reason:
            self.refuse(reason)
            return
        self._settings()
        lists = [each for each in self.responses if every(each, "render_choice", "ims_render_object")]
        if len(self.responses) == 1 and local(self.responses[0]) == "response_grp" and attribute(self.responses[0], "rcardinality").lower() != "ordered":
            group = self.responses[0]
            pairs = qti_one_matching.of_group(group, self._labels(group), list(self.rules.pairs(name_of(group))))
            self._paired(pairs, [group], "pairs_unsupported")
        elif qti_one_matching.right_sides(self.presentation, self.materials):  # Blackboard
            pairs = qti_one_matching.of_blocks(self.presentation, lists, [self.rules.points(name_of(each)) for each in lists], self.materials)
            self._paired(pairs, qti_one_matching.blocks(self.presentation), "scoring_unsupported")
        elif lists and len(lists) < len(self.responses):
            self.refuse("several_interactions")
        elif self.kind == "categorization_question":
            self._categories(lists)
        elif len(lists) > 1 or (lists and self.kind in {"fill_in_multiple_blanks_question", "matching_question"}):
            self._several(lists)
        elif lists:
            self._choice(lists[0])
        else:
            self._written()

    def _reason(self) -> str:
        if not self.responses:
            return "no_interaction"
        if every(self.element, "render_hotspot", "response_xy"):
            return "graphic_interaction"
        if every(self.element, "render_slider"):
            return "slider_interaction"
        if any(local(each) == "response_extension" for each in self.responses):
            return "unknown_interaction"
        return ""

    def _settings(self) -> None:
        """Name what the item says of itself and the bank does not keep."""
        for name in ("duration", "rubric", "itemrubric", "objectives"):
            if text_of(first(self.element, name)):
                self.place.lose(f"<{name}> 未保留")
        if any(attribute(each, "word_limit_enabled").lower() == "yes" for each in self.responses):
            self.place.lose("作答字数的限制未保留")
        if any(local(each) == "material" and text_of(each) for held in every(self.element, "render_extension") for each in held):
            self.place.lose("选项前后的说明未保留")
        if self.guidance and not self._asks_for_text():
            self.place.lose("给评卷人看的说明未保留")

    def _asks_for_text(self) -> bool:
        return self.kind in _ESSAYS or (
            len(self.responses) == 1 and local(self.responses[0]) == "response_str" and qti_one_blank.is_essay(self.responses[0], self.rules)
        )

    # Feedback

    def _explanations(self, names: list[tuple[str, str]]) -> tuple[str, tuple[str, ...]]:
        """Return the explanation of the item and of its options (each by its response, when there are several, and its label), as the rules show them."""
        explained, overall = [""] * len(names), []
        for feedback in (each for each in self.element if local(each) == "itemfeedback"):
            if every(feedback, "hint"):
                self.place.lose("提示（hint）未保留")
                continue
            words = self.materials.words_of(feedback)
            shown = {(self._among(response), value) for response, value in self.rules.shown_for(attribute(feedback, "ident"))}
            if len(shown) == 1 and (name := next(iter(shown))) in names and len(names) > 1:
                at = names.index(name)
                explained[at] = "\n".join(filter(None, (explained[at], words)))
            elif words:
                overall.append(words)
        if len(overall) > 1:
            self.place.lose("按作答情况分别显示的反馈合并为一段解析")
        return "\n".join(dict.fromkeys(overall)), tuple(explained)

    def _among(self, response: str) -> str:
        """Return the name that tells a response from others; nothing where there are none."""
        return response if len(self.responses) > 1 else ""

    # Lists of options

    def _labels(self, response: etree._Element) -> dict[str, str]:
        for render in every(response, "render_choice", "ims_render_object"):
            if attribute(render, "shuffle").lower() == "no":
                self.place.lose("不打乱选项（shuffle）的设定未保留")
        labels = {attribute(each, "ident"): self.materials.words_of(each) for each in every(response, "response_label")}
        return {name: words for name, words in labels.items() if words} or labels

    def _choice(self, response: etree._Element) -> None:
        labels = self._labels(response)
        names, options = list(labels), tuple(labels.values())
        name, cardinality = name_of(response), attribute(response, "rcardinality", "Single").lower()
        before = self.materials.words_before(response)
        stem = self._stem([response])
        if before and f"[{before}]" not in stem:
            stem = "\n".join(filter(None, (stem, before)))
        if cardinality == "ordered":
            self._ordered(response, names, options, stem)
            return
        single = cardinality != "multiple"
        points = self.rules.points(name)
        key = weights.of_single([points.get(each, 0.0) for each in names]) if single else weights.of_multiple([points.get(each, 0.0) for each in names])
        if told := weights.lost([points.get(each, 0.0) for each in names], key, unit=""):
            self.place.lose(told)
        kind = qti_vocabulary.chosen(options) if single else ItemType.MULTIPLE
        if f"[{name.removeprefix('response_')}]" in stem:
            stem = stem.replace(f"[{name.removeprefix('response_')}]", "_____")
        explanation, each_explained = self._explanations([("", each) for each in names])
        self.place.keep(replace(self.bare, type=kind, stem=stem, options=options, key=key, explanation=explanation, option_explanations=each_explained))

    def _ordered(self, response: etree._Element, names: list[str], options: tuple[str, ...], stem: str) -> None:
        order = self.rules.order(name_of(response), names)
        if sorted(order) != sorted(names):
            self.refuse("order_unsupported" if order else "scoring_unsupported")
            return
        explanation, _each = self._explanations([])
        key = tuple(names.index(name) for name in order)
        self.place.keep(replace(self.bare, type=ItemType.ORDERING, stem=stem, options=options, key=key, explanation=explanation))

    def _several(self, lists: list[etree._Element]) -> None:
        """Several lists: gaps named in the stem (Canvas), or prompts with one list (matching)."""
        stem = self._stem(lists)
        names = [name_of(each) for each in lists]
        marks = [self._mark(each, stem) for each in lists]
        if self.kind == "matching_question" and (asked := [each for each in lists if self.materials.words_before(each)]) and len(asked) < len(lists):
            self.place.lose("没有写字的待匹配条目未导入")
            lists, names, marks = asked, [name_of(each) for each in asked], [self._mark(each, stem) for each in asked]
        if all(mark in stem for mark in marks):
            order = sorted(range(len(lists)), key=lambda at: stem.index(marks[at]))
            for at in order:
                stem = stem.replace(marks[at], composite.sign(at), 1)
            self._gapped([lists[at] for at in order], composite.SIGNS.split(stem)[::2])
            return
        if self.kind == "fill_in_multiple_blanks_question" and not all(map(_is_list, lists)):
            self.refuse("gap_misplaced")  # its labels are texts that are accepted, none of them wrong
            return
        labels = [self._labels(each) for each in lists]
        right = [self._right(name, held) for name, held in zip(names, labels, strict=True)]
        if not all(right):
            self.refuse("scoring_unsupported")
            return
        explanation, _each = self._explanations([])
        options = list(dict.fromkeys(words for held in labels for words in held.values()))
        prompts = tuple(self.materials.words_before(each) for each in lists)
        keys = [[options.index(words) for words in each] for each in right]
        pairing.keep(self.place, replace(self.bare, stem=stem, explanation=explanation), prompts, options, keys)

    def _gapped(self, lists: list[etree._Element], parts: list[str]) -> None:
        """Keep a text whose gaps stand in its stem: those that Canvas fills from a list, and those to be written."""
        algorithms = sorted({attribute(label, "scoring_algorithm") for each in lists for label in every(each, "response_label")} - _EXACT)
        if algorithms:
            self.place.lose(f"判分方式（{'、'.join(algorithms)[:80]}）未保留，改为与答案相同")
        labels = [self._labels(each) for each in lists]
        explanation, explained = self._explanations([(self._among(name_of(each)), name) for each, held in zip(lists, labels, strict=True) for name in held])
        told = iter(explained)
        held: list[Blank | gaps.Listed] = []
        for response, names in zip(lists, labels, strict=True):
            notes = tuple(next(told) for _name in names)
            if self.kind == "fill_in_multiple_blanks_question" and not _is_list(response):
                # Canvas writes the accepted texts of a blank as labels and only the first of them into the rules.
                held.append(Blank(tuple(names.values())))
                explanation = "\n".join(dict.fromkeys(filter(None, (explanation, *notes))))
            else:
                points = self.rules.points(name_of(response))
                key = weights.of_single([points.get(name, 0.0) for name in names])
                held.append(gaps.Listed(tuple(names.values()), key, explained=notes))
        gaps.keep(self.place, replace(self.bare, explanation=explanation), parts, held)

    def _mark(self, response: etree._Element, stem: str) -> str:
        """Return how the stem names the gap of a response: by its name, or by the words before it."""
        named = f"[{name_of(response).removeprefix('response_')}]"
        return named if named in stem else f"[{self.materials.words_before(response)}]"

    def _paired(self, pairs: Pairs | None, leaving: list[etree._Element], code: str) -> None:
        """Keep a matching item, or refuse it when its rules pair nothing."""
        if pairs is None:
            self.refuse(code)
            return
        explanation, _each = self._explanations([])
        prompts, options, key = pairs
        stem = self._stem(leaving)
        self.place.keep(replace(self.bare, type=ItemType.MATCHING, stem=stem, prompts=prompts, options=options, key=key, explanation=explanation))

    def _categories(self, lists: list[etree._Element]) -> None:
        """Read what is sorted into categories: each thing is matched to its category."""
        labels = [self._labels(each) for each in lists]
        pairs, spare = qti_one_matching.of_categories(lists, labels, [self.rules.points(name_of(each)) for each in lists], self.materials)
        if pairs and spare:
            self.place.lose(f"不属于任何类别的干扰项“{'、'.join(spare)[:60]}”未保留")
        self._paired(pairs, lists, "scoring_unsupported")

    def _right(self, name: str, labels: dict[str, str]) -> list[str]:
        points = self.rules.points(name)
        return [list(labels.values())[at] for at in weights.of_single([points.get(label, 0.0) for label in labels])]

    def _filled(self, bare: Draft, stem: str, marks: list[str], blanks: list[Blank]) -> None:
        for number, mark in enumerate(marks, start=1):
            stem = stem.replace(mark, f"[[{number}]]", 1)
        self.place.keep(replace(bare, type=ItemType.FILL_IN, stem=stem, blanks=tuple(blanks)))

    # Written responses

    def _written(self) -> None:
        if self._asks_for_text():
            if self.kind not in _ESSAYS and any(self.rules.denies(name_of(response)) for response in self.responses):
                self.place.lose("“不是这些答案即得分”的判分未保留，改为人工评阅")
            self._essay()
            return
        blanks = []
        for response in self.responses:
            blank = qti_one_blank.blank(response, self.rules, self.place, is_number=self.kind in {"numerical_question", "numeric"})
            if isinstance(blank, str):
                self.refuse(blank)
                return
            blanks.append(blank)
        explanation, _each = self._explanations([])
        stem, placed = self.materials.stem_with_blanks(self.presentation, self.responses)
        stem = self._behind_stimulus(stem)
        marks = [f"[{attribute(each, 'ident')}]" for each in self.responses]
        if not placed and all(mark in stem for mark in marks):  # Blackboard and Canvas name their blanks in the stem
            order = sorted(range(len(marks)), key=lambda at: stem.index(marks[at]))
            self._filled(replace(self.bare, explanation=explanation), stem, [marks[at] for at in order], [blanks[at] for at in order])
            return
        numbers = [f"[[{number}]]" for number in range(1, len(blanks) + 1)]
        lines = [] if placed else _LINE_TO_FILL.findall(stem)
        if len(lines) == len(numbers):
            for line, number in zip(lines, numbers, strict=True):
                stem = stem.replace(line, number, 1)
        elif not placed:
            stem = f"{stem} {' '.join(numbers)}"
        self.place.keep(replace(self.bare, type=ItemType.FILL_IN, stem=stem, blanks=tuple(blanks), explanation=explanation))

    def _essay(self) -> None:
        explanation, _each = self._explanations([])
        models = [self.materials.words_of(each) for each in every(self.element, "solution")]
        accepted = [text for rule in self.rules.of(attribute(self.responses[0], "ident")) for text in rule.texts]
        model = "\n".join(filter(None, (*models, *accepted, *self.guidance)))
        stem = self._stem(self.responses)
        self.place.keep(replace(self.bare, type=ItemType.SHORT_TEXT, stem=stem, model=model, explanation="" if explanation in models else explanation))

    # The stem

    def _stem(self, leaving: list[etree._Element]) -> str:
        return self._behind_stimulus("" if self.presentation is None else self.materials.words_of(self.presentation, leaving))

    def _behind_stimulus(self, stem: str) -> str:
        """Return the stem behind the text that it belongs to."""
        before = "" if self.stimulus is None else self.materials.words_of(self.stimulus)
        return "\n".join(filter(None, (before, stem)))


def _is_list(response: etree._Element) -> bool:
    return any(attribute(each, "answer_type") in {"dropdown", "wordbank"} for each in every(response, "response_label"))


def _asks(response: etree._Element) -> bool:
    """Tell whether a response is one: an extension may hold nothing but settings."""
    return local(response) != "response_extension" or bool(every(response, "render_choice", "render_fib", "response_label", "render_extension"))
