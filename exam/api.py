"""What the demo and the load tests may ask of the exam engine."""

from exam.domain.blueprint import Blueprint, from_mapping
from exam.domain.exam import Release, WindowRule
from exam.services.assembly import assemble
from exam.services.attempt import finalise_overdue, give_time
from exam.services.exam import all_exams, bundled_blueprint, create_exam
from exam.services.quiz import attach_quiz
from exam.services.result import release, score_outstanding

__all__ = [
    "Blueprint",
    "Release",
    "WindowRule",
    "all_exams",
    "assemble",
    "attach_quiz",
    "bundled_blueprint",
    "create_exam",
    "finalise_overdue",
    "from_mapping",
    "give_time",
    "release",
    "score_outstanding",
]
