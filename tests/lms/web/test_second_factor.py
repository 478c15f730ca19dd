"""The second factor: set up with a phone, asked at every sign-in, recovered, reset, required of staff."""

import re
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import roster
from lms.services.roster import NewPerson
from tests.conftest import NOON
from tests.support import cast, rows
from tests.support.cast import PENG, YUAN, enter

PASSWORD = "平安的 Garden 71"
PAGE = "/account/second-factor"


@pytest.fixture
def ada(app: Flask, settings: Settings, clock: FixedClock) -> int:
    """A class administrator with a password."""
    with transaction() as session:
        tree = rows.unit_tree(session)
        one = NewPerson(account="ada2026", name="艾达", unit_code=tree.school.code, roles=((Role.CLASS_ADMINISTRATOR, tree.school.code),))
        return roster.bulk_load(session, [one], password=PASSWORD, seal=Seal(settings.field_key), now=clock.now())["ada2026"]


def sign_in(app: Flask) -> tuple[FlaskClient, str]:
    """Enter the password; returns the browser and where it is sent."""
    client = app.test_client()
    answer = client.post("/sign-in", data={"account": "ada2026", "password": PASSWORD})
    place = answer.headers["Location"]
    if place.startswith("/consent"):
        client.post(place)
    return client, place


def set_up(client: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set a second factor up as a phone does; returns the phone and the recovery codes."""
    client.post(PAGE)
    page = client.get(PAGE).get_data(as_text=True)
    assert "<svg" in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert secret
    phone = pyotp.TOTP(secret[1].replace(" ", ""))
    assert client.post(f"{PAGE}/confirm", data={"code": "000000"}).status_code == 401
    shown = client.post(f"{PAGE}/confirm", data={"code": phone.at(NOON)}).get_data(as_text=True)
    return phone, re.findall(r"<code>([A-Z0-9-]+)</code>", shown)


def finish(client: FlaskClient, code: str) -> int:
    return client.post("/sign-in/second", data={"code": code}).status_code


def test_a_sign_in_asks_for_the_phone_s_code_which_serves_once(app: Flask, ada: int, clock: FixedClock) -> None:
    phone, recovery = set_up(sign_in(app)[0])
    assert len(recovery) == 10
    client, place = sign_in(app)
    assert place.startswith("/sign-in/second")
    assert client.get("/account").status_code == 302, "the password alone opens nothing"
    assert finish(client, phone.at(NOON)) == 401, "the code that confirmed the set-up is used up"
    clock.advance(seconds=30)
    assert finish(client, phone.at(clock.now())) == 302
    assert client.get("/classes").status_code != 401
    assert client.get("/account").status_code == 200
    again, _place = sign_in(app)
    assert finish(again, phone.at(clock.now())) == 401, "nobody who looked over her shoulder gets in"
    assert finish(again, recovery[0].lower()) == 302
    third, _place = sign_in(app)
    assert finish(third, recovery[0]) == 401, "a recovery code serves once"
    with transaction() as session:
        stored = session.execute(text("SELECT secret_sealed, recovery FROM second_factor")).one()
        refused = session.execute(text("SELECT count(*) FROM audit_entry WHERE action = 'second_factor.refused'")).scalar_one()
    assert len(stored.recovery) == 9
    assert phone.secret.encode() not in bytes(stored.secret_sealed)
    assert refused == 4


def test_guessing_is_throttled_and_the_password_does_not_wait_for_ever(app: Flask, ada: int, clock: FixedClock) -> None:
    phone, _recovery = set_up(sign_in(app)[0])
    client, _place = sign_in(app)
    assert [finish(client, f"{number:06}") for number in range(12)][-3:] == [429, 429, 429]
    clock.advance(minutes=16)
    assert finish(client, phone.at(clock.now())) == 401, "the password was entered too long ago"
    assert finish(app.test_client(), phone.at(clock.now())) == 401, "nothing without the password"


def test_a_rehearsed_clock_does_not_lock_anybody_out(app: Flask, ada: int, clock: FixedClock) -> None:
    phone, _recovery = set_up(sign_in(app)[0])
    try:
        clock.offset = timedelta(days=100)
        clock.instant = NOON + timedelta(days=100, seconds=60)
        client, _place = sign_in(app)
        assert finish(client, phone.at(NOON + timedelta(seconds=60))) == 302
    finally:
        clock.offset = timedelta(0)


def test_she_turns_it_off_with_a_code_and_a_manager_of_her_scope_resets_it(app: Flask, ada: int, clock: FixedClock) -> None:
    client, _place = sign_in(app)
    phone, _recovery = set_up(client)
    assert client.post(f"{PAGE}/off", data={"code": "123456"}).status_code == 401
    clock.advance(seconds=60)
    assert client.post(f"{PAGE}/off", data={"code": phone.at(clock.now())}).status_code == 302
    assert not sign_in(app)[1].startswith("/sign-in/second")
    set_up_again = sign_in(app)[0]
    clock.instant = NOON
    set_up(set_up_again)
    assert enter(app, YUAN).post(f"/people/{ada}/second-factor").status_code == 404
    peng = enter(app, PENG)
    assert "重置两步验证" in peng.get(f"/people/{ada}").get_data(as_text=True)
    assert peng.post(f"/people/{ada}/second-factor").status_code == 302
    assert set_up_again.get("/account").status_code == 302, "every sign-in of hers has ended"
    assert not sign_in(app)[1].startswith("/sign-in/second")
    with transaction() as session:
        actors = session.execute(text("SELECT actor_id FROM audit_entry WHERE action = 'second_factor.reset'")).scalars().all()
    assert actors == [cast.id_of(PENG)]


def test_staff_have_a_teacher_s_rights_only_until_they_set_it_up_where_it_is_required(app: Flask, ada: int, settings: Settings) -> None:
    app.extensions["settings"] = replace(settings, staff_second_factor=True)
    try:
        client, _place = sign_in(app)
        assert "工作人员须设置两步验证" in client.get(PAGE).get_data(as_text=True)
        assert client.get("/classes").status_code == 403
        set_up(client)
        assert client.get("/classes").status_code in {200, 302}
    finally:
        app.extensions["settings"] = settings
