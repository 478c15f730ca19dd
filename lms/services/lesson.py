"""Courses and lessons: make them, order them, and turn a learner's lesson into credit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lms.domain import hours as hours_rules
from lms.domain import lesson as rules
from lms.domain.activity import Activity, LearningRules, Panel
from lms.domain.hours import HoursKind
from lms.domain.lesson import Course, Lesson, LessonFacts, LessonState
from lms.kernel import audit
from lms.kernel.db import Session, reading
from lms.kernel.refusal import N_, Invalid, Missing
from lms.services import activity as activities
from lms.services import enrolment as enrolments
from lms.services import hours
from lms.services import programme as programmes
from lms.store import activity as activity_store
from lms.store import enrolment as enrolment_store
from lms.store import lesson as store
from lms.store import plan as plan_store

Waiting = Mapping[tuple[int, int], LessonState]  # by person and lesson
AT_ONCE = 1_000  # people asked for in one statement


class CourseMissing(Missing):
    """There is no such course."""

    code = "course_missing"
    message = N_("没有找到这门课程。")


class UnknownTopic(Invalid):
    """The programme has no such topic."""

    code = "unknown_topic"
    message = N_("培训项目中没有这个专题，请从列表中选择。")


class OtherLessons(Invalid):
    """The order names other lessons than the course's."""

    code = "other_lessons"
    message = N_("课程内容已有变化，请刷新后重新排序。")


@dataclass(frozen=True, slots=True)
class LessonLine:
    """One lesson in the list beside the page."""

    lesson: Lesson
    state: LessonState
    fraction: float


@dataclass(frozen=True, slots=True)
class LessonView:
    """A lesson as one learner sees it: its activities' panels, and the list of all lessons."""

    lesson: Lesson
    state: LessonState
    quiz_asked: bool
    rules: LearningRules
    panels: tuple[Panel, ...]
    lines: tuple[LessonLine, ...]


def view(person_id: int, lesson_id: int, now: datetime) -> LessonView:
    """Return a lesson of the learner's; to others, and before it is published, it does not exist."""
    with reading() as session:
        hers = plan_store.lesson_of(session, person_id, lesson_id)
        if hers is None:
            raise rules.LessonMissing
        lesson, enrolment, version = hers
        programme = programmes.parsed(session, version)
        learning = enrolments.learning_rules(programme, enrolment, now)
        found = activity_store.of_programme(session, lesson.programme_code)
        lines = _lines(session, person_id, lesson.programme_code, found, now)
        panels = []
        for one in found:
            kind = activities.kind_of(one.kind)
            panel = kind.panel(session, person_id, one, learning, now) if kind and one.lesson_id == lesson_id else None
            if panel is not None:
                panels.append(panel)
    return LessonView(
        lesson=lesson,
        state=next(line.state for line in lines if line.lesson.id == lesson_id),
        quiz_asked=programme.hours.quiz_required and lesson.quiz,
        rules=learning,
        panels=tuple(panels),
        lines=lines,
    )


def first_lesson(person_id: int, programme_code: str) -> int | None:
    """Return the lesson to open first: the next one not credited, else the first of all."""
    with reading() as session:
        if enrolments.of_person(session, person_id, programme_code) is None:
            raise rules.LessonMissing
        found = store.lessons_with_states(session, person_id, programme_code)
    left = [lesson.id for lesson, state in found if state is not LessonState.CREDITED]
    return next(iter([*left, *(lesson.id for lesson, _ in found)]), None)


def _lines(session: Session, person_id: int, programme_code: str, found: Sequence[Activity], now: datetime) -> tuple[LessonLine, ...]:
    """List the lessons; who has begun to watch is shown as watching even before a tool says that anything is done."""
    watched = [one for one in found if one.lesson_id is not None and one.kind != rules.QUIZ_KIND]
    states = activities.states(session, person_id, watched, now)
    fractions: dict[int | None, list[float]] = {}
    for one in watched:
        if one.id in states:
            fractions.setdefault(one.lesson_id, []).append(states[one.id].fraction)
    lines = []
    for lesson, state in store.lessons_with_states(session, person_id, programme_code):
        hers = fractions.get(lesson.id, [0.0])
        fraction = sum(hers) / len(hers)
        begun = state is LessonState.NOT_STARTED and fraction > 0
        lines.append(LessonLine(lesson, LessonState.WATCHING if begun else state, fraction))
    return tuple(lines)


def activity_done(session: Session, *, person_id: int, activity_id: int, seconds: int, evidence: str, now: datetime) -> None:
    """Take a tool's word that an activity is done; the lesson moves on and is credited once when nothing is missing."""
    activity = activity_store.one(session, activity_id)
    if activity is None:
        raise rules.LessonMissing
    if activity.lesson_id is None:
        activity_store.keep_done(session, person_id=person_id, activity_id=activity_id, seconds=seconds, evidence=evidence, now=now)
        return
    state = store.lock_state(session, person_id, activity.lesson_id, now)
    credited = state is LessonState.CREDITED  # then the seconds behind the entry stay as they were, so that it can be verified
    activity_store.keep_done(session, person_id=person_id, activity_id=activity_id, seconds=seconds, evidence=evidence, now=now, raising=not credited)
    if not credited:
        _move_on(session, person_id, activity.lesson_id, state, evidence=evidence, now=now)


def activity_done_by(session: Session, activity_id: int, evidence: Mapping[int, str], now: datetime) -> None:
    """Take a tool's word of many people, each with her evidence, that an activity of no seconds is done; a repeated word changes nothing."""
    activity = activity_store.one(session, activity_id)
    if activity is not None and activity.lesson_id is None:
        activity_store.keep_done_by(session, activity_id, evidence, now)
        return
    for person_id, why in evidence.items():
        activity_done(session, person_id=person_id, activity_id=activity_id, seconds=0, evidence=why, now=now)


def activity_begun(session: Session, *, person_id: int, activity_id: int, now: datetime) -> None:
    """Remember that a learner has begun a lesson."""
    store.begin(session, person_id, activity_id, now)


def activity_of(session: Session, person_id: int, activity_id: int, now: datetime) -> tuple[Activity, LearningRules] | None:
    """Return an activity of a published lesson, and what holds there for the learner; None to who takes no part in its programme."""
    hers = plan_store.activity_of(session, person_id, activity_id)
    if hers is None:
        return None
    found, enrolment, version = hers
    return found, enrolments.learning_rules(programmes.parsed(session, version), enrolment, now)


def _move_on(session: Session, person_id: int, lesson_id: int, state: LessonState, *, evidence: str, now: datetime) -> None:
    lesson = store.lesson(session, lesson_id)
    enrolment = enrolments.of_person(session, person_id, lesson.programme_code) if lesson else None
    if lesson is None or enrolment is None:
        return  # who does not take part may have watched; nothing is credited
    in_force = programmes.in_force(session, lesson.programme_code)
    rule = in_force[1].hours
    watched, quiz_passed, measured = activity_store.done_in_lesson(session, person_id, lesson_id)
    facts = LessonFacts(watched=watched, quiz_passed=quiz_passed, quiz_asked=rule.quiz_required and lesson.quiz)
    reached = rules.reach(state, facts)
    store.save_state(session, person_id, lesson_id, reached, now)
    if reached is LessonState.CREDITED:
        hours.enter(
            session,
            in_force,
            enrolment_id=enrolment.id,
            kind=HoursKind.ONLINE,
            lesson_id=lesson_id,
            worth=hours_rules.worth_of_lesson(rule, nominal_seconds=lesson.seconds, measured_seconds=measured),
            evidence=evidence,
            now=now,
        )


def watched(session: Session, person_id: int, lesson_id: int) -> bool:
    """Tell whether a learner has watched everything of a lesson."""
    return activity_store.done_in_lesson(session, person_id, lesson_id)[0]


def lesson(session: Session, lesson_id: int) -> Lesson:
    """Return one lesson."""
    found = store.lesson(session, lesson_id)
    if found is None:
        raise rules.LessonMissing
    return found


def courses(session: Session) -> tuple[Course, ...]:
    """Return every course."""
    return store.courses(session)


def course(session: Session, course_id: int) -> Course:
    """Return one course."""
    found = store.course(session, course_id)
    if found is None:
        raise CourseMissing
    return found


def lessons_of_course(session: Session, course_id: int) -> tuple[Lesson, ...]:
    """Return the lessons of a course in order."""
    return store.lessons_of_course(session, course_id)


def every_lesson(session: Session) -> tuple[Lesson, ...]:
    """Return the lessons of all courses in order."""
    return store.every_lesson(session)


def create_course(session: Session, *, programme_code: str, title: str, summary: str, actor_id: int | None, now: datetime) -> int:
    """Begin a course; learners see it once it is published."""
    programmes.in_force(session, programme_code)
    course_id = store.add_course(session, programme_code=programme_code, title=title, summary=summary)
    audit.record(session, actor_id=actor_id, action="course.create", subject=f"course:{course_id}", now=now, programme=programme_code)
    return course_id


def create_lesson(session: Session, *, course_id: int, title: str, topic: str, seconds: int, quiz: bool, actor_id: int | None, now: datetime) -> int:
    """Add a lesson at the end of a course."""
    into = course(session, course_id)
    _check_topic(session, into.programme_code, topic)
    if quiz and into.published and _asks_for_quizzes(session, into.programme_code):
        raise rules.QuizLacking(lessons=[title])
    lesson_id = store.add_lesson(session, course_id=course_id, title=title, topic=topic, seconds=seconds, quiz=quiz)
    store.keep_length(session, lesson_id, seconds, now)
    audit.record(session, actor_id=actor_id, action="lesson.create", subject=f"lesson:{lesson_id}", now=now, course=course_id)
    return lesson_id


def change_lesson(session: Session, lesson_id: int, *, title: str, topic: str, seconds: int, quiz: bool, actor_id: int | None, now: datetime) -> None:
    """Change a lesson; what was credited keeps its worth, and who lacked only a quiz that is asked no more is credited."""
    before = lesson(session, lesson_id)
    _check_topic(session, before.programme_code, topic)
    if quiz and not before.quiz and before.published:
        _require_quizzes(session, before.programme_code, [replace(before, title=title, quiz=True)])
    store.change_lesson(session, lesson_id, title=title, topic=topic, seconds=seconds, quiz=quiz)
    if seconds != before.seconds:
        store.keep_length(session, lesson_id, seconds, now)
    if before.quiz and not quiz:
        waiting = hold_waiting(session, store.watched_by(session, lesson_id), now)
        hours.hold(session, enrolled(session, before.programme_code, waiting), now)
        credit(session, waiting, evidence=f"lesson:{lesson_id} without quiz", now=now)
    audit.record(session, actor_id=actor_id, action="lesson.change", subject=f"lesson:{lesson_id}", now=now, seconds=seconds, quiz=quiz)


def hold_waiting(session: Session, waiting: Sequence[tuple[int, int]], now: datetime) -> Waiting:
    """Lock the lessons (person, lesson) of many before anything else of theirs: nobody who completes one then waits for us while we wait for her."""
    return {one: store.lock_state(session, *one, now) for one in waiting}


def enrolled(session: Session, programme_code: str, waiting: Waiting) -> list[int]:
    """Return the enrolments of those who wait."""
    people = sorted({person_id for person_id, _lesson in waiting})
    parts = (people[start : start + AT_ONCE] for start in range(0, len(people), AT_ONCE))
    return [one.id for part in parts for one in enrolment_store.of_people(session, part, programme_code).values()]


def credit(session: Session, waiting: Waiting, *, evidence: str, now: datetime) -> None:
    """Credit those who waited only for a quiz that is asked no more; who passed it before we held her lesson is credited already."""
    for (person_id, lesson_id), state in waiting.items():
        if state is not LessonState.CREDITED:
            _move_on(session, person_id, lesson_id, state, evidence=evidence, now=now)


def order_lessons(session: Session, course_id: int, lesson_ids: Sequence[int]) -> None:
    """Put the lessons of a course in this order."""
    if sorted(lesson_ids) != sorted(one.id for one in store.lessons_of_course(session, course_id)):
        raise OtherLessons
    store.order_lessons(session, lesson_ids)


def publish(session: Session, course_id: int, *, shown: bool, actor_id: int | None, now: datetime) -> None:
    """Show a course to its learners, or hide it; raises QuizLacking."""
    found = course(session, course_id)
    if shown:
        _require_quizzes(session, found.programme_code, store.lessons_of_course(session, course_id))
    store.publish(session, course_id, now if shown else None)
    action = "course.publish" if shown else "course.hide"
    audit.record(session, actor_id=actor_id, action=action, subject=f"course:{course_id}", now=now)


def lacking_quiz(session: Session, programme_code: str) -> tuple[Lesson, ...]:
    """Return the lessons of a programme, published or not, that ask for a quiz and have none."""
    lessons = (one for one in store.every_lesson(session) if one.programme_code == programme_code)
    return rules.without_quiz(lessons, _with_quiz(session, programme_code))


def _require_quizzes(session: Session, programme_code: str, lessons: Sequence[Lesson]) -> None:
    lacking = rules.without_quiz(lessons, _with_quiz(session, programme_code))
    if lacking and _asks_for_quizzes(session, programme_code):
        raise rules.QuizLacking(lessons=[one.title for one in lacking])


def _asks_for_quizzes(session: Session, programme_code: str) -> bool:
    return programmes.programme(session, programme_code).hours.quiz_required


def _with_quiz(session: Session, programme_code: str) -> set[int | None]:
    return {one.lesson_id for one in activity_store.of_programme(session, programme_code) if one.kind == rules.QUIZ_KIND}


def _check_topic(session: Session, programme_code: str, topic: str) -> None:
    if topic not in {one.code for one in programmes.programme(session, programme_code).topics}:
        raise UnknownTopic
