"""What a QTI 2.0 to 3.0 item says around what it asks: its body, its choices, its feedback, its settings."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import etree

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, decimal
from question_bank.formats import composite, qti_vocabulary
from question_bank.formats.findings import Place
from question_bank.formats.foreign_html import Source, Special, Words
from question_bank.formats.qti_scoring import Scoring
from question_bank.formats.xml_tree import attribute, every, first, local, text_of

_PARTS = frozenset({"simpleChoice", "simpleMatchSet", "simpleAssociableChoice", "gapText", "gapImg", "inlineChoice", "label"})
_EXPLAINED = ("simpleChoice", "hottext")  # options that keep an explanation of their own
_FEEDBACK = frozenset({"feedbackInline", "feedbackBlock"})
_LEARNER = frozenset({"candidate", ""})


@dataclass(frozen=True, slots=True)
class Known:
    """What stands beside an item in its package."""

    topic: str = ""
    level: str = ""
    difficulty: float | None = None
    tags: tuple[str, ...] = ()
    stimulus: Callable[[str], etree._Element | None] = lambda _name: None


class Body:
    """Reads what stands around what an item asks."""

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

    def lose_settings(self) -> None:
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

    def stem(self, gap: Callable[[etree._Element], str | None] = lambda _element: None) -> str:
        """Return the stem; `gap` says what stands in place of an element."""
        special = self.special(gap)
        if self.frame:
            is_gap = local(self.run[0]) in qti_vocabulary.INLINE
            return self.frame if is_gap else composite.filled(self.frame, self.words.of_tree(self.run[0], special))
        shared = [self._stimulus(each, special) for each in self.root if local(each) == "assessmentStimulusRef"]
        return "\n".join(filter(None, (*shared, "" if self.body is None else self.words.of_tree(self.body, special))))

    def special(self, gap: Callable[[etree._Element], str | None]) -> Special:
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

    def choices(self, interaction: etree._Element, name: str = "simpleChoice") -> tuple[list[str], list[str], list[str]]:
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

    def explained(self, names: list[str], explained: list[str]) -> tuple[str, tuple[str, ...]]:
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
