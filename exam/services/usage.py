"""What the bank is told of where its items were shown."""

from collections.abc import Sequence

from exam.store import usage as store
from lms import api as platform
from lms.kernel.db import Session
from question_bank import api as bank


def usage(session: Session, version_ids: Sequence[int]) -> list[bank.Appearance]:
    """Return every exam and quiz in which some versions were used."""
    exams = [_appearance(each, each.where, each.papers) for each in store.in_exams(session, version_ids)]
    quizzes = [_appearance(each, platform.activity(session, int(each.where)).title, None) for each in store.in_quizzes(session, version_ids)]
    return exams + quizzes


def _appearance(found: store.Sighting, title: str, papers: int | None) -> bank.Appearance:
    return bank.Appearance(title=title, version_id=found.version_id, papers=papers, shown=found.shown, first=found.first, last=found.last)
