"""Leases, windows, presence and the pages of the learner and her administrator."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.services import enrolment
from media.services import playback as watching
from tests.support import learning
from tests.support.cast import LIN, SAM, TAO, enter, id_of
from tests.support.queries import query_budget
from tests.support.watching import Player, credited, videos


def test_a_lease_tells_where_to_go_on(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    player.play(player.open(video)["lease"], 100, 60)
    found = player.open(video)
    assert found["resume_ms"] == 160_000
    assert found["accepted"] == [[100_000, 160_000]]
    assert found["earns"] is True


def test_the_lease_brings_the_cookie_of_the_video_s_files(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    answer = enter(app, LIN).post("/api/media/source", json={"activity": video.activity_id})
    assert answer.status_code == 200
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert answer.get_json()["hls"].endswith("master.m3u8")


def test_who_is_not_enrolled_is_refused_in_words(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    answer = enter(app, SAM).post("/api/media/lease", json={"activity": video.activity_id})
    assert answer.status_code == 403
    assert answer.get_json()["code"] == "not_enrolled"
    assert app.test_client().post("/api/media/lease", json={"activity": video.activity_id}).status_code == 401


def test_outside_the_window_she_may_look_and_earns_nothing(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    with transaction() as session:
        found = enrolment.rules_for(session, id_of(LIN), learning.CODE, clock.now())
    assert found is not None
    assert found.closes is not None
    clock.instant = found.closes
    player = Player(app, clock)
    lease = player.open(video)
    assert lease["earns"] is False
    clock.advance(seconds=60)
    answer = player.beat(lease["lease"], (0, 60))
    assert [one["reason"] for one in answer["refused"]] == ["outside_window"]
    assert credited(video) == 0
    assert player.open(video)["resume_ms"] == 60_000


def test_facts_of_the_window_are_taken_until_15_minutes_after_it(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    with transaction() as session:
        found = enrolment.rules_for(session, id_of(LIN), learning.CODE, clock.now())
    assert found is not None
    assert found.closes is not None
    clock.instant = found.closes - timedelta(seconds=60)
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    clock.instant = found.closes + timedelta(minutes=15) - timedelta(milliseconds=1)
    answer = player.beat(lease, (0, 90))
    assert credited(video) == 60
    assert [one["reason"] for one in answer["refused"]] == ["outside_window"]
    clock.instant = found.closes + timedelta(minutes=15)
    player.beat(lease, (60, 61))
    assert credited(video) == 60


def test_an_appeal_reaches_the_class_administrator_and_counts_when_accepted(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    clock.advance(seconds=10)
    player.beat(lease, (0, 60))
    clock.advance(seconds=30)
    page = player.client.get(f"/watching/{video.activity_id}").get_data(as_text=True)
    assert "上报的时长超过实际经过的时间" in page
    assert player.client.post(f"/watching/{video.activity_id}/appeal", data={"words": "地铁上信号不好"}).status_code == 302
    assert player.client.post(f"/watching/{video.activity_id}/appeal", data={"words": "再试"}).status_code == 409

    assert player.client.get("/appeals").status_code == 403
    tao = enter(app, TAO)
    assert "1 份学时申诉等待您处理" in tao.get("/").get_data(as_text=True)
    assert "1 份学时申诉等待您处理" in tao.get("/").get_data(as_text=True)
    listed = tao.get("/appeals").get_data(as_text=True)
    assert "林晓梅" in listed
    assert "地铁上信号不好" in listed
    number = re.search(r"/appeals/(\d+)/accept", listed)
    assert number
    assert tao.post(f"/appeals/{number[1]}/accept", data={"answer": ""}).status_code == 302
    assert credited(video) == 10
    assert tao.post(f"/appeals/{number[1]}/accept", data={"answer": "情况属实"}).status_code == 302
    assert credited(video) == 60
    assert tao.post(f"/appeals/{number[1]}/decline", data={"answer": "改主意"}).status_code == 409
    with transaction() as session:
        assert list(watching.verify(session, clock.now())) == []
    page = player.client.get(f"/watching/{video.activity_id}").get_data(as_text=True)
    assert "情况属实" in page
    assert "没有未计入的时间" in page


def test_appeals_of_other_schools_are_neither_seen_nor_decided(app: Flask, clock: FixedClock) -> None:
    (video,) = videos(person_id=id_of(SAM))
    player = Player(app, clock, SAM)
    lease = player.open(video)["lease"]
    player.beat(lease, (0, 60))
    player.client.post(f"/watching/{video.activity_id}/appeal", data={"words": "请补计"})
    tao = enter(app, TAO)
    assert "请补计" not in tao.get("/appeals").get_data(as_text=True)
    assert "份学时申诉" not in tao.get("/").get_data(as_text=True)
    assert "学时申诉等待" not in tao.get("/").get_data(as_text=True)
    assert tao.post("/appeals/1/accept", data={"answer": "好"}).status_code == 404


def test_a_page_of_losses_stays_inside_its_budget(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    for part in range(20):
        player.beat(lease, (part * 15, part * 15 + 15))
    player.client.get(f"/watching/{video.activity_id}")
    with query_budget(12):
        player.client.get(f"/watching/{video.activity_id}")


def test_a_video_that_is_still_being_made_cannot_be_watched_to_its_end(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    with transaction() as session:
        session.execute(text("UPDATE asset SET state = 'uploading', length_ms = 0, mp4 = false, build = ''"))
    player = Player(app, clock)
    answer = player.client.post("/api/media/lease", json={"activity": video.activity_id})
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "asset_not_playable"
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM playback_lease")).scalar_one() == 0


@pytest.mark.parametrize("activity", [0, -1, 2**63, 10**30, "1", None, 1.5])
def test_an_activity_that_no_row_can_be_is_refused_with_a_reason(app: Flask, activity: object) -> None:
    videos()
    for address in ("/api/media/lease", "/api/media/source"):
        answer = enter(app, LIN).post(address, json={"activity": activity})
        assert answer.status_code == 422
        assert "$.activity" in answer.get_json()["reason"]
