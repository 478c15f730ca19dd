"""Two and three tabs of one attempt, in every order that Hypothesis can think of (EX-12)."""

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from exam.domain import attempt as rules
from exam.services import attempt
from exam.services.payload import Change, ResumeExam
from exam.services.response import ClearNotSaid
from exam.store import attempt as store
from exam.store import response as log
from lms.kernel.db import transaction
from tests.conftest import NOON
from tests.support import exams
from tests.support.exams import Sitter

POSITIONS = (1, 2)
TABS = st.integers(0, 2)


class Tabs(RuleBasedStateMachine):
    """Each tab saves from what it last saw; a model of the accepted revisions says what must stand."""

    room: Sitter

    @initialize()
    def open_three_tabs(self) -> None:
        with transaction() as session:
            session.execute(
                text(
                    "UPDATE attempt SET answers = array_fill(NULL::text, ARRAY[items]), revisions = array_fill(0, ARRAY[items]),"
                    " marks = array_fill(false, ARRAY[items])"
                )
            )
        # Each run has its own numbers, because the log keeps the lines of the runs before.
        back = [attempt.resume(self.room.person_id, self.room.login_id, ResumeExam(exams.EXAM, "device-one"), NOON) for _ in range(3)]
        self.tabs = [Sitter(self.room.person_id, self.room.login_id, opened) for opened in back]
        self.seen = [dict.fromkeys(POSITIONS, 0) for _ in self.tabs]
        self.truth: dict[int, tuple[int, tuple[int, ...]]] = dict.fromkeys(POSITIONS, (0, ()))
        self.sent: list[tuple[int, Change, object]] = []

    @rule(tab=TABS, position=st.sampled_from(POSITIONS), choice=st.integers(0, 3), empty=st.booleans(), clear=st.booleans())
    def write(self, tab: int, position: int, choice: int, empty: bool, clear: bool) -> None:
        choices = [] if empty else [choice]
        change = self.tabs[tab].change(position, choices, self.seen[tab][position], clear=clear)
        revision, standing = self.truth[position]
        if self.seen[tab][position] != revision:
            self._refused(tab, change, rules.StaleRevision)
        elif empty and standing and not clear:
            self._refused(tab, change, None)
        else:
            saved = self.tabs[tab].save(change).saved
            assert [(one.status, one.revision) for one in saved] == [("saved", revision + 1)]
            self.truth[position] = (revision + 1, tuple(choices))
            self.seen[tab][position] = revision + 1
            self.sent.append((tab, change, saved))

    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        if self.sent:
            tab, change, saved = data.draw(st.sampled_from(self.sent))
            assert self.tabs[tab].save(change).saved == saved

    @rule(tab=TABS)
    def look(self, tab: int) -> None:
        self.seen[tab] = {position: revision for position, (revision, _) in self.truth.items()}

    @invariant()
    def the_last_accepted_revision_stands(self) -> None:
        with transaction() as session:
            held = store.by_id(session, exams.attempt_id(session, self.room)).answers
        for position, (revision, choices) in self.truth.items():
            if revision:
                assert (held[position].revision, held[position].choices) == (revision, choices)
            else:
                assert position not in held

    def _refused(self, tab: int, change: Change, kind: type[Exception] | None) -> None:
        with pytest.raises(kind or ClearNotSaid) as refused:
            self.tabs[tab].save(change)
        revision, choices = self.truth[change.position]
        assert [(one.revision, tuple(one.choices)) for one in refused.value.facts["saved"]] == [(revision, choices)]  # type: ignore[attr-defined]


def _run(examples: int, steps: int) -> None:
    exams.prepared()
    Tabs.room = exams.sitting()
    run_state_machine_as_test(
        Tabs,
        settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=list(HealthCheck)),
    )
    with transaction() as session:
        assert all(line["outcome"] in {"saved", "stale", "clear_not_said"} for line in log.timeline(session, exams.attempt_id(session, Tabs.room)))


def test_ex_12_no_interleaving_of_tabs_loses_an_answer(app: Flask) -> None:
    _run(12, 20)


@pytest.mark.soak
def test_ex_12_ten_thousand_interleavings(app: Flask) -> None:
    _run(10_000, 12)
