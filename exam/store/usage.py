"""Where versions of items stood: on papers and in quizzes, and how often learners saw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Sighting:
    """One version in one exam or quiz. `where`: the exam's title, or the quiz's activity."""

    where: str
    version_id: int
    papers: int
    shown: int
    first: datetime | None
    last: datetime | None


# The bank's own record says which exams to look into, so that not every paper is read; a paper is taken when its one attempt starts.
_EXAMS = (
    "SELECT e.title, v.id, count(*), count(p.taken_at), min(p.taken_at), max(p.taken_at) FROM exam e JOIN assembly s ON s.exam_id = e.id"
    " JOIN paper p ON p.assembly_id = s.id JOIN unnest(CAST(:versions AS bigint[])) AS v(id) ON v.id = ANY(p.version_ids)"
    " WHERE e.code IN (SELECT substr(u.purpose, 6) FROM item_use u WHERE u.version_id = ANY(:versions) AND u.purpose LIKE 'exam:%')"
    " AND p.version_ids && CAST(:versions AS bigint[]) GROUP BY e.id, v.id ORDER BY max(p.id) DESC, v.id DESC"
)
_QUIZZES = (
    "SELECT CAST(q.activity_id AS text), v.id, 0, count(*), min(q.started_at), max(q.started_at) FROM unnest(CAST(:versions AS bigint[])) AS v(id)"
    " JOIN quiz_attempt q ON q.drawn @> jsonb_build_array(jsonb_build_array(v.id))"
    " AND jsonb_path_exists(q.drawn, '$[*][0] ? (@ == $version)', jsonb_build_object('version', v.id))"
    " GROUP BY q.activity_id, v.id ORDER BY max(q.id) DESC, v.id DESC"
)


def in_exams(session: Session, version_ids: Sequence[int]) -> list[Sighting]:
    """Return the exams on whose papers the versions stand, the newest first."""
    return [Sighting(*row) for row in session.execute(text(_EXAMS), {"versions": list(version_ids)})]


def in_quizzes(session: Session, version_ids: Sequence[int]) -> list[Sighting]:
    """Return the quizzes for which the versions were drawn, the newest first."""
    return [Sighting(*row) for row in session.execute(text(_QUIZZES), {"versions": list(version_ids)})]
