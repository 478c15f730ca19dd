"""Lesson quizzes: a fresh draw for each try, scored at once, passed by a share of right responses."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from exam.domain.response import NONE, fits, shape_of
from lms.kernel.refusal import N_, Conflict, Invalid, Missing, Unavailable
from question_bank.domain.item import ItemContent, ItemType, Key, PracticeItem
from question_bank.domain.scoring import is_right

SEPARATOR = "/"
Given = Sequence[int] | Sequence[str]


class QuizMissing(Missing):
    """There is no such quiz, or no such try of this person."""

    code = "quiz_missing"
    message = N_("没有找到这次小测。它可能尚未发布，或不属于您参加的培训。")


class QuizClosed(Conflict):
    """The learner's window is not open."""

    code = "quiz_closed"
    message = N_("现在不在您的学习时段内，不能做小测。")


class QuizBeforeLesson(Conflict):
    """The programme asks for the lesson first, and it is not watched yet."""

    code = "quiz_before_lesson"
    message = N_("按本培训的规定，看完本节视频后才能做小测。")


class QuizTriesUsed(Conflict):
    """No try is left."""

    code = "quiz_tries_used"
    message = N_("这节课的小测次数已经用完，请联系班级管理员。")


class QuizIncomplete(Invalid):
    """Some items have no response; the facts name them."""

    code = "quiz_incomplete"
    message = N_("还有题目没有作答。")


class QuizEmpty(Unavailable):
    """The practice pool holds nothing on the topic."""

    code = "quiz_empty"
    message = N_("这节课的练习题还没有准备好，请稍后再来。")


class NoPractice(Invalid):
    """Nothing of the topic stands in the practice pool of the bank."""

    code = "no_practice"
    message = N_("这个专题还没有通过审核的练习题，不能用作小测。")


@dataclass(frozen=True, slots=True)
class QuizItem:
    """One item as drawn: `order` holds the original option index behind each option shown."""

    version_id: int
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class QuizAttempt:
    """One try; responses stand by position from 0: choices as shown, or texts."""

    id: int
    person_id: int
    activity_id: int
    number: int
    items: tuple[QuizItem, ...]
    started_at: datetime
    submitted_at: datetime | None
    responses: tuple[Given, ...]
    right: int
    passed: bool


@dataclass(frozen=True, slots=True)
class QuizStanding:
    """How far somebody is with one quiz."""

    tries: int
    passed: bool
    best: int
    of_items: int
    open_id: int | None
    newest_id: int | None


NOTHING_YET = QuizStanding(0, passed=False, best=0, of_items=0, open_id=None, newest_id=None)


def ref_of(bank_code: str, topic: str) -> str:
    """Return what an activity of kind quiz refers to."""
    return f"{bank_code}{SEPARATOR}{topic}"


def source_of(ref: str) -> tuple[str, str]:
    """Return bank and topic."""
    bank_code, _, topic = ref.partition(SEPARATOR)
    return bank_code, topic


def draw(pool: Sequence[PracticeItem], wanted: int, seen: Collection[int], chance: Random) -> list[PracticeItem]:
    """Draw items, those not seen in the try before first, enemies apart; fewer where the pool holds fewer."""
    mixed = chance.sample(pool, len(pool))
    mixed.sort(key=lambda item: item.version_id in seen)
    taken: list[PracticeItem] = []
    for item in mixed:
        if len(taken) == wanted:
            break
        if not any(item.item_id in other.enemies or other.item_id in item.enemies for other in taken):
            taken.append(item)
    return chance.sample(taken, len(taken))


def drawn(tries: Iterable[QuizAttempt]) -> set[int]:
    """Return the item versions in the tries."""
    return {item.version_id for one in tries for item in one.items}


def shuffled(content: ItemContent, chance: Random) -> tuple[int, ...]:
    """Return an order for the options; true and false keep theirs."""
    plain = range(len(content.options_html))
    return tuple(plain) if content.type is ItemType.TRUE_FALSE else tuple(chance.sample(plain, len(plain)))


def parted(response: Given) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the choices and the texts of a response; it holds one or the other."""
    return tuple(one for one in response if isinstance(one, int)), tuple(one for one in response if isinstance(one, str))


def offered(contents: Sequence[ItemContent], responses: Sequence[Given]) -> bool:
    """Tell whether every response is one that its item takes."""
    return len(contents) == len(responses) and all(fits(shape_of(content), *parted(given)) for content, given in zip(contents, responses, strict=True))


def unanswered(items: Sequence[QuizItem], responses: Sequence[Given]) -> list[int]:
    """Return the positions, from 1, that lack a response or a part of it."""
    return [position for position, (_item, response) in enumerate(zip(items, responses, strict=True), start=1) if not _is_whole(response)]


def _is_whole(response: Given) -> bool:
    return bool(response) and all(one.strip() if isinstance(one, str) else one != NONE for one in response)


def right_ones(items: Sequence[QuizItem], responses: Sequence[Given], kinds: Mapping[int, ItemType], keys: Mapping[int, Key]) -> list[bool]:
    """Tell for each item whether the response is wholly right."""
    found = []
    for item, response in zip(items, responses, strict=True):
        choices, texts = parted(response)
        originals = [choice if choice == NONE else item.order[choice] for choice in choices]
        found.append(bool(is_right(kinds[item.version_id], keys[item.version_id], originals, texts)))
    return found


def passes(right: int, of_items: int, percent: int) -> bool:
    """Compare exactly, in whole numbers."""
    return of_items > 0 and right * 100 >= percent * of_items
