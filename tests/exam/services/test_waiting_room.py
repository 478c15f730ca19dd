"""The waiting room against the real database: the tested rate, the order, and whose time it costs (OV-01, OV-02)."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random

import msgspec
import pytest
from flask import Flask
from sqlalchemy import text

from exam.domain.admission import WindowClosed
from exam.domain.waiting_room import Place, PlaceGivenUp, Waiting
from exam.jobs import forget
from exam.services import attempt, pulse, room, waiting_room
from exam.services import token as tokens
from exam.services.load_test import FILE
from exam.services.payload import AskRemaining, AskTurn, AttemptOpened, EnterExam, SubmitExam
from exam.services.response import submit
from exam.services.token import EntryOld
from exam.store import exam as exams_store
from exam.store import waiting_room as store
from lms.kernel import db
from lms.kernel.db import transaction
from lms.kernel.security import TokenRefused
from lms.kernel.settings import Settings
from tests.conftest import NOON
from tests.support import exams
from tests.support.queries import query_budget

RATE = 7.0


def enter(account: str, at: datetime, ticket: str = "") -> AttemptOpened:
    """Ask to start."""
    return attempt.enter(EnterExam(exams.entry(account, at), f"device-of-{account}", honesty=True, ticket=ticket), at).wait()


def told(account: str, at: datetime, ticket: str = "") -> dict[str, object]:
    """Ask to start and be told to wait."""
    with pytest.raises(Waiting) as refused:
        enter(account, at, ticket)
    return refused.value.facts


def test_ov_01_each_second_admits_the_tested_rate_in_the_order_of_asking(app: Flask) -> None:
    exams.prepared(opens=NOON)
    chance = Random(4)
    arrivals = sorted(NOON + timedelta(seconds=chance.uniform(-20, 40)) for _ in range(600))
    turns, kept = [], dict[int, Place]()
    with db.connection() as link:
        for first in range(0, 600, 25):
            group = list(enumerate(arrivals[first : first + 25], start=first))
            places = exams.draw(link, [*group, group[0]], RATE)
            assert places[25] == places[0], "twice in one group is one place"
            turns += [places[index].turn for index in range(25)]
            kept |= {person: places[index] for index, (person, _at) in enumerate(group)}
        again = exams.draw(link, [(300, arrivals[300] + timedelta(seconds=9))], RATE)[0]
        rehearsed = exams.draw(link, [(300, NOON - timedelta(minutes=10))], RATE)[0]
        given_up = exams.draw(link, [(0, kept[0].turn + timedelta(minutes=11))], RATE)[0]
    assert turns == sorted(turns)
    assert max(Counter(turns).values()) <= RATE
    assert (max(turns) - min(turns)).total_seconds() <= 600 / RATE + 2, "and no turn is left empty"
    assert min(turns) == NOON, "nobody before the bell"
    assert all(turn >= at.replace(microsecond=0) for turn, at in zip(turns, arrivals, strict=True))
    assert again == kept[300]
    assert rehearsed.turn == NOON, "a clock that was put back meets no line of the later one"
    assert given_up.turn > kept[0].turn


def test_ov_01_a_place_survives_everything_and_the_clock_starts_with_the_paper(app: Flask) -> None:
    exams.prepared(opens=NOON)
    waiting_room.set_rate(exams.EXAM, 0.2, actor_id=1, now=NOON)
    for name in ("lin", "cai", "gan"):
        exams.enrolled(name)
    before = NOON - timedelta(minutes=5)
    assert told("lin", before)["bell_ms"] == told("lin", before)["wait_ms"] == 300_000
    place = told("cai", before)
    assert (place["ahead"], place["wait_ms"]) == (1, 305_000)
    ticket = str(place["ticket"])
    assert told("cai", NOON)["ticket"] == ticket, "a lost answer, a second tab, another device"
    assert told("gan", NOON)["wait_ms"] == 10_000
    assert enter("lin", NOON).remaining_ms == 90 * 60_000
    early = EnterExam(exams.entry("cai"), "device-of-cai", honesty=True, ticket=ticket)
    with pytest.raises(Waiting):
        attempt.enter(early, NOON + timedelta(seconds=4)).wait()
    with query_budget(0):
        assert waiting_room.turn(AskTurn(ticket), NOON + timedelta(seconds=4)).ahead == 1
    with pytest.raises(TokenRefused):
        enter("gan", NOON, ticket)
    opened = enter("cai", NOON + timedelta(seconds=9), ticket)
    assert opened.remaining_ms == 90 * 60_000
    assert opened.started_at == NOON + timedelta(seconds=9)
    assert enter("cai", NOON + timedelta(seconds=9), ticket).resumed, "the answer was lost"
    gan = tokens.read_entry(exams.entry("gan"), NOON)
    unknown = tokens.entry(gan.person_id, gan.login_id, exams.EXAM, asks_learning=False, asks_identity=True, now=NOON)
    with pytest.raises(Waiting):
        attempt.enter(EnterExam(unknown, "device-of-gan", honesty=True), NOON + timedelta(seconds=9)).wait()
    waiting_room.set_rate(exams.EXAM, 0, actor_id=1, now=NOON)
    exams.enrolled("hua")
    assert enter("hua", NOON).remaining_ms == 90 * 60_000, "without a rate there is no line"


def test_ov_01_the_end_of_the_window_takes_nothing_from_who_waited(app: Flask) -> None:
    exams.prepared(opens=NOON, closes=NOON + timedelta(minutes=91))
    waiting_room.set_rate(exams.EXAM, 1 / 300, actor_id=1, now=NOON)
    for name in ("lin", "cai"):
        exams.enrolled(name)
    enter("lin", NOON)
    place = told("cai", NOON)
    assert place["wait_ms"] == 300_000
    late = NOON + timedelta(minutes=6)
    opened = enter("cai", late, str(place["ticket"]))
    assert opened.deadline == NOON + timedelta(minutes=95), "the five minutes of the line, not the one of her own"
    with transaction() as session:
        assert session.execute(text("SELECT kind, seconds FROM deadline_adjustment")).all() == [("queue", 300)]


def test_ov_01_a_place_that_was_given_up_or_used_begins_nothing(app: Flask) -> None:
    exams.prepared(opens=NOON, attempts_allowed=2)
    waiting_room.set_rate(exams.EXAM, 1 / 60, actor_id=1, now=NOON)
    for name in ("lin", "cai", "gan"):
        exams.enrolled(name)
    enter("lin", NOON)
    forgotten, used = str(told("cai", NOON)["ticket"]), str(told("gan", NOON)["ticket"])
    with pytest.raises(PlaceGivenUp):
        enter("cai", NOON + timedelta(days=1), forgotten)
    began = NOON + timedelta(minutes=2)
    opened = enter("gan", began, used)
    assert enter("gan", NOON + timedelta(hours=1), used).resumed, "who sits comes back by whatever ticket"
    submit(SubmitExam(opened.token, "key-of-the-test"), began + timedelta(minutes=1)).wait()
    for later in (timedelta(minutes=2), timedelta(hours=2)):
        with pytest.raises(PlaceGivenUp):
            enter("gan", began + later, used)
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM attempt")).scalar_one() == 2
    assert not enter("gan", began + timedelta(minutes=2)).resumed, "pressing the button takes another place"


def test_ov_01_who_sits_is_never_put_in_the_line(app: Flask) -> None:
    exams.prepared(opens=NOON)
    waiting_room.set_rate(exams.EXAM, 1 / 1200, actor_id=1, now=NOON)
    for name in ("lin", "cai"):
        exams.enrolled(name)
    began = enter("lin", NOON).started_at
    late = NOON + timedelta(minutes=12)
    ticket = str(told("cai", late)["ticket"])
    back = enter("lin", late)
    assert (back.resumed, back.started_at) == (True, began)
    waiting_room.set_rate(exams.EXAM, 0, actor_id=1, now=late)
    assert not enter("cai", late + timedelta(seconds=1), ticket).resumed, "nobody waits where there is no line any more"
    assert enter("cai", late + timedelta(seconds=2), ticket).resumed


def test_ov_01_a_turn_after_the_end_of_the_window_can_be_used(app: Flask) -> None:
    exams.prepared(opens=NOON, closes=NOON + timedelta(minutes=2), window_rule="start_by")
    waiting_room.set_rate(exams.EXAM, 1 / 1080, actor_id=1, now=NOON)
    person_id, _login = exams.enrolled("cai")
    exams.enrolled("lin")
    enter("lin", NOON)
    entry, ticket = exams.entry("cai"), str(told("cai", NOON)["ticket"])
    turn = NOON + timedelta(minutes=18)
    assert room.exam_of(person_id, exams.EXAM, turn).briefing.refusal is None, "a fresh page has the button"
    assert isinstance(room.exam_of(person_id, exams.EXAM, turn + timedelta(minutes=11)).briefing.refusal, WindowClosed)
    with pytest.raises(EntryOld):
        attempt.enter(EnterExam(entry, "device-of-cai", honesty=True), turn).wait()
    assert attempt.enter(EnterExam(entry, "device-of-cai", honesty=True, ticket=ticket), turn).wait().remaining_ms == 90 * 60_000
    assert isinstance(room.exam_of(exams.enrolled("gan")[0], exams.EXAM, turn).briefing.refusal, WindowClosed)


def test_ov_01_a_higher_rate_moves_everybody_up_and_a_lower_one_nobody_back(app: Flask, settings: Settings) -> None:
    exams.prepared(opens=NOON)
    waiting_room.set_rate(exams.EXAM, 0.1, actor_id=1, now=NOON)
    for name in ("cai", "gan"):
        exams.enrolled(name)
    crowd = [(person, NOON) for person in range(10_001, 10_101)]
    with db.connection() as link:
        before = [place.turn for _index, place in sorted(exams.draw(link, crowd, RATE).items())]
        ticket = str(told("cai", NOON)["ticket"])
        waiting_room.set_rate(exams.EXAM, 3, actor_id=1, now=NOON)
        after = [place.turn for _index, place in sorted(exams.draw(link, crowd, RATE).items())]
        assert after == sorted(after)
        assert all(new <= old for new, old in zip(after, before, strict=True))
        assert max(Counter(after).values()) <= 3
        assert int(str(told("cai", NOON, ticket)["wait_ms"])) <= 35_000, "by the ticket of the slow line"
        assert int(str(told("gan", NOON)["wait_ms"])) <= 36_000, "who comes now stands behind them"
        waiting_room.set_rate(exams.EXAM, 0.1, actor_id=1, now=NOON)
        assert exams.draw(link, crowd[-1:], RATE)[0].turn == after[-1]
    (settings.var_dir / FILE).write_bytes(msgspec.json.encode({"passed": True, "at": NOON, "starts_per_second": 3}))
    try:
        waiting_room.mount(settings)
    finally:
        (settings.var_dir / FILE).unlink()
    assert waiting_room.house_rate() == 30, "a small run asked for little"


def test_a_better_turn_takes_nothing_of_what_was_waited(app: Flask) -> None:
    exams.prepared(opens=NOON, closes=NOON + timedelta(minutes=95))
    exams.enrolled("cai")
    entry = tokens.read_entry(exams.entry("cai"), NOON)
    held = Place(NOON, NOON + timedelta(minutes=20), timedelta(seconds=1), squeezed=True)
    ticket = str(waiting_room.waiting(held, entry, NOON).facts["ticket"])
    late = NOON + timedelta(minutes=9)
    assert enter("cai", late, ticket).started_at == late, "the line is short now"
    with transaction() as session:
        assert session.execute(text("SELECT kind, seconds FROM deadline_adjustment")).all() == [("queue", 5 * 60)], "all that the window would have cut"


def test_ov_01_turns_missed_in_an_outage_come_again_at_the_rate(app: Flask) -> None:
    exams.prepared(opens=NOON)
    crowd = [(person, NOON) for person in range(10_001, 10_101)]
    back = NOON + timedelta(minutes=4)
    with db.connection() as link:
        before = exams.draw(link, crowd, RATE)
        after = exams.draw(link, [(person, back) for person, _at in crowd], RATE)
        newcomer = exams.draw(link, [(1, back)], RATE)[0]
    assert max(Counter(place.turn for place in after.values()).values()) <= RATE
    assert max(place.turn for place in after.values()) <= back + timedelta(seconds=100 / RATE + 2)
    assert {place.since for place in after.values()} == {NOON}, "what she waits is counted from the first"
    assert max(place.turn for place in before.values()) < back
    assert newcomer.turn == back, "and those whose turn it is wait for nobody"
    waiting_room.set_rate(exams.EXAM, 0.2, actor_id=1, now=back)
    for name in ("lin", "cai", "gan"):
        exams.enrolled(name)
    enter("lin", back + timedelta(seconds=1))
    cai, gan = (str(told(name, back + timedelta(seconds=1))["ticket"]) for name in ("cai", "gan"))
    late = back + timedelta(minutes=3)
    enter("cai", late, cai)
    again = told("gan", late, gan)
    assert again["wait_ms"] == 5_000
    assert enter("gan", late + timedelta(seconds=5), str(again["ticket"])).remaining_ms == 90 * 60_000


def test_ov_01_a_place_used_in_the_instant_it_was_given_is_used(app: Flask) -> None:
    exams.prepared(opens=NOON, attempts_allowed=2)
    waiting_room.set_rate(exams.EXAM, 1 / 600, actor_id=1, now=NOON)
    for name in ("cai", "gan"):
        exams.enrolled(name)
    opened = enter("gan", NOON)
    assert opened.started_at == NOON
    submit(SubmitExam(opened.token, "key-of-the-test"), NOON + timedelta(minutes=1)).wait()
    told("cai", NOON + timedelta(minutes=1))
    assert told("gan", NOON + timedelta(minutes=2))["wait_ms"] == 18 * 60_000


def test_ov_01_who_was_moved_up_may_hold_her_first_ticket_and_keys_wait_for_it(app: Flask) -> None:
    exams.prepared(opens=NOON, closes=NOON + timedelta(minutes=2), window_rule="start_by")
    waiting_room.set_rate(exams.EXAM, 1 / 1080, actor_id=1, now=NOON)
    for name in ("lin", "cai"):
        exams.enrolled(name)
    enter("lin", NOON)
    ticket = str(told("cai", NOON)["ticket"])
    waiting_room.set_rate(exams.EXAM, 30, actor_id=1, now=NOON + timedelta(seconds=30))
    turn, entry = NOON + timedelta(minutes=18), tokens.read_entry(exams.entry("cai"), NOON)
    with transaction() as session:
        exam = exams_store.by_code(session, exams.EXAM)
        assert exam
        closes = exam.closes
        assert store.somebody_may_come(session, exam.id, closes, turn + timedelta(minutes=9))
        assert not store.somebody_may_come(session, exam.id, closes, turn + timedelta(minutes=11))
    held = waiting_room.held(ticket, entry)
    assert held
    assert (held.turn, held.stands(turn)) == (turn, True)


def test_lines_and_pulses_of_exams_long_over_are_forgotten(app: Flask) -> None:
    exams.prepared(opens=NOON, closes=NOON + timedelta(hours=2))
    sitter = exams.sitting("lin")
    pulse.remaining(AskRemaining(sitter.opened.token), "192.0.2.1", NOON).wait()
    sitter.submit(at=NOON + timedelta(minutes=1))
    counts = text("SELECT (SELECT count(*) FROM exam_place), (SELECT count(*) FROM exam_gate), (SELECT count(*) FROM attempt_pulse)")
    for days, left in ((7, (1, 1, 1)), (8, (0, 0, 0))):
        forget(NOON + timedelta(days=days))
        with transaction() as session:
            assert tuple(session.execute(counts).one()) == left
