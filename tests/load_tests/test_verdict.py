"""The verdict finds what was acknowledged and is not stored, and names it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
import psycopg
import pytest
from flask import Flask
from msgspec import to_builtins
from msgspec.structs import replace
from werkzeug.test import Client

from demo.stack import StackFailed
from exam.services import load_test
from lms.kernel import db
from lms.kernel.clock import FixedClock
from load_tests import overload
from load_tests.conclusion import judge, keep, told
from load_tests.figures import FILE, INTERVAL, Class, Figures, Line, Second
from load_tests.gauges import Gauge, during, saturated, summary
from load_tests.journal import AnswerKept, BeatKept, HandedIn, Journal, Opened, QuizHandedIn, change_hash
from load_tests.product import MARK, emptied, refuse_used
from load_tests.report import answers, html
from load_tests.scenario import Asked, NotPlayable, completed, scenario
from load_tests.seed import NOTE, Seeded
from load_tests.timed import HEADER, queued, timed
from load_tests.verdict import CityVerdict, Fault, Rate, Verdict, over_budget, stored_is_acknowledged
from tests.support import exams
from tests.support.watching import Player, videos

Owner = Callable[[str], None]
EXAM = 3


@pytest.fixture
def owner(app: Flask) -> Owner:
    """Do as nobody but the database's owner can."""

    def run(statement: str) -> None:
        with psycopg.connect(db._state["url"].replace("+psycopg", ""), autocommit=True) as link:
            link.execute(statement)

    return run


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def url(app: Flask) -> str:
    return str(db._state["url"]).replace("+psycopg", "")


@pytest.fixture
def sat(app: Flask, journal: Path) -> None:
    """Somebody has saved three answers and handed in; her journal knows."""
    exams.prepared()
    sitter = exams.sitting()
    kept = Journal(journal)
    kept.add(Opened(sitter.opened.token, "lin", sitter.opened.paper_hash, str(to_builtins(sitter.opened.deadline))))
    for position, choices in ((1, [0]), (2, [1]), (1, [1])):
        change = sitter.change(position, choices, revision=1 if (position, choices) == (1, [1]) else 0)
        (saved,) = sitter.save(change).saved
        kept.add(AnswerKept(sitter.opened.token, "lin", position, change.seq, saved.revision, saved.choices, change_hash(to_builtins(change))))
    done = sitter.submit()
    kept.add(HandedIn(sitter.opened.token, "lin", "key-of-the-test", done.receipt, done.answered))


@pytest.mark.usefixtures("sat")
def test_what_is_stored_as_acknowledged_passes(journal: Path, url: str) -> None:
    assert stored_is_acknowledged(journal, url) == []


@pytest.mark.usefixtures("sat")
def test_what_locust_leaves_when_started_by_hand_is_judged_by_its_journals_and_figures(journal: Path, url: str, owner: Owner) -> None:
    folder = journal.parent
    journal.rename(folder / "acknowledged-0.jsonl")
    with pytest.raises(NotPlayable, match=r"figures\.json"):
        judge(folder, url)
    asked = completed(Asked(programme="lms/programmes/jiangxi-2023.toml", window=EXAM, people=1, seconds=20))
    there = [Second(at, 1, 0, 9, 1) for at in range(20)]
    left = Figures([line("/api/exam/save"), line("/api/exam/submit", requests=1, p99=10_000)], there, asked=asked)
    (folder / FILE).write_bytes(msgspec.json.encode(left))
    (folder / "acknowledged-1.jsonl").touch()
    found = judge(folder, url)
    assert found.acknowledged_by_kind == {"opened": 1, "answer": 3, "hand_in": 1}
    assert found.budgets["/api/exam/submit"]["p95_ms"] == 800
    assert set(found.scenario["scales"]) == {"figures", "median", "high"}  # type: ignore[call-overload]
    assert [one.words.partition(":")[0] for one in found.faults] == ["POST /api/exam/submit"]
    owner("TRUNCATE submission CASCADE")
    assert "hand-in" in {one.kind for one in judge(folder, url).faults}
    (folder / NOTE).write_bytes(msgspec.json.encode(Seeded("p", 1, [], [], [], "", [], "exam", None)))
    with pytest.raises(NotPlayable, match="seed of window 2"):
        judge(folder, url)


@pytest.mark.usefixtures("sat")
def test_a_deleted_answer_is_found_and_named(journal: Path, url: str, owner: Owner) -> None:
    owner("DELETE FROM response_event WHERE position = 2")
    (fault,) = stored_is_acknowledged(journal, url)
    assert fault.kind == "answer"
    assert "answer of lin" in fault.words
    assert "position 2" in fault.words
    assert "not in the log" in fault.words


@pytest.mark.usefixtures("sat")
def test_an_answer_that_was_changed_behind_our_back_is_found(journal: Path, url: str, owner: Owner) -> None:
    owner("ALTER TABLE attempt DISABLE TRIGGER USER; UPDATE attempt SET answers[2] = '0'; ALTER TABLE attempt ENABLE TRIGGER USER")
    (fault,) = stored_is_acknowledged(journal, url)
    assert "position 2" in fault.words
    assert "stands as '0'" in fault.words


@pytest.mark.usefixtures("sat")
def test_a_start_with_another_deadline_or_paper_or_none_is_found(journal: Path, url: str, owner: Owner) -> None:
    owner("UPDATE attempt SET deadline = deadline + interval '1 minute'")
    (fault,) = stored_is_acknowledged(journal, url)
    assert (fault.kind, "start of lin" in fault.words) == ("start", True)
    owner("SET session_replication_role = replica; UPDATE attempt SET deadline = base_deadline; UPDATE paper SET hash = repeat('0', 64)")
    assert [one.kind for one in stored_is_acknowledged(journal, url)] == ["start"]
    owner("SET session_replication_role = replica; DELETE FROM attempt")
    assert "start" in {one.kind for one in stored_is_acknowledged(journal, url)}


@pytest.mark.usefixtures("sat")
def test_time_given_since_a_start_is_no_fault_and_time_that_nobody_gave_is(journal: Path, url: str, owner: Owner) -> None:
    given = "INSERT INTO deadline_adjustment (attempt_id, seconds, kind, reason, at) SELECT id, 20, 'outage', '', started_at FROM attempt"
    longer = "UPDATE attempt SET deadline = deadline + interval '20 seconds'"
    owner(f"{given}; {longer}")
    assert stored_is_acknowledged(journal, url) == []
    owner(given)
    assert [one.kind for one in stored_is_acknowledged(journal, url)] == ["start"]
    owner(f"{longer}; {longer}")
    assert [one.kind for one in stored_is_acknowledged(journal, url)] == ["start"]


@pytest.mark.usefixtures("sat")
def test_a_lost_hand_in_is_found(journal: Path, url: str, owner: Owner) -> None:
    owner("TRUNCATE submission CASCADE")
    (fault,) = stored_is_acknowledged(journal, url)
    assert fault.kind == "hand-in"


def test_a_deleted_heartbeat_is_found_and_named(app: Flask, clock: FixedClock, journal: Path, url: str, owner: Owner) -> None:
    (video,) = videos()
    player, kept = Player(app, clock), Journal(journal)
    lease = player.open(video)["lease"]
    for number in range(3):
        clock.instant += timedelta(seconds=15)
        span = (number * 15_000, number * 15_000 + 15_000)
        answer = player.beat(lease, (span[0] / 1000, span[1] / 1000))
        kept.add(BeatKept(lease, "lin", number, [span], [tuple(one) for one in answer["accepted"]], 2_700_000))
    assert stored_is_acknowledged(journal, url) == []
    owner("DELETE FROM beat WHERE sequence = 1")
    (fault,) = stored_is_acknowledged(journal, url)
    assert fault.kind == "heartbeat"
    assert "number 1" in fault.words
    owner("UPDATE watched SET accepted = '{[0,15000)}'")
    assert any("do not count" in one.words for one in stored_is_acknowledged(journal, url))


def line(name: str, *, city: str = "", requests: int = 100, failures: int = 0, p95: float = 9, p99: float = 9) -> Line:
    return Line(city, "POST", name, requests, failures, 5, p95, p99)


def test_a_slow_or_failing_path_is_over_its_budget_city_by_city() -> None:
    lines = [
        line("/api/exam/save", p95=501),
        line("/api/exam/save", city="360700", p99=1501),
        line("/", failures=1),
        line("/fine", p95=900),
        line("/seldom", requests=3, p95=9000),
    ]
    faults = [fault.words for fault in over_budget(lines)]
    assert faults[0].startswith("POST /api/exam/save: 95 %")
    assert faults[1].startswith("360700: POST /api/exam/save: 99 %")
    assert "1.00 % of 100 failed" in faults[2]
    assert len(faults) == 3
    (seldom,) = over_budget([line("/api/exam/submit", requests=3, p99=10_000), line("/api/exam/submit", city="360700", requests=3, p99=10_000)])
    assert "the slowest of 3 took 10000 ms" in seldom.words, "what comes too seldom for a share is judged by its slowest"


def test_what_nobody_handles_is_queue_time_and_has_a_budget() -> None:
    def slow(_environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        sleep(0.02)
        start("200 OK", [])
        return [b""]

    answer = Client(timed(slow)).get("/")
    header = answer.headers[HEADER]
    assert 0.0 <= 1000 - (queued(1000, header) or 0) - 20 < 200
    assert queued(1, header) == 0
    assert queued(1000, None) is None
    (fault,) = over_budget([Line("", "POST", "/api/exam/save", 100, 0, 5, 9, 9, 251)])
    assert "queued for up to 251 ms" in fault.words


def gauge(server: float, *, connections: int = 10, locked: int = 0) -> Gauge:
    return Gauge(1.0, server, 0.2, server / 2, connections, connections / 100, locked, 1.0)


def test_the_machine_has_a_budget_and_what_is_full_first_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    busy, calm = summary([gauge(1.9)]), summary([gauge(0.4)])
    assert busy is not None
    assert calm is not None
    assert over_budget([], calm) == []
    assert calm.head_room == pytest.approx(0.6 * 2 / 0.6)
    assert [one.words for one in over_budget([], busy)] == ["server_share 0.95, budget 0.8"]
    assert busy.saturated.startswith("server processors")
    assert saturated([gauge(0.4, connections=95)]) == "connections"
    assert saturated([gauge(0.4, locked=5)]) == "locks"
    assert "network" in saturated([gauge(0.4)])


def test_the_machine_is_judged_by_the_seconds_that_the_requests_are_judged_by() -> None:
    looks = [Gauge(1000.0 + second, 0.1 if second <= 40 or second > 70 else 0.4, 0, 0, 1, 0, 0, 0) for second in range(90)]
    kept = during(looks, 1040, 30)  # the clients needed some seconds to start, then came the lead; they went down for a while
    assert [kept[0].at, kept[-1].at] == [1, 30]
    machine = summary(kept)
    assert machine is not None
    assert machine.server_cores == pytest.approx(0.4)


def test_the_report_needs_nothing_beside_itself() -> None:
    asked = Asked(programme="lms/programmes/jiangxi-2023.toml", window=1, people=10, seconds=30)
    verdict = Verdict(
        passed=False,
        at=datetime(2026, 11, 22, tzinfo=UTC),
        scenario=scenario(asked).as_dict(),
        acknowledged=3,
        faults=[Fault("answer", "of <lin> is missing")],
        machine=summary([gauge(1.9)]),
        lines=[line("/"), line("/", city="360700")],
        seconds=[Second(number, 5, 0, 20) for number in range(5)],
        gauges=[gauge(1.9)],
        made_with={"commit": "abc"},
        rates=[Rate("heartbeats", 274, 270.5, 243_450)],
        cities=[CityVerdict("360700", "赣州", "too little seen", 0, 7)],
        acknowledged_by_kind={"beat": 3},
        budgets={"/": {"p95_ms": 1000, "p99_ms": 3000, "queue_p95_ms": 500}},
    )
    text = html([verdict, verdict])
    assert not re.search(r'(src|href)="|url\(|@import', text)
    assert "未通过" in text
    assert "&lt;lin&gt;" in text
    assert "赣州" in text
    assert text.count("<svg") == 6
    assert "270.50" in text
    assert "/ 3000<" in text, "each budget stands beside what was seen"
    assert "heartbeats 3。" in text
    assert "不可以 NO-GO" in text
    assert [one.faults for one in answers(verdict)] == [1, 0, 0, 0]
    slow = replace(verdict, faults=[Fault("budget", "/ is slow"), Fault("plan", "too few")], lines=[replace(line("/", requests=20), p95_ms=1500)])
    assert [one.faults for one in answers(slow)] == [0, 1, 1, 0]
    few = replace(verdict, machine=None, lines=[line("/", requests=19)], faults=[])
    assert [one.known for one in answers(few)] == [True, True, False, False], "what nobody saw is not called kept"
    assert answers(slow)[2].figure.endswith("POST / p95 1500 / 1000 ms")
    assert "可以 GO" in html([replace(verdict, passed=True, faults=[])])
    assert "样本太少" in text
    said: list[str] = []
    told([verdict], said.append)
    assert not any(one.startswith("the same time") for one in said), "ten people cost next to nothing beside the idle server"
    assert told([replace(verdict, scenario={**verdict.scenario, "scale": 0.25})], said.append) == 1
    assert any(one.startswith("the same time a request at scale 1") for one in said)
    assert said[-1].endswith("1 faults; 1 of 1 cities too little seen")
    assert not any(one.startswith("nothing broke") for one in said)
    told([replace(verdict, passed=True), replace(verdict, passed=True)], said.append)
    assert any(one.startswith("nothing broke up to 10 people") for one in said), "a ladder says that it ended before anything broke"
    for kind, words in (("budget", "saturated first: "), ("machine", "saturated first: "), ("plan", "fullest: ")):
        broken: list[str] = []
        told([replace(verdict, faults=[Fault(kind, "…")])], broken.append)
        assert f"{words}{summary([gauge(1.9)]).saturated}" in broken, kind  # type: ignore[union-attr]
    pressed: list[str] = []
    told([replace(verdict, rates=[])], pressed.append)
    assert not any(one.startswith("the same time") for one in pressed), "a pressed window's requests are no measure of a rate"


def overloaded(**changes: Class) -> list[Class]:
    """Return what became of the classes when all goes as promised, but for some."""
    found = {
        "answers": Class("answers", 900, 0, 0),
        "entry": Class("entry", 200, 10, 0),
        "learning": Class("learning", 500, 50, 0),
        "browsing": Class("browsing", 500, 150, 0),
        "reports": Class("reports", 400, 300, 0),
    }
    return list((found | changes).values())


ASKED_MINUTE = Line("", "line", INTERVAL, 50, 0, 15_000, 60_000, 60_000)


@pytest.mark.parametrize(
    ("classes", "lines", "words"),
    [
        (overloaded(answers=Class("answers", 900, 1, 0)), [ASKED_MINUTE], "1 requests that carry answers were refused"),
        (overloaded(answers=Class("answers", 9, 0, 0)), [ASKED_MINUTE], "nothing is shown of them"),
        (overloaded(learning=Class("learning", 500, 400, 0)), [ASKED_MINUTE], "80% of learning were refused, of browsing"),
        (overloaded(reports=Class("reports", 4, 0, 0)), [ASKED_MINUTE], "not overloaded"),
        (overloaded(), [Line("", "line", INTERVAL, 50, 0, 15_000, 15_000, 15_000)], "every 15 s"),
        (overloaded(), [ASKED_MINUTE, line("/api/exam/save", p99=1501)], "1501 ms"),
    ],
)
def test_ov_03_an_overload_is_judged_by_who_was_put_off(classes: list[Class], lines: list[Line], words: str) -> None:
    assert list(overload.faults(overloaded(), [ASKED_MINUTE, line("/", p99=9_000)])) == []
    (fault,) = overload.faults(classes, lines)
    assert words in fault.words


def test_the_last_verdict_is_of_a_run_that_was_meant_and_of_the_step_that_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    (tmp_path / "run").mkdir()
    asked = Asked(programme="lms/programmes/jiangxi-2023.toml", window=3, people=10, seconds=30)
    held = Verdict(
        passed=True, at=datetime(2026, 11, 22, tzinfo=UTC), scenario=scenario(asked).as_dict(), acknowledged=3, faults=[], machine=None, lines=[], seconds=[],
        gauges=[], made_with={}, starts_per_second=42.0,
    )  # fmt: skip
    broke = replace(held, passed=False, faults=[Fault("budget", "slow")], starts_per_second=63.0)
    keep([broke], tmp_path / "run", proof="lost")
    assert load_test.last(tmp_path / "var") is None
    keep([held, broke], tmp_path / "run")
    keep([replace(broke, scenario={**held.scenario, "exam": False})], tmp_path / "run")  # of a window: that says nothing about an exam
    last = load_test.last(tmp_path / "var")
    assert last is not None
    assert (last.passed, last.starts_per_second) == (True, 42.0)
    assert 0 < last.scenario.scale < 0.01
    assert load_test.bearable(tmp_path / "var") == 42.0


def test_a_quiz_that_is_not_stored_as_handed_in_is_named(app: Flask, journal: Path, url: str, owner: Owner) -> None:
    videos()
    owner(
        "INSERT INTO quiz_attempt (person_id, activity_id, number, drawn, of_items, started_at, right_items, passed) "
        "SELECT p.id, a.id, 1, '[]', 2, now(), 0, false FROM person p, activity a ORDER BY p.id, a.id LIMIT 1"
    )
    with psycopg.connect(url) as link:
        (tried,) = link.execute("SELECT id FROM quiz_attempt").fetchone() or (0,)
    Journal(journal).add(QuizHandedIn("lin", tried, 2))
    (fault,) = stored_is_acknowledged(journal, url)
    assert (fault.kind, f"attempt {tried}" in fault.words) == ("quiz", True)
    owner("UPDATE quiz_attempt SET submitted_at = started_at, responses = '[[0], [0]]'")
    assert stored_is_acknowledged(journal, url) == []
    owner("UPDATE quiz_attempt SET responses = '[[0], [1]]'")
    assert len(stored_is_acknowledged(journal, url)) == 1


def test_a_load_test_leaves_a_database_in_use_alone(url: str) -> None:
    with pytest.raises(StackFailed, match="in use"):
        refuse_used(url)


def test_a_load_test_empties_only_folders_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product, own, link = tmp_path / "var", tmp_path / "var/load", tmp_path / "link"
    monkeypatch.setenv("VAR_DIR", str(product))
    product.mkdir()
    film = tmp_path / "films/lesson.mp4"
    film.parent.mkdir()
    film.touch()
    link.symlink_to(film.parent)
    for folder in (product, tmp_path, film.parent, film, link, Path.cwd()):
        with pytest.raises(StackFailed, match="load test"), emptied(folder):
            pass
    assert film.exists()
    with emptied(own):
        pass
    (own / "old").touch()
    with emptied(own):
        pass
    assert [one.name for one in own.iterdir()] == [MARK]
    (product / MARK).touch()  # whatever lies in it, the product's own folder is never emptied
    with pytest.raises(StackFailed, match="the product's own"), emptied(product):
        pass


def test_a_folder_in_which_another_load_test_works_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "load"
    with emptied(own):
        (own / "postgres").touch()
        with pytest.raises(StackFailed, match="another load test works in"), emptied(own):
            pass
        assert (own / "postgres").exists()
    with emptied(own):
        assert not (own / "postgres").exists()
