"""What stands behind a passed quiz: the try, scored anew."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import cache

from exam.domain import quiz as rules
from exam.services.quiz import KIND
from exam.store import quiz as store
from lms import api as platform
from lms.kernel.db import Session
from question_bank import api as bank
from question_bank.domain.item import ItemType, Key

BATCH = 500


def verify(session: Session, now: datetime) -> Iterator[str]:  # noqa: ARG001 - the shape of every verifier
    """Score passed tries anew, and name who counts as having passed without one."""
    for person_id, activity_id in store.unproven(session, KIND, platform.evidence_of_rehearsal(session)):
        yield f"person {person_id}: quiz {activity_id} counts as passed, and no try of hers passed it"

    @cache
    def percent(activity_id: int) -> int:
        """Return the lowest pass mark that any version of the quiz's programme asked."""
        code = platform.activity(session, activity_id).programme_code
        return min((version.quiz.pass_percent for version in platform.versions(session, code) if version.quiz), default=0)

    kinds: dict[int, ItemType] = {}
    keys: dict[int, Key] = {}
    last = 0
    while batch := store.passed_after(session, last, BATCH):
        last = batch[-1].id
        new = sorted({item.version_id for attempt in batch for item in attempt.items} - keys.keys())
        kinds |= {version: content.type for version, content in bank.contents(session, new).items()}
        keys |= bank.keys(session, new)
        for attempt in batch:
            right, of_items = 0, len(attempt.items)
            with suppress(ValueError, IndexError):  # responses that do not fit the items are not right
                right = sum(rules.right_ones(attempt.items, attempt.responses, kinds, keys))
            if right != attempt.right or not rules.passes(right, of_items, percent(attempt.activity_id)):
                yield f"quiz attempt {attempt.id}: it stands as passed with {attempt.right} right answers, and {right} of {of_items} are right"
