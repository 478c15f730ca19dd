"""The audit is read by auditors: who did what to whom, inside their scope."""

import html
import re
from datetime import timedelta

from flask import Flask

from lms.kernel import audit
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from lms.services import role_grant
from tests.support.cast import AN, LIN, OU, PENG, SAM, TAO, enter, id_of


def test_an_auditor_finds_who_did_what_to_whom(app: Flask, clock: FixedClock) -> None:
    an = enter(app, AN)
    tao, lin, sam = id_of(TAO), id_of(LIN), id_of(SAM)
    acts = (
        (tao, "people.new_codes", "unit:4"),
        (tao, "person.reveal", f"person:{lin}"),
        (sam, "sign_in", f"person:{sam}"),
        (None, "clock.rehearse", "installation"),
    )
    with transaction() as session:
        for number, (actor, act, subject) in enumerate(acts):
            audit.record(session, actor_id=actor, action=act, subject=subject, now=clock.now() + timedelta(days=number), reason="核对学籍")
    everything = an.get("/audit").get_data(as_text=True)
    assert everything.index("演练时钟</span>") < everything.index("批量发放激活码</span>"), "the newest first"
    assert "系统或命令行" in everything
    assert "reason: 核对学籍" in everything
    hers = an.get("/audit?account=lin").get_data(as_text=True)
    assert "查看证件号码和手机号</span>" in hers, "what was done to her"
    assert "批量发放激活码</span>" not in hers
    assert "批量发放激活码</span>" in an.get("/audit?account=TAO&day=2026-11-22").get_data(as_text=True)
    assert "查看证件号码和手机号</span>" not in an.get("/audit?account=tao&day=2026-11-22").get_data(as_text=True)
    assert "批量发放激活码</span>" in an.get("/audit?subject=unit:4").get_data(as_text=True)
    assert "没有符合条件的记录" in an.get("/audit?account=nobody").get_data(as_text=True)
    assert an.get("/audit?day=2026-13-45&before=x").status_code == 200
    with transaction() as session:
        for _number in range(60):
            audit.record(session, actor_id=tao, action="reminder.send", subject="unit:5", now=clock.now())
    first = an.get("/audit?act=reminder.send").get_data(as_text=True)
    onward = re.search(r'href="([^"]+)"[^>]* rel="next"|rel="next"[^>]* href="([^"]+)"', first)
    assert onward
    rest = an.get(html.unescape(onward[1] or onward[2])).get_data(as_text=True)
    told = '<span class="cell">提醒学时未完成的教师</span>'
    assert (first.count(told), rest.count(told), rest.count("查看证件号码和手机号</span>")) == (50, 10, 0)
    assert 'rel="next"' not in rest


def test_nobody_reads_beyond_a_scope_and_nobody_else_reads_at_all(app: Flask, clock: FixedClock) -> None:
    id_of(OU)
    role_grant.grant(None, account=OU.account, role=Role.AUDITOR, unit="990101-01", now=clock.now())
    with transaction() as session:
        audit.record(session, actor_id=id_of(TAO), action="sign_in", subject=f"person:{id_of(TAO)}", now=clock.now())
        audit.record(session, actor_id=id_of(SAM), action="sign_out", subject=f"person:{id_of(SAM)}", now=clock.now())
        audit.record(session, actor_id=None, action="clock.rehearse", subject="installation", now=clock.now())
    page = enter(app, OU).get("/audit").get_data(as_text=True)
    assert '<span class="cell">登录</span>' in page
    assert "退出登录</span>" not in page, "of another city"
    assert "演练时钟</span>" not in page, "of the whole province"
    assert enter(app, PENG).get("/audit").status_code == 403
    assert app.test_client().get("/audit").status_code in {302, 401}
