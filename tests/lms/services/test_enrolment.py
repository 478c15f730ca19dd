from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from lms import api
from lms.domain import enrolment as rules
from lms.domain.hours import HoursKind, Worth
from lms.domain.unit import UnitKind
from lms.kernel.db import transaction
from lms.services import enrolment, hours, programme, programme_version
from lms.store import progress as progress_store
from tests.conftest import NOON
from tests.support import learning, rows
from tests.support.cast import LIN, SAM, id_of
from tests.support.database import until_somebody_waits


@pytest.fixture
def loaded(app: Flask) -> None:
    learning.load()


def test_city_and_sector_follow_from_the_school(loaded: None) -> None:
    with transaction() as session:
        tree = rows.unit_tree(session)
        city = rows.unit(session, tree.province, UnitKind.CITY, "360700", "南山市")
        school = rows.unit(session, city, UnitKind.SCHOOL, "360700-09", "南山市花园幼儿园")
        person_id = rows.person(session, account="gu", name="顾园", unit=school)
        opens = api.programme(session, learning.CODE).enrolment.opens
        enrolment.enrol(session, person_id=person_id, programme_code=learning.CODE, participants=("young",), unit_id=school.id, now=opens)
        found = enrolment.of_person(session, person_id, learning.CODE)
    assert found
    assert (found.city, found.sector, found.participants) == ("360700", "kindergarten", ("young",))


def test_many_are_enrolled_at_once_like_each_alone_and_never_beyond_the_seats(app: Flask) -> None:
    text_with_few = learning.programme_text()
    at = text_with_few.index('name = "赣州"')
    tail = text_with_few[at:].replace("school = 11000", "school = 3", 1)
    learning.load((text_with_few[:at] + tail).replace("total = 100000", "total = 89003").replace("school = 82210", "school = 71213"))
    with transaction() as session:
        tree = rows.unit_tree(session)
        city = rows.unit(session, tree.province, UnitKind.CITY, "360700", "南山市")
        school = rows.unit(session, city, UnitKind.SCHOOL, "360700-09", "南山市花园小学")
        pairs = [(rows.person(session, account=f"q{number}", name="学员", unit=school), school.id) for number in range(4)]
        opens = api.programme(session, learning.CODE).enrolment.opens
        enrolment.enrol_many(session, pairs[:3], programme_code=learning.CODE, participants=("young",), now=opens)
        found = enrolment.of_person(session, pairs[2][0], learning.CODE)
        assert found
        assert (found.city, found.sector, found.participants, found.unit_id) == ("360700", "school", ("young",), school.id)
        assert session.scalar(text("SELECT count(*) FROM learner_progress WHERE NOT online_complete")) == 3
        with pytest.raises(rules.QuotaFull):
            enrolment.enrol_many(session, pairs[3:], programme_code=learning.CODE, participants=("young",), now=opens)


def test_nobody_enrols_twice_or_too_late(loaded: None) -> None:
    lin, sam = id_of(LIN), id_of(SAM)
    with transaction() as session:
        learning.enrol(session, lin)
        with pytest.raises(rules.AlreadyEnrolled):
            learning.enrol(session, lin)
        with pytest.raises(rules.EnrolmentClosed):
            enrolment.enrol(session, person_id=sam, programme_code=learning.CODE, participants=("young",), unit_id=1, city="360700", sector="school", now=NOON)


def test_the_seats_of_a_city_are_never_oversold(app: Flask) -> None:
    text_with_few = learning.programme_text()
    at = text_with_few.index('name = "赣州"')
    tail = text_with_few[at:].replace("school = 11000", "school = 3", 1)
    learning.load((text_with_few[:at] + tail).replace("total = 100000", "total = 89003").replace("school = 82210", "school = 71213"))
    with transaction() as session:
        people = [rows.person(session, account=f"p{number}", name=f"学员{number}") for number in range(8)]

    def try_one(person_id: int) -> bool:
        try:
            with transaction() as session:
                learning.enrol(session, person_id)
        except rules.QuotaFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_one, people)) == 3


def test_the_school_enrols_where_the_notice_says_so(loaded: None) -> None:
    lin = id_of(LIN)
    with pytest.raises(rules.EnrolledBySchool):
        enrolment.enrol_oneself(person_id=lin, programme_code=learning.CODE, participants=("young",), now=NOON)


def test_a_personal_window_stands_beside_the_city_s_and_is_audited(loaded: None) -> None:
    lin = id_of(LIN)
    with transaction() as session:
        enrolment_id = learning.enrol(session, lin)
        before = api.rules_for(session, lin, learning.CODE, NOON)
        assert before
        assert before.earns_at(NOON)
        assert before.closes
        later = before.closes + timedelta(days=10)
        enrolment.grant_personal_window(
            session, enrolment_id=enrolment_id, opens=later, closes=later + timedelta(days=5), reason="病假", granted_by=None, now=NOON
        )
        assert api.rules_for(session, lin, learning.CODE, NOON) == before
        after = api.rules_for(session, lin, learning.CODE, before.closes)
        assert after
        assert after.opens == later
        assert not after.earns_at(before.closes)
        assert after.earns_at(later)
        assert session.execute(text("SELECT count(*) FROM audit_entry WHERE action = 'enrolment.grant_window'")).scalar_one() == 1
        with pytest.raises(rules.WindowReversed):
            enrolment.grant_personal_window(session, enrolment_id=enrolment_id, opens=later, closes=later, reason="", granted_by=None, now=NOON)


def test_a_stranger_has_no_rules_and_no_facts(loaded: None) -> None:
    sam = id_of(SAM)
    with transaction() as session:
        assert api.rules_for(session, sam, learning.CODE, NOON) is None
        assert api.enrolment_of(session, sam, learning.CODE) is None


def test_a_changed_file_is_a_new_version_and_names_whom_it_touches(loaded: None) -> None:
    lin = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, lin)
    again = programme_version.load(learning.programme_text(), now=NOON)
    assert (again.is_new, again.version.number) == (False, 1)
    changed = programme_version.load(learning.programme_text().replace("online = 1.5", "online = 2"), now=NOON)
    assert (changed.is_new, changed.version.number, changed.touched) == (True, 2, {"360700": 1})
    assert [str(change) for change in changed.changes] == ["hours.online：「1.5」改为「2」"]
    with transaction() as session:
        assert api.programme(session, learning.CODE).hours.online == 2


def test_a_version_is_never_changed(loaded: None) -> None:
    from sqlalchemy.exc import ProgrammingError

    with pytest.raises(ProgrammingError), transaction() as session:
        session.execute(text("UPDATE programme_version SET text = ''"))


def test_a_new_version_waits_for_everybody_s_hours_before_it_holds_a_grade(loaded: None) -> None:
    people = [id_of(LIN), id_of(SAM)]
    with transaction() as session:
        first, second = (learning.enrol(session, person_id) for person_id in people)
        for enrolment_id in (first, second):
            in_force = programme.in_force(session, learning.CODE)
            hours.enter(session, in_force, enrolment_id=enrolment_id, kind=HoursKind.ONLINE, worth=Worth(3600, 1), evidence="list:1", now=NOON)
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            progress_store.lock_many(session, [second])  # as a lesson does that is being completed
            loading = pool.submit(programme_version.load, learning.programme_text().replace("online = 1.5", "online = 1"), now=NOON)
            until_somebody_waits(loading.done)
            free = text("INSERT INTO grade (enrolment_id, qualified, changed_at) VALUES (:id, false, :now) ON CONFLICT DO NOTHING")
            session.execute(text("SET LOCAL lock_timeout = '200ms'"))
            session.execute(free, {"id": first, "now": NOON})
            session.execute(text("SELECT 1 FROM grade WHERE enrolment_id = :id FOR UPDATE NOWAIT"), {"id": first})
        loading.result(30)
    with transaction() as session:
        assert all(progress_store.of_enrolment(session, one).online_complete for one in (first, second))


def test_fewer_hours_asked_complete_those_who_have_them(loaded: None) -> None:
    lin = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, lin)
        (first,) = learning.taught(session)
    learning.learn(lin, first)
    programme_version.load(learning.programme_text().replace("online = 1.5", "online = 1"), now=NOON)
    with transaction() as session:
        facts = api.enrolment_of(session, lin, learning.CODE)
    assert facts
    assert facts.missing == ("线下培训还差 1 学时",)
