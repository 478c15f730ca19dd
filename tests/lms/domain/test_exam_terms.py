"""Exams as they are held go before the programme's file."""

from datetime import timedelta
from pathlib import Path

from lms.domain.exam_terms import ExamShape, ExamTerms, as_filed, held, next_of, times
from lms.domain.programme import parse

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
DAY = timedelta(days=1)


def terms(after: int, days: int = 2, title: str = "线上测试", component: str = "test", minutes: int = 60) -> ExamTerms:
    opens = PROGRAMME.exam.opens + after * DAY
    return ExamTerms(
        title=title, component=component, opens=opens, closes=opens + days * DAY, minutes=minutes, items=40, points=80, attempts=2, requires_learning=True
    )


def test_the_first_exam_that_is_not_over_is_the_one_that_matters() -> None:
    first, second = terms(1), terms(10)
    opens = PROGRAMME.exam.opens
    assert held(PROGRAMME, None) is PROGRAMME
    assert next_of([], opens) is None
    for now, wanted in ((opens, first), (first.closes - DAY / 2, first), (first.closes, second), (second.closes + DAY, second)):
        assert next_of([second, first], now) is wanted
        found = held(PROGRAMME, wanted).exam
        assert (found.opens, found.closes, found.minutes, found.points) == (wanted.opens, wanted.closes, 60, 80)
        assert (found.code, found.title) == (PROGRAMME.exam.code, PROGRAMME.exam.title)


def test_exams_at_the_same_time_are_one_and_a_later_one_of_the_same_component_is_for_few() -> None:
    main, apart, again = terms(1, minutes=60), terms(2, title="线上测试（南片）", minutes=75), terms(10, title="补考")
    other = terms(10, title="实操", component="practice")
    found = times(PROGRAMME, [again, other, apart, main])
    assert [one.code for one in found] == ["final-test", "final-test-2"]
    assert [one.title for one in found] == ["线上测试 + 线上测试（南片）", "补考 + 实操"]
    assert (found[0].opens, found[0].closes) == (main.opens, apart.closes)
    assert found[0].shapes == (ExamShape(75, 40),), "nobody sits two of one component at once"
    assert found[1].shapes == (ExamShape(60, 40, again=True), ExamShape(60, 40)), "the other component was never examined before"
    assert times(PROGRAMME, []) == ()
    (filed,) = as_filed(PROGRAMME)
    assert (filed.opens, filed.shapes) == (PROGRAMME.exam.opens, (ExamShape(90, 50),))
