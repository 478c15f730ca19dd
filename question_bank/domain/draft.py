"""A draft: an item as it was read or typed, made tidy, compared and named."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property

from question_bank.domain.item import LETTERS, Blank, Criterion, ItemType

MAX_OPTIONS = 26
MAX_STEM = 20_000
MAX_OPTION = 5_000
MAX_EXPLANATION = 20_000
MAX_SOURCE = 300
MAX_TOPIC = 60
MAX_NAME = 120
MAX_POINTS = 1_000_000
MAX_MAGNITUDE = 100  # powers of ten; figures beyond are a mistake or an attack
UNNUMBERED = re.compile(r"q-[0-9a-f]{12}")  # the name of an item that came without one
BLANK = re.compile(r"\[\[(?P<number>[1-9]\d?)\]\]")
PICTURE = re.compile(r"!\[(?P<alternative>(?:[^\]\\\n]|\\.){0,300})\]\(picture:(?P<digest>[0-9a-f]{64})\)")
_ORDERED_KEYS = frozenset({ItemType.MATCHING, ItemType.ORDERING})
DEFAULT_DIFFICULTY = 0.7
TRUE_FALSE_OPTIONS = ("正确", "错误")


@dataclass(frozen=True)  # without slots, for what is worked out once
class Draft:
    r"""An item as it was read or typed: author's notation throughout, nothing checked yet.

    `type`, `level` and `pool` are text because a file may hold anything; `key` holds positions from 0 as Key.options does (for
    matching and ordering their order counts), and `key_text` what was written where it could not be read as positions.
    The notation: plain text with a few tags; a blank is `[[1]]`, `[[2]]` …; a formula `\(…\)` or, on lines of its own,
    `\[…\]` in LaTeX, or a whole `<math>…</math>`; a picture `![alternative text](picture:DIGEST)`, DIGEST being the name of
    one of Reading.pictures.
    """

    place: str = ""
    external_id: str = ""
    type: str = ""
    stem: str = ""
    options: tuple[str, ...] = ()
    option_explanations: tuple[str, ...] = ()
    key: tuple[int, ...] = ()
    key_text: str = ""
    by_pairs: bool = False
    prompts: tuple[str, ...] = ()
    blanks: tuple[Blank, ...] = ()
    model: str = ""
    rubric: tuple[Criterion, ...] = ()
    explanation: str = ""
    topic: str = ""
    level: str = ""
    difficulty: float | None = DEFAULT_DIFFICULTY
    difficulty_text: str = ""
    points: int | None = None
    pool: str = ""
    enemies: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""

    @cached_property
    def content_hash(self) -> str:
        """The identity of what is asked: type, stem, and the sets of options and prompts. Their order and the key do not count."""
        form = _form(self)
        parts = [self.type, form(self.stem), *sorted(map(form, self.options))]
        if self.prompts:
            parts += ["", *sorted(map(form, self.prompts))]
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """The name it goes by, and the one it takes where that belongs to quite another item.

        Both stay the same for the same file. A draft without an external id is named by its content.
        """
        mark = self.content_hash[:12]
        return (self.external_id, f"{self.external_id[: MAX_NAME - 1 - len(mark)]}-{mark}") if self.external_id else (f"q-{mark}",)


def decimal(text: str) -> Decimal | None:
    """Return the number a text writes (full-width signs and thousands separators understood), or None."""
    try:
        number = Decimal(unicodedata.normalize("NFKC", text).replace(",", "").replace("\u2212", "-").strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < MAX_MAGNITUDE else None


_DIVIDERS = re.compile(r"[,，、;；|\n]")


def tidy(draft: Draft) -> Draft:
    """Return the draft with blanks trimmed, trailing empty options dropped and the options of true/false items filled in."""
    options = [clean(option) for option in draft.options]
    while options and not options[-1]:
        options.pop()
    if draft.type == ItemType.TRUE_FALSE and not options:
        options = list(TRUE_FALSE_OPTIONS)
    explanations = [clean(text) for text in draft.option_explanations][: len(options)]
    explanations += [""] * (len(options) - len(explanations))
    return replace(
        draft,
        external_id=_label(draft.external_id),
        stem=clean(draft.stem),
        options=tuple(options),
        option_explanations=tuple(explanations),
        key=draft.key if draft.type in _ORDERED_KEYS else tuple(sorted(set(draft.key))),
        by_pairs=draft.by_pairs and draft.type == ItemType.ORDERING,
        prompts=tuple(clean(prompt) for prompt in draft.prompts),
        blanks=tuple(_tidy_blank(blank) for blank in draft.blanks),
        model=clean(draft.model),
        rubric=tuple(replace(one, words=clean(one.words)) for one in draft.rubric),
        explanation=clean(draft.explanation),
        topic=_label(draft.topic),
        source=_label(draft.source),
        tags=tuple(dict.fromkeys(clean(tag) for words in draft.tags for tag in _DIVIDERS.split(words) if clean(tag))),
        enemies=tuple(dict.fromkeys(_label(name) for name in draft.enemies if clean(name))),
    )


def topic_code(words: str, topics: Mapping[str, str]) -> str:
    """Return the code of the topic that is called so, by its code or its name, in a bank whose topics are named so; words that name none stay."""
    if words in topics:
        return words
    known = {loosely(name): code for code, name in reversed(list(topics.items()))} | {loosely(code): code for code in topics}
    return known.get(loosely(words), words)


def _tidy_blank(blank: Blank) -> Blank:
    accepted = tuple(dict.fromkeys(clean(text) for text in blank.accepted if clean(text)))
    return replace(blank, accepted=accepted, tolerance=clean(blank.tolerance))


def _label(value: str) -> str:
    """Return words of one line: a cell may have broken them to fit."""
    return clean(value) if value.isprintable() else " ".join(clean(value).split())


def clean(value: str) -> str:
    """Return text with one kind of line end and no blanks around it; the words themselves are left as written."""
    if value.isprintable():  # holds none of the signs below but plain blanks: most texts of a large file
        return value.strip(" ")
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").replace("\ufeff", "").replace("\v", "\n").strip(" \t\n\u3000")


def texts_of(draft: Draft) -> tuple[str, ...]:
    """Return every text of a draft that is in the notation."""
    return (draft.stem, draft.explanation, draft.model, *draft.options, *draft.option_explanations, *draft.prompts)


def pictures_of(draft: Draft) -> frozenset[str]:
    """Return the digests of the pictures that a draft shows anywhere."""
    return frozenset(digest for words in texts_of(draft) for _alternative, digest in PICTURE.findall(words))


_HALF_WIDTH = {0xFF01 + at: 0x21 + at for at in range(94)}
_IDLE_BLANK = re.compile(r"(?<![0-9A-Za-z\u00c0-\u024f]) | (?![0-9A-Za-z\u00c0-\u024f])")


def normalised(value: str) -> str:
    """Return text as compared for sameness: full width and blanks do not count; case, raised figures and blanks between Latin words do."""
    return _IDLE_BLANK.sub("", " ".join(unicodedata.normalize("NFC", value).translate(_HALF_WIDTH).split()))


def loosely(value: str) -> str:
    """Return text as known again: neither width, blanks, case nor raised figures count."""
    return "".join(unicodedata.normalize("NFKC", value).split()).casefold()


def _form(draft: Draft) -> Callable[[str], str]:
    """Return how a draft's words are compared: loosely, unless that would make two of its options or prompts one.

    Stored items are known by hashes of loose words: with other words here no bank would know its items again.
    """
    for words in (draft.options, draft.prompts):
        distinct = len(set(map(loosely, words)))
        if distinct < len(words) and distinct < len(set(map(normalised, words))):
            return normalised
    return loosely


def said_key(draft: Draft) -> object:
    """Return what is right by its words, which stays comparable when options or prompts stand in another order."""
    form = _form(draft)
    words = [form(draft.options[position]) if 0 <= position < len(draft.options) else "" for position in draft.key]
    match draft.type:
        case ItemType.MATCHING:
            return frozenset(zip(map(form, draft.prompts), words, strict=False))
        case ItemType.ORDERING:
            return tuple(words)
        case ItemType.FILL_IN:
            return tuple((frozenset(map(form, blank.accepted)), decimal(blank.tolerance or "0")) for blank in draft.blanks)
        case ItemType.SHORT_TEXT:
            return form(draft.model), tuple((form(one.words), one.points) for one in draft.rubric)
        case _:
            return frozenset(words)


def letters(key: Sequence[int]) -> str:
    """Return a key as letters."""
    return "".join(LETTERS[position] for position in key if 0 <= position < len(LETTERS))
