"""Two and three tabs of one attempt, in every order that Hypothesis can think of (EX-12)."""

from collections.abc import Iterator
from random import Random

import psycopg
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from exam.domain import attempt as rules
from exam.services import attempt
from exam.services.payload import Change, ResumeExam
from exam.services.response import ClearNotSaid
from lms.kernel import db
from tests.conftest import NOON
from tests.support import exams
from tests.support.exams import Sitter

POSITIONS = (1, 2)
TABS = st.integers(0, 2)
EMPTIED = (
    "UPDATE attempt SET answers = array_fill(NULL::text, ARRAY[items]), revisions = array_fill(0, ARRAY[items]), marks = array_fill(false, ARRAY[items])"
    " WHERE id = %s"
)


class Tabs(RuleBasedStateMachine):
    """Each tab saves from what it last saw; a model of the accepted revisions says what must stand."""

    tabs: tuple[Sitter, ...]
    attempt_id: int
    link: "psycopg.Connection[tuple[object, ...]]"

    @initialize()
    def empty_the_answers(self) -> None:
        self.link.execute(EMPTIED, (self.attempt_id,))  # the log keeps the lines of the runs before, and the tabs go on counting
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

    @rule(which=st.integers(0, 1_000))
    def retry(self, which: int) -> None:
        if self.sent:
            tab, change, saved = self.sent[which % len(self.sent)]
            assert self.tabs[tab].save(change).saved == saved

    @rule(tab=TABS)
    def look(self, tab: int) -> None:
        self.seen[tab] = {position: revision for position, (revision, _) in self.truth.items()}

    @invariant()
    def the_last_accepted_revision_stands(self) -> None:
        ((answers, revisions),) = self.link.execute("SELECT answers, revisions FROM attempt WHERE id = %s", (self.attempt_id,))
        for position, (revision, choices) in self.truth.items():
            held = answers[position - 1], revisions[position - 1]  # type: ignore[index]
            assert held == ((",".join(map(str, choices)), revision) if revision else (None, 0))

    def _refused(self, tab: int, change: Change, kind: type[Exception] | None) -> None:
        with pytest.raises(kind or ClearNotSaid) as refused:
            self.tabs[tab].save(change)
        revision, choices = self.truth[change.position]
        assert [(one.revision, tuple(one.choices)) for one in refused.value.facts["saved"]] == [(revision, choices)]  # type: ignore[attr-defined]


@pytest.fixture
def tabs(app: Flask) -> Iterator[type[Tabs]]:
    """Three tabs of one attempt; each has its own numbers."""
    exams.prepared()
    room = exams.sitting()
    back = [attempt.resume(room.person_id, room.login_id, ResumeExam(exams.EXAM, "device-one"), NOON) for _ in range(3)]
    Tabs.tabs = tuple(Sitter(room.person_id, room.login_id, opened) for opened in back)
    with db.transaction() as session:
        Tabs.attempt_id = exams.attempt_id(session, room)
    with db.connection() as Tabs.link:
        yield Tabs


def outcomes(tabs: type[Tabs]) -> set[object]:
    return {outcome for (outcome,) in tabs.link.execute("SELECT DISTINCT outcome FROM response_event")}


def test_ex_12_no_interleaving_of_tabs_loses_an_answer(tabs: type[Tabs]) -> None:
    run_state_machine_as_test(
        tabs, settings=settings(max_examples=12, stateful_step_count=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    )
    assert outcomes(tabs) <= {"saved", "stale", "clear_not_said"}


@pytest.mark.soak
def test_ex_12_ten_thousand_interleavings(tabs: type[Tabs]) -> None:
    for seed in range(10_000):
        try:
            walk(tabs, Random(seed))
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
    assert outcomes(tabs) == {"saved", "stale", "clear_not_said"}


def walk(tabs: type[Tabs], dice: Random) -> None:
    """Take twelve steps by the dice, which choose as evenly as Hypothesis and cost next to nothing."""
    run = tabs()
    run.empty_the_answers()
    for _step in range(12):
        act = dice.random()
        if act < 0.6:
            run.write(dice.randrange(3), dice.choice(POSITIONS), dice.randrange(4), dice.random() < 0.4, dice.random() < 0.4)
        elif act < 0.75:
            run.retry(dice.randrange(1_000))
        else:
            run.look(dice.randrange(3))
        run.the_last_accepted_revision_stands()
