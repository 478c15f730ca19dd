"""Grade sheet, certificate, register and public check, as someone allowed, someone else, and a stranger."""

import io
import re

import pypdf
import pytest
from flask import Flask

from lms import api
from lms.domain.certificate import Standing, voucher
from lms.domain.hours import HoursKind, Worth
from lms.formats import certificate as printing
from lms.kernel.db import transaction
from lms.services import certificate as service
from lms.services import enrolment, hours, lapsed
from lms.store import certificate as store
from tests.conftest import NOON
from tests.support import learning
from tests.support.cast import LIN, PENG, SAM, TAO, enter, id_of


@pytest.fixture
def issued(app: Flask) -> store.Certificate:
    """Lin's certificate."""
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
        for component in api.programme(session, learning.CODE).assessment.components:
            api.post_score(
                session,
                person_id=person_id,
                programme_code=learning.CODE,
                component=component.code,
                points=8850,
                of_points=10_000,
                evidence="attendance_list:7",
                now=NOON,
            )
        (certificate,) = store.of_person(session, person_id)
    return certificate


def test_a_learner_sees_every_component_and_her_total(app: Flask, issued: store.Certificate) -> None:
    shown = enter(app, LIN).get("/grades").get_data(as_text=True)
    assert "88.5" in shown
    assert "签字名单 7" in shown
    assert "成绩合格" in shown


def test_a_grade_sheet_says_what_is_missing(app: Flask) -> None:
    learning.load()
    with transaction() as session:
        learning.enrol(session, id_of(LIN))
    shown = enter(app, LIN).get("/grades").get_data(as_text=True)
    assert "线上学习还差 1.5 学时" in shown
    assert "还没有成绩" in shown
    assert "还没有证书" in enter(app, LIN).get("/certificates").get_data(as_text=True)


def test_a_class_administrator_reads_sheets_in_scope_only(app: Flask, issued: store.Certificate) -> None:
    assert LIN.name in enter(app, TAO).get(f"/people/{id_of(LIN)}/grades").get_data(as_text=True)
    assert enter(app, TAO).get(f"/people/{id_of(SAM)}/grades").status_code == 404
    assert enter(app, LIN).get(f"/people/{id_of(LIN)}/grades").status_code == 403
    assert app.test_client().get(f"/people/{id_of(LIN)}/grades").status_code == 302


def test_the_holder_gets_a_chinese_pdf_and_nobody_else_does(app: Flask, issued: store.Certificate) -> None:
    answer = enter(app, LIN).get(f"/certificates/{issued.id}.pdf")
    assert answer.mimetype == "application/pdf"
    text = pypdf.PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()
    assert LIN.name in text
    assert "样本" in text
    assert enter(app, LIN).get(f"/certificates/{issued.id}.pdf").data == answer.data
    assert enter(app, SAM).get(f"/certificates/{issued.id}.pdf").status_code in (403, 404)
    assert app.test_client().get(f"/certificates/{issued.id}.pdf").status_code == 302


def test_ce_02_a_stranger_checks_and_learns_no_more_than_a_masked_name(app: Flask, issued: store.Certificate) -> None:
    signed = voucher(issued.statement, issued.signature)
    shown = app.test_client().get(f"/check/{issued.code}?s={signed}").get_data(as_text=True)
    assert "证书真实有效" in shown
    assert LIN.name not in shown
    assert LIN.name[0] + "*" in shown


def test_ce_01_an_altered_qr_code_is_called_out(app: Flask, issued: store.Certificate) -> None:
    altered = voucher(issued.statement.replace(LIN.name.encode(), "王某某".encode()), issued.signature)
    assert "签名不符" in app.test_client().get(f"/check/{issued.code}?s={altered}").get_data(as_text=True)
    assert "签名不符" in app.test_client().get(f"/check/{issued.code}?s=rubbish").get_data(as_text=True)


def test_an_unknown_code_says_so_and_guessing_is_slowed(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/check/AAAABBBBCCCC").status_code == 404
    assert {client.get(f"/check/AAAABBBB{number:04d}").status_code for number in range(80)} == {404, 429}


def test_a_code_is_found_however_it_was_typed(app: Flask, issued: store.Certificate) -> None:
    typed = f" {issued.code[:4].lower()}-{issued.code[4:]} "
    assert "证书真实有效" in app.test_client().get("/check", query_string={"code": typed}, follow_redirects=True).get_data(as_text=True)


def test_the_register_revokes_and_reissues_for_who_may(app: Flask, issued: store.Certificate) -> None:
    manager = enter(app, PENG)
    assert LIN.name in manager.get("/register").get_data(as_text=True)
    assert manager.post(f"/register/{issued.id}/reissue", data={"reason": "姓名更正"}).status_code == 302
    assert "已由新证书代替" in app.test_client().get(f"/check/{issued.code}").get_data(as_text=True)
    newest = service.held_by(id_of(LIN))[0].certificate
    assert manager.post(f"/register/{newest.id}/revoke", data={"reason": "成绩更正"}).status_code == 302
    assert "已撤销" in app.test_client().get(f"/check/{newest.code}").get_data(as_text=True)
    assert "重新颁发" in manager.get("/register").get_data(as_text=True)
    assert manager.post(f"/register/{newest.id}/reissue", data={"reason": "撤销有误"}).status_code == 302
    assert service.held_by(id_of(LIN))[0].standing is Standing.VALID
    for member in (LIN, TAO):
        assert enter(app, member).post(f"/register/{issued.id}/revoke", data={"reason": "x" * 5}).status_code == 403


def test_who_may_revoke_is_told_of_a_certificate_without_a_pass_and_it_comes_back_with_the_grade(app: Flask, issued: store.Certificate) -> None:
    manager, lin = enter(app, PENG), enter(app, LIN)
    assert "/register/lapsed" not in manager.get("/").get_data(as_text=True)
    with transaction() as session:
        api.take_back(session, programme_code=learning.CODE, evidence=["attendance_list:7"], reason="attendance_list:7", now=NOON, posted_by=None)
    assert "1 张证书的持有人成绩已不合格" in manager.get("/").get_data(as_text=True)
    assert "目前没有达到合格要求" in lin.get("/").get_data(as_text=True)
    assert "有考核项目没有成绩" not in lin.get("/certificates").get_data(as_text=True), "her own page names the components"
    assert "还没有成绩。证书现在仍然有效" in lin.get("/certificates").get_data(as_text=True)
    shown = manager.get("/register/lapsed").get_data(as_text=True)
    assert LIN.name in shown
    assert "有考核项目没有成绩" in shown
    assert 'href="/register/lapsed"' in manager.get("/register").get_data(as_text=True)
    for form in ({"reason": "名单已撤销"}, {"certificate": str(issued.id)}):
        assert "请选择要撤销的证书，并写明理由" in manager.post("/register/lapsed", data=form, follow_redirects=True).get_data(as_text=True)
    chosen = {"certificate": [str(issued.id), "999"], "reason": "名单已撤销"}
    assert enter(app, TAO).post("/register/lapsed", data=chosen).status_code == 403
    assert "已撤销 1 张证书" in manager.post("/register/lapsed", data=chosen, follow_redirects=True).get_data(as_text=True)
    assert service.held_by(id_of(LIN))[0].certificate.reason == "成绩更正：名单已撤销"
    assert "没有这样的证书" in manager.get("/register/lapsed").get_data(as_text=True)
    with transaction() as session:
        for component in api.programme(session, learning.CODE).assessment.components:
            api.post_score(
                session, person_id=id_of(LIN), programme_code=learning.CODE, component=component.code, points=7000, of_points=10_000, evidence="w", now=NOON
            )
    assert [one.standing for one in service.held_by(id_of(LIN))] == [Standing.VALID, Standing.REPLACED]


def test_the_register_knows_a_newer_edition_on_another_page_and_only_the_newest_is_issued_anew(app: Flask, issued: store.Certificate) -> None:
    service.reissue_as(id_of(PENG), issued.id, reason="姓名更正", now=NOON)
    newest = service.held_by(id_of(LIN))[0].certificate
    (older,) = service.register(id_of(PENG), before=newest.id, limit=1).held
    assert (older.certificate.id, older.standing) == (issued.id, Standing.REPLACED)
    refused = enter(app, PENG).post(f"/register/{issued.id}/reissue", data={"reason": "重新颁发"})
    assert refused.status_code == 409
    assert "已由新证书代替" in refused.get_data(as_text=True)
    assert [one.standing for one in service.held_by(id_of(LIN))] == [Standing.VALID, Standing.REPLACED]


def test_what_a_person_revoked_does_not_come_back_by_itself_whatever_her_reason_says(app: Flask, issued: store.Certificate) -> None:
    service.revoke_as(id_of(PENG), issued.id, reason="成绩更正：冒名顶替", now=NOON)
    with transaction() as session:
        (component, *_others) = api.programme(session, learning.CODE).assessment.components
        api.post_score(
            session, person_id=id_of(LIN), programme_code=learning.CODE, component=component.code, points=9000, of_points=10_000, evidence="w", now=NOON
        )
    assert [one.standing for one in service.held_by(id_of(LIN))] == [Standing.REVOKED]


def test_only_what_lapsed_is_revoked_from_the_list(app: Flask, issued: store.Certificate) -> None:
    assert lapsed.revoke(id_of(PENG), {issued.id}, reason="没有失效", now=NOON) == 0
    assert service.held_by(id_of(LIN))[0].standing is Standing.VALID


def test_the_keys_are_published(app: Flask, issued: store.Certificate) -> None:
    answer = app.test_client().get("/api/certificates/keys").get_json()
    assert re.fullmatch(r"[0-9a-f]{64}", answer["keys"][issued.key_name])


def test_the_commands_list_revoke_and_rotate(app: Flask, issued: store.Certificate) -> None:
    runner = app.test_cli_runner()
    assert issued.code in runner.invoke(args=["certificates", "list", LIN.account]).output
    assert runner.invoke(args=["certificates", "rotate-key"]).output.strip() == "k2"
    assert runner.invoke(args=["certificates", "reissue", str(issued.id), "--reason", "换发"]).exit_code == 0
    assert runner.invoke(args=["certificates", "revoke", str(issued.id), "--reason", "再次"]).exit_code == 1


def test_a_command_says_what_was_refused(app: Flask) -> None:
    told = app.test_cli_runner().invoke(args=["certificates", "list", "nobody"])
    assert (told.exit_code, told.stderr.count("\n"), told.stderr[:7]) == (1, 1, "Error: ")


def test_a_sign_the_fonts_lack_is_refused_in_words() -> None:
    assert printing.lacking("林晓雨𬭎䶮") == ""
    assert printing.lacking("林\U0010fffe") == "\U0010fffe"
