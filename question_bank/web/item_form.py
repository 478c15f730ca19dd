"""The form of an item: what is typed becomes a draft, a draft fills the form again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from lms.kernel.i18n import gettext as _
from question_bank.domain.draft import DEFAULT_DIFFICULTY, TRUE_FALSE_OPTIONS, Draft, tidy
from question_bank.domain.fault import Fault
from question_bank.domain.flaw import FLAWS, flaws_of
from question_bank.domain.item import LETTERS, LEVEL_LABELS, POOL_LABELS, TYPE_LABELS, ItemContent, ItemType
from question_bank.domain.notation import read_difficulty
from question_bank.services.drafting import content_of

SHOWN_OPTIONS = 8


@dataclass(frozen=True, slots=True)
class OptionField:
    """One row of the form."""

    position: int
    letter: str
    text: str
    explanation: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class ItemForm:
    """Everything the form shows."""

    draft: Draft
    options: tuple[OptionField, ...]
    faults: Mapping[str, str]
    flaws: tuple[str, ...]
    preview: ItemContent | None
    types: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]
    pools: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, str], ...]
    difficulty: str
    points: str


def read(form: Mapping[str, str], keys: Sequence[str]) -> Draft:
    """Return the draft of a posted form; nothing is checked yet."""
    kind = form.get("type", "")
    count = sum(1 for name in form if name.startswith("option-"))
    options = [form.get(f"option-{position}", "") for position in range(min(count, len(LETTERS)))]
    explanations = [form.get(f"explanation-{position}", "") for position in range(len(options))]
    if kind == ItemType.TRUE_FALSE and not any(option.strip() for option in options):
        options = [*TRUE_FALSE_OPTIONS, *options[2:]]
    difficulty = form.get("difficulty", "")
    return tidy(
        Draft(
            external_id=form.get("external_id", ""),
            type=kind,
            stem=form.get("stem", ""),
            options=tuple(options),
            option_explanations=tuple(explanations),
            key=tuple(int(key) for key in keys if key.isdecimal() and len(key) < 3),
            explanation=form.get("explanation", ""),
            topic=form.get("topic", ""),
            level=form.get("level", ""),
            difficulty=read_difficulty(difficulty, as_share=True) if difficulty.strip() else DEFAULT_DIFFICULTY,
            difficulty_text=difficulty,
            points=_hundredths(form.get("points", "")),
            pool=form.get("pool", ""),
            enemies=tuple(form.get("enemies", "").replace("，", ",").replace("、", ",").replace("\n", ",").split(",")),
            tags=(form.get("tags", ""),),
            source=form.get("source", ""),
        )
    )


def _hundredths(words: str) -> int | None:
    if not words.strip():
        return None
    try:
        value = Decimal(words.strip()) * 100
    except InvalidOperation:
        return 0
    return int(value) if value.is_finite() and abs(value) < 10**9 and value == value.to_integral_value() else 0


def filled(draft: Draft, topics: Sequence[tuple[str, str]], faults: Sequence[Fault] = (), *, shows_preview: bool = True) -> ItemForm:
    """Return the form filled with a draft."""
    rows = max(SHOWN_OPTIONS, len(draft.options))
    blank = [""] * rows
    texts, explanations = [*draft.options, *blank][:rows], [*draft.option_explanations, *blank][:rows]
    return ItemForm(
        draft=draft,
        options=tuple(OptionField(at, LETTERS[at], texts[at], explanations[at], at in draft.key) for at in range(rows)),
        faults={each.field or "stem": _(each.message) for each in reversed(faults)},
        flaws=flaw_words(draft) if draft.stem else (),
        preview=content_of(draft) if shows_preview and draft.stem else None,
        types=tuple((kind, _(label)) for kind, label in TYPE_LABELS.items() if kind.chooses),
        levels=tuple((level, _(label)) for level, label in LEVEL_LABELS.items()),
        pools=tuple((pool, _(label)) for pool, label in POOL_LABELS.items()),
        topics=tuple(topics),
        difficulty=draft.difficulty_text if draft.difficulty is None else f"{draft.difficulty:g}",
        points=f"{draft.points / 100:g}" if draft.points else "",
    )


def flaw_words(draft: Draft) -> tuple[str, ...]:
    """Return the warnings in words."""
    return tuple(_(FLAWS[code]) for code in flaws_of(draft))
