"""What the database itself refuses."""

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.services import exchange, review
from tests.support.cast import RUI, WEI, id_of

FILE = "题型,题干,A,B,答案,用途\n单选,题干一,甲,乙,B,考试\n单选,题干二,甲,乙,A,练习\n".encode()


@pytest.fixture
def author(app: Flask, clock: FixedClock) -> int:
    """The author of a bank of two items, in review."""
    person = id_of(WEI)
    exchange.import_file("b", FILE, author_id=person, now=clock.now())
    review.submit_all("b", person_id=person, now=clock.now())
    return person


def refused(statement: str, **values: object) -> str:
    """Return the name of the rule that refuses a statement."""
    with pytest.raises(DBAPIError) as raised, transaction() as session:
        session.execute(text(statement), values)
    cause = raised.value.orig
    assert isinstance(cause, psycopg.Error)
    return cause.diag.constraint_name or type(cause).__name__


@pytest.mark.parametrize("table", ["item_version", "item_review", "item_comment", "item_use"])
def test_what_is_immutable_cannot_be_changed_or_deleted(author: int, table: str) -> None:
    assert refused(f"UPDATE {table} SET id = id") == "InsufficientPrivilege"
    assert refused(f"DELETE FROM {table}") == "InsufficientPrivilege"


REVIEW = """INSERT INTO item_review (version_id, written_by, reviewer_id, decision, comment, at) VALUES
    ((SELECT min(id) FROM item_version), :by, :who, 'approve', '', now())"""


def test_four_eyes_hold_in_the_database_too(author: int) -> None:
    other = id_of(RUI)
    assert refused(REVIEW, by=author, who=author) == "ck_item_review_four_eyes"
    assert refused(REVIEW, by=other, who=author).startswith("fk_item_review_version_id_written_by")
    assert refused(REVIEW, by=0, who=author).startswith("fk_item_review_version_id_written_by")


def test_an_item_is_approved_only_by_a_review_of_that_version_that_said_yes(author: int, clock: FixedClock) -> None:
    assert refused("UPDATE item SET status = 'approved'") == "ck_item_approved_is_latest"
    assert refused("UPDATE item SET status = 'approved', approved_version_id = latest_version_id") == "ck_item_approved_by_review"
    with transaction() as session:
        session.execute(text(REVIEW.replace("'approve'", "'send_back'")), {"by": author, "who": id_of(RUI)})
    forged = "UPDATE item SET approved_version_id = latest_version_id, approved_review_id = (SELECT max(id) FROM item_review), approved_decision = :word"
    assert refused(forged, word="approve") == "fk_item_approved_review"
    assert refused(forged, word="send_back") == "ck_item_approved_decision"


def test_no_item_is_in_two_pools_and_no_content_in_two_items(author: int) -> None:
    assert refused("INSERT INTO item_pool (item_id, bank_id, pool, placed_at) SELECT item_id, bank_id, 'practice', placed_at FROM item_pool") == "pk_item_pool"
    assert refused("UPDATE item_pool SET pool = 'both'") == "ck_item_pool_pool"
    copied = """INSERT INTO item (bank_id, external_id, status, content_hash, plain, grams, created_at, changed_at)
        SELECT bank_id, 'copy', 'draft', content_hash, plain, grams, created_at, changed_at FROM item LIMIT 1"""
    assert refused(copied) == "uq_item_bank_id_content_hash"
