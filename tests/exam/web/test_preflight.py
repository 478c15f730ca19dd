"""The board before the bell, as a page, as a command, and the rate of the waiting room set on it."""

import json
from datetime import timedelta

import msgspec
import pytest
from flask import Flask

from exam.domain.waiting_room import Waiting
from exam.services import attempt
from exam.services.load_test import FILE
from exam.services.payload import EnterExam
from lms.kernel.settings import Settings
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import IVY, LIN, OU, PENG, WEI, enter

BOARD = f"/admin/exams/{exams.EXAM}/preflight"


def test_the_board_says_what_is_sound_and_what_to_do_and_sets_the_rate(app: Flask, settings: Settings) -> None:
    exams.prepared(papers=1)
    exams.enrolled("lin")
    exams.enrolled("cai")
    peng = enter(app, PENG)
    told = peng.get(BOARD).get_data(as_text=True)
    for words in ("少于未开考的 2 人", "没有考生延长时间", "答案封存完好", "没有考试的压测记录", "运行 flask worker", "现在不宜开考"):
        assert words in told, words
    assert enter(app, IVY).get(BOARD).status_code == 403, "who watches a school need not see the machine"
    assert enter(app, LIN).get(BOARD).status_code == 403
    played = {"title": "线上测试", "exam": True, "scale": 2.75, "scales": {"figures": 2.75, "high": 1.5}}
    (settings.var_dir / FILE).write_bytes(msgspec.json.encode({"passed": True, "at": NOON - timedelta(days=1), "scenario": played, "starts_per_second": 44}))
    try:
        run = app.test_cli_runner().invoke(args=["exam", "preflight", exams.EXAM, "--json"])
    finally:
        (settings.var_dir / FILE).unlink()
    found = json.loads(run.output)
    assert (run.exit_code, found["light"]) == (1, "red")
    assert "线上测试，预计高峰（95% 上界）的 150%）通过" in next(one["words"] for one in found["checks"] if one["title"] == "压力测试")
    assert peng.post(f"{BOARD}/rate", data={"rate": "-1"}).status_code == 422
    assert peng.post(f"{BOARD}/rate", data={"rate": "0.01"}).status_code == 302
    assert 'value="0.01"' in peng.get(BOARD).get_data(as_text=True)
    attempt.enter(EnterExam(exams.entry("lin"), "device-of-lin", honesty=True), NOON).wait()
    with pytest.raises(Waiting):
        attempt.enter(EnterExam(exams.entry("cai"), "device-of-cai", honesty=True), NOON).wait()
    total = msgspec.json.decode(enter(app, IVY).get(f"/invigilation/{exams.EXAM}/now").data)["total"]
    assert (total["waiting"], total["not_started"], total["open"]) == (1, 1, 1)
    assert enter(app, IVY).get(f"/invigilation/{exams.EXAM}/people?shown=waiting").get_data(as_text=True).count("/invigilation/attempt/") == 0
    assert "林晓梅" in enter(app, IVY).get(f"/invigilation/{exams.EXAM}/people?shown=waiting").get_data(as_text=True)


def test_the_board_tells_who_sits_the_exam_and_may_see_its_keys(app: Flask) -> None:
    exams.prepared(papers=4)
    exams.enrolled("lin")
    peng, _wei = enter(app, PENG), enter(app, WEI)
    told = peng.get(BOARD).get_data(as_text=True)
    assert "没有考生能在题库看到试题答案" in told
    assert "魏书文" not in told
    exams.enrolled("wei")
    exams.enrolled("peng")  # whose role opens no bank
    told, other = (member.get(BOARD).get_data(as_text=True) for member in (peng, enter(app, OU)))
    for page in (told, other):
        assert "有 1 名考生能在题库看到试题答案" in page
    assert told.count("魏书文") == 1
    assert "魏书文" not in other, "names are for who manages the exam"
