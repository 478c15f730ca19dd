"""The plan as it is asked for on the command line."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lms.domain import sizing
from lms.domain.limits import Limits
from load_tests import bench, plan, plan_report
from load_tests.__main__ import main

PROGRAMME = Path("lms/programmes/jiangxi-2023.toml")


def test_the_plan_prints_writes_one_page_and_fails_where_a_limit_breaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "plan.html"
    assert plan.plan(PROGRAMME, as_json=True, page=page, limits=Limits(gbits=5), count=20) == 1
    told = json.loads(capsys.readouterr().out)
    second = told["stretches"][1]
    assert [second["people"], len(second["quarters"]["watching"]["median"])] == [41_150, 14 * 96]
    assert set(second["cities"]) == {"360700", "360300", "360500", "360600", "361000"}
    together = sum(max(one["watching"]["median"]) for one in second["cities"].values())
    assert together == pytest.approx(second["peaks"]["watching"]["median"], rel=0.1)
    assert told["windows"][2]["windows"][0]["a_day"] == 2500
    recomputed(told)
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="|url\(|@import', text), "the page needs something beside itself"
    assert text.count("<svg") > 20
    assert "不够 no-go：5 Gbit/s" in text
    assert [one["needs"]["go"] for one in told["stretches"]] == [False, False, False, True], "the exam asks next to nothing of the line"
    assert told["windows"][0]["windows"][1]["needs"] == second["needs"], "the notice's windows are what was forecast"
    assert "41,150 人" in text
    assert "2,939 人同时观看" in text
    assert text.count("哪些数字左右峰值") == 4, "each window's and the exam's"
    assert "按取值 as figured" in text


def recomputed(told: dict[str, Any]) -> None:
    """Reckon anew what the notice fixes, as somebody does who has the JSON only."""
    windows = [one for one in told["stretches"] if not one["exam"]]
    assert [(one["title"], round(one["closed_form"]["mean_watching"])) for one in windows] == [("第一时段", 2238), ("第二时段", 2939), ("第三时段", 2286)]
    figures = {name: one["value"] for name, one in told["figures"].items()}
    finish = 1 - figures["dropout"] + figures["dropout"] * figures["dropout_watched"]
    for one in windows:
        form, curves, sums = one["closed_form"], one["quarters"], one["sums"]
        assert form["hours_asked"] == one["people"] * form["hours_each"] == pytest.approx(form["mean_watching"] * form["hours_of_stretch"])
        played = form["hours_asked"] * figures["uptake"] * figures["overwatch"] * finish
        hours = told["quarter_seconds"] / 3600
        assert sum(curves["watching"]["figures"]) * hours == pytest.approx(played, rel=1e-6) == sums["watching"]["figures"] == form["hours_played"]
        assert sums["heartbeats"]["figures"] == pytest.approx(played * 3600 / figures["heartbeat_seconds"] * (1 + figures["retry_share"]), rel=1e-6)
        assert max(curves["egress"]["figures"]) == pytest.approx(one["peaks"]["egress"]["figures"], abs=1e-4)
        assert sum(one["people_by_city"].values()) == one["people"]
        assert set(one["people_by_city"]) <= set(told["cities"])
        assert one["sways"]["sign_ins"][0]["figure"] == "session_minutes"
    assert told["what_if"][0]["egress"] == windows[1]["peaks"]["egress"]["figures"]
    assert told["what_if_of"] == windows[1]["code"]
    assert windows[1]["needs"]["growth_gb"] == windows[1]["sums"]["growth"]["high"]
    assert told["units"]["egress"] == {"title": "出口带宽合计", "curve": "Gbit/s", "sum": "TB (10^12 bytes)"}
    assert (told["draws"], told["cities"]["360700"], told["stretches"][3]["exam"]) == (20, "赣州", True)
    assert told["stretches"][3]["sums"]["exam_starts"]["figures"] == pytest.approx(100_000 * figures["exam_share"])


def test_without_a_measurement_no_machines_are_named(tmp_path: Path) -> None:
    found = plan.read(PROGRAMME, capacity=tmp_path / "none.json", count=5, limits=Limits(gbits=1_000, nodes=1))
    told = "\n".join(plan.lines(found))
    assert "machines: not measured" in told
    assert "✗" not in told


def test_paths_that_were_not_measured_are_named_wherever_nodes_are(tmp_path: Path) -> None:
    measured = tmp_path / "bench.json"
    names = ("heartbeat", "segment", "save", "start", "hand-in", "lesson page", "teacher's home", "quiz start")
    rows = [bench.Figure(name, 700, 300, 2, 1000, 50, 1000, 0) for name in names]
    measured.write_bytes(msgspec.json.encode(bench.Saved(2, 1.0, rows)))
    without = plan.read(PROGRAMME, capacity=measured, count=5)
    assert plan.as_dict(without)["not_counted"] == ["quiz hand-in", "sign-in"]
    assert "not measured, so not counted: quiz hand-in, sign-in" in "\n".join(plan.lines(without))
    assert "quiz hand-in、sign-in" in plan_report.html(without)
    rows += [bench.Figure("sign-in", 85_000, 15_000, 200, 20, 900, 100, 0), bench.Figure("quiz hand-in", 9_000, 2_000, 2, 9, 9, 9, 0)]
    assert bench.keep(measured, bench.Saved(2, 1.0, rows)) == ""
    whole = plan.read(PROGRAMME, capacity=measured, count=5)
    assert plan.as_dict(whole)["not_counted"] == []
    assert without.sizes[1].server_cores is not None
    assert whole.sizes[1].server_cores is not None
    more = whole.forecasts[1].total["sign_ins"].high.max() * 0.085 / sizing.BUSY
    assert whole.sizes[1].server_cores > without.sizes[1].server_cores + 0.9 * more
    told = plan.as_dict(replace(whole, limits=Limits(nodes=3)))
    tried: Any = told["nodes_tried"]
    fewer, there, more = tried
    assert [one["nodes"] for one in (fewer, there, more)] == [2, 3, 4]
    assert fewer["filled"] / more["filled"] == pytest.approx(2)
    assert there["codes"] == ["w2"]
    row = [one for one in plan.lines(whole) if one.startswith("    sign-in")][1]
    peak = whole.forecasts[1].peaks["sign_ins"]
    assert f"{peak.median:,.1f} ({peak.high:,.1f}) a second × 85,000 + 15,000 µs = {peak.median * 0.085:.2f} + " in row
    assert plan.as_dict(whole)["microseconds"]["sign-in"] == [85_000, 15_000]  # type: ignore[index]
    assert "4 nodes: " in "\n".join(plan.lines(replace(whole, limits=Limits(nodes=3))))
    assert "现有 there are" in plan_report.html(replace(whole, limits=Limits(nodes=3)))


def test_a_bench_that_failed_or_is_not_whole_leaves_the_last_good_one(tmp_path: Path) -> None:
    measured = tmp_path / "bench.json"
    good = [bench.Figure(name, 700, 300, 2, 1000, 50, 1000, 0) for name in bench.PATHS]
    assert bench.keep(measured, bench.Saved(2, 1.0, good)) == ""
    before = measured.read_bytes()
    broken = [*good[1:], bench.Figure(good[0].name, 7, 3, 2, 1000, 50, 1000, 3)]
    assert good[0].name in bench.keep(measured, bench.Saved(2, 1.0, broken))
    assert good[0].name in bench.keep(measured, bench.Saved(2, 1.0, good[1:]))
    assert measured.read_bytes() == before


def test_limits_and_targets_that_cannot_be_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in (("--draws", "0"), ("--nodes", "-1"), ("--gbits", "nan"), ("--gbits", "0"), ("--scale", "0"), ("--scale", "nan"), ("--seconds", "-5")):
        monkeypatch.setattr("sys.argv", ["load_tests", "run" if wrong[0] in {"--scale", "--seconds"} else "plan", str(PROGRAMME), *wrong])
        with pytest.raises(SystemExit) as refused:
            main()
        assert refused.value.code == 2
        assert "is no number" in capsys.readouterr().err


def test_what_cannot_be_used_is_named_before_anything_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    faulty, picture = tmp_path / "faulty.toml", tmp_path / "picture.toml"
    faulty.write_text(PROGRAMME.read_text(encoding="utf-8").replace('to = "2023-11-17"', 'to = "2023-11-31"', 1), encoding="utf-8")
    picture.write_bytes(b"\x89PNG")
    for command in ("plan", "run", "seed"):
        for path, told in ((tmp_path / "none.toml", "none.toml"), (tmp_path, str(tmp_path)), (picture, "is not UTF-8 text"), (faulty, "windows[0].to: ")):
            monkeypatch.setattr("sys.argv", ["load_tests", command, str(path)])
            assert main() == 2
            said = capsys.readouterr().err
            assert said.startswith("✗ ")
            assert told in said
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for arguments in (
        ["judge"],
        ["review", "jiangxi-2023", "--window", "w2"],
        ["plan", str(PROGRAMME), "--draws", "5", "--html", str(tmp_path / "none/plan.html")],
    ):
        monkeypatch.setattr("sys.argv", ["load_tests", *arguments])
        assert main() == 2
        assert ("plan.html" if "plan" in arguments else "--database URL") in capsys.readouterr().err
