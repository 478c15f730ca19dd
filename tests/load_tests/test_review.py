"""What is said after a window, and that no figures are overwritten."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from lms.domain import behaviour as behaviours
from lms.domain import forecast
from lms.domain.stretch import stretches
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.services import forecast as forecasts
from lms.store import load as store
from load_tests import review
from tests.support import learning, rows
from tests.support.cast import OU, enter


def test_a_review_names_what_differed_and_writes_proposals_beside_the_old_file(
    app: Flask, clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forecasts, "_CASES", 30)
    programme = learning.load(learning.programme_text().replace("online = 1.5", "online = 32"))
    with transaction() as session:
        for number in range(20):
            learning.enrol(session, rows.person(session, account=f"teacher{number}", name="某老师"))
    assert review.judge(learning.CODE, "w2", None) == 1
    assert "0% of the quarters" in capsys.readouterr().err
    really = behaviours.parse(forecasts.BEHAVIOUR.read_text(encoding="utf-8")).having(rush=4)
    stretch = stretches(programme, {learning.CITY: 20})[1]
    people = np.round(forecast.central(stretch, programme, really)["watching"][0]).astype(int)
    with transaction() as session:
        store.add(session, [store.Seen(learning.CODE, "watching", stretch.at(quarter), learning.CITY, int(count)) for quarter, count in enumerate(people)])
    target = tmp_path / "next.toml"
    assert review.judge(learning.CODE, "w2", target) == 0
    assert "rush" in capsys.readouterr().out
    proposed = behaviours.parse(target.read_text(encoding="utf-8"))
    assert proposed.figures["rush"].value > 2.5
    assert proposed.figures["dropout"] == really.figures["dropout"]
    assert review.judge(learning.CODE, "w2", target) == 1, "an old file was overwritten"
    assert review.judge(learning.CODE, "w9", None) == 1
    assert "it has w1, w2, w3" in capsys.readouterr().err
    assert review.judge("nothing", "w2", None) == 1
    assert "没有找到这个培训项目" in capsys.readouterr().err
    # The exam's month likewise, on the command line and on the page.
    capsys.readouterr()
    exam = stretches(programme, {learning.CITY: 60_000})[-1]
    really = behaviours.parse(forecasts.BEHAVIOUR.read_text(encoding="utf-8")).having(uptake=1, exam_share=1, exam_rush=2)
    curves = forecast.central(exam, programme, really)
    with transaction() as session:
        for metric, curve, later in (("in_exam", curves["in_exam"][0], 0), ("exam_starts", curves["exam_starts"][0] * 900, 1)):
            store.add(session, [store.Seen(learning.CODE, metric, exam.at(at + later), learning.CITY, round(people)) for at, people in enumerate(curve)])
    proposals = tmp_path / "exam.toml"
    assert review.judge(learning.CODE, exam.code, proposals) == 0
    told = capsys.readouterr().out
    assert "hours in the exam" in told
    assert "attempts begun" in told
    assert behaviours.parse(proposals.read_text(encoding="utf-8")).figures["exam_rush"].value < 6
    clock.instant = exam.closes + timedelta(days=1)
    page = enter(app, OU).get(f"/manage/programmes/{learning.CODE}/load?stretch={exam.code}").get_data(as_text=True)
    for words in ("计划与实际", "开始考试的人次", "考试总时长", f"--window {exam.code}"):
        assert words in page, words
