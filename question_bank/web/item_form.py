"""The form of an item: what is typed becomes a draft, a draft fills the form again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from lms.kernel.i18n import gettext as _
from question_bank.domain.draft import BLANK, DEFAULT_DIFFICULTY, TRUE_FALSE_OPTIONS, Draft, tidy, topic_code
from question_bank.domain.fault import Fault
from question_bank.domain.flaw import FLAWS, flaws_of
from question_bank.domain.item import CHOOSING, LETTERS, LEVEL_LABELS, POOL_LABELS, TYPE_LABELS, Blank, ItemContent, ItemType
from question_bank.domain.notation import read_difficulty
from question_bank.domain.written_answer import read_rubric, write_rubric
from question_bank.services.drafting import content_of, laid_out

SHOWN_OPTIONS, SHOWN_PROMPTS, SHOWN_BLANKS, MOST_BLANKS = 8, 6, 4, 20
Shown = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class OptionField:
    """One row of the form."""

    position: int
    letter: str
    text: str
    explanation: str
    is_key: bool
    place: int


@dataclass(frozen=True, slots=True)
class PromptField:
    """One row of the left side of a matching item; `option` is the right one's position, -1 for none yet."""

    position: int
    text: str
    option: int


@dataclass(frozen=True, slots=True)
class BlankField:
    """What is right in one blank."""

    number: int
    text: str
    tolerance: str
    case_matters: bool


@dataclass(frozen=True, slots=True)
class ItemForm:
    """Everything the form shows."""

    draft: Draft
    options: tuple[OptionField, ...]
    prompts: tuple[PromptField, ...]
    blanks: tuple[BlankField, ...]
    faults: Mapping[str, str]
    flaws: tuple[str, ...]
    preview: ItemContent | None
    types: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]
    pools: tuple[tuple[str, str], ...]
    topics: Mapping[str, str]
    difficulty: str
    points: str
    rubric: str


def read(form: Mapping[str, str], keys: Sequence[str]) -> Draft:
    """Return the draft of a posted form; what the type does not ask for is left out, nothing is checked yet."""
    kind = form.get("type", "")
    options = _rows(form, "option") if kind not in {ItemType.FILL_IN, ItemType.SHORT_TEXT} else []
    explanations = [form.get(f"explanation-{position}", "") for position in range(len(options))] if kind in CHOOSING else []
    if kind == ItemType.TRUE_FALSE and not any(option.strip() for option in options):
        options = [*TRUE_FALSE_OPTIONS, *options[2:]]
    prompts = _without_tail(_rows(form, "prompt")) if kind == ItemType.MATCHING else []
    difficulty = form.get("difficulty", "")
    return tidy(
        Draft(
            external_id=form.get("external_id", ""),
            type=kind,
            stem=form.get("stem", ""),
            options=tuple(options),
            option_explanations=tuple(explanations),
            key=_key(form, keys, _without_tail(options), prompts),
            by_pairs="by_pairs" in form,
            prompts=tuple(prompts),
            blanks=_blanks(form) if kind == ItemType.FILL_IN else (),
            model=form.get("model", "") if kind == ItemType.SHORT_TEXT else "",
            rubric=read_rubric(form.get("rubric", "")) if kind == ItemType.SHORT_TEXT else (),
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


def _rows(form: Mapping[str, str], name: str) -> list[str]:
    """Return the texts of rows numbered from 0, as many as one item may have."""
    count = sum(1 for each in form if each.startswith(f"{name}-"))
    return [form.get(f"{name}-{position}", "") for position in range(min(count, len(LETTERS)))]


def _without_tail(texts: Sequence[str]) -> list[str]:
    filled = max((at for at, text in enumerate(texts) if text.strip()), default=-1)
    return list(texts[: filled + 1])


def _key(form: Mapping[str, str], keys: Sequence[str], options: Sequence[str], prompts: Sequence[str]) -> tuple[int, ...]:
    match form.get("type", ""):
        case ItemType.MATCHING:
            chosen = [_whole(form.get(f"match-{at}", "")) for at in range(len(prompts))]
            return tuple(position for position in chosen if position is not None)
        case ItemType.ORDERING:
            places = [_whole(form.get(f"rank-{at}", "")) or 0 for at in range(len(options))]
            return tuple(sorted(range(len(options)), key=places.__getitem__)) if len(set(places)) == len(places) else ()
        case kind:
            return tuple(position for key in keys if (position := _whole(key)) is not None) if kind in CHOOSING else ()


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else None


def _blanks(form: Mapping[str, str]) -> tuple[Blank, ...]:
    """Return one blank for each in the stem; alternatives stand on lines, or divided by `|`."""
    numbers = range(1, len(BLANK.findall(form.get("stem", ""))) + 1)
    return tuple(
        Blank(tuple(_alternatives(form.get(f"blank-{number}", ""))), form.get(f"tolerance-{number}", ""), f"case-{number}" in form) for number in numbers
    )


def _alternatives(text: str) -> list[str]:
    return text.splitlines() if "\n" in text else text.split("|")


def _alternatives_text(accepted: Sequence[str]) -> str:
    return "\n".join((*accepted, "")) if any("|" in text or "\n" in text for text in accepted) else " | ".join(accepted)


def _hundredths(words: str) -> int | None:
    if not words.strip():
        return None
    try:
        value = Decimal(words.strip()) * 100
    except InvalidOperation:
        return 0
    return int(value) if value.is_finite() and abs(value) < 10**9 and value == value.to_integral_value() else 0


def filled(
    draft: Draft, topics: Mapping[str, str], faults: Sequence[Fault] = (), *, key_counts: Mapping[int, int] | None = None, shown: Shown = str
) -> ItemForm:
    """Return the form filled with a draft; `shown` gives pictures their addresses."""
    draft = laid_out(draft)
    return ItemForm(
        draft=draft,
        options=_option_fields(draft),
        prompts=_prompt_fields(draft),
        blanks=_blank_fields(draft),
        faults={each.field or "stem": _(each.message) for each in reversed(faults)},
        flaws=(*(flaw_words(draft, key_counts) if draft.stem else ()), *_new_topic(draft.topic, topics)),
        preview=previewed(draft, shown) if draft.stem else None,
        types=tuple((kind, _(label)) for kind, label in TYPE_LABELS.items()),
        levels=tuple((level, _(label)) for level, label in LEVEL_LABELS.items()),
        pools=tuple((pool, _(label)) for pool, label in POOL_LABELS.items()),
        topics=topics,
        difficulty=draft.difficulty_text if draft.difficulty is None else f"{draft.difficulty:g}",
        points=f"{draft.points / 100:g}" if draft.points else "",
        rubric=write_rubric(draft.rubric),
    )


def _new_topic(words: str, topics: Mapping[str, str]) -> tuple[str, ...]:
    """Return a warning of a topic that the bank does not have yet: it may be a slip of the pen."""
    if not words or topic_code(words, topics) in topics:
        return ()
    return (_("题库里还没有知识点“%(topic)s”，保存后会新增。", topic=words),)


def _option_fields(draft: Draft) -> tuple[OptionField, ...]:
    rows = min(len(LETTERS), max(SHOWN_OPTIONS, len(draft.options) + 1))
    blank = [""] * rows
    texts, explanations = [*draft.options, *blank][:rows], [*draft.option_explanations, *blank][:rows]
    places = {position: place for place, position in enumerate(draft.key, start=1)} if draft.type == ItemType.ORDERING else {}
    chosen = draft.key if draft.type in CHOOSING else ()
    return tuple(OptionField(at, LETTERS[at], texts[at], explanations[at], at in chosen, places.get(at, at + 1)) for at in range(rows))


def _prompt_fields(draft: Draft) -> tuple[PromptField, ...]:
    rows = min(len(LETTERS), max(SHOWN_PROMPTS, len(draft.prompts) + 1))
    matched = draft.key if draft.type == ItemType.MATCHING else ()
    texts = [*draft.prompts, *[""] * rows][:rows]
    return tuple(PromptField(at, texts[at], matched[at] if at < len(matched) else -1) for at in range(rows))


def _blank_fields(draft: Draft) -> tuple[BlankField, ...]:
    rows = min(MOST_BLANKS, max(SHOWN_BLANKS, len(draft.blanks) + 1))
    known = [*draft.blanks, *[Blank(())] * rows][:rows]
    return tuple(BlankField(at, _alternatives_text(blank.accepted), blank.tolerance, blank.case_matters) for at, blank in enumerate(known, start=1))


def previewed(draft: Draft, shown: Shown = str) -> ItemContent:
    """Return the draft as a candidate sees it."""
    content = content_of(draft)
    return replace(
        content, stem_html=shown(content.stem_html), options_html=tuple(map(shown, content.options_html)), prompts_html=tuple(map(shown, content.prompts_html))
    )


def flaw_words(draft: Draft, key_counts: Mapping[int, int] | None = None) -> tuple[str, ...]:
    """Return the warnings in words."""
    return tuple(_(FLAWS[code]) for code in flaws_of(draft, key_counts))
