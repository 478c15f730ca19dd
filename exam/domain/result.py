"""Points from responses, exactly, with a profile over the topics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain.attempt import Answer
from exam.domain.exam import Counts
from exam.domain.paper import Paper
from exam.domain.regrade import Correction, is_dropped, scaled, worth
from question_bank.domain.item import ItemType, Key
from question_bank.domain.scoring import MultiplePolicy

FEWEST = 5  # items of a topic: of fewer, the points would tell of each whether it was right
OTHERS = ""  # the topic of what is joined
RULE = 2  # the version of what follows: raise it where the same responses, marks and corrections may come to other points


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """What scoring needs to know of an item of the frozen pool."""

    type: ItemType
    topic: str
    options: int
    difficulty: float


@dataclass(frozen=True, slots=True)
class TopicScore:
    """What was earned in one topic; points in hundredths."""

    topic: str
    points: int
    of_points: int
    right: int
    items: int


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of an attempt; points in hundredths. An item that awaits marking has None, and adds nothing yet."""

    points: int
    of_points: int
    item_points: tuple[int | None, ...]
    topics: tuple[TopicScore, ...]

    @property
    def is_final(self) -> bool:
        """Tell whether every response has its points; until then nothing is released."""
        return None not in self.item_points


@dataclass(frozen=True, slots=True)
class PointsChange:
    """A result that was out and became another: by a `marking`, a `regrade`, its `reversal` or a `packet`."""

    kind: str
    at: datetime
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt as the learner reads it; `points` None while they are not known or not released."""

    attempt_id: int
    number: int
    submitted_at: datetime
    points: int | None
    passed: bool | None
    annulled: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class ResultSheet:
    """What the learner may read of her result: the attempt that counts, and all of them; `released` false hides the figures."""

    exam_code: str
    title: str
    points: int
    of_points: int
    passed: bool | None
    released: bool
    topics: tuple[TopicScore, ...]
    submitted_at: datetime | None  # none where an open attempt was annulled
    by: str
    answered: int
    late_answers: int
    changes: tuple[PointsChange, ...]  # since it was released
    marking: bool  # people still mark one of her attempts
    annulled: bool  # all of them: nothing will come
    counts: Counts
    tries: tuple[Try, ...]


def result_of(
    paper: Paper,
    position_points: Sequence[int],
    answers: Mapping[int, Answer],
    places: Mapping[int, ItemPlace],
    keys: Mapping[int, Key],
    *,
    corrections: Mapping[int, Sequence[Correction]] | None = None,
    marks: Mapping[int, int] | None = None,
    policy: MultiplePolicy = MultiplePolicy.ALL_OR_NOTHING,
) -> Result:
    """Score the answers (by position, counted from 1) of a paper; `marks` are points that examiners gave, by position."""
    earned: list[int | None] = []
    for index, (version, most) in enumerate(zip(paper.version_ids, position_points, strict=True)):
        place, answer, corrected = places[version], answers.get(index + 1), (corrections or {}).get(version, ())
        response = paper.original(index, answer.choices) if answer else ()
        points = worth(place.type, keys[version], corrected, response, most, texts=answer.texts if answer else (), policy=policy)
        earned.append((marks or {}).get(index + 1) if points is None else points)
    return added_up(paper, position_points, earned, places, corrections or {})


def added_up(
    paper: Paper, position_points: Sequence[int], earned: Sequence[int | None], places: Mapping[int, ItemPlace], corrections: Mapping[int, Sequence[Correction]]
) -> Result:
    """Return what the points earned at each position add up to, in all and by topic; what was dropped counts for nobody."""
    topics: dict[str, list[int]] = {}
    counted = 0
    for version, most, points in zip(paper.version_ids, position_points, earned, strict=True):
        if is_dropped(corrections.get(version, ())):
            continue
        counted += most
        sums = topics.setdefault(places[version].topic, [0, 0, 0, 0])
        for at, value in enumerate((points or 0, most, int(points == most), 1)):
            sums[at] += value
    whole = sum(position_points)
    return Result(
        points=scaled(sum(points or 0 for points in earned), counted, whole),
        of_points=whole,
        item_points=tuple(earned),
        topics=tuple(TopicScore(topic, *sums) for topic, sums in sorted(topics.items())),
    )


def joined(topics: Sequence[TopicScore]) -> tuple[TopicScore, ...]:
    """Return the profile for who might pass it on to others who still sit: small topics as one, of no fewer items either; none where that were all."""
    told, rest = sorted(topics, key=lambda one: -one.items), list[TopicScore]()
    while told and (told[-1].items < FEWEST or 0 < sum(one.items for one in rest) < FEWEST):
        rest.append(told.pop())
    if not told or not rest:
        return tuple(sorted(told, key=lambda one: one.topic))
    sums = (sum(parts) for parts in zip(*((one.points, one.of_points, one.right, one.items) for one in rest), strict=True))
    return (*sorted(told, key=lambda one: one.topic), TopicScore(OTHERS, *sums))


def counting(scored: Mapping[int, int], rule: Counts) -> int | None:
    """Say which attempt counts (points by number, or by anything that grows with it): the best, of equal ones the newest, or the last."""
    return max(scored, key=lambda number: (scored[number] if rule is Counts.BEST else 0, number), default=None)


def passed(points: int, pass_points: int | None) -> bool | None:
    """Compare exactly; None where the exam has no pass mark of its own."""
    return None if pass_points is None else points >= pass_points
