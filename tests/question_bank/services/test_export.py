"""Large banks are given out by a worker, to the person who asked, for a day."""

import pytest
from flask import Flask

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.domain.draft import Draft
from question_bank.domain.staging import Verdict
from question_bank.services import bank as banks
from question_bank.services import exchange, export
from question_bank.services.item import Named, write
from tests.support.cast import RUI, WEI, enter, id_of


@pytest.fixture
def large(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bank too large for a request."""
    monkeypatch.setattr(export, "AT_ONCE", 1)
    bank_id = banks.create("b", "题库", clock.now())
    drafts = [Draft(external_id=f"n{number}", type="single", stem=f"题 {number}", options=("甲", "乙"), key=(1,), points=200) for number in range(3)]
    with transaction() as session:
        write(session, bank_id, [Named(draft, draft.external_id, None) for draft in drafts], author_id=id_of(WEI), now=clock.now())
    return "b"


def test_a_worker_writes_the_file_and_its_page_tells_how_far_it_is(app: Flask, large: str, clock: FixedClock) -> None:
    author = enter(app, WEI)
    asked = author.get("/bank/b/export?format=word")
    assert author.get("/bank/b/export?format=word").location == asked.location
    assert "正在后台生成文件" in author.get(asked.location).text
    assert author.get(f"{asked.location}/progress").json == {"state": "waiting", "done": 0, "total": 3}
    assert author.get(f"{asked.location}/file").status_code == 404
    export.work(clock.now())
    assert "下载文件" in author.get(asked.location).text
    content = author.get(f"{asked.location}/file").data
    again = exchange.import_file("c", content, author_id=id_of(WEI), now=clock.now())
    assert (again.format, again.count(Verdict.NEW)) == ("word", 3)
    assert enter(app, RUI).get(f"{asked.location}/file").status_code == 404
    clock.advance(hours=24)
    assert author.get(asked.location).status_code == 404
    export.work(clock.now())
    with transaction() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM bank_export").scalar_one() == 0


def test_what_a_format_cannot_carry_is_told_before_the_download(app: Flask, large: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 10)
    author = enter(app, WEI)
    page = author.get("/bank/b/export?format=gift", follow_redirects=True).text
    assert "分值未写入" in page
    assert "<td" in page
    assert author.get("/bank/b/export?format=excel").data.startswith(b"PK")
    assert author.get("/bank/b/export?format=none").status_code == 404


def test_a_bank_that_cannot_be_written_says_so_and_keeps_no_other_waiting(app: Flask, large: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    author = enter(app, WEI)
    broken = author.get("/bank/b/export?format=word").location
    author.get("/bank/b/export?format=jsonl")
    with monkeypatch.context() as patched:
        patched.setattr("question_bank.formats.word_writing._Paper.write", lambda *_: 1 / 0)
        export.work(clock.now())
    assert "文件没有生成成功" in author.get(broken).text
    with transaction() as session:
        assert session.connection().exec_driver_sql("SELECT array_agg(state ORDER BY form) FROM bank_export").scalar_one() == ["ready", "failed"]
