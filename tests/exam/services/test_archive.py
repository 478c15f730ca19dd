"""The archive of an exam: one signed file that says everything, in which no byte can be changed unseen."""

import io
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from sqlalchemy import event, text

from exam.cli import exam as exam_command
from exam.domain import archive as rules
from exam.domain import result as result_rules
from exam.domain.paper import Paper
from exam.domain.result import ItemPlace
from exam.domain.safe_exam_browser import fingerprints
from exam.domain.sealed_key import KEPT
from exam.formats import archive as format_of
from exam.services import adjustment, archive, attempt, result, scoring, sealed_key
from exam.services import paper as papers
from exam.store import archive as store
from lms.kernel import db
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.domain.item import ItemType, Key
from tests.conftest import NOON
from tests.support import exams
from tests.support import rows as rows_of
from tests.support.cast import AN, LIN, PENG, RUI, enter, id_of

OVER = NOON + timedelta(days=4)


def sat_out() -> None:
    """Let two people sit the exam, with changes that count and one that does not, and score it."""
    exams.prepared()
    lin = exams.sitting()
    lin.save(lin.change(1, [1]), lin.change(2, [0]))
    lin.save(lin.change(1, [2], revision=1, marked=True))
    with pytest.raises(Exception, match="stale"):
        lin.save(lin.change(2, [3]))
    lin.submit(lin.change(5, [0, 2]))
    id_of(RUI)
    rui = exams.sitting("rui", device="device-two")
    rui.save(rui.change(4, [1]))
    adjustment.give_time(2, minutes=10, reason="林晓梅换机，Tom 在场", now=NOON)
    attempt.finalise_overdue(NOON + timedelta(hours=2))
    scoring.score_outstanding(OVER)


def state_of(archive_id: int) -> str:
    """Return where a request stands."""
    with transaction() as session:
        row = store.lock(session, archive_id)
        assert row
        return row.state


def rows(path: Path, name: str) -> list[dict[str, Any]]:
    """Read an entry of an archive."""
    with ZipFile(path) as file:
        return list(format_of.lines_of(file, f"{name}.jsonl"))


def test_the_archived_log_alone_brings_the_results_again(app: Flask, tmp_path: Path) -> None:
    sat_out()
    for member in (PENG, AN):
        sealed_key.consent(exams.EXAM, id_of(member), "归档", OVER)
    path = tmp_path / "archive.zip"
    read = result.sheet(id_of(LIN), exams.EXAM)
    assert read
    result.note_view(read, OVER)
    archive.write(exams.EXAM, path, reason="林晓梅的存档", now=OVER)
    found = format_of.check(path)
    assert (found.faults, found.exam, found.attempts) == ((), exams.EXAM, 2)
    with ZipFile(path) as file:
        names = set(file.namelist())
    assert {"exam.jsonl", "blueprint.jsonl", "deadline_adjustment.jsonl", "incident.jsonl", "timeline.jsonl", "audit_entry.jsonl"} <= names
    assert {"sheets/fairness.json", "sheets/marks.xlsx", "regrade_approval.jsonl", "exam_packet_decision.jsonl"} <= names
    assert "exam_archive.jsonl" not in names
    assert {line["name"] for line in rows(path, "person")} == {"林**", "芮**"}
    assert [line["words"] for line in rows(path, "timeline") if line["kind"] == "time"] == ["600 s, staff: 林**换机，Tom 在场"]
    assert [line["attempt_id"] for line in rows(path, "timeline") if line["kind"] == "viewed"] == [1]
    assert [line["reason"] for line in rows(path, "deadline_adjustment")] == ["林**换机，Tom 在场"]
    keys = {line["version"]: msgspec.convert(line["key"], Key) for line in rows(path, "item")}
    with transaction() as session:
        points = papers.position_points(session, 1, 1)
    pool = {int(at): ItemPlace(ItemType(kind), *more) for at, (kind, *more, _level, _item, _enemies) in rows(path, "assembly")[0]["pool"].items()}
    drawn = {line["id"]: line for line in rows(path, "paper")}
    logs = {number: list(lines) for number, lines in groupby(rows(path, "response_event"), key=lambda line: line["attempt_id"])}
    again = {}
    for one in rows(path, "attempt"):
        paper = drawn[one["paper_id"]]
        whole = Paper(1, tuple(paper["version_ids"]), bytes.fromhex(str(paper["orders"])[2:]), 0, str(paper["hash"]))
        assert whole.is_whole()
        scored = result_rules.result_of(whole, points, format_of.rebuilt(logs[one["id"]]), pool, keys)
        again[one["id"]] = [scored.points, list(scored.item_points)]
    assert again == {line["attempt_id"]: [line["points"], line["item_points"]] for line in rows(path, "result")}
    assert len(again) == 2


def test_an_archived_answer_stands_in_the_letters_of_the_page_and_of_the_bank(app: Flask, tmp_path: Path) -> None:
    sat_out()
    sealed, path = tmp_path / "sealed.zip", tmp_path / "open.zip"
    archive.write(exams.EXAM, sealed, reason="存档", now=OVER)
    assert {(line["key_on_page"], line["key_in_bank"]) for line in rows(sealed, "answer")} == {("", "")}
    for member in (PENG, AN):
        sealed_key.consent(exams.EXAM, id_of(member), "归档", OVER)
    archive.write(exams.EXAM, path, reason="存档", now=OVER)
    found = rows(path, "answer")
    assert [(line["attempt"], line["position"], line["on_page"]) for line in found] == [(1, 1, "C"), (1, 2, "A"), (1, 5, "AC"), (2, 4, "B")]
    papers_of = {line["id"]: line for line in rows(path, "paper")}
    drawn = {line["id"]: papers_of[line["paper_id"]] for line in rows(path, "attempt")}
    keys = {line["version"]: line["key"]["options"] for line in rows(path, "item")}
    points = {line["attempt_id"]: line["item_points"] for line in rows(path, "result")}
    for line in found:
        paper, at = drawn[line["attempt"]], int(str(line["position"])) - 1
        whole = bytes.fromhex(str(paper["orders"])[2:])
        width = len(whole) // len(paper["version_ids"])
        order = whole[at * width : (at + 1) * width]
        assert line["version"] == paper["version_ids"][at]
        assert line["in_bank"] == "".join("ABCDE"[order["ABCDE".index(letter)]] for letter in str(line["on_page"]))
        assert line["key_in_bank"] == "".join("ABCDE"[option] for option in keys[line["version"]])
        assert [order["ABCDE".index(letter)] for letter in str(line["key_on_page"])] == keys[line["version"]]
        assert line["points"] == points[line["attempt"]][at]


def test_a_flipped_byte_is_found_wherever_it_lies_and_named_by_its_entry(app: Flask, tmp_path: Path) -> None:
    sat_out()
    path = tmp_path / "archive.zip"
    archive.write(exams.EXAM, path, reason="存档", now=OVER)
    whole = path.read_bytes()
    with ZipFile(path) as file:
        places = {info.filename: info.header_offset + 30 + len(info.filename) + info.compress_size // 2 for info in file.infolist() if info.file_size}
    drawn = random.Random(7)
    for at in (*places.values(), *drawn.sample(range(len(whole)), 80)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << drawn.randrange(8))]) + whole[at + 1 :])
        assert format_of.check(path).faults, at
    for name in ("response_event.jsonl", "result.jsonl"):
        at = places[name]
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert [fault.entry for fault in format_of.check(path).faults] == [name]
    path.write_bytes(whole[: len(whole) // 2])
    assert format_of.check(path).faults
    path.write_bytes(whole)
    assert not format_of.check(path).faults


def test_the_command_writes_and_checks_with_exit_codes(app: Flask, clock: FixedClock, tmp_path: Path) -> None:
    sat_out()
    run, file = app.test_cli_runner().invoke, str(tmp_path / "a.zip")
    assert "考试还没有结束" in run(args=["exam", "archive", exams.EXAM, file]).output
    clock.instant = OVER
    assert "SHA-256" in run(args=["exam", "archive", exams.EXAM, file]).output
    told = run(args=["exam", "archive", "--verify", file, "--json"])
    assert (told.exit_code, json.loads(told.output)["faults"]) == (0, [])
    public = json.loads(told.output)["public"]
    assert run(args=["exam", "archive", "--verify", file, "--key", public]).exit_code == 0
    forged = tmp_path / "forged.zip"
    _forge(Path(file), forged)
    assert not format_of.check(forged).faults, "by the key inside, all is well"
    for more in ([], ["--key", public]):
        told = run(args=["exam", "archive", "--verify", str(forged), *more])
        assert (told.exit_code, "none of the installation's" in told.output) == (1, True)
    alone = Flask("outside")
    alone.cli.add_command(exam_command)
    told = alone.test_cli_runner().invoke(args=["exam", "archive", "--verify", str(forged)])
    assert (told.exit_code, "was not compared" in told.output) == (2, True)
    Path(file).write_bytes(Path(file).read_bytes().replace(b"PK\x05\x06", b"PK\x05\x07"))
    assert run(args=["exam", "archive", "--verify", file]).exit_code == 1
    assert run(args=["exam", "archive", file]).exit_code == 2


def _forge(genuine: Path, forged: Path) -> None:
    """Change a mark in an archive and sign it with a key of one's own."""
    writer, key = format_of.ArchiveWriter(forged), Ed25519PrivateKey.generate()
    with ZipFile(genuine) as file:
        head = json.loads(file.read(format_of.MANIFEST))
        for name in head.pop("entries"):
            content = file.read(name)
            writer.add(name, [content.replace(b'"points":', b'"points":9', 1) if name == "result.jsonl" else content])
    writer.finish(head, lambda manifest: ("mine", key.public_key().public_bytes_raw(), key.sign(manifest)))


def test_the_board_asks_a_second_person_agrees_and_the_file_lasts_a_day(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    sat_out()
    peng, an, page = enter(app, PENG), enter(app, AN), f"/admin/exams/{exams.EXAM}/archive"
    assert "考试结束、所有人交卷，应急包也过了上交时间" in peng.get(page).get_data(as_text=True)
    clock.instant = OVER
    monkeypatch.setattr(rules, "ALONE", 1)
    assert peng.post(page, data={"reason": ""}).status_code == 422
    assert "另一位有权限的同事同意" in peng.post(page, data={"reason": "存档"}, follow_redirects=True).get_data(as_text=True)
    assert "不能同意自己的申请" in peng.post(f"{page}/1", follow_redirects=True).get_data(as_text=True)
    assert "有 1 份归档申请等您同意" in an.get("/").get_data(as_text=True)
    assert an.post(f"{page}/1").status_code == 302
    part, later = archive._path(1), OVER + timedelta(hours=6)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half an archive")
    with transaction() as session:
        assert store.hold(session, 1)
        archive.expire(later)
        archive.make(later, 1)
        assert (part.read_bytes(), state_of(1)) == (b"half an archive", "queued"), "another worker writes it"
    archive.expire(later - timedelta(seconds=1))
    assert state_of(1) == "queued"
    archive.expire(later)
    assert state_of(1) == "queued", "its job stands behind others"
    with transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))
    archive.expire(later)
    assert (part.exists(), state_of(1)) == (False, "failed")
    with transaction() as session:
        session.execute(text("UPDATE exam_archive SET state = 'queued'"))
    assert an.get(page).headers["Refresh"] == "5"
    assert peng.get(f"{page}/1.zip").status_code == 404
    archive.make(OVER, 1)
    assert "可以下载" in peng.get(page).get_data(as_text=True)
    fetched = peng.get(f"{page}/1.zip")
    with ZipFile(io.BytesIO(fetched.data)) as file:
        assert "key" in file.read("item.jsonl").decode()
        assert not any(line["key"] for line in format_of.lines_of(file, "item.jsonl")), "nobody has opened the keys"
    clock.advance(hours=24)
    assert peng.get(f"{page}/1.zip").status_code == 404
    archive.expire(clock.now())
    assert "已过期" in peng.get(page).get_data(as_text=True)
    with transaction() as session:
        acts = session.scalars(text("SELECT action FROM audit_entry WHERE action LIKE 'archive.%' ORDER BY id")).all()
    assert acts == ["archive.ask", "archive.approve", "archive.fetch"]
    assert enter(app, RUI).get(page).status_code == 403


def opened(at: datetime) -> None:
    """Let two people open the keys."""
    for member in (PENG, AN):
        sealed_key.consent(exams.EXAM, id_of(member), "归档", at)


def numbers() -> list[int]:
    """Return the requests' numbers, the oldest first."""
    with transaction() as session:
        return list(session.scalars(text("SELECT id FROM exam_archive ORDER BY id")))


def asked(now: datetime) -> rules.State:
    """Ask for the archive."""
    return archive.ask(exams.EXAM, reason="归档一下", actor_id=id_of(PENG), now=now)


@pytest.mark.parametrize("how", ["lapsed", "withdrawn"])
def test_no_archive_is_written_without_the_second_yes_that_stands_then(app: Flask, how: str) -> None:
    sat_out()
    opened(OVER)
    assert asked(OVER) is rules.State.QUEUED
    later = OVER + (KEPT if how == "lapsed" else timedelta(minutes=1))
    if how == "withdrawn":
        sealed_key.withdraw(exams.EXAM, id_of(AN), later)
    archive.make(later, 1)
    assert (state_of(1), archive._path(1).exists()) == ("asked", False)
    with transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))  # it is done
    archive.approve(exams.EXAM, 1, actor_id=id_of(AN), now=later)
    archive.make(later, 1)
    assert state_of(1) == "ready"
    assert {line["key_in_bank"] for line in rows(archive._path(1), "answer")} == {""}
    assert not any(line["key"] for line in rows(archive._path(1), "item"))
    assert asked(later) is rules.State.ASKED, "consents that stand no more ask for a second person at once"


def test_an_archive_nobody_agrees_to_lapses_after_a_week_and_one_agreed_to_late_does_not(app: Flask) -> None:
    sat_out()
    assert asked(OVER) is rules.State.ASKED
    late = OVER + rules.OPEN - timedelta(seconds=1)
    archive.expire(late)
    archive.approve(exams.EXAM, 1, actor_id=id_of(AN), now=late)
    archive.expire(OVER + rules.OPEN)
    assert state_of(1) == "queued"
    archive.make(late, 1)
    assert (state_of(1), asked(late)) == ("ready", rules.State.ASKED)
    archive.expire(late + rules.OPEN)
    assert state_of(2) == "expired"
    with pytest.raises(rules.NotWaiting):
        archive.approve(exams.EXAM, 2, actor_id=id_of(AN), now=late + rules.OPEN)


def test_keys_that_stay_open_make_an_archive_at_once(app: Flask) -> None:
    sat_out()
    opened(OVER)
    assert asked(OVER) is rules.State.QUEUED
    archive.make(OVER + KEPT - timedelta(seconds=1), 1)
    assert state_of(1) == "ready"


def test_ov_08_twenty_people_who_ask_five_times_at_once_wait_for_one_archive_each(app: Flask) -> None:
    sat_out()
    with transaction() as session:
        people = [rows_of.person(session, account=f"m{number}", name="管理员") for number in range(20)]
        session.execute(text("DELETE FROM procrastinate_jobs"))
    opened(OVER)

    def ask(person: int) -> str:
        try:
            return archive.ask(exams.EXAM, reason="存档", actor_id=person, now=OVER)
        except rules.AlreadyAsked as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        told = Counter(pool.map(ask, [person for person in people for _again in range(5)]))
    assert told == {"queued": 20, "archive_already_asked": 80}
    with transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 20
        assert session.execute(text("SELECT count(DISTINCT asked_by), count(*) FROM exam_archive")).one() == (20, 20)
        made, first = session.execute(text("SELECT id, asked_by FROM exam_archive ORDER BY id LIMIT 1")).one()  # 1, unless a refusal took that number
    archive.make(OVER, made)
    assert ask(first) == "queued", "who has hers may ask again"


def test_what_waits_is_cancelled_by_who_asked_or_by_a_manager(app: Flask, clock: FixedClock) -> None:
    sat_out()
    clock.instant = OVER
    peng, an, page = enter(app, PENG), enter(app, AN), f"/admin/exams/{exams.EXAM}/archive"
    for member, client in ((PENG, peng), (AN, an)):
        client.post(page, data={"reason": "存档"})
        assert "您已申请过这场考试的归档" in client.post(page, data={"reason": "存档"}, follow_redirects=True).get_data(as_text=True), member.name
    assert an.get(page).get_data(as_text=True).count("撤回这份归档申请？") == 1, "her own"
    assert peng.get(page).get_data(as_text=True).count("撤回这份归档申请？") == 2
    (mine, hers) = numbers()
    assert "只有申请人和考试管理人员可以撤回" in an.post(f"{page}/{mine}/cancel", follow_redirects=True).get_data(as_text=True)
    assert "已撤回归档申请" in an.post(f"{page}/{hers}/cancel", follow_redirects=True).get_data(as_text=True)
    an.post(page, data={"reason": "再存档"})
    again = numbers()[-1]
    an.post(f"{page}/{mine}")
    assert (state_of(mine), state_of(hers), state_of(again)) == ("queued", "cancelled", "asked")
    for number in (mine, again):
        assert peng.post(f"{page}/{number}/cancel").status_code == 302
    archive.make(OVER, mine)
    assert (state_of(mine), state_of(again), archive._path(mine).exists()) == ("cancelled", "cancelled", False)
    assert "已经完成、失败或撤回" in peng.post(f"{page}/{again}/cancel", follow_redirects=True).get_data(as_text=True)
    assert "有 1 份归档申请等您同意" not in peng.get("/").get_data(as_text=True)
    assert enter(app, RUI).post(f"{page}/1/cancel").status_code == 403


def test_a_cancelled_archive_is_written_no_further_than_the_next_beat(app: Flask) -> None:
    sat_out()
    opened(OVER)
    assert asked(OVER) is rules.State.QUEUED
    statements: list[str] = []

    def cancel(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)
        if "FROM (SELECT * FROM response_event" in statement:
            archive.cancel(exams.EXAM, 1, actor_id=id_of(PENG), manages=False, now=OVER)

    event.listen(db.engine(), "before_cursor_execute", cancel)
    archive.make(OVER, 1)
    event.remove(db.engine(), "before_cursor_execute", cancel)
    assert (state_of(1), archive._path(1).exists()) == ("cancelled", False)
    assert not any("FROM (SELECT * FROM result" in statement for statement in statements), "it went on"
    assert asked(OVER) is rules.State.QUEUED, "and may be asked for again"


def test_a_file_with_keys_is_not_fetched_once_a_consent_was_withdrawn(app: Flask, clock: FixedClock) -> None:
    sat_out()
    clock.instant = OVER
    peng, page = enter(app, PENG), f"/admin/exams/{exams.EXAM}/archive"
    opened(OVER)
    asked(OVER)
    archive.make(OVER, 1)
    assert peng.get(f"{page}/1.zip").status_code == 200
    sealed_key.withdraw(exams.EXAM, id_of(AN), OVER)
    refused = peng.get(f"{page}/1.zip")
    assert (refused.status_code, "答案已不再开启，不能下载" in refused.get_data(as_text=True)) == (409, True)
    words = peng.get(page).get_data(as_text=True)
    assert ("答案已不再开启，不能下载" in words, "可以下载</" in words) == (True, False)
    asked(OVER)
    archive.approve(exams.EXAM, 2, actor_id=id_of(AN), now=OVER)
    archive.make(OVER, 2)
    assert peng.get(f"{page}/2.zip").status_code == 200, "a file without keys hangs on no consent"
    sealed_key.consent(exams.EXAM, id_of(AN), "归档", OVER)
    assert peng.get(f"{page}/1.zip").status_code == 200


def test_no_archive_tells_a_key_of_the_browser(app: Flask, tmp_path: Path) -> None:
    sat_out()
    keys = {"config_keys": ["a1" * 32, "b2" * 32], "browser_exam_keys": ["c3" * 32]}
    with transaction() as session:
        session.execute(text("UPDATE exam SET settings = settings || CAST(:keys AS jsonb)"), {"keys": json.dumps(keys)})
    path = tmp_path / "archive.zip"
    archive.write(exams.EXAM, path, reason="存档", now=OVER)
    with ZipFile(path) as file:
        told = {key for values in keys.values() for key in values for name in file.namelist() if key.encode() in file.read(name)}
        board = json.loads(file.read("sheets/fairness.json"))["board"]["exam"]
    assert told == set()
    settings = rows(path, "exam")[0]["settings"]
    for name, values in keys.items():
        assert settings[name] == board[name] == fingerprints(values)


def test_names_are_masked_in_words_and_nowhere_else() -> None:
    names = rules.Names(["林晓梅", "林晓", "Tom", "明"])
    told = {"林晓梅": ["林晓梅和林晓、林晓梅", {"words": "Tom came, 和Tom同桌, Tomas not"}], "n": 3, "none": None}
    assert names.masked(told) == {"林晓梅": ["林**和林*、林**", {"words": "T** came, 和T**同桌, Tomas not"}], "n": 3, "none": None}
    assert rules.Names([]).masked("明天") == "明天"
