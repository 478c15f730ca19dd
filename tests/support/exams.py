"""A bank, an exam with papers, and people sitting it, as tests arrange them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import text

from demo.exams import create_exam
from exam.domain import blueprint as blueprints
from exam.domain import waiting_room
from exam.domain.blueprint import Blueprint
from exam.domain.waiting_room import Place
from exam.services import assembly, attempt
from exam.services import token as tokens
from exam.services.payload import AttemptOpened, Change, EnterExam, SaveAnswers, SavedAnswers, SubmitExam, SubmittedExam
from exam.services.response import save, submit
from lms.kernel.db import Session, transaction
from lms.store import signing_in
from question_bank.domain.draft import Draft
from question_bank.domain.review import Decision, Status
from question_bank.services.bank import made
from question_bank.services.item import Named, write
from question_bank.store import review as reviews
from question_bank.store import version as versions
from tests.conftest import NOON
from tests.support import learning, rows
from tests.support.cast import LONG_AGO

EXAM = "test-exam"
BANK = "test-bank"
TOPICS = ("crisis", "group")
# Type, options and key of each of the kinds of item in the bank.
KINDS = (("single", 4, (1,)), ("multiple", 5, (0, 2, 3)), ("true_false", 2, (0,)))


def bank(session: Session, *, each: int = 4) -> None:
    """Save a bank with so many approved exam items of each type and topic."""
    made(session, BANK, "测试题库", NOON, {})
    more_items(session, each=each)


def more_items(session: Session, *, each: int = 4) -> None:
    """Save so many more approved exam items of each type and topic, numbered on."""
    reviewer = rows.person_id(session, "rui") or rows.person(session, account="rui", name="芮思敏")
    bank_id = made(session, BANK, "测试题库", NOON, {})
    first = session.execute(text("SELECT count(*) FROM item")).scalar_one() + 1
    asked = [(topic, kind, index) for topic in TOPICS for kind in KINDS for index in range(each)]
    items = write(session, bank_id, [_named(number, *one, each) for number, one in enumerate(asked, start=first)], author_id=None, now=NOON)
    versions.place_all(session, bank_id, dict.fromkeys(items, "exam"), NOON)
    newest = versions.latest_of_bank(session, bank_id, item_ids=None, status=Status.DRAFT)
    reviews.add_reviews(session, newest, reviewer_id=reviewer, decision=Decision.APPROVE, comment="", now=NOON)


def _named(number: int, topic: str, kind: tuple[str, int, tuple[int, ...]], index: int, each: int) -> Named:
    name, (type_, options, key) = f"i-{number}", kind
    draft = Draft(
        external_id=name, type=type_, stem=f"题 {name}", options=tuple(f"{name} 选项 {option}" for option in range(options)),
        key=key, explanation="secret reason", topic=topic, level="apply", difficulty=0.5 + 0.4 * index / each,
    )  # fmt: skip
    return Named(draft, name, None)


def small_blueprint(*, single: int = 2, multiple: int = 1, true_false: int = 1, tolerance: str = "3", exposure: int = 70) -> Blueprint:
    """Return a blueprint over the two topics: so many of each type and topic. Below 70 % cells of four items often lead into dead ends."""
    rows_of = [("single", "2", single), ("multiple", "3", multiple), ("true_false", "1", true_false)]
    return blueprints.from_mapping(
        {
            "code": "small",
            "title": "small",
            "tolerance": tolerance,
            "exposure_percent": exposure,
            "sections": [
                {"title": kind, "points": points, "type": kind, "cells": [{"topics": list(TOPICS), "count": count}]} for kind, points, count in rows_of if count
            ],
        }
    )


@dataclass
class Sitter:
    """Somebody in the exam room, with what her page would hold."""

    person_id: int
    login_id: int
    opened: AttemptOpened
    seq: int = 0

    def change(self, position: int, choices: list[int], revision: int = 0, *, marked: bool = False, clear: bool = False, seq: int | None = None) -> Change:
        """Return a change with a new sequence number."""
        self.seq += 1
        return Change(position, seq or self.opened.seq_from + self.seq, revision, choices, marked, clear)

    def save(self, *changes: Change, at: datetime = NOON) -> SavedAnswers:
        """Save changes as arriving at an instant."""
        return save(SaveAnswers(self.opened.token, list(changes)), at).wait()

    def submit(self, *changes: Change, key: str = "key-of-the-test", at: datetime = NOON, bell: bool = False) -> SubmittedExam:
        """Hand in as arriving at an instant."""
        return submit(SubmitExam(self.opened.token, key, list(changes), bell), at).wait()


def prepared(*, papers: int = 6, blueprint: Blueprint | None = None, each: int = 4, seed: int | None = None, **settings: object) -> str:
    """Make programme, bank, exam and papers; returns the exam's code."""
    learning.load()
    with transaction() as session:
        bank(session, each=each)
    asked = {"opens": NOON - timedelta(hours=1), "closes": NOON + timedelta(days=3), "minutes": 90} | settings
    create_exam(
        code=EXAM,
        programme_code=learning.CODE,
        title="线上测试",
        bank_code=BANK,
        blueprint=blueprint or small_blueprint(),
        now=NOON,
        **asked,  # type: ignore[arg-type]
    )
    assembly.assemble(EXAM, papers=papers, now=NOON, seed=seed)
    return EXAM


def enrolled(account: str = "lin") -> tuple[int, int]:
    """Save an enrolled teacher who is signed in; returns person and login."""
    with transaction() as session:
        school = rows.unit_tree(session).school
        person_id = rows.person_id(session, account) or rows.person(session, account=account, name="林晓梅")
        learning.enrol(session, person_id, unit_id=school.id)
        return person_id, signed_in(session, person_id)


def signed_in(session: Session, person_id: int) -> int:
    """Save a further sign-in of a person."""
    count = session.execute(text("SELECT count(*) FROM login")).scalar_one()
    return signing_in.add(
        session, token_hash=f"token {count}".encode(), person_id=person_id, device="test", now=LONG_AGO, ends_at=LONG_AGO + timedelta(days=36_500)
    )


def sitting(account: str = "lin", *, at: datetime = NOON, device: str = "device-one") -> Sitter:
    """Enrol somebody and let her start."""
    return seated(*enrolled(account), at=at, device=device)


def seated(person_id: int, login_id: int, *, at: datetime = NOON, device: str = "device-one") -> Sitter:
    """Let somebody who is enrolled and signed in start."""
    entered = tokens.entry(person_id, login_id, EXAM, asks_learning=False, now=at)
    return Sitter(person_id, login_id, attempt.enter(EnterExam(entered, device, honesty=True), at).wait())


def entry(account: str, at: datetime = NOON) -> str:
    """Return what the start page gives a person by her newest sign-in."""
    with transaction() as session:
        person_id = rows.person_id(session, account)
        assert person_id
        login_id = session.execute(text("SELECT max(id) FROM login WHERE person_id = :p"), {"p": person_id}).scalar_one()
    return tokens.entry(person_id, login_id, EXAM, asks_learning=False, now=at)


def attempt_id(session: Session, sitter: Sitter) -> int:
    """Return the id of the newest attempt."""
    return int(session.execute(text("SELECT max(id) FROM attempt WHERE person_id = :p"), {"p": sitter.person_id}).scalar_one())


def draw(link: "psycopg.Connection[tuple[Any, ...]]", crowd: Sequence[tuple[int, datetime]], rate: float) -> dict[int, Place]:
    """Take places for people who ask at instants, as the call that starts does; returns them by their place in the crowd."""
    people, instants = [person for person, _at in crowd], [at for _person, at in crowd]
    asked = (list(range(len(crowd))), [EXAM] * len(crowd), people, instants, rate, waiting_room.EARLY, waiting_room.LASTS, waiting_room.LATE)
    drawn = link.execute("SELECT * FROM exam_draw(%s::int[], %s, %s::bigint[], %s::timestamptz[], %s, %s, %s, %s)", asked)
    return {index: Place(since, turn, timedelta(microseconds=gap), squeezed) for index, since, turn, gap, squeezed in drawn}
