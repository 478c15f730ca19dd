"""Who never hands in is ended by the sweepers, one of them killed (EX-10; OV-06: BELL=20000 for a smaller one); attempts rebuilt from the log (EX-14)."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from exam.domain import attempt as rules
from exam.domain.exam import Release
from exam.services import attempt, timeline, verification
from exam.services.response import ClearNotSaid
from exam.store import attempt as attempts
from exam.store import response as log
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import Refusal
from lms.kernel.settings import Settings
from tests.conftest import NOON
from tests.exam.services.test_regrade import due, held
from tests.support import crowd, database, exams
from tests.support.cast import OU, id_of

pytestmark = pytest.mark.soak
ABANDONED, AT_ONE_BELL, REBUILT = 10_000, int(os.environ.get("BELL", "100000")), 1_000
ITEMS = 8  # of a small paper
WITHIN = 120
_ATTEMPTS = (
    "INSERT INTO attempt (exam_id, person_id, number, paper_id, state, started_at, base_deadline, deadline, percent, items, epoch, resumes, device,"
    " led_since, answers, revisions, marks, late, reopened)"
    " SELECT p.exam_id, who.id, 1, p.id, 'open', now() - interval '3 hours', now() - interval '1 hour', now() - interval '1 hour', 100, p.items,"
    " 1, 1, 'd', now() - interval '3 hours', ARRAY(SELECT (hashint4(n::int * 100 + place) & 1)::text::varchar FROM generate_series(1, p.items) place),"
    " array_fill(1, ARRAY[p.items]), array_fill(false, ARRAY[p.items]), 0, 0 FROM unnest(CAST(:people AS bigint[])) WITH ORDINALITY AS who(id, n)"
    " JOIN (SELECT *, cardinality(version_ids) AS items, row_number() OVER (ORDER BY id) AS place FROM paper) p ON p.place = n % :papers + 1"
)

_LOGINS = (
    "INSERT INTO login SELECT made.* FROM login l, unnest(CAST(:people AS bigint[])) AS who(id), LATERAL jsonb_populate_record(l, jsonb_build_object("
    "'id', nextval(pg_get_serial_sequence('login', 'id')), 'person_id', who.id, 'token_hash', '\\x' || lpad(to_hex(who.id), 16, '0'))) made"
    " WHERE l.id = :login RETURNING person_id, id"
)


def abandon(count: int, *, logged: bool = True) -> None:
    """Let so many people have answered everything and gone away; all their times end in one second."""
    exams.prepared(papers=100, seed=5, release=Release.BY_HAND)  # points go to no grade sheet yet: EX-15 proves that, and it would take most of the time
    with transaction() as session:
        session.execute(text(_ATTEMPTS), {"people": crowd.people(session, count), "papers": 100})
        if logged:
            session.execute(text(crowd.LOGGED))
    database.analyse()


@contextmanager
def sweepers(settings: Settings, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Run the product's own command in so many processes."""
    environment = {**os.environ, "DATABASE_URL": settings.database_url, "SECRET_KEY": settings.secret_key, "FIELD_KEY": "k", "VAR_DIR": str(settings.var_dir)}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "exam", "sweep"]
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(count)]
    try:
        yield running
    finally:
        for one in running:
            one.kill()
            one.wait()


def count_of(session: Session, condition: str) -> int:
    return int(session.execute(text(f"SELECT count(*) FROM attempt WHERE {condition}")).scalar_one())


def test_ex_10_ten_thousand_abandoned_attempts_end_once_with_two_sweepers_and_one_killed(app: Flask, settings: Settings) -> None:
    abandon(ABANDONED)
    with sweepers(settings, 2) as (first, second):
        began = ended_after = None
        while second.poll() is None:
            with transaction() as session:
                ended, scored = count_of(session, "ended_at IS NOT NULL"), count_of(session, "state = 'scored'")
            began = began or (time.monotonic() if ended else None)
            if ended_after is None and ended == ABANDONED:
                ended_after = time.monotonic() - (began or 0)
            if first.poll() is None and scored > ABANDONED // 10:
                first.send_signal(signal.SIGKILL)
            time.sleep(0.2)
        assert first.wait() == -signal.SIGKILL, "it was killed while it worked"
        assert second.returncode == 0
    assert ended_after is not None
    assert ended_after < WITHIN
    sys.stdout.write(f"\n{ABANDONED} attempts ended in {ended_after:.1f} s\n")
    with sweepers(settings, 1) as (last,):  # what the killed one held in its hands
        assert last.wait() == 0
    with transaction() as session:
        assert count_of(session, "state = 'scored'") == ABANDONED
        assert session.execute(text("SELECT count(*), count(DISTINCT attempt_id), min(ended_by), max(ended_by) FROM submission")).one() == (
            ABANDONED, ABANDONED, "deadline", "deadline",
        )  # fmt: skip
        assert session.execute(text("SELECT count(*), count(DISTINCT attempt_id), max(version) FROM result")).one() == (ABANDONED, ABANDONED, 1)
        assert held(session) == due(session, None), "each is worth what the same answers are worth to another reckoning"
        assert list(verification.verify(session, NOON + timedelta(days=1))) == []


def test_ov_06_a_hundred_thousand_attempts_that_end_in_one_second_are_ended_within_two_minutes(app: Flask) -> None:
    abandon(AT_ONE_BELL, logged=False)
    with transaction() as session:
        now = session.execute(text("SELECT now()")).scalar_one()
    began = time.monotonic()
    assert attempt.finalise_overdue(now) == AT_ONE_BELL
    took = time.monotonic() - began
    sys.stdout.write(f"\n{AT_ONE_BELL} attempts ended by one sweeper in {took:.1f} s\n")
    with transaction() as session:
        assert count_of(session, "state = 'finalised'") == AT_ONE_BELL
        assert session.execute(text("SELECT count(DISTINCT attempt_id) FROM submission")).scalar_one() == AT_ONE_BELL
    assert took < WITHIN


def signed_in(count: int) -> list[tuple[int, int]]:
    """Let so many people be signed in; returns who, and by which sign-in."""
    with transaction() as session:
        first, *others = crowd.people(session, count)
        login = exams.signed_in(session, first)
        found = session.execute(text(_LOGINS), {"login": login, "people": others}).all()
        return [(first, login), *((int(person), int(one)) for person, one in found)]


def test_ex_14_a_thousand_attempts_are_what_their_log_adds_up_to(app: Flask) -> None:
    exams.prepared(papers=REBUILT + 10)
    dice, refused = random.Random(14), 0
    for number, (person_id, login_id) in enumerate(signed_in(REBUILT)):
        sitter = exams.seated(person_id, login_id, at=NOON + timedelta(seconds=number))  # one a second: nobody has to wait for her turn
        held: dict[int, int] = {}
        for step in range(10):
            position = dice.randint(1, ITEMS)
            known = held.get(position, 0)
            change = sitter.change(
                position, dice.choice([[0], [1], [0], []]), revision=dice.choice([known, known, known, known + 1, 0]), clear=dice.random() < 0.3
            )
            try:
                for _repeat in range(1 + (step % 4 == 0)):  # a retry of the very same
                    (saved,) = sitter.save(change, at=NOON + timedelta(minutes=20 + step)).saved
                    held[position] = saved.revision
            except (ClearNotSaid, Refusal):
                refused += 1
    with transaction() as session:
        rows = list(session.execute(text("SELECT id FROM attempt")).scalars())
        assert len(rows) == REBUILT
        for one in rows:
            attempt = attempts.lock(session, one)
            assert attempt is not None
            assert rules.fold(log.accepted(session, one)) == attempt.answers
        changes = session.execute(text("SELECT count(*), count(*) FILTER (WHERE outcome <> 'saved') FROM response_event")).one()
    slowest = 0.0
    for one in rows[:50]:
        began = time.monotonic()
        assert timeline.timeline(id_of(OU), one, NOON).events
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 5
    assert changes[1] > REBUILT // 4, "an easy log proves little"
    sys.stdout.write(f"\n{REBUILT} attempts, {changes[0]} changes, {changes[1]} not counted, {refused} refused; slowest timeline {slowest:.2f} s\n")
