"""The commands by which people give time and read an attempt's log."""

import json
from datetime import timedelta

from flask import Flask

from exam.services import attempt
from exam.services.payload import StartExam
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import IVY, PENG, enter


def test_ax_02_a_person_is_given_more_time_of_an_exam(app: Flask) -> None:
    code = exams.prepared()
    person_id, login_id = exams.enrolled("lin")
    runner = app.test_cli_runner()
    assert "150 %" in runner.invoke(args=["exam", "accommodate", code, "lin", "--percent", "150"]).output
    assert runner.invoke(args=["exam", "accommodate", code, "nobody", "--percent", "150"]).exit_code == 1
    opened = attempt.start(person_id, login_id, StartExam(code, "device-one", honesty=True), NOON)
    assert (opened.deadline - opened.started_at).total_seconds() == 135 * 60
    late = runner.invoke(args=["exam", "accommodate", code, "lin", "--percent", "200"])
    assert (late.exit_code, "已经开考" in late.output) == (1, True), "who sits already is given minutes"


def test_ax_02_more_time_than_the_window_holds_is_told_to_whoever_gives_it(app: Flask) -> None:
    code = exams.prepared(opens=NOON + timedelta(hours=1), closes=NOON + timedelta(minutes=60 + 120))
    exams.enrolled("lin")
    exams.enrolled("cai")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["exam", "accommodate", code, "cai", "--percent", "130"]).stderr == ""
    given = runner.invoke(args=["exam", "accommodate", code, "lin", "--percent", "150"])
    assert (given.exit_code, "0:16:00" in given.stderr) == (0, True)  # 135 minutes, a minute before the end
    form = {"accommodation-account": "lin", "accommodation-percent": "200", "accommodation-reason": "视力障碍"}
    said = enter(app, PENG).post(f"/invigilation/{code}/accommodation", data=form, follow_redirects=True).get_data(as_text=True)
    assert "有 61 分钟用不上" in said
    told = enter(app, PENG).get(f"/admin/exams/{code}/preflight").get_data(as_text=True)
    assert "有 2 名考生延长了时间，其中 1 名用不满" in told


def test_minutes_are_added_and_the_log_is_read(app: Flask) -> None:
    exams.prepared()
    sitter = exams.sitting("lin")
    with transaction() as session:
        attempt_id = exams.attempt_id(session, sitter)
    runner = app.test_cli_runner()
    done = runner.invoke(args=["exam", "give-time", str(attempt_id), "--minutes", "7", "--reason", "停电"])
    assert done.exit_code == 0, done.output
    log = enter(app, IVY).get(f"/invigilation/{exams.EXAM}/incidents").get_data(as_text=True)
    assert "停电" in log, "the invigilators see what the command gave"
    lines = runner.invoke(args=["exam", "timeline", str(attempt_id)]).output.splitlines()
    assert all(json.loads(line) for line in lines)
