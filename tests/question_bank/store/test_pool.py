"""What is drawn from: in one order, wherever the rows lie."""

import psycopg
from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from lms.kernel.settings import Settings
from question_bank.services import exchange
from question_bank.store import pool
from tests.support.cast import WEI, id_of

FILE = "题型,题干,A,B,答案,用途\n单选,题干一,甲,乙,B,考试\n单选,题干二,甲,乙,A,考试\n".encode()


def test_a_seed_draws_the_same_papers_again_because_the_frozen_pool_has_one_order(app: Flask, settings: Settings, clock: FixedClock) -> None:
    exchange.import_file("b", FILE, author_id=id_of(WEI), now=clock.now())
    with transaction() as session:
        versions = list(session.scalars(text("SELECT id FROM item_version ORDER BY item_id")))
    with psycopg.connect(settings.database_url) as owner:  # rows that are written anew lie behind the others
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE item_version SET topic = topic WHERE id = %s", (versions[0],))
        owner.execute("UPDATE item SET status = status WHERE latest_version_id = %s", (versions[0],))
    with transaction() as session:
        assert [item.version_id for item in pool.frozen(session, versions)] == versions
