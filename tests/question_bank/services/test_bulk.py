"""Many items at once: what was seen happens, and can be taken back until somebody touches an item."""

import json
import re

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank import api
from question_bank.domain.bulk import Action, AlreadyUndone, NotAsBefore
from question_bank.domain.review import Decision, WrongState
from question_bank.services import bulk, exchange, review
from tests.support.cast import RUI, WEI, enter, id_of


def seen(items: list[int]) -> dict[int, int]:
    """Return the newest versions, as a plan shows them."""
    with transaction() as session:
        rows = session.execute(text("SELECT id, latest_version_id FROM item WHERE id = ANY(:items) ORDER BY id"), {"items": items})
        return {row.id: row.latest_version_id for row in rows}


def standing() -> list[tuple[object, ...]]:
    query = (
        "SELECT i.external_id, i.status, v.topic, i.approved_version_id = i.latest_version_id, p.pool FROM item i"
        " JOIN item_version v ON v.id = i.latest_version_id LEFT JOIN item_pool p ON p.item_id = i.id ORDER BY i.id"
    )
    with transaction() as session:
        return [tuple(row) for row in session.execute(text(query))]


@pytest.fixture
def items(app: Flask, clock: FixedClock) -> list[int]:
    """Three approved items of one author."""
    rows = [
        {"id": f"i{n}", "type": "single", "pool": "exam", "topic": "t", "stem": f"第{n}道题目", "options": [{"text": "甲"}, {"text": "乙"}], "key": [1]}
        for n in range(3)
    ]
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    exchange.import_file("b", content, author_id=id_of(WEI), now=clock.now())
    review.submit_all("b", person_id=id_of(WEI), now=clock.now())
    review.approve_all("b", reviewer_id=id_of(RUI), now=clock.now())
    with transaction() as session:
        return [item.item_id for item in api.pool(session, "b", "exam")]


def test_a_topic_is_set_reviewed_and_taken_back_while_pools_go_on(items: list[int], clock: FixedClock) -> None:
    before = standing()
    with transaction() as session:
        served = [item.version_id for item in api.pool(session, "b", "exam")]
    author = id_of(WEI)
    plan = bulk.plan("b", Action.TOPIC, "新的", items, person_id=author)
    assert ([(each.before, each.after) for each in plan.changes], standing()) == ([("t", "新的")] * 3, before)
    change = bulk.apply("b", Action.TOPIC, "新的", seen(items), person_id=author, now=clock.now())
    assert [row[1:4] for row in standing()] == [("draft", "新的", False)] * 3
    with transaction() as session:
        assert [item.version_id for item in api.pool(session, "b", "exam")] == served
    assert bulk.undo("b", change, person_id=author, reviews_items=False, now=clock.now()) == 3
    assert standing() == before
    with pytest.raises(AlreadyUndone):
        bulk.undo("b", change, person_id=author, reviews_items=False, now=clock.now())


def test_what_was_taken_back_is_no_change_of_the_item(app: Flask, items: list[int], clock: FixedClock) -> None:
    author = id_of(WEI)
    change = bulk.apply("b", Action.TOPIC, "新的", seen(items), person_id=author, now=clock.now())
    wei = enter(app, WEI)
    page = f"/bank/b/items/{items[0]}"
    assert "自第 1 版以来的改动" in wei.get(page).text
    bulk.undo("b", change, person_id=author, reviews_items=False, now=clock.now())
    assert ("自第 1 版以来的改动" in wei.get(page).text, "已撤销" in wei.get(page).text) == (False, True)


@pytest.mark.parametrize("touch", ["review", "use"])
def test_nothing_is_taken_back_over_what_came_later(items: list[int], clock: FixedClock, touch: str) -> None:
    reviewer = id_of(RUI)
    change = bulk.apply("b", Action.POOL, "", seen(items[:2]), person_id=reviewer, now=clock.now())
    if touch == "review":
        review.retire("b", items[0], person_id=reviewer, now=clock.now())
    else:
        with transaction() as session:
            version = session.execute(text("SELECT latest_version_id FROM item WHERE id = :id"), {"id": items[0]}).scalar_one()
            api.record_use(session, [version], purpose="exam", title="考试", times=1, now=clock.now())
    after = standing()
    with pytest.raises(NotAsBefore):
        bulk.undo("b", change, person_id=reviewer, reviews_items=True, now=clock.now())
    assert standing() == after


def test_nobody_approves_their_own_and_retiring_leaves_papers_whole(items: list[int], clock: FixedClock) -> None:
    author, reviewer = id_of(WEI), id_of(RUI)
    with transaction() as session:
        frozen = [item.version_id for item in api.pool(session, "b", "exam")]
        drawn = (api.contents(session, frozen), api.keys(session, frozen))
        api.record_use(session, frozen, purpose="exam", title="考试", times=1, now=clock.now())
    change = bulk.apply("b", Action.RETIRE, "", seen(items), person_id=reviewer, now=clock.now())
    with transaction() as session:
        assert api.pool(session, "b", "exam") == []
        assert (api.contents(session, frozen), api.keys(session, frozen)) == drawn
    bulk.undo("b", change, person_id=reviewer, reviews_items=True, now=clock.now())
    with transaction() as session:
        assert [item.version_id for item in api.pool(session, "b", "exam")] == frozen

    bulk.apply("b", Action.TAG, "重点", seen(items[:1]), person_id=reviewer, now=clock.now())
    bulk.apply("b", Action.SUBMIT, "", seen(items[:1]), person_id=author, now=clock.now())
    assert len(bulk.plan("b", Action.APPROVE, "", items[:1], person_id=reviewer).refused) == 1
    assert len(bulk.plan("b", Action.APPROVE, "", items[:1], person_id=author).changes) == 1, "what the author wrote was approved by another before"
    bulk.apply("b", Action.TAG, "甲的", seen(items[1:2]), person_id=author, now=clock.now())
    bulk.apply("b", Action.TAG, "乙的", seen(items[1:2]), person_id=reviewer, now=clock.now())
    bulk.apply("b", Action.SUBMIT, "", seen(items[1:2]), person_id=author, now=clock.now())
    for person in (author, reviewer):
        assert len(bulk.plan("b", Action.APPROVE, "", items[1:2], person_id=person).refused) == 1


def test_nothing_happens_to_a_version_that_nobody_saw(app: Flask, items: list[int], clock: FixedClock) -> None:
    author, reviewer = id_of(WEI), id_of(RUI)
    bulk.apply("b", Action.TAG, "一", seen(items), person_id=author, now=clock.now())
    review.submit_all("b", person_id=author, now=clock.now())
    shown = seen(items)
    bulk.apply("b", Action.TAG, "二", seen(items[:1]), person_id=author, now=clock.now())
    review.submit_all("b", person_id=author, now=clock.now())
    with pytest.raises(WrongState):
        bulk.apply("b", Action.APPROVE, "", shown, person_id=reviewer, now=clock.now())
    answer = enter(app, RUI).post("/bank/b/review", data={"version": list(shown.values())}, follow_redirects=True)
    assert "已通过 2 题" in answer.text
    assert "1 题在您查看之后又有改动" in answer.text
    assert [row[1] for row in standing()] == ["in_review", "approved", "approved"]


def test_what_was_sent_back_waits_for_its_author_before_it_is_handed_in_with_all_drafts(app: Flask, items: list[int], clock: FixedClock) -> None:
    author, reviewer = id_of(WEI), id_of(RUI)

    def submitted() -> str:
        return enter(app, WEI).post("/bank/b/submit", follow_redirects=True).text

    bulk.apply("b", Action.TAG, "一", seen(items), person_id=author, now=clock.now())
    assert "已提交 3 题" in submitted()
    for item, version in list(seen(items).items())[:2]:
        review.decide("b", item, Decision.SEND_BACK, reviewer_id=reviewer, comment="选项太长", now=clock.now(), seen_version=version)
    bulk.apply("b", Action.TAG, "二", seen(items[:1]), person_id=author, now=clock.now())
    told = submitted()
    assert ("已提交 1 题" in told, "1 题被退回后没有改动，没有提交" in told) == (True, True)
    assert [row[1] for row in standing()] == ["in_review", "draft", "in_review"]
    review.submit("b", items[1], person_id=author, now=clock.now())  # handed in by itself she may stand by it
    review.approve_all("b", reviewer_id=reviewer, now=clock.now())
    review.retire("b", items[1], person_id=reviewer, now=clock.now())
    review.restore("b", items[1], person_id=reviewer, now=clock.now())
    assert review.submit_all("b", person_id=author, now=clock.now()).done == 1, "it was approved since it was sent back"


def test_the_pages_ask_before_and_only_reviewers_retire(app: Flask, items: list[int]) -> None:
    author, reviewer = enter(app, WEI), enter(app, RUI)
    assert author.post("/bank/b/bulk", data={"action": "retire", "item": items}).status_code == 403
    plan = reviewer.post("/bank/b/bulk", data={"action": "retire", "every": "yes", "status": "approved"})
    assert "停用：3 题" in plan.text
    assert [row[1] for row in standing()] == ["approved"] * 3
    pairs = re.search(r'name="items" value="([^"]+)"', plan.text)
    assert pairs
    done = reviewer.post("/bank/b/bulk/apply", data={"action": "retire", "items": pairs[1]}, follow_redirects=True)
    assert "撤销" in done.text
    assert [row[1] for row in standing()] == ["retired"] * 3
    assert "批量操作" in author.get("/bank/b").text
    undo = re.search(r'action="(/bank/b/bulk/\d+/undo)"', done.text)
    assert undo
    assert undo[1] not in author.get("/bank/b/bulk").text
    assert author.post(undo[1]).status_code == 403
    assert [row[1] for row in standing()] == ["retired"] * 3
    assert reviewer.post(undo[1]).status_code == 302
    assert [row[1] for row in standing()] == ["approved"] * 3
