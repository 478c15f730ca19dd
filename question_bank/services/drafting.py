"""Drafts and stored versions, there and back."""

import hashlib
import json
from dataclasses import replace

import msgspec

from question_bank.domain.draft import BLANK, DEFAULT_DIFFICULTY, PICTURE, Draft
from question_bank.domain.fault import Fault, fault
from question_bank.domain.item import Explanation, ItemContent, ItemType, Key
from question_bank.domain.version import NewVersion, Version
from question_bank.formats import rich_text


def stored(draft: Draft) -> NewVersion:
    """Return what is stored of a faultless draft."""
    content, key = content_of(draft), _key(draft)
    explanation = Explanation(rich_text.to_html(draft.explanation), tuple(map(rich_text.to_html, draft.option_explanations)))
    return NewVersion(
        content=content,
        key=key,
        explanation=explanation,
        topic=draft.topic,
        level=draft.level or None,
        difficulty=DEFAULT_DIFFICULTY if draft.difficulty is None else draft.difficulty,
        points=draft.points,
        tags=draft.tags,
        source=draft.source,
        plain=plain_of(content),
        digest=_digest(draft, content, key, explanation),
    )


def content_of(draft: Draft) -> ItemContent:
    """Return what a learner would see of a draft."""
    kind = ItemType(draft.type) if draft.type in set(ItemType) else ItemType.SINGLE  # a preview may be asked for before there is a type
    return ItemContent(
        kind,
        rich_text.to_html(draft.stem, with_blanks=kind is ItemType.FILL_IN),
        tuple(map(rich_text.to_html, draft.options)),
        tuple(map(rich_text.to_html, draft.prompts)) if kind is ItemType.MATCHING else (),
        len(BLANK.findall(draft.stem)) if kind is ItemType.FILL_IN else 0,
    )


def formula_faults(draft: Draft) -> list[Fault]:
    """Return a fault for each field with something between formula signs that is no formula."""
    texts = [("stem", draft.stem), ("explanation", draft.explanation), ("model", draft.model)]
    texts += [("options", text) for text in (*draft.options, *draft.option_explanations)] + [("prompts", text) for text in draft.prompts]
    return [fault("formula_unreadable", field) for field in dict.fromkeys(name for name, text in texts if rich_text.unread_formulas(text))]


def _key(draft: Draft) -> Key:
    match draft.type:
        case ItemType.FILL_IN:
            return Key(blanks=draft.blanks)
        case ItemType.SHORT_TEXT:
            return Key(model_html=rich_text.to_html(draft.model), rubric=draft.rubric)
        case _:
            return Key(draft.key, by_pairs=draft.by_pairs)


def plain_of(content: ItemContent) -> str:
    """Return the words that search and likeness look at."""
    return "\n".join(map(rich_text.to_plain, (content.stem_html, *content.prompts_html, *content.options_html)))


def brief(notation: str, picture: str) -> str:
    """Return a text in the author's notation as the words of a list; `picture` stands for one without words of its own."""
    shown = PICTURE.sub(lambda found: f"[{found['alternative'] or picture}]", notation)
    return rich_text.to_plain(rich_text.to_html(shown, with_blanks=True))


def _digest(draft: Draft, content: ItemContent, key: Key, explanation: Explanation) -> str:
    """Return one figure for everything that was written, whatever notation or file it came in."""
    facts = (draft.topic, draft.level, draft.difficulty, draft.points, draft.pool, sorted(draft.enemies), draft.tags, draft.source)
    keyed = {name: value for name, value in msgspec.to_builtins(key).items() if name != "by_pairs" or value}
    parts = (msgspec.to_builtins(content), keyed, explanation.overall_html, explanation.options_html, *facts)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def laid_out(draft: Draft) -> Draft:
    """Return a draft that means the same and is easier to edit."""
    return replace(
        draft,
        stem=rich_text.on_lines(draft.stem),
        options=tuple(map(rich_text.on_lines, draft.options)),
        prompts=tuple(map(rich_text.on_lines, draft.prompts)),
        model=rich_text.on_lines(draft.model),
        explanation=rich_text.on_lines(draft.explanation),
    )


def drafted(version: Version) -> Draft:
    """Return a stored version in the author's notation."""
    return Draft(
        external_id=version.external_id,
        type=version.content.type,
        stem=rich_text.to_notation(version.content.stem_html),
        options=tuple(map(rich_text.to_notation, version.content.options_html)),
        option_explanations=tuple(map(rich_text.to_notation, version.explanation.options_html)),
        key=version.key.options,
        by_pairs=version.key.by_pairs,
        prompts=tuple(map(rich_text.to_notation, version.content.prompts_html)),
        blanks=version.key.blanks,
        model=rich_text.to_notation(version.key.model_html),
        rubric=version.key.rubric,
        explanation=rich_text.to_notation(version.explanation.overall_html),
        topic=version.topic,
        level=version.level or "",
        difficulty=version.difficulty,
        points=version.points,
        pool=version.pool or "",
        enemies=version.enemies,
        tags=version.tags,
        source=version.source,
    )
