"""The archive of an exam: when it may be made, who must agree, and how long it may be fetched."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lms.domain.certificate import masked
from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid

ALONE = 100  # people; an export of more needs a second person's yes, and any while the keys are sealed
KEPT = timedelta(hours=24)
OPEN = timedelta(days=7)  # what nobody has agreed to by then is given up
STUCK = timedelta(hours=6)  # what no worker is to write by then is given up


class State(StrEnum):
    """Where an archive stands."""

    ASKED = "asked"  # waits for a second person's yes
    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_waiting(self) -> bool:
        """Tell whether somebody still waits for the file."""
        return self in {State.ASKED, State.QUEUED}


class ExamRunning(Conflict):
    """What may still change is not archived."""

    code = "exam_running"
    message = N_("考试还没有结束，或还有人正在作答，或应急包还可以上交、没有处理完。全部结束后才能归档。")


class ReasonMissing(Invalid):
    """Who takes an exam's records out says why."""

    code = "archive_reason_missing"
    message = N_("请写明归档的用途，会记入审计记录。")


class OwnRequest(Forbidden):
    """The second yes is another person's."""

    code = "archive_own_request"
    message = N_("须由另一位有权限的同事同意，不能同意自己的申请。")


class SecondMissing(Conflict):
    """The keys were sealed again before the file was written: it waits for a second yes."""

    code = "archive_second_missing"
    message = N_("答案已不再开启，这份归档须由另一位有权限的同事同意。")


class AlreadyAsked(Conflict):
    """One request of a person at a time: each reads the whole exam."""

    code = "archive_already_asked"
    message = N_("您已申请过这场考试的归档，正在等待同意或正在生成，见下面。不再需要的，可以先撤回。")


class ArchiveClosed(Conflict):
    """The archive is written, given up or cancelled: nobody waits for it."""

    code = "archive_closed"
    message = N_("这份归档已经完成、失败或撤回，请刷新页面。")


class NotYours(Forbidden):
    """Who neither asked nor manages the exam leaves the request alone."""

    code = "archive_not_yours"
    message = N_("只有申请人和考试管理人员可以撤回归档申请。")


class KeysSealed(Conflict):
    """The file holds the keys, and those who opened them no longer agree."""

    code = "archive_keys_sealed"
    message = N_("这份归档附有答案，而答案已不再开启，不能下载。需要时请先由两人重新开启。")


class NotWaiting(Conflict):
    """The archive waits for nobody's yes."""

    code = "archive_not_waiting"
    message = N_("这份归档不在等待同意，可能已由他人处理，请刷新页面。")


def needs_second(people: int, *, opened: bool) -> bool:
    """Tell whether a second person must agree.

    Answers beside their points say most of the keys: while these are sealed (not `opened`), their two people are asked for here.
    """
    return people > ALONE or not opened


def asked(reason: str, people: int, *, opened: bool) -> tuple[str, State]:
    """Return the reason and where a request begins; raises ReasonMissing."""
    if len(reason.strip()) < 2:
        raise ReasonMissing
    return reason.strip()[:500], State.ASKED if needs_second(people, opened=opened) else State.QUEUED


def approve(state: State, asked_by: int, person_id: int) -> State:
    """Return where a request stands after a second person's yes; raises NotWaiting and OwnRequest."""
    if state is not State.ASKED:
        raise NotWaiting
    if asked_by == person_id:
        raise OwnRequest
    return State.QUEUED


def cancel(state: State, asked_by: int, person_id: int, *, manages: bool) -> State:
    """Return where a request stands after it was cancelled by who asked, or by a manager; raises ArchiveClosed and NotYours."""
    if not may_cancel(asked_by, person_id, manages=manages):
        raise NotYours
    if not state.is_waiting:
        raise ArchiveClosed
    return State.CANCELLED


def may_cancel(asked_by: int, person_id: int, *, manages: bool) -> bool:
    """Tell whether a person may cancel somebody's request."""
    return manages or asked_by == person_id


def fetchable(state: State, ready_at: datetime | None, now: datetime) -> bool:
    """Tell whether the file may still be fetched."""
    return state is State.READY and ready_at is not None and now < ready_at + KEPT


_LETTER = re.compile("[A-Za-z]")


class Names:
    """The people of an exam by name, to be masked wherever somebody wrote of them; a name in letters only as a word of its own."""

    def __init__(self, names: Iterable[str]) -> None:
        self._known = {name for name in names if len(name) > 1}  # a single sign is no name
        self._sizes = sorted({len(name) for name in self._known}, reverse=True)
        firsts = "".join(re.escape(sign) for sign in {name[0] for name in self._known})
        self._first = re.compile(f"[{firsts}]") if firsts else None

    def masked(self, written: Any) -> Any:
        """Return a text, or whatever holds texts, with the names masked; the keys of a mapping stay."""
        if isinstance(written, str):
            return self._text(written)
        if isinstance(written, dict):
            return {key: self.masked(value) for key, value in written.items()}
        return [self.masked(value) for value in written] if isinstance(written, list) else written

    def _text(self, text: str) -> str:
        parts, done = [], 0
        for found in self._first.finditer(text) if self._first else ():
            at = found.start()
            name = next((text[at : at + size] for size in self._sizes if text[at : at + size] in self._known), "") if at >= done else ""
            if name and not (name.isascii() and _LETTER.search(text[max(at - 1, 0) : at] + text[at + len(name) : at + len(name) + 1])):
                parts += [text[done:at], masked(name)]
                done = at + len(name)
        return "".join([*parts, text[done:]])
