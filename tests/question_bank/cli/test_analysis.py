"""`flask bank analyse` as people and programs call it."""

import json
from pathlib import Path

from flask import Flask

from tests.support import lsat


def test_a_file_is_analysed_and_told_as_json_and_as_a_table(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "lsat.csv"
    file.write_text("a,b,c,d,e\n" + "".join(",".join(map(str, row)) + "\n" for row in lsat.right(lsat.SECTION_7)))
    runner = app.test_cli_runner()
    told = runner.invoke(args=["bank", "analyse", "--responses", str(file), "--json"])
    assert told.exit_code == 0
    found = json.loads(told.stdout)
    assert (found["people"], found["complete"], found["refused"]) == (1000, True, [])
    whole = found["reliability"]
    assert (whole["kind"], round(whole["mean"], 3), round(whole["deviation"], 3)) == ("alpha", 3.707, 1.199)
    assert [round(one, 3) for one in whole["without"]] == [0.396, 0.394, 0.345, 0.415, 0.438]
    assert [model["model"] for model in found["models"]] == ["rasch", "2pl"]
    assert [item["difficulty"] for item in found["items"]] == [0.828, 0.658, 0.772, 0.606, 0.843]
    assert round(found["items"][2]["models"]["2pl"]["slope"], 2) == 1.71
    assert found["items"][0]["advice"] == ["各项指标正常，可以继续使用。"]
    table = runner.invoke(args=["bank", "analyse", "--responses", str(file)])
    assert "alpha (KR-20) 0.453" in table.stdout


def test_the_exit_code_tells_faults_from_unreadable_files(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text("a,b\n1,0\n1\n")
    some = app.test_cli_runner().invoke(args=["bank", "analyse", "--responses", str(file), "--json"])
    assert some.exit_code == 1
    assert json.loads(some.stdout)["refused"][0]["place"] == "3"
    file.write_text("")
    none = app.test_cli_runner().invoke(args=["bank", "analyse", "--responses", str(file), "--json"])
    assert none.exit_code == 2
    assert json.loads(none.stdout)["refused"][0]["code"] == "file_empty"
