"""Imports that a worker reads and writes: each step in one transaction, so that a killed worker or a cancelled import leaves nothing behind."""

from contextlib import suppress
from datetime import datetime

import structlog

from lms import api as platform
from lms.kernel.db import PASSING, Session, take_time, transaction
from lms.kernel.permissions import Permission
from question_bank.domain.share import NotShared, Right
from question_bank.domain.staging import State
from question_bank.formats import apart
from question_bank.formats.unreadable import ImportBroke, RightLost, Unreadable, WritingBroke
from question_bank.services import exchange, share, staging
from question_bank.store import bank as bank_store
from question_bank.store import staging as store

_log = structlog.get_logger()
SECONDS = 180  # a file has for being read


def work(now: datetime) -> None:
    """Read what waits to be read and write what waits to be written; what a killed worker left is taken up again."""
    with transaction() as session:
        found = store.waiting(session)
    for batch_id in found:
        try:
            with transaction() as session:
                take_time(session)
                if store.take(session, batch_id):
                    _step(session, batch_id, now)
        except store.BatchClosed:
            continue  # the author gave it up meanwhile
        except PASSING:
            _log.warning("import_put_off", batch=batch_id, exc_info=True)  # it stands as before, and the next round takes it up
        except Exception:  # noqa: BLE001 - whatever one file does, the others go on and its author hears of it
            _log.exception("import_broke", batch=batch_id)
            with suppress(store.BatchClosed), transaction() as session:
                _fail(session, batch_id, now, reading=ImportBroke, writing=WritingBroke)


def _fail(session: Session, batch_id: int, now: datetime, *, reading: type[Unreadable], writing: type[Unreadable]) -> None:
    """Tell the author why reading or writing came to nothing; rows that she may have mended are given back to her."""
    match store.standing(session, batch_id)[0]:
        case State.WAITING:
            store.move(session, batch_id, State.WAITING, State.FAILED, now, refusal=reading.code)
        case State.WRITING:
            store.move(session, batch_id, State.WRITING, State.STAGED, refusal=writing.code)


def _may_write(session: Session, bank_id: int, person_id: int) -> bool:
    """Tell whether somebody may still write: while the file waited the bank may have got an owner, or she may have lost her role."""
    with suppress(NotShared):
        share.require(session, bank_store.code_of(session, bank_id), person_id, Right.WRITE)
        return bool(platform.scope_of(session, person_id, Permission.WRITE_ITEMS))
    return False


def _step(session: Session, batch_id: int, now: datetime) -> None:
    state, bank_id, person_id = store.standing(session, batch_id)
    total = 0
    if not _may_write(session, bank_id, person_id):
        _fail(session, batch_id, now, reading=RightLost, writing=RightLost)
        return

    def beat(done: int) -> None:
        """Show how far it has come, and stop when it is wanted no longer."""
        with transaction() as other:
            store.tell(other, batch_id, state, done=done, total=total)

    if state is State.WRITING:
        total = sum(store.counts(session, batch_id).values())
        staging.written(session, bank_id, batch_id, state, person_id=person_id, now=now, beat=beat)
    elif state is State.WAITING:
        content, pool = store.source(session, batch_id)
        try:
            read = exchange.with_pool(apart.read(content, seconds=SECONDS, beat=lambda: beat(0)), pool)
        except Unreadable as refusal:
            store.move(session, batch_id, state, State.FAILED, now, refusal=refusal.code)
            return
        total = len(read.drafts)
        staging.filled(session, bank_id, batch_id, state, read, person_id=person_id, now=now, beat=beat)
