"""Signing in and out, first activation: what a browser and an attacker see."""

import re
import statistics
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import perf_counter, sleep

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.domain.signing_in import CONSENT_VERSION
from lms.kernel import installation, passwords
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Permission
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import person as people
from lms.services import roster, signing_in
from lms.services.roster import NewPerson
from tests.support import cast, rows

PASSWORD = "平安的 Garden 71"
PHONE = "13900000001"


@pytest.fixture
def ada(app: Flask, settings: Settings, clock: FixedClock) -> int:
    """A teacher with a password and a phone."""
    with transaction() as session:
        tree = rows.unit_tree(session)
        one = NewPerson(account="ada2026", name="艾达", unit_code=tree.school.code, phone=PHONE)
        ids = roster.bulk_load(session, [one], password=PASSWORD, seal=Seal(settings.field_key), now=clock.now())
    return ids["ada2026"]


def enter(
    client: FlaskClient, account: str = "ada2026", password: str = PASSWORD, *, address: str = "192.0.2.1", inside: str = "", **query: str
) -> TestResponse:
    typed = {"account": account, "password": password, "inside": inside}
    return client.post("/sign-in", query_string=query, data=typed, environ_base={"REMOTE_ADDR": address})


def said(answer: TestResponse, account: str) -> str:
    """Return the page without what differs by itself: the CSRF token and the account that was typed."""
    return re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", answer.get_data(as_text=True)).replace(account, "-")


def test_the_page_asks_for_account_and_password(client: FlaskClient) -> None:
    text = client.get("/sign-in").get_data(as_text=True)
    assert "账号或手机号" in text
    assert 'autocomplete="current-password"' in text
    client.post("/language", data={"locale": "en", "next": "/sign-in"})
    assert "Sign in" in client.get("/sign-in").get_data(as_text=True), "who cannot read the page finds her language on it"
    assert 'action="/language"' in text


def test_account_or_phone_with_the_password_signs_in(app: Flask, ada: int) -> None:
    for account in ("ada2026", " ADA2026 ", PHONE, "+86 139-0000-0001"):
        client = app.test_client()
        answer = enter(client, account)
        assert answer.status_code == 302, account
        assert client.get("/account").status_code == 200


def test_the_shared_password_of_a_rehearsal_opens_nothing_in_a_live_database(app: Flask, ada: int) -> None:
    with transaction() as session:
        installation.set_fact(session, "live", value=True)
    assert enter(app.test_client()).status_code == 401


def test_after_signing_in_one_goes_where_one_wanted_but_never_to_another_site(app: Flask, ada: int) -> None:
    assert enter(app.test_client(), next="/account").location == "/account"
    for evil in ("//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"):
        assert enter(app.test_client(), next=evil).location == "/"


def test_a_page_that_needs_a_sign_in_sends_there_and_back(client: FlaskClient) -> None:
    answer = client.get("/account?x=1")
    assert answer.location == "/sign-in?next=/account?x%3D1"


def test_the_unknown_account_and_the_wrong_password_get_the_same_answer(app: Flask, ada: int) -> None:
    wrong = enter(app.test_client(), password="wrong password")
    unknown = enter(app.test_client(), account="ada2027", password="wrong password")
    assert wrong.status_code == unknown.status_code == 401
    assert said(wrong, "ada2026") == said(unknown, "ada2027")
    assert set(wrong.headers.keys()) == set(unknown.headers.keys())


def test_activation_answers_alike_for_unknown_wrong_and_used(app: Flask, ada: int) -> None:
    form = {"code": "ABCD-EFGH-JKMN", "password": PASSWORD, "again": PASSWORD, "consent": "y"}
    used = app.test_client().post("/activate", data={"account": "ada2026", **form})
    unknown = app.test_client().post("/activate", data={"account": "ada2027", **form})
    assert used.status_code == unknown.status_code == 422
    assert said(used, "ada2026") == said(unknown, "ada2027")


def test_the_token_is_new_at_every_sign_in_and_the_old_one_is_dead_after_sign_out(app: Flask, ada: int) -> None:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["planted"] = "x"
    enter(client)
    with client.session_transaction() as cookie:
        first = cookie["_user_id"]
        assert first != "planted"
        assert "planted" not in cookie
        assert len(first) >= 43  # 256 bits
    answer = client.post("/sign-out")
    assert "storage" in answer.headers["Clear-Site-Data"]
    with client.session_transaction() as cookie:
        assert "_user_id" not in cookie
        cookie["_user_id"] = first
    assert client.get("/account").status_code == 302
    enter(client)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != first


def test_the_cookie_is_http_only_and_same_site(app: Flask, ada: int) -> None:
    cookies = enter(app.test_client()).headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


def test_a_disabled_account_is_out_at_its_next_request(app: Flask, ada: int, clock: FixedClock) -> None:
    client = app.test_client()
    enter(client)
    manager = cast.id_of(cast.SONG)
    people.set_active(manager, Permission.MANAGE_PEOPLE, ada, active=False, now=clock.now())
    assert client.get("/account").status_code == 302
    assert enter(app.test_client()).status_code == 401


def test_tries_are_counted_and_strangers_cannot_lock_the_owner_out(app: Flask, ada: int, clock: FixedClock) -> None:
    owner = app.test_client()
    enter(owner)
    owner.post("/sign-out")
    stranger = app.test_client()
    assert [enter(stranger, password=f"guess {number} x", address="198.51.100.9").status_code for number in range(12)].count(429) == 2
    assert enter(stranger, address="198.51.100.9").status_code == 429, "even the right password waits"
    for number in range(60):
        clock.advance(seconds=1)
        enter(app.test_client(), password="guess", address=f"198.51.{100 + number}.7")
    assert enter(app.test_client(), address="203.0.113.5").status_code == 429, "unknown devices wait"
    assert enter(owner).status_code == 302, "a device she has used before has a bucket of its own"
    clock.advance(seconds=3_600)
    assert enter(app.test_client(), address="203.0.113.5").status_code == 302, "nothing is for good"


def test_one_address_cannot_try_a_list_of_accounts(app: Flask) -> None:
    statuses = [enter(app.test_client(), account=f"someone{number}", address="203.0.113.77").status_code for number in range(104)]
    assert statuses[:100] == [401] * 100
    assert statuses[100:] == [429] * 4


def test_ov_07_an_abusive_account_is_throttled_and_its_neighbours_behind_the_same_address_are_not(app: Flask, ada: int) -> None:
    abuser = app.test_client()
    statuses = [enter(abuser, account="someone", address="203.0.113.88").status_code for _ in range(120)]
    assert statuses == [401] * 10 + [429] * 110
    assert enter(app.test_client(), address="203.0.113.88").status_code == 302


def test_ov_03_a_storm_of_sign_ins_waits_in_a_short_line_and_the_rest_are_told(app: Flask, ada: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "PATIENCE", 600.0)
    with ThreadPoolExecutor(passwords.MOST_WAITING) as threads:
        with passwords.turn():
            waiting = [threads.submit(lambda: enter(app.test_client()).status_code) for _ in range(passwords.MOST_WAITING)]
            while passwords._lanes[False].line._value:
                assert not any(one.done() for one in waiting), [one.result() for one in waiting if one.done()]
                sleep(0.01)
            put_off = enter(app.test_client())
            assert put_off.status_code == 503
            assert enter(app.test_client(), inside="no token").status_code == 503
            monkeypatch.setattr(signing_in, "_inside", [lambda token, _now: token == "hers"])
            assert enter(app.test_client(), inside="hers").status_code == 302, "who sits an exam has a turn of her own"
            assert app.test_client().get("/sign-in").status_code == 200, "whoever asks for no password is served"
        assert [one.result() for one in waiting] == [302] * passwords.MOST_WAITING
    assert "现在登录的人很多" in put_off.get_data(as_text=True)
    assert 'value="ada2026"' in put_off.get_data(as_text=True), "what she typed is still there"
    assert 10 <= int(put_off.headers["Retry-After"]) <= 30
    with passwords.turn(), monkeypatch.context() as hasty:
        hasty.setattr(passwords, "PATIENCE", 0.0)
        assert [enter(app.test_client()).status_code for _ in range(20)] == [503] * 20
    assert enter(app.test_client()).status_code == 302, "being put off counts as no try"


def activate(client: FlaskClient, code: str, password: str = PASSWORD, again: str | None = None, consent: str = "y", account: str = "bo2026") -> TestResponse:
    return client.post("/activate", data={"account": account, "code": code, "password": password, "again": again or password, "consent": consent})


@pytest.fixture
def code(app: Flask, settings: Settings, clock: FixedClock) -> str:
    """An activation code of the account bo2026."""
    with transaction() as session:
        tree = rows.unit_tree(session)
        one = NewPerson(account="bo2026", name="柏松", unit_code=tree.school.code, phone="13900000002")
        ids = roster.bulk_load(session, [one], password=None, seal=Seal(settings.field_key), now=clock.now())
    return people.reset(cast.id_of(cast.TAO), Permission.MANAGE_CLASS, ids["bo2026"], Seal(settings.field_key), clock.now())


def test_a_code_serves_once_sets_the_password_and_keeps_the_consent(app: Flask, code: str) -> None:
    client = app.test_client()
    assert enter(client, account="bo2026", password=code).status_code == 401
    answer = activate(client, f" {code[:4].lower()}-{code[4:]} ")
    assert answer.status_code == 302
    page = client.get("/account").get_data(as_text=True)
    assert CONSENT_VERSION in page
    assert activate(app.test_client(), code, password="another Garden 9").status_code == 422
    assert enter(app.test_client(), account="bo2026").status_code == 302


def test_a_code_is_over_after_thirty_days(app: Flask, code: str, clock: FixedClock) -> None:
    clock.instant += timedelta(days=30)
    assert activate(app.test_client(), code).status_code == 422


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "长度须在"),
        ("12345678", "常见密码"),
        ("woaini1314", "常见密码"),
        ("19900101", "常见密码"),
        ("13812345678", "常见密码"),
        ("aaaaaaaab", "常见密码"),
        ("zyxwvutsrq", "常见密码"),
        ("my-bo2026-word", "不能包含账号"),
        ("x13900000002x", "不能包含账号或手机号"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(app: Flask, code: str, password: str, reason: str) -> None:
    answer = activate(app.test_client(), code, password=password)
    assert answer.status_code == 422
    assert reason in answer.get_data(as_text=True)


def test_without_consent_nothing_is_stored(app: Flask, code: str) -> None:
    assert activate(app.test_client(), code, consent="").status_code == 422
    assert activate(app.test_client(), code).status_code == 302


def test_both_passwords_must_be_the_same(app: Flask, code: str) -> None:
    answer = activate(app.test_client(), code, again="something else 1")
    assert "两次输入不一致" in answer.get_data(as_text=True)


def test_without_the_present_consent_a_sign_in_asks_for_it(app: Flask, ada: int) -> None:
    from sqlalchemy import text

    from lms.kernel import migrate

    engine = migrate.owner_engine(app.extensions["settings"].database_url)
    with engine.begin() as link:
        link.execute(text("UPDATE consent SET version = 'older'"))
    engine.dispose()
    client = app.test_client()
    answer = enter(client, next="/account")
    assert answer.location == "/consent?next=/account"
    assert "同意并继续" in client.get(answer.location).get_data(as_text=True)
    assert client.post(answer.location).location == "/account"
    assert enter(app.test_client()).location == "/"


@pytest.mark.soak
def test_known_and_unknown_accounts_take_the_same_time(app: Flask, ada: int, clock: FixedClock) -> None:
    def took(account: str) -> float:
        clock.advance(seconds=901)
        began = perf_counter()
        enter(app.test_client(), account=account, password="wrong password")
        return perf_counter() - began

    known, unknown = [], []
    for _number in range(300):
        known.append(took("ada2026"))
        unknown.append(took("ada2027"))
    assert abs(statistics.median(known) - statistics.median(unknown)) < 0.005
