"""OV-01 at its size: 100 000 people within a minute of the bell, from eight processes' groups in turn."""

import time
from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from flask import Flask

from exam.domain.waiting_room import LASTS
from lms.kernel import db
from tests.conftest import NOON
from tests.support import exams

pytestmark = pytest.mark.soak
CROWD, RATE, GROUP = 100_000, 300.0, 60


def test_ov_01_a_hundred_thousand_in_a_minute_are_admitted_in_order_at_the_rate(app: Flask) -> None:
    exams.prepared(opens=NOON, closes=NOON + timedelta(hours=9))
    chance = Random(1)
    asked = [(person, NOON + timedelta(seconds=at)) for person, at in enumerate(sorted(chance.uniform(0, 60) for _ in range(CROWD)))]
    links = [db.connection() for _ in range(8)]
    places, began = [], time.process_time()
    for first in range(0, CROWD, GROUP):
        group = asked[first : first + GROUP]
        found = exams.draw(links[first // GROUP % 8], group, RATE)
        places += [found[index] for index in range(len(group))]
    spent = time.process_time() - began
    again = exams.draw(links[0], asked[-GROUP:], RATE)
    for link in links:
        link.close()
    turns = [place.turn for place in places]
    assert turns == sorted(turns)
    assert max(Counter(turns).values()) <= RATE
    assert (turns[-1] - NOON).total_seconds() == pytest.approx(CROWD / RATE, rel=0.01)
    assert [again[index] for index in range(GROUP)] == places[-GROUP:]
    for (_person, at), place in zip(asked, places, strict=True):
        assert at + place.wait(at) == max(at, place.turn), "the estimate is the turn"
        assert place.stands(place.turn + LASTS / 2)
    assert spent / CROWD < 0.001, f"{spent / CROWD * 1e6:.0f} µs of this process each"
