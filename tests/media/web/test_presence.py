"""Presence questions through the running product: fair to who is there, and no more time for who is not."""

from flask import Flask

from lms.kernel.clock import FixedClock
from tests.support.cast import SAM, enter
from tests.support.watching import Player, credited, videos


def test_nobody_is_asked_unless_the_programme_says_so(app: Flask, clock: FixedClock) -> None:
    (video,) = videos()
    player = Player(app, clock)
    assert player.play(player.open(video)["lease"], 0, 900)["presence"] is None
    assert credited(video) == 900


def test_an_unanswered_question_stops_time_and_takes_nothing_back(app: Flask, clock: FixedClock) -> None:
    (video,) = videos(asked=True)
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    assert player.play(lease, 0, 600)["presence"] == {"number": 1, "seconds": 180}
    answer = player.play(lease, 600, 600)
    assert credited(video) == 780
    assert [one["reason"] for one in answer["refused"]] == ["presence_missed"]
    assert "没有在三分钟内回应在场确认" in player.client.get(f"/watching/{video.activity_id}").get_data(as_text=True)
    again = player.open(video)
    assert again["presence"] == {"number": 1, "seconds": 0}  # a fresh lease is no way around it
    player.play(again["lease"], 1200, 60)
    assert credited(video) == 780


def test_one_tap_answers_and_time_goes_on(app: Flask, clock: FixedClock) -> None:
    (video,) = videos(asked=True)
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    player.play(lease, 0, 600)
    question = player.client.post("/api/media/presence/prompt", json={"lease": lease}).get_json()
    assert question["number"] == 1
    assert question["text"]
    assert question["options"] == []
    clock.advance(seconds=90)
    assert player.client.post("/api/media/presence", json={"lease": lease, "number": 1}).json == {"right": True, "explanation": ""}
    assert player.beat(lease, (600, 690))["presence"] is None
    player.play(lease, 690, 300)
    assert credited(video) == 990
    assert player.client.post("/api/media/presence/prompt", json={"lease": lease}).get_json()["number"] is None


def test_nobody_answers_for_another(app: Flask, clock: FixedClock) -> None:
    (video,) = videos(asked=True)
    player = Player(app, clock)
    lease = player.open(video)["lease"]
    player.play(lease, 0, 600)
    sam = enter(app, SAM)
    assert sam.post("/api/media/presence/prompt", json={"lease": lease}).get_json()["number"] is None
    sam.post("/api/media/presence", json={"lease": lease, "number": 1})
    assert player.beat(lease)["presence"] == {"number": 1, "seconds": 180}
