"""An attempt's timeline, and the log of its answers, for disputes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain import attempt as attempt_rules
from exam.domain import timeline as rules
from exam.domain.admission import NO_EXTRAS, ExtraAttempt
from exam.domain.timeline import Event
from exam.services import annulment as annulments
from exam.services import review as reviews
from exam.services.exam import may_still_sit
from exam.services.invigilation import Watched, watched
from exam.store import attempt as attempts
from exam.store import extra_attempt as extra_attempts
from exam.store import paper as papers
from exam.store import response as responses
from exam.store import timeline as store
from exam.store.annulment import AttemptAnnulmentRow
from lms.kernel.db import reading, transaction


@dataclass(frozen=True, slots=True)
class Timeline:
    """An attempt with all that happened in it."""

    watched: Watched
    paper: int  # its number
    events: Sequence[Event]
    withheld: bool  # what was answered, from who may still be given the same paper
    may_reopen: bool
    proposal: tuple[AttemptAnnulmentRow, str] | None  # to annul it, and by whom
    extra: ExtraAttempt | None  # that she holds and has not begun
    shows_keys: bool  # the exam's papers can be looked through


def timeline(actor_id: int, attempt_id: int, now: datetime) -> Timeline:
    """Return the timeline of an attempt in one's scope."""
    with transaction() as session:
        one = watched(session, actor_id, attempt_id)
        last = attempts.is_newest(session, one.attempt)
        may_reopen = last and attempt_rules.may_reopen(one.attempt.state) and not attempts.result_is_out(session, attempt_id)
        extra = extra_attempts.of_person(session, one.person.id, now).get(one.exam.id, NO_EXTRAS).waiting
        shows_keys = reviews.shows_keys(session, one.exam, now)
        drawn = papers.by_id(session, one.attempt.paper_id)[1].number
        events, barred = rules.told(store.events(session, attempt_id)), may_still_sit(session, one.exam, actor_id, now)
        return Timeline(
            one, drawn, rules.withheld(events) if barred else events, barred, may_reopen, annulments.proposal_of(session, attempt_id), extra, shows_keys
        )


def log_of(attempt_id: int) -> list[dict[str, object]]:
    """Return every line of the log of an attempt's answers, in the order of storing."""
    with reading() as session:
        return responses.log_of(session, attempt_id)
