"""An exam with a short text in it, handed in by some teachers and scored as far as machines can."""

from dataclasses import replace
from datetime import timedelta

import msgspec

from demo.exams import create_exam
from exam.domain import blueprint as blueprints
from exam.domain.exam import ExamPolicy, Release
from exam.services import assembly, scoring
from exam.services.payload import Change, PaperContent
from lms.kernel.db import transaction
from question_bank.domain.draft import Draft
from question_bank.domain.item import Criterion
from question_bank.domain.review import Decision, Status
from question_bank.services.bank import made
from question_bank.services.item import Named, write
from question_bank.store import review as reviews
from question_bank.store import version as versions
from tests.conftest import NOON
from tests.support import exams, learning, rows

CHOICE = Draft(type="single", stem="选一项", options=("甲", "乙", "丙"), key=(1,), topic="t")
WORDS = Draft(
    type="short_text", stem="学生说不想上学，您怎样回应？", model="先倾听，再一起想办法。", topic="t", rubric=(Criterion("倾听", 600), Criterion("办法", 400))
)
DONE = NOON + timedelta(minutes=12)


def handed_in(*accounts: str, policy: ExamPolicy | None = None, release: Release = Release.BY_HAND, attempts: int = 1) -> list[exams.Sitter]:
    """Let teachers answer one choice rightly and one short text; 2 and 10 points."""
    prepared(policy=policy, release=release, attempts=attempts)
    return [written(account) for account in accounts]


def prepared(*, policy: ExamPolicy | None = None, release: Release = Release.BY_HAND, attempts: int = 1) -> None:
    """Make the exam and its papers."""
    learning.load()
    with transaction() as session:
        bank_id = made(session, exams.BANK, "测试题库", NOON, {})
        reviewer = rows.person_id(session, "rui") or rows.person(session, account="rui", name="芮思敏")
        for number, draft in enumerate((CHOICE, WORDS)):
            (item,) = write(session, bank_id, [Named(replace(draft, external_id=f"s-{number}"), f"s-{number}", None)], author_id=None, now=NOON)
            versions.place(session, bank_id, item, "exam", NOON)
        newest = versions.latest_of_bank(session, bank_id, item_ids=None, status=Status.DRAFT)
        reviews.add_reviews(session, newest, reviewer_id=reviewer, decision=Decision.APPROVE, comment="", now=NOON)
    sections = [{"title": kind, "points": points, "type": kind, "cells": [{"count": 1}]} for kind, points in (("single", "2"), ("short_text", "10"))]
    blueprint = blueprints.from_mapping({"code": "short", "title": "short", "tolerance": "3", "exposure_percent": 100, "sections": sections})
    create_exam(
        code=exams.EXAM, programme_code=learning.CODE, title="线上测试", bank_code=exams.BANK, blueprint=blueprint, now=NOON, release=release,
        opens=NOON - timedelta(hours=1), closes=NOON + timedelta(days=3), minutes=90, pass_points=800, policy=policy, attempts_allowed=attempts,
    )  # fmt: skip
    assembly.assemble(exams.EXAM, papers=12, now=NOON)


def written(account: str) -> exams.Sitter:
    """Let a teacher answer, hand in and be scored."""
    sitter = exams.sitting(account)
    shown = msgspec.json.decode(sitter.opened.paper, type=PaperContent).items[0].options
    sitter.save(sitter.change(1, [shown.index("乙")]), Change(2, 2_000_002, 0, texts=[f"我会先听他说。{account}"]))
    sitter.submit(at=NOON + timedelta(minutes=10))
    scoring.score_outstanding(DONE)
    return sitter
