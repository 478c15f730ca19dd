"""Corrections of a key after the exam: responses never change, only what they are worth."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest

from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid
from question_bank.domain.draft import decimal
from question_bank.domain.item import LETTERS, Blank, ItemType, Key
from question_bank.domain.scoring import MultiplePolicy, fits, score

APPROVERS = 2


class Effect(StrEnum):
    """What a correction does to an item."""

    REPLACE = "replace"  # another key is right instead
    ACCEPT = "accept"  # a further response is right too
    FULL = "full"  # everybody who was given it has its points
    DROP = "drop"  # it counts for nobody; the rest of the paper counts for the whole


class Stage(StrEnum):
    """How far a regrade has come."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    APPLIED = "applied"
    WITHDRAWN = "withdrawn"


class AnswerUnfit(Invalid):
    """What was written is no response to the item."""

    code = "answer_unfit"
    message = N_(
        "请按题型填写答案：单选题、判断题一个字母，多选题一个或多个；匹配题依次写每项所配的字母，排序题写出全部字母的顺序；"
        "填空题每空之间用“；”隔开，同一空的几种写法用“|”隔开，不改的空留空；设有允许误差的空填数字。简答题只能全部给分或不计分。"
    )


class OwnRegrade(Forbidden):
    """Whoever proposes does not approve."""

    code = "own_regrade"
    message = N_("提出重新评分的人不能批准自己的方案，请由另外两人批准。")


class FiguresMoved(Conflict):
    """The figures are not those on the approver's page."""

    code = "figures_moved"
    message = N_("预览的数字还没有算好，或与您看到的不同。请刷新页面，看过最新预览后再批准。")


class RegradeClosed(Conflict):
    """It is carried out or withdrawn already."""

    code = "regrade_closed"
    message = N_("这个重新评分方案已经执行或撤回，请刷新页面查看。")


class PreviewRuns(Conflict):
    """One proposal of a person at a time is worked out: each scores every touched attempt anew."""

    code = "regrade_preview_runs"
    message = N_("您提出的另一个方案还在计算影响，算完后再提。不再需要或一直没有算出来的，可以先撤回，见下面的列表。")


class RegradeRuns(Conflict):
    """Scoring waits for a regrade that takes its time."""

    code = "regrade_runs"
    message = N_("这场考试正在重新评分，暂时不能改动成绩。请过几分钟再提交一次，已填写的内容不会丢失。")


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction of one item: `options` as in a key; `blanks`: the texts for each blank, none where a blank stays as it is."""

    effect: Effect
    options: tuple[int, ...] = ()
    blanks: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a regrade does to one attempt; points in hundredths."""

    attempt_id: int
    person_id: int
    before: int
    after: int
    before_items: tuple[int | None, ...]
    after_items: tuple[int | None, ...]


def correction(effect: Effect, written: str, kind: ItemType, key: Key, options: int) -> Correction:
    """Read what somebody wrote as a response to an item of so many options; raises AnswerUnfit."""
    if effect in (Effect.FULL, Effect.DROP):
        return Correction(effect)
    if kind is ItemType.FILL_IN:
        blanks = _blanks(written, len(key.blanks))
        if any(blank.tolerance and decimal(text) is None for blank, texts in zip(key.blanks, blanks, strict=True) for text in texts):
            raise AnswerUnfit
        return Correction(effect, blanks=blanks)
    found = [LETTERS.find(letter) for letter in written.upper() if not letter.isspace() and letter not in ",，、"]
    if kind.chooses:
        found = sorted(set(found))
    sizes: dict[ItemType, Container[int]] = {
        ItemType.MULTIPLE: range(1, options + 1), ItemType.MATCHING: [len(key.options)], ItemType.ORDERING: [options], ItemType.SHORT_TEXT: ()
    }  # fmt: skip
    ordered = kind is not ItemType.ORDERING or len(set(found)) == options
    if len(found) not in sizes.get(kind, [1]) or not ordered or min(found) < 0 or max(found) >= options:
        raise AnswerUnfit
    return Correction(effect, tuple(found))


def _blanks(written: str, count: int) -> tuple[tuple[str, ...], ...]:
    parts = written.replace("；", ";").split(";") if count > 1 else [written]
    found = tuple(tuple(text.strip() for text in part.replace("｜", "|").split("|") if text.strip()) for part in parts)
    if len(found) != count or not any(found):
        raise AnswerUnfit
    return found


def right_keys(key: Key, corrections: Sequence[Correction]) -> tuple[Key, ...]:
    """Return the keys that are right under the corrections, the oldest first; of fill-ins each blank may be right by another of them."""
    keys = [key]
    for one in corrections:
        if one.blanks:
            keys = _blank_by_blank(keys, one)
        elif one.effect is Effect.REPLACE:
            keys = [replace(keys[0], options=one.options)]
        elif one.effect is Effect.ACCEPT:
            keys.append(replace(keys[0], options=one.options))
    return tuple(keys)


def _blank_by_blank(keys: Sequence[Key], one: Correction) -> list[Key]:
    """Return the keys of a fill-in corrected: as many as the blank with most numbers has, since blanks are judged one by one."""
    blanks = zip(zip(*(key.blanks for key in keys), strict=True), one.blanks, strict=True)
    columns = [tuple(dict.fromkeys(_corrected(column, texts, one.effect))) for column, texts in blanks]
    rows = zip_longest(*columns)
    return [replace(keys[0], blanks=tuple(blank or column[0] for blank, column in zip(row, columns, strict=True))) for row in rows]


def _corrected(column: tuple[Blank, ...], texts: tuple[str, ...], effect: Effect) -> Iterator[Blank]:
    """Yield what is right in one blank; without texts all that was right before."""
    if texts and effect is Effect.REPLACE:
        column, texts = (replace(column[0], accepted=texts[:1]),), texts[1:]
    for blank in column:
        yield from _widened(blank, texts)


def _fitting(keys: Sequence[Key], texts: Sequence[str]) -> Key:
    """Return the key of a fill-in that has for each blank what fits its text, if any does."""
    columns = list(zip(*(key.blanks for key in keys), strict=True))
    given = zip(columns, (*texts, *[""] * len(columns)), strict=False)
    return replace(keys[0], blanks=tuple(next((blank for blank in column if fits(blank, text)), column[0]) for column, text in given))


def _widened(blank: Blank, texts: tuple[str, ...]) -> tuple[Blank, ...]:
    """Return the blank with further texts; a number with a tolerance is a blank of its own, since the tolerance is that of the first text."""
    if blank.tolerance:
        return blank, *(replace(blank, accepted=(text,)) for text in texts)
    return (replace(blank, accepted=blank.accepted + texts),)


def worth(
    kind: ItemType, key: Key, corrections: Sequence[Correction], response: Sequence[int], points: int, *, texts: Sequence[str], policy: MultiplePolicy
) -> int | None:
    """Return the points of a response under the corrections in force, the oldest first."""
    if is_fixed(corrections):
        return 0 if is_dropped(corrections) else points
    keys = right_keys(key, corrections)
    if kind is ItemType.FILL_IN and len(keys) > 1:
        keys = (_fitting(keys, texts),)
    found = [score(kind, each, response, points, policy, texts=texts) for each in keys]
    return None if None in found else max(one for one in found if one is not None)


def is_dropped(corrections: Sequence[Correction]) -> bool:
    """Tell whether the item counts for nobody."""
    return bool(corrections) and corrections[-1].effect is Effect.DROP


def is_fixed(corrections: Sequence[Correction]) -> bool:
    """Tell whether the item's points hang on no response and no mark."""
    return bool(corrections) and corrections[-1].effect in (Effect.FULL, Effect.DROP)


def was_stricter(corrections: Sequence[Correction]) -> bool:
    """Tell whether an item may have earned less by rule 1, which took what is right of several blanks, or of several numbers put for one, as a whole."""
    blanks = [(one.effect, one.blanks) for one in corrections if one.blanks]
    return not is_fixed(corrections) and any(len(texts) > 1 or (effect is Effect.REPLACE and len(texts[0]) > 1) for effect, texts in blanks)


def scaled(points: int, counted: int, whole: int) -> int:
    """Let what still counts count for the whole: rounded to the nearest hundredth, half of it up."""
    return (2 * points * whole + counted) // (2 * counted) if counted else whole


def digest(changes: Iterable[Change]) -> str:
    """Return one sign for all changes: what approvers approve."""
    lines = sorted(f"{one.attempt_id}:{one.before}:{one.before_items}:{one.after}:{one.after_items}" for one in changes)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def check_approver(person_id: int, proposed_by: int | None) -> None:
    """Refuse whoever proposed it."""
    if person_id == proposed_by:
        raise OwnRegrade
