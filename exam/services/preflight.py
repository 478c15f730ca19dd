"""The board before the bell: everything that may go wrong in an exam and can be seen beforehand."""

import shutil
from dataclasses import asdict, dataclass
from datetime import datetime

from exam.domain import preflight as rules
from exam.domain.exam import Exam
from exam.domain.preflight import Check, Findings, Light
from exam.domain.safe_exam_browser import as_browsers_write
from exam.services import load_test, sealed_key, waiting_room
from exam.services.exam import found
from exam.store import exam as exams
from exam.store import paper as papers
from exam.store import preflight as store
from exam.store.preflight import Named
from lms.kernel import db, installation, migrate
from lms.kernel.db import transaction
from lms.kernel.i18n import format_instant
from lms.kernel.i18n import gettext as _
from lms.kernel.settings import Settings
from question_bank import api as bank


@dataclass(frozen=True, slots=True)
class Board:
    """An exam with what was found, line by line; `rate` is the exam's own setting, None where the house's counts.

    `key_readers`: who may sit it and may look at the keys in the bank.
    """

    exam: Exam
    checks: tuple[Check, ...]
    rate: float | None
    house_rate: float
    key_readers: tuple[Named, ...]

    @property
    def light(self) -> Light:
        """Return the worst of all lights."""
        return rules.worst(self.checks)


def board(code: str, settings: Settings, now: datetime) -> Board:
    """Look at everything."""
    instant, offset = installation.read_clock()
    test = load_test.last(settings.var_dir)
    unsafe, newest_schema = tuple(db.unsafe_settings()), migrate.is_newest(settings.database_url)
    with transaction() as session:
        exam = found(session, code)
        own = exam.starts_per_second
        total, free = papers.counts(session, exam.id)
        offered = {item.version_id for item in bank.pool(session, exam.bank_code, "exam")}
        restored = installation.fact(session, installation.RESTORED)
        percents = exams.percents_in(session, exam.id).values()
        readers = store.enrolled(session, exam.programme_code, bank.key_readers(session, exam.bank_code))
        known = store.facts(session, exam, late=rules.LATE_JOBS, very_late=rules.LATE_SLOW_JOBS)
        findings = Findings(
            **asdict(known),
            browser_keys=len(exam.config_keys) + len(exam.browser_exam_keys),
            address=as_browsers_write(settings.base_url),
            accommodated=sum(percent > 100 for percent in percents),
            kept_back=sum(percent > 100 and bool(exam.kept_back(percent)) for percent in percents),
            papers=total,
            papers_free=free,
            retired=len(papers.pool_in_use(session, exam.id) - offered),
            beyond=papers.beyond(session, exam.id),
            keys_open=bool(sealed_key.open_until(session, exam.id, now)),
            key_readers=len(readers),
            rate=waiting_room.house_rate() if own is None else float(own),
            disk_free=shutil.disk_usage(settings.var_dir).free,
            unsafe_settings=unsafe,
            newest_schema=newest_schema,
            clocks_apart=now - (instant + offset),
            rehearsed=offset,
            tested_at=test.at if test else None,
            test_passed=bool(test and test.passed),
            test_title=test.scenario.title if test else "",
            test_scale=test.scenario.share if test else 0.0,
            items=exam.items,
            restored=datetime.fromisoformat(restored) if restored else None,
        )
    return Board(exam, rules.judged(findings, now), own, waiting_room.house_rate(), tuple(readers))


def sentence(check: Check) -> str:
    """Say what was found."""
    return _(check.words, **{name: format_instant(fact) if isinstance(fact, datetime) else fact for name, fact in check.facts.items()})
