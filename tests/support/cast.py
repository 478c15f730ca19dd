"""The same people in every test, and a quick way to sign them in (no password is hashed).

`enter(app, LIN)` returns a client signed in as Lin; `id_of(LIN)` her id. Both save her at first use in a transaction of their own, so commit
your own rows first (use `with transaction()` rather than the open `session` fixture).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient

from lms.kernel.auth import token_hash
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.store import signing_in
from tests.support import rows

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Member:
    """One of the cast: `home` and `scope` name fields of the unit tree."""

    account: str
    name: str
    roles: tuple[Role, ...]
    home: str = "school"
    scope: str = "province"


LIN = Member("lin", "林晓梅", (Role.TEACHER,), scope="school")  # the learner
TAO = Member("tao", "陶建国", (Role.CLASS_ADMINISTRATOR,), scope="school")  # the class administrator of Lin's school
WEI = Member("wei", "魏书文", (Role.AUTHOR,))  # the item writer
RUI = Member("rui", "芮思敏", (Role.REVIEWER,))  # the item reviewer
EMIN = Member("emin", "鄂敏", (Role.EXAMINER,))
IVY = Member("ivy", "艾薇", (Role.INVIGILATOR,))
SAM = Member("sam", "桑木", (Role.TEACHER,), home="far_school", scope="far_school")  # the stranger: a teacher of another city
SONG = Member("song", "宋校长", (Role.SCHOOL_MANAGER,), scope="school")
CAO = Member("cao", "曹县理", (Role.COUNTY_MANAGER,), scope="county")
YUAN = Member("yuan", "袁远", (Role.CITY_MANAGER,), home="far_school", scope="far_city")  # the city manager elsewhere
PENG = Member("peng", "彭省厅", (Role.PROVINCE_MANAGER,))
OU = Member("ou", "欧运维", (Role.OPERATOR,))
CHEN = Member("chen", "陈课程", (Role.COURSE_EDITOR,))
AN = Member("an", "安审计", (Role.AUDITOR,))

CAST = (LIN, TAO, WEI, RUI, EMIN, IVY, SAM, SONG, CAO, YUAN, PENG, OU, CHEN, AN)


def id_of(member: Member) -> int:
    """Return the member's person id, saved if need be."""
    with transaction() as session:
        found = rows.person_id(session, member.account)
        if found is not None:
            return found
        tree = rows.unit_tree(session)
        return rows.person(
            session,
            account=member.account,
            name=member.name,
            roles=member.roles,
            unit=getattr(tree, member.home),
            role_unit=getattr(tree, member.scope),
        )


def sign_in(client: FlaskClient, person_id: int) -> int:
    """Sign a client in as a person and return the login's id."""
    token = secrets.token_urlsafe(24)
    with transaction() as session:
        login_id = signing_in.add(
            session, token_hash=token_hash(token), person_id=person_id, device="test", now=LONG_AGO, ends_at=LONG_AGO + timedelta(days=36_500)
        )
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return login_id


def enter(app: Flask, member: Member) -> FlaskClient:
    """Return a client signed in as a member of the cast."""
    client = app.test_client()
    sign_in(client, id_of(member))
    return client
