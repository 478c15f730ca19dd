"""Versions side by side, and where an item was used."""

import io
import re

from flask import Flask
from lxml import html
from PIL import Image
from sqlalchemy import text

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.services import bank as banks
from tests.conftest import NOON
from tests.support import exams
from tests.support.cast import WEI, enter
from tests.support.queries import query_budget

FORM = {"type": "single", "option-0": "倾听", "option-1": "批评", "key": "0", "explanation": "先稳定。", "pool": "practice"}


def test_any_two_versions_are_compared_with_the_difference_marked(app: Flask) -> None:
    banks.create("b", "演示题库", NOON)
    author = enter(app, WEI)
    first = author.post("/bank/b/items/new", data=FORM | {"stem": "先做什么？"}).location
    for stem, key in (("首先做什么？", "0"), ("首先应做什么？", "1")):
        author.post(f"{first}/edit", data=FORM | {"stem": stem, "key": key})
    item = author.get(first).text
    assert re.findall(r"compare\?from=(\d)&amp;to=(\d)", item) == [("2", "3"), ("1", "2")]
    page = html.document_fromstring(author.get(f"{first}/compare?from=3&to=1").text)
    changed = {row.findtext("p"): row.findall("p")[1] for row in page.find_class("change")}
    assert set(changed) == {"题干", "答案"}
    assert [(run.tag, run.text) for run in changed["题干"]] == [("ins", "首"), ("ins", "应")]
    assert [(run.tag, run.text) for run in changed["答案"]] == [("del", "A"), ("ins", "B")]
    assert "从第 1 版到第 3 版的改动" in page.text_content()
    assert [select.get("name") for select in page.iter("select")] == ["from", "to"]
    assert author.get("/bank/b/items/0/compare").status_code == 404


def test_a_changed_picture_and_table_are_told_in_words_a_person_can_read(app: Flask) -> None:
    banks.create("b", "演示题库", NOON)
    author = enter(app, WEI)
    pictures = []
    for colour in ("red", "blue"):
        drawn = io.BytesIO()
        Image.new("RGB", (20, 10), colour).save(drawn, "PNG")
        pictures.append(author.post("/api/bank/b/pictures", data={"picture": (io.BytesIO(drawn.getvalue()), "x.png")}).get_json()["digest"])
    rows = ("", "<tr><td>乙</td></tr>")
    stems = [f"看图![色块](picture:{digest})<table><tr><td>甲</td></tr>{row}</table>" for digest, row in zip(pictures, rows, strict=True)]
    first = author.post("/bank/b/items/new", data=FORM | {"stem": stems[0]}).location
    author.post(f"{first}/edit", data=FORM | {"stem": stems[1]})
    (change,) = html.document_fromstring(author.get(f"{first}/compare").text).find_class("change")
    shown = change.findall("p")[1]
    assert all(digest[:6] in shown.text_content() and digest not in shown.text_content() for digest in pictures)
    assert "：色块]" in shown.text_content()
    assert "<tr><td>甲</td></tr>\n" in shown.text_content()


def test_what_tells_versions_apart_is_told_in_the_readers_words_and_on_her_day(app: Flask, clock: FixedClock) -> None:
    banks.create("b", "演示题库", NOON, {"t1": "危机干预"})
    clock.advance(hours=14)  # two in the morning in China, still the day before in Greenwich
    author = enter(app, WEI)
    first = author.post("/bank/b/items/new", data=FORM | {"stem": "先做什么？"}).location
    author.post(f"{first}/edit", data=FORM | {"stem": "先做什么？", "type": "multiple", "topic": "t1", "level": "apply", "points": "2.5"})
    page = html.document_fromstring(author.get(f"{first}/compare").text)
    changed = {row.findtext("p"): row.findall("p")[1].text_content() for row in page.find_class("change")}
    assert changed == {"题型": "单多选题", "知识点": "危机干预", "认知层次": "应用", "建议分值": "2.5"}
    assert " · 2026年11月23日" in page.text_content()


def test_an_item_says_where_it_was_used_when_and_how_often(app: Flask) -> None:
    exams.prepared(papers=6)
    exams.sitting()
    taken = "SELECT unnest(version_ids) FROM paper WHERE taken_at IS NOT NULL ORDER BY id LIMIT 1"
    with transaction() as session:
        version = session.execute(text(taken)).scalar_one()
        papers = session.execute(text("SELECT count(*) FROM paper WHERE :v = ANY(version_ids)"), {"v": version}).scalar_one()
        item = session.execute(text("SELECT item_id FROM item_version WHERE id = :v"), {"v": version}).scalar_one()
        unused = session.execute(text("SELECT max(item_id) FROM item_version WHERE id NOT IN (SELECT version_id FROM item_use)")).scalar()
    author = enter(app, WEI)
    with query_budget(12):
        page = html.document_fromstring(author.get(f"/bank/{exams.BANK}/items/{item}/uses").text)
    (row,) = page.xpath("//caption[contains(., '出现在哪里')]/..//tbody/tr")
    assert [cell.text_content().strip() for cell in row] == ["线上测试", "第 1 版", str(papers), "1", *["2026年11月22日 12:00"] * 2]
    if unused:
        assert "还没有使用过" in author.get(f"/bank/{exams.BANK}/items/{unused}/uses").text
