"""Import through the real transaction."""

import io
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank import api
from question_bank.domain.draft import Draft
from question_bank.domain.item import Key
from question_bank.domain.staging import Verdict
from question_bank.formats import picture, reading, word_writing, workbook_writing
from question_bank.services import bank as banks
from question_bank.services import exchange, review
from question_bank.store import bank as bank_store
from question_bank.store import version as versions
from tests.support.cast import RUI, WEI, id_of

DEMO = Path(__file__).parents[3] / "demo" / "items"
LINE = (
    '{"id":"%s","type":"single","topic":"t","level":"apply","difficulty":0.8,"pool":"exam","stem":"%s",'
    '"options":[{"text":"甲","explanation":""},{"text":"乙","explanation":""}],"key":[1],"explanation":"因为","enemies":%s}\n'
)


def line(name: str, stem: str, enemies: str = "[]") -> bytes:
    return (LINE % (name, stem, enemies)).encode()


def test_the_demo_bank_comes_in_whole_and_a_second_time_changes_nothing(app: Flask, clock: FixedClock) -> None:
    content = b"".join(path.read_bytes() for path in sorted(DEMO.glob("*.jsonl")))
    author, reviewer = id_of(WEI), id_of(RUI)
    report = exchange.import_file("demo", content, author_id=author, now=clock.now())
    assert (report.count(Verdict.NEW), report.count(Verdict.REFUSED), report.losses) == (len(report.lines), 0, ())
    assert len(report.lines) >= 400
    again = exchange.import_file("demo", content, author_id=author, now=clock.now())
    assert again.count(Verdict.SAME) == len(report.lines)

    with transaction() as session:
        assert api.pool(session, "demo", "exam") == []
    assert review.submit_all("demo", person_id=author, now=clock.now()).done == len(report.lines)
    assert review.approve_all("demo", reviewer_id=author, now=clock.now()).done == 0
    assert review.approve_all("demo", reviewer_id=reviewer, now=clock.now()).done == len(report.lines)
    with transaction() as session:
        exam, practice = api.pool(session, "demo", "exam"), api.pool(session, "demo", "practice")
        assert len(exam) >= 300
        assert not {item.item_id for item in exam} & {item.item_id for item in practice}
        assert any(item.enemies for item in exam)
        versions = [item.version_id for item in exam]
        contents, keys, explanations = api.contents(session, versions), api.keys(session, versions), api.explanations(session, versions)
        assert set(contents) == set(keys) == set(explanations) == set(versions)
        assert all(len(explanations[version].options_html) == len(contents[version].options_html) for version in versions)


def test_a_file_may_name_an_enemy_further_down(app: Flask, clock: FixedClock) -> None:
    exchange.import_file("b", line("a", "第一题的题干", '["b"]') + line("b", "另一道完全不同的"), author_id=id_of(WEI), now=clock.now())
    review.submit_all("b", person_id=id_of(WEI), now=clock.now())
    review.approve_all("b", reviewer_id=id_of(RUI), now=clock.now())
    with transaction() as session:
        first, second = api.pool(session, "b", "exam")
        assert (set(first.enemies), set(second.enemies)) == ({second.item_id}, {first.item_id})
        assert api.keys(session, [first.version_id]) == {first.version_id: Key((1,))}


def test_an_unknown_enemy_is_named_among_the_losses(app: Flask, clock: FixedClock) -> None:
    report = exchange.import_file("b", line("a", "题干", '["zzz"]'), author_id=None, now=clock.now())
    assert [loss.place for loss in report.losses] == ["第 1 行"]


def test_a_change_makes_a_new_version_and_the_approved_one_goes_on_being_served(app: Flask, clock: FixedClock) -> None:
    author = id_of(WEI)
    exchange.import_file("b", line("a", "旧的题干"), author_id=author, now=clock.now())
    review.submit_all("b", person_id=author, now=clock.now())
    review.approve_all("b", reviewer_id=id_of(RUI), now=clock.now())
    report = exchange.import_file("b", line("a", "新的题干"), author_id=author, now=clock.now())
    assert [each.verdict for each in report.lines] == [Verdict.CHANGE]
    with transaction() as session:
        (item,) = api.pool(session, "b", "exam")
        assert api.contents(session, [item.version_id])[item.version_id].stem_html == "旧的题干"
    # The older file again: it was all written before, so it takes nothing back.
    assert exchange.import_file("b", line("a", "旧的题干"), author_id=author, now=clock.now()).lines[0].verdict is Verdict.SAME


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (line("other", "第一题的题干"), "same_in_bank"),
        (line("", "第一题的题干").replace(b'"key":[1]', b'"key":[0]'), "same_other_key"),
    ],
)
def test_the_same_content_is_never_two_items(app: Flask, clock: FixedClock, second: bytes, code: str) -> None:
    exchange.import_file("b", line("a", "第一题的题干"), author_id=None, now=clock.now())
    report = exchange.import_file("b", second, author_id=None, now=clock.now())
    assert [each.code for each in report.lines[0].faults] == [code]


def test_two_files_that_count_their_items_from_one_leave_each_other_alone(app: Flask, clock: FixedClock) -> None:
    """Nor do the parts of a divided item, named by its number and theirs, meet a genuine item of such a name."""
    author, now = id_of(WEI), clock.now()
    first = line("1", "学生在课堂上突然哭泣时应当怎样回应") + line("2", "危机干预的第一步是什么")
    second = line("1", "造纸术是哪一个朝代改进的呢", '["2"]') + line("2", "平行四边形的内角和是多少度")
    exchange.import_file("b", first, author_id=author, now=now)
    report = exchange.import_file("b", second, author_id=author, now=now)
    assert ([each.verdict for each in report.lines], [each.place for each in report.losses]) == ([Verdict.NEW] * 2, ["第 1 行", "第 2 行"])
    review.submit_all("b", person_id=author, now=now)
    review.approve_all("b", reviewer_id=id_of(RUI), now=now)
    with transaction() as session:
        items = {item.item_id: item for item in api.pool(session, "b", "exam")}
        wanted = ["1", "2", *(each.name for each in report.lines)]
        names = {found[0]: name for name, found in versions.named(session, banks.existing(session, "b").id, wanted).items()}
    assert {names[at]: {names[enemy] for enemy in item.enemies} for at, item in items.items()} == {
        "1": set(),
        "2": set(),
        report.lines[0].name: {report.lines[1].name},
        report.lines[1].name: {report.lines[0].name},
    }
    for again in (first, second):
        assert [each.verdict for each in exchange.import_file("b", again, author_id=author, now=now).lines] == [Verdict.SAME] * 2
    exported = exchange.export("b", person_id=author, now=now).content
    assert {each.name for each in exchange.import_file("b", exported, author_id=author, now=now).lines if each.item_id} == set(names.values())
    edited = exchange.import_file("b", second.replace("因为".encode(), "解析".encode()), author_id=author, now=now)
    assert [(each.verdict, each.name) for each in edited.lines] == [(Verdict.CHANGE, each.name) for each in report.lines]


def test_a_twin_is_shown_with_its_likeness(app: Flask, clock: FixedClock) -> None:
    stem = "学生在课堂上突然哭泣时，班主任首先应当怎样回应才最合适呢"
    exchange.import_file("b", line("a", stem), author_id=None, now=clock.now())
    report = exchange.take_in("b", reading.read(line("c", stem.replace("哭泣", "大哭"))), author_id=None, now=clock.now(), dry_run=True)
    assert report.lines[0].twin == "a"
    assert 80 <= (report.lines[0].likeness or 0) < 100


def test_a_dry_run_writes_nothing_and_makes_no_bank(app: Flask, clock: FixedClock) -> None:
    assert exchange.take_in("b", reading.read(line("a", "题干")), author_id=None, now=clock.now(), dry_run=True).accepted == 1
    with transaction() as session:
        assert bank_store.by_code(session, "b") is None


def test_an_export_comes_back_as_it_was(app: Flask, clock: FixedClock) -> None:
    author = id_of(WEI)
    content = (DEMO / "group.jsonl").read_bytes()
    exchange.import_file("b", content, author_id=author, now=clock.now())
    exported = exchange.export("b", person_id=author, now=clock.now()).content
    again = exchange.import_file("b", exported, author_id=author, now=clock.now())
    assert again.format == "excel"
    assert again.count(Verdict.SAME) == len(again.lines) == len(content.splitlines())


@pytest.mark.parametrize("form", ["gift", "moodle", "qti", "word"])
def test_what_a_format_has_no_place_for_stays_when_its_file_comes_back(app: Flask, clock: FixedClock, form: str) -> None:
    author, now = id_of(WEI), clock.now()
    exchange.import_file("b", (DEMO / "group.jsonl").read_bytes(), author_id=author, now=now)
    exported = exchange.export("b", person_id=author, now=now, form=form).content
    again = exchange.import_file("b", exported, author_id=author, now=now)
    assert again.count(Verdict.SAME) == len(again.lines) > 50


def test_what_was_mended_elsewhere_keeps_what_the_format_has_no_place_for(app: Flask, clock: FixedClock) -> None:
    author, now = id_of(WEI), clock.now()
    exchange.import_file("b", line("group-001", "另一道题", "[]"), author_id=author, now=now)
    exchange.import_file("b", line("x", "题干里写错了一个字", '["group-001"]').replace(b'"t"', b'"crisis"'), author_id=author, now=now)
    edited = exchange.export("b", person_id=author, now=now, form="gift").content.replace("写错了".encode(), "改好了".encode())
    report = exchange.import_file("b", edited, author_id=author, now=now)
    assert [each.name for each in report.lines if each.verdict is Verdict.CHANGE] == ["x"]
    with transaction() as session:
        (found,) = [each for each in versions.latest_of_bank(session, bank_store.by_code(session, "b").id) if each.external_id == "x"]  # type: ignore[union-attr]
    assert (found.number, found.topic, found.level, found.difficulty, found.pool, found.enemies) == (2, "crisis", "apply", 0.8, "exam", ("group-001",))


def test_pictures_and_formulas_go_out_and_into_another_bank(app: Flask, clock: FixedClock) -> None:
    held = io.BytesIO()
    Image.new("RGB", (6, 4), "red").save(held, "PNG")
    shown = picture.read(held.getvalue())
    draft = Draft(type="single", stem=rf"看图![红](picture:{shown.digest})求 \(x^2\)", options=("甲", "乙"), key=(1,), pool="exam", difficulty=0.5)
    content = word_writing.write_paper("题库", [draft], {shown.digest: shown})
    assert exchange.import_file("b", content, author_id=id_of(WEI), now=clock.now()).count(Verdict.NEW) == 1
    for form, verdict in (("excel", Verdict.NEW), ("word", Verdict.SAME)):
        exported = exchange.export("b", person_id=id_of(WEI), now=clock.now(), form=form)
        assert exchange.import_file("c", exported.content, author_id=id_of(WEI), now=clock.now()).count(verdict) == 1
    missing = workbook_writing.write_items([draft])
    assert [each.code for line in exchange.import_file("d", missing, author_id=id_of(WEI), now=clock.now()).lines for each in line.faults] == [
        "picture_unknown"
    ]
