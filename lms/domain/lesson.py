"""Lessons and the one path on which a lesson turns into credit."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Missing

QUIZ_KIND = "quiz"  # every other activity of a lesson is something to watch


class LessonState(StrEnum):
    """How far a learner is in a lesson."""

    NOT_STARTED = "not_started"
    WATCHING = "watching"
    WATCHED = "watched"
    QUIZ_PASSED = "quiz_passed"
    CREDITED = "credited"


class LessonEvent(StrEnum):
    """What moves a lesson on."""

    BEGIN = "begin"
    WATCH = "watch"
    PASS_QUIZ = "pass_quiz"  # noqa: S105 - no password
    CREDIT = "credit"


class ImpossibleStep(Conflict):
    """The lesson cannot go this way from where it stands."""

    code = "impossible_step"
    message = N_("课程状态已有变化，请刷新页面后重试。")


class LessonMissing(Missing):
    """No lesson of the learner's has this number."""

    code = "lesson_missing"
    message = N_("没有找到这节课。它可能尚未发布，或不属于您参加的培训。")


class QuizLacking(Conflict):
    """A lesson asks for a quiz and has none; nobody could ever be credited for it. The facts name the lessons."""

    code = "quiz_lacking"
    message = N_("有的课勾选了“课后有小测”，却还没有配小测，学员会拿不到学时。请先配好小测，或取消勾选。")


@dataclass(frozen=True, slots=True)
class Course:
    """A row of lessons on one subject."""

    id: int
    programme_code: str
    title: str
    summary: str
    position: int
    published: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson; `seconds` is its nominal length, `quiz` whether it ends with one."""

    id: int
    course_id: int
    programme_code: str
    title: str
    topic: str
    position: int
    seconds: int
    quiz: bool
    published: bool


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """What is known of one learner and one lesson."""

    watched: bool
    quiz_passed: bool
    quiz_asked: bool


def without_quiz(lessons: Iterable[Lesson], with_quiz: Collection[int | None]) -> tuple[Lesson, ...]:
    """Return the lessons that ask for a quiz and have none; `with_quiz` are the ids of those that have one."""
    return tuple(lesson for lesson in lessons if lesson.quiz and lesson.id not in with_quiz)


_STEPS = {
    (LessonState.NOT_STARTED, LessonEvent.BEGIN): LessonState.WATCHING,
    (LessonState.WATCHING, LessonEvent.WATCH): LessonState.WATCHED,
    (LessonState.WATCHED, LessonEvent.PASS_QUIZ): LessonState.QUIZ_PASSED,
    (LessonState.QUIZ_PASSED, LessonEvent.CREDIT): LessonState.CREDITED,
}


def step(state: LessonState, event: LessonEvent, *, quiz_asked: bool) -> LessonState:
    """Move one step; a lesson without a quiz goes from watched to credited."""
    if not quiz_asked:
        if (state, event) == (LessonState.WATCHED, LessonEvent.CREDIT):
            return LessonState.CREDITED
        if event is LessonEvent.PASS_QUIZ:
            raise ImpossibleStep
    try:
        return _STEPS[state, event]
    except KeyError:
        raise ImpossibleStep from None


def reach(state: LessonState, facts: LessonFacts) -> LessonState:
    """Go as far as the facts carry; a credited lesson stays so."""
    for event in _events(state, facts):
        state = step(state, event, quiz_asked=facts.quiz_asked)
    return state


def _events(state: LessonState, facts: LessonFacts) -> Iterator[LessonEvent]:
    if state is LessonState.NOT_STARTED:
        yield LessonEvent.BEGIN
    if state in {LessonState.NOT_STARTED, LessonState.WATCHING}:
        if not facts.watched:
            return
        yield LessonEvent.WATCH
    if state is LessonState.CREDITED:
        return
    if facts.quiz_asked and state is not LessonState.QUIZ_PASSED:
        if not facts.quiz_passed:
            return
        yield LessonEvent.PASS_QUIZ
    yield LessonEvent.CREDIT
