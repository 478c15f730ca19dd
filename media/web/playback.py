"""The player's typed endpoints, the hot heartbeat, and the page of seconds that did not count."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from flask import Response, render_template, request

from lms.kernel import payload as payloads
from lms.kernel import request as current
from lms.kernel.group_commit import Pending
from lms.kernel.hot import HotRequest, HotRoute
from lms.kernel.part import routes
from lms.kernel.payload import json_route
from lms.kernel.permissions import Permission, Priority, requires
from lms.kernel.shedding import busy_share
from media.domain.interval import Spans, length
from media.domain.lease import Lease
from media.domain.playback import Watched
from media.domain.reporting import next_seconds
from media.services import heartbeat, presence
from media.services import lease as leases
from media.services import player as players
from media.services.delivery import Source

playback = routes("playback", __name__)

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)]
Interval = tuple[Milliseconds, Milliseconds]
Token = Annotated[str, msgspec.Meta(max_length=1_000)]


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """Which video is meant."""

    activity: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class Captions(msgspec.Struct):
    """One language of captions."""

    language: str
    label: str
    url: str


class SourceAnswer(msgspec.Struct):
    """Where the video is; its cookie comes with it."""

    hls: str | None
    mp4: str | None
    poster: str | None
    captions: list[Captions]


class PresenceDue(msgspec.Struct):
    """A presence question is open."""

    number: int
    seconds: int


class LeaseAnswer(msgspec.Struct):
    """A lease and the state from which the player goes on."""

    lease: str
    earns: bool
    rate: float
    length_ms: int
    resume_ms: int
    accepted: Spans
    waiting: Spans
    presence: PresenceDue | None
    next_seconds: int


class Heartbeat(msgspec.Struct):
    """What was played: `[from, to)` in milliseconds of the video, under a lease. Unknown fields are ignored, so no clock of a client counts."""

    lease: Token
    sequence: Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)]
    intervals: Annotated[list[Interval], msgspec.Meta(max_length=200)]
    vouching: Token | None = None
    standing: Token = ""  # what the last answer under this lease gave; without it the database is asked


class RefusedSpans(msgspec.Struct):
    """Seconds that did not count, and why."""

    reason: str
    spans: Spans
    provisional: bool


class HeartbeatAnswer(msgspec.Struct):
    """What became of each second."""

    accepted: Spans
    waiting: Spans
    refused: list[RefusedSpans]
    accepted_ms: int
    newest: bool
    done: bool
    presence: PresenceDue | None
    standing: str
    next_seconds: int


class PresenceAsk(msgspec.Struct):
    """Whose question is meant."""

    lease: Token


class PresencePrompt(msgspec.Struct):
    """The open question; without options one tap is the answer."""

    number: int | None
    text: str
    options: tuple[str, ...]


class PresenceAnswer(msgspec.Struct):
    """The learner is there."""

    lease: Token
    number: int
    choice: int | None = None


class PresenceResult(msgspec.Struct):
    """Whether the answer was right; a wrong one costs nothing."""

    right: bool
    explanation: str


@playback.post("/api/media/source")
@requires(Permission.LEARN)
@json_route(Ask, SourceAnswer)
def source(payload: Ask) -> object:
    """Return the video's addresses and set its cookie; nothing is claimed by looking."""
    person = current.person()
    found = players.source(person_id=person.person_id, login_id=person.login_id, activity_id=payload.activity, now=current.now())
    return _with_cookie(_source(found.source), found.cookie)


@playback.post("/api/media/lease")
@requires(Permission.LEARN)
@json_route(Ask, LeaseAnswer)
def open_lease(payload: Ask) -> object:
    """Open a lease: the newest play of the account wins."""
    person, now = current.person(), current.now()
    opened = leases.open_lease(person_id=person.person_id, login_id=person.login_id, activity_id=payload.activity, device=current.device(), now=now)
    found = players.source(person_id=person.person_id, login_id=person.login_id, activity_id=payload.activity, now=now)
    answer = LeaseAnswer(
        lease=opened.token,
        earns=opened.terms.earns,
        rate=opened.terms.rate / 1000,
        length_ms=opened.terms.length_ms,
        resume_ms=_resume(opened.terms, opened.watched),
        accepted=opened.watched.accepted,
        waiting=opened.watched.waiting,
        presence=PresenceDue(opened.question, opened.question_seconds) if opened.question is not None else None,
        next_seconds=next_seconds(busy_share(request.environ)),
    )
    return _with_cookie(answer, found.cookie)


@playback.post("/api/media/presence/prompt")
@requires(Permission.LEARN)
@json_route(PresenceAsk, PresencePrompt)
def presence_prompt(payload: PresenceAsk) -> PresencePrompt:
    """Return the open presence question."""
    found = presence.prompt(person_id=current.person().person_id, token=payload.lease)
    return PresencePrompt(None, "", ()) if found is None else PresencePrompt(found[0], found[1].text, found[1].options)


@playback.post("/api/media/presence")
@requires(Permission.LEARN)
@json_route(PresenceAnswer, PresenceResult)
def presence_answer(payload: PresenceAnswer) -> PresenceResult:
    """Take the answer to a presence question."""
    found = presence.answer(person_id=current.person().person_id, token=payload.lease, number=payload.number, choice=payload.choice, now=current.now())
    return PresenceResult(found.right, found.explanation)


@playback.get("/watching/<int:activity_id>")
@requires(Permission.LEARN)
def losses(activity_id: int) -> str:
    """Show which seconds of a video did not count, and why."""
    return render_template("media/playback/losses.html", page=players.losses_page(current.person().person_id, activity_id, current.now()))


def beat(request: HotRequest) -> Pending[HeartbeatAnswer]:
    """Take one report."""
    report: Heartbeat = request.payload
    waiting = heartbeat.report(report.lease, report.sequence, report.intervals, report.vouching, request.arrived, standing=report.standing)
    arrived, seconds = request.arrived, next_seconds(busy_share(request.environ))  # the rest of the request does not wait
    return waiting.then(lambda found: _answer(found, arrived, seconds))


def _answer(found: heartbeat.Outcome, arrived: datetime, seconds: int) -> HeartbeatAnswer:
    return HeartbeatAnswer(
        accepted=found.accepted,
        waiting=found.watched.waiting,
        refused=[RefusedSpans(one.reason.value, one.spans, one.provisional) for one in found.refused],
        accepted_ms=length(found.watched.accepted),
        newest=found.newest,
        done=found.done,
        presence=_due(found.presence.number, found.presence.deadline, arrived) if found.presence else None,
        standing=found.standing,
        next_seconds=seconds,
    )


def _due(number: int, deadline: datetime | None, now: datetime) -> PresenceDue:
    left = (deadline - now) if deadline else timedelta(0)
    return PresenceDue(number, max(0, int(left.total_seconds())))


def _resume(terms: Lease, watched: Watched) -> int:
    """Return where to go on; a video seen to its end begins anew."""
    return 0 if watched.resume_ms >= terms.length_ms - 3_000 else watched.resume_ms


def _source(found: Source) -> SourceAnswer:
    return SourceAnswer(found.hls_url, found.mp4_url, found.poster_url, [Captions(*one) for one in found.captions])


def _with_cookie(answer: object, cookie: players.Cookie) -> Response:
    response = Response(payloads.encode(answer), mimetype="application/json", headers={"Cache-Control": "private, no-store"})
    response.set_cookie(cookie.name, cookie.value, max_age=cookie.seconds, path=cookie.path, secure=cookie.secure, httponly=True, samesite="Lax")
    return response


HEARTBEAT = HotRoute("POST", "/api/media/heartbeat", Permission.LEARN, beat, Heartbeat, HeartbeatAnswer, priority=Priority.LEARNING, holder="lease")
