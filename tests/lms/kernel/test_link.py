"""Links: a warning at a commit is no success, and nobody waits for ever (RL-05, RL-07)."""

import os
import signal
import threading
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel import db
from lms.kernel import link as links
from lms.kernel.group_commit import GroupCommit
from lms.kernel.link import NotReplicated, wait_for_standby
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Unavailable
from lms.kernel.settings import Settings
from tests.support import standby


def note(key: str) -> None:
    """Write one row as any service does."""
    with db.transaction() as session:
        session.execute(text("SET LOCAL synchronous_commit = on"))  # the cluster of the tests waits for nothing
        session.execute(text("INSERT INTO installation (key, value) VALUES (:key, '1') ON CONFLICT DO NOTHING"), {"key": key})


@pytest.mark.parametrize("by_operator", [True, False])
def test_rl_05_an_ordinary_transaction_that_no_standby_confirmed_is_refused(app: Flask, settings: Settings, by_operator: bool) -> None:
    with standby.missing(settings.database_url) as owner, pytest.raises(NotReplicated):
        standby.cut_off(owner, lambda: note("k"), by_operator=by_operator)
    note("k")  # and the link is as good as before


def test_a_form_in_doubt_is_not_said_to_be_sent_again_by_itself(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    @requires(Permission.ANYONE)
    def doubted() -> None:
        raise NotReplicated

    monkeypatch.setitem(app.view_functions, "language.choose_language", doubted)
    client = app.test_client()
    page, script = client.post("/language", data={"locale": "en"}), client.post("/language", json={})
    assert (page.status_code, "可能已经保存" in page.text, "自动重试" in page.text) == (503, True, False)
    assert (script.status_code, "自动重试" in script.get_json()["message"]) == (503, True)


def test_rl_07_a_lane_behind_a_dead_standby_is_given_up_and_free_again(app: Flask, settings: Settings) -> None:
    def write(link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str]:
        link.execute("SET synchronous_commit = on")
        for key in rows:
            link.execute("INSERT INTO installation (key, value) VALUES (%s, '1') ON CONFLICT DO NOTHING", (key,))
            wait_for_standby(link)
        return list(rows)

    lane: GroupCommit[str, str] = GroupCommit(write, single=True)
    with standby.missing(settings.database_url) as owner:
        for _try in range(2):  # nor is it a success that the row is there; on a busy machine the line may be cut before the server gives up
            with pytest.raises(Unavailable):
                standby.cut_off(owner, lambda: lane.submit("k"), by_operator=False)
    assert lane.submit("k") == "k"


def test_rl_07_a_server_that_answers_nothing_is_left_and_the_next_row_finds_a_new_link(app: Flask) -> None:
    def write(link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str]:
        link.execute("SELECT 1")
        return list(rows)

    lane: GroupCommit[str, str] = GroupCommit(write)
    lane.submit("opens the link")
    assert lane._link is not None
    frozen, told = lane._link.info.backend_pid, list[object]()

    def ask() -> None:
        try:
            told.append(lane.submit("k"))
        except Unavailable as refused:
            told.append(refused)

    os.kill(frozen, signal.SIGSTOP)
    try:
        asking = threading.Thread(target=ask)
        asking.start()
        while asking.is_alive():
            links.look()
            asking.join(0.02)
    finally:
        os.kill(frozen, signal.SIGCONT)
    assert isinstance(told[0], Unavailable)
    assert lane.submit("after") == "after"


def test_a_row_that_waits_for_a_lock_fails_and_its_neighbours_do_not(app: Flask, settings: Settings) -> None:
    def write(link: "psycopg.Connection[Any]", rows: Sequence[str]) -> list[str]:
        for key in rows:
            link.execute("INSERT INTO installation (key, value) VALUES (%s, '1') ON CONFLICT (key) DO UPDATE SET value = '2'", (key,))
        return list(rows)

    lane: GroupCommit[str, str] = GroupCommit(write)
    lane.submit("locked")
    outcomes: dict[str, object] = {}

    def ask(key: str) -> None:
        try:
            outcomes[key] = lane.submit(key)
        except Unavailable as refused:
            outcomes[key] = refused

    with psycopg.connect(settings.database_url) as other:
        other.execute("UPDATE installation SET value = '3' WHERE key = 'locked'")
        threads = [threading.Thread(target=ask, args=(key,)) for key in ("first", "locked", "free")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert isinstance(outcomes.pop("locked"), Unavailable)
    assert outcomes == {"first": "first", "free": "free"}
