"""What an item is: its type, its content without the key, its key, its explanations, its place in the bank."""

from dataclasses import dataclass, field
from enum import StrEnum

from lms.kernel.refusal import N_

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class ItemType(StrEnum):
    """How an item is answered."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    TRUE_FALSE = "true_false"
    FILL_IN = "fill_in"
    MATCHING = "matching"
    ORDERING = "ordering"
    SHORT_TEXT = "short_text"

    @property
    def chooses(self) -> bool:
        """Tell whether the response is a choice among options."""
        return self in CHOOSING

    @property
    def marked_by_people(self) -> bool:
        """Tell whether an examiner gives the points; such an item needs no key."""
        return self is ItemType.SHORT_TEXT


CHOOSING = frozenset({ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE})

TYPE_LABELS = {
    ItemType.SINGLE: N_("单选题"),
    ItemType.MULTIPLE: N_("多选题"),
    ItemType.TRUE_FALSE: N_("判断题"),
    ItemType.FILL_IN: N_("填空题"),
    ItemType.MATCHING: N_("匹配题"),
    ItemType.ORDERING: N_("排序题"),
    ItemType.SHORT_TEXT: N_("简答题"),
}


class Level(StrEnum):
    """What the item asks of the mind (Bloom's revised levels)."""

    REMEMBER = "remember"
    UNDERSTAND = "understand"
    APPLY = "apply"
    ANALYSE = "analyse"
    EVALUATE = "evaluate"
    CREATE = "create"


LEVEL_LABELS = {
    Level.REMEMBER: N_("识记"),
    Level.UNDERSTAND: N_("理解"),
    Level.APPLY: N_("应用"),
    Level.ANALYSE: N_("分析"),
    Level.EVALUATE: N_("评价"),
    Level.CREATE: N_("创造"),
}


class Pool(StrEnum):
    """What the item may be drawn for; an item is in one pool only."""

    EXAM = "exam"
    PRACTICE = "practice"


POOL_LABELS = {Pool.EXAM: N_("考试"), Pool.PRACTICE: N_("练习")}


class Band(StrEnum):
    """The author's difficulty in words; the figure behind it is the expected share of right responses."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


BAND_LABELS = {Band.EASY: N_("容易"), Band.MEDIUM: N_("中等"), Band.HARD: N_("较难")}
EASY_FROM, HARD_BELOW = 0.75, 0.5


def band_of(difficulty: float) -> Band:
    """Return the difficulty in words."""
    if difficulty >= EASY_FROM:
        return Band.EASY
    return Band.HARD if difficulty < HARD_BELOW else Band.MEDIUM


@dataclass(frozen=True, slots=True)
class ItemContent:
    """What a learner sees: sanitised HTML, options in canonical order, never the key.

    `options_html`: what is chosen (single, multiple, true/false), matched to the prompts (matching; may hold options that
    match none) or put in order (ordering). `prompts_html`: the left side of a matching item. `blanks`: how many blanks the
    stem of a fill-in item holds.
    """

    type: ItemType
    stem_html: str
    options_html: tuple[str, ...] = ()
    prompts_html: tuple[str, ...] = ()
    blanks: int = 0


@dataclass(frozen=True, slots=True)
class Blank:
    """What is right in one blank: any of the accepted texts, or a number within `tolerance` (both as written, exact decimals)."""

    accepted: tuple[str, ...]
    tolerance: str = ""  # a decimal; the first accepted text is then the number; empty: text is compared
    case_matters: bool = False

    def texts(self, *, exact: bool = False) -> tuple[str, ...]:
        """Return the accepted texts for a page, the tolerance behind the first, whose it is; a tolerance of 0 only where `exact`."""
        within = f" ± {self.tolerance}" if self.tolerance and (exact or self.tolerance != "0") else ""
        return tuple(text if at else text + within for at, text in enumerate(self.accepted))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a rubric with its most points, in hundredths; an exam that gives the item other points keeps the proportions."""

    words: str
    points: int


@dataclass(frozen=True, slots=True)
class Key:
    """What is right; positions of options are in canonical order, from 0.

    `options`: the right ones, ascending (single, multiple, true/false); one for each prompt, in the order of the prompts
    (matching; one option may serve several); all of them in the right order (ordering). `blanks`: one for each blank
    (fill-in). `model_html`: the model response shown to examiners (short text), `rubric`: by what they give points. `by_pairs`:
    each two options that follow each other rightly earn a share (ordering); without it only the whole order earns anything.
    """

    options: tuple[int, ...] = ()
    blanks: tuple[Blank, ...] = ()
    model_html: str = ""
    by_pairs: bool = False
    rubric: tuple[Criterion, ...] = ()

    @property
    def letters(self) -> str:
        """Return the key as authors write it: ABD."""
        return "".join(LETTERS[position] for position in self.options)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the key is right, and what is wrong with each other option; sanitised HTML, empty where none was written."""

    overall_html: str = ""
    options_html: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PracticeItem:
    """What a draw needs to know of an approved practice item."""

    version_id: int
    item_id: int
    type: ItemType
    enemies: frozenset[int] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class PoolItem:
    """What assembly needs to know of an approved item; no content, no key."""

    version_id: int
    item_id: int
    external_id: str
    type: ItemType
    topic: str
    level: Level | None
    difficulty: float
    points: int | None = None
    enemies: frozenset[int] = field(default=frozenset())  # item ids that must not stand in the same paper
