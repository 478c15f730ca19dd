"""The player of a lesson's page: it fetches what plays next, and reports what was played."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from load_tests.journal import BeatKept
from load_tests.journeys import Answer, BrokenOff, Teacher, csrf_of
from load_tests.seed import Lesson

BEAT_SECONDS = 15.0
AHEAD = 300.0  # seconds that a player fetches beforehand (media/static/player.js)
PATIENCE = (10, 15, 20, 20)


class Player:
    """One lesson's page with its player, and the lease under which it plays."""

    def __init__(self, teacher: Teacher, lesson: Lesson) -> None:
        self.teacher, self.lesson = teacher, lesson
        self.page, self.source = teacher.open_lesson(lesson)
        if self.source.get("poster"):
            teacher._get(self.source["poster"], "/media/:poster")  # the browser keeps it for ever
        self.opened: dict[str, Any] = {}
        self.sequence = 0
        self.place = 0.0
        self.every = BEAT_SECONDS
        self.buffered = 0.0
        self.parts: Iterator[tuple[str, str, float]] = iter(())
        self.waiting: list[tuple[int, list[tuple[int, int]]]] = []
        self.away = range(0)

    @property
    def length(self) -> float:
        """Return the film's length in seconds."""
        return float(self.opened["length_ms"]) / 1000

    @property
    def ended(self) -> bool:
        """Tell whether the film is over."""
        return bool(self.opened) and self.place >= self.length

    def press(self) -> None:
        """Press play for the first time: a lease is opened, and the film goes on where it stood."""
        teacher = self.teacher
        answer = teacher._post_json("/api/media/lease", {"activity": self.lesson.video}, csrf_of(self.page.text))
        self.opened = answer.json
        if "lease" not in self.opened:
            raise BrokenOff(f"{teacher.account} got no lease: {answer.status} {answer.text[:200]}")
        self.place = self.buffered = self.opened["resume_ms"] / 1000
        self.every = self.opened.get("next_seconds", BEAT_SECONDS)
        self.parts = self._parts() if teacher.fetches else iter(())
        self.away = range(1, 1 + teacher.random.randint(2, 8)) if teacher.random.random() < teacher.offline else range(0)

    def play(self, seconds: float | None = None) -> float:
        """Play at the film's own pace, to its end or for so long; every fifteen seconds and at the end goes a report. Returns how long it played.

        Like a browser it plays on while it fetches and reports, and reports while it fetches ahead; only where nothing is there to play it waits.
        """
        if not self.opened:
            self.press()
        clock, began = self.teacher.clock, self.place
        until = self.length if seconds is None else min(self.length, began + seconds)
        since = clock()  # when the film stood at its place
        while self.place < until:
            step = min(self.every, until - self.place)
            if self.sequence in self.away and self.buffered < self.place + step:
                self.away = range(0)  # without network only what is there can play; the line is back when that is over
            while self.sequence not in self.away and (clock() < since + step or self.buffered < self.place + step):
                if self.buffered >= min(self.length, self.place + AHEAD) or (part := next(self.parts, None)) is None:
                    break
                there = self.buffered - self.place
                self._fetch(*part)
                since = max(since, clock() - there)  # it stood still where it had come to the end of what was there
            self.teacher.play(max(0.0, since + step - clock()))
            since += step
            self.waiting.append((self.sequence, [(int(self.place * 1000), int((self.place + step) * 1000))]))
            self.sequence, self.place = self.sequence + 1, self.place + step
            if self.sequence in self.away and self.place < until:
                continue  # reports wait their turn
            for report in self.waiting:
                self.every = self._report(*report)
            self.waiting.clear()
        return self.place - began

    def _parts(self) -> Iterator[tuple[str, str, float]]:
        """Yield address, range and the second up to which the film is there: playlists and segments, or ranges of the file."""
        if not self.source.get("hls"):
            yield self.source["mp4"], "bytes=0-", self.length
            return
        get = self.teacher._get
        master = get(self.source["hls"], "/media/:playlist").text
        sizes = sorted((int(rate), address) for rate, address in re.findall(r"#EXT-X-STREAM-INF:[^\n]*?BANDWIDTH=(\d+)[^\n]*\n([^#\n]+)", master))
        rendition = urljoin(self.source["hls"], sizes[0 if self.teacher.small else -1][1])
        playlist = get(rendition, "/media/:playlist").text
        start = re.search(r'#EXT-X-MAP:URI="([^"]+)"', playlist)
        if start:
            yield urljoin(rendition, start[1]), "", self.buffered
        second = 0.0
        for length, name in re.findall(r"#EXTINF:([0-9.]+),[^\n]*\n(?:#[^\n]*\n)*([^#\n]+)", playlist):
            second += float(length)
            if second > self.buffered:
                yield urljoin(rendition, name), "", second

    def _fetch(self, path: str, wanted: str, there_until: float) -> None:
        headers = {"Accept": "*/*"} | ({"Range": wanted} if wanted else {})
        answer = self.teacher.line.send("GET", path, name="/media/:segment", headers=headers)
        if answer.status not in (200, 206):
            raise BrokenOff(f"{path}: {answer.status}")
        self.buffered = max(self.buffered, there_until)

    def _report(self, sequence: int, claimed: list[tuple[int, int]]) -> float:
        """Report until the server has taken it, as the browser's queue does; returns when it wants the next."""
        teacher, opened = self.teacher, self.opened
        body = {"lease": opened["lease"], "sequence": sequence, "intervals": claimed, "standing": opened.get("standing", "")}
        for pause in PATIENCE:
            answer: Answer = teacher._post_json("/api/media/heartbeat", body, None)
            if answer.status == 200:
                accepted = [(one[0], one[1]) for one in answer.json["accepted"]]
                opened["standing"] = answer.json["standing"]
                teacher.journal.add(BeatKept(opened["lease"], teacher.account, sequence, claimed, accepted, opened["length_ms"]))
                teacher.told(answer.json["next_seconds"])
                return float(answer.json["next_seconds"])
            if answer.status in (401, 422):
                raise BrokenOff(f"heartbeat: {answer.status} {answer.text[:200]}")
            teacher.rest(pause)
        raise BrokenOff("heartbeat: no answer")


def watch(teacher: Teacher, share: float = 1.0) -> None:
    """Open the first lesson and watch its film to the end, or break off after a share of it."""
    player = Player(teacher, teacher.found.lessons[0])
    teacher.rest(3)
    player.press()
    player.play(share * player.length)
