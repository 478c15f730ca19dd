"""Saving answers and handing in: the two hot verbs, in groups of one commit."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from exam.domain import attempt as rules
from exam.domain import response as responses
from exam.services import token as tokens
from exam.services.payload import AttemptToken, Change, SaveAnswers, Saved, SavedAnswers, SubmitExam, SubmittedExam
from exam.store import response as store
from exam.store.response import Ended, Holder, SaveRow, SubmitRow, Verdict
from lms.kernel.db import connection
from lms.kernel.group_commit import GroupCommit, Pending
from lms.kernel.refusal import N_, Invalid, Missing, Refusal, Unauthenticated


class SignedOut(Unauthenticated):
    """The sign-in behind the token has ended."""

    code = "signed_out"
    message = N_("登录已失效，请重新登录后继续作答，已输入的答案不会丢失。")


class ChoiceUnknown(Invalid):
    """The item takes no such response: an option it has not, a second choice, a text too long."""

    code = "choice_unknown"
    message = N_("提交的答案与题型不符，请刷新页面后重试。")


class ClearNotSaid(Invalid):
    """An answer would become empty without the learner having said so."""

    code = "clear_not_said"
    message = N_("为避免误清空，清除答案需要明确确认。")


class KeyReused(Invalid):
    """The same hand-in key came with other contents."""

    code = "key_reused"
    message = N_("交卷请求与之前的内容不一致，请刷新页面查看交卷结果。")


Answer = TypeVar("Answer")
REFUSALS: dict[str, type[Refusal]] = {
    "missing": Missing,
    "signed_out": SignedOut,
    "sequence_taken": rules.SequenceTaken,
    "paused": rules.AttemptPaused,
    "settling": rules.AttemptSettling,
    "other_device": rules.OtherDeviceLeads,
    "closed": rules.AttemptClosed,
    "time_is_up": rules.TimeIsUp,
    "stale": rules.StaleRevision,
    "clear_not_said": ClearNotSaid,
    "key_reused": KeyReused,
    "time_left": rules.TimeLeft,
}

MOST_ADDRESSES = 50_000
GATHERS = 0.005  # seconds: less than anybody sees
_ALL_SAVED = {"saved"}

# The save lane and the hand-in lane wait for nobody but themselves.
_saves: GroupCommit[SaveRow, tuple[Verdict, ...]] = GroupCommit(store.save, single=True, gathers=GATHERS)
_submits: GroupCommit[SubmitRow, Ended] = GroupCommit(store.submit, gathers=GATHERS)


# From where each attempt's last answer came to this process: only another address costs a look at what is kept.
_addresses: dict[int, str] = {}


def forget() -> None:
    """Drop what this process keeps."""
    _addresses.clear()


def save(payload: SaveAnswers, arrived: datetime, address: str = "") -> Pending[SavedAnswers]:
    """Return changed answers on their way; after the commit it is said what the server now holds."""
    token = tokens.read(payload.token)
    row = SaveRow(_holder(token, arrived), _changes(token, payload.changes), _moved(token, address))
    return _saves.pending(row).then(lambda verdicts: _saved(_heard(token, address, verdicts), arrived))


def _saved(verdicts: Sequence[Verdict], arrived: datetime) -> SavedAnswers:
    answer = _answer(verdicts, arrived)
    refused = _worst(verdict.status for verdict in verdicts)
    if refused is None:
        return answer
    raise REFUSALS[refused](**_facts(answer))


def submit(payload: SubmitExam, arrived: datetime, address: str = "") -> Pending[SubmittedExam]:
    """Hand in, with whatever was still unsaved; every repetition gets the same answer."""
    token = tokens.read(payload.token)
    return _submits.pending(_handing_in(token, payload, arrived, address)).then(lambda ended: _submitted(token, _heard(token, address, ended), arrived))


def _submitted(token: AttemptToken, ended: Ended, arrived: datetime) -> SubmittedExam:
    if ended.status != "done":
        raise REFUSALS[ended.status](**(_facts(_answer(ended.verdicts, arrived)) if ended.verdicts else {}))
    assert ended.submitted_at is not None
    return SubmittedExam(exam=token.exam, by=ended.by, submitted_at=ended.submitted_at, answered=ended.answered, items=len(token.shape), receipt=ended.receipt)


def submit_many(brought: Iterable[tuple[SubmitExam, datetime]]) -> None:
    """Hand many papers in at once, each as arrived then, on a link of its own and with the same rules: for who fills a demo."""
    with connection() as link:
        ended = store.submit(link, [_handing_in(tokens.read(payload.token), payload, arrived) for payload, arrived in brought])
    for one in ended:
        if one.status != "done":
            raise REFUSALS[one.status]


def _handing_in(token: AttemptToken, payload: SubmitExam, arrived: datetime, address: str = "") -> SubmitRow:
    changes = _changes(token, payload.changes)
    return SubmitRow(_holder(token, arrived), changes, payload.key, _body_hash(payload.changes), payload.bell, _moved(token, address))


def _moved(token: AttemptToken, address: str) -> str:
    """Return the address, hidden, unless the attempt's last answer here came from it."""
    return "" if _addresses.get(token.attempt_id, "") == address else tokens.hidden(address)


def _heard(token: AttemptToken, address: str, answer: Answer) -> Answer:
    """Remember an address once what came from it is kept: a group that was refused kept nothing, and its page comes again."""
    if address and _addresses.get(token.attempt_id) != address:
        if len(_addresses) >= MOST_ADDRESSES:
            _addresses.clear()
        _addresses[token.attempt_id] = address
    return answer


def _holder(token: AttemptToken, arrived: datetime) -> Holder:
    return Holder(token.attempt_id, token.person_id, token.login_id, token.epoch, arrived)


def _changes(token: AttemptToken, changes: Sequence[Change]) -> tuple[store.Change, ...]:
    return tuple(_change(token.shape, change) for change in changes)


def _change(shape: str, change: Change) -> store.Change:
    if change.position > len(shape):
        raise ChoiceUnknown(position=change.position)
    taken = responses.shape(shape[change.position - 1])
    if not responses.fits(taken, change.choices, change.texts):
        raise ChoiceUnknown(position=change.position)
    value = responses.stored(taken, change.choices, change.texts)
    said = f"{change.position}|{change.seq}|{change.revision}|{value}|{change.marked:d}|{change.clear:d}"
    return store.Change(change.position, change.seq, change.revision, value, change.marked, change.clear, hashlib.sha256(said.encode()).hexdigest())


def _body_hash(changes: Sequence[Change]) -> str:
    return hashlib.sha256(msgspec.json.encode(changes)).hexdigest()


def _worst(statuses: Iterable[str]) -> str | None:
    """Return the refusal that speaks for the whole request, the most final first."""
    found = set(statuses)
    if found == _ALL_SAVED:
        return None
    return next((status for status in REFUSALS if status in found), None)


def _answer(verdicts: Sequence[Verdict], arrived: datetime) -> SavedAnswers:
    deadline = next((verdict.deadline for verdict in verdicts if verdict.deadline), arrived)
    return SavedAnswers(
        saved=[Saved(v.position, v.seq, v.status, v.revision, list(v.choices), list(v.texts), v.marked, v.late) for v in verdicts],
        deadline=deadline,
        remaining_ms=rules.remaining_ms(deadline, arrived),
    )


def _facts(answer: SavedAnswers) -> dict[str, object]:
    return {name: getattr(answer, name) for name in answer.__struct_fields__}
