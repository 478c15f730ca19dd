"""The plan as it is asked for on the command line."""

import json
import re
from pathlib import Path

import pytest

from load_tests import plan

PROGRAMME = Path("lms/programmes/jiangxi-2023.toml")


def test_the_plan_prints_writes_one_page_and_fails_where_a_limit_breaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "plan.html"
    assert plan.plan(PROGRAMME, as_json=True, page=page, gbits=5, nodes=None, count=20) == 1
    told = json.loads(capsys.readouterr().out)
    second = told["stretches"][1]
    assert [second["people"], len(second["quarters"]["watching"]["median"])] == [41_150, 14 * 96]
    assert set(second["cities"]) == {"360700", "360300", "360500", "360600", "361000"}
    together = sum(max(one["watching"]["median"]) for one in second["cities"].values())
    assert together == pytest.approx(second["peaks"]["watching"]["median"], rel=0.1)
    assert told["windows"][2]["windows"][0]["a_day"] == 2500
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="|url\(|@import', text), "the page needs something beside itself"
    assert text.count("<svg") > 20
    assert "超出现有 5 Gbit/s" in text
    assert "41,150 人" in text
    assert "2,939 人同时观看" in text


def test_without_a_measurement_no_machines_are_named(tmp_path: Path) -> None:
    found = plan.read(PROGRAMME, capacity=tmp_path / "none.json", count=5)
    told = "\n".join(plan.lines(found, gbits=1_000, nodes=1))
    assert "machines: not measured" in told
    assert "✗" not in told


def test_a_faulty_programme_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "faulty.toml"
    path.write_text(PROGRAMME.read_text(encoding="utf-8").replace('to = "2023-11-17"', 'to = "2023-11-31"', 1), encoding="utf-8")
    assert plan.plan(path, as_json=False, page=None, gbits=None, nodes=None, count=5) == 1
    assert "windows[0].to" in capsys.readouterr().err
