"""Lesson quizzes: attach, begin, hand in, explain; and what the lesson page shows of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import SystemRandom

from exam.domain import quiz as rules
from exam.domain.quiz import NOTHING_YET, Given, QuizAttempt, QuizItem, QuizStanding
from exam.services.quiz_item import WholeItem, whole
from exam.store import quiz as store
from lms import api as platform
from lms.domain.activity import Activity, ActivityState, LearningRules, Panel
from lms.domain.lesson import Lesson
from lms.kernel import audit
from lms.kernel.db import Session, reading, transaction
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.refusal import N_, Invalid
from question_bank import api as bank
from question_bank.domain.item import Explanation, ItemContent, Key

KIND = "quiz"


class ChoiceUnknown(Invalid):
    """A choice that the item does not offer."""

    code = "quiz_choice_unknown"
    message = N_("提交的选项不在题目中，请刷新页面后重试。")


@dataclass(frozen=True, slots=True)
class QuizPanel:
    """What the lesson page shows of its quiz."""

    activity_id: int
    standing: QuizStanding
    items: int
    needed: int
    tries_left: int | None
    may_start: bool
    reason: str
    order: str


@dataclass(frozen=True, slots=True)
class QuizView:
    """A try with what may be shown of it: keys and explanations only after the hand-in."""

    attempt: QuizAttempt
    activity: Activity
    learning: LearningRules
    contents: tuple[ItemContent, ...]
    needed: int
    tries_left: int | None
    keys: tuple[Key, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    right: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class QuizEditor:
    """What a course editor chooses a lesson's quiz from: `choices` are banks, each with (ref, topic, items in the practice pool).

    `chosen_words` are empty where the quiz draws from a bank that is no longer shared with her: it goes on, since learners have begun it.
    """

    lesson_id: int
    asked: bool
    chosen: str
    chosen_words: str
    lost: bool
    items: int
    needed: int
    choices: tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...]


def editor(session: Session, person_id: int, lesson: Lesson, attached: Sequence[Activity]) -> Panel:
    """Offer a lesson's editor the topics that have practice items."""
    quiz = platform.programme(session, lesson.programme_code).quiz
    supply, banks, names = bank.practice(session), bank.banks(session, person_id), bank.topics_by_bank(session)
    chosen = attached[0].ref if attached else ""
    bank_code, topic = rules.source_of(chosen)
    page = QuizEditor(
        lesson_id=lesson.id,
        asked=lesson.quiz,
        chosen=chosen,
        chosen_words=f"{banks[bank_code]} · {names.get(bank_code, {}).get(topic, topic)}" if bank_code in banks else "",
        lost=bool(chosen) and not supply.get(bank_code, {}).get(topic),
        items=quiz.items if quiz else 0,
        needed=-(-quiz.items * quiz.pass_percent // 100) if quiz else 0,
        choices=tuple(
            (name, tuple((rules.ref_of(code, one), names.get(code, {}).get(one, one), count) for one, count in supply[code].items()))
            for code, name in banks.items()
            if code in supply
        ),
    )
    return Panel("exam/quiz/editor.html", page)


def attach(lesson_id: int, bank_code: str, topic: str, *, actor_id: int | None, now: datetime) -> int:
    """Give a lesson its quiz, in place of the one it has; raises NoPractice where there is nothing to draw from."""
    with transaction() as session:
        if actor_id is not None:
            bank.require_draw(session, bank_code, actor_id)
        if not bank.practice(session).get(bank_code, {}).get(topic):
            raise rules.NoPractice
        lesson = platform.lesson(session, lesson_id)
        activity_id = attach_quiz(
            session, lesson_id=lesson_id, programme_code=lesson.programme_code, bank_code=bank_code, topic=topic, title=f"{lesson.title[:190]} · 小测"
        )  # fmt: skip
        audit.record(session, actor_id=actor_id, action="quiz.attach", subject=f"lesson:{lesson_id}", now=now, source=rules.ref_of(bank_code, topic))
        return activity_id


def of_lesson(session: Session, lesson_id: int | None) -> Activity | None:
    """Return the quiz of a lesson."""
    return next((one for one in platform.activities(session, KIND) if one.lesson_id == lesson_id), None)


def attach_quiz(session: Session, *, lesson_id: int, programme_code: str, bank_code: str, topic: str, title: str) -> int:
    """Give a lesson a quiz from a bank's practice pool, in place of the one it has; returns the activity's id."""
    ref = rules.ref_of(bank_code, topic)
    there = of_lesson(session, lesson_id)
    if there is None:
        return platform.add_activity(session, lesson_id=lesson_id, programme_code=programme_code, kind=KIND, ref=ref, title=title)
    platform.replace_activity(session, there.id, ref=ref, title=title)
    return there.id


def states(session: Session, person_id: int, activities: Sequence[Activity], now: datetime) -> Mapping[int, ActivityState]:  # noqa: ARG001 - the protocol
    """Tell how far a learner is with the quizzes of a page."""
    found = store.standings(session, person_id, [activity.id for activity in activities])
    return {activity.id: _state(activity.id, found.get(activity.id, NOTHING_YET)) for activity in activities}


def _state(activity_id: int, standing: QuizStanding) -> ActivityState:
    if standing.passed:
        return ActivityState(activity_id, done=True, fraction=1.0, text=_("小测已通过"))
    if standing.tries:
        text = _("小测答对 %(right)s / %(of)s 题，未通过", right=standing.best, of=standing.of_items)
        return ActivityState(activity_id, done=False, fraction=0.0, text=text)
    return ActivityState(activity_id, done=False, fraction=0.0, text=_("小测未做"))


def panel(session: Session, person_id: int, activity: Activity, learning: LearningRules, now: datetime) -> Panel | None:
    """Show the quiz beside the video; nothing where the programme asks for none."""
    if not learning.quiz_items:
        return None
    standing = store.standings(session, person_id, [activity.id]).get(activity.id, NOTHING_YET)
    left = _left(learning, standing)
    reason = ""
    if left == 0 and not standing.passed:
        reason = _(rules.QuizTriesUsed.message)
    elif not learning.earns_at(now):
        reason = _("%(opens)s 起可以做小测。", opens=format_instant(learning.opens)) if learning.opens and now < learning.opens else _(rules.QuizClosed.message)
    elif not standing.passed and _too_early(session, person_id, activity, learning):
        reason = _("先看完本节视频（达到 %(percent)s%%），小测随后开放。", percent=int(learning.watched_ratio * 100))
    page = QuizPanel(
        activity_id=activity.id,
        standing=standing,
        items=learning.quiz_items,
        needed=_needed(learning.quiz_items, learning),
        tries_left=left,
        may_start=not reason,
        reason=reason,
        order="" if standing.passed or learning.quiz_after_watching else _order(learning),
    )
    return Panel("exam/quiz/panel.html", page)


def _order(learning: LearningRules) -> str:
    if learning.quiz_asked:
        return _("看视频和做小测不分先后，两项都完成后计入学时。")
    return _("小测供自测，不是获得学时的条件。")


def _too_early(session: Session, person_id: int, activity: Activity, learning: LearningRules) -> bool:
    return learning.quiz_after_watching and not platform.watched(session, person_id, activity.lesson_id or 0)


def begin(person_id: int, activity_id: int, now: datetime) -> int:
    """Open a try with a fresh draw, or come back to the open one; returns its id."""
    with reading() as session:
        activity, learning = _admitted(session, person_id, activity_id, now)
        newest = store.newest_of(session, person_id, activity_id)
        if newest is not None and newest.submitted_at is None:
            return newest.id
        if not learning.earns_at(now):
            raise rules.QuizClosed
        if _too_early(session, person_id, activity, learning):
            raise rules.QuizBeforeLesson
        number = newest.number + 1 if newest else 1
        if learning.quiz_tries is not None and number > learning.quiz_tries:
            raise rules.QuizTriesUsed
        drawn = _drawn(session, activity, learning, newest)
    with transaction() as session:
        platform.activity_begun(session, person_id=person_id, activity_id=activity_id, now=now)
        return store.begin(session, person_id=person_id, activity_id=activity_id, number=number, items=drawn, now=now)


def _drawn(session: Session, activity: Activity, learning: LearningRules, newest: QuizAttempt | None) -> list[QuizItem]:
    bank_code, topic = rules.source_of(activity.ref)
    chance = SystemRandom()
    pool = [item for item in bank.on_topic(session, bank_code, topic) if not item.type.marked_by_people]
    drawn = rules.draw(pool, learning.quiz_items, {item.version_id for item in newest.items} if newest else (), chance)
    if not drawn:
        raise rules.QuizEmpty
    versions = [item.version_id for item in drawn]
    return [QuizItem(version, rules.shuffled(one.content, chance)) for version, one in zip(versions, whole(session, versions), strict=True)]


def view(person_id: int, attempt_id: int, now: datetime) -> QuizView:
    """Return a try of the person's."""
    with reading() as session:
        attempt = store.of_person(session, person_id, attempt_id)
        if attempt is None:
            raise rules.QuizMissing
        activity, learning = _admitted(session, person_id, attempt.activity_id, now)
        items = whole(session, [item.version_id for item in attempt.items])
        standing = store.standings(session, person_id, [activity.id]) if learning.quiz_tries is not None else {}
    ended = attempt.submitted_at is not None
    return QuizView(
        attempt=attempt,
        activity=activity,
        learning=learning,
        contents=tuple(item.content for item in items),
        needed=_needed(len(items), learning),
        tries_left=_left(learning, standing.get(activity.id, NOTHING_YET)),
        keys=tuple(item.key for item in items) if ended else (),
        explanations=tuple(item.explanation for item in items) if ended else (),
        right=tuple(_judged(attempt, items, attempt.responses)) if ended else (),
    )


def hand_in(seen: QuizView, responses: Sequence[Given], now: datetime) -> None:
    """Score a try, once; a repetition changes nothing. Passing it moves the lesson on."""
    attempt = seen.attempt
    if attempt.submitted_at is not None:
        return
    if not seen.learning.earns_at(now):
        raise rules.QuizClosed
    if not rules.offered(seen.contents, responses):
        raise ChoiceUnknown
    lacking = rules.unanswered(attempt.items, responses)
    if lacking:
        raise rules.QuizIncomplete(items=lacking)
    with transaction() as session:
        right = sum(_judged(attempt, whole(session, [item.version_id for item in attempt.items]), responses))
        passed = rules.passes(right, len(attempt.items), seen.learning.quiz_pass_percent)
        first = store.hand_in(session, attempt.id, responses=responses, right=right, passed=passed, now=now)
        if first and passed:
            evidence = f"quiz_attempt:{attempt.id}"
            platform.activity_done(session, person_id=attempt.person_id, activity_id=attempt.activity_id, seconds=0, evidence=evidence, now=now)


def _judged(attempt: QuizAttempt, items: Sequence[WholeItem], responses: Sequence[Given]) -> list[bool]:
    versions = [item.version_id for item in attempt.items]
    kinds = {version: item.content.type for version, item in zip(versions, items, strict=True)}
    keys = {version: item.key for version, item in zip(versions, items, strict=True)}
    return rules.right_ones(attempt.items, responses, kinds, keys)


def shown_html(shown: QuizView) -> Iterator[str]:
    """Yield every text that a view of a try shows."""
    for content in shown.contents:
        yield from (content.stem_html, *content.options_html, *content.prompts_html)
    for explanation in shown.explanations:
        yield from (explanation.overall_html, *explanation.options_html)


def _admitted(session: Session, person_id: int, activity_id: int, now: datetime) -> tuple[Activity, LearningRules]:
    """Return the quiz and the learner's rules; to who takes no part the quiz does not exist."""
    found = platform.activity_of(session, person_id, activity_id, now)
    if found is None or found[0].kind != KIND or not found[1].quiz_items:
        raise rules.QuizMissing
    return found


def _needed(items: int, learning: LearningRules) -> int:
    """Return how many right responses pass."""
    return -(-items * learning.quiz_pass_percent // 100)


def _left(learning: LearningRules, standing: QuizStanding) -> int | None:
    return None if learning.quiz_tries is None else max(0, learning.quiz_tries - standing.tries)
