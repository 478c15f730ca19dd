"""Corrections of a key after the exam: responses never change, only what they are worth."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid
from question_bank.domain.item import LETTERS, ItemType, Key
from question_bank.domain.scoring import MultiplePolicy, score

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


class LettersUnfit(Invalid):
    """The letters are no response to the item."""

    code = "letters_unfit"
    message = N_("请填写这道题的选项字母：单选题、判断题一个字母，多选题一个或多个，不能超出选项范围。其他题型只能全部给分或不计分。")


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


class RegradeRuns(Conflict):
    """Scoring waits for a regrade that takes its time."""

    code = "regrade_runs"
    message = N_("这场考试正在重新评分，暂时不能改动成绩。请过几分钟再提交一次，已填写的内容不会丢失。")


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction of one item; `options` in canonical order, from 0."""

    effect: Effect
    options: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a regrade does to one attempt; points in hundredths."""

    attempt_id: int
    person_id: int
    before: int
    after: int
    before_items: tuple[int | None, ...]
    after_items: tuple[int | None, ...]


def options_of(letters: str, kind: ItemType, options: int, effect: Effect) -> tuple[int, ...]:
    """Read letters as positions; raises LettersUnfit where they cannot be a response to the item."""
    if effect in (Effect.FULL, Effect.DROP):
        return ()
    found = sorted({LETTERS.find(letter) for letter in letters.upper() if not letter.isspace() and letter not in ",，、"})
    if not kind.chooses or not found or found[0] < 0 or found[-1] >= options or (kind is not ItemType.MULTIPLE and len(found) > 1):
        raise LettersUnfit
    return tuple(found)


def worth(
    kind: ItemType, key: Key, corrections: Sequence[Correction], response: Sequence[int], points: int, *, texts: Sequence[str], policy: MultiplePolicy
) -> int | None:
    """Return the points of a response under the corrections in force, the oldest first."""
    keys, fixed = [key], None
    for one in corrections:
        fixed = {Effect.FULL: points, Effect.DROP: 0}.get(one.effect)
        if one.effect is Effect.REPLACE:
            keys = [Key(one.options)]
        elif one.effect is Effect.ACCEPT:
            keys.append(Key(one.options))
    if fixed is not None:
        return fixed
    found = [score(kind, each, response, points, policy, texts=texts) for each in keys]
    return None if None in found else max(one for one in found if one is not None)


def is_dropped(corrections: Sequence[Correction]) -> bool:
    """Tell whether the item counts for nobody."""
    return bool(corrections) and corrections[-1].effect is Effect.DROP


def is_fixed(corrections: Sequence[Correction]) -> bool:
    """Tell whether the item's points hang on no response and no mark."""
    return bool(corrections) and corrections[-1].effect in (Effect.FULL, Effect.DROP)


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
