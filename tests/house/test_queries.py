"""Every page asks the database few questions, and no more of them where there are more rows."""

import io
from datetime import timedelta
from typing import Any

import pytest
import xlsxwriter
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text

from demo.exams import create_exam
from demo.province import BANK
from exam.domain.regrade import Effect
from exam.services import regrade
from exam.services.blueprint import save as save_blueprint
from lms.domain.attendance import ListKind
from lms.domain.unit import UnitKind
from lms.kernel import db
from lms.kernel.clock import FixedClock
from lms.kernel.db import Session, transaction
from lms.kernel.settings import Settings
from lms.kernel.statement import Prepared
from lms.services import attendance
from lms.store import unit as unit_store
from media.services import asset as assets
from media.store.asset import AssetRow
from question_bank.services import bank as banks
from question_bank.services import exchange, review, staging
from tests.conftest import NOON
from tests.support import cast, database, exams, learning, measured, rows
from tests.support.cast import AN, CAO, CHEN, PENG, RUI, TAO, WEI, enter, id_of
from tests.support.crowd import FIRST, crowd
from tests.support.queries import query_budget
from tests.support.sights import SIGHTS, STRANGER, Sight

MOST, MOST_OF_STAFF = 12, 15
MORE = {"exam_board.one": 24, "unit.page": 20}  # one puts everything about an exam side by side, one leads on to another page
FEW, MANY = 2, 6
STAFF = {"tao": TAO, "wei": WEI, "rong": RUI, "kang": CHEN, "ning": PENG, "xia": CAO, "yan": AN}
ASKED = (
    "INSERT INTO window_request (enrolment_id, opens, closes, reason, asked_at, answer) SELECT id, :now, :now + interval '7 days', '病假', :now, ''"
    " FROM enrolment"
)
PRACTISED = "UPDATE item_pool SET pool = 'practice' WHERE item_id IN (SELECT id FROM item WHERE approved_version_id IS NOT NULL ORDER BY id LIMIT 3)"
LAPSED = "UPDATE grade SET qualified = false WHERE enrolment_id IN (SELECT enrolment_id FROM certificate)"


def arranged(count: int) -> None:
    """Fill an empty database with so many of everything."""
    wei, peng, _rui = id_of(WEI), id_of(PENG), id_of(RUI)  # before the crowd, which takes who is there for its reviewer
    crowd(count + 2)
    staged = [f'{{"id": "like-{n}", "type": "single", "stem": "题干 {n}？", "options": ["甲", "乙"], "key": [0]}}' for n in range(count + 3)]
    written = "\n".join(line.replace("like", "new").replace("题干", "新题") for line in staged)
    measured.measure(exams.BANK, NOON)
    exchange.import_file(exams.BANK, written.encode(), author_id=wei, now=NOON, pool="practice")
    review.submit_all(exams.BANK, person_id=wei, now=NOON)
    staging.stage(exams.BANK, "新试题.jsonl", "\n".join(staged).encode(), pool="practice", person_id=wei, now=NOON)
    regrade.propose(exams.EXAM, item=FIRST, effect=Effect.REPLACE, written="C", reason="答案有误", actor_id=peng, now=NOON)
    for number in range(count):
        banks.create(f"bank-{number}", f"题库 {number}", NOON)
        save_blueprint(exams.small_blueprint(single=number + 1), actor_id=peng, now=NOON)
        create_exam(
            code=f"exam-{number}", programme_code=learning.CODE, title="另一场", bank_code=exams.BANK, blueprint=exams.small_blueprint(), minutes=60,
            opens=NOON, closes=NOON + timedelta(days=9), now=NOON,
        )  # fmt: skip
        listed = workbook([(f"c{one}", "考生", "", number + 1) for one in range(count)])
        attendance.stage(
            listed, file_name="名单.xlsx", programme_code=learning.CODE, kind=ListKind.ASSIGNMENT, component="lesson-plan", actor_id=peng, now=NOON
        )
    with transaction() as session:
        several(session, count)


def several(session: Session, count: int) -> None:
    """Add what SQL and stores add: courses with films, schools, requests, certificates without a pass."""
    tree = rows.unit_tree(session)
    session.execute(text(ASKED), {"now": NOON})
    session.execute(text(PRACTISED))
    session.execute(text(LAPSED))
    for number in range(count):
        session.add(
            AssetRow(code=f"film-{number}", title="影片", state="ready", file_name="f.mp4", created_at=NOON, updated_at=NOON, length_ms=600_000, mp4=True)
        )
        session.flush()
        unit_store.add(session, parent=tree.county, kind=UnitKind.SCHOOL, code=f"990101-2{number}", name=f"第 {number} 小学")
        for taught in learning.taught(session, *(f"第 {one} 讲" for one in range(count))):
            assets.attach_video(session, lesson_id=taught.lesson_id, programme_code=learning.CODE, asset_code=f"film-{number}", title="影片")


def workbook(lines: list[tuple[object, ...]]) -> bytes:
    """Write a signed list."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("账号", "姓名", "学校", "成绩"), *lines]):
            sheet.write_row(number, 0, row)
    return target.getvalue()


def client_of(app: Flask, account: str) -> FlaskClient:
    """Return somebody like the demo's person, signed in: a learner who has sat the exam, one of the staff, or a stranger."""
    if account in STAFF:
        return enter(app, STAFF[account])
    client = app.test_client()
    if account != STRANGER:
        with transaction() as session:
            person_id = rows.person_id(session, "c1")
        assert person_id
        cast.sign_in(client, person_id)
    return client


def address(app: Flask, sight: Sight, endpoint: str) -> str:
    """Write the address of a page with what the database holds."""
    values: dict[str, Any] = {}
    with transaction() as session:
        for name, query in sight.parts.items():
            wanted = query.replace(BANK, exams.BANK).replace("account = 'lin'", "account = 'c1'")
            values[name] = session.execute(text(f"SELECT {wanted}")).scalar()
    with app.test_request_context():
        return app.url_for(endpoint, **values)


def asked(app: Flask) -> dict[str, int]:
    """Open every page and return how many statements each sent."""
    clients = {sight.account: client_of(app, sight.account) for sight in SIGHTS.values()}
    counts = {}
    for endpoint, sight in SIGHTS.items():  # what is asked once for all, as of a programme, is known afterwards
        clients[sight.account].get(address(app, sight, endpoint), follow_redirects=True)
    for endpoint, sight in SIGHTS.items():
        with query_budget(10_000) as sent:
            answer = clients[sight.account].get(address(app, sight, endpoint), follow_redirects=True)
        assert answer.status_code == sight.status, endpoint
        counts[endpoint] = len(sent)
    return counts


def test_no_page_asks_more_where_there_is_more(app: Flask, settings: Settings) -> None:
    arranged(FEW)
    few = asked(app)
    database.empty(settings.database_url)
    arranged(MANY)
    many = asked(app)
    assert {endpoint: (few[endpoint], number) for endpoint, number in many.items() if number > few[endpoint]} == {}
    allowed = {endpoint: MORE.get(endpoint, MOST_OF_STAFF if sight.account in STAFF else MOST) for endpoint, sight in SIGHTS.items()}
    assert {endpoint: number for endpoint, number in many.items() if number > allowed[endpoint]} == {}


def test_a_learners_first_page_asks_nothing_alone_whatever_the_time(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(FEW)
    client = client_of(app, "c1")
    for _ in range(2):  # it learns who asks, and then what the page asks
        client.get("/")
    alone: list[object] = []

    def noted(self: Prepared, *rest: Any) -> Any:
        alone.append(self)
        return run(self, *rest)

    run = Prepared.run
    monkeypatch.setattr(Prepared, "run", noted)
    clock.advance(seconds=60)
    with query_budget(MOST) as sent:
        event.listen(db.reader(), "before_cursor_execute", note := lambda *facts: alone.append(facts[2]))
        answer = client.get("/")
        event.remove(db.reader(), "before_cursor_execute", note)
    assert "测试" in answer.text
    assert any("extra_attempt WHERE" in statement for statement in sent)  # an exam is on her plan
    assert alone == []
