import pytest

from lms.domain.lesson import ImpossibleStep, LessonFacts, reach, step
from lms.domain.lesson import LessonEvent as E
from lms.domain.lesson import LessonState as S

WITH_QUIZ = {
    (S.NOT_STARTED, E.BEGIN): S.WATCHING,
    (S.WATCHING, E.WATCH): S.WATCHED,
    (S.WATCHED, E.PASS_QUIZ): S.QUIZ_PASSED,
    (S.QUIZ_PASSED, E.CREDIT): S.CREDITED,
}
WITHOUT_QUIZ = {
    (S.NOT_STARTED, E.BEGIN): S.WATCHING,
    (S.WATCHING, E.WATCH): S.WATCHED,
    (S.WATCHED, E.CREDIT): S.CREDITED,
    (S.QUIZ_PASSED, E.CREDIT): S.CREDITED,  # the quiz was asked when she passed it
}


@pytest.mark.parametrize("event", list(E))
@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize(("quiz_asked", "allowed"), [(True, WITH_QUIZ), (False, WITHOUT_QUIZ)])
def test_only_the_steps_of_the_path_are_possible(state: S, event: E, quiz_asked: bool, allowed: dict[tuple[S, E], S]) -> None:
    if (state, event) in allowed:
        assert step(state, event, quiz_asked=quiz_asked) is allowed[state, event]
    else:
        with pytest.raises(ImpossibleStep):
            step(state, event, quiz_asked=quiz_asked)


@pytest.mark.parametrize(
    ("watched", "quiz_passed", "quiz_asked", "reached"),
    [
        (False, False, False, S.WATCHING),
        (False, True, True, S.WATCHING),
        (True, False, True, S.WATCHED),
        (True, True, True, S.CREDITED),
        (True, False, False, S.CREDITED),
        (True, True, False, S.CREDITED),
    ],
)
def test_a_lesson_goes_as_far_as_the_facts_carry(watched: bool, quiz_passed: bool, quiz_asked: bool, reached: S) -> None:
    assert reach(S.NOT_STARTED, LessonFacts(watched, quiz_passed, quiz_asked)) is reached


@pytest.mark.parametrize("quiz_asked", [True, False])
@pytest.mark.parametrize("quiz_passed", [True, False])
@pytest.mark.parametrize("watched", [True, False])
@pytest.mark.parametrize("state", list(S))
def test_no_facts_move_a_lesson_back(state: S, watched: bool, quiz_passed: bool, quiz_asked: bool) -> None:
    order = list(S)
    assert order.index(reach(state, LessonFacts(watched, quiz_passed, quiz_asked))) >= order.index(state)


def test_a_credited_lesson_stays_credited() -> None:
    assert reach(S.CREDITED, LessonFacts(watched=False, quiz_passed=False, quiz_asked=True)) is S.CREDITED
