from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from lms import api
from lms.domain.hours import AlreadyReversed, HoursKind, Worth
from lms.domain.lesson import LessonState
from lms.kernel import migrate
from lms.kernel.db import transaction
from lms.kernel.settings import Settings
from lms.services import enrolment, hours, lesson, programme_version, progress
from lms.store import hours as hours_store
from lms.store import lesson as lesson_store
from lms.store import progress as progress_store
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import LIN, SAM, id_of


@pytest.fixture
def lin(app: Flask) -> int:
    return learning.enrolled(LIN)


def state_of(person_id: int, lesson_id: int) -> LessonState:
    with transaction() as session:
        return {one.id: state for one, state in lesson_store.lessons_with_states(session, person_id, learning.CODE)}[lesson_id]


def sums_of(person_id: int) -> progress_store.Progress:
    with transaction() as session:
        found = enrolment.of_person(session, person_id, learning.CODE)
        assert found
        return progress_store.of_enrolment(session, found.id)


def differences() -> list[str]:
    with transaction() as session:
        return list(progress.verify(session, NOON))


def done(person_id: int, activity_id: int, seconds: int = 2700) -> None:
    with transaction() as session:
        api.activity_done(session, person_id=person_id, activity_id=activity_id, seconds=seconds, evidence="test", now=NOON)


def test_a_lesson_is_credited_only_when_nothing_is_missing(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    done(lin, first.video_id)
    assert (state_of(lin, first.lesson_id), sums_of(lin).online) == (LessonState.WATCHED, Worth(0, 0))
    done(lin, first.quiz_id, 0)
    assert (state_of(lin, first.lesson_id), sums_of(lin).online) == (LessonState.CREDITED, Worth(2700, 1))
    assert differences() == []


def test_a_quiz_passed_first_waits_for_the_lesson(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    done(lin, first.quiz_id, 0)
    assert state_of(lin, first.lesson_id) is LessonState.WATCHING
    done(lin, first.video_id)
    assert state_of(lin, first.lesson_id) is LessonState.CREDITED


def test_the_same_report_again_credits_nothing_more(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    for _ in range(3):
        learning.learn(lin, first)
    assert sums_of(lin).online == Worth(2700, 1)


def test_reports_at_the_same_time_make_one_entry(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda activity_id: done(lin, activity_id, 600), [first.video_id, first.quiz_id] * 8))
    assert sums_of(lin).online == Worth(600, 1)
    assert differences() == []


def test_the_database_itself_refuses_a_second_entry(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    learning.learn(lin, first)
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(
            text(
                "INSERT INTO hours_entry (enrolment_id, kind, lesson_id, seconds, lessons, evidence, programme_version_id, entered_at) "
                "SELECT enrolment_id, kind, lesson_id, seconds, lessons, evidence, programme_version_id, entered_at FROM hours_entry"
            )
        )
    with pytest.raises(ProgrammingError), transaction() as session:
        session.execute(text("UPDATE hours_entry SET seconds = 9000"))


def test_who_does_not_take_part_earns_nothing(lin: int) -> None:
    sam = id_of(SAM)
    with transaction() as session:
        (first,) = learning.taught(session)
    learning.learn(sam, first)
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM hours_entry")).scalar_one() == 0


def test_an_entry_is_taken_back_once_and_may_be_restored(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    learning.learn(lin, first)
    with transaction() as session:
        found = enrolment.of_person(session, lin, learning.CODE)
        assert found
        (entry,) = hours.ledger(session, found.id)
        in_force = api.in_force(session, learning.CODE)
        back = hours.reverse(session, in_force, entry.id, reason="wrong person", now=NOON, entered_by=None)
    assert sums_of(lin).online == Worth(0, 0)
    with pytest.raises(AlreadyReversed), transaction() as session:
        hours.reverse(session, in_force, entry.id, reason="again", now=NOON, entered_by=None)
    with transaction() as session:
        hours.reverse(session, in_force, back, reason="right after all", now=NOON, entered_by=None)
    assert sums_of(lin).online == Worth(2700, 1)


def test_verifying_names_every_difference(lin: int) -> None:
    with transaction() as session:
        one, two = learning.taught(session, "第一讲", "第二讲")
    learning.learn(lin, one)
    with transaction() as session:
        session.execute(text("UPDATE learner_progress SET online_seconds = 5400"))
        lesson_store.lock_state(session, lin, two.lesson_id, NOON)
        lesson_store.save_state(session, lin, two.lesson_id, LessonState.CREDITED, NOON)
    found = differences()
    assert any("2700 s and 1 lessons, the roll-up 5400 s" in one for one in found)
    assert any(f"lesson {two.lesson_id} is credited" in one for one in found)


def test_verifying_compares_every_entry_with_its_version_of_the_rules(lin: int, settings: Settings) -> None:
    with transaction() as session:
        one, two = learning.taught(session, "第一讲", "第二讲")
    learning.learn(lin, one, seconds=2600)
    learning.learn(lin, one, seconds=2700, after=timedelta(minutes=9))
    programme_version.load(learning.programme_text().replace('credit = "measured"', 'credit = "nominal"', 1), now=NOON)
    learning.learn(lin, two, seconds=2650, after=timedelta(minutes=1))
    with transaction() as session:
        lesson.change_lesson(
            session, two.lesson_id, title="第二讲", topic="principles", seconds=3000, quiz=True, actor_id=None, now=NOON + timedelta(minutes=2)
        )
        found = enrolment.of_person(session, lin, learning.CODE)
        assert found
        first, second = hours.ledger(session, found.id)
        assert (first.worth, second.worth) == (Worth(2600, 1), Worth(2700, 1))
        hours.reverse(session, api.in_force(session, learning.CODE), first.id, reason="wrong", now=NOON + timedelta(minutes=3), entered_by=None)
        assert list(hours.verify(session, NOON)) == [], "the length a lesson had, the time measured and the rules of the day are what counts"
    owner = migrate.owner_engine(settings.database_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE hours_entry SET seconds = seconds + 5 WHERE id = :id"), {"id": second.id})
        connection.execute(text("UPDATE hours_entry SET evidence = 'attendance_list:7', lesson_id = NULL WHERE id = :id"), {"id": first.id})
    owner.dispose()
    with transaction() as session:
        (nothing, changed) = hours.verify(session, NOON)
    assert "2600 s and 1 lessons rests on nothing that is known" in nothing
    assert f"entry {second.id} holds 2705 s and 1 lessons, by its version of the rules 2700 s and 1 lessons are due" in changed


def test_credit_without_anything_watched_or_without_the_quiz_is_named(lin: int) -> None:
    with transaction() as session:
        forged, unquizzed, changed = learning.taught(session, "第一讲", "第二讲", "第三讲")
        found = enrolment.of_person(session, lin, learning.CODE)
        assert found
    for one in (unquizzed, changed):
        done(lin, one.video_id)
    with transaction() as session:
        for one in (forged, unquizzed, changed):  # what a hand in the database would write: state, entry and roll-up
            store_state = lesson_store.lock_state(session, lin, one.lesson_id, NOON)
            assert store_state is not LessonState.CREDITED
            lesson_store.save_state(session, lin, one.lesson_id, LessonState.CREDITED, NOON)
            hours.enter(
                session, api.in_force(session, learning.CODE), enrolment_id=found.id, kind=HoursKind.ONLINE, lesson_id=one.lesson_id,
                worth=Worth(0 if one is forged else 2700, 1), evidence="forged", now=NOON,
            )  # fmt: skip
        # Whether a lesson asked for a quiz then is not known any more once it was changed.
        lesson.change_lesson(
            session, changed.lesson_id, title="第三讲", topic="principles", seconds=2700, quiz=True, actor_id=None, now=NOON + timedelta(hours=1)
        )
        assert differences() == []
        (nothing, no_quiz) = hours.verify(session, NOON)
        entries = hours.ledger(session, found.id)
    assert nothing == f"enrolment {found.id}: entry {entries[0].id} is for a lesson of which nothing was watched"
    assert no_quiz == f"enrolment {found.id}: entry {entries[1].id} is for a lesson whose quiz was not passed"


def test_learning_is_complete_when_the_hours_are_there(lin: int) -> None:
    with transaction() as session:
        lessons = learning.taught(session, "第一讲", "第二讲")
        facts = api.enrolment_of(session, lin, learning.CODE)
        assert facts
        assert not facts.learning_complete
        assert facts.missing == ("线上学习还差 1.5 学时", "线下培训还差 1 学时")
    learning.learn(lin, lessons[0])
    learning.learn(lin, lessons[1], seconds=1350)
    with transaction() as session:
        found = enrolment.of_person(session, lin, learning.CODE)
        assert found
        hours.enter(
            session,
            api.in_force(session, learning.CODE),
            enrolment_id=found.id,
            kind=HoursKind.OFFLINE,
            worth=Worth(2700, 0),
            evidence="list:1",
            now=NOON,
        )
        facts = api.enrolment_of(session, lin, learning.CODE)
        assert facts
        assert facts.learning_complete
        assert facts.missing == ()
        assert len(hours_store.by_evidence(session, "list:1")) == 1


def test_what_is_missing_is_never_told_too_small(lin: int) -> None:
    with transaction() as session:
        lessons = learning.taught(session, "第一讲", "第二讲")
    learning.learn(lin, lessons[0])
    learning.learn(lin, lessons[1], seconds=1349)
    with transaction() as session:
        facts = api.enrolment_of(session, lin, learning.CODE)
    assert facts
    assert facts.missing[0] == "线上学习还差约 1 分钟"


def test_a_lesson_of_an_unknown_topic_is_refused(lin: int) -> None:
    with transaction() as session:
        course_id = lesson.create_course(session, programme_code=learning.CODE, title="课", summary="", actor_id=None, now=NOON)
        with pytest.raises(lesson.UnknownTopic):
            lesson.create_lesson(session, course_id=course_id, title="讲", topic="cooking", seconds=60, quiz=False, actor_id=None, now=NOON)


def test_who_waited_only_for_a_quiz_is_credited_when_the_programme_drops_it(lin: int) -> None:
    with transaction() as session:
        one, two = learning.taught(session, "第一讲", "第二讲")
    done(lin, one.video_id)
    done(lin, two.video_id, 1350)
    programme_version.load(learning.programme_text().replace("quiz_required = true", "quiz_required = false", 1), now=NOON)
    assert (state_of(lin, one.lesson_id), state_of(lin, two.lesson_id)) == (LessonState.CREDITED, LessonState.CREDITED)
    assert (sums_of(lin).online, sums_of(lin).online_complete) == (Worth(4050, 2), True)
    assert differences() == []


def test_who_passes_the_quiz_before_her_lesson_is_held_is_credited_once(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    done(lin, first.video_id)
    with transaction() as session:
        waited = lesson_store.watched_by(session, first.lesson_id)
    done(lin, first.quiz_id, 0)
    with transaction() as session:
        held = lesson.hold_waiting(session, waited, NOON)
        lesson.credit(session, held, evidence="without quiz", now=NOON)
    assert sums_of(lin).online == Worth(2700, 1)
    assert differences() == []


def test_who_lacked_only_a_quiz_that_is_asked_no_more_is_credited(lin: int) -> None:
    with transaction() as session:
        (first,) = learning.taught(session)
    done(lin, first.video_id)
    assert state_of(lin, first.lesson_id) is LessonState.WATCHED
    with transaction() as session:
        lesson.change_lesson(session, first.lesson_id, title="第一讲", topic="principles", seconds=2700, quiz=False, actor_id=None, now=NOON)
    assert (state_of(lin, first.lesson_id), sums_of(lin).online) == (LessonState.CREDITED, Worth(2700, 1))
    assert differences() == []
