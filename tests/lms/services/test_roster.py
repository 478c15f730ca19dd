"""Rosters in the database: taken in whole or not at all, undone, fast."""

import sys
from pathlib import Path
from time import perf_counter

import psycopg
import pytest
from click.testing import Result
from flask import Flask

from lms.domain.person import identity_is_valid
from lms.domain.roster import UndoTooLate
from lms.domain.signing_in import Device
from lms.formats import roster as reader
from lms.formats import roster_workbook
from lms.kernel import installation
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.permissions import Permission
from lms.kernel.security import Seal
from lms.kernel.settings import Settings
from lms.services import person as people
from lms.services import roster as service
from lms.services import signing_in
from lms.services.roster import Imported, NewPerson
from tests.support import cast, rows

TITLES = ["账号", "姓名", "县区", "学校", "手机号", "身份证号", "岗位"]


@pytest.fixture
def seal(settings: Settings) -> Seal:
    return Seal(settings.field_key)


@pytest.fixture
def tree(app: Flask) -> rows.UnitTree:
    with transaction() as session:
        return rows.unit_tree(session)


def workbook(*lines: tuple[str, ...]) -> bytes:
    return roster_workbook.write("名册", TITLES, [line + ("",) * (len(TITLES) - len(line)) for line in lines])


def take_in(body: bytes, seal: Seal, clock: FixedClock, *, unit: str = "990101", dry_run: bool = False) -> Imported:
    return service.take_in(None, unit_code=unit, file_name="a.xlsx", body=body, dry_run=dry_run, seal=seal, now=clock.now())


def number(serial: int) -> str:
    body = f"1101011990{serial // 10_000 % 12 + 1:02}{serial // 1_000 % 28 + 1:02}{serial % 1000:03}"
    return next(body + sign for sign in "0123456789X" if identity_is_valid(body + sign))


def person(account: str, seal: Seal) -> people.PersonView:
    with transaction() as session:
        found = rows.person_id(session, account)
    assert found
    return people.view(cast.id_of(cast.PENG), Permission.MANAGE_PEOPLE, found, seal, cast.LONG_AGO)


def test_new_people_are_made_and_known_ones_changed(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    first = take_in(workbook(("ji2026", "季风", "", tree.school.name, "13900000001")), seal, clock)
    assert (first.created, first.changed) == (1, 0)
    second = take_in(workbook(("ji2026", "季枫", "", tree.next_school.name, "", number(7)), ("lu2026", "路遥", "", tree.school.name)), seal, clock)
    assert (second.created, second.changed, second.unchanged) == (1, 1, 0)
    view = person("ji2026", seal)
    assert (view.person.name, view.person.unit_name, view.masked.phone) == ("季枫", tree.next_school.name, "139****0001")
    assert [held.unit_name for held in view.grants] == [tree.next_school.name], "her role follows her"
    third = take_in(workbook(("lu2026", "路遥", "", tree.school.name)), seal, clock)
    assert (third.created, third.changed, third.unchanged) == (0, 0, 1)


def test_one_fault_leaves_everything_as_it_was(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    take_in(workbook(("ji2026", "季风", "", tree.school.name, "13900000001")), seal, clock)
    cast.id_of(cast.SAM)
    found = take_in(
        workbook(
            ("lu2026", "路遥", "", tree.school.name),
            ("wu2026", "吴桐", "", "没有的学校"),
            ("he2026", "何苗", "", tree.school.name, "13900000001"),
            ("sam", "桑木", "", tree.school.name),
            ("su2026", "苏叶"),
        ),
        seal,
        clock,
    )
    assert [(fault.row, fault.code) for fault in found.faults] == [
        (3, "school_unknown"),
        (4, "phone_taken"),
        (5, "elsewhere"),
        (6, "school_missing"),
    ]
    assert found.import_id is None
    with transaction() as session:
        assert rows.person_id(session, "lu2026") is None


def test_schools_of_one_name_are_told_apart_by_county(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    with transaction() as session:
        from lms.domain.unit import UnitKind

        other = rows.unit(session, tree.city, UnitKind.COUNTY, "990102", "石桥县")
        rows.unit(session, other, UnitKind.SCHOOL, "990102-01", tree.school.name)
    vague = take_in(workbook(("ji2026", "季风", "", tree.school.name)), seal, clock, unit="9901")
    assert [fault.code for fault in vague.faults] == ["school_ambiguous"]
    exact = take_in(workbook(("ji2026", "季风", "石桥县", tree.school.name)), seal, clock, unit="9901")
    assert exact.created == 1


def test_undoing_brings_back_what_was_there(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    take_in(workbook(("ji2026", "季风", "", tree.school.name, "13900000001")), seal, clock)
    second = take_in(workbook(("ji2026", "季枫", "", tree.next_school.name, "13900000002"), ("lu2026", "路遥", "", tree.school.name)), seal, clock)
    assert second.import_id
    done = service.undo(None, second.import_id, clock.now())
    assert (done.deleted, done.restored, done.kept) == (1, 1, 0)
    view = person("ji2026", seal)
    assert (view.person.name, view.person.unit_name, view.masked.phone) == ("季风", tree.school.name, "139****0001")


def test_undoing_keeps_whoever_is_activated_and_refuses_below_a_later_import(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    first = take_in(workbook(("ji2026", "季风", "", tree.school.name), ("lu2026", "路遥", "", tree.school.name)), seal, clock)
    later = take_in(workbook(("lu2026", "路远", "", tree.school.name)), seal, clock)
    assert first.import_id
    assert later.import_id
    with pytest.raises(UndoTooLate):
        service.undo(None, first.import_id, clock.now())
    service.undo(None, later.import_id, clock.now())
    with transaction() as session:
        ji = rows.person_id(session, "ji2026")
        assert ji
        code = signing_in.new_codes(session, [ji], seal, clock.now())[ji]
    device = Device(key=b"k", address="-", description="")
    signing_in.activate(claim="ji2026", code=code, password="平安的 Garden 71", consent=True, device=device, seal=seal, tries=10, now=clock.now())
    done = service.undo(None, first.import_id, clock.now())
    assert (done.deleted, done.kept) == (1, 1)


def test_a_csv_of_windows_excel_is_read(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    text = f"账号,姓名,学校,身份证号\r\nji2026,季风,{tree.school.name},{number(3)}\r\n"
    for encoding in ("gb18030", "utf-8-sig"):
        assert take_in(text.encode(encoding), seal, clock, dry_run=True).created == 1


def test_nothing_of_a_number_is_stored_in_plain(tree: rows.UnitTree, seal: Seal, clock: FixedClock, settings: Settings) -> None:
    take_in(workbook(("ji2026", "季风", "", tree.school.name, "13912345678", number(5))), seal, clock)
    take_in(workbook(("ji2026", "季风", "", tree.school.name, "13912345679", number(6))), seal, clock)
    with psycopg.connect(settings.database_url) as link:
        for table in ("person", "roster_change", "roster_import", "audit_entry"):
            dump = str(link.execute(f"SELECT t::text FROM {table} t").fetchall())
            assert "139123456" not in dump
            assert number(5) not in dump
            assert number(6) not in dump


def test_a_live_database_refuses_shared_passwords(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    one = [NewPerson(account="ji2026", name="季风", unit_code=tree.school.code)]
    with transaction() as session:
        installation.set_fact(session, "live", value=True)
    with pytest.raises(installation.LiveDatabase), transaction() as session:
        service.bulk_load(session, one, password="平安的 Garden 71", seal=seal, now=clock.now())
    with transaction() as session:
        assert service.bulk_load(session, one, password=None, seal=seal, now=clock.now()).keys() == {"ji2026"}


def test_the_command_line_takes_a_roster_in_and_undoes_it(app: Flask, tree: rows.UnitTree, tmp_path: Path) -> None:
    file = tmp_path / "名册.xlsx"
    file.write_bytes(workbook(("ji2026", "季风", "", tree.school.name), ("x", "", "", tree.school.name)))

    def run(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(args=["people", *arguments])

    found = run("import", str(file), "--unit", "990101", "--json")
    assert found.exit_code == 1
    assert '"code": "name_missing"' in found.output
    file.write_bytes(workbook(("ji2026", "季风", "", tree.school.name)))
    assert "nothing stored" in run("import", str(file), "--unit", "990101", "--dry-run").output
    assert "1 new, 0 changed" in run("import", str(file), "--unit", "990101").output
    assert len(run("code", "ji2026").output.strip()) == 14
    assert run("grant", "ji2026", "school_manager", "--unit", "990101-01").exit_code == 0
    assert run("grant", "ji2026", "school_manager", "--unit", "990101-01").exit_code == 1
    assert run("unit", "9903", "新城市", "--kind", "city", "--parent", "99").exit_code == 0
    assert run("unit", "99031", "错误省", "--kind", "province", "--parent", "99").exit_code == 1
    assert "1 deleted" in run("undo", "1").output
    assert run("undo", "1").exit_code == 1
    assert run("import", str(file), "--unit", "nowhere").exit_code == 1


def test_numbers_keep_their_eighteen_signs() -> None:
    lines = [(f"t{serial:06}", "师", "", "学校", f"139{serial:08}", number(serial)) for serial in range(10_000)]
    assert [cells[5] for _number, cells in reader.rows(workbook(*lines))][1:] == [line[5] for line in lines]


@pytest.mark.soak
def test_a_hundred_thousand_rows_take_about_ten_times_as_long_as_ten_thousand(tree: rows.UnitTree, seal: Seal, clock: FixedClock) -> None:
    spans = []
    for many in (10_000, 100_000):
        body = workbook(*((f"t{serial:06}", f"师{chr(0x4E00 + serial % 5000)}", "", tree.school.name, f"139{serial:08}") for serial in range(many)))
        began = perf_counter()
        found = take_in(body, seal, clock)
        stored = perf_counter()
        assert (found.created, found.faults) == (many, ())
        assert found.import_id
        assert service.undo(None, found.import_id, clock.now()).deleted == many
        spans.append((stored - began, perf_counter() - stored))
    sys.stdout.write(f"\nstored and undone in seconds: {spans}\n")
    assert all(later < 20 * earlier for earlier, later in zip(*spans, strict=True)), spans
