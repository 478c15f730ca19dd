"""Unusual looking at keys is noticed, shown to reviewers and cleared by somebody else."""

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel import audit
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.domain.bulk import Action
from question_bank.domain.key_watch import is_unusual
from question_bank.services import bank as banks
from question_bank.services import bulk, exchange, key_watch
from question_bank.store.key_watch import of_others
from tests.support.cast import RUI, WEI, enter, id_of


@pytest.mark.parametrize(
    ("seen", "usual", "expected"), [(200, 0, False), (201, 0, True), (30, 5, False), (31, 5, True), (100, 40, False), (121, 40, True), (31, 0, False)]
)
def test_many_more_keys_than_usual_are_unusual(seen: int, usual: float, expected: bool) -> None:
    assert is_unusual(seen, usual) is expected


def looked(account: int, clock: FixedClock, keys: int) -> None:
    with transaction() as session:
        for item in range(keys):
            audit.record(session, actor_id=account, action="item.view_key", subject=f"item:{item}", now=clock.now())


def test_one_alarm_an_hour_for_reviewers_and_cleared_by_another(app: Flask, clock: FixedClock) -> None:
    author, reviewer = id_of(WEI), id_of(RUI)
    banks.create("b", "题库", clock.now())
    for _again in range(30):
        looked(author, clock, 10)  # the same ten: looking twice is not looking at more
    key_watch.look(clock.now())
    assert key_watch.alarms() == ()
    clock.advance(seconds=7_200)
    looked(author, clock, 25)
    with transaction() as session:
        audit.record(session, actor_id=author, action="bank.export", subject="bank:b", now=clock.now(), items=[1, 2, 3, 4, 5, 6])
        audit.record(session, actor_id=reviewer, action="bank.export", subject="bank:b", now=clock.now(), items=list(range(201)))
    key_watch.look(clock.now())
    key_watch.look(clock.now())
    found = {alarm.person_id: alarm for alarm in key_watch.alarms()}
    assert {person: (alarm.seen, alarm.usual) for person, alarm in found.items()} == {author: (31, 10), reviewer: (201, 0)}
    assert "魏书文 一小时内查看了 31 道题的答案" in enter(app, RUI).get("/bank").text
    assert "一小时内查看了" not in enter(app, WEI).get("/bank").text
    assert enter(app, WEI).post(f"/bank/alarms/{found[author].id}/clear").status_code == 403
    assert enter(app, RUI).post(f"/bank/alarms/{found[reviewer].id}/clear").status_code == 404
    assert enter(app, RUI).post(f"/bank/alarms/{found[author].id}/clear").status_code == 302
    assert [alarm.person_id for alarm in key_watch.alarms()] == [reviewer]
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM audit_entry WHERE action = 'bank.key_alarm_clear'")).scalar_one() == 1


def test_an_authors_own_items_raise_no_alarm(app: Flask, clock: FixedClock) -> None:
    author, reviewer = id_of(WEI), id_of(RUI)
    lines = "\n".join(f'{{"id": "{at}", "type": "true_false", "stem": "第 {at} 句", "key": [0]}}' for at in range(201))
    exchange.import_file("b", lines.encode(), author_id=author, now=clock.now())
    with transaction() as session:
        for item_id in session.scalars(text("SELECT id FROM item")).all():
            for person in (author, reviewer):
                audit.record(session, actor_id=person, action="item.view_key", subject=f"item:{item_id}", now=clock.now())
    key_watch.look(clock.now())
    assert [(alarm.person_id, alarm.seen) for alarm in key_watch.alarms()] == [(reviewer, 201)]


def test_a_change_of_the_level_makes_nobody_the_author_of_a_key(app: Flask, clock: FixedClock) -> None:
    author, other = id_of(WEI), id_of(RUI)
    lines = "\n".join(f'{{"id": "{at}", "type": "true_false", "stem": "第 {at} 句", "key": [0]}}' for at in range(201))
    exchange.import_file("b", lines.encode(), author_id=author, now=clock.now())
    with transaction() as session:
        seen = {item_id: version for item_id, version in session.execute(text("SELECT id, latest_version_id FROM item"))}  # noqa: C416 - a Row is no pair
    bulk.apply("b", Action.TAG, "改", seen, person_id=other, now=clock.now())
    with transaction() as session:
        assert (of_others(session, author, seen), of_others(session, other, seen)) == ([], sorted(seen))
        for item_id in seen:
            for person in (author, other):
                audit.record(session, actor_id=person, action="item.view_key", subject=f"item:{item_id}", now=clock.now())
    key_watch.look(clock.now())
    assert [(alarm.person_id, alarm.seen) for alarm in key_watch.alarms()] == [(other, 201)]
