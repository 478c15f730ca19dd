"""The coverage page of a bank says what the blueprints of the exams still need."""

from flask import Flask
from sqlalchemy import text

from lms.kernel.db import transaction
from tests.support import exams
from tests.support.cast import WEI, enter


def test_the_coverage_page_names_what_lacks_first(app: Flask) -> None:
    exams.prepared()
    author = enter(app, WEI)
    page = author.get(f"/bank/{exams.BANK}/coverage").text
    assert "接下来写什么" in page
    assert "不能组卷" not in page
    assert "偏少，试卷之间会重复" in page
    with transaction() as session:
        session.execute(
            text(
                "UPDATE item SET status = 'retired', approved_version_id = NULL, approved_review_id = NULL, approved_decision = NULL"
                " WHERE id IN (SELECT item_id FROM item_version WHERE type = 'multiple')"
            )
        )
    page = author.get(f"/bank/{exams.BANK}/coverage").text
    wanted = page[page.index("接下来写什么") :]
    assert wanted.index("不能组卷") < wanted.index("偏少")
