"""A standby that is to confirm commits and never does."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from lms.kernel import link as links

Owner = psycopg.Connection[Any]
CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@contextmanager
def missing(url: str) -> Iterator[Owner]:
    """Let commits wait for a standby that is not there; yields a link of the cluster's owner."""
    with psycopg.connect(url, autocommit=True) as owner:
        try:
            _confirmed_by(owner, "nobody")
            _until_commits_wait(owner, url)
            yield owner
        finally:
            _confirmed_by(owner, "")


def _confirmed_by(owner: Owner, name: str) -> None:
    owner.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'" if name else "ALTER SYSTEM RESET synchronous_standby_names")
    owner.execute("SELECT pg_reload_conf()")
    while owner.execute("SHOW synchronous_standby_names").fetchone() != (name,):
        time.sleep(0.02)


def _until_commits_wait(owner: Owner, url: str) -> None:
    """Commit until a commit waits: the server's processes learn of the new setting one after the other."""
    told: list[object] = []
    with psycopg.connect(url, autocommit=True, options="-c synchronous_commit=on") as link:
        link.add_notice_handler(told.append)
        while not told:
            cut_off(owner, lambda: link.execute("SELECT pg_logical_emit_message(true, 'probe', '')"))


def cut_off(owner: Owner, work: Callable[[], object], *, by_operator: bool = True) -> None:
    """Do work in a thread and cut its wait for the standby off, as an operator would or as the product does after a while; raises what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    working = threading.Thread(target=run)
    working.start()
    while working.is_alive():
        if _is_waiting(owner):
            if by_operator:
                owner.execute(CANCEL)
            else:
                for _look in range(links.CANCELLED_AT):
                    links.look()
            while working.is_alive() and _is_waiting(owner):  # once is enough, however slowly the server takes it
                working.join(0.02)
        working.join(0.02)
    if raised:
        raise raised[0]


def _is_waiting(owner: Owner) -> bool:
    return owner.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'").fetchone() is not None
