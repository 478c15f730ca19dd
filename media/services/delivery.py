"""Serve a video's files to who holds its cookie, and note which seconds went out."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock

import msgspec

from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_, Forbidden, Missing
from lms.kernel.security import TokenRefused
from media.domain.asset import MASTER, ORIGINAL, POSTER, Asset, file_of
from media.domain.timeline import Timeline, parse_range
from media.services.delivery_record import record_delivery
from media.services.library import library
from media.store import asset as store

COOKIE = "media"
PATH = "/media/v/"
LASTS = timedelta(hours=12)
MOST_SIGN_INS = 50_000
LOOK_AGAIN = timedelta(seconds=60)  # so long an ended sign-in may still fetch segments
MOST_PIECE = 256 * 1024  # of a progressive file: what is noted as delivered is never much more than what was taken
_TYPES = {"mp4": "video/mp4", "m4s": "video/mp4", "m3u8": "application/vnd.apple.mpegurl", "vtt": "text/vtt; charset=utf-8", "jpg": "image/jpeg"}
_FOR_EVER = "private, max-age=31536000, immutable"


class CookieRefused(Forbidden):
    """There is no cookie for this video, or it is over."""

    code = "media_cookie_refused"
    message = N_("播放许可已失效，请刷新页面后继续观看。")


class FileMissing(Missing):
    """The video has no such file."""

    code = "media_file_missing"


class MediaCookie(msgspec.Struct, frozen=True, array_like=True):
    """What the cookie says: who may fetch which video, until when."""

    person_id: int
    login_id: int
    asset_id: int
    code: str
    mark: str
    ends: int


class Reader(msgspec.Struct, frozen=True, array_like=True):
    """One account as far as addresses show it."""

    person_id: int


class FileIndex(msgspec.Struct, frozen=True):
    """The timeline of each file of a build (or of the file as it came), by name; written when they were made."""

    timelines: dict[str, tuple[list[int], list[int]]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a player finds a video; the address of the renditions first, the file as it came beside it."""

    hls_url: str | None
    mp4_url: str | None
    poster_url: str | None
    captions: tuple[tuple[str, str, str], ...]
    seconds: int
    length_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent: a status, headers, and the bytes (none for HEAD)."""

    status: int
    headers: list[tuple[str, str]]
    body: Iterator[bytes] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, free of any web framework."""

    rest: str
    cookies: tuple[str, ...]
    head: bool = False
    range: str = ""
    if_range: str = ""
    if_none_match: str = ""


def playback_source(session: Session, person_id: int, asset: Asset) -> Source:  # noqa: ARG001 - the door for a rule that asks the database
    """Return a video's addresses for one person; fetching them needs the cookie."""
    base = f"{PATH}{asset.code}/{mark_of(person_id)}/"
    return Source(
        hls_url=f"{base}{asset.build}/{MASTER}" if asset.build else None,
        mp4_url=f"{base}{ORIGINAL}" if asset.mp4 else None,
        poster_url=f"{base}{POSTER}" if asset.poster else None,
        captions=tuple((one.language, one.label, f"{base}{one.name}") for one in asset.captions),
        seconds=asset.seconds,
        length_ms=asset.length_ms,
    )


def cookie(person_id: int, login_id: int, asset: Asset, now: datetime) -> tuple[str, str, int, str]:
    """Return name, value, seconds to live and path of the cookie; also set HttpOnly, SameSite=Lax and Secure under HTTPS."""
    token = MediaCookie(person_id, login_id, asset.id, asset.code, mark_of(person_id), int((now + LASTS).timestamp()))
    return COOKIE, library().signer.sign(token), int(LASTS.total_seconds()), f"{PATH}{asset.code}/"


def mark_of(person_id: int) -> str:
    """Return the part of an address that keeps the browser caches of two people on one computer apart.

    Otherwise the second would play from the first one's cache, and nothing would be known as delivered to her.
    """
    return library().signer.sign(Reader(person_id))[:12]


def serve(asked: Asked, now: datetime) -> Answer:
    """Answer a request for one of a video's files."""
    found = file_of(asked.rest)
    if found is None:
        raise FileMissing
    code, mark, name = found
    holder = _holder(asked.cookies, code, mark, now)
    stored = f"{code}/{name}"
    size = _size(stored)
    tag = f'"{name.partition("/")[0]}-{size}"'
    headers = [
        ("Content-Type", _TYPES[name.rpartition(".")[2]]),
        ("Cache-Control", _FOR_EVER),
        ("ETag", tag),
        ("Accept-Ranges", "bytes"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if tag in (one.strip().removeprefix("W/") for one in asked.if_none_match.split(",")):
        return Answer(304, headers)
    try:
        part = _part(asked, size, tag, MOST_PIECE if name == ORIGINAL else size)
    except ValueError:
        return Answer(416, [*headers, ("Content-Range", f"bytes */{size}"), ("Content-Length", "0")])
    first, behind = part or (0, size)
    prefix = library().x_accel_prefix
    if prefix and name != ORIGINAL and not asked.head:
        # nginx answers the range itself. The progressive file is not handed over: only here is it known how much was taken.
        _note(holder, _timeline(code, name), first, behind, now)
        return Answer(200, [*headers, ("X-Accel-Redirect", f"{prefix}/{stored}")])
    headers.append(("Content-Length", str(behind - first)))
    if part is not None:
        headers.append(("Content-Range", f"bytes {first}-{behind - 1}/{size}"))
    body = None if asked.head else _body(stored, (first, behind), holder, _timeline(code, name), now)
    return Answer(200 if part is None else 206, headers, body)


def _holder(cookies: tuple[str, ...], code: str, mark: str, now: datetime) -> MediaCookie:
    """Return who asks; a cookie of another video or account, a forged or an old one counts for nothing."""
    for text in cookies:
        try:
            token = library().signer.read(text, MediaCookie)
        except TokenRefused:
            continue
        if token.code == code and token.mark == mark and now.timestamp() < token.ends and sign_ins.stands(token.login_id, now):
            return token
    raise CookieRefused


def _part(asked: Asked, size: int, tag: str, most: int) -> tuple[int, int] | None:
    if not asked.range or asked.if_range not in {"", tag}:
        return None
    return parse_range(asked.range, size, most)


@lru_cache(maxsize=50_000)
def _size(stored: str) -> int:
    """Return a file's size; files never change, so it is asked once."""
    size = library().files.size(stored)
    if size is None:
        raise FileMissing
    return size


@lru_cache(maxsize=500)
def _index(stored: str) -> dict[str, Timeline]:
    content = library().files.whole(stored)
    if content is None:
        raise FileMissing
    found = msgspec.json.decode(content, type=FileIndex)
    return {name: Timeline(tuple(offsets), tuple(instants)) for name, (offsets, instants) in found.timelines.items()}


def _timeline(code: str, name: str) -> Timeline | None:
    """Return which time lies in which bytes; None for files that hold none."""
    if name == ORIGINAL:
        return _index(f"{code}/{ORIGINAL}.json")[ORIGINAL]
    if name.endswith(".m4s"):
        build, _, inner = name.partition("/")
        return _index(f"{code}/{build}/index.json").get(inner)
    return None


def _body(stored: str, part: tuple[int, int], holder: MediaCookie, timeline: Timeline | None, now: datetime) -> Iterator[bytes]:
    """Yield the bytes and note each chunk once it was taken."""
    at = part[0]
    for chunk in library().files.read(stored, *part):
        yield chunk
        _note(holder, timeline, at, at + len(chunk), now)
        at += len(chunk)


def _note(holder: MediaCookie, timeline: Timeline | None, first: int, behind: int, now: datetime) -> None:
    if timeline is not None:
        start, end = timeline.span(first, behind)
        if start < end:
            record_delivery(holder.person_id, holder.asset_id, start, end, now)


class SignIns:
    """Which sign-ins stood a moment ago; each is looked up once a minute, never for each segment."""

    def __init__(self) -> None:
        self._until: OrderedDict[int, datetime] = OrderedDict()
        self._guard = Lock()

    def stands(self, login_id: int, now: datetime) -> bool:
        """Tell whether the sign-in stands."""
        with self._guard:
            until = self._until.get(login_id)
        if until is not None and now < until <= now + LOOK_AGAIN:
            return True
        with transaction() as session:
            stands = store.signed_in(session, login_id, now)
        with self._guard:
            self._until.pop(login_id, None)
            if stands:
                self._until[login_id] = now + LOOK_AGAIN
                if len(self._until) > MOST_SIGN_INS:
                    self._until.popitem(last=False)
        return stands

    def forget(self) -> None:
        """Look everyone up again."""
        with self._guard:
            self._until.clear()


sign_ins = SignIns()
