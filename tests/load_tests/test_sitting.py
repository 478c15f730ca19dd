"""People who sit as the forecast says send what the forecast expects, from the first judged second to the last."""

import heapq
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import pytest
from greenlet import getcurrent, greenlet

from load_tests.figures import Line, Second
from load_tests.journal import Journal
from load_tests.journeys import Answer, Teacher
from load_tests.player import Player
from load_tests.run import Order, climbed
from load_tests.scenario import REQUESTS, Asked, Scenario, scenario
from load_tests.seed import Lesson, Seeded
from load_tests.sitting import Turns, sit
from load_tests.steadiness import absent, by_city, reached, too_few_people, too_seldom, unplayed
from load_tests.verdict import Fault, Rate

PROGRAMME = Path(__file__).parents[2] / "lms/programmes/jiangxi-2023.toml"
PAGE = 'name="csrf_token" value="t" data-csrf="t" ' + " ".join(f'name="response-{number}"' for number in range(1, 6))


def steady(people: int, seconds: float, **more: object) -> Scenario:
    return scenario(Asked(programme=str(PROGRAMME), window=1, people=people, seconds=seconds, pace=1, peak=True, **more))  # type: ignore[arg-type]


@dataclass
class Course:
    """The answers of a server, and what was asked at which second of a time that passes only where somebody rests."""

    film: int
    now: float = 0.0
    asked: list[tuple[float, str, str]] = field(default_factory=list)
    asleep: list[tuple[float, int, greenlet]] = field(default_factory=list)

    def rest(self, seconds: float) -> None:
        """Sleep until then; others go on meanwhile."""
        heapq.heappush(self.asleep, (self.now + seconds, len(self.asked) * 10_000 + len(self.asleep), getcurrent()))
        getcurrent().parent.switch()

    def until(self, end: float) -> None:
        """Let everybody go on until then."""
        while self.asleep and self.asleep[0][0] < end:
            self.now, _order, one = heapq.heappop(self.asleep)
            one.switch()

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Answer as the product does."""
        self.asked.append((self.now, method, name))
        if path == "/api/media/lease":
            place = int(headers.get("place", "0"))
            return Answer(200, msgspec.json.encode({"lease": "l", "length_ms": self.film * 1000, "resume_ms": place, "next_seconds": 15}))
        if path == "/api/media/heartbeat":
            return Answer(200, msgspec.json.encode({"accepted": [], "next_seconds": 15, "standing": ""}))
        return Answer(200, PAGE.encode(), "/quizzes/attempts/7" if "quiz" in path else "/")


def played(wanted: Scenario, tmp_path: Path) -> list[tuple[float, str, str]]:
    """Let as many sit as the scenario wants, each at another point of her sitting; return what was sent."""
    asked, course, journal = wanted.asked, Course(film=wanted.length), Journal(tmp_path / "journal.jsonl")
    lessons = [Lesson(number, number, number) for number in range(1, 4)]
    found = Seeded("p", 1, ["t"], [1], ["360700"], "secret", lessons, "exam", None)

    turns = Turns(asked.people)

    def seat(place: int) -> None:
        course.rest(place / asked.people * 0.9 * asked.lead)
        follows = False
        while True:
            number, follows = turns.take(0, follows=follows), True
            teacher = Teacher(_Placed(course, number), found, "t", journal, course.rest, Random(number), fetches=False, clock=lambda: course.now)
            sit(teacher, wanted.habits, gone=turns.gone(number))

    for place in range(asked.people):
        greenlet(seat).switch(place)
    course.until(asked.lead + asked.seconds)
    for _at, _order, one in course.asleep:
        one.throw()
    return [one for one in course.asked if one[0] >= asked.lead]


class _Placed:
    """A line to the course for one person, whose first lesson has come to some place."""

    def __init__(self, course: Course, number: int) -> None:
        self.course, self.first = course, int(number * 0.7320508 % 1 * course.film * 1000)

    def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Send, and say where the film stands."""
        if path == "/api/media/lease":
            headers, self.first = {**headers, "place": str(self.first)}, 0
        return self.course.send(method, path, name=name, headers=headers, body=body)


def test_the_fullest_quarter_is_played_in_every_kind_of_request_to_the_end(tmp_path: Path) -> None:
    is_played(steady(600, 900, lead=60), tmp_path)


def test_a_short_step_of_a_ladder_is_played_after_all_have_come_for_many_minutes(tmp_path: Path) -> None:
    is_played(steady(3000, 120, lead=400), tmp_path)


def is_played(wanted: Scenario, tmp_path: Path) -> None:
    """Hold the whole and its second half against the plan."""
    asked, planned = wanted.asked, wanted.planned
    sent = played(wanted, tmp_path)
    assert {"sign_ins", "heartbeats", "quiz_starts", "lesson_pages", "other_pages"} <= set(planned)
    for half in (sent, [one for one in sent if one[0] >= asked.lead + asked.seconds / 2]):
        seconds = asked.seconds if half is sent else asked.seconds / 2
        counted = Counter(one[1:] for one in half)
        for code in set(planned) - {"segments"}:
            rate = sum(counted[request] for request in REQUESTS[code]) / seconds
            chance = 2.5 * (planned[code] / seconds) ** 0.5
            assert rate > 0.93 * planned[code] - chance, code
            assert rate < (1.35 if code == "lesson_pages" else 1.07) * planned[code] + chance, code


@pytest.mark.parametrize(("people", "steps"), [(657, 5), (2629, 5), (10_516, 3), (60_000, 1)])
def test_a_ladder_has_people_for_each_of_its_steps_and_ends_with_the_programme_s(people: int, steps: int) -> None:
    asked = Asked(programme=str(PROGRAMME), window=1, people=people, peak=True, pace=1, seconds=60)
    climb = climbed(asked, Order(folder=Path("unused")), 5)
    assert [one.people for one in climb] == [people * 2**step for step in range(steps)]
    assert sum(one.accounts for one in climb) <= 100_000
    assert all(later.first == earlier.first + earlier.accounts for earlier, later in pairwise(climb))
    assert all(one.accounts > one.people for one in climb), "nobody meets herself in the middle of her sitting"


@pytest.mark.parametrize(("people", "processes"), [(7, 1), (7, 3), (12, 4)])
def test_nobody_has_the_number_of_another(people: int, processes: int) -> None:
    turns = [Turns(people, processes) for _process in range(processes)]
    first = [one.take(process, follows=False) for process, one in enumerate(turns) for _place in range(-(-people // processes))]
    later = [one.take(process, follows=True) for process, one in enumerate(turns) for _turn in range(5)]
    assert sorted(first)[:people] == list(range(people))
    assert len({*first, *later}) == len(first) + len(later)
    assert all(turns[0].gone(number) == 0 for number in later)


def player_of(tmp_path: Path, film: int, slow: float) -> tuple[Player, list[tuple[float, str]]]:
    """Return a player whose every request takes so long, and what it sends, by when it was answered."""
    now, sent = [0.0], []

    class Line:
        def send(self, method: str, path: str, *, name: str, headers: dict[str, str], body: bytes = b"") -> Answer:
            now[0] += slow
            sent.append((now[0], name))
            if name == "/media/:playlist":
                parts = "#EXTINF:4.0,\npart.m4s\n" * (film // 4)
                return Answer(200, ("#EXT-X-STREAM-INF:BANDWIDTH=9\nsmall.m3u8\n" if path == "/a.m3u8" else parts).encode())
            if name == "/api/media/source":
                return Answer(200, b'{"hls": "/a.m3u8"}')
            opened = {"lease": "l", "length_ms": film * 1000, "resume_ms": 0, "accepted": [], "next_seconds": 15, "standing": ""}
            return Answer(200, msgspec.json.encode(opened) if path.startswith("/api") else PAGE.encode())

    def rest(seconds: float) -> None:
        now[0] += seconds

    found = Seeded("p", 1, ["t"], [1], ["360700"], "secret", [], "exam", None)
    return Player(Teacher(Line(), found, "t", Journal(tmp_path / "journal.jsonl"), rest, Random(1), clock=lambda: now[0]), Lesson(1, 1, 1)), sent


def test_a_film_plays_on_while_it_is_fetched_and_reported_over_a_slow_line(tmp_path: Path) -> None:
    film, slow = 900, 0.5
    player, sent = player_of(tmp_path, film, slow)
    player.play()
    reported = [at for at, name in sent if name == "/api/media/heartbeat"]
    first = next(at for at, name in sent if name == "/media/:segment")
    assert sum(name == "/media/:segment" for _at, name in sent) == film // 4
    assert len(reported) == film / 15
    assert first + film <= reported[-1] <= first + film + 2 * slow, "as long as the film, from the first part on; fetched ahead it took 38 s more"


@pytest.mark.parametrize("slow", [0.3, 0.8, 3.0])
def test_reports_go_out_one_by_one_while_a_film_is_fetched_ahead(tmp_path: Path, slow: float) -> None:
    player, sent = player_of(tmp_path, 900, slow)
    player.play()
    reported = [at for at, name in sent if name == "/api/media/heartbeat"]
    fetched = [at for at, name in sent if name == "/media/:segment"]
    assert [at for at in reported if at < fetched[75]], "five minutes are not fetched before the first report"
    assert len(reported) == 60
    assert min(later - earlier for earlier, later in pairwise(reported)) > 15 - 3 * slow, "no burst"
    for number, at in enumerate(reported):  # of each only what had been fetched can be claimed
        assert sum(one < at for one in fetched) * 4 >= min(900, (number + 1) * 15)


@pytest.mark.parametrize(("slow", "silence"), [(0.1, 8 * 15), (0.5, 30 * 4 - 15), (3.0, 15)])
def test_without_a_line_only_what_is_there_plays_and_nothing_is_sent(tmp_path: Path, slow: float, silence: float) -> None:
    player, sent = player_of(tmp_path, 900, slow)
    player.teacher.offline = 1.0
    player.press()
    assert player.away == range(1, 9)
    player.play()
    longest = max(later - earlier for (earlier, _name), (later, _other) in pairwise(sent))
    assert silence <= longest < silence + 10, "the whole spell, or up to the end of what was there"
    counted = Counter(name for _at, name in sent)
    assert (counted["/media/:segment"], counted["/api/media/heartbeat"]) == (900 // 4, 900 // 15), "all of it in the end"


def test_the_scale_of_a_quarter_is_what_the_forecast_has() -> None:
    planned = scenario(Asked(programme=str(PROGRAMME), window=1, people=5477, seconds=900, pace=1, peak=True)).planned
    assert planned["sign_ins"] == pytest.approx(1.37, abs=0.02)
    assert planned["heartbeats"] == pytest.approx(276.6, abs=1)
    assert planned["quiz_starts"] == pytest.approx(1.06, abs=0.02)
    assert planned["lesson_pages"] + planned["other_pages"] == pytest.approx(7.9, abs=0.1)


def seen(wanted: Scenario, share: float) -> list[Line]:
    """Return what a run measures that reaches so much of its plan, all from one city and all together."""
    counts = {requests[0]: round(share * wanted.planned[code] * wanted.asked.seconds) for code, requests in REQUESTS.items() if code in wanted.planned}
    return [Line(city, *request, count, 0, 1, 1, 1) for city in ("", "360700") for request, count in counts.items()]


def test_what_falls_short_of_the_plan_is_a_fault() -> None:
    wanted = steady(5000, 900)
    full, short = (reached(wanted, seen(wanted, share)) for share in (0.95, 0.7))
    assert list(too_seldom(full, 900)) == []
    assert {fault.words.partition(":")[0] for fault in too_seldom(short, 900)} == set(wanted.planned)
    assert list(too_seldom(reached(steady(4, 30), seen(steady(4, 30), 0)), 30)) == [], "a rate of which hardly anything is planned says nothing"


@pytest.mark.parametrize(("planned", "came", "told"), [(70, 60, False), (70, 30, True), (8000, 7100, True), (8000, 7300, False), (49, 0, False)])
def test_a_tenth_too_few_is_a_fault_where_chance_does_not_explain_it(planned: int, came: int, told: bool) -> None:
    assert bool(list(too_seldom([Rate("lesson_pages", planned / 60, came / 60, came)], 60))) == told


def test_a_rehearsal_of_which_nobody_came_to_the_end_is_a_fault() -> None:
    exam, window = (scenario(Asked(programme=str(PROGRAMME), window=which, people=40)) for which in (3, 1))
    assert list(unplayed(exam, {"opened": 40, "answer": 900, "hand_in": 38})) == []
    assert ["hand-in of an exam" in one.words for one in unplayed(exam, {"opened": 40, "answer": 900})] == [True]
    assert ["only 12 of 40" in one.words for one in unplayed(exam, {"opened": 40, "answer": 900, "hand_in": 12})] == [True]
    assert ["hand-in of a quiz" in one.words for one in unplayed(window, {"beat": 60})] == [True]
    assert list(unplayed(steady(40, 60), {"beat": 60})) == [], "of a quarter of an hour at life's pace hardly a lesson ends"


def test_people_who_ran_out_are_a_fault_that_names_when() -> None:
    wanted = steady(100, 100)
    there = [Second(second, 5, 0, 10, 100 if second < 60 else 2) for second in range(100)]
    faults = [fault.words for fault in too_few_people(wanted, there)]
    assert len(faults) == 4
    assert faults[0].startswith("2 people were there from second 60 to 70, 100 planned")
    assert list(too_few_people(wanted, [Second(second, 5, 0, 10, 100) for second in range(100)])) == []
    assert "nothing was sent" in next(too_few_people(wanted, [])).words
    few = steady(10, 60)
    heard = [Second(second, 1, 0, 10, 10) for second in range(60) if not 12 <= second < 18]
    assert list(too_few_people(few, heard)) == [], "few are silent for a moment by chance"
    assert any("nothing was sent" in fault.words for fault in too_few_people(few, heard[:6])), "and not for the rest of the run"


def test_each_city_passes_fails_or_has_been_seen_too_little_and_none_may_stay_away() -> None:
    wanted = steady(5000, 900)
    lines = [*seen(wanted, 1), Line("360300", "GET", "/", 3, 0, 1, 1, 1)]
    faults = list(absent(wanted, lines))
    assert {fault.city for fault in faults} == set(wanted.cities) - {"360700", "360300"}
    told = {one.code: one for one in by_city(wanted, lines, [*faults, Fault("budget", "slow", "")])}
    assert (told["360700"].result, told["360300"].result, told["360500"].result) == ("passed", "too little seen", "failed")
    assert told["360700"].judged > 0 == told["360300"].judged
    (nothing,) = absent(steady(4, 30), [Line(city, "GET", "/", 3, 0, 1, 1, 1) for city in ("", *wanted.cities)])
    assert "no budget was judged" in nothing.words


def test_renditions_are_taken_by_device_and_line_as_the_forecast_expects() -> None:
    habits = steady(100, 100).habits
    whole = [(at * 0.41421356237309515 % 1, at * 0.3027756377319946 % 1) for at in range(4_000)]
    phones = [line for device, line in whole if device < habits.phone_share]
    assert len(phones) / 4_000 == pytest.approx(0.38, abs=0.01)
    assert sum(habits.small(0.0, line) for line in phones) / len(phones) == pytest.approx(habits.phone_small, abs=0.02)
    expected = habits.phone_share * habits.phone_small + (1 - habits.phone_share) * habits.slow_line
    assert sum(habits.small(*one) for one in whole) / 4_000 == pytest.approx(expected, abs=0.015)


def test_accounts_suffice_for_all_who_follow_one_another() -> None:
    wanted = steady(1000, 900, lead=100)
    assert wanted.comers(2700) > 1000 + 1000 * 1000 / wanted.habits.seconds
    pressed = scenario(Asked(programme=str(PROGRAMME), window=1, people=44, seconds=1200))
    present = sum(pressed.people_at(second) or 0 for second in range(1200))
    assert pressed.comers(20) > present / 24, "a journey took 24 to 32 seconds"
    bell = scenario(Asked(programme=str(PROGRAMME), window=3, people=2000, barrier=30))
    assert bell.comers(20) >= 2 * 2000, "nearly everybody has handed in and is followed"
