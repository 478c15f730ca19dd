"""A school enrols its teachers inside the notice's period."""

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.domain.programme import Programme
from lms.domain.unit import UnitKind
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.services import enrolment
from tests.support import learning, rows
from tests.support.cast import LIN, SAM, SONG, enter, id_of, sign_in


@dataclass(frozen=True)
class School:
    """A school in a city with seats, its administrator signed in, and one of its teachers."""

    programme: Programme
    unit_id: int
    teacher: int
    administrator: FlaskClient

    @property
    def address(self) -> str:
        return f"/classes/{self.unit_id}/enrol/{learning.CODE}"


@pytest.fixture
def school(app: Flask, clock: FixedClock) -> School:
    told = learning.load()
    clock.instant = told.enrolment.opens
    with transaction() as session:
        city = rows.unit(session, rows.unit_tree(session).province, UnitKind.CITY, learning.CITY, "南山市")
        unit = rows.unit(session, city, UnitKind.SCHOOL, "360700-01", "南山市第二小学")
        teacher = rows.person(session, account="bai", name="白露", unit=unit)
        administrator = rows.person(session, account="guan", name="管班", roles=(Role.CLASS_ADMINISTRATOR,), unit=unit)
    client = app.test_client()
    sign_in(client, administrator)
    return School(told, unit.id, teacher, client)


def test_the_class_administrator_enrols_her_teachers(school: School) -> None:
    client = school.administrator
    assert school.address in client.get(f"/classes/{school.unit_id}").get_data(as_text=True)
    page = client.get(school.address).get_data(as_text=True)
    assert "白露" in page
    assert "（guan，" not in page
    assert "请选择要报名的教师" in client.post(school.address, data={"participants": "homeroom"}).get_data(as_text=True)
    chosen = {"participants": "homeroom", "people": [str(school.teacher)]}
    answer = client.post(school.address, data=chosen, follow_redirects=True).get_data(as_text=True)
    assert "已报名 1 位教师" in answer
    assert "没有可以报名的教师" in answer
    with transaction() as session:
        found = enrolment.of_person(session, school.teacher, learning.CODE)
    assert found is not None
    assert (found.participants, found.unit_id, found.city, found.sector) == (("homeroom",), school.unit_id, learning.CITY, "school")


def test_who_is_outside_the_scope_or_the_period_is_not_enrolled(app: Flask, school: School, clock: FixedClock) -> None:
    stranger = id_of(SAM)
    assert enter(app, SONG).get(school.address).status_code == 404
    assert enter(app, LIN).get(school.address).status_code == 403
    school.administrator.post(school.address, data={"participants": "homeroom", "people": [str(stranger)]})
    clock.instant = school.programme.enrolment.closes
    assert "现在不在报名时间内" in school.administrator.get(school.address).get_data(as_text=True)
    assert school.address not in school.administrator.get(f"/classes/{school.unit_id}").get_data(as_text=True)
    chosen = {"participants": "homeroom", "people": [str(school.teacher)]}
    refused = school.administrator.post(school.address, data=chosen, follow_redirects=True).get_data(as_text=True)
    assert "白露 未能报名" in refused
    with transaction() as session:
        assert enrolment.of_person(session, school.teacher, learning.CODE) is None
        assert enrolment.of_person(session, stranger, learning.CODE) is None


def test_a_long_list_comes_in_pages_and_is_searched(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment, "PAGE", 2)
    with transaction() as session:
        unit = rows.unit(session, None, UnitKind.SCHOOL, "360700-01", "南山市第二小学")
        ids = [rows.person(session, account=f"zhou{number}", name=f"周{number}", unit=unit) for number in range(3)]
    first = school.administrator.get(school.address).get_data(as_text=True)
    assert ["白露" in first, "周0（" in first, "周1（" in first] == [True, True, False]
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    second = school.administrator.get(onward[1].replace("&amp;", "&")).get_data(as_text=True)
    assert ["白露" in second, "周1（" in second, "周2（" in second, 'rel="next"' in second] == [False, True, True, False]
    found = school.administrator.get(school.address, query_string={"q": "ZHOU2"}).get_data(as_text=True)
    assert ["周2（" in found, "周1（" in found] == [True, False]
    chosen = {"participants": "homeroom", "people": [str(ids[2])]}
    answer = school.administrator.post(f"{school.address}?q=zhou2", data=chosen, follow_redirects=True).get_data(as_text=True)
    assert "已报名 1 位教师" in answer
    assert "没有找到符合条件的教师" in answer
