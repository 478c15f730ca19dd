"""Items beyond choices in an exam: drawn, answered, resumed, scored; short texts wait for people."""

import io
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import text

from demo.exams import create_exam
from exam.domain import blueprint as blueprints
from exam.domain.regrade import AnswerUnfit, Effect
from exam.domain.result import RULE
from exam.services import assembly, attempt, picture, posting, result, scoring, verification
from exam.services.payload import Change, PaperContent, ResumeExam
from exam.services.response import ChoiceUnknown
from exam.store import adjustment
from exam.store import attempt as attempts
from exam.store import result as results
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Missing
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Picture
from question_bank.domain.item import Blank
from question_bank.domain.review import Decision, Status
from question_bank.formats import picture as formats
from question_bank.services import picture as pictures
from question_bank.services.bank import made
from question_bank.services.item import Named, write
from question_bank.store import review as reviews
from question_bank.store import version as versions
from tests.conftest import NOON
from tests.exam.services.test_regrade import approved, proposed
from tests.support import exams, learning, rows
from tests.support.cast import PENG, enter

BLANK_ITEM = Draft(type="fill_in", stem="体温约[[1]]℃，又称[[2]]", blanks=(Blank(("37",), "0.5"), Blank(("恒温",))), topic="t")
ONE_BLANK = Draft(type="fill_in", stem="一空[[1]]", blanks=(Blank(("甲",)),), topic="t")
PAIRS = Draft(type="matching", stem="配对", prompts=("一", "二"), options=("甲", "乙", "丙"), key=(2, 0), topic="t")
STEPS = Draft(type="ordering", stem="排序", options=("先", "再", "后"), key=(0, 1, 2), topic="t")
WORDS = Draft(type="short_text", stem="简述", model="要点", topic="t")
BY_RULE = (
    "INSERT INTO result (attempt_id, version, points, of_points, item_points, topics, rule, reason, at)"
    " SELECT attempt_id, version + 1, points, of_points, item_points, topics, :rule, reason, at FROM result ORDER BY version DESC LIMIT 1"
)
POINTS = {"single": 200, "multiple": 300, "true_false": 100, "fill_in": 300, "matching": 200, "ordering": 500, "short_text": 1000}


def _save(session: Session, drafts: list[Draft]) -> None:
    bank_id = made(session, exams.BANK, "测试题库", NOON, {})
    reviewer = rows.person_id(session, "rui") or rows.person(session, account="rui", name="芮思敏")
    for number, draft in enumerate(drafts):
        name = f"n-{number}"
        (item,) = write(session, bank_id, [Named(replace(draft, external_id=name), name, None)], author_id=None, now=NOON)
        versions.place(session, bank_id, item, "exam", NOON)
    newest = versions.latest_of_bank(session, bank_id, item_ids=None, status=Status.DRAFT)
    reviews.add_reviews(session, newest, reviewer_id=reviewer, decision=Decision.APPROVE, comment="", now=NOON)


def exam_of(drafts: list[Draft]) -> None:
    """Set up an exam of exactly these items."""
    learning.load()
    with transaction() as session:
        _save(session, drafts)
    kinds = dict.fromkeys(draft.type for draft in drafts)
    sections = [
        {"title": kind, "points": str(POINTS[kind] // 100), "type": kind, "cells": [{"count": sum(draft.type == kind for draft in drafts)}]} for kind in kinds
    ]
    blueprint = blueprints.from_mapping({"code": "types", "title": "types", "tolerance": "3", "exposure_percent": 100, "sections": sections})
    create_exam(
        code=exams.EXAM, programme_code=learning.CODE, title="线上测试", bank_code=exams.BANK, blueprint=blueprint, now=NOON,
        opens=NOON - timedelta(hours=1), closes=NOON + timedelta(days=3), minutes=90,
    )  # fmt: skip
    assembly.assemble(exams.EXAM, papers=2, now=NOON, seed=1)


def sat(drafts: list[Draft]) -> tuple[exams.Sitter, PaperContent]:
    """Let somebody start an exam of exactly these items."""
    exam_of(drafts)
    sitter = exams.sitting()
    return sitter, msgspec.json.decode(sitter.opened.paper, type=PaperContent)


def test_every_type_is_answered_resumed_and_scored(app: Flask) -> None:
    lin, shown = sat([BLANK_ITEM, PAIRS, STEPS])
    blank, pairs, steps = shown.items
    assert (blank.stem.count("data-blank"), blank.options, pairs.prompts) == (2, [], ["一", "二"])
    lin.save(
        Change(1, 1_000_001, 0, texts=["３６.5", "变温"]),
        Change(2, 1_000_002, 0, [pairs.options.index("丙"), -1]),
        Change(3, 1_000_003, 0, [steps.options.index(word) for word in ("先", "再", "后")]),
    )
    back = attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-one"), NOON + timedelta(minutes=5))
    assert [now.texts or now.choices for now in back.answers][:2] == [["３６.5", "变温"], [pairs.options.index("丙"), -1]]
    assert lin.submit(at=NOON + timedelta(minutes=10)).answered == 3
    assert scoring.score_outstanding(NOON + timedelta(minutes=11)) == 1
    with transaction() as session:
        found = results.newest_of(session, exams.attempt_id(session, lin))
        assert found is not None
        assert found.item_points == (150, 100, 500)
        assert found.is_final
        assert list(verification.verify(session, NOON)) == []
    for item, effect, written in (
        ("n-0", Effect.ACCEPT, "；变温|冷血"),
        ("n-1", Effect.REPLACE, "AC"),
        ("n-2", Effect.REPLACE, "CBA"),
        ("n-2", Effect.ACCEPT, "ABC"),
    ):
        approved(proposed(effect, written, item))
    for item, written in (("n-0", "变温"), ("n-0", "；"), ("n-1", "A"), ("n-2", "AAB"), ("n-2", "AB")):
        with pytest.raises(AnswerUnfit):
            proposed(Effect.REPLACE, written, item)
    with transaction() as session:
        found = results.newest_of(session, exams.attempt_id(session, lin))
        assert found is not None
        assert found.item_points == (300, 0, 500), "a synonym counts, and a matching and an order have other keys"
        assert list(verification.verify(session, NOON)) == []
    regrade_page = enter(app, PENG).get(f"/admin/exams/{exams.EXAM}/regrades").get_data(as_text=True)
    assert "—；变温 | 冷血" in regrade_page


def test_what_an_older_rule_gave_may_be_less_where_several_blanks_were_corrected_and_must_add_up(app: Flask) -> None:
    lin, shown = sat([BLANK_ITEM, ONE_BLANK, STEPS])
    two, one = sorted(range(2), key=lambda at: "一空" in shown.items[at].stem)
    lin.save(Change(two + 1, 1_000_001, 0, texts=["37", "变温"]), Change(one + 1, 1_000_002, 0, texts=["丙"]))
    lin.submit(at=NOON + timedelta(minutes=10))
    scoring.score_outstanding(NOON + timedelta(minutes=11))
    for item, written in (("n-0", "38；变温"), ("n-1", "丙|丁"), ("n-2", "CBA")):
        approved(proposed(Effect.ACCEPT, written, item))
    with transaction() as session:
        attempt_id = exams.attempt_id(session, lin)
        due = results.newest_of(session, attempt_id)
    assert due is not None

    def by_rule(rule: int, change: dict[int, int], *, points: int = 0, of_points: int = 0, right: int = 0) -> int:
        """Store a result that differs in the points of some places, adds up but for the rest of what is said, and count what verifiers name."""
        items = [given + change.get(at, 0) for at, given in enumerate(due.item_points)]  # type: ignore[operator]
        (topic,) = due.topics
        wholly = sum(given == worth for given, worth in zip(items, (300, 300, 500), strict=True))
        held = replace(
            due, points=sum(items) + points, of_points=due.of_points + of_points, item_points=tuple(items),
            topics=(replace(topic, points=sum(items), right=wholly + right),),
        )  # fmt: skip
        with transaction() as session:
            results.add(session, attempt_id, held, version=results.versions(session, attempt_id) + 1, reason="regrade:1", now=NOON)
            session.flush()
            session.execute(text(BY_RULE), {"rule": rule})
        with transaction() as session:
            return len([said for said in verification.verify(session, NOON) if "are due" in said])

    assert due.item_points == (300, 300, 0)
    older = RULE - 1
    assert by_rule(older, {two: -150}) == 0
    assert by_rule(RULE, {two: -150}) == 1
    assert by_rule(older, {two: 50}) == 1, "that rule was stricter, never milder"
    assert by_rule(older, {one: -300}) == 1, "of a single blank it judged alike"
    assert by_rule(older, {2: 500}) == 1, "and of an order"
    assert by_rule(older, {two: -150}, points=1) == 1
    assert by_rule(older, {two: -150}, of_points=-100) == 1
    assert by_rule(older, {two: -150}, right=1) == 1


def test_a_short_text_waits_for_people_and_nothing_is_released_before(app: Flask) -> None:
    lin, _shown = sat([STEPS, WORDS])
    lin.save(Change(2, 1_000_001, 0, texts=["先倾听，\n再评估。"]))
    lin.submit(at=NOON + timedelta(minutes=10))
    scoring.score_outstanding(NOON + timedelta(minutes=11))
    with transaction() as session:
        found = results.newest_of(session, exams.attempt_id(session, lin))
        assert found is not None
        assert (found.item_points, found.points, found.is_final) == ((0, None), 0, False)
        assert attempts.by_id(session, exams.attempt_id(session, lin)).answers[2].texts == ("先倾听，\n再评估。",)
        assert list(verification.verify(session, NOON)) == []
    posting.release(exams.EXAM, actor_id=None, now=NOON + timedelta(minutes=12))
    sheet = result.sheet(lin.person_id, exams.EXAM)
    assert sheet is not None
    assert not sheet.released


@pytest.mark.parametrize("change", [Change(1, 9, 0, [0]), Change(1, 9, 0, texts=["a", "b", "c"]), Change(2, 9, 0, [0]), Change(3, 9, 0, [0, 0, 1])])
def test_a_response_of_another_shape_is_refused(app: Flask, change: Change) -> None:
    lin, _shown = sat([BLANK_ITEM, PAIRS, STEPS])
    with pytest.raises(ChoiceUnknown):
        lin.save(change)


def test_ex_22_a_picture_is_reachable_only_while_its_paper_is_open(app: Flask) -> None:
    red, blue = _picture("red"), _picture("blue")
    with transaction() as session:
        pictures.keep(session, made(session, exams.BANK, "测试题库", NOON, {}), [red, blue], NOON)
    lin, shown = sat([replace(STEPS, stem=f"看![红](picture:{red.digest})")])
    assert f'<img data-picture="{red.digest}" width="30" height="20" alt="红">' in shown.items[0].stem
    assert picture.in_room(lin.person_id, exams.EXAM, red.digest, NOON) == red
    stranger, _login = exams.enrolled("tao")
    for person, digest, now in [
        (lin.person_id, blue.digest, NOON),  # of the bank, not of the paper
        (lin.person_id, "o", NOON),
        (stranger, red.digest, NOON),
        (lin.person_id, red.digest, NOON + timedelta(minutes=92)),
    ]:
        with pytest.raises(Missing):
            picture.in_room(person, exams.EXAM, digest, now)
    with transaction() as session:
        adjustment.pause(session, [exams.attempt_id(session, lin)], reason="停电", actor_id=None, now=NOON)
    assert picture.in_room(lin.person_id, exams.EXAM, red.digest, NOON + timedelta(minutes=92)) == red, "the clock stands"
    with transaction() as session:
        adjustment.resume(session, [exams.attempt_id(session, lin)], actor_id=None, now=NOON)
    lin.submit(at=NOON + timedelta(minutes=10))
    with pytest.raises(Missing):
        picture.in_room(lin.person_id, exams.EXAM, red.digest, NOON + timedelta(minutes=10))


def _picture(colour: str) -> Picture:
    out = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(out, "PNG")
    return formats.read(out.getvalue())
