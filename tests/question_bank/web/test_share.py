"""A bank of one organisation is closed to others at every door, until it is shared."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from question_bank import api
from question_bank.domain.share import LastOwner, NotShared, Right, allows
from question_bank.services import bank as banks
from question_bank.services import share as sharing
from tests.support import rows
from tests.support.cast import RUI, Member, enter, id_of

FAR = Member("far", "范远", (Role.AUTHOR, Role.REVIEWER), home="far_school", scope="far_school")


def test_own_is_everything_and_drawing_shows_no_key() -> None:
    assert all(allows([Right.OWN], right) for right in Right)
    assert not allows([Right.DRAW], Right.READ)
    assert not allows([Right.READ], Right.WRITE)


def test_a_bank_of_the_province_is_not_everybodys_who_is_in_the_province(app: Flask, clock: FixedClock) -> None:
    banks.create("b", "本省题库", clock.now())
    owner, reader, near = enter(app, RUI), enter(app, FAR), Member("near", "近文", (Role.AUTHOR, Role.REVIEWER), scope="county")
    with transaction() as session:
        unit = rows.unit_tree(session)
    assert owner.post("/bank/b/shares", data={"unit": unit.far_city.code, "right": "read"}).status_code == 302
    assert owner.get("/bank/b/items/new").status_code == 200
    assert reader.get("/bank/b").status_code == 200
    assert reader.get("/bank/b/items/new").status_code == 403, "what was shared is what may be done"
    assert reader.post("/bank/b/shares", data={"unit": unit.far_city.code, "right": "own"}).status_code == 403
    assert enter(app, near).get("/bank/b").status_code == 403, "with her county nothing was shared"
    with transaction() as session, pytest.raises(NotShared):
        api.require_draw(session, "b", id_of(near))
    assert owner.post(f"/bank/b/shares/{unit.far_city.id}/withdraw").status_code == 302
    assert "对平台上所有编题人和审题人开放" in owner.get("/bank/b/shares").text, "what withdrawing the last right does is told before"


def test_a_role_that_has_nothing_to_do_with_banks_opens_none(app: Flask, clock: FixedClock) -> None:
    banks.create("b", "本省题库", clock.now())
    owner, near = enter(app, RUI), Member("near", "近文", (Role.AUTHOR, Role.REVIEWER), scope="county")
    reader = enter(app, near)
    with transaction() as session:
        unit = rows.unit_tree(session)
        grant = text("INSERT INTO role_grant (person_id, role, unit_id, granted_at) VALUES (:person, :role, :unit, :now)")
        for role in (Role.EXAMINER, Role.INVIGILATOR, Role.CLASS_ADMINISTRATOR, Role.AUDITOR):
            session.execute(grant, {"person": id_of(near), "role": role, "unit": unit.province.id, "now": clock.now()})
    assert owner.post("/bank/b/shares", data={"unit": unit.far_city.code, "right": "read"}).status_code == 302
    assert reader.get("/bank/b").status_code == 403


def test_of_two_units_that_one_reviews_for_the_higher_becomes_the_owner_and_is_named_before(app: Flask, clock: FixedClock) -> None:
    banks.create("b", "本省题库", clock.now())
    both = Member("near", "近文", (Role.REVIEWER,), scope="county")
    reviewer = enter(app, both)
    with transaction() as session:
        unit = rows.unit_tree(session)
        grant = text("INSERT INTO role_grant (person_id, role, unit_id, granted_at) VALUES (:person, 'reviewer', :unit, :now)")
        session.execute(grant, {"person": id_of(both), "unit": unit.province.id, "now": clock.now()})
        province = unit.province.name
    assert f"第一次共享时，{province}会成为它的所有单位" in reviewer.get("/bank/b/shares").text
    assert reviewer.post("/bank/b/shares", data={"unit": unit.county.code, "right": "read"}).status_code == 302
    with transaction() as session:
        owners = session.execute(text("SELECT u.name FROM bank_share s JOIN unit u ON u.id = s.unit_id WHERE s.\"right\" = 'own'")).scalars().all()
    assert owners == [province]


def test_two_owners_who_withdraw_each_other_at_once_leave_one(app: Flask, clock: FixedClock) -> None:
    banks.create("b", "本省题库", clock.now())
    enter(app, RUI)
    with transaction() as session:
        unit, rui = rows.unit_tree(session), id_of(RUI)
    sharing.grant("b", unit.far_city.code, Right.READ, person_id=rui, now=clock.now())
    owners, gate = (unit.county.id, unit.far_school.id), Barrier(2)

    def withdraw(unit_id: int) -> None:
        gate.wait()
        with suppress(LastOwner):
            sharing.withdraw("b", unit_id, person_id=rui, now=clock.now())

    for _ in range(10):
        with transaction() as session:
            session.execute(text("DELETE FROM bank_share WHERE \"right\" = 'own'"))
            for each in owners:
                share = "INSERT INTO bank_share (bank_id, unit_id, \"right\", granted_by, granted_at) SELECT id, :unit, 'own', :by, :at FROM bank"
                session.execute(text(share), {"unit": each, "by": rui, "at": clock.now()})
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(withdraw, owners))
        with transaction() as session:
            assert session.scalar(text("SELECT count(*) FROM bank_share WHERE \"right\" = 'own'")) == 1


def key_readers() -> set[str]:
    """Return the accounts of who may look at the keys of bank b."""
    with transaction() as session:
        return set(session.scalars(text("SELECT account FROM person WHERE id = ANY(:ids)"), {"ids": list(api.key_readers(session, "b"))}))


def test_every_door_of_a_bank_is_closed_to_strangers_until_shared(app: Flask, clock: FixedClock) -> None:
    banks.create("b", "本省题库", clock.now())
    owner, stranger = enter(app, Member("near", "近文", (Role.AUTHOR, Role.REVIEWER), scope="county")), enter(app, FAR)
    assert stranger.get("/bank/b").status_code == 200  # nobody's bank is open to whoever has the role
    assert key_readers() == {"near", FAR.account}
    with transaction() as session:
        county, far = rows.unit_tree(session).county.code, rows.unit_tree(session).far_city.code
    assert owner.post("/bank/b/shares", data={"unit": county, "right": "own"}).status_code == 302
    adapter = app.url_map.bind("localhost")
    doors = [rule for rule in app.url_map.iter_rules() if "code" in rule.arguments and rule.rule.startswith(("/bank/", "/api/bank/"))]
    assert len(doors) > 30
    for rule in doors:
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        path = adapter.build(rule.endpoint, {name: "b" if name == "code" else "0" * 64 if name == "digest" else 1 for name in rule.arguments}, method=method)
        assert stranger.open(path, method=method).status_code == 403, path
    assert "本省题库" not in stranger.get("/bank").text
    assert owner.get("/bank/b").status_code == 200
    assert key_readers() == {"near"}

    assert owner.post("/bank/b/shares", data={"unit": far, "right": "read"}).status_code == 302
    assert key_readers() == {"near", FAR.account}
    written = {"type": "true_false", "stem": "运动减压。", "option-0": "正确", "option-1": "错误", "key": "0", "action": "save"}
    assert owner.post("/bank/b/items/new", data=written).status_code == 302
    assert owner.get("/bank/b/shares").text.count("/withdraw") == 1  # not offered for the last owner, who could not be withdrawn
    assert stranger.get("/bank/b").status_code == 200
    assert stranger.post("/bank/b/items/new", data={}).status_code == 403
    assert stranger.get("/bank/b/items/new").status_code == 403, "nothing is written that could not be sent"
    for words in ("编写试题", "批量操作", "名称与知识点"):
        assert words in owner.get("/bank/b").text
        assert words not in stranger.get("/bank/b").text, "what would be refused is not offered"
    one = owner.get("/bank/b").text.split("/bank/b/items/")[2].split('"')[0]
    for words in ("修改", "提交审核", "发表评论", "停用"):
        assert words in owner.get(f"/bank/b/items/{one}").text
        assert words not in stranger.get(f"/bank/b/items/{one}").text
    assert stranger.post("/bank/b/shares", data={"unit": far, "right": "own"}).status_code == 403
    with transaction() as session, pytest.raises(NotShared):
        api.require_draw(session, "b", id_of(FAR))
    with transaction() as session:
        assert "b" not in api.banks(session, id_of(FAR))
    assert owner.post("/bank/b/shares", data={"unit": far, "right": "draw"}).status_code == 302
    assert stranger.get("/bank/b").status_code == 403
    assert key_readers() == {"near"}, "who draws papers sees no key"
    with transaction() as session:
        assert api.banks(session, id_of(FAR)) == {"b": "本省题库"}
        api.require_draw(session, "b", id_of(FAR))
        api.require_draw(session, "b", id_of(RUI))  # her role is for the whole province, which holds the owner
    with transaction() as session:
        unit = rows.unit_tree(session)
    assert owner.post(f"/bank/b/shares/{unit.county.id}/withdraw").status_code == 409
    assert owner.post(f"/bank/b/shares/{unit.far_city.id}/withdraw").status_code == 302
    assert owner.post(f"/bank/b/shares/{unit.county.id}/withdraw").status_code == 302
    assert stranger.get("/bank/b").status_code == 200
