"""The control room, its acts and an attempt's timeline, as those who may and those who may not."""

from datetime import timedelta
from io import BytesIO

import msgspec
import pytest
from flask import Flask
from python_calamine import load_workbook
from sqlalchemy import text

from exam.domain import attempt as rules
from exam.domain.identity import screen_code
from exam.services import attempt
from exam.services.exam import found
from exam.services.payload import EnterExam, ResumeExam
from exam.services.verification import verify
from exam.store import incident
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Role
from tests.conftest import NOON
from tests.support import exams, queries, rows
from tests.support.cast import IVY, LIN, PENG, Member, enter, id_of

FAR = Member("fan", "范监考", (Role.INVIGILATOR,), home="far_school", scope="far_city")
ROOM = f"/invigilation/{exams.EXAM}"


def _now(app: Flask, member: Member = IVY, unit: int | None = None) -> dict[str, object]:
    answer = enter(app, member).get(f"{ROOM}/now" + (f"?unit={unit}" if unit else ""))
    assert answer.status_code == 200
    found: dict[str, object] = msgspec.json.decode(answer.data)
    return found


def _attempt(sitter: exams.Sitter) -> int:
    with transaction() as session:
        return exams.attempt_id(session, sitter)


def _deadline(attempt_id: int) -> object:
    with transaction() as session:
        return session.execute(text("SELECT deadline FROM attempt WHERE id = :id"), {"id": attempt_id}).scalar_one()


def test_the_control_room_counts_each_unit_by_what_its_learners_do(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    lin, cai, gan = (exams.sitting(name) for name in ("lin", "cai", "gan"))
    exams.enrolled("hua")
    clock.advance(seconds=170)
    lin.save(lin.change(1, [0]), at=clock.instant)
    gan.submit(at=clock.instant)
    seen = _now(app)
    assert isinstance(seen["total"], dict)
    assert seen["total"] == {
        "enrolled": 4, "not_started": 1, "waiting": 0, "open": 2, "saving": 1, "dropped": 1, "paused": 0, "handed_in": 1, "swept": 0, "takeovers": 0,
    }  # fmt: skip
    with transaction() as session:
        tree = rows.unit_tree(session)
    assert isinstance(seen["units"], dict)
    assert seen["units"][str(tree.city.id)] == seen["total"]
    assert str(tree.far_city.id) not in seen["units"]
    assert _now(app, unit=tree.school.id)["total"] == seen["total"]
    assert cai.person_id


def test_many_who_watch_cost_one_look_in_a_few_seconds(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    exams.sitting("lin")
    ivy = enter(app, IVY)
    assert "线上测试" in ivy.get("/invigilation").get_data(as_text=True)
    page = ivy.get(ROOM).get_data(as_text=True)
    assert "失去联系" in page
    assert "增加时间" in page
    assert "林晓梅" in ivy.get(f"{ROOM}/people?shown=open").get_data(as_text=True)
    by_photo = screen_code(id_of(LIN))
    assert by_photo in enter(app, LIN).get(f"/exams/{exams.EXAM}/room").get_data(as_text=True)
    assert "林晓梅" in ivy.get(f"{ROOM}/people?words={by_photo}").get_data(as_text=True)
    with queries.query_budget(40) as again:
        for _ in range(3):
            ivy.get(f"{ROOM}/now")
    assert not any("response_event" in statement for statement in again)
    clock.advance(seconds=5)
    exams.sitting("cai", at=clock.instant)
    total = _now(app)["total"]
    assert isinstance(total, dict)
    assert total["open"] == 2


def test_an_invigilator_sees_and_touches_her_own_units_only(app: Flask) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    number, before = _attempt(sitter), sitter.opened.deadline
    fan = enter(app, FAR)
    total = _now(app, FAR)["total"]
    assert isinstance(total, dict)
    assert total["enrolled"] == 0
    with transaction() as session:
        school = rows.unit_tree(session).school.id
    assert fan.get(f"{ROOM}?unit={school}").status_code == 404
    assert fan.get(f"/invigilation/attempt/{number}").status_code == 404
    assert fan.post(f"/invigilation/attempt/{number}/time", data={"time-minutes": "9", "time-reason": "停电"}).status_code == 404
    assert fan.post(f"{ROOM}/time", data={"time-minutes": "9", "time-reason": "停电", "unit": str(school)}).status_code == 404
    fan.post(f"{ROOM}/time", data={"time-minutes": "9", "time-reason": "停电"})
    assert _deadline(number) == before
    assert "林晓梅" not in fan.get(f"{ROOM}/people").get_data(as_text=True)
    lin = enter(app, LIN)
    assert lin.get(ROOM).status_code == 403
    assert lin.post(f"{ROOM}/pause", data={"pause-reason": "停电"}).status_code == 403


def test_minutes_and_per_cent_reach_all_who_sit_there_and_stand_in_the_ledger(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    person_id, login_id = exams.enrolled("cai")
    ivy = enter(app, IVY)
    set_ = ivy.post(f"{ROOM}/accommodation", data={"accommodation-account": "cai", "accommodation-percent": "150", "accommodation-reason": "视力障碍"})
    assert set_.status_code == 302
    lin = exams.sitting("lin")
    cai = exams.Sitter(person_id, login_id, attempt.enter(EnterExam(exams.entry("cai"), "device-one", honesty=True), NOON).wait())
    assert cai.opened.deadline - NOON == timedelta(minutes=135)
    ivy.post(f"{ROOM}/time", data={"time-minutes": "5", "time-percent": "10", "time-reason": "铃声干扰"})
    assert _deadline(_attempt(lin)) == NOON + timedelta(minutes=90 + 5 + 9)
    assert _deadline(_attempt(cai)) == NOON + timedelta(minutes=135 + 5 + 13.5)
    ivy.post(f"/invigilation/attempt/{_attempt(lin)}/time", data={"time-minutes": "3", "time-reason": "换机"})
    assert _deadline(_attempt(lin)) == NOON + timedelta(minutes=107)
    assert "请填写要增加" in ivy.post(f"{ROOM}/time", data={"time-reason": "没有数字"}, follow_redirects=True).get_data(as_text=True)
    with transaction() as session:
        assert list(verify(session, clock.instant)) == []
        assert session.execute(text("SELECT count(*) FROM audit_entry WHERE action = 'exam.time'")).scalar_one() == 2
    log = ivy.get(f"{ROOM}/incidents").get_data(as_text=True)
    assert "铃声干扰" in log
    assert "视力障碍" in log
    for words in ("增加 5 分钟，增加 10%，2 人，铃声干扰", "时长 150%，视力障碍"):
        assert words in log, words
    with transaction() as session:
        exam_id = found(session, exams.EXAM).id
        for number in range(500):
            incident.add(session, exam_id=exam_id, paths=["/"], kind="note", words=f"第 {number} 条", recorded_by=None, now=NOON)
    assert "只显示最近 500 条" in ivy.get(f"{ROOM}/incidents").get_data(as_text=True)
    sheet = load_workbook(BytesIO(ivy.get(f"{ROOM}/incidents.xlsx").data)).get_sheet_by_index(0).to_python()
    assert len(sheet) == 504, "the workbook holds the first as well"


def test_a_paused_clock_stands_and_the_sweeper_waits(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    sitter = lin = exams.sitting("lin")
    cai = exams.sitting("cai")
    ivy, page = enter(app, IVY), enter(app, LIN)
    clock.advance(seconds=3600)
    stop, go_on = (f"/invigilation/attempt/{_attempt(lin)}/{act}" for act in ("pause", "resume"))
    ivy.post(stop, data={"pause-reason": "就医"})
    assert "都已经暂停计时" in ivy.post(stop, data={"pause-reason": "就医"}, follow_redirects=True).get_data(as_text=True)
    queueing, late = lin.change(1, [0]), lin.change(2, [0])
    assert lin.save(queueing, at=clock.instant).saved[0].status == "saved", "it arrived before the pause"
    with pytest.raises(rules.AttemptPaused):
        lin.save(late, at=clock.instant + timedelta(seconds=1))
    clock.advance(seconds=3600)
    for changes in ([late], [late, lin.change(3, [0])]):
        with pytest.raises(rules.AttemptPaused):
            lin.save(*changes, at=clock.instant)
    with pytest.raises(rules.AttemptPaused):
        lin.submit(late, at=clock.instant)
    with pytest.raises(rules.AttemptPaused):
        lin.submit(at=clock.instant)
    assert lin.save(queueing, at=clock.instant).saved[0].status == "saved", "a repetition gets its answer"
    told = page.post("/api/exam/remaining", json={"token": sitter.opened.token}).get_json()
    assert told["paused"]
    assert told["remaining_ms"] == 30 * 60_000
    back = attempt.resume(lin.person_id, lin.login_id, ResumeExam(exams.EXAM, "device-one"), clock.instant)
    assert back.remaining_ms == 30 * 60_000, "who comes back after what was the deadline has the time that stood"
    assert attempt.finalise_overdue(clock.instant) == 1  # the other one
    assert "已恢复 1 名考生的计时" in ivy.post(go_on, follow_redirects=True).get_data(as_text=True)
    assert "没有由监考人员暂停计时的考生" in ivy.post(go_on, follow_redirects=True).get_data(as_text=True)
    assert _deadline(_attempt(lin)) == NOON + timedelta(minutes=150)
    with transaction() as session:  # what changed nothing stands nowhere
        acts = "SELECT action FROM audit_entry WHERE action IN ('exam.pause', 'exam.resume') ORDER BY id"
        assert session.execute(text(acts)).scalars().all() == ["exam.pause", "exam.resume"]
    told = page.post("/api/exam/remaining", json={"token": sitter.opened.token}).get_json()
    assert not told["paused"]
    assert told["remaining_ms"] == 30 * 60_000
    assert lin.save(late, at=clock.instant).saved[0].status == "saved"
    assert cai.person_id


def test_a_message_reaches_whom_it_is_for(app: Flask) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    ivy, page = enter(app, IVY), enter(app, LIN)
    with transaction() as session:
        tree = rows.unit_tree(session)
    ivy.post(f"{ROOM}/message", data={"message-words": "全体：请勿刷新", "unit": ""})
    ivy.post(f"{ROOM}/message", data={"message-words": "外市：请继续", "unit": str(tree.far_city.id)})
    ivy.post(f"{ROOM}/message", data={"message-words": "本校：坐好", "unit": str(tree.school.id)})
    ivy.post(f"/invigilation/attempt/{_attempt(sitter)}/message", data={"message-words": "您可以去洗手间"})
    told = page.post("/api/exam/remaining", json={"token": sitter.opened.token}).get_json()
    assert [one["text"] for one in told["messages"]] == ["全体：请勿刷新", "本校：坐好", "您可以去洗手间"]


def test_an_ended_attempt_is_opened_again_with_time_to_go(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    number = _attempt(sitter)
    clock.advance(seconds=5300)
    sitter.submit(at=clock.instant)
    peng = enter(app, PENG)
    clock.advance(seconds=600)
    assert peng.post(f"/invigilation/attempt/{number}/reopen", data={"reopen-minutes": "20", "reopen-reason": "误交卷"}).status_code == 302
    assert _deadline(number) == clock.instant + timedelta(minutes=20)
    sitter.save(sitter.change(1, [0]), at=clock.instant)
    assert "误交卷" in peng.get(f"/invigilation/attempt/{number}").get_data(as_text=True)


def test_the_timeline_tells_saves_gaps_devices_and_goes_out_as_files(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    number = _attempt(sitter)
    sitter.save(sitter.change(1, [0]), at=NOON + timedelta(minutes=1))
    sitter.save(sitter.change(2, [1]), at=NOON + timedelta(minutes=11))
    clock.advance(seconds=900)
    page = enter(app, LIN)
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2"):
        page.post("/api/exam/remaining", json={"token": sitter.opened.token}, environ_base={"REMOTE_ADDR": address})
    # An answer from elsewhere by her token alone, as often as it comes; then one from where her page is.
    helped = [sitter.change(3, [0]), sitter.change(3, [1], 1), sitter.change(4, [0]), sitter.change(5, [0]), sitter.change(6, [0])]
    for change, address in zip(helped, ("192.0.2.7", "192.0.2.7", "10.0.0.2", "192.0.2.9", "192.0.2.7"), strict=True):
        sent = {"token": sitter.opened.token, "changes": [msgspec.to_builtins(change)]}
        assert app.test_client().post("/api/exam/save", json=sent, environ_base={"REMOTE_ADDR": address}).status_code == 200
    attempt.resume(sitter.person_id, sitter.login_id, ResumeExam(exams.EXAM, "device-two", takeover=True), clock.instant)
    ivy = enter(app, IVY)
    shown = ivy.get(f"/invigilation/attempt/{number}").get_data(as_text=True)
    for words in (
        "没有动静",
        "10 分",
        "换设备",
        "设备 device-t",
        "第 2 题，已保存，作答：B",
        "网络地址变化",
        "换到第 2 个网络地址",
        "换到第 3 个网络地址",
        "试卷校验码 ",
        "选项的字母是考生页面上的顺序",
    ):
        assert words in shown, words
    with transaction() as session:
        paper = session.scalar(text("SELECT p.number FROM paper p JOIN attempt a ON a.paper_id = p.id"))
    link = f'href="/admin/exams/{exams.EXAM}/papers/{paper}"'
    assert link not in shown, "an invigilator reads no paper"
    assert link in enter(app, PENG).get(f"/invigilation/attempt/{number}").get_data(as_text=True)
    lines = msgspec.json.decode(ivy.get(f"/invigilation/attempt/{number}/timeline.json").data)
    kinds = [one["kind"] for one in lines]
    assert kinds[:5] == ["started", "save", "gap", "save", "gap"]
    assert sorted(kinds[5:]) == [*["address"] * 3, *["save"] * 5, "takeover"], "who swings between two is told of once each"
    sheet = load_workbook(BytesIO(ivy.get(f"/invigilation/attempt/{number}/timeline.xlsx").data)).get_sheet_by_index(0).to_python()
    assert (sheet[0][:3], len(sheet)) == (["北京时间", "事件", "详情"], 15)
    assert sheet[2][:5] == ["2026-11-22 12:01:00.000", "保存", "第 1 题，已保存，作答：A", 1, 1]


def test_who_may_still_be_given_the_same_paper_is_not_told_what_others_answered(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    page = f"/invigilation/attempt/{_attempt(sitter)}"
    sitter.save(sitter.change(1, [0]), at=NOON + timedelta(minutes=1))
    ivy = enter(app, IVY)
    assert "作答：A" in ivy.get(page).text
    exams.enrolled(IVY.account)
    shown = ivy.get(page).text
    assert "第 1 题，已保存" in shown
    assert "作答：" not in shown
    assert "这里不显示作答内容" in shown
    saved = next(one for one in msgspec.json.decode(ivy.get(f"{page}/timeline.json").data) if one["kind"] == "save")
    assert (saved["value"], saved["digest"]) == (None, ""), "its sign would tell which of four options it was"
    sheet = load_workbook(BytesIO(ivy.get(f"{page}/timeline.xlsx").data)).get_sheet_by_index(0).to_python()
    assert sheet[2][2] == "第 1 题，已保存"
    sitter.submit(at=NOON + timedelta(minutes=2))
    clock.advance(days=30)
    assert "作答：A" in ivy.get(page).text
