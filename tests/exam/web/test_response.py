"""The exam room's JSON routes from outside (EX-01, EX-22, IN-02)."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.hot import SLOT, HotEntry, Pace
from lms.kernel.shedding import Shedding
from tests.support import cast, exams, learning, rows

START = {"device": "device-one", "honesty": True}


@pytest.fixture
def lin(app: Flask) -> FlaskClient:
    """Lin's browser, signed in and enrolled."""
    exams.prepared()
    person_id = cast.id_of(cast.LIN)
    with transaction() as session:
        learning.enrol(session, person_id, unit_id=rows.unit_tree(session).school.id)
    return cast.enter(app, cast.LIN)


def started(lin: FlaskClient) -> dict[str, object]:
    """Start and return the answer."""
    answer = lin.post("/api/exam/start", json=START | {"entry": exams.entry("lin")})
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.get_json()
    return body


def change(seq: int, **parts: object) -> dict[str, object]:
    """Return a change of the first answer."""
    return {"position": 1, "seq": seq, "revision": 0, "choices": [2]} | parts


def test_a_learner_starts_saves_comes_back_and_hands_in(lin: FlaskClient, clock: FixedClock) -> None:
    room = started(lin)
    clock.advance(minutes=30)
    saved = lin.post("/api/exam/save", json={"token": room["token"], "changes": [change(1)]})
    assert (saved.status_code, saved.get_json()["remaining_ms"]) == (200, 60 * 60_000)
    back = lin.post("/api/exam/resume", json={"exam": exams.EXAM, "device": "device-one"}).get_json()
    assert (back["paper_hash"], back["deadline"], back["answers"]) == (
        room["paper_hash"],
        room["deadline"],
        [{"position": 1, "revision": 1, "choices": [2], "texts": [], "marked": False}],
    )
    handed_in = lin.post("/api/exam/submit", json={"token": back["token"], "key": "key-of-the-page"})
    assert (handed_in.status_code, handed_in.get_json()["answered"], handed_in.get_json()["by"]) == (200, 1, "learner")


def test_ov_07_a_script_that_saves_without_end_is_put_off_and_nobody_else(lin: FlaskClient, app: Flask) -> None:
    outermost = app.wsgi_app
    assert isinstance(outermost, Shedding)
    entry = outermost.app
    assert isinstance(entry, HotEntry)
    token, usual = started(lin)["token"], entry.pace
    entry.pace = Pace(5)
    try:
        answers = [lin.post("/api/exam/save", json={"token": token, "changes": [change(seq, revision=seq - 1)]}) for seq in range(1, 9)]
        assert [one.status_code for one in answers] == [200] * 5 + [429] * 3
        assert int(answers[-1].headers["Retry-After"]) == SLOT
        assert answers[-1].get_json()["code"] == "too_many"
        stranger = lin.post("/api/exam/save", json={"token": "another", "changes": [change(1)]})
        assert stranger.status_code == 401, "it has come to the handler"
        entry.pace._ends = 0.0
        assert lin.post("/api/exam/save", json={"token": token, "changes": [change(9, revision=5)]}).status_code == 200, "none of those put off was stored"
    finally:
        entry.pace = usual


def test_a_stale_write_is_a_conflict_with_the_current_value(lin: FlaskClient) -> None:
    token = started(lin)["token"]
    lin.post("/api/exam/save", json={"token": token, "changes": [change(1)]})
    stale = lin.post("/api/exam/save", json={"token": token, "changes": [change(2, choices=[3])]})
    assert (stale.status_code, stale.get_json()["code"]) == (409, "stale_revision")
    assert stale.get_json()["saved"] == [
        {"position": 1, "seq": 2, "status": "stale", "revision": 1, "choices": [2], "texts": [], "marked": False, "late": False}
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"changes": [{"position": 1, "seq": 1, "choices": [0]}]}, 422),
        ({"changes": [change(1, revision=-1)]}, 422),
        ({"changes": [change(1, choices="A")]}, 422),
        ({"changes": [change(1, position=0)]}, 422),
        ({"changes": []}, 422),
        ({"changes": [change(2**60)]}, 422),
        ({"token": 5, "changes": [change(1)]}, 422),
        ({"token": "forged", "changes": [change(1)]}, 401),
    ],
)
def test_a_wrong_payload_is_refused_in_words(lin: FlaskClient, body: dict[str, object], status: int) -> None:
    room = started(lin)
    answer = lin.post("/api/exam/save", json={"token": room["token"]} | body)
    assert (answer.status_code, "message" in answer.get_json()) == (status, True)


def test_what_is_not_json_is_malformed(lin: FlaskClient) -> None:
    assert lin.post("/api/exam/save", data=b"{", content_type="application/json").status_code == 400
    assert lin.post("/api/exam/start", data=b"\xff", content_type="application/json").status_code == 400


def test_ex_22_nobody_else_reaches_a_paper(lin: FlaskClient, app: Flask) -> None:
    started(lin)
    anonymous, stranger, author = app.test_client(), cast.enter(app, cast.SAM), cast.enter(app, cast.WEI)
    assert anonymous.post("/api/exam/start", json=START).status_code == 422
    assert anonymous.post("/api/exam/start", json=START | {"entry": "forged"}).status_code == 401
    assert anonymous.post("/api/exam/resume", json={"exam": exams.EXAM, "device": "device-one"}).status_code == 401
    assert stranger.post("/api/exam/start", json=START | {"entry": exams.entry("sam")}).status_code == 403
    assert stranger.post("/api/exam/resume", json={"exam": exams.EXAM, "device": "device-one"}).status_code == 404
    assert author.get(f"/exams/{exams.EXAM}").status_code == 403, "no entry for who may not sit exams"


def test_ex_22_after_the_hand_in_the_paper_is_gone(lin: FlaskClient) -> None:
    token = started(lin)["token"]
    lin.post("/api/exam/submit", json={"token": token, "key": "key-of-the-page"})
    for path, body in (("start", START | {"entry": exams.entry("lin")}), ("resume", {"exam": exams.EXAM, "device": "device-one"})):
        answer = lin.post(f"/api/exam/{path}", json=body)
        assert answer.status_code == 409
        assert "题 i-" not in answer.text


def test_in_02_no_refusal_or_answer_of_the_room_holds_a_key(lin: FlaskClient) -> None:
    token = started(lin)["token"]
    answers = [
        lin.post("/api/exam/start", json=START | {"entry": exams.entry("lin")}),
        lin.post("/api/exam/save", json={"token": token, "changes": [change(1)]}),
        lin.post("/api/exam/save", json={"token": token, "changes": [change(2)]}),
        lin.post("/api/exam/save", json={"token": token, "changes": [change(3, choices=[9])]}),
        lin.post("/api/exam/save", json={"token": token, "changes": []}),
        lin.post("/api/exam/submit", json={"token": token}),
        lin.post("/api/exam/resume", json={"exam": exams.EXAM, "device": "device-two"}),
        lin.post("/api/exam/submit", json={"token": token, "key": "key-of-the-page"}),
    ]
    for answer in answers:
        body = json.dumps(answer.get_json(), ensure_ascii=False)
        fields = set(json.loads(body)) if body.startswith("{") else set()
        assert not fields & {"correct", "score", "points", "explanation", "feedback", "weight"}
        assert "secret reason" not in body


def test_ex_01_only_the_servers_clock_decides(lin: FlaskClient, clock: FixedClock) -> None:
    token = started(lin)["token"]
    clock.advance(seconds=90 * 60 + 60)
    assert lin.post("/api/exam/save", json={"token": token, "changes": [change(1)]}).status_code == 200
    clock.advance(seconds=1)
    late = lin.post("/api/exam/save", json={"token": token, "changes": [change(2, revision=1)]})
    assert (late.status_code, late.get_json()["code"], late.get_json()["remaining_ms"]) == (409, "time_is_up", 0)
