"""Scores come in, grades follow, and the completing event issues the certificate once."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text

from lms import api
from lms.domain.certificate import AlreadyRevoked, NotQualified, ReasonNeeded, Standing
from lms.domain.enrolment import EnrolmentMissing
from lms.domain.grade import Score
from lms.domain.hours import HoursKind, Worth
from lms.kernel import db, installation
from lms.kernel.db import transaction
from lms.kernel.settings import Settings
from lms.services import certificate, enrolment, grade, hours, progress, signing_key
from lms.store import certificate as certificate_store
from lms.store import grade as grade_store
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import LIN, SAM, TAO, id_of
from tests.support.database import until_somebody_waits


@pytest.fixture
def lin(app: Flask) -> int:
    """Lin, enrolled, with all her hours."""
    learning.load()
    person_id = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, person_id)
        found = enrolment.of_person(session, person_id, learning.CODE)
        assert found
        for kind, seconds in ((HoursKind.ONLINE, 4050), (HoursKind.OFFLINE, 2700)):
            hours.enter(
                session, api.in_force(session, learning.CODE), enrolment_id=found.id, kind=kind, worth=Worth(seconds, 1), evidence=f"list:{kind}", now=NOON
            )
    return person_id


def components() -> tuple[str, str]:
    with transaction() as session:
        test, work = (component.code for component in api.programme(session, learning.CODE).assessment.components)
    return test, work


def post(person_id: int, component: str, points: int, evidence: str = "test") -> None:
    with transaction() as session:
        api.post_score(
            session, person_id=person_id, programme_code=learning.CODE, component=component, points=points, of_points=10_000, evidence=evidence, now=NOON
        )


def certificates(person_id: int) -> tuple[certificate_store.Certificate, ...]:
    with transaction() as session:
        return certificate_store.of_person(session, person_id)


def differences() -> list[str]:
    with transaction() as session:
        return [*grade.verify(session, NOON), *certificate.verify(session, NOON)]


def qualify(person_id: int) -> certificate_store.Certificate:
    test, work = components()
    post(person_id, work, 8000)
    post(person_id, test, 9000)
    (issued,) = certificates(person_id)
    return issued


def test_the_last_score_issues_the_certificate_and_nothing_before_it_does(lin: int) -> None:
    test, work = components()
    post(lin, work, 8000)
    assert certificates(lin) == ()
    post(lin, test, 9000)
    (issued,) = certificates(lin)
    statement = certificate.statement_of(issued)
    assert (statement.hours, statement.sample, statement.name) == ("2.5", True, LIN.name)
    assert differences() == []


def test_the_last_hours_issue_the_certificate_too(app: Flask) -> None:
    learning.load()
    person_id = id_of(LIN)
    with transaction() as session:
        learning.enrol(session, person_id)
        (lesson,) = learning.taught(session, seconds=4050)
        found = enrolment.of_person(session, person_id, learning.CODE)
        assert found
        hours.enter(
            session, api.in_force(session, learning.CODE), enrolment_id=found.id, kind=HoursKind.OFFLINE, worth=Worth(2700, 0), evidence="list:1", now=NOON
        )
    for component in components():
        post(person_id, component, 9000)
    assert certificates(person_id) == ()
    learning.learn(person_id, lesson, seconds=4050)
    assert len(certificates(person_id)) == 1


def test_two_kinds_at_once_are_held_to_the_stricter_requirement(app: Flask) -> None:
    asked = re.sub(r'(?m)^(code = "psychology")$', r"\1\nasked = { online = 1, total = 85 }", learning.programme_text(), count=1)
    learning.load(asked)
    people = {id_of(LIN): ("psychology",), id_of(SAM): ("homeroom",), id_of(TAO): ("psychology", "homeroom")}
    with transaction() as session:
        (lesson,) = learning.taught(session, seconds=2700)
        for person_id, kinds in people.items():
            found = learning.enrol(session, person_id, participants=kinds)
            hours.enter(
                session, api.in_force(session, learning.CODE), enrolment_id=found, kind=HoursKind.OFFLINE, worth=Worth(2700, 0), evidence="list:1", now=NOON
            )
    for person_id in people:
        learning.learn(person_id, lesson, seconds=2700)
        for component in components():
            post(person_id, component, 8400)
    with transaction() as session:
        facts = [api.enrolment_of(session, person_id, learning.CODE) for person_id in people]
    assert [one.learning_complete for one in facts if one] == [True, False, False], "an hour is enough for the first, the others lack half an hour"
    assert [certificates(person_id) for person_id in people] == [(), (), ()], "nobody has 85 points and all hours"
    for component in components():
        post(id_of(LIN), component, 8500)
        post(id_of(TAO), component, 8500)
    assert [len(certificates(person_id)) for person_id in people] == [1, 0, 0]
    assert [sheet.programme.requirements.total for sheet in grade.sheets(id_of(TAO))] == [85]
    with transaction() as session:
        assert [*progress.verify(session, NOON), *grade.verify(session, NOON)] == []


def test_of_two_corrections_at_once_the_second_sees_what_the_first_made_of_the_grade(lin: int) -> None:
    test, _work = components()
    qualify(lin)

    def correct(points: int) -> None:
        with transaction() as session:
            correct_in(session, points)

    def correct_in(session: db.Session, points: int) -> None:
        posting = api.Posting(lin, Score(points, 10_000), "regrade")
        api.post_results(session, [posting], programme_code=learning.CODE, component=test, reason="更正答案", actor_id=None, now=NOON)

    correct(0)
    assert [one.revoked_at for one in certificates(lin)] == [NOON]
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            correct_in(session, 9000)
            second = pool.submit(correct, 0)
            until_somebody_waits(second.done)
        second.result(10)
    assert all(one.revoked_at for one in certificates(lin)), "no certificate stands without a qualifying grade"
    assert differences() == []


def test_a_learner_below_the_pass_gets_none(lin: int) -> None:
    for component in components():
        post(lin, component, 5999)
    assert certificates(lin) == ()


def test_a_stranger_to_the_programme_cannot_be_scored(lin: int) -> None:
    with pytest.raises(EnrolmentMissing):
        post(id_of(SAM), components()[0], 9000)


def test_ce_04_a_hundred_triggers_at_once_make_one_certificate(lin: int) -> None:
    test, work = components()
    post(lin, work, 8000)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda number: post(lin, test, 9000, f"test:{number}"), range(100)))
    assert len(certificates(lin)) == 1
    assert differences() == []


def test_a_score_taken_back_no_longer_counts_and_the_older_one_does(lin: int) -> None:
    _, work = components()
    post(lin, work, 8000, "list:1")
    post(lin, work, 2000, "list:2")
    with transaction() as session:
        assert api.take_back(session, programme_code=learning.CODE, evidence=["list:2"], reason="wrong list", now=NOON, posted_by=None) == 1
        found = enrolment.of_person(session, lin, learning.CODE)
        assert found
        standing = grade_store.standing(grade_store.lines(session, found.id))
    assert standing[work].score.points == 8000
    assert differences() == []


def test_ce_01_a_changed_statement_is_not_genuine(lin: int) -> None:
    issued = qualify(lin)
    checked = certificate.check(issued.code)
    assert (checked.genuine, checked.standing, checked.masked_name) == (True, Standing.VALID, LIN.name[0] + "*" * (len(LIN.name) - 1))
    public = bytes.fromhex(signing_key.public_keys()[issued.key_name])
    for place in range(len(issued.statement)):
        damaged = bytearray(issued.statement)
        damaged[place] ^= 1
        from dataclasses import replace

        assert not signing_key.genuine(public, replace(issued, statement=bytes(damaged)))


def test_ce_03_a_revocation_shows_at_once_and_keeps_history(lin: int) -> None:
    issued = qualify(lin)
    with transaction() as session:
        certificate.revoke(session, issued.id, reason="成绩更正", actor_id=None, now=NOON)
    assert certificate.check(issued.code).standing is Standing.REVOKED
    assert len(certificates(lin)) == 1
    with pytest.raises(AlreadyRevoked), transaction() as session:
        certificate.revoke(session, issued.id, reason="再次", actor_id=None, now=NOON)


def test_a_reissue_replaces_and_only_who_still_qualifies_gets_one(lin: int) -> None:
    issued = qualify(lin)
    with transaction() as session:
        certificate.reissue(session, issued.id, reason="姓名更正", actor_id=None, now=NOON)
    newest, oldest = certificates(lin)
    assert certificate.check(oldest.code).standing is Standing.REPLACED
    assert certificate.check(newest.code).standing is Standing.VALID
    assert newest.serial != oldest.serial
    assert differences() == []  # the second issue is chained to the first
    post(lin, components()[0], 0)
    with pytest.raises(NotQualified), transaction() as session:
        certificate.reissue(session, newest.id, reason="再发", actor_id=None, now=NOON)


def test_a_revocation_must_say_why(lin: int) -> None:
    issued = qualify(lin)
    with pytest.raises(ReasonNeeded), transaction() as session:
        certificate.revoke(session, issued.id, reason="  ", actor_id=None, now=NOON)


def test_ce_05_certificates_of_an_older_key_still_verify(lin: int) -> None:
    issued = qualify(lin)
    assert signing_key.rotate(actor_id=None, now=NOON) == "k2"
    with transaction() as session:
        certificate.reissue(session, issued.id, reason="换钥", actor_id=None, now=NOON)
    newest, oldest = certificates(lin)
    assert (newest.key_name, oldest.key_name) == ("k2", "k1")
    assert certificate.check(oldest.code).genuine
    assert certificate.check(newest.code).genuine
    assert differences() == []


def test_tampering_with_grade_or_log_is_named(lin: int, settings: Settings) -> None:
    import psycopg

    issued = qualify(lin)
    with psycopg.connect(settings.database_url) as link:
        link.execute("UPDATE grade SET qualified = false")
        damaged = json.dumps(json.loads(issued.statement) | {"name": "某人"}).encode()
        link.execute("UPDATE certificate SET statement = %s", (damaged,))
    found = differences()
    assert any("grade kept" in one for one in found)
    assert any("without a pass" in one for one in found)
    assert any("chain" in one for one in found)
    assert any("signature" in one for one in found)


def test_a_live_installation_prints_no_sample(lin: int) -> None:
    with transaction() as session:
        installation.set_fact(session, "live", value=True)
    statement = certificate.statement_of(qualify(lin))
    assert not statement.sample
    assert "样本" not in statement.serial


def test_the_private_key_is_sealed(lin: int) -> None:
    qualify(lin)
    with db.engine().connect() as link:
        (sealed,) = link.execute(text("SELECT sealed_private FROM signing_key")).one()
    assert len(sealed) > 64
