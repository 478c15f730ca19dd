"""The exam as it is held goes before the programme's file."""

from datetime import timedelta
from pathlib import Path

from lms.domain.exam_terms import ExamTerms, held
from lms.domain.programme import parse

PROGRAMME = parse(Path("lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8"))
DAY = timedelta(days=1)


def terms(after: int, days: int = 2) -> ExamTerms:
    opens = PROGRAMME.exam.opens + after * DAY
    return ExamTerms(opens=opens, closes=opens + days * DAY, minutes=60, items=40, points=80, attempts=2, requires_learning=True)


def test_the_first_exam_that_is_not_over_is_the_one_that_matters() -> None:
    first, second = terms(1), terms(10)
    opens = PROGRAMME.exam.opens
    assert held(PROGRAMME, [], opens) is PROGRAMME
    for now, wanted in ((opens, first), (first.closes - DAY / 2, first), (first.closes, second), (second.closes + DAY, second)):
        found = held(PROGRAMME, [second, first], now).exam
        assert (found.opens, found.closes, found.minutes, found.points) == (wanted.opens, wanted.closes, 60, 80)
        assert (found.code, found.title) == (PROGRAMME.exam.code, PROGRAMME.exam.title)
