"""People by id, for the packages above."""

from flask import Flask

from lms import api as platform
from lms.kernel.db import transaction


def test_cards_come_for_more_people_than_a_statement_takes_parameters(app: Flask) -> None:
    with transaction() as session:
        assert platform.people(session, range(1, 70_001)) == {}
