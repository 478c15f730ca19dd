"""Emergency packets: sealed, bound, evidence until a named decision (EX-05)."""

import secrets
from datetime import datetime, timedelta
from io import BytesIO

import msgspec
import pytest
from flask import Flask
from sqlalchemy import text

from exam.domain import packet as rules
from exam.domain.exam import Release
from exam.domain.packet import HOLDS_FOR, OPEN_FOR, Outstanding
from exam.services import attempt, packet, posting, receipt, result, scoring, verification
from exam.services.packet import PacketBody
from exam.services.packet_seal import PacketSeal, seal
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.refusal import Forbidden
from tests.conftest import NOON
from tests.exam.services.test_submission import right_choices
from tests.support import exams
from tests.support.cast import IVY, LIN, PENG, TAO, enter, id_of
from tests.support.exams import EXAM, Sitter

BELL = NOON + timedelta(minutes=90)
LATER = BELL + timedelta(hours=1)


def packed(sitter: Sitter, *positions: int) -> bytes:
    """Return a packet with the right answers to some positions."""
    right = right_choices(sitter)
    return sealed(PacketBody(sitter.opened.token, sitter.opened.paper_hash, BELL, [sitter.change(at, right[at - 1]) for at in positions]))


def sealed(body: PacketBody) -> bytes:
    return seal(packet.public_key(), msgspec.json.encode(body), nonce=secrets.token_bytes(12))


def brought(sitter: Sitter, content: bytes, *, at: object = LATER) -> int:
    return packet.receive(content, exam_code=EXAM, brought_by=sitter.person_id, owner_id=sitter.person_id, now=at)  # type: ignore[arg-type]


def ended(account: str = "lin") -> Sitter:
    """Let somebody sit until the server has ended and scored her attempt."""
    sitter = exams.sitting(account)
    attempt.finalise_overdue(BELL + timedelta(minutes=2))
    scoring.score_outstanding(BELL + timedelta(minutes=2))
    return sitter


def points(sitter: Sitter) -> int:
    sheet = result.sheet(sitter.person_id, EXAM)
    assert sheet is not None
    return sheet.points


def readers() -> list[tuple[int, int, datetime]]:
    """Return who has read the result of which of her attempts, and when first."""
    with transaction() as session:
        return [tuple(row) for row in session.execute(text("SELECT a.person_id, a.number, v.at FROM result_view v JOIN attempt a ON a.id = v.attempt_id"))]


def entries(action: str) -> int:
    with transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM audit_entry WHERE action = :action"), {"action": action}).scalar_one())


def test_a_packet_that_nobody_decides_on_holds_the_keys_for_thirty_days_and_no_longer() -> None:
    held = Outstanding(BELL, undecided=1)
    assert [held.is_settled(BELL + days) for days in (OPEN_FOR * 2, HOLDS_FOR, HOLDS_FOR + OPEN_FOR)] == [False, False, True]
    assert [Outstanding(BELL, undecided=0).is_settled(BELL + time) for time in (OPEN_FOR, OPEN_FOR * 2)] == [False, True]
    assert Outstanding(None, undecided=0).is_settled(BELL)


def test_no_byte_of_a_packet_can_be_changed() -> None:
    ours = PacketSeal("a field key for tests")
    good = seal(ours.public, b'{"answers": "' + b"x" * 300 + b'"}', nonce=bytes(12))
    assert ours.open(good).startswith(b'{"answers"')
    for place in {*range(100), *(secrets.randbelow(len(good)) for _ in range(100)), len(good) - 1}:
        broken = bytearray(good)
        broken[place] ^= 1 << secrets.randbelow(8)
        with pytest.raises(rules.PacketBroken):
            ours.open(bytes(broken))
    for cut in (b"", good[:60], good[:-1], good + b"\0"):
        with pytest.raises(rules.PacketBroken):
            ours.open(cut)


def test_packets_of_an_older_field_key_still_open_and_those_of_a_strange_one_do_not() -> None:
    good = seal(PacketSeal("old").public, b"text", nonce=bytes(12))
    assert PacketSeal("new,old").open(good) == b"text"
    with pytest.raises(rules.PacketBroken):
        PacketSeal("new").open(good)


def test_a_late_packet_leaves_the_score_until_it_is_approved(app: Flask) -> None:
    exams.prepared()
    lin = ended()
    boss = id_of(IVY)
    first = brought(lin, content := packed(lin, 1, 5))
    assert brought(lin, content) == first, "the same file twice is one packet"
    assert points(lin) == 0
    assert packet.decide(first, exam_code=EXAM, approve=True, reason="线路检修，有记录", actor_id=boss, now=LATER) == 2
    assert points(lin) == 500
    assert entries("packet.approve") == 1
    with pytest.raises(rules.PacketDecided):
        packet.decide(first, exam_code=EXAM, approve=False, reason="再次", actor_id=boss, now=LATER)
    with transaction() as session:
        assert list(verification.verify(session, LATER)) == [], "log, answers and score still add up"


def test_a_refused_packet_changes_nothing(app: Flask) -> None:
    exams.prepared()
    lin = ended()
    packet.decide(brought(lin, packed(lin, 1)), exam_code=EXAM, approve=False, reason="没有断网记录", actor_id=id_of(IVY), now=LATER)
    assert (points(lin), entries("packet.refuse"), entries("packet.approve")) == (0, 1, 0)


def test_an_answer_that_was_changed_elsewhere_since_does_not_count(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    content = packed(lin, 1, 2)
    lin.save(lin.change(1, [0]))
    attempt.finalise_overdue(BELL + timedelta(minutes=2))
    assert packet.decide(brought(lin, content), exam_code=EXAM, approve=True, reason="同意", actor_id=id_of(IVY), now=LATER) == 1


def test_nobody_brings_or_decides_what_is_not_theirs(app: Flask) -> None:
    exams.prepared()
    lin, tao = ended(), ended("tao")
    content = packed(lin, 1)
    with pytest.raises(rules.PacketOfOther):
        brought(tao, content)
    with pytest.raises(rules.PacketOfOther):
        brought(lin, sealed(PacketBody(lin.opened.token, tao.opened.paper_hash + "0", BELL, [lin.change(1, [0])])))
    with pytest.raises(rules.PacketBroken):
        brought(lin, sealed(PacketBody(lin.opened.token[:-3] + "AAA", lin.opened.paper_hash, BELL, [lin.change(1, [0])])))
    with pytest.raises(Forbidden):
        packet.decide(brought(lin, content), exam_code=EXAM, approve=True, reason="自己批", actor_id=lin.person_id, now=LATER)


def test_the_way_is_open_for_four_hours_and_closed_while_the_page_can_still_send(app: Flask) -> None:
    exams.prepared()
    lin = exams.sitting()
    content = packed(lin, 1)
    early = brought(lin, content, at=NOON)
    with pytest.raises(rules.AttemptStillOpen):
        packet.decide(early, exam_code=EXAM, approve=True, reason="太早", actor_id=id_of(IVY), now=NOON)
    brought(lin, content, at=BELL + timedelta(hours=4))
    with pytest.raises(rules.PacketTooLate):
        brought(lin, packed(lin, 2), at=BELL + timedelta(hours=4, seconds=1))


def test_the_page_of_the_exam_leads_to_the_packet_from_the_bell_until_none_is_taken_any_more(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    exams.sitting("lin")
    leading = {NOON: False, BELL: True, BELL + timedelta(minutes=2): True, BELL + OPEN_FOR: True, BELL + OPEN_FOR + timedelta(seconds=1): False}
    for at, leads in leading.items():
        clock.instant = at
        if at == BELL:  # before the sweep
            assert "作答时间已到" in enter(app, LIN).get(f"/exams/{EXAM}").get_data(as_text=True)
        attempt.finalise_overdue(at)
        assert ("请上交应急包" in enter(app, LIN).get(f"/exams/{EXAM}").get_data(as_text=True)) == leads, at


def test_of_fifty_files_with_one_broken_forty_nine_are_kept(app: Flask) -> None:
    exams.prepared()
    lin = ended()
    files = [(f"{number}.exampack", packed(lin, 1 + number % 8)) for number in range(50)]
    whole = files[17][1]
    files[17] = ("17.exampack", whole[:-1] + bytes([whole[-1] ^ 1]))
    told = packet.receive_all(files, exam_code=EXAM, brought_by=id_of(IVY), now=LATER)
    assert [one.file_name for one in told if one.refusal] == ["17.exampack"]
    assert packet.of_exam(EXAM).undecided == 49


def test_the_pages_take_a_packet_and_the_decision_on_it(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    id_of(LIN)
    lin = ended()
    clock.instant = LATER
    page, board = f"/exams/{EXAM}/packet", f"/admin/exams/{EXAM}/packets"
    teacher, manager = enter(app, LIN), enter(app, PENG)
    assert "应急包" in teacher.get(page).get_data(as_text=True)
    assert teacher.post(page, data={"packet": (BytesIO(b"no packet"), "a.exampack")}).status_code == 400
    file = packed(lin, 1)
    assert teacher.post(page, data={"packet": (BytesIO(file), "a.exampack")}).status_code == 302
    assert "等待处理" in teacher.get(page).get_data(as_text=True)
    assert teacher.get(board).status_code == 403
    told = manager.post(board, data={"packets": [(BytesIO(packed(lin, 2)), "b.exampack"), (BytesIO(b"!"), "c.exampack")]}).get_data(as_text=True)
    assert told.count("已收存") == 1
    shown = {"ABCDEFGH"[choice] for choice in right_choices(lin)[1]}
    assert any(f">{letter}<" in told for letter in shown), "options stand under the letters that the learner saw"
    with transaction() as session:
        (first, second) = session.execute(text("SELECT id FROM exam_packet ORDER BY id")).scalars()
    waiting = "有 2 个应急包等您决定"
    assert (waiting in manager.get("/").get_data(as_text=True), waiting in teacher.get("/").get_data(as_text=True)) == (True, False)
    assert "2 个待处理" in manager.get(f"/admin/exams/{EXAM}").get_data(as_text=True)
    manager.post(f"{board}/{first}/approve", data={"reason": ""})
    assert points(lin) == 0, "no decision without a reason"
    manager.post(f"{board}/{first}/approve", data={"reason": "机房断电"})
    manager.post(f"{board}/{second}/refuse", data={"reason": "无记录"})
    assert points(lin) == 200
    assert "计入 1 题" in teacher.get(page).get_data(as_text=True)
    again = teacher.post(page, data={"packet": (BytesIO(file), "a.exampack")}, follow_redirects=True).get_data(as_text=True)
    assert ("先前已经处理过" in again, "由考试管理员决定，结果" in again) == (True, False), "the same file waits for nobody any more"
    assert "的应急包已有决定，计入 1 题的答案" in teacher.get("/").get_data(as_text=True)
    with transaction() as session:
        code = session.execute(text("SELECT receipt FROM submission")).scalar_one()
    checked = receipt.check(code)
    assert (checked.genuine, checked.brought_later) == (True, 1), "the receipt says what stood at the hand-in, and what came later"
    assert "机房断电" in manager.get(board).get_data(as_text=True)
    sheet = teacher.get(f"/exams/{EXAM}/result").get_data(as_text=True)
    assert ("应急包中 1 题的答案经批准计入" in sheet, "截止后一分钟" in sheet) == (True, False)
    assert "应急包中的答案计入，得分由 0 分改为 2 分。" in sheet
    with transaction() as session:
        log = manager.get(f"/invigilation/attempt/{exams.attempt_id(session, lin)}").get_data(as_text=True)
    assert all(words in log for words in ("收到应急包", "来自应急包，经批准计入", "机房断电", "应急包不计入"))
    assert "宽限内到达，已保存" not in log


def test_who_decides_on_a_packet_sees_whether_its_learner_had_read_her_result(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    id_of(LIN)
    lin, _other = ended(), ended("cai")
    clock.instant = LATER
    teacher, manager = enter(app, LIN), enter(app, PENG)
    result_page, board, warning = f"/exams/{EXAM}/result", f"/admin/exams/{EXAM}/packets", "收到应急包时，考生已看过这次考试的成绩"
    first = brought(lin, packed(lin, 1))
    clock.advance(minutes=1)
    told = manager.get(board).get_data(as_text=True)
    assert ("没有打开过成绩页" in told, warning in told) == (True, False)
    assert teacher.head(result_page).status_code == 200
    with transaction() as session:
        session.execute(text("SELECT id FROM attempt FOR UPDATE")).all()
        assert teacher.get(result_page).status_code == 200, "whoever holds an attempt keeps nobody from her result"
    assert "没有打开过成绩页" in manager.get(board).get_data(as_text=True)
    assert teacher.get(result_page).status_code == 200
    told = manager.get(board).get_data(as_text=True)
    assert ("2026年11月22日 14:31:00" in told, warning in told) == (True, False), "she read it after that packet had come"
    clock.advance(minutes=1)
    brought(lin, packed(lin, 1, 2), at=clock.instant)
    teacher.get(result_page)
    told = manager.get(board).get_data(as_text=True)
    assert (told.count("2026年11月22日 14:31:00"), told.count(warning)) == (2, 1), "the first time counts"
    with transaction() as session:
        assert session.scalars(text("SELECT a.person_id FROM result_view v JOIN attempt a ON a.id = v.attempt_id")).all() == [lin.person_id]
        log = manager.get(f"/invigilation/attempt/{exams.attempt_id(session, lin)}").get_data(as_text=True)
    assert log.count("考生首次查看成绩") == 1
    for decision in ("refuse", "approve"):
        manager.post(f"{board}/{first}/{decision}", data={"reason": "看过成绩"})
    assert (points(lin), entries("packet.refuse"), entries("packet.approve")) == (0, 1, 0), "a decision is the last"


def test_who_may_still_sit_the_exam_neither_reads_nor_decides_on_packets_before_its_end(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    lin = ended()
    clock.instant = LATER
    one = brought(lin, packed(lin, 1))
    peng, page = enter(app, PENG), f"/admin/exams/{EXAM}/packets"
    assert f"{one}/approve" in peng.get(page).get_data(as_text=True)
    exams.enrolled(PENG.account)
    for answer in (
        peng.get(page),
        peng.post(f"{page}/{one}/approve", data={"reason": "机房断电"}),
        peng.post(f"{page}/units/1/approve", data={"reason": "断电"}),
    ):
        assert (answer.status_code, "考试全部结束之前不能查看和处理他人的应急包" in answer.text) == (403, True)
    assert packet.of_exam(EXAM).undecided == 1
    clock.advance(days=30)
    assert f"{one}/approve" in peng.get(page).get_data(as_text=True), "once nobody can begin any more, she may"


def test_who_read_her_points_on_the_grade_sheet_has_read_them_and_whoever_else_reads_it_has_not(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    id_of(LIN)
    lin, cai = ended(), ended("cai")
    posting.release(EXAM, actor_id=None, now=LATER)
    clock.instant = LATER
    brought(lin, packed(lin, 1))
    sheet = enter(app, TAO).get(f"/people/{lin.person_id}/grades").get_data(as_text=True)
    assert "考试记录 1" in sheet
    teacher = enter(app, LIN)
    teacher.head("/grades")
    assert readers() == []
    assert "考试记录 1" in teacher.get("/grades").get_data(as_text=True)
    clock.advance(minutes=1)
    teacher.get("/grades")
    teacher.get(f"/exams/{EXAM}/result")
    assert readers() == [(lin.person_id, 1, LATER)], "once, and of nobody else"
    assert cai.person_id != lin.person_id
    assert "没有打开过成绩页" not in enter(app, PENG).get(f"/admin/exams/{EXAM}/packets").get_data(as_text=True)


def test_of_two_attempts_only_the_one_whose_points_are_out_was_read(app: Flask, clock: FixedClock) -> None:
    exams.prepared(attempts_allowed=2)
    id_of(LIN)
    first = ended()
    clock.instant = NOON + timedelta(hours=2)
    exams.seated(first.person_id, first.login_id, at=clock.instant).submit(at=clock.instant)
    enter(app, LIN).get(f"/exams/{EXAM}/result")
    assert readers() == [(first.person_id, 1, clock.instant)]


def test_of_a_result_that_is_not_out_nobody_has_read_anything(app: Flask, clock: FixedClock) -> None:
    exams.prepared(release=Release.BY_HAND)
    id_of(LIN)
    lin = ended()
    brought(lin, packed(lin, 1))
    clock.instant = LATER
    enter(app, LIN).get(f"/exams/{EXAM}/result")
    assert "没有打开过成绩页" in enter(app, PENG).get(f"/admin/exams/{EXAM}/packets").get_data(as_text=True)


def test_a_unit_without_a_line_is_decided_on_at_once_but_for_who_handed_in_herself(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    cai = exams.sitting("cai")
    cai.submit()
    lin, tao = ended(), ended("tao")
    for sitter in (lin, tao, cai):
        brought(sitter, packed(sitter, 1))
    clock.instant = LATER
    manager, board = enter(app, PENG), f"/admin/exams/{EXAM}/packets"
    told = manager.get(board).get_data(as_text=True)
    assert told.count("考生已本人交卷，交卷时答案应已全部送达") == 1
    with transaction() as session:
        county = session.execute(text("SELECT id FROM unit WHERE kind = 'county' ORDER BY id")).scalars().first()
    assert "（3 个）" in manager.get(f"{board}?unit={county}").get_data(as_text=True)
    said = manager.post(f"{board}/units/{county}/approve", data={"reason": "全县断网"}, follow_redirects=True).get_data(as_text=True)
    assert "已处理 2 个应急包" in said
    assert (points(lin), points(tao), points(cai), entries("packet.approve")) == (200, 200, 0, 2)
    assert packet.of_exam(EXAM).undecided == 1


def test_of_two_packets_of_a_page_the_newer_answer_counts_whatever_file_was_brought_first(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    lin, tao = ended(), ended("tao")
    for sitter, order in ((lin, (0, 1)), (tao, (1, 0))):
        right = right_choices(sitter)[0]
        wrong = next(choice for choice in range(4) if choice != right[0])
        early = PacketBody(sitter.opened.token, sitter.opened.paper_hash, BELL - timedelta(minutes=30), [sitter.change(1, [wrong]), sitter.change(2, [0])])
        late = PacketBody(sitter.opened.token, sitter.opened.paper_hash, BELL, [sitter.change(1, right)])
        for body in ([early, late][at] for at in order):
            brought(sitter, sealed(body))
    with transaction() as session:
        county = session.execute(text("SELECT id FROM unit WHERE kind = 'county' ORDER BY id LIMIT 1")).scalar_one()
    assert packet.of_exam(EXAM, county).waiting[0].packet.said_at == BELL
    assert packet.decide_unit(county, exam_code=EXAM, approve=True, reason="全县断网", actor_id=id_of(IVY), now=LATER) == (4, None)
    assert min(points(lin), points(tao)) >= 200, "the answers to the first item are those of the bell"
    found = packet.of_exam(EXAM, county)
    assert (found.undecided, sorted(one.decision.counted for one in found.decided)) == (0, [1, 1, 1, 1]), "what only the first held counts, too"


def test_a_unit_of_a_single_packet_filters_nothing_since_the_page_says_that_all_are_shown(app: Flask, clock: FixedClock) -> None:
    exams.prepared()
    lin = ended()
    brought(lin, packed(lin, 1))
    with transaction() as session:
        other = (
            session.execute(text("SELECT id FROM unit WHERE id NOT IN (SELECT unit_id FROM person WHERE id = :lin) ORDER BY path DESC"), {"lin": lin.person_id})
            .scalars()
            .first()
        )
    assert (packet.of_exam(EXAM, other).unit, len(packet.of_exam(EXAM, other).waiting)) == (None, 1)
