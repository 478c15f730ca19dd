"""One sitting of a learner as the forecast takes it: signing in, playing three quarters of the time, pages meanwhile, a quiz where a lesson ends, leaving.

Whoever is there when a run begins is in the middle of hers, each somewhere else; whoever leaves is followed by another. So as many come, watch,
ask and leave in any minute as the forecast expects.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, cycle

from load_tests.journeys import Teacher
from load_tests.player import AHEAD, Player

ROUNDS = 4  # a film is stopped so many times in a sitting
PAGES = ("/plan", "/", "/grades")
READING = 15  # seconds a page is looked at
GOLDEN = 0.6180339887498949  # its multiples spread evenly


@dataclass(frozen=True, slots=True)
class Habits:
    """What one sitting comes to on average."""

    seconds: float  # from signing in to leaving
    watched: float  # of these, while a film plays
    pages: float  # beside the lessons; the form to sign in and the home page behind it are the first two
    quizzes: float  # tries for each lesson
    lesson_seconds: float
    phone_share: float  # who watches on a phone
    phone_small: float  # of these, who takes the small rendition
    slow_line: float  # of the others, whose line bears no more than it
    dropout: float  # who breaks off a film and comes no more
    dropout_watched: float  # after so much of it
    exam_left: float  # who goes away from her exam without handing in

    def small(self, device: float, line: float) -> bool:
        """Tell which rendition somebody takes, by two numbers from 0 to 1 that say which device and which line she has."""
        return line < (self.phone_small if device < self.phone_share else self.slow_line)


class Turns:
    """The numbers of those who come to one of several processes: below `people` those there from the beginning, each once, then whoever follows.

    Somebody who leaves while others still come is followed by one who begins, not by one who was to come: else nobody would be near her beginning.
    """

    def __init__(self, people: int, processes: int = 1) -> None:
        self.people, self._processes = people, processes
        self._first, self._later = count(), count()

    def take(self, process: int, *, follows: bool) -> int:
        """Return the next number of this process; a place more than there are people is taken by one who follows."""
        number = self.people if follows else next(self._first) * self._processes + process
        return number if number < self.people else self.people + next(self._later) * self._processes + process

    def gone(self, number: int) -> float:
        """Return which share of her sitting is over when somebody comes; 0 for one who follows."""
        return number * GOLDEN % 1 if number < self.people else 0.0


def sit(teacher: Teacher, habits: Habits, *, gone: float = 0.0, pace: float = 1.0) -> None:
    """Sit, or go on sitting where a share of the sitting is over. At another pace than life's a film's part of it shrinks likewise."""
    if not gone:
        teacher.sign_in()
    lessons = cycle(teacher.found.lessons)
    player: Player | None = None
    if gone * habits.seconds > _pause(habits):  # the film has played before, so the page is open and has its lease
        player = Player(teacher, next(lessons))
        player.press()
        player.buffered += AHEAD  # fetched then
    # Whole pages and quizzes, as many as the means say: what is over is carried on, and everybody begins with another remainder.
    looked, tried = teacher.random.random(), teacher.random.random()
    for plays, seconds, share in _rounds(habits, gone):
        if not plays:
            looked += share * max(0.0, habits.pages - 2) / (2 * ROUNDS)
            pages = int(looked)
            looked -= pages
            teacher.look(*(PAGES[teacher.random.randrange(len(PAGES))] for _ in range(pages)))
            teacher.rest(max(0.0, seconds - READING * pages))
            continue
        left = seconds / pace
        while left > 0.01:
            player = player or Player(teacher, next(lessons))
            left -= player.play(left)
            if player.ended:
                tried += habits.quizzes * player.length * pace / habits.lesson_seconds
                for _again in range(int(tried)):
                    teacher.quiz(player.page, player.lesson)
                tried -= int(tried)
                player = None


def _rounds(habits: Habits, gone: float) -> Iterator[tuple[bool, float, float]]:
    """Yield what is left of a sitting: whether the film plays, for how many seconds, and which share of its part that is."""
    film, pause = habits.watched / ROUNDS, _pause(habits)
    over = gone * habits.seconds
    for plays, seconds in ((False, pause), (True, film), (False, pause)) * ROUNDS:
        left = min(seconds, max(0.0, seconds - over))
        over = max(0.0, over - seconds)
        if left:
            yield plays, left, left / seconds


def _pause(habits: Habits) -> float:
    return (habits.seconds - habits.watched) / ROUNDS / 2
