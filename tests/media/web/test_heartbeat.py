"""A forging script against the running product: the server alone decides what counts."""

import random
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import text

from lms import api as lms
from lms.domain.activity import REHEARSED
from lms.kernel import installation
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.shedding import Load, Shedding
from lms.store.signing_in import LoginRow
from media.services import playback as watching
from media.services.heartbeat import DONE_JOB
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import LIN, SAM, id_of
from tests.support.watching import Player, credited, videos


def reasons(answer: dict[str, object]) -> list[str]:
    return [one["reason"] for one in answer["refused"]]  # type: ignore[attr-defined]


def verified() -> list[str]:
    with transaction() as session:
        return list(watching.verify(session, NOON))


def test_585_seconds_pumped_in_4_earn_at_most_9(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    for part in range(39):
        clock.advance(seconds=4 / 39)
        answer = player.beat(lease, (part * 15, part * 15 + 15))
    assert 3 <= credited(video) <= 9
    assert reasons(answer) == ["faster_than_clock"]
    assert verified() == []


def test_an_account_that_watched_before_starts_at_zero_again(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    player.play(player.open(video)["lease"], 0, 60)
    clock.advance(hours=1)
    lease = player.open(video)["lease"]
    clock.advance(seconds=4)
    player.beat(lease, (60, 645))
    assert credited(video) <= 60 + 9


def test_ten_videos_at_once_earn_the_time_of_one(app: Flask, clock: FixedClock) -> None:
    made = videos(10)
    player = Player(app, clock)
    leases = [player.open(video)["lease"] for video in made]
    for beat in range(20):
        clock.advance(seconds=30)
        answers = [player.beat(lease, (beat * 30, beat * 30 + 30)) for lease in leases]
    assert sum(credited(video) for video in made) <= 605
    assert credited(made[-1]) == 600
    assert reasons(answers[0]) == ["other_device"]
    assert answers[0]["newest"] is False
    assert answers[-1]["newest"] is True
    assert verified() == []


def test_a_seek_to_the_end_earns_only_what_played(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    clock.advance(seconds=8)
    answer = player.beat(lease, (0, 5), (2697, 2700))
    assert answer["accepted"] == [[0, 5000], [2_697_000, 2_700_000]]
    assert credited(video) == 8
    assert not answer["done"]


def test_a_replay_pays_once(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    for _ in range(40):
        clock.advance(seconds=15)
        answer = player.beat(lease, (0, 15))
    assert credited(video) == 15
    assert reasons(answer) == ["already_counted"]


def test_a_report_sent_twice_is_one_report(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    clock.advance(seconds=20)
    one = player.beat(lease, (0, 10), sequence=0)
    again = player.beat(lease, (0, 10), sequence=0)
    other = player.beat(lease, (10, 20), sequence=0)  # the first report of a number stands
    assert one["accepted"] == again["accepted"] == [[0, 10_000]]
    assert again["refused"] == []
    assert other["accepted"] == []
    assert credited(video) == 10


def test_nothing_counts_that_was_not_fetched(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock, fetches=False)
    lease = player.open(video)["lease"]
    answer = player.play(lease, 0, 45)
    assert answer["waiting"] == [[0, 45_000]]
    clock.advance(seconds=60)
    watching.settle_waiting(clock.now())
    assert credited(video) == 0
    page = player.client.get(f"/watching/{video.activity_id}").get_data(as_text=True)
    assert "没有找到向您传送这段视频的记录" in page


def test_a_delivery_that_becomes_known_late_loses_nothing(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock, fetches=False)
    player.play(player.open(video)["lease"], 0, 120)
    clock.advance(hours=2)
    watching.settle_waiting(clock.now())
    assert credited(video) == 0
    player.fetch(video, 0, 120)
    watching.settle_waiting(clock.now())
    assert credited(video) == 120
    assert verified() == []
    assert "没有未计入的时间" in player.client.get(f"/watching/{video.activity_id}").get_data(as_text=True)


def test_what_the_browser_kept_counts_the_next_day_without_a_fetch(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock, fetches=False)
    player.fetch(video, 0, 600)
    clock.advance(hours=20)
    player.play(player.open(video)["lease"], 0, 60)
    assert credited(video) == 60


def test_a_lost_delivery_log_keeps_seconds_provisional(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock, fetches=False)
    lease = player.open(video)["lease"]
    with transaction() as session:
        lost_at = clock.now() + timedelta(seconds=5)
        session.execute(text("INSERT INTO delivery_gap (from_at, until_at, reason) VALUES (:at, :at, 'writer_lost')"), {"at": lost_at})
    answer = player.play(lease, 0, 150)
    watching.settle_waiting(clock.now())
    assert answer["refused"] == []
    assert answer["waiting"] == [[0, 150_000]]
    assert credited(video) == 0
    page = player.client.get(f"/watching/{video.activity_id}").get_data(as_text=True)
    assert "等待确认" in page
    assert "没有未计入的时间" not in page
    assert player.client.post(f"/watching/{video.activity_id}/appeal", data={"words": "系统重启"}).status_code == 302


def test_a_killed_process_is_found_before_anything_is_called_undelivered(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock, fetches=False)
    lease = player.open(video)["lease"]
    with transaction() as session:
        session.execute(text("INSERT INTO delivery_writer (backend, started_at, seen_at) VALUES (0, :at, :at)"), {"at": clock.now()})
    answer = player.play(lease, 0, 90)  # no job has looked since the process was killed
    assert answer["refused"] == []
    assert answer["waiting"] == [[0, 90_000]]


def test_client_clocks_and_totals_are_ignored(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    clock.advance(seconds=10)
    player.beat(lease, (0, 100), now="2030-01-01T00:00:00Z", duration=99_999, total=10**9, speed=0.01, playbackRate=16)
    assert credited(video) == 10


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lease": 1, "sequence": 0, "intervals": []},
        {"lease": "x", "sequence": -1, "intervals": []},
        {"lease": "x", "sequence": 0, "intervals": [[0, -5]]},
        {"lease": "x", "sequence": 0, "intervals": [[0.5, 5]]},
        {"lease": "x", "sequence": 0, "intervals": [[0, 10**12]]},
        {"lease": "x", "sequence": 0, "intervals": [[0, 1]] * 201},
    ],
)
def test_a_wrong_payload_is_refused_in_place(app: Flask, clock: FixedClock, body: dict[str, object]) -> None:
    assert app.test_client().post("/api/media/heartbeat", json=body).status_code == 422


def test_a_forged_lease_is_refused(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    forged = lease[:-4] + ("AAAA" if lease[-4:] != "AAAA" else "BBBB")
    player.assets[forged] = video.asset_id
    assert player.beat(forged, (0, 1), status=401)["code"] == "token_refused"


def test_after_signing_out_facts_follow_under_a_new_lease(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    clock.advance(seconds=30)
    with transaction() as session:
        session.query(LoginRow).filter_by(person_id=id_of(LIN)).update({"ended_at": clock.now()})
    assert player.beat(lease, (0, 30), sequence=7, status=401)["code"] == "signed_out"
    assert credited(video) == 0
    again = Player(app, clock)
    fresh = again.open(video)["lease"]
    again.assets[lease] = video.asset_id
    assert again.beat(lease, (0, 30), sequence=7, vouching=fresh)["accepted"] == [[0, 30_000]]
    other = videos_of_sam(app, clock)
    assert player.beat(lease, (30, 31), sequence=8, vouching=other, status=401)["code"] == "signed_out"


def videos_of_sam(app: Flask, clock: FixedClock) -> str:
    (video,) = videos(person_id=id_of(SAM))
    return str(Player(app, clock, SAM).open(video)["lease"])


def test_the_other_device_is_told_and_keeps_what_it_earned(app: Flask, clock: FixedClock) -> None:
    one, two = videos(2)
    player, phone = Player(app, clock), Player(app, clock)
    first = player.open(one)["lease"]
    player.play(first, 0, 30)
    second = phone.open(two)["lease"]
    phone.play(second, 0, 15)
    answer = player.beat(first, (30, 45))
    assert not answer["newest"]
    assert reasons(answer) == ["other_device"]
    assert (credited(one), credited(two)) == (30, 15)


@pytest.mark.parametrize(("speed", "seconds", "expected"), [(2, 300, 300), (16, 60, 60)])
def test_speed_gains_nothing_beyond_the_programme_s_rate(app: Flask, clock: FixedClock, speed: int, seconds: int, expected: int) -> None:
    (video,) = videos()
    player = Player(app, clock)
    player.play(player.open(video)["lease"], 0, seconds, speed=speed)
    assert credited(video) == expected


def test_half_the_reports_lost_and_sent_again_cost_nothing(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player, draws = Player(app, clock), random.Random(5)
    lease = player.open(video)["lease"]
    queue: list[tuple[int, tuple[int, int]]] = []
    for beat in range(60):
        clock.advance(seconds=15)
        queue.append((beat, (beat * 15, beat * 15 + 15)))
        draws.shuffle(queue)
        for sequence, span in [one for one in queue if draws.random() < 0.5]:
            player.beat(lease, span, sequence=sequence)
            if draws.random() < 0.9:  # else the answer was lost, and the report comes again
                queue.remove((sequence, span))
    for sequence, span in queue:
        player.beat(lease, span, sequence=sequence)
    assert credited(video) >= 0.995 * 900
    assert verified() == []


def test_a_tunnel_of_15_minutes_is_made_good_and_two_hours_are_bounded(app: Flask, clock: FixedClock) -> None:
    one, two = videos(2, seconds=3 * 3600)
    player = Player(app, clock)
    lease = player.open(one)["lease"]
    clock.advance(minutes=15)
    player.beat(lease, (0, 900))
    assert credited(one) == 900
    lease = player.open(two)["lease"]
    clock.advance(hours=2)
    answer = player.beat(lease, (0, 7200))
    assert credited(two) == 900
    assert [(part["reason"], part["provisional"]) for part in answer["refused"]] == [("faster_than_clock", True)]
    page = player.client.get(f"/watching/{two.activity_id}").get_data(as_text=True)
    assert "上报的时长超过实际经过的时间" in page
    assert "待确认" in page


def test_enough_of_the_video_is_told_to_the_lesson_exactly_once(app: Flask, clock: FixedClock) -> None:
    (video,) = videos(seconds=100)
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    assert not player.play(lease, 0, 90)["done"]
    assert player.play(lease, 90, 10)["done"]
    player.play(lease, 0, 30)
    with transaction() as session:
        jobs = session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = :name"), {"name": DONE_JOB}).scalars().all()
    assert len(jobs) == 1
    for _ in range(2):
        watching.tell(clock.now(), **jobs[0])
    with transaction() as session:
        rows = session.execute(text("SELECT seconds FROM activity_done WHERE activity_id = :id"), {"id": video.activity_id}).all()
        state = session.execute(text("SELECT state FROM lesson_state WHERE lesson_id = :id"), {"id": video.lesson_id}).scalar()
    assert [row[0] for row in rows] == [100]
    assert state == "watched"


def test_a_change_to_the_union_is_found_by_the_verifier(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    player.play(player.open(video)["lease"], 0, 30)
    assert verified() == []
    with transaction() as session:
        session.execute(text("UPDATE watched SET accepted = '{[0,2700000)}'"))
    assert len(verified()) == 1


def test_a_lesson_told_to_be_watched_without_the_seconds_is_found_by_the_verifier(app: Flask, clock: FixedClock) -> None:
    honest, forged, rehearsed = videos(3, seconds=100)
    player = Player(app, clock)
    for video in (honest, forged):
        player.play(player.open(video)["lease"], 0, 100)
        watching.tell(clock.now(), person_id=id_of(LIN), activity_id=video.activity_id, asset_id=video.asset_id)
    assert verified() == []
    change = "UPDATE activity_done SET evidence = 'somebody said so' WHERE activity_id = :id"
    with transaction() as session:
        session.execute(text(change), {"id": forged.activity_id})
        lms.activity_done(session, person_id=id_of(LIN), activity_id=rehearsed.activity_id, seconds=100, evidence=REHEARSED, now=clock.now())
    said = "person {}: video {} counts as watched, and her accepted seconds are not enough"
    assert verified() == [said.format(id_of(LIN), forged.activity_id)]
    with transaction() as session:
        installation.set_fact(session, "live", value=True)
    assert verified() == [said.format(id_of(LIN), video.activity_id) for video in (forged, rehearsed)]


def test_an_hour_is_not_lost_with_the_worker_that_was_to_tell_of_it(app: Flask, clock: FixedClock) -> None:
    (video,) = videos(seconds=100)
    player = Player(app, clock)
    assert player.play(player.open(video)["lease"], 0, 100)["done"]  # its job never ends: the worker is killed over it
    count = "SELECT count(*) FROM activity_done WHERE activity_id = :id"
    clock.advance(minutes=16)
    with transaction() as session:
        found = list(watching.verify(session, clock.now()))
        assert found == [f"watched {id_of(LIN)}/{video.activity_id}/{video.asset_id}: the video was watched and its lesson does not know"]
    watching.tell_missed(clock.now())
    with transaction() as session:
        assert session.execute(text(count), {"id": video.activity_id}).scalar_one() == 1
        assert list(watching.verify(session, clock.now())) == []


def test_what_the_browser_brings_along_changes_no_answer(app: Flask, clock: FixedClock) -> None:
    chance = random.Random(11)
    film, other = videos(2, asked=True)
    with transaction() as session:
        learning.enrol(session, id_of(SAM))
    brings, asks = Player(app, clock, fetches=False), Player(app, clock, SAM, fetches=False)
    leases, place, brought = [[player.open(film)["lease"]] for player in (brings, asks)], 0, 0
    for _step in range(90):
        clock.advance(seconds=chance.choice((3, 15, 15, 15, 40)))
        if chance.random() < 0.1:
            place = chance.randrange(2_400)
        if chance.random() < 0.97:
            for player, video in product((brings, asks), (film, other)):
                player.fetch(video, place, place + 200)
        if chance.random() < 0.08:
            video = chance.choice((film, other))
            for player, mine in zip((brings, asks), leases, strict=True):
                mine.append(player.open(video)["lease"])
        late = chance.random() < 0.1
        span = (place, place + chance.choice((5, 15, 15, 20)))
        brought += bool(brings.standings.get(leases[0][-1]))
        told = [player.beat(mine[0 if late else -1], span) for player, mine in zip((brings, asks), leases, strict=True)]
        asks.standings.clear()
        for one in told:
            del one["standing"]
        assert told[0] == told[1]
        if told[0]["presence"] and chance.random() < 0.7:
            for player, mine in zip((brings, asks), leases, strict=True):
                player.client.post("/api/media/presence", json={"lease": mine[-1], "number": told[0]["presence"]["number"]})
        place = span[1]
    assert brought > 20
    assert credited(film) == credited(film, SAM) > 100
    assert verified() == []


def test_what_is_brought_along_is_worth_nothing_elsewhere(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock, fetches=False)
    player.fetch(video, 0, 600)
    first = player.open(video)["lease"]
    player.play(first, 0, 60)
    kept = player.standings[first]
    assert kept
    second = player.open(video)["lease"]
    clock.advance(seconds=30)
    assert reasons(player.beat(first, (60, 90), standing=kept)) == ["other_device"], "the account has moved on"
    for standing in (kept, kept[:-4] + ("AAAA" if kept[-4:] != "AAAA" else "BBBB"), "x", first):
        clock.advance(seconds=1)
        assert player.beat(second, (0, 15), standing=standing)["refused"][0]["reason"] == "already_counted"
    assert credited(video) == 60
    clock.advance(seconds=30)
    player.beat(second, (60, 90))
    with transaction() as session:
        session.execute(text("UPDATE login SET ended_at = :now"), {"now": clock.now()})
    clock.advance(seconds=15)
    assert player.beat(second, (90, 105), status=401)["code"] == "signed_out"
    assert credited(video) == 90


def test_ov_03_a_busy_server_asks_for_longer_intervals_and_still_takes_each_report(app: Flask, clock: FixedClock) -> None:
    outermost = app.wsgi_app
    assert isinstance(outermost, Shedding)
    (video,) = videos()
    player, asked = Player(app, clock), []
    try:
        for place, working in enumerate((2, 7, 8)):
            outermost.load = Load(threads=10, working=working)
            opened = player.open(video)
            clock.advance(seconds=15)
            outermost.load = Load(threads=10, working=working)
            answer = player.beat(opened["lease"], (place * 15, place * 15 + 15))
            asked.append((opened["next_seconds"], answer["next_seconds"]))
    finally:
        outermost.load = Load(threads=8)
    assert asked == [(15, 15), (30, 30), (60, 60)]
    assert credited(video) == 45
