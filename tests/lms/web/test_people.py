"""The pages of managers and class administrators: who may open which, and what they do."""

import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from lms.domain.unit import UnitKind
from lms.formats import roster as roster_reader
from lms.formats import roster_workbook
from lms.kernel.audit import AuditEntry
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import roster
from lms.services.roster import NewPerson
from lms.store import unit as units
from tests.support import cast, learning, rows
from tests.support.cast import AN, CAO, CHEN, LIN, OU, PENG, SAM, SONG, TAO, WEI, YUAN, Member
from tests.support.queries import query_budget

PHONE = "13700000009"
IDENTITY = "110101199003070134"


@pytest.fixture
def gu(app: Flask, settings: Settings, clock: FixedClock) -> int:
    """A teacher of Lin's school with phone and identity number, not activated."""
    with transaction() as session:
        tree = rows.unit_tree(session)
        one = NewPerson(account="gu2026", name="顾盼", unit_code=tree.school.code, phone=PHONE, identity=IDENTITY)
        return roster.bulk_load(session, [one], password=None, seal=Seal(settings.field_key), now=clock.now())["gu2026"]


def audited(action: str) -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).where(AuditEntry.action == action)) or 0


@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("/people", (SONG, CAO, PENG), (LIN, TAO, WEI, OU, AN, CHEN)),
        ("/people/import", (SONG, CAO, PENG), (LIN, TAO, WEI, OU)),
        ("/people/import/template", (SONG,), (LIN, TAO)),
        ("/classes", (TAO, SONG, CAO, PENG), (LIN, WEI, OU)),
        ("/roles", (PENG,), (LIN, TAO, SONG, CAO, YUAN, OU, AN)),
        ("/account", (LIN, TAO, PENG, OU), ()),
        ("/account/password", (LIN, TAO), ()),
    ],
)
def test_pages_open_for_their_roles_only(app: Flask, path: str, allowed: tuple[cast.Member, ...], refused: tuple[cast.Member, ...]) -> None:
    assert app.test_client().get(path).status_code == 302
    for member in allowed:
        assert cast.enter(app, member).get(path, follow_redirects=True).status_code == 200, member.name
    for member in refused:
        assert cast.enter(app, member).get(path).status_code == 403, member.name


def test_a_person_outside_the_scope_is_missing(app: Flask, gu: int) -> None:
    sam = cast.id_of(SAM)
    assert cast.enter(app, TAO).get(f"/people/{gu}").status_code == 200
    for member, person_id in ((YUAN, gu), (TAO, sam), (SONG, sam), (CAO, sam), (PENG, 999_999)):
        client = cast.enter(app, member)
        for answer in (
            client.get(f"/people/{person_id}"),
            client.post(f"/people/{person_id}/reset"),
        ):
            assert answer.status_code == 404, member.name
    for path in (f"/people/{gu}/reveal", f"/people/{gu}/active"):
        assert cast.enter(app, YUAN).post(path, data={"reason": "核对信息"}).status_code == 404
        assert cast.enter(app, TAO).post(path, data={"reason": "核对信息"}).status_code == 403
        assert cast.enter(app, LIN).post(path).status_code == 403


def test_a_unit_outside_the_scope_is_missing(app: Flask) -> None:
    with transaction() as session:
        tree = rows.unit_tree(session)
    tao = cast.enter(app, TAO)
    assert tao.get(f"/classes/{tree.school.id}").status_code == 200
    for unit in (tree.far_school, tree.next_school, tree.county):
        assert tao.get(f"/classes/{unit.id}").status_code == 404
        assert tao.post(f"/classes/{unit.id}/codes").status_code == 404
    assert cast.enter(app, SONG).get(f"/people?unit={tree.county.id}").status_code == 404


def test_search_finds_by_name_pinyin_initials_and_account(app: Flask, gu: int) -> None:
    song = cast.enter(app, SONG)
    for words in ("顾盼", "盼", "gupan", "gup", "gp", "gu2026"):
        assert "顾盼" in song.post("/people", data={"q": words}, follow_redirects=True).get_data(as_text=True), words
    for words in ("%", "_", "乌有"):
        assert "没有找到符合条件的人员" in song.get("/people", query_string={"q": words}).get_data(as_text=True), words


def test_a_number_is_searched_for_without_standing_in_any_address(app: Flask, gu: int) -> None:
    song = cast.enter(app, SONG)
    for words in (PHONE, f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}", IDENTITY):
        answer = song.post("/people", data={"q": words})
        assert answer.status_code == 200
        assert "顾盼" in answer.get_data(as_text=True), words


def test_a_name_outside_the_scope_is_masked(app: Flask, gu: int) -> None:
    page = cast.enter(app, YUAN).get("/people", query_string={"q": "gu2026"}).get_data(as_text=True)
    assert "顾*" in page
    assert "顾盼" not in page


def test_a_search_goes_on_behind_the_last_name(app: Flask, settings: Settings, clock: FixedClock) -> None:
    with transaction() as session:
        tree = rows.unit_tree(session)
        many = [NewPerson(account=f"t{number:03}", name="同名", unit_code=tree.next_school.code) for number in range(120)]
        roster.bulk_load(session, many, password=None, seal=Seal(settings.field_key), now=clock.now())
    client, path, seen = cast.enter(app, CAO), "/people?q=tongming", []
    while path:
        page = client.get(path).get_data(as_text=True)
        seen += re.findall(r"\bt\d{3}\b", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert sorted(set(seen)) == sorted(seen) == [f"t{number:03}" for number in range(120)]


def test_numbers_are_masked_until_a_reason_is_given(app: Flask, gu: int) -> None:
    song = cast.enter(app, SONG)
    page = song.get(f"/people/{gu}").get_data(as_text=True)
    assert "137****0009" in page
    assert PHONE not in page
    assert IDENTITY not in page
    assert song.post(f"/people/{gu}/reveal", data={"reason": " "}).status_code == 422
    assert audited("person.reveal") == 0
    shown = song.post(f"/people/{gu}/reveal", data={"reason": "核对证书"}).get_data(as_text=True)
    assert PHONE in shown
    assert IDENTITY in shown
    assert audited("person.reveal") == 1


def test_a_reset_ends_every_sign_in_and_shows_the_code_once(app: Flask) -> None:
    lin = cast.enter(app, LIN)
    tao = cast.enter(app, TAO)
    assert lin.get("/account").status_code == 200
    answer = tao.post(f"/people/{cast.id_of(LIN)}/reset")
    assert re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", answer.get_data(as_text=True))
    assert lin.get("/account").status_code == 302
    assert audited("person.new_code") == 1


def test_nobody_resets_somebody_who_stands_as_high(app: Flask) -> None:
    for actor, target in ((TAO, SONG), (SONG, CAO), (TAO, TAO), (SONG, WEI), (CAO, PENG)):
        answer = cast.enter(app, actor).post(f"/people/{cast.id_of(target)}/reset")
        assert answer.status_code == 403, (actor.name, target.name)
    assert cast.enter(app, SONG).post(f"/people/{cast.id_of(TAO)}/reset").status_code == 200
    assert cast.enter(app, PENG).post(f"/people/{cast.id_of(WEI)}/reset").status_code == 200


def test_codes_for_everybody_who_waits_are_printed_or_downloaded_but_not_for_staff(app: Flask, gu: int) -> None:
    with transaction() as session:
        school = rows.unit_tree(session).school
    cast.id_of(SONG)
    tao = cast.enter(app, TAO)
    page = tao.post(f"/classes/{school.id}/codes", data={"as": "page"}).get_data(as_text=True)
    assert "顾盼" in page
    assert "宋校长" not in page
    answer = tao.post(f"/classes/{school.id}/codes", data={"as": "workbook"})
    (_one, headings), *lines = list(roster_reader.rows(answer.data))
    assert headings == ["单位", "姓名", "账号", "激活码"]
    code = next(cells[3] for _number, cells in lines if cells[2] == "gu2026")
    form = {"account": "gu2026", "code": code, "password": "平安的 Garden 71", "again": "平安的 Garden 71", "consent": "y"}
    assert app.test_client().post("/activate", data=form).status_code == 302


def test_a_disabled_person_is_shown_and_can_come_back(app: Flask, gu: int) -> None:
    song = cast.enter(app, SONG)
    song.post(f"/people/{gu}/active", data={"active": "no"})
    assert "已停用" in song.get(f"/people/{gu}").get_data(as_text=True)
    song.post(f"/people/{gu}/active", data={"active": "yes"})
    assert "启用账号" not in song.get(f"/people/{gu}").get_data(as_text=True)


def test_a_role_is_granted_and_taken_back_with_a_fresh_sign_in_each_time(app: Flask) -> None:
    peng = cast.enter(app, PENG)
    lin = cast.enter(app, LIN)
    form = {"account": "lin", "role": "author", "unit": "99"}
    assert peng.post("/roles", data=form).status_code == 302
    assert lin.get("/account").status_code == 302, "the old token is dead"
    assert "命题教师" in cast.enter(app, LIN).get("/account").get_data(as_text=True)
    assert peng.post("/roles", data=form).status_code == 409
    page = peng.get("/roles").get_data(as_text=True)
    path = re.search(rf"/roles/{cast.id_of(LIN)}/\d+/take-back", page)
    assert path
    assert peng.post(path[0]).status_code == 302
    assert "命题教师" not in cast.enter(app, LIN).get("/account").get_data(as_text=True)
    assert (audited("role.grant"), audited("role.take_back")) == (1, 1)


def test_a_role_holds_at_a_unit_named_as_people_name_it(app: Flask) -> None:
    cast.id_of(LIN)
    peng, far = cast.enter(app, PENG), cast.enter(app, Member("fang", "方远", (Role.PROVINCE_MANAGER,), home="far_school", scope="far_city"))
    with transaction() as session:
        tree = rows.unit_tree(session)
        twin = units.add(session, parent=tree.far_city, kind=UnitKind.SCHOOL, code="twin", name=tree.school.name)

    def grant(client: FlaskClient, unit: str, account: str = "lin") -> str:
        return client.post("/roles", data={"account": account, "role": "class_administrator", "unit": unit}, follow_redirects=True).get_data(as_text=True)

    several = grant(peng, tree.school.name)
    assert "有几个单位叫这个名称" in several
    assert f"{tree.far_city.name} twin" in several, "told apart by what stands above them"
    assert tree.school.code in several
    assert "另外还有" not in several
    with transaction() as session:
        for number in range(5):
            units.add(session, parent=tree.far_city, kind=UnitKind.SCHOOL, code=f"twin{number}", name=tree.school.name + "分校")
            units.add(session, parent=tree.city, kind=UnitKind.SCHOOL, code=f"near{number}", name=tree.school.name + "分校")
    assert "另外还有 5 个" in grant(peng, tree.school.name + "分校")
    assert twin.code in peng.get(f"/classes/{twin.id}").get_data(as_text=True), "where each one's code is"
    assert "没有这个账号" in grant(far, tree.school.name, "nobody"), "in her city one has this name"
    assert "管理范围内没有这个单位" in grant(far, tree.school.code)
    assert "已授予" in grant(far, f" {tree.school.name} ")
    with transaction() as session:
        assert session.execute(text("SELECT unit_id FROM role_grant WHERE role = 'class_administrator'")).scalars().all() == [twin.id]


def test_nobody_grants_her_own_height(app: Flask) -> None:
    cast.id_of(LIN)
    peng = cast.enter(app, PENG)
    assert peng.post("/roles", data={"account": "lin", "role": "province_manager", "unit": "99"}).status_code == 422
    assert peng.post("/roles", data={"account": "nobody", "role": "author", "unit": "99"}).status_code == 404
    assert peng.post("/roles", data={"account": "lin", "role": "author", "unit": "00"}).status_code == 404
    assert peng.post(f"/roles/{cast.id_of(LIN)}/999999/take-back").status_code == 404


def test_ones_own_numbers_are_masked_revealed_and_exported(app: Flask, gu: int) -> None:
    client = app.test_client()
    cast.sign_in(client, gu)
    page = client.get("/account").get_data(as_text=True)
    assert PHONE not in page
    assert PHONE in client.post("/account/reveal").get_data(as_text=True)
    answer = client.post("/account/export")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.get_json()["person"]["identity"] == IDENTITY
    assert (answer.get_json()["learning"], answer.get_json()["exams"]) == ([], [])
    assert answer.get_json()["exam_decisions"]["annulments"] == []
    assert (audited("person.reveal"), audited("person.export")) == (1, 1)


def test_signing_out_elsewhere_leaves_this_device(app: Flask) -> None:
    here, there = cast.enter(app, LIN), cast.enter(app, LIN)
    assert here.post("/account/sign-out-elsewhere").status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_a_changed_password_ends_all_but_a_fresh_sign_in(app: Flask, settings: Settings, clock: FixedClock) -> None:
    with transaction() as session:
        school = rows.unit_tree(session).school
        one = NewPerson(account="du2026", name="杜若", unit_code=school.code)
        ids = roster.bulk_load(session, [one], password="old Garden 71", seal=Seal(settings.field_key), now=clock.now())
    here, there = app.test_client(), app.test_client()
    cast.sign_in(here, ids["du2026"])
    cast.sign_in(there, ids["du2026"])
    form = {"old": "old Garden 71", "new": "new Meadow 72", "again": "new Meadow 72"}
    assert here.post("/account/password", data={**form, "old": "wrong"}).status_code == 422
    assert here.post("/account/password", data={**form, "new": "12345678", "again": "12345678"}).status_code == 422
    with here.session_transaction() as cookie:
        before = cookie["_user_id"]
    assert here.post("/account/password", data=form).status_code == 302
    with here.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_a_roster_is_checked_taken_in_and_undone(app: Flask) -> None:
    with transaction() as session:
        county = rows.unit_tree(session).county
    cao = cast.enter(app, CAO)
    titles = ["姓名", "账号", "学校", "身份证号"]
    good = roster_workbook.write("名册", titles, [("季风", "ji2026", "柳溪县第一小学", IDENTITY), ("路遥", "lu2026", "柳溪县实验中学", "")])
    bad = roster_workbook.write("名册", titles, [("季风", "ji2026", "没有的学校", "123")])

    def send(body: bytes, **more: str) -> TestResponse:
        return cao.post("/people/import", data={"unit": county.code, "file": (BytesIO(body), "名册.xlsx"), **more})

    refused = send(bad)
    assert refused.status_code == 422
    assert "没有这所学校" in refused.get_data(as_text=True)
    assert "第 2 行" in refused.get_data(as_text=True)
    assert "检查通过" in send(good, dry_run="yes").get_data(as_text=True)
    assert send(good).status_code == 302
    page = cao.get("/people/import").get_data(as_text=True)
    assert "名册.xlsx" in page
    assert "发放激活码" in page, "what comes next"
    path = re.search(r"/people/import/\d+/undo", page)
    assert path
    assert "季风" in cao.get("/people?q=ji2026").get_data(as_text=True)
    assert cast.enter(app, YUAN).post(path[0]).status_code == 404
    assert cao.post(path[0]).status_code == 302
    assert cao.post(path[0]).status_code == 409
    assert "没有找到" in cao.get("/people?q=ji2026").get_data(as_text=True)


def test_a_roster_cannot_be_brought_into_a_foreign_unit(app: Flask) -> None:
    cast.id_of(SAM)
    body = roster_workbook.write("名册", ["姓名", "账号"], [("季风", "ji2026")])
    answer = cast.enter(app, CAO).post("/people/import", data={"unit": "9902-01", "file": (BytesIO(body), "a.xlsx")})
    assert answer.status_code == 404


def test_what_is_no_workbook_is_refused_in_words(app: Flask) -> None:
    with transaction() as session:
        rows.unit_tree(session)
    cao = cast.enter(app, CAO)
    for body in (b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0 not a workbook", b"\x00\x01\x02", b""):
        answer = cao.post("/people/import", data={"unit": "990101", "file": (BytesIO(body), "a.xlsx")})
        assert answer.status_code == 422, body
    assert cao.post("/people/import", data={"unit": "990101"}).status_code == 422


def test_a_class_administrator_sees_who_is_behind(app: Flask, gu: int) -> None:
    learning.load()
    with transaction() as session:
        school = rows.unit_tree(session).school
        learning.enrol(session, cast.id_of(LIN))
    tao = cast.enter(app, TAO)
    page = tao.get(f"/classes/{school.id}").get_data(as_text=True)
    assert "学时" in page
    assert "未报名" in page
    behind = tao.get(f"/classes/{school.id}?state=behind").get_data(as_text=True)
    assert "林晓梅" in behind
    assert "顾盼" not in behind
    waiting = tao.get(f"/classes/{school.id}?state=waiting").get_data(as_text=True)
    assert "顾盼" in waiting


@pytest.mark.parametrize(
    ("member", "path", "most"),
    [
        (TAO, "/classes/{school}", 12),
        (SONG, "/people", 12),
        (SONG, "/people/{gu}", 12),
        (PENG, "/roles", 12),
        (CAO, "/people/import", 12),
        (LIN, "/account", 12),
    ],
)
def test_pages_keep_to_their_query_budget(app: Flask, gu: int, member: cast.Member, path: str, most: int) -> None:
    with transaction() as session:
        school = rows.unit_tree(session).school.id
    client = cast.enter(app, member)
    with query_budget(most):
        assert client.get(path.format(school=school, gu=gu)).status_code == 200
