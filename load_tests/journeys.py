"""What a teacher's browser sends, in its order and with its headers, from signing in to the receipt.

One class a part of the way; each needs a `Line` to send over and somebody to be. `tests/load_tests` compares the order with
what Chromium sends on the same way against the same product.
"""

import math
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from random import Random
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec

from load_tests.journal import AnswerKept, HandedIn, Journal, Opened, QuizHandedIn, change_hash
from load_tests.seed import Lesson, Seeded

AFTER_LAST = 0.6  # how long the room waits after a change before it saves
CLOCK_EVERY = 60.0
WAITS = (1, 2, 4, 8)  # this and the next four as in exam/static/queue.js, in seconds
BUSY = (4, 128)
PRESSED = 6
BEFORE_BELL = 60
MOST_AFTER = 10
PAGE = {"Accept": "text/html,application/xhtml+xml"}
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", **PAGE}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `url` is where redirects ended, `retry_after` when a busy server wants to be asked again, in seconds."""

    status: int
    body: bytes
    url: str = ""
    retry_after: float = 0.0

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode(errors="replace")

    @property
    def json(self) -> dict[str, Any]:
        """Return the body as JSON; an empty object where it is none."""
        try:
            found = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return {}
        return found if isinstance(found, dict) else {}


class Line(Protocol):
    """Something that sends requests and keeps cookies; a status of 0 means that nothing came back."""

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send one request and follow redirects."""
        ...


class BrokenOff(RuntimeError):
    """The way cannot be gone on: the server said something a browser would stop at."""


@dataclass
class Teacher:
    """One person at one browser."""

    line: Line
    found: Seeded
    account: str
    journal: Journal
    rest: Callable[[float], None]  # while she reads and thinks, in seconds of life
    random: Random = field(default_factory=Random)
    tries: int = 10
    bell: Callable[[], None] = lambda: None  # waits until everybody may start
    offline: float = 0.0  # share of lessons with a spell without network
    fetches: bool = True  # the film from here; otherwise it comes from elsewhere and is known as delivered
    small: bool = True  # which rendition of it
    waited: Callable[[float, float], None] = lambda _seconds, _told: None  # how long for a turn to start, and what was told first
    told: Callable[[float], None] = lambda _seconds: None  # after how long the server wants the next report
    clock: Callable[[], float] = time.monotonic
    plays: Callable[[float], None] | None = None  # while a film plays; it runs as it runs, however fast people think

    def play(self, seconds: float) -> None:
        """Let a film play for so long."""
        (self.plays or self.rest)(seconds)

    # ── Signing in and finding the lesson ───────────────────

    def sign_in(self) -> None:
        """Come to the first page, be sent to the form, fill it in."""
        form = self._get("/", "/sign-in")
        self.rest(4)
        fields = {"csrf_token": hidden(form.text), "account": self.account, "password": self.found.password}
        home = self._post_form("/sign-in?next=/", fields, "/sign-in")
        if "/sign-in" in home.url or "/consent" in home.url:
            raise BrokenOff(f"{self.account} could not sign in: {home.url}")

    def look(self, *paths: str) -> None:
        """Look at some pages, with time to read them."""
        for path in paths:
            self._get(path, _name(path))
            self.rest(15)

    def home(self) -> Answer:
        """Look at the first page."""
        return self._get("/", "/")

    def open_lesson(self, lesson: Lesson) -> tuple[Answer, dict[str, Any]]:
        """Open a lesson's page; its player asks where the film is."""
        page = self._get(f"/lessons/{lesson.lesson_id}", "/lessons/:id")
        source = self._post_json("/api/media/source", {"activity": lesson.video}, csrf_of(page.text))
        if source.status != 200:
            raise BrokenOff(f"{self.account} got no film: {source.status} {source.text[:200]}")
        return page, source.json

    # ── The quiz ────────────────────────────────────────────

    def quiz(self, page: Answer | None = None, lesson: Lesson | None = None) -> None:
        """Begin a lesson's quiz from its page, answer it, hand it in and read the review."""
        lesson = lesson or self.found.lessons[0]
        page = page or self.open_lesson(lesson)[0]
        form = self._post_form(f"/quizzes/{lesson.quiz}/attempts", {"csrf_token": hidden(page.text)}, "/quizzes/:id/attempts")
        names = sorted(set(re.findall(r'name="(response-\d+)"', form.text)))
        if not names:
            raise BrokenOff(f"{self.account} got no quiz: {form.url}")
        self.rest(6 * len(names))
        fields = {"csrf_token": hidden(form.text)} | dict.fromkeys(names, "0")
        review = self._post_form(path_of(form.url), fields, "/quizzes/attempts/:id")
        self.journal.add(QuizHandedIn(self.account, int(path_of(review.url).rpartition("/")[2]), len(names)))

    # ── The exam ────────────────────────────────────────────

    def exam(self, *, think: Callable[[], float], most_items: int | None = None, stays: bool = True) -> None:
        """Start, answer item after item, and hand in; or go away in the middle."""
        room = Room(self, self.found.exam)
        room.start()
        since = 0.0
        for position in range(1, min(most_items or room.items, room.items if stays else room.items // 2) + 1):
            thought = think()
            self.rest(thought)
            room.choose(position, [self.random.randrange(2)])
            self.rest(AFTER_LAST)
            room.flush()
            since += thought + AFTER_LAST
            if since >= CLOCK_EVERY:
                since = 0.0
                room.ask_clock()
        if stays:
            room.hand_in()

    # ── Sending ─────────────────────────────────────────────

    def _get(self, path: str, name: str) -> Answer:
        answer = self.line.send("GET", path, name=name, headers=PAGE)
        if answer.status != 200:
            raise BrokenOff(f"{path}: {answer.status}")
        return answer

    def _post_form(self, path: str, fields: dict[str, str], name: str) -> Answer:
        answer = self.line.send("POST", path, name=name, headers=FORM, body=urlencode(fields).encode())
        if answer.status != 200:
            raise BrokenOff(f"{path}: {answer.status}")
        return answer

    def _post_json(self, path: str, body: object, csrf: str | None) -> Answer:
        headers = JSON | ({"X-CSRFToken": csrf} if csrf else {})
        return self.line.send("POST", path, name=path, headers=headers, body=msgspec.json.encode(body))


class Room:
    """The exam room's queue: one request at a time, repeated unchanged until the server has answered."""

    def __init__(self, teacher: Teacher, exam: str) -> None:
        self.teacher, self.exam = teacher, exam
        self.device = secrets.token_hex(16)
        self.key = secrets.token_hex(16)
        self.token = ""
        self.seq = 1
        self.items = 0
        self.csrf = ""
        self.opened: dict[str, Any] = {}
        self.bell = math.inf  # by the monotonic clock
        self.drains = False
        self.held: dict[int, int] = {}
        self.pending: dict[int, dict[str, Any]] = {}
        self.last: dict[int, dict[str, Any]] = {}

    def start(self) -> None:
        """Read the briefing, start, enter the room."""
        teacher = self.teacher
        page = teacher._get(f"/exams/{self.exam}", "/exams/:code")
        teacher._get("/healthz", "/healthz")  # the page's check of the line
        teacher.rest(5)
        teacher.bell()
        asked = {"entry": entry_of(page.text), "device": self.device, "honesty": True}
        answer = self._until_answered("/api/exam/start", asked, None, self._to_start)
        asked_at, told = teacher.clock(), 0.0
        while answer.status == 409 and answer.json["code"] == "waiting":
            told = told or answer.json["wait_ms"] / 1000
            teacher.play(answer.json["wait_ms"] / 1000 + teacher.random.random())  # a turn comes at its time, however fast people think
            answer = self._until_answered("/api/exam/start", {**asked, "ticket": answer.json["ticket"]}, None, self._to_start)
        if answer.status != 200:
            raise BrokenOff(f"start: {answer.status} {answer.text[:200]}")
        if told:
            teacher.waited(teacher.clock() - asked_at, told)
        self._take(answer.json)
        room = teacher._get(f"/exams/{self.exam}/room", "/exams/:code/room")
        self.csrf = csrf_of(room.text)

    def resume(self) -> None:
        """Come back after the page was lost; what stood unsaved goes out again under new numbers."""
        answer = self._until_answered("/api/exam/resume", {"exam": self.exam, "device": self.device, "takeover": False}, self.csrf, self._to_come_back)
        if answer.status != 200:
            raise BrokenOff(f"resume: {answer.status} {answer.text[:200]}")
        self._take(answer.json)

    def _take(self, opened: dict[str, Any]) -> None:
        self.opened, self.token = opened, opened["token"]
        self.bell = time.monotonic() + opened["remaining_ms"] / 1000
        self.seq = max(self.seq, opened["seq_from"] or 1)
        self.held = {one["position"]: one["revision"] for one in opened["answers"]}
        self.items = len(opened["paper"]["items"])
        self.teacher.journal.add(Opened(self.token, self.teacher.account, opened["paper_hash"], opened["deadline"]))

    def choose(self, position: int, choices: list[int]) -> None:
        """Change one answer; it waits for the next flush."""
        self.pending[position] = {
            "position": position,
            "seq": self.seq,
            "revision": self.held.get(position, 0),
            "choices": choices,
            "marked": False,
            "clear": not choices,
        }
        self.seq += 1

    def flush(self) -> None:
        """Save what waits."""
        if not self.pending:
            return
        flight, self.pending = list(self.pending.values()), {}
        answer = self._until_answered("/api/exam/save", {"token": self.token, "changes": flight}, None, self._to_save)
        if answer.status != 200:
            raise BrokenOff(f"save: {answer.status} {answer.text[:300]}")
        sent = {change["seq"]: change for change in flight}
        for one in answer.json["saved"]:
            change = sent[one["seq"]]
            self.held[one["position"]] = one["revision"]
            if one["status"] == "saved":
                kept = AnswerKept(self.token, self.teacher.account, one["position"], one["seq"], one["revision"], one["choices"], change_hash(change))
                self.teacher.journal.add(kept)

    def ask_clock(self) -> None:
        """Ask how much time is left, as an open page does about once a minute."""
        self.teacher._post_json("/api/exam/remaining", {"token": self.token}, None)

    def hand_in(self) -> None:
        """Save the rest, hand in, read the receipt."""
        self.drains = True
        self.flush()
        answer = self._until_answered("/api/exam/submit", {"token": self.token, "key": self.key, "changes": []}, None, self._to_hand_in)
        if answer.status != 200:
            raise BrokenOff(f"submit: {answer.status} {answer.text[:300]}")
        done = answer.json
        self.teacher.journal.add(HandedIn(self.token, self.teacher.account, self.key, done["receipt"], done["answered"]))
        for _looked in range(2):  # once to see that it is there, once to go to it
            self.teacher._get(f"/exams/{self.exam}/receipt", "/exams/:code/receipt")

    def _until_answered(self, path: str, body: dict[str, Any], csrf: str | None, wait: Callable[[int, Answer], float]) -> Answer:
        """Send the same request until something final comes back, with the page's waits for it."""
        for number in range(self.teacher.tries):
            answer = self.teacher._post_json(path, body, csrf)
            if answer.status and answer.status != 429 and answer.status < 500:
                return answer
            self.teacher.rest(wait(number, answer))
        raise BrokenOff(f"{path}: no answer")

    def _to_start(self, number: int, answer: Answer) -> float:
        return answer.retry_after + self.teacher.random.random() * min(32, 1 << number)

    def _to_come_back(self, number: int, _answer: Answer) -> float:
        return WAITS[min(number, len(WAITS) - 1)] * (0.6 + 0.4 * self.teacher.random.random())

    def _to_hand_in(self, _number: int, _answer: Answer) -> float:
        return 2 + 2 * self.teacher.random.random()

    def _to_save(self, number: int, answer: Answer) -> float:
        """Return how long the queue waits: for a lost line a little, for a busy server as it says and spread widely, but in time for the bell."""
        if not answer.status:
            return self._to_come_back(number, answer)
        room = 0.0 if self.drains else self.bell - time.monotonic() - BEFORE_BELL
        least = min(answer.retry_after, max(MOST_AFTER, room))
        return least + self.teacher.random.random() * min(BUSY[min(number, len(BUSY) - 1)], max(PRESSED, room - least))


def _name(path: str) -> str:
    """Return the name under which all pages of a kind are counted."""
    return re.sub(r"\d+", ":id", re.sub(r"(?<=/programmes/)[^/]+", ":code", path.partition("?")[0]))


def hidden(page: str) -> str:
    """Return the CSRF token of a page's first form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if found is None:
        raise BrokenOff("the page has no form token")
    return unescape(found[1])


def csrf_of(page: str) -> str:
    """Return the token that a page gives to its script."""
    found = re.search(r'data-csrf="([^"]+)"', page)
    if found is None:
        raise BrokenOff("the page has no token for its script")
    return unescape(found[1])


def entry_of(page: str) -> str:
    """Return the entry that the start page gives to its script."""
    found = re.search(r'data-entry="([^"]+)"', page)
    if found is None:
        raise BrokenOff("the page has no entry to start by")
    return unescape(found[1])


def path_of(url: str) -> str:
    """Return the path of an address."""
    return re.sub(r"^https?://[^/]+", "", url)
