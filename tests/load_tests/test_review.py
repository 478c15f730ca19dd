"""What is said after a window, and that no figures are overwritten."""

from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from lms.domain import behaviour as behaviours
from lms.domain import forecast
from lms.kernel.db import transaction
from lms.services import forecast as forecasts
from lms.store import load as store
from load_tests import review
from tests.support import learning, rows


def test_a_review_names_what_differed_and_writes_proposals_beside_the_old_file(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forecasts, "_CASES", 30)
    programme = learning.load(learning.programme_text().replace("online = 1.5", "online = 32"))
    with transaction() as session:
        for number in range(20):
            learning.enrol(session, rows.person(session, account=f"teacher{number}", name="某老师"))
    assert review.judge(learning.CODE, "w2", None) == 1
    assert "0% of the quarters" in capsys.readouterr().err
    really = behaviours.parse(forecasts.BEHAVIOUR.read_text(encoding="utf-8")).having(rush=4)
    stretch = forecast.stretches(programme, {learning.CITY: 20})[1]
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
