"""A bank whose items were answered: one with a wrong key, one harder in one city."""

from datetime import datetime

import numpy as np

from lms.kernel.db import transaction
from question_bank import api
from question_bank.domain.analysis import analyse
from question_bank.domain.responses import Responses

ITEMS = 24


def measure(bank: str, now: datetime, people: int = 500, source: str = "exam:test") -> int:
    """Keep an analysis of a bank's first exam items; the second has a wrong key, the third is harder in one city; returns the second's id."""
    with transaction() as session:
        pool = api.pool(session, bank, "exam")[:ITEMS]
        draw = np.random.default_rng(8)
        city = np.where(draw.random(people) < 0.4, "赣州市", "南昌市")
        hard = np.zeros((people, len(pool)))
        hard[city == "赣州市", 2] = 1.5
        right = (draw.random((people, len(pool))) < 1 / (1 + np.exp(hard - draw.standard_normal((people, 1)) * 1.3))).astype(np.int8)
        chosen = np.where(right == 1, 1, 2 << draw.integers(0, 3, right.shape)).astype(np.uint32)
        keys = [1] * len(pool)
        keys[1], right[:, 1] = 4, chosen[:, 1] == 4
        names = tuple(str(item.version_id) for item in pool)
        found = analyse(Responses(names, right, chosen, (("A", "B", "C", "D"),) * len(pool), tuple(keys), {"city": city}))
        api.keep_analysis(session, bank, found, source=source, title="春季考试", now=now)
        return pool[1].item_id
