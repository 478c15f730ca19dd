"""Imports that a worker reads and writes, and what the author chooses about twins."""

import io
import json
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from lxml import html
from python_calamine import load_workbook
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from lms.kernel.link import NotReplicated
from lms.kernel.permissions import Role
from lms.kernel.refusal import Missing
from question_bank.domain.exchange import quiet
from question_bank.domain.item import ItemType
from question_bank.domain.staging import Choice, Report, State, Verdict
from question_bank.formats import alone, apart, reading
from question_bank.formats.unreadable import FileTooHeavy, Unreadable
from question_bank.services import background, exchange, staging
from question_bank.services import bank as banks
from question_bank.services.staging import BatchView
from question_bank.store import staging as store
from question_bank.store import version as versions
from question_bank.store.listing import Filter
from question_bank.store.staging import Batch
from tests.support import rows
from tests.support.cast import RUI, WEI, Member, enter, id_of

STEM = "学生在课堂上突然哭泣时，班主任首先应当怎样回应才最合适呢"


def row(name: str, stem: str) -> str:
    item = {"id": name, "type": "single", "pool": "exam", "stem": stem, "options": [{"text": "甲"}, {"text": "乙"}], "key": [1]}
    return json.dumps(item, ensure_ascii=False) + "\n"


def held() -> int:
    with transaction() as session:
        return int(session.execute(text("SELECT count(*) FROM item_version")).scalar_one())


@pytest.fixture
def bank(app: Flask, clock: FixedClock) -> str:
    banks.create("b", "题库", clock.now())
    return "b"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every file read and written by a worker."""
    monkeypatch.setattr(staging, "SMALL_FILE", 0)
    monkeypatch.setattr(staging, "SMALL_BATCH", 0)


def staged(bank: str, content: str, clock: FixedClock) -> int:
    return staging.stage(bank, "题.jsonl", content.encode(), pool="", person_id=id_of(WEI), now=clock.now())


def stands(bank: str, batch: int) -> Batch:
    return staging.progress(bank, batch, person_id=id_of(WEI))


def seen(bank: str, batch: int, clock: FixedClock) -> BatchView:
    return staging.view(bank, batch, person_id=id_of(WEI))


@pytest.mark.usefixtures("small")
def test_a_file_that_breaks_fails_alone_and_says_so(bank: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, good = staged(bank, row("a", STEM), clock), staged(bank, row("b", "另一道题"), clock)
    fill = store.fill

    def falling(session: Session, batch_id: int, report: Report) -> None:
        fill(session, batch_id, report)
        if batch_id == broken:
            session.execute(text("SELECT 1 / 0"))

    monkeypatch.setattr(store, "fill", falling)
    background.work(clock.now())
    found = stands(bank, broken)
    assert (found.state, found.refusal, stands(bank, good).state) == (State.FAILED, "import_broke", State.STAGED)
    assert not any(seen(bank, broken, clock).counts.values())


def test_an_import_is_shown_to_and_written_by_whoever_uploaded_it(app: Flask, bank: str, clock: FixedClock) -> None:
    batch, other = staged(bank, row("a", STEM), clock), enter(app, RUI)
    for page in ("", "/0", "/refused", "/progress"):
        answer = other.get(f"/bank/b/import/{batch}{page}")
        assert (answer.status_code, STEM in answer.text) == (403, False), page
    for step, form in {"commit": {}, "discard": {}, "0": {"stem": "改"}, "twins": {"position": "all", "choice": "skip"}}.items():
        assert other.post(f"/bank/b/import/{batch}/{step}", data=form).status_code == 403, step
    assert stands(bank, batch).state is State.STAGED
    assert held() == 0
    assert f"/import/{batch}" not in other.get("/bank/b/import").text
    assert STEM in enter(app, WEI).get(f"/bank/b/import/{batch}").text


@pytest.mark.usefixtures("small")
def test_a_worker_reads_and_writes_and_queues_itself(bank: str, clock: FixedClock) -> None:
    batch = staged(bank, row("a", STEM) + row("b", "另一道题") + "{broken\n", clock)
    assert stands(bank, batch).state is State.WAITING
    background.work(clock.now())
    found = seen(bank, batch, clock)
    assert (found.batch.state, found.counts[Verdict.NEW], found.counts[Verdict.REFUSED], held()) == (State.STAGED, 2, 1, 0)
    assert staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now()) is None
    assert held() == 0
    background.work(clock.now())
    assert (stands(bank, batch).state, held()) == (State.COMMITTED, 2)
    with transaction() as session:
        assert session.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'bank.import'")).scalar_one() == 2
        assert session.execute(text("SELECT count(*) FROM import_source")).scalar_one() == 0


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("writing", [False, True])
def test_an_import_given_up_under_the_workers_hands_leaves_nothing(bank: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, writing: bool) -> None:
    batch = staged(bank, row("a", STEM), clock)
    if writing:
        background.work(clock.now())
        staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now())
    judge = exchange.judge_drafts

    def given_up(*arguments: object, **more: object) -> object:
        staging.discard(bank, batch, person_id=id_of(WEI), now=clock.now())
        return judge(*arguments, **{**more, "beat": quiet})  # type: ignore[arg-type]

    monkeypatch.setattr(exchange, "judge_drafts", given_up)
    background.work(clock.now())
    assert (stands(bank, batch).state, held()) == (State.DISCARDED, 0)
    with transaction() as session:
        assert bool(store.lines(session, batch)) is writing


@pytest.mark.usefixtures("small")
def test_a_passing_fault_puts_an_import_off_and_a_lasting_one_gives_the_rows_back(
    app: Flask, bank: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, other = staged(bank, row("a", STEM), clock), staged(bank, row("b", "另一道题"), clock)
    taken = store.take

    def work(fault: str) -> list[State]:
        """Have the worker meet a fault of the database in the first import, raised by the database itself."""

        def meeting(session: Session, batch_id: int) -> bool:
            if batch_id == batch:
                session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{fault}'; END $$"))
            return taken(session, batch_id)

        with monkeypatch.context() as patch:
            patch.setattr(store, "take", meeting)
            background.work(clock.now())
        return [stands(bank, each).state for each in (batch, other)]

    assert work("deadlock_detected") == [State.WAITING, State.STAGED]
    background.work(clock.now())
    staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now())
    assert work("lock_not_available") == [State.WRITING, State.STAGED]
    assert work("division_by_zero") == [State.STAGED, State.STAGED]
    assert "您改好的内容都还在" in enter(app, WEI).get(f"/bank/b/import/{batch}").text
    staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now())
    background.work(clock.now())
    assert (stands(bank, batch).state, stands(bank, batch).refusal, held()) == (State.COMMITTED, None, 1)


@pytest.mark.usefixtures("small")
def test_whoever_lost_the_bank_while_her_import_waited_writes_nothing_and_reads_why(app: Flask, bank: str, clock: FixedClock) -> None:
    near = Member("near", "近文", (Role.AUTHOR,), scope="county")
    author, owner, mine = enter(app, near), enter(app, RUI), id_of(near)
    with transaction() as session:
        unit = rows.unit_tree(session)
    read = staging.stage(bank, "t.jsonl", row("a", STEM).encode(), pool="exam", person_id=mine, now=clock.now())
    background.work(clock.now())
    staging.commit(bank, read, person_id=mine, now=clock.now())
    unread = staging.stage(bank, "t.jsonl", row("b", "另一道题").encode(), pool="exam", person_id=mine, now=clock.now())
    assert owner.post("/bank/b/shares", data={"unit": unit.far_city.code, "right": "read"}).status_code == 302
    background.work(clock.now())
    with transaction() as session:
        assert [store.standing(session, each)[0] for each in (read, unread)] == [State.STAGED, State.FAILED]
    assert held() == 0
    assert "没有向您的单位开放这项权限" in author.get(f"/bank/b/import/{read}").text
    assert owner.post("/bank/b/shares", data={"unit": unit.county.code, "right": "write"}).status_code == 302
    for batch in (read, unread):
        assert "您已没有编写这个题库的权限" in author.get(f"/bank/b/import/{batch}").text
    staging.commit(bank, read, person_id=mine, now=clock.now())
    background.work(clock.now())
    assert held() == 1


@pytest.mark.usefixtures("small")
def test_whoever_lost_her_role_while_her_import_waited_writes_nothing(app: Flask, bank: str, clock: FixedClock) -> None:
    mine = id_of(WEI)
    batch = staging.stage(bank, "t.jsonl", row("a", STEM).encode(), pool="exam", person_id=mine, now=clock.now())
    with transaction() as session:
        session.execute(text("DELETE FROM role_grant WHERE person_id = :person"), {"person": mine})
    background.work(clock.now())
    with transaction() as session:
        assert (store.standing(session, batch)[0], held()) == (State.FAILED, 0)


def test_whoever_may_only_read_a_bank_any_longer_gives_her_import_up_and_writes_nothing(app: Flask, bank: str, clock: FixedClock) -> None:
    near = Member("near", "近文", (Role.AUTHOR,), scope="county")
    author, owner, mine = enter(app, near), enter(app, RUI), id_of(near)
    with transaction() as session:
        county = rows.unit_tree(session).county.code
    batch = staging.stage(bank, "t.jsonl", row("a", STEM).encode(), pool="exam", person_id=mine, now=clock.now())
    here = f"/bank/b/import/{batch}"
    acts = f'{here}/commit"', f'{here}/0"'
    assert all(act in author.get(here).text for act in acts)
    assert owner.post("/bank/b/shares", data={"unit": county, "right": "read"}).status_code == 302
    assert not any(act in author.get(here).text for act in acts)
    assert "这次导入可以放弃，不能写入" in author.get(here).text
    assert author.post(f"{here}/commit").status_code == 403
    assert "已放弃这次导入" in author.post(f"{here}/discard", follow_redirects=True).text
    with transaction() as session:
        assert store.standing(session, batch)[0] is State.DISCARDED


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("fault", [NotReplicated, RuntimeError])
def test_an_import_that_is_stored_stays_so_whatever_is_said_of_its_commit(
    bank: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    batch = staged(bank, row("a", STEM), clock)
    background.work(clock.now())
    staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now())
    step = background._step

    def doubted(session: Session, batch_id: int, now: datetime) -> None:
        step(session, batch_id, now)
        session.commit()
        raise fault

    monkeypatch.setattr(background, "_step", doubted)
    background.work(clock.now())
    assert (stands(bank, batch).state, held()) == (State.COMMITTED, 1)


@pytest.mark.usefixtures("small")
def test_a_file_that_is_no_bank_says_so_on_its_page(bank: str, clock: FixedClock) -> None:
    batch = staged(bank, "这里没有试题", clock)
    background.work(clock.now())
    found = stands(bank, batch)
    assert (found.state, found.refusal) == (State.FAILED, "file_unreadable")


def test_a_file_that_takes_too_long_or_too_much_ends_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileTooHeavy):
        apart.read(row("a", STEM).encode(), seconds=0)
    with pytest.raises(FileTooHeavy):
        apart.read(row("a", "长" * 60_000_000).encode(), seconds=60, memory=200 * 1024 * 1024)


def test_not_even_a_small_plain_text_is_read_by_the_server_itself(bank: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(reading, "read")
    assert seen(bank, staged(bank, row("a", STEM), clock), clock).counts[Verdict.NEW] == 1


def test_what_every_item_loses_is_told_once(app: Flask, bank: str, clock: FixedClock) -> None:
    question = '<question type="truefalse"><questiontext><text>第 {0} 题</text></questiontext><penalty>0.333</penalty>{1}</question>'
    answers = '<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer>'
    author = enter(app, WEI)
    batch = staged(bank, f"<quiz>{''.join(question.format(at, answers) for at in range(90))}</quiz>", clock)
    page = author.get(f"/bank/b/import/{batch}?verdict=refused").text
    lost = seen(bank, batch, clock).losses
    assert len(lost) >= 90
    assert page.count(lost[0].what) == 1
    assert ("第 5 题" in page, "第 6 题" in page) == (True, False)


def test_a_twin_is_updated_skipped_or_taken_as_new_and_nothing_happens_twice(bank: str, clock: FixedClock) -> None:
    exchange.import_file(bank, row("a", STEM).encode(), author_id=id_of(WEI), now=clock.now())
    content = row("mine", STEM.replace("哭泣", "大哭"))

    batch = staged(bank, content, clock)
    found = seen(bank, batch, clock)
    assert (found.lines[0][1].twin, found.alike) == ("a", 1)
    assert {piece.text for piece in found.differences[0].pieces if piece.kind != "same"} == {"泣", "大"}
    staging.skip_alike(bank, batch, person_id=id_of(WEI))
    assert staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now()) == 0

    batch = staged(bank, content, clock)
    staging.choose(bank, batch, 0, Choice.UPDATE, person_id=id_of(WEI), now=clock.now())
    assert seen(bank, batch, clock).counts[Verdict.CHANGE] == 1
    assert staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now()) == 1
    with transaction() as session:
        rows = session.execute(text("SELECT i.external_id, v.number FROM item i JOIN item_version v ON v.id = i.latest_version_id")).all()
    assert [tuple(each) for each in rows] == [("a", 2)]

    batch = staged(bank, content, clock)
    counts = seen(bank, batch, clock).counts
    assert counts[Verdict.NEW] + counts[Verdict.CHANGE] == 0
    assert staging.commit(bank, batch, person_id=id_of(WEI), now=clock.now()) == 0


def test_showing_mending_or_choosing_one_row_loads_neither_the_file_nor_the_bank(bank: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.import_file(bank, row("a", STEM).encode(), author_id=id_of(WEI), now=clock.now())
    batch = staged(bank, row("mine", STEM.replace("哭泣", "大哭")) + row("b", "第二道题"), clock)
    monkeypatch.delattr(store, "lines")
    monkeypatch.delattr(versions, "searched")
    author, now = id_of(WEI), clock.now()
    draft = staging.row(bank, batch, 0, person_id=author).line.draft
    staging.choose(bank, batch, 0, Choice.UPDATE, person_id=author, now=now)
    assert staging.row(bank, batch, 0, person_id=author).line.verdict is Verdict.CHANGE
    mended = staging.mend(bank, batch, 1, replace(draft, external_id="b"), person_id=author, now=now)
    assert (mended.verdict, [each.code for each in mended.faults]) == (Verdict.REFUSED, ["same_in_file"])
    for nowhere in (2, -1):
        with pytest.raises(Missing):
            staging.row(bank, batch, nowhere, person_id=author)


def test_few_drafts_find_the_twins_that_many_find(bank: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    stems = [STEM, STEM.replace("首先", "先"), "一二", "甲", STEM + "，" + STEM[:9], "The teacher asks the pupil to wait", "正确"]
    exchange.import_file(bank, "".join(row(f"i{at}", stem) for at, stem in enumerate(stems)).encode(), author_id=None, now=clock.now())
    asked = [*stems, STEM.replace("哭泣", "大哭"), STEM[::2], STEM[3:], STEM + "呢", "一二三", "The teacher asks the pupils to wait", "无关", STEM[::2] + "呢"]
    drafts = reading.read("".join(row(f"n{at}", stem) for at, stem in enumerate(asked)).encode()).drafts
    with transaction() as session:
        found = banks.existing(session, bank)
        few = exchange.twins_of(session, found.id, drafts, range(len(drafts)))
        monkeypatch.setattr(exchange, "PROBES", 0)
        assert exchange.twins_of(session, found.id, drafts, range(len(drafts))) == few
    assert [at for at in range(len(asked)) if at not in few] == [8]
    assert few[14][:2] == (None, 8), "where the bank has none, an earlier row of the file"


def test_two_rows_much_alike_are_shown_side_by_side_until_one_is_mended(app: Flask, bank: str, clock: FixedClock) -> None:
    batch = staged(bank, row("a", STEM) + row("b", "另一道题") + row("c", STEM.replace("哭泣", "大哭")), clock)
    author, mine = enter(app, WEI), id_of(WEI)

    def third() -> tuple[int | None, Verdict, int]:
        found = seen(bank, batch, clock)
        line = dict(found.lines)[2]
        return line.twin_row, line.verdict, found.alike

    assert third() == (0, Verdict.NEW, 1)
    page = author.get(f"/bank/b/import/{batch}").text
    assert ("与文件中的 第 1 行 有" in page, 'value="update"' in page) == (True, False)
    staging.choose(bank, batch, 2, Choice.UPDATE, person_id=mine, now=clock.now())
    assert third() == (0, Verdict.NEW, 1), "no item of the bank can be updated with it"
    staging.choose(bank, batch, 2, Choice.SKIP, person_id=mine, now=clock.now())
    assert third() == (0, Verdict.SKIPPED, 0)
    staging.choose(bank, batch, 2, Choice.NEW, person_id=mine, now=clock.now())
    assert third() == (0, Verdict.NEW, 1)
    first = staging.row(bank, batch, 0, person_id=mine).line.draft
    staging.mend(bank, batch, 0, replace(first, stem="完全不同的一道题"), person_id=mine, now=clock.now())
    assert third() == (None, Verdict.NEW, 0)


def test_a_row_is_no_twin_of_one_that_is_refused(app: Flask, bank: str, clock: FixedClock) -> None:
    batch = staged(bank, row("a", STEM).replace('"key": [1]', '"key": []') + row("b", STEM.replace("哭泣", "大哭")), clock)
    found = seen(bank, batch, clock)
    first, second = (dict(found.lines)[at] for at in (0, 1))
    assert (first.verdict, second.verdict) == (Verdict.REFUSED, Verdict.NEW)
    assert (second.twin_row, found.alike) == (None, 0), "one button would leave out the good row for the sake of the bad one"


def test_a_change_is_shown_and_what_only_has_the_number_of_another_item_is_a_new_one(app: Flask, bank: str, clock: FixedClock) -> None:
    exchange.import_file(bank, (row("1", STEM) + row("2", "第二道题问的是别的事情")).encode(), author_id=None, now=clock.now())
    batch = staged(bank, row("1", "中国古代四大发明之一的造纸术由谁改进") + row("2", "第二道题问的是别的什么事情"), clock)
    found, mine = dict(seen(bank, batch, clock).lines), id_of(WEI)
    assert [(found[at].verdict, found[at].twin, found[at].is_namesake) for at in (0, 1)] == [(Verdict.NEW, "1", True), (Verdict.CHANGE, "2", False)]
    assert seen(bank, batch, clock).alike == 0, "not among those that one button skips"
    page = enter(app, WEI).get(f"/bank/b/import/{batch}").text
    for words in ("题库中的 1 是另一道题", STEM, "编号在题库中属于另一道题", "与题库中同一编号的 2 有", "<ins>什么</ins>", "有 1 行会更新题库中的试题"):
        assert words in page, words
    staging.choose(bank, batch, 0, Choice.UPDATE, person_id=mine, now=clock.now())
    assert seen(bank, batch, clock).counts[Verdict.CHANGE] == 2
    staging.choose(bank, batch, 0, Choice.NEW, person_id=mine, now=clock.now())
    staging.choose(bank, batch, 1, Choice.SKIP, person_id=mine, now=clock.now())
    assert seen(bank, batch, clock).counts[Verdict.SKIPPED] == 1
    staging.choose(bank, batch, 1, Choice.NEW, person_id=mine, now=clock.now())
    assert seen(bank, batch, clock).counts[Verdict.NEW] == 2, "much alike, and yet another item where the author says so"
    staging.choose(bank, batch, 1, Choice.UPDATE, person_id=mine, now=clock.now())
    assert staging.commit(bank, batch, person_id=mine, now=clock.now()) == 2
    with transaction() as session:
        rows = session.execute(text("SELECT external_id, plain, v.number FROM item i JOIN item_version v ON v.id = latest_version_id ORDER BY i.id")).all()
    assert [(name.partition("-")[0], plain[:3], number) for name, plain, number in rows] == [("1", STEM[:3], 1), ("2", "第二道", 2), ("1", "中国古", 1)]


def test_an_update_tells_all_it_changes_and_once_written_leads_to_both_versions(app: Flask, bank: str, clock: FixedClock) -> None:
    whole = row("1", STEM).replace('"key"', '"level": "apply", "explanation": "先稳定情绪。", "enemies": ["2"], "key"')
    exchange.import_file(bank, (whole + row("2", "第二道题问的是别的事情")).encode(), author_id=None, now=clock.now())
    batch, author = staged(bank, row("1", STEM).replace("[1]", "[0]").replace('"pool": "exam", ', ""), clock), enter(app, WEI)
    page = html.document_fromstring(author.get(f"/bank/b/import/{batch}").text)
    told = {each.findtext("p"): [(run.tag, run.text) for run in each.findall("p")[1]] for each in page.find_class("change")}
    assert told == {"答案": [("del", "B"), ("ins", "A")], "解析": [("del", "先稳定情绪。")]}, "what the file says nothing of stays"
    author.post(f"/bank/b/import/{batch}/commit")
    page = html.document_fromstring(author.get(f"/bank/b/import/{batch}").text)
    (compared,) = page.xpath("//a[contains(@href, '/compare')]/@href")
    assert not page.find_class("change"), "the bank has moved on"
    assert "从第 1 版到第 2 版的改动" in author.get(compared).text


def test_a_formulaic_question_under_a_taken_number_is_a_new_item_where_the_author_says_so(app: Flask, bank: str, clock: FixedClock) -> None:
    exchange.import_file(bank, (row("1", "计算 25×4 的值") + row("2", "如图，求 x")).encode(), author_id=None, now=clock.now())
    content = row("1", "计算 125×8 的值") + row("2", "如图，求 x").replace('"key": [1]', '"key": [0]')
    batch, mine = staged(bank, content, clock), id_of(WEI)
    found = dict(seen(bank, batch, clock).lines)
    assert [(found[at].verdict, found[at].twin) for at in (0, 1)] == [(Verdict.CHANGE, "1"), (Verdict.CHANGE, None)]
    assert found[0].choice is Choice.UPDATE
    staging.choose(bank, batch, 0, Choice.NEW, person_id=mine, now=clock.now())
    assert staging.commit(bank, batch, person_id=mine, now=clock.now()) == 2
    with transaction() as session:
        rows = session.execute(text("SELECT external_id, v.number FROM item i JOIN item_version v ON v.id = latest_version_id ORDER BY i.id")).all()
    assert [(name.partition("-")[0], number) for name, number in rows] == [("1", 1), ("2", 2), ("1", 1)]
    again = seen(bank, staged(bank, content, clock), clock).counts
    assert (again[Verdict.SAME], sum(again.values())) == (2, 2), "the same file finds the item under its own number"
    anew = row("1", "造纸术由谁改进")
    with transaction() as session:
        read = reading.read(anew.encode())
        bank_id = banks.existing(session, bank).id
        assert [exchange.judge(session, bank_id, read, as_updates=asked).lines[0].verdict for asked in (False, True)] == [Verdict.NEW, Verdict.CHANGE]


def test_an_update_means_the_item_of_the_number_and_the_one_that_was_shown(bank: str, clock: FixedClock) -> None:
    mine, asked = id_of(WEI), "下列关于心理辅导保密原则的说法正确的是"
    exchange.import_file(bank, (row("1", asked + "甲乙丙丁戊己庚辛") + row("7", asked + "哪")).encode(), author_id=None, now=clock.now())
    batch = staged(bank, row("1", asked + "？"), clock)

    def shown() -> tuple[Verdict, str | None, str | None]:
        line = staging.row(bank, batch, 0, person_id=mine).line
        return line.verdict, line.twin, str(line.likeness)

    assert shown()[:2] == (Verdict.CHANGE, "1")
    staging.choose(bank, batch, 0, Choice.NEW, person_id=mine, now=clock.now())
    assert shown()[:2] == (Verdict.NEW, "1"), "7 is nearer, but not what the author looked at"
    staging.choose(bank, batch, 0, Choice.UPDATE, person_id=mine, now=clock.now())
    assert shown()[:2] == (Verdict.CHANGE, "1")
    staging.choose(bank, batch, 0, Choice.NEW, person_id=mine, now=clock.now())
    assert staging.commit(bank, batch, person_id=mine, now=clock.now()) == 1
    read = reading.read(row("1", asked + "？").encode())  # 1 and 1-hash: two items now
    with transaction() as session:
        bank_id = banks.existing(session, bank).id
        usual, update = (exchange.judge(session, bank_id, read, as_updates=asked).lines[0] for asked in (False, True))
    assert usual.verdict is Verdict.SAME
    assert [each.code for each in update.faults] == ["same_in_bank"], "1 would ask what 1-hash asks"


def test_what_a_row_lost_stands_at_the_row_and_on_a_sheet_beside_the_refused_ones(app: Flask, bank: str, clock: FixedClock) -> None:
    one = '<question type="truefalse"><questiontext><text>第{}题</text></questiontext><penalty>0.333</penalty>'
    one += '<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer></question>'
    batch = staged(bank, f"<quiz>{''.join(map(one.format, '一二三四五六七'))}</quiz>", clock)
    author, lost = enter(app, WEI), seen(bank, batch, clock).losses
    assert author.get(f"/bank/b/import/{batch}").text.count(lost[0].what) == 1 + len(lost) >= 8
    content = author.get(f"/bank/b/import/{batch}/refused").data
    assert load_workbook(io.BytesIO(content)).get_sheet_by_name("未导入的内容").to_python()[1:] == [[loss.place, loss.what] for loss in lost]
    with pytest.raises(Unreadable):  # there is no item in it
        reading.read(content)


def test_a_row_that_says_no_more_than_its_type_is_shown_and_may_be_mended(app: Flask, bank: str, clock: FixedClock) -> None:
    bare = ["", "甲", "____"]
    content = "".join(json.dumps({"type": kind, "stem": stem}) + "\n" for kind in ItemType for stem in bare)
    batch, author = staged(bank, content, clock), enter(app, WEI)
    shown = [author.get(f"/bank/b/import/{batch}{rest}") for rest in ("", "/refused", *(f"/{at}" for at in range(len(ItemType) * len(bare))))]
    assert {answer.status_code for answer in shown} == {200}


def test_words_of_a_file_are_told_without_signs_that_no_database_takes(bank: str, clock: FixedClock) -> None:
    item = json.loads(row("q", STEM)) | {"level": "难\x00\ud800", "enemies": ["没有\x00"], "source": "教材\n第一章"}
    batch = staged(bank, json.dumps(item) + "\n", clock)
    told, ((_, line),) = seen(bank, batch, clock).losses, seen(bank, batch, clock).lines
    assert ("难\ufffd\ufffd" in told[0].what, line.draft.source) == (True, "教材 第一章")


def test_a_key_that_cannot_be_read_is_told_as_the_file_has_it(app: Flask, bank: str, clock: FixedClock) -> None:
    batch = staged(bank, "题型,题干,答案\n判断题,心理辅导记录可以随意放在公共办公桌上。,不对吧\n", clock)
    assert "文件中写的是“不对吧”" in enter(app, WEI).get(f"/bank/b/import/{batch}/0").text


def test_a_row_mended_into_anothers_content_or_name_is_told_at_the_later_one_and_a_contradiction_at_both(bank: str, clock: FixedClock) -> None:
    batch, author = staged(bank, row("a", STEM) + row("b", "第二道") + row("c", "第三道"), clock), id_of(WEI)

    def faults(position: int, **changes: object) -> list[list[str]]:
        """Mend a row and return what is wrong with each."""
        draft = staging.row(bank, batch, position, person_id=author).line.draft
        staging.mend(bank, batch, position, replace(draft, **changes), person_id=author, now=clock.now())  # type: ignore[arg-type]
        with transaction() as session:
            return [[each.code for each in line.faults] for line in store.lines(session, batch)]

    assert faults(0, stem="第三道") == [[], [], ["same_in_file"]]
    assert faults(0, stem="第三道", key=(0,)) == [["keys_differ"], [], ["keys_differ"]]
    assert faults(0, stem=STEM, external_id="c") == [[], [], ["id_twice"]]
    assert faults(1, external_id="a") == [[], [], ["id_twice"]]
    assert faults(0, external_id="d") == [[], [], []]


def test_a_file_that_tells_keys_of_other_peoples_items_is_recorded(app: Flask, bank: str, clock: FixedClock) -> None:
    exchange.import_file(bank, (row("a", STEM) + row("b", "第二道") + row("e", "第五道")).encode(), author_id=None, now=clock.now())
    exchange.import_file(bank, row("own", "自己的一道").encode(), author_id=id_of(WEI), now=clock.now())
    nameless, right, wrong = (row("", STEM).replace('"id": "", ', ""), '"key": [1]', '"key": [0]')

    def told() -> list[str]:
        with transaction() as session:
            rows = session.execute(text("SELECT subject, actor_id FROM audit_entry WHERE action = 'item.view_key' ORDER BY id")).all()
            items = {str(subject): str(name) for subject, name in session.execute(text("SELECT 'item:' || id, external_id FROM item"))}
        assert {person for _subject, person in rows} <= {id_of(WEI)}
        return [items[subject] for subject, _person in rows]

    staged(bank, row("c", "第三道") + row("own", "自己的一道"), clock)
    assert told() == [], "a new item, and her own"
    staged(bank, nameless.replace(right, wrong), clock)
    assert told() == ["a"], "that its key is another, as the refusal says"
    batch = staged(bank, nameless + row("b", "第二道") + row("d", "第四道"), clock)
    assert told() == ["a", "a", "b"], "that the guess was right, as the row that changes nothing says"
    author = enter(app, WEI)
    assert author.get(f"/bank/b/import/{batch}").status_code == 200
    assert author.get(f"/bank/b/import/{batch}/refused").status_code == 200
    draft = staging.row(bank, batch, 2, person_id=id_of(WEI)).line.draft
    for again in range(2):
        guess = replace(draft, external_id="e", stem="第五道", key=(again,))
        verdict = staging.mend(bank, batch, 2, guess, person_id=id_of(WEI), now=clock.now()).verdict
        assert verdict is (Verdict.CHANGE, Verdict.SAME)[again]
    assert told() == ["a", "a", "b", "e"], "once for each row"


def test_rows_to_be_mended_lead_from_one_to_the_next(bank: str, clock: FixedClock) -> None:
    keyless = row("a", STEM).replace('"key": [1]', '"key": []')
    batch = staged(bank, row("b", "第二道") + keyless + keyless.replace(STEM, "第三道").replace('"a"', '"c"'), clock)
    assert [staging.row(bank, batch, at, person_id=id_of(WEI)).other for at in range(3)] == [1, 2, 1]


def test_a_list_of_rows_shows_words_and_no_notation(app: Flask, bank: str, clock: FixedClock) -> None:
    batch = staged(bank, row("a", f"<p>看图 ![](picture:{'0' * 64})</p>求 \\(x^2\\)"), clock)
    page = enter(app, WEI).get(f"/bank/b/import/{batch}").text
    assert ("看图 [图片] 求 x^2" in page, "picture:" in page, "&lt;p&gt;" in page) == (True, False, False)


def test_mending_one_half_of_a_pair_frees_the_other(bank: str, clock: FixedClock) -> None:
    batch = staged(bank, row("a", STEM) + row("b", STEM) + row("c", "第三道"), clock)
    assert seen(bank, batch, clock).counts[Verdict.REFUSED] == 1
    first = staging.row(bank, batch, 0, person_id=id_of(WEI)).line.draft
    assert staging.mend(bank, batch, 0, replace(first, stem="完全不同的一道题"), person_id=id_of(WEI), now=clock.now()).verdict is Verdict.NEW
    assert seen(bank, batch, clock).counts[Verdict.NEW] == 3


def test_a_fault_of_the_reader_is_told_apart_from_a_file_that_is_too_much(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("resource.setrlimit", lambda *_limits: None)
    monkeypatch.setattr("os.nice", lambda _step: 0)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}")))
    monkeypatch.delattr(reading, "read")
    assert alone.main(["1", "1", ""]) == 3
    code, _, how = capsys.readouterr().out.partition("\n")
    assert (code, "AttributeError" in how) == ("import_broke", True)


def test_a_file_may_call_a_topic_by_its_name_and_a_slip_of_the_pen_is_told(app: Flask, clock: FixedClock) -> None:
    banks.create("b", "题库", clock.now(), {"crisis": "心理危机干预", "group": "团体辅导"})
    written = {"按名称": "心理危机 干预", "按编码": "Crisis", "笔误": "心里危机干预"}
    content = "".join(
        json.dumps(json.loads(row(name, f"{STEM}（{name}）{name * 5}")) | {"topic": topic}, ensure_ascii=False) + "\n" for name, topic in written.items()
    )
    batch = staged("b", content, clock)
    assert seen("b", batch, clock).new_topics == {"心里危机干预": 1}
    page = html.fromstring(enter(app, WEI).get(f"/bank/b/import/{batch}").text)
    assert "题库里还没有文件中的 1 个知识点" in page.text_content()
    assert "“心里危机干预”（1 题）" in page.text_content()
    staging.commit("b", batch, person_id=id_of(WEI), now=clock.now())
    assert seen("b", batch, clock).new_topics == {}
    topics = {each.external_id: each.topic for each in banks.page("b", Filter()).items}
    assert topics == {"按名称": "crisis", "按编码": "crisis", "笔误": "心里危机干预"}
    again = staged("b", content.replace("心里危机干预", "心里危机 干预"), clock)  # a topic that only an item carries is called loosely, too
    assert seen("b", again, clock).new_topics == {}
    assert {line.verdict for _, line in seen("b", again, clock).lines} == {Verdict.SAME}
