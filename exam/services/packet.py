"""Emergency packets: taking them in as evidence, and counting them after a named decision."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import msgspec

from exam.domain import packet as rules
from exam.domain import response as responses
from exam.domain.attempt import Answer, State
from exam.domain.exam import Exam
from exam.domain.packet import Brought, PacketLine
from exam.services import scoring
from exam.services import token as tokens
from exam.services.exam import found, is_over
from exam.services.packet_seal import PacketSeal
from exam.services.payload import Change
from exam.store import attempt as attempts
from exam.store import exam as exams
from exam.store import packet as store
from exam.store import paper as papers
from exam.store.packet import PacketDecisionRow, PacketRow, Setting, UnitCount
from lms import api as platform
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Forbidden, Missing, Refusal
from lms.kernel.security import TokenRefused
from lms.kernel.settings import Settings

SHOWN = 50  # packets on a page
AT_ONCE = 200  # decided on by one request

_seals: dict[str, PacketSeal] = {}


class PacketBody(msgspec.Struct, forbid_unknown_fields=True):
    """What is inside a packet: the token of the attempt, which the server signed, the paper's hash, and what was not acknowledged."""

    token: str
    paper_hash: str
    made_at: datetime
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one file of several."""

    file_name: str
    refusal: Refusal | None


class SitsHerself(Forbidden):
    """The packets of others tell their answers; once nobody can begin any more, who is enrolled may decide on them, too."""

    code = "sits_herself"
    message = N_("您自己报名了这个培训项目，考试全部结束之前不能查看和处理他人的应急包。请由没有报名的同事办理。")


@dataclass(frozen=True, slots=True)
class PacketView:
    """One packet as those who decide read it: whose, how her attempt ended, and its answers beside those the server holds."""

    packet: PacketRow
    person: str
    unit: str
    setting: Setting
    lines: tuple[PacketLine, ...]


@dataclass(frozen=True, slots=True)
class DecidedPacket:
    """One packet with its decision."""

    packet: PacketRow
    decision: PacketDecisionRow
    person: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of an exam: the first that wait for a decision, `undecided` in all; of which units they are; those decided on last.

    `unit`: of whose people those that wait are, where one was chosen that has several.
    """

    exam: Exam
    waiting: Sequence[PacketView]
    undecided: int
    units: Sequence[UnitCount]
    unit: UnitCount | None
    decided: Sequence[DecidedPacket]


def mount(settings: Settings) -> None:
    """Derive the key pair."""
    _seals["packet"] = PacketSeal(settings.field_key)


def public_key() -> bytes:
    """Return the point to which pages seal their packets."""
    return _seals["packet"].public


def receive(content: bytes, *, exam_code: str, brought_by: int, owner_id: int | None, now: datetime) -> int:
    """Keep a packet as evidence; `owner_id` binds it to one person, None where staff bring it for others. Returns its id."""
    body, changes = _opened(content)
    try:
        token = tokens.read(body.token)
    except TokenRefused:
        raise rules.PacketBroken from None
    if token.exam != exam_code or (owner_id is not None and token.person_id != owner_id) or body.paper_hash != token.paper_hash:
        raise rules.PacketOfOther
    with transaction() as session:
        attempt = attempts.lock(session, token.attempt_id)
        if attempt is None or attempt.person_id != token.person_id or papers.by_id(session, attempt.paper_id)[1].hash != token.paper_hash:
            raise rules.PacketOfOther
        if not rules.in_time(attempt.deadline, now):
            raise rules.PacketTooLate
        digest = hashlib.sha256(content).hexdigest()
        packet_id = store.add(
            session,
            PacketRow(
                attempt_id=attempt.id, digest=digest, content=content, changes=[_row(token.shape, change) for change in changes],
                login_id=token.login_id, epoch=token.epoch, said_at=body.made_at, arrived_at=now, brought_by=brought_by,
            ),
        )  # fmt: skip
        audit.record(session, actor_id=brought_by, action="packet.receive", subject=f"attempt:{attempt.id}", now=now, packet=packet_id, digest=digest)
        return packet_id


def receive_all(files: Iterable[tuple[str, bytes]], *, exam_code: str, brought_by: int, now: datetime) -> list[Received]:
    """Keep many packets; one that is broken holds up no other."""
    told = []
    for name, content in files:
        try:
            receive(content, exam_code=exam_code, brought_by=brought_by, owner_id=None, now=now)
            told.append(Received(name, None))
        except Refusal as refusal:
            told.append(Received(name, refusal))
    return told


def of_person(person_id: int, exam_code: str) -> list[tuple[PacketRow, PacketDecisionRow | None]]:
    """Return the packets of a person at an exam."""
    with transaction() as session:
        mine = attempts.of_person(session, person_id, found(session, exam_code).id)
        return store.of_attempts(session, [one.id for one in mine])


def admit(exam_code: str, person_id: int, now: datetime) -> None:
    """Let somebody read the packets of an exam and decide on them: nobody who may still be given a paper of it. Raises SitsHerself."""
    with transaction() as session:
        exam = found(session, exam_code)
        if platform.enrolment_of(session, person_id, exam.programme_code) is not None and not is_over(session, exam, now):
            raise SitsHerself


def of_exam(exam_code: str, unit_id: int | None = None) -> Packets:
    """Return the packets of an exam, those that wait beside what the server holds: of the people of one unit, or of all."""
    with transaction() as session:
        exam = found(session, exam_code)
        units = store.units(session, exam.id)
        unit = next((one for one in units if one.id == unit_id), None)
        waiting, decided = store.waiting(session, exam.id, unit.id if unit else None, None, SHOWN), store.decided(session, exam.id, SHOWN)
        ids = [packet.attempt_id for packet in (*waiting, *(packet for packet, _decision in decided))]
        settings = store.settings_of(session, ids)
        held = {attempt.id: attempt.answers for attempt in attempts.of_ids(session, [packet.attempt_id for packet in waiting])}
        cards = platform.people(session, [*(one.person_id for one in settings.values()), *(decision.actor_id for _packet, decision in decided)])
        whose = {attempt: cards[one.person_id] for attempt, one in settings.items()}
        return Packets(
            exam=exam,
            waiting=[
                PacketView(one, whose[at].name, whose[at].unit_name, settings[at], rules.compare(one.brought, held[at]))
                for one in waiting
                for at in (one.attempt_id,)
            ],
            undecided=store.outstanding(session, exam.id).undecided,
            units=units,
            unit=unit,
            decided=[DecidedPacket(one, decision, whose[one.attempt_id].name, cards[decision.actor_id].name) for one, decision in decided],
        )


def decide_unit(unit_id: int, *, exam_code: str, approve: bool, reason: str, actor_id: int, now: datetime) -> tuple[int, Refusal | None]:
    """Decide alike, one by one, on the packets that wait of a unit whose line was down; returns on how many, and what stopped it.

    The newest first: what she changed after a first packet stands in the next, and an older answer never takes its place.
    Left for a look of their own: one's own, those of who still sits, and those of who handed in herself, since all she had came with that.
    """
    done, last = 0, None
    while done < AT_ONCE:
        with transaction() as session:
            batch = store.waiting(session, found(session, exam_code).id, unit_id, last, SHOWN)
            settings = store.settings_of(session, [packet.attempt_id for packet in batch])
        if not batch:
            break
        for packet in batch:
            last = packet
            if settings[packet.attempt_id].ended_by == "deadline" and done < AT_ONCE:
                try:
                    with suppress(Forbidden, rules.PacketDecided, rules.AttemptStillOpen):
                        decide(packet.id, exam_code=exam_code, approve=approve, reason=reason, actor_id=actor_id, now=now)
                        done += 1
                except Refusal as refusal:  # such as a regrade that runs: what is decided stays so
                    return done, refusal
    return done, None


def decide(packet_id: int, *, exam_code: str, approve: bool, reason: str, actor_id: int, now: datetime) -> int:
    """Decide on a packet: approved, its answers count and the attempt is scored anew; refused, nothing changes. Returns how many count."""
    with transaction() as session:
        packet = store.by_id(session, packet_id)
        attempt = attempts.lock_alone(session, packet.attempt_id) if packet else None
        if packet is None or attempt is None or exams.by_id(session, attempt.exam_id).code != exam_code:
            raise Missing
        if attempt.person_id == actor_id:
            raise Forbidden
        if store.is_decided(session, packet_id):
            raise rules.PacketDecided
        if attempt.state is State.OPEN:
            raise rules.AttemptStillOpen
        counting = _counting(packet.brought, attempt.answers) if approve else []
        store.count(session, packet, counting, now)
        store.decide(session, PacketDecisionRow(packet_id=packet_id, approved=approve, reason=reason, counted=len(counting), actor_id=actor_id, at=now))
        _audit(session, packet, approve=approve, counted=len(counting), reason=reason, actor_id=actor_id, now=now)
        if counting and attempt.state is State.SCORED:
            scoring.rescore(session, attempt.id, reason=f"packet:{packet_id}", now=now)
        return len(counting)


def _counting(brought: Sequence[Brought], answers: dict[int, Answer]) -> list[Brought]:
    return [line.brought for line in rules.compare(brought, answers) if line.counts]


def _audit(session: Session, packet: PacketRow, *, approve: bool, counted: int, reason: str, actor_id: int, now: datetime) -> None:
    audit.record(
        session, actor_id=actor_id, action="packet.approve" if approve else "packet.refuse", subject=f"attempt:{packet.attempt_id}", now=now,
        packet=packet.id, counted=counted, reason=reason,
    )  # fmt: skip


def _opened(content: bytes) -> tuple[PacketBody, list[Change]]:
    try:
        body = msgspec.json.decode(_seals["packet"].open(content), type=PacketBody)
    except msgspec.DecodeError:
        raise rules.PacketBroken from None
    if not body.changes or len(body.changes) > rules.MOST_CHANGES:
        raise rules.PacketBroken
    return body, body.changes


def _row(shape: str, change: Change) -> list[object]:
    """Return a change as stored; one that its position does not take makes the whole packet worthless."""
    if change.position > len(shape) or not responses.fits(taken := responses.shape(shape[change.position - 1]), change.choices, change.texts):
        raise rules.PacketBroken
    return [change.position, change.seq, change.revision, responses.stored(taken, change.choices, change.texts), change.marked]
