"""Banks from other systems in, and out again: nothing changes on the way, and what cannot go is told."""

import json
from pathlib import Path

import pytest
from flask import Flask

from tests.question_bank.cli.test_bank import run

BANK = """$CATEGORY: $course$/top/危机干预

// [id:s-1] [tag:重点]
::教材::哪一个先做？ {=倾听 #先建立信任 ~通知 ~等待####先听后说}

选两项 {~%50%甲 ~%50%乙 ~%-100%丙}

保密没有例外。{F}

造纸术是 {=蔡伦 =蔡敬仲} 改进的。

圆周率？{#3.14:0.01}

首都 {=中国 -> 北京 =日本 -> 东京 = -> 巴黎}

谈谈你的做法。{}
"""


@pytest.mark.parametrize("form", ["gift", "moodle", "qti"])
def test_what_goes_out_comes_back_unchanged(app: Flask, tmp_path: Path, form: str) -> None:
    source, exported = tmp_path / "in", tmp_path / "out"
    source.write_text(BANK, "utf-8")
    exit_code, output = run(app, "import", str(source), "--bank", "b", "--pool", "practice", "--json")
    report = json.loads(output)
    assert (exit_code, report["format"], report["read"], report["accepted"]) == (0, "gift", 7, 7)
    assert [loss["place"] for loss in report["losses"]] == ["第 6 行"]
    exit_code, output = run(app, "export", str(exported), "--bank", "b", "--format", form)
    assert (exit_code, output.count("用途未写入")) == (0, 7)
    exit_code, output = run(app, "import", str(exported), "--bank", "b", "--pool", "practice")
    assert (exit_code, output.split(", ", 1)[1].splitlines()[0]) == (0, "0 new, 0 changed, 7 unchanged, 0 refused"), output
