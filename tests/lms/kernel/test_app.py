"""The kernel as a whole: the app answers, refuses in words and describes itself."""

import gc
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing import current_process
from pathlib import Path
from time import sleep

import pytest
from flask import Flask, request, url_for
from flask.testing import FlaskClient
from werkzeug.test import create_environ

from lms.kernel import app as kernel
from lms.kernel.app import SERVER, build_app
from lms.kernel.clock import Clock, FixedClock
from lms.kernel.part import Part
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Malformed
from lms.kernel.settings import Settings
from tests.support.cast import LIN, enter


def test_the_app_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200


def test_the_openapi_document_is_served(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.get_json()["openapi"] == "3.1.0"


def test_an_unknown_page_is_missing_in_words(client: FlaskClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "target", ["//other.example", "/\\other.example", "/\t/other.example", "/\n/other.example", "/\r\n/other.example", "https://other.example", ""]
)
def test_nobody_is_sent_to_another_site(client: FlaskClient, target: str) -> None:
    answer = client.post("/language", data={"locale": "en", "next": target})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"


def test_inside_the_site_one_is_sent_where_one_was(client: FlaskClient) -> None:
    answer = client.post("/language", data={"locale": "en", "next": "/exams?page=2&q=%E5%91%A8"})
    assert answer.headers["Location"] == "/exams?page=2&q=%E5%91%A8"


@pytest.fixture
def collector() -> Iterator[None]:
    """Give the run its garbage collector back, which who serves sets."""
    held = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*held)


@pytest.mark.usefixtures("collector")
def test_a_process_serves_from_its_first_request_on_and_one_of_the_server_once_it_has_lived_for_a_moment(
    app: Flask, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Clock] = []
    part = Part("part", tmp_path, on_serving=told.append)
    other = build_app(settings, (part,))
    assert not told
    for _ in range(2):
        other.test_client().get("/healthz")
    assert len(told) == 1
    monkeypatch.setattr(current_process(), "name", SERVER)
    monkeypatch.setattr(kernel, "LIVED", 1.0)
    lived = threading.Event()

    def serving(clock: Clock) -> None:
        told.append(clock)
        lived.set()

    part = Part("part", tmp_path, on_serving=serving)
    build_app(settings, (part,))
    assert len(told) == 1, "who dies while being started has served nobody"
    assert lived.wait(20)
    monkeypatch.setattr(kernel, "LIVED", 0.05)
    build_app(settings, (part,)).test_client().get("/healthz")
    sleep(0.1)
    assert len(told) == 3, "told once, by the request or by the time"


@pytest.mark.parametrize("path", ["/lessons/9223372036854775808", "/quizzes/attempts/99999999999999999999999", "/lessons/-1"])
def test_a_number_that_no_row_can_have_is_missing(app: Flask, path: str) -> None:
    assert enter(app, LIN).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/exams/%00", "/exams/a%00b", "/bank/%00"])
def test_a_text_that_no_database_can_hold_is_refused_in_words(app: Flask, path: str) -> None:
    assert enter(app, LIN).get(path).status_code in {400, 403, 404}


def test_a_sign_in_with_the_character_nul_is_refused_in_words(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"account": "a\x00b", "password": "p\x00q"}).status_code == 400


def test_a_payload_with_the_character_nul_is_refused_with_a_reason(app: Flask) -> None:
    answer = enter(app, LIN).post("/api/exam/start", json={"entry": "a\x00b", "device": "d" * 12})
    assert answer.status_code == 400
    assert "NUL" in answer.get_json()["reason"]


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.7"), (2, "198.51.100.6")])
def test_an_address_is_believed_from_as_many_proxies_as_are_trusted(app: Flask, settings: Settings, clock: FixedClock, proxies: int, address: str) -> None:
    behind = build_app(replace(settings, trusted_proxies=proxies), (), clock)
    behind.add_url_rule("/who", view_func=requires(Permission.ANYONE)(lambda: f"{request.remote_addr}"))
    told = behind.test_client().get("/who", headers={"X-Forwarded-For": "192.0.2.66, 198.51.100.6, 203.0.113.7"})
    assert told.get_data(as_text=True) == address


def test_a_request_keeps_its_own_host_and_path_when_the_host_was_seen_before(app: Flask) -> None:
    for host, path in (("one.example", "/exams"), ("two.example:8000", "/"), ("one.example", "/healthz"), ("two.example:8000", "/exams")):
        with app.test_request_context(f"{path}?page=2", base_url=f"http://{host}"):
            assert (request.host, request.path) == (host, path)
            assert request.url_rule is not None
            assert request.url_rule.rule == path
            assert url_for("health.healthz", _external=True) == f"http://{host}/healthz"


def test_a_hot_route_refuses_in_the_language_that_the_page_names(client: FlaskClient) -> None:
    """Its answers do not read the sign-in cookie, which holds the reader's choice elsewhere."""
    said = {language: client.post("/api/exam/start", data=b"{", headers={"Accept-Language": language}).get_json() for language in ("zh-CN", "en", "fr", "")}
    assert {answer["code"] for answer in said.values()} == {"malformed"}
    assert said["en"]["message"] == "What was sent cannot be read. Please reload the page and try again."
    assert {said[other]["message"] for other in ("zh-CN", "fr", "")} == {Malformed.message}


def test_a_page_is_handed_to_the_server_in_one_piece_and_a_stream_is_not(app: Flask) -> None:
    said: list[tuple[str, str]] = []

    def start(_status: str, headers: list[tuple[str, str]], _fault: object = None, /) -> Callable[[bytes], object]:
        said[:] = headers
        return said.append  # type: ignore[return-value]  # the way of writing that nobody takes any more

    page = app(create_environ("/sign-in"), start)
    assert isinstance(page, list)
    assert dict(said)["Content-Length"] == str(len(b"".join(page))) != "0"
    assert app(create_environ("/sign-in", method="HEAD"), start) == []
    ended: list[bool] = []
    streamed = app.response_class(iter([b"one", b"two"]))
    streamed.call_on_close(lambda: ended.append(True))
    pieces = streamed(create_environ("/"), start)
    assert not isinstance(pieces, list)
    assert (b"".join(pieces), ended) == (b"onetwo", [])
    whole = app.response_class("one")
    whole.call_on_close(lambda: ended.append(True))
    assert (whole(create_environ("/"), start), ended) == ([b"one"], [True])
