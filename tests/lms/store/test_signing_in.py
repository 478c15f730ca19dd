"""Sign-ins: what a token stands for."""

from datetime import timedelta

from flask import Flask

from lms.kernel.auth import token_hash
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Permission, Role
from lms.store import signing_in
from tests.support import cast


def test_a_token_stands_for_a_person_with_her_roles(app: Flask, clock: FixedClock) -> None:
    now = clock.now()
    person_id = cast.id_of(cast.LIN)
    with transaction() as session:
        login_id = signing_in.add(session, token_hash=token_hash("t"), person_id=person_id, device="", now=now, ends_at=now + timedelta(hours=1))
    found = signing_in.identity_of(token_hash("t"), now)
    assert found is not None
    assert (found.person_id, found.name, found.login_id) == (person_id, "林晓梅", login_id)
    assert found.roles == frozenset({Role.TEACHER})
    assert found.may(Permission.LEARN)


def test_a_token_ends_at_its_instant(app: Flask, clock: FixedClock) -> None:
    now = clock.now()
    person_id = cast.id_of(cast.LIN)
    with transaction() as session:
        signing_in.add(session, token_hash=token_hash("t"), person_id=person_id, device="", now=now, ends_at=now + timedelta(hours=1))
    assert signing_in.identity_of(token_hash("t"), now + timedelta(minutes=59))
    assert signing_in.identity_of(token_hash("t"), now + timedelta(hours=1)) is None


def test_everybody_of_the_cast_can_enter(app: Flask) -> None:
    for member in cast.CAST:
        client = cast.enter(app, member)
        assert client.get("/healthz").status_code == 200
