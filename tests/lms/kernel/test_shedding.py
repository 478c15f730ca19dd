"""What is given up first under load, and that exam answers never are (OV-03)."""

from collections import Counter

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from lms.kernel.permissions import Permission, Priority, requires
from lms.kernel.shedding import Load, Shedding, priority_of, refused_share
from tests.support.cast import LIN, enter

BUSY = st.floats(0, 1)
CLASSES = st.sampled_from(Priority)


@given(busy=BUSY, more=BUSY, priority=CLASSES)
def test_ov_03_more_is_refused_the_busier_it_is_and_the_less_it_presses(busy: float, more: float, priority: Priority) -> None:
    assert 0 <= refused_share(priority, busy) <= 1
    assert refused_share(priority, min(busy, more)) <= refused_share(priority, max(busy, more))
    assert refused_share(Priority.ANSWERS, busy) == 0
    assert all(refused_share(one, busy) <= refused_share(Priority(one + 1), busy) for one in list(Priority)[:-1])
    assert refused_share(priority, 0.75) == 0, "a process that is merely at work refuses nothing"


def test_ov_03_a_burst_is_no_overload_and_full_threads_for_seconds_are() -> None:
    load = Load(threads=8)
    for _ in range(8):
        load.change(1, 100.0)
    assert load.change(0, 100.3) < 0.2
    assert load.change(0, 112.0) > 0.95
    for _ in range(8):
        load.change(-1, 112.0)
    assert load.change(0, 115.0) < 0.5


@pytest.mark.parametrize(("rate", "wait"), [(600, 0.015), (1_000, 0.008), (1_500, 0.2)])
def test_ov_03_waiting_for_an_ordinary_commit_is_no_load_however_many_wait(rate: int, wait: float) -> None:
    load = Load(threads=8)
    for number in range(5 * rate):
        at = 100 + number / rate
        load.change(1, at)
        load.change(-1, at + 0.0004)
        load.waited(at, at + wait)
    assert load.change(0, 105.0) < 0.1


def test_ov_03_while_answers_are_overdue_no_thread_counts_as_free() -> None:
    load = Load(threads=8)
    load.change(0, 100.0)
    for group in range(1, 13):  # a database that takes a second a group: who comes as one begins waits for two
        load.change(0, 100.0 + group)
        for row in range(100):
            load.waited(98.0 + group + row / 100, 100.0 + group)
    assert load.change(0, 112.0) > 0.95
    assert load.change(0, 115.0) < 0.5, "and that is over soon after"


def test_ov_03_one_slow_commit_is_one_stall_for_all_who_wait_through_it() -> None:
    load = Load(threads=8)
    load.change(0, 100.0)
    for row in range(1_000):
        load.waited(100.0 + row / 1_000, 101.0)
    assert 0.1 < load.change(0, 101.0) < 0.25


def test_ov_03_a_full_process_refuses_reports_and_pages_but_takes_answers(app: Flask) -> None:
    outermost = app.wsgi_app
    assert isinstance(outermost, Shedding)
    lin = enter(app, LIN)
    lin.post("/language", data={"locale": "en"})
    asked = Counter({name: REGISTRY.get_sample_value("lms_shed_total", {"priority": name}) or 0 for name in ("browsing", "entry")})
    script = str(app.jinja_env.globals["asset"]("exam/room.js"))  # type: ignore[operator]
    outermost.load = Load(threads=1, working=50)  # full for a long while
    try:
        page, api, save = lin.get("/"), lin.post("/api/exam/start", json={}), lin.post("/api/exam/save", json={})
        health, room = lin.get("/healthz"), [lin.get(path) for path in ("/exams/none/room", "/exams/none/pictures/none", script)]
    finally:
        outermost.load = Load(threads=8)
    assert page.status_code == api.status_code == 503
    assert 10 <= int(page.headers["Retry-After"]) <= 30
    assert page.headers["Content-Security-Policy"]
    assert "<html" in page.get_data(as_text=True)
    assert api.get_json()["code"] == "busy"
    assert (save.status_code, health.status_code) == (422, 200)
    assert [one.status_code for one in room] == [404, 404, 200]
    assert REGISTRY.get_sample_value("lms_shed_total", {"priority": "browsing"}) == asked["browsing"] + 1
    assert lin.get("/").status_code == 200


def test_a_route_says_its_class_or_its_permission_does() -> None:
    @requires(Permission.LEARN)
    def learning() -> None: ...

    @requires(Permission.SIGNED_IN, Priority.REPORTS)
    def export() -> None: ...

    @requires(Permission.SEE_REPORTS)
    def reports() -> None: ...

    assert (priority_of(learning, "GET"), priority_of(learning, "POST")) == (Priority.BROWSING, Priority.LEARNING)
    assert (priority_of(export, "POST"), priority_of(reports, "GET")) == (Priority.REPORTS, Priority.REPORTS)
