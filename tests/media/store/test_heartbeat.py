"""The batch statement under competition: several servers report for one account at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import connection, transaction
from media.services import heartbeat
from media.services import lease as leases
from media.services import playback as watching
from media.services.heartbeat import Outcome, Report
from media.store import heartbeat as store
from media.store.spans import from_text, to_text
from tests.support.watching import Player, credited, videos


def test_spans_survive_their_text() -> None:
    for spans in ((), ((0, 5),), ((0, 5), (9, 12), (20, 2_000_000_000))):
        assert from_text(to_text(spans)) == spans
    assert from_text(None) == ()


def test_four_servers_at_once_never_credit_more_than_the_clock(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    token = player.open(video)["lease"]
    lease = leases.read(token)
    player.fetch(video, 0, 2_700)
    clock.advance(seconds=120)
    start = threading.Barrier(4)

    def server(number: int) -> None:
        link = connection()
        start.wait()
        for turn in range(15):
            at = (number * 15 + turn) * 15_000
            heartbeat._write(link, [Report(lease, lease.login_id, number * 100 + turn, [(at, at + 15_000)], clock.now())])
        link.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(server, range(4)))
    assert credited(video) == 120
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM beat")).scalar() == 60
        assert list(watching.verify(session, clock.now())) == []


def test_one_batch_may_hold_many_reports_of_one_account(app: Flask, clock: FixedClock) -> None:
    one, two = videos(2)
    player = Player(app, clock)
    first = leases.read(player.open(one)["lease"])
    clock.advance(seconds=30)
    second = leases.read(player.open(two)["lease"])
    player.fetch(one, 0, 600)
    player.fetch(two, 0, 600)
    clock.advance(seconds=30)
    link = connection()
    reports = [
        Report(lease, lease.login_id, number, [(number * 10_000, number * 10_000 + 10_000)], clock.now()) for lease in (first, second) for number in range(6)
    ]
    reports.append(reports[0])
    answers = heartbeat._write(link, reports)
    link.close()
    assert (credited(one), credited(two)) == (30, 30)
    repeated = answers[-1]
    assert isinstance(repeated, Outcome)
    assert repeated.accepted == ((0, 10_000),)


def test_what_was_decided_on_an_older_version_is_not_stored(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = leases.read(player.open(video)["lease"])
    player.fetch(video, 0, 600)
    clock.advance(seconds=60)
    link = connection()
    early, late = (Report(lease, lease.login_id, number, [(number * 15_000, number * 15_000 + 15_000)], clock.now()) for number in range(2))
    _outcome, decided = heartbeat._decide(early, store.load(link, [lease.id], [lease.login_id], [0], clock.now())[lease.id])
    heartbeat._write(link, [late])
    assert store.save(link, [decided]) == {}
    assert credited(video) == 15
    _outcome, decided = heartbeat._decide(early, store.load(link, [lease.id], [lease.login_id], [0], clock.now())[lease.id])
    assert set(store.save(link, [decided])) == {lease.person_id}
    link.close()
    assert credited(video) == 30


def test_one_call_stores_what_was_decided_on_what_the_browser_brought(app: Flask, clock: FixedClock, tmp_path: Path) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = leases.read(player.open(video)["lease"])
    player.fetch(video, 0, 600)
    link = connection()
    told: list[Outcome] = []

    def calls(*places: int, standing: str = "") -> int:
        """Report so many quarters of a minute on one standing; returns the calls of the database that it took."""
        reports = [Report(lease, lease.login_id, at, [(at * 15_000, at * 15_000 + 15_000)], clock.now()) for at in places]
        reports = [heartbeat.guessed(one, standing) for one in reports]
        with (tmp_path / "trace").open("wb+") as trace:
            link.pgconn.trace(trace.fileno())
            answers = heartbeat._write(link, reports)
            link.pgconn.untrace()
            trace.seek(0)
            told.extend(one for one in answers if isinstance(one, Outcome))
            return trace.read().count(b"\tBind\t")

    clock.advance(seconds=120)
    assert calls(0) == 2
    assert calls(1, standing=told[-1].standing) == 1
    assert calls(2, standing=told[-1].standing) == 1
    old = told[-2].standing
    assert calls(3, standing=old) == 3, "overtaken: decided anew on what the database knows"
    assert calls(4, 5, standing=told[-1].standing) == 3, "one of them on what the other left"
    link.close()
    assert credited(video) == 90
