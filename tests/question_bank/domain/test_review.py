"""The life of an item, as a state machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain import review as rules
from question_bank.domain.review import CommentNeeded, Decision, OwnItem, Standing, Status, WrongState

AUTHOR, OTHER = 1, 2


def test_the_straight_way() -> None:
    submitted = rules.submit(Standing(Status.DRAFT, frozenset({AUTHOR})))
    assert submitted.status is Status.IN_REVIEW
    approved = rules.decide(submitted, Decision.APPROVE, OTHER, "")
    assert approved.status is Status.APPROVED
    assert rules.rewrite(approved, OTHER) == Standing(Status.DRAFT, frozenset({OTHER}))
    assert rules.restore(rules.retire(approved)).status is Status.DRAFT


def test_nobody_decides_on_their_own_version() -> None:
    for decision in Decision:
        with pytest.raises(OwnItem):
            rules.decide(Standing(Status.IN_REVIEW, frozenset({AUTHOR})), decision, AUTHOR, "好")


def test_who_wrote_an_earlier_version_that_was_never_approved_does_not_decide_on_a_later_one() -> None:
    mended = rules.submit(rules.rewrite(Standing(Status.DRAFT, frozenset({AUTHOR})), OTHER))
    for person in (AUTHOR, OTHER):
        with pytest.raises(OwnItem):
            rules.decide(mended, Decision.APPROVE, person, "")
    approved = rules.decide(mended, Decision.APPROVE, 3, "")
    assert rules.decide(rules.submit(rules.rewrite(approved, OTHER)), Decision.APPROVE, AUTHOR, "").status is Status.APPROVED


def test_sending_back_needs_a_reason() -> None:
    with pytest.raises(CommentNeeded):
        rules.decide(Standing(Status.IN_REVIEW, frozenset({AUTHOR})), Decision.SEND_BACK, OTHER, " \n")
    assert rules.decide(Standing(Status.IN_REVIEW, frozenset({AUTHOR})), Decision.SEND_BACK, OTHER, "请改").status is Status.DRAFT


@given(st.lists(st.sampled_from(["submit", "approve", "back", "rewrite", "retire", "restore"]), max_size=12), st.integers(1, 3), st.integers(1, 3))
def test_however_it_goes_an_approved_version_was_decided_by_somebody_else(steps: list[str], author: int, reviewer: int) -> None:
    standing, approved_by = Standing(Status.DRAFT, frozenset({author})), None
    for step in steps:
        try:
            if step == "submit":
                standing = rules.submit(standing)
            elif step == "approve":
                standing, approved_by = rules.decide(standing, Decision.APPROVE, reviewer, ""), reviewer
            elif step == "back":
                standing = rules.decide(standing, Decision.SEND_BACK, reviewer, "改")
            elif step == "rewrite":
                standing = rules.rewrite(standing, author)
            else:
                standing = rules.retire(standing) if step == "retire" else rules.restore(standing)
        except (WrongState, OwnItem):
            continue
        if standing.status is Status.APPROVED:
            assert approved_by is not None
            assert approved_by not in standing.authors
