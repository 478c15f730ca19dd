"""The pages of what was measured, as an author and as others."""

import io

import pytest
from flask import Flask
from lxml import html

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from tests.support import exams, measured
from tests.support.cast import LIN, WEI, enter

BANK = f"/bank/{exams.BANK}/analysis"


@pytest.mark.parametrize(("people", "judged"), [(99, False), (100, True)])
def test_what_too_few_answered_is_not_called_faultless(app: Flask, clock: FixedClock, people: int, *, judged: bool) -> None:
    with transaction() as session:
        exams.bank(session)
    measured.measure(exams.BANK, clock.now(), people=people)
    page = html.document_fromstring(enter(app, WEI).get(BANK).text)
    counts = {stat.findtext("dt"): int(stat.find_class("figure")[0].text_content()) for stat in page.find_class("stat")}
    assert counts.get("作答太少，暂不判断", 0) == (0 if judged else sum(counts.values()))
    assert sum(counts.values()) > 3


def test_an_author_reads_what_to_do_and_sees_the_curves(app: Flask, clock: FixedClock) -> None:
    with transaction() as session:
        exams.bank(session)
    item = measured.measure(exams.BANK, clock.now())
    wei = enter(app, WEI)
    assert BANK in wei.get(f"/bank/{exams.BANK}").get_data(as_text=True)
    text = wei.get(BANK).get_data(as_text=True)
    words = "干扰项 A 被高分组选择更多，请检查答案是否标错。"
    assert words in text
    assert "春季考试" in text
    assert "对“赣州市”更难" in text
    assert text.index(words) < text.index("各项指标正常")
    assert f"/bank/{exams.BANK}/items/{item}/analysis" in text
    page = wei.get(f"/bank/{exams.BANK}/items/{item}/analysis").get_data(as_text=True)
    assert words in page
    assert page.count('<svg class="curve"') == 2
    assert page.count("<polyline") == 5  # the characteristic curve and four options
    for label in ("项目特征曲线", "选项曲线", "C（正确）", "两参数模型", "Mantel–Haenszel", "500 人作答"):
        assert label in page
    shown = wei.get(f"/bank/{exams.BANK}/items/{item}").get_data(as_text=True)
    assert "实测得分率" in shown
    assert "500 人作答，2026年11月22日" in shown


def test_without_analyses_the_page_says_how_to_get_one(app: Flask) -> None:
    with transaction() as session:
        exams.bank(session)
    wei = enter(app, WEI)
    assert "还没有分析过" in wei.get(BANK).get_data(as_text=True)
    assert wei.get(f"/bank/{exams.BANK}/items/1/analysis").status_code == 404
    assert wei.get(f"{BANK}?page=99999999999").status_code == 200
    assert enter(app, LIN).get(BANK).status_code == 403
    assert app.test_client().get(BANK).status_code == 302


def test_a_table_of_responses_is_analysed_in_the_browser_and_not_kept(app: Flask) -> None:
    with transaction() as session:
        exams.bank(session)
    wei, address = enter(app, WEI), f"{BANK}/responses"
    assert address in wei.get(BANK).get_data(as_text=True)
    people = [f"p{person},{'B' if person % 3 else 'A'},{'1' if person % 2 else '0'},<b>x</b>" for person in range(60)]
    table = "\n".join(["编号,甲题,乙题,<i>丙", "答案,B,1,", *people]).encode()
    answer = wei.post(address, data={"responses": (io.BytesIO(table), "r.csv")})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert [words in page for words in ("甲题", "67%", "50%", "60", "没有读入", "&lt;i&gt;丙")] == [True] * 6
    assert page.count("<summary>") >= 2
    with transaction() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM item_measure").scalar_one() == 0
    for content, words in ((b"", "请先选择一个文件"), (b"no table", "没有找到作答数据"), (b"1," * 3_000_000, "网页上最多 5 MB")):
        refused = wei.post(address, data={"responses": (io.BytesIO(content), "r.csv")})
        assert (refused.status_code, words in refused.get_data(as_text=True)) == (422, True), words
    assert enter(app, LIN).get(address).status_code == 403
