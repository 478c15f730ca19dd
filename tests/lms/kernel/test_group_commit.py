"""Group commit: one commit for many, an answer for each, and one bad row fails nobody else."""

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

import psycopg
import pytest
from flask import Flask

from lms.kernel import db, group_commit
from lms.kernel.group_commit import GroupCommit
from lms.kernel.link import Link, NotReplicated, wait_for_standby
from lms.kernel.refusal import Unavailable
from lms.kernel.settings import Settings
from tests.support import standby


@pytest.fixture(autouse=True)
def links(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what the lanes of a test have opened: their threads wait on."""
    opened: list[Link] = []
    connection = db.connection

    def noted() -> Link:
        opened.append(connection())
        return opened[-1]

    monkeypatch.setattr(db, "connection", noted)
    yield
    for link in opened:
        link.close()


def _write(link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str | Exception]:
    answers: list[str | Exception] = []
    for key in rows:
        if key == "refused":
            answers.append(ValueError("refused"))
            continue
        link.execute("INSERT INTO installation (key, value) VALUES (%s, '1')", (key,))
        answers.append(key.upper())
    return answers


def _stored() -> set[str]:
    with db.connection() as link:
        return {key for (key,) in link.execute("SELECT key FROM installation")}


def test_every_caller_gets_its_own_answer(app: Flask) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    found: dict[str, str] = {}

    def run(key: str) -> None:
        found[key] = lane.submit(key)

    keys = [f"k{number}" for number in range(60)]
    threads = [threading.Thread(target=run, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == {key: key.upper() for key in keys}
    assert _stored() >= set(keys)


def test_a_refused_row_fails_its_caller_alone(app: Flask) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    with pytest.raises(ValueError, match="refused"):
        lane.submit("refused")
    assert lane.submit("fine") == "FINE"


def test_a_row_that_breaks_the_statement_does_not_take_its_neighbours_along(app: Flask) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    lane.submit("twice")
    outcomes: dict[str, object] = {}
    gate = threading.Barrier(9)

    def run(key: str) -> None:
        gate.wait()
        try:
            outcomes[key] = lane.submit(key)
        except Unavailable as refused:
            outcomes[key] = refused

    keys = ["twice", *(f"n{number}" for number in range(8))]
    threads = [threading.Thread(target=run, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert isinstance(outcomes.pop("twice"), Unavailable)
    assert outcomes == {key: key.upper() for key in keys[1:]}


def test_a_lost_link_is_an_error_and_the_next_row_finds_a_new_one(app: Flask, settings: Settings) -> None:
    lane: GroupCommit[str, str] = GroupCommit(_write)
    lane.submit("before")
    assert lane._link is not None
    with psycopg.connect(settings.database_url) as link:
        link.execute("SELECT pg_terminate_backend(%s)", (lane._link.info.backend_pid,))
    with pytest.raises(Unavailable):
        lane.submit("lost")
    assert lane.submit("after") == "AFTER"
    assert "lost" not in _stored()


def test_rows_waited_for_and_rows_for_later_are_all_told_and_no_wakeup_is_lost(app: Flask) -> None:
    sizes: list[int] = []

    def write(_link: "psycopg.Connection[Any]", rows: Sequence[int]) -> list[int]:
        sizes.append(len(rows))
        return [row + 1 for row in rows]

    lane: GroupCommit[int, int] = GroupCommit(write)
    wrong: list[tuple[int, int]] = []

    told: list[int] = []

    def run(first: int) -> None:
        for row in range(first, first + 200):
            if row % 3:
                answer = lane.submit(row)
                if answer != row + 1:
                    wrong.append((row, answer))
            else:
                lane.pending(row).later(lambda find: told.append(find()))

    threads = [threading.Thread(target=run, args=(number * 1000,), daemon=True) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong
    lane.submit(0)  # behind all that were handed in for later
    assert sum(sizes) == 8 * 200 + 1
    assert sorted(told) == [row + 1 for number in range(8) for row in range(number * 1000, number * 1000 + 200) if row % 3 == 0]
    assert lane._queue.empty()


def test_a_follower_waits_for_the_commit_before_it_and_its_own_and_no_longer(app: Flask) -> None:
    gate, seen = threading.Event(), threading.Event()
    batches: list[list[str]] = []

    def write(_link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str]:
        batches.append(list(rows))
        if "first" in rows:
            seen.set()
            gate.wait(20)
        return list(rows)

    lane: GroupCommit[str, str] = GroupCommit(write)
    threads = [threading.Thread(target=lane.submit, args=(key,), daemon=True) for key in ("first", "a", "b", "c")]
    threads[0].start()
    assert seen.wait(20)
    for thread in threads[1:]:
        thread.start()
    while lane._queue.qsize() < 3:
        threads[1].join(0.001)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert [sorted(batch) for batch in batches] == [["first"], ["a", "b", "c"]]


def test_a_lone_row_is_not_made_to_wait(app: Flask) -> None:
    lane: GroupCommit[str, str] = GroupCommit(lambda _link, rows: list(rows))
    lane.submit("opens the link")
    waits = []
    for number in range(50):
        began = perf_counter()
        lane.submit(str(number))
        waits.append(perf_counter() - began)
    assert min(waits) < 0.002  # an empty transaction, and nothing else


def test_a_stopped_batch_leaves_a_working_lane_and_nobody_is_told_stored(app: Flask) -> None:
    gate, seen = threading.Event(), threading.Event()
    outcomes: dict[str, object] = {}

    def write(_link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str]:
        if "first" in rows:
            seen.set()
            gate.wait(20)
        if "stopped" in rows:
            raise SystemExit
        return list(rows)

    lane: GroupCommit[str, str] = GroupCommit(write)

    def run(key: str) -> None:
        try:
            outcomes[key] = lane.submit(key)
        except Unavailable as refused:
            outcomes[key] = type(refused)

    threads = [threading.Thread(target=run, args=(key,), daemon=True) for key in ("first", "stopped", "neighbour")]
    threads[0].start()
    assert seen.wait(20)
    for place, thread in enumerate(threads[1:], start=1):
        thread.start()
        while lane._queue.qsize() < place:
            thread.join(0.001)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert outcomes == {"first": "first", "stopped": Unavailable, "neighbour": Unavailable}
    assert lane.submit("after") == "after"


def test_rows_that_come_one_upon_another_are_gathered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[list[str]] = []
    gathered, told = threading.Event(), threading.Event()
    monkeypatch.setattr(group_commit, "sleep", lambda _seconds: gathered.wait(20))

    def write(_link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str]:
        batches.append(list(rows))
        return list(rows)

    lane: GroupCommit[str, str] = GroupCommit(write, gathers=600.0)
    lane.submit("alone")  # and at once, since nobody came before
    lane.pending("a").later(lambda _find: None)
    lane.pending("b").later(lambda _find: None)
    lane.pending("c").later(lambda _find: told.set())
    assert batches == [["alone"]]
    gathered.set()
    assert told.wait(20)
    assert batches == [["alone"], ["a", "b", "c"]]


def test_gathering_ends_as_soon_as_nobody_comes_any_more(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[list[str]] = []
    coming, told = ["b", "c"], threading.Event()

    def write(_link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str]:
        batches.append(list(rows))
        return list(rows)

    def step(_seconds: float) -> None:
        if coming:
            lane.pending(coming.pop(0)).later(lambda _find: None)

    monkeypatch.setattr(group_commit, "sleep", step)
    lane: GroupCommit[str, str] = GroupCommit(write, gathers=600.0)
    lane.submit("alone")
    lane.pending("a").later(lambda _find: told.set())
    assert told.wait(20), "nobody waits out the ten minutes"
    assert batches == [["alone"], ["a", "b", "c"]]


def test_rows_for_later_keep_no_thread_and_each_is_told_of_its_own(app: Flask) -> None:
    gate, seen = threading.Event(), threading.Event()
    batches: list[list[str]] = []
    outcomes: dict[str, object] = {}

    def write(_link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str | Exception]:
        batches.append(list(rows))
        if "first" in rows:
            seen.set()
            gate.wait(20)
        return [ValueError(row) if row == "refused" else row.upper() for row in rows]

    lane: GroupCommit[str, str] = GroupCommit(write)

    def hand_in(key: str) -> None:
        def told(find: Callable[[], str]) -> None:
            try:
                outcomes[key] = find()
            except ValueError as refused:
                outcomes[key] = refused
            if key == "hung up":
                raise ConnectionError

        lane.pending(key).then(lambda answer: f"{answer}!").later(told)

    for key in ("first", "a", "hung up", "refused", "b"):
        hand_in(key)  # comes back at once, though the lane is busy
        assert seen.wait(20)
    assert not outcomes
    gate.set()
    assert lane.submit("last") == "LAST"
    assert [row for batch in batches for row in batch] == ["first", "a", "hung up", "refused", "b", "last"]
    assert batches[1][:4] == ["a", "hung up", "refused", "b"]
    assert isinstance(outcomes.pop("refused"), ValueError)
    assert outcomes == {"first": "FIRST!", "a": "A!", "hung up": "HUNG UP!", "b": "B!"}


class _Held:
    """A lane that stands still while rows are handed in, what it wrote and what each row was told, in order."""

    def __init__(self, write: Callable[["psycopg.Connection[Any]", Sequence[int]], None] = lambda _link, _rows: None) -> None:
        self.batches: list[list[int]] = []
        self.told: list[int] = []
        self.refused: dict[int, Unavailable] = {}
        self._standing, self._gate, self._all_told = threading.Event(), threading.Event(), threading.Event()
        self._owed = 0

        def written(link: "psycopg.Connection[Any]", rows: Sequence[int]) -> list[int]:
            if rows[0] < 0:
                self._standing.set()
                self._gate.wait(20)
            else:
                self.batches.append(list(rows))
                write(link, rows)
            return list(rows)

        self.lane: GroupCommit[int, int] = GroupCommit(written)

    def hold(self) -> None:
        """Have the lane stand still from now on."""
        self.lane.pending(-1).later(lambda _find: None)
        assert self._standing.wait(20)

    def hand_in(self, row: int) -> None:
        """Hand in a row for later."""

        def told(find: Callable[[], int]) -> None:
            try:
                self.told.append(find())
            except Unavailable as refused:
                self.refused[row] = refused
            if len(self.told) + len(self.refused) == self._owed:
                self._all_told.set()

        self.lane.pending(row).later(told)
        self._owed += 1

    def go_on(self) -> None:
        """Let the lane go on until all are told."""
        self._gate.set()
        assert self._all_told.wait(20)


def test_a_group_that_lost_its_link_is_logged_once_and_told_without_a_growing_trail(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(link: "psycopg.Connection[Any]", _rows: Sequence[int]) -> None:
        link.close()
        raise psycopg.OperationalError

    lines: list[str] = []
    monkeypatch.setattr(group_commit.logger, "exception", lambda line, **_more: lines.append(line))
    held = _Held(lose)
    held.hold()
    for row in range(500):
        held.hand_in(row)
    held.go_on()
    assert sorted(held.refused) == list(range(500))
    assert lines == ["group_failed"]
    assert max(_frames(refused) for refused in held.refused.values()) < 6
    assert len(held.batches) == 1, "and none is tried again"


def test_one_refusal_told_to_many_grows_no_trail(app: Flask) -> None:
    refusal = Unavailable()
    lane: GroupCommit[int, int] = GroupCommit(lambda _link, rows: [refusal] * len(rows))
    for row in range(20):
        with pytest.raises(Unavailable) as refused:
            lane.submit(row)
    assert _frames(refused.value) < 6


def _frames(error: BaseException) -> int:
    found, step = 0, error.__traceback__
    while step is not None:
        found, step = found + 1, step.tb_next
    return found


def test_a_bad_row_among_many_is_found_in_few_tries_and_nobody_waits_for_that(app: Flask) -> None:
    def refuse(_link: "psycopg.Connection[Any]", rows: Sequence[int]) -> None:
        already.append(len(held.told))
        if 333 in rows:
            raise psycopg.errors.UniqueViolation

    already: list[int] = []
    held = _Held(refuse)
    held.hold()
    for row in range(400):
        held.hand_in(row)
    held.go_on()
    assert list(held.refused) == [333]
    assert held.told == [row for row in range(400) if row != 333]
    assert len(held.batches) == 1 + 20 + 20
    assert already[:4] == [0, 0, 20, 40], "each part is told before the next is tried"


def test_what_of_a_failed_group_is_not_tried_in_time_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_link: "psycopg.Connection[Any]", rows: Sequence[int]) -> None:
        if 3 in rows:
            if len(rows) == 1:
                monkeypatch.setattr(group_commit, "SETTLED_WITHIN", -1.0)  # that took long
            raise psycopg.errors.LockNotAvailable

    held = _Held(refuse)
    held.hold()
    for row in range(9):
        held.hand_in(row)
    held.go_on()
    assert held.told == [0, 1, 2]
    assert sorted(held.refused) == [3, 4, 5, 6, 7, 8]
    assert held.batches == [list(range(9)), [0], [1], [2], [3]]


def test_after_a_group_that_was_cut_off_smaller_ones_are_taken_until_that_goes_well(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(_link: "psycopg.Connection[Any]", rows: Sequence[int]) -> None:
        if len(rows) > 20:
            raise psycopg.errors.QueryCanceled

    now = [0.0]
    monkeypatch.setattr(group_commit, "monotonic", lambda: now[0])
    held = _Held(cut_off)
    held.lane._most = 64
    held.hold()
    for row in range(130):
        held.hand_in(row)
    now[0] = 2.0  # the lane stood still for too long to grow
    held.go_on()
    assert [len(batch) for batch in held.batches] == [64, 32, 16, 18]
    assert sorted(held.refused) == list(range(96))
    assert held.told == list(range(96, 130))


def test_who_must_have_given_up_is_refused_unasked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(group_commit, "monotonic", lambda: now[0])
    held = _Held()
    held.hold()
    held.hand_in(1)
    now[0] = 9.0
    held.hand_in(2)
    now[0] = 10.5
    held.go_on()
    assert list(held.refused) == [1]
    assert held.told == [2]
    assert held.batches == [[2]]


def test_more_than_can_be_stored_in_time_is_not_taken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "MOST_QUEUED", 2)
    held = _Held()
    held.hold()
    held.hand_in(1)
    held.hand_in(2)
    with pytest.raises(Unavailable):
        held.hand_in(3)
    monkeypatch.undo()
    held.go_on()
    assert held.told == [1, 2]


def test_a_row_whose_lane_cannot_start_is_not_stored_later(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    held = _Held()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        with pytest.raises(RuntimeError):
            held.hand_in(1)
    held.hand_in(2)
    held.go_on()
    assert held.batches == [[2]]


def test_telling_that_ends_badly_stops_neither_the_lane_nor_keeps_the_clients_line(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Line:
        """What a server waits for when it is to end."""

    def hand_in(row: str) -> "weakref.ref[Line]":
        line = Line()

        def told(_find: Callable[[], str]) -> None:
            raise SystemExit(str(line))

        lane.pending(row).later(told)
        return weakref.ref(line)

    logged: list[str] = []
    monkeypatch.setattr(group_commit.logger, "exception", logged.append)
    lane: GroupCommit[str, str] = GroupCommit(lambda _link, rows: list(rows))
    lines = [hand_in("a"), hand_in("b")]
    assert lane.submit("last") == "last"
    assert [line() for line in lines] == [None, None]
    assert logged == ["answer_not_told"] * 2


def test_rl_05_a_commit_whose_standby_was_not_waited_for_is_no_success_nor_is_finding_it_stored(app: Flask, settings: Settings) -> None:
    def write(link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str | Exception]:
        link.execute("SET LOCAL synchronous_commit = on")  # the cluster of the tests waits for nothing
        (stored,) = link.execute("SELECT count(*) FROM installation WHERE key = %s", (rows[0],)).fetchone() or (0,)
        if stored:
            wait_for_standby(link)
            return ["found"]
        return _write(link, rows)

    lane: GroupCommit[str, str] = GroupCommit(write)
    with standby.missing(settings.database_url) as owner:
        for _try in range(2):
            with pytest.raises(NotReplicated):
                standby.cut_off(owner, lambda: lane.submit("k"))
    assert lane.submit("k") == "found"
    assert "k" in _stored()
