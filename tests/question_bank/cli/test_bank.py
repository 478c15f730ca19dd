"""`flask bank` as the operator uses it."""

import json
from pathlib import Path

import pytest
from flask import Flask

from lms.kernel.db import transaction
from question_bank import api, cli
from question_bank.services import exchange
from tests.support.cast import LIN, RUI, WEI, id_of

GOOD = "题型,题干,A,B,答案\n单选,题干一,甲,乙,B\n判断题,题干二,,,√\n"
HALF = GOOD + "单选,题干三,甲,甲,C\n"


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["bank", *arguments])
    return result.exit_code, result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bank.data"


@pytest.mark.parametrize(("content", "code", "accepted"), [(GOOD, 0, 2), (HALF, 1, 2), ("没有试题", 2, 0), ("", 2, 0)])
def test_the_exit_code_and_the_object_say_how_it_went(app: Flask, file: Path, content: str, code: int, accepted: int) -> None:
    file.write_text(content, "utf-8")
    exit_code, output = run(app, "import", str(file), "--bank", "b", "--dry-run", "--json")
    report = json.loads(output)
    assert (exit_code, report["accepted"]) == (code, accepted)
    assert set(report) == {"format", "read", "accepted", "refused", "losses", "twins"}
    if code == 1:
        assert report["refused"] == [{"place": "第 4 行", "code": "option_repeated", "message": "有两个选项完全相同。答案指向不存在的选项。"}]


def test_the_command_survives_what_the_file_does_to_its_reader(app: Flask, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("题干\n", "utf-8")
    monkeypatch.setattr(cli, "SECONDS", 0)
    assert _refused(app, file) == "file_too_heavy"
    monkeypatch.undo()
    file.write_text(GOOD, "utf-8")
    monkeypatch.delattr(exchange, "judge")
    assert _refused(app, file) == "import_broke"


def _refused(app: Flask, file: Path) -> str:
    result = app.test_cli_runner().invoke(args=["bank", "import", str(file), "--bank", "b", "--json"])
    report = json.loads(result.stdout)
    assert (result.exit_code, report["accepted"], len(report["refused"])) == (2, 0, 1)
    return str(report["refused"][0]["code"])


def test_a_number_that_meant_another_question_is_told_and_taken_as_an_update_where_asked(app: Flask, file: Path) -> None:
    numbered = "编号,题型,题干,A,B,答案\n试题编号一,单选,{},{},{},B\n".replace("编号,", "试题编号,", 1)
    file.write_text(numbered.format("下列说法正确的是哪一项", "先倾听再回应", "先下结论"), "utf-8")
    assert run(app, "import", str(file), "--bank", "b")[0] == 0
    file.write_text(numbered.format("三角形内角和是多少度", "90", "180"), "utf-8")
    assert "1 new, 0 changed" in run(app, "import", str(file), "--bank", "b", "--dry-run")[1]
    told = run(app, "import", str(file), "--bank", "b", "--update")[1]
    assert "0 new, 1 changed" in told
    assert "changes 试题编号一, " in told
    file.write_text(numbered.format("三角形内角和是多少", "90", "180"), "utf-8")
    result = app.test_cli_runner().invoke(args=["bank", "import", str(file), "--bank", "b", "--dry-run", "--json"])
    assert json.loads(result.stdout)["accepted"] == 1
    assert "changes 试题编号一, " in result.stderr


def test_the_object_has_the_promised_keys_and_no_others(app: Flask, file: Path) -> None:
    stem = "学生在课堂上突然哭泣时班主任应当怎样回应"
    file.write_text(f"题干,A,B,答案,校对人\n{stem},甲,乙,A,张\n{stem}呢,甲,乙,A,张\n没有答案,甲,乙,,张\n", "utf-8")
    report = json.loads(app.test_cli_runner().invoke(args=["bank", "import", str(file), "--bank", "b", "--update", "--json"]).stdout)
    parts = {"refused": {"place", "code", "message"}, "losses": {"place", "what"}, "twins": {"place", "item", "likeness"}}
    assert report.keys() == {"format", "read", "accepted", *parts}
    file.write_bytes(b"%PDF")
    unread = json.loads(app.test_cli_runner().invoke(args=["bank", "import", str(file), "--bank", "b", "--json"]).stdout)
    assert unread.keys() == report.keys()
    assert {name: set().union(*report[name], *unread[name]) for name in parts} == parts


def test_a_bank_from_file_to_pool(app: Flask, file: Path) -> None:
    id_of(WEI), id_of(RUI), id_of(LIN)
    file.write_text(HALF, "utf-8")
    assert run(app, "create", "b", "--name", "演示题库", "--topic", "crisis=危机干预")[0] == 0
    assert run(app, "import", str(file), "--bank", "b", "--author", "wei", "--pool", "exam")[0] == 1
    assert "2 unchanged" in run(app, "import", str(file), "--bank", "b", "--author", "wei", "--pool", "exam")[1]
    assert run(app, "submit", "--bank", "b", "--as", "wei")[1] == "2 submitted\n"
    assert run(app, "approve", "--bank", "b", "--as", "rui") == (0, "2 approved, 0 refused\n")
    with transaction() as session:
        assert len(api.pool(session, "b", "exam")) == 2
        assert api.topics(session, "b") == {"crisis": "危机干预"}


def test_only_a_reviewer_approves(app: Flask, file: Path) -> None:
    id_of(WEI), id_of(LIN)
    file.write_text(GOOD, "utf-8")
    run(app, "import", str(file), "--bank", "b", "--author", "wei")
    assert run(app, "approve", "--bank", "b", "--as", "wei")[0] == 1
    assert run(app, "import", str(file), "--bank", "b", "--author", "lin")[0] == 2
    assert run(app, "import", str(file), "--bank", "b", "--author", "nobody")[0] == 2
