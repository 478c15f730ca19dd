"""The pages of authors and reviewers, as the people who use them."""

import io
import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from PIL import Image
from sqlalchemy import select

from lms.kernel.audit import AuditEntry
from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank import api
from question_bank.services import bank as banks
from question_bank.services import review
from tests.support.cast import LIN, RUI, SAM, WEI, enter, id_of
from tests.support.queries import query_budget

FORM = {
    "type": "single",
    "stem": "学生告诉你他<b>不想</b>活了，<script>alert(1)</script>你先做什么？",
    "option-0": "认真倾听并陪伴",
    "option-1": "告诉他别乱想",
    "option-2": "当众批评",
    "option-3": "",
    "explanation-0": "先稳定。",
    "explanation-1": "",
    "explanation-2": "",
    "key": "0",
    "explanation": "安全第一。",
    "topic": "crisis",
    "level": "apply",
    "difficulty": "0.8",
    "pool": "exam",
}


@pytest.fixture
def bank(app: Flask, clock: FixedClock) -> str:
    """An empty bank with one named topic."""
    banks.create("b", "演示题库", clock.now(), {"crisis": "危机干预"})
    return "b"


def written(client: FlaskClient, **changed: str) -> int:
    answer = client.post("/bank/b/items/new", data=FORM | changed)
    assert answer.status_code == 302, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def test_an_item_goes_from_its_author_to_another_person_and_into_the_pool(app: Flask, bank: str) -> None:
    author, reviewer = enter(app, WEI), enter(app, RUI)
    item = written(author, action="submit")
    with transaction() as session:
        assert api.pool(session, "b", "exam") == []
    page = reviewer.get(f"/bank/b/items/{item}")
    assert "退回修改" in page.text
    seen = re.search(r'name="seen_version" value="(\d+)"', page.text)
    assert seen
    back = reviewer.post(f"/bank/b/items/{item}/decision", data={"decision": "send_back", "seen_version": seen[1]})
    assert back.location.endswith(f"/bank/b/items/{item}#decision-comment")
    assert "退回试题时请写明修改意见。" in (again := reviewer.get(back.location).text)
    assert "退回修改" in again, "still to be decided"
    assert reviewer.post(f"/bank/b/items/{item}/decision", data={"decision": "approve", "seen_version": seen[1]}).status_code == 302
    with transaction() as session:
        (found,) = api.pool(session, "b", "exam")
        assert found.item_id == item
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"item:{item}").order_by(AuditEntry.id)).all()
        assert actions == ["item.write", "item.submit", "item.view_key", "item.view_key", "item.approve"]


def test_an_item_without_a_number_is_headed_by_its_stem(app: Flask, bank: str) -> None:
    author = enter(app, WEI)
    numbered, unnumbered = written(author, external_id="crisis-1"), written(author, external_id="", stem="学生说“不想活了”，您先<b>做什么</b>？" + "长" * 30)
    assert "<h1>crisis-1</h1>" in author.get(f"/bank/b/items/{numbered}").text
    page = author.get(f"/bank/b/items/{unnumbered}").text
    assert "<h1>学生说“不想活了”，您先做什么？" + "长" * 14 + "…</h1>" in page
    assert "学生说“不想活了”" in author.get(f"/bank/b/items/{unnumbered}/compare").text.partition("</nav>")[0]


def test_nobody_reviews_their_own_item(app: Flask, bank: str) -> None:
    reviewer = enter(app, RUI)
    item = written(reviewer, action="submit")
    page = reviewer.get(f"/bank/b/items/{item}")
    assert "须由另一位审题人审核" in page.text
    assert "等待审核" not in reviewer.get("/").text
    with transaction() as session:
        seen = session.connection().exec_driver_sql("SELECT latest_version_id FROM item").scalar_one()
    answer = reviewer.post(f"/bank/b/items/{item}/decision", data={"decision": "approve", "seen_version": seen})
    assert answer.status_code == 403
    assert reviewer.post("/bank/b/review", data={"version": seen}, follow_redirects=True).text.count("须由另一位审题人审核") == 1
    with transaction() as session:
        assert api.pool(session, "b", "exam") == []


@pytest.mark.parametrize("member", [LIN, SAM])
def test_strangers_see_nothing_of_the_bank(app: Flask, bank: str, member: object) -> None:
    item = written(enter(app, WEI))
    client = enter(app, member)  # type: ignore[arg-type]
    for path in ("/bank", "/bank/b", f"/bank/b/items/{item}", "/bank/b/items/new", "/bank/b/export", "/bank/b/import", "/bank/b/review", "/bank/b/coverage"):
        assert client.get(path).status_code == 403, path
    assert enter(app, WEI).get("/bank/b/review").status_code == 403


def test_what_was_sent_back_stands_out_and_its_reason_stands_beside_the_form(app: Flask, bank: str) -> None:
    author, reviewer = enter(app, WEI), enter(app, RUI)
    item = written(author, action="submit")
    seen = re.search(r'name="seen_version" value="(\d+)"', reviewer.get(f"/bank/b/items/{item}").text)
    assert seen
    decided = {"decision": "send_back", "seen_version": seen[1], "comment": "选项太 <b>长</b>"}
    assert reviewer.post(f"/bank/b/items/{item}/decision", data=decided).status_code == 302
    assert ">退回<" in re.sub(r"\s", "", author.get("/bank/b?status=draft").text)
    assert author.get(f"/bank/b/items/{item}").text.count("选项太 &lt;b&gt;长") == 2, "above the item, and in its record"
    told = "有您编写的 1 道试题被退回"
    assert (told in author.get("/").text, told in reviewer.get("/").text) == (True, False)
    assert f"/bank/b/items/{item}" in author.get("/bank/b?status=sent_back").text
    form = author.get(f"/bank/b/items/{item}/edit").text
    assert "选项太 &lt;b&gt;长" in form
    assert "芮思敏" in form
    for on_the_way in ({"stem": " "}, {"action": "preview"}):
        answer = author.post(f"/bank/b/items/{item}/edit", data=FORM | {"seen_version": seen[1]} | on_the_way)
        assert "选项太 &lt;b&gt;长" in answer.text, on_the_way
    again = re.search(r'name="seen_version" value="(\d+)"', form)
    assert again
    author.post(f"/bank/b/items/{item}/edit", data=FORM | {"stem": "改过的题干，换了说法", "seen_version": again[1]})
    assert ">退回<" not in re.sub(r"\s", "", author.get("/bank/b?status=draft").text), "changed since"
    assert told not in author.get("/").text
    assert f"/bank/b/items/{item}" not in author.get("/bank/b?status=sent_back").text


def test_markup_is_shown_or_kept_but_never_run(app: Flask, bank: str) -> None:
    author = enter(app, WEI)
    page = author.get(f"/bank/b/items/{written(author)}").text
    assert "<b>不想</b>" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"stem": " "}, "缺少题干"),
        ({"key": ""}, "缺少答案"),
        ({"key": "7"}, "答案指向不存在的选项"),
        ({"option-1": "认真倾听并陪伴"}, "有两个选项完全相同"),
        ({"option-1": "", "option-2": ""}, "至少需要两个选项"),
        ({"difficulty": "7"}, "无法识别的难度"),
        ({"type": "essay"}, "无法识别的题型"),
        ({"enemies": "nobody"}, "互斥试题的编号不存在"),
        ({"points": "-1"}, "分值必须大于"),
    ],
)
def test_a_faulty_form_comes_back_filled_with_the_fault_at_its_place(app: Flask, bank: str, changed: dict[str, str], words: str) -> None:
    answer = enter(app, WEI).post("/bank/b/items/new", data=FORM | changed)
    assert answer.status_code == 422
    assert words in answer.text
    assert "当众批评" in answer.text or "option-2" in changed


def test_a_change_shows_its_difference_and_an_old_form_is_refused(app: Flask, bank: str) -> None:
    author = enter(app, WEI)
    item = written(author)
    page = author.get(f"/bank/b/items/{item}/edit").text
    seen = re.search(r'name="seen_version" value="(\d+)"', page)
    assert seen
    data = FORM | {"option-1": "告诉他不要乱想", "seen_version": seen[1]}
    assert author.post(f"/bank/b/items/{item}/edit", data=data).status_code == 302
    assert "<ins>" in author.get(f"/bank/b/items/{item}").text
    assert author.post(f"/bank/b/items/{item}/edit", data=data | {"option-1": "第三种"}).status_code == 409
    assert author.post(f"/bank/b/items/{item}/edit", data=data | {"seen_version": ""}).status_code == 302
    with transaction() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM item_version").scalar_one() == 2


def test_the_list_finds_chinese_words_names_and_filters(app: Flask, bank: str) -> None:
    author = enter(app, WEI)
    written(author, external_id="crisis-9")
    written(author, stem="下列哪一项属于<b>积极</b>心理学的主张？", topic="positive", difficulty="0.4", pool="practice")
    with query_budget(12):
        assert author.get("/bank/b").text.count("item-excerpt") == 2
    for query, number in (
        ("q=活了", 1),
        ("q=积极 心理学", 1),
        ("q=crisis-9", 1),
        ("q=%25", 0),
        ("topic=positive", 1),
        ("pool=exam", 1),
        ("band=hard", 1),
        ("status=approved", 0),
        ("q=学", 2),
    ):
        assert author.get(f"/bank/b?{query}").text.count("item-excerpt") == number, query
    assert "危机干预" in author.get("/bank/b/coverage?all=yes").text


def test_retired_items_leave_the_pool_and_can_come_back(app: Flask, bank: str, clock: FixedClock) -> None:

    item = written(enter(app, WEI), action="submit")
    review.approve_all("b", reviewer_id=id_of(RUI), now=clock.now())
    reviewer = enter(app, RUI)
    assert enter(app, WEI).post(f"/bank/b/items/{item}/retire").status_code == 403
    assert reviewer.post(f"/bank/b/items/{item}/retire").status_code == 302
    with transaction() as session:
        assert api.pool(session, "b", "exam") == []
    assert reviewer.post(f"/bank/b/items/{item}/retire").status_code == 409
    assert reviewer.post(f"/bank/b/items/{item}/restore").status_code == 302
    with transaction() as session:
        assert api.pool(session, "b", "exam") == [], "it comes back as a draft: nothing is asked before another review"
    assert review.submit_all("b", person_id=id_of(WEI), now=clock.now()).done == 1
    assert review.approve_all("b", reviewer_id=id_of(RUI), now=clock.now()).done == 1
    with transaction() as session:
        assert len(api.pool(session, "b", "exam")) == 1


def test_pools_stay_apart_over_time(app: Flask, bank: str, clock: FixedClock) -> None:
    from question_bank.services import review
    from question_bank.services.item import ItemFaulty, draft_of, save

    author = enter(app, WEI)
    secret, open_one = written(author, action="submit"), written(author, action="submit", pool="practice", stem="另一道完全不同的题目，用来练习")
    review.approve_all("b", reviewer_id=id_of(RUI), now=clock.now())
    with transaction() as session:
        api.record_use(session, [api.pool(session, "b", "exam")[0].version_id], purpose="exam:e", title="测试", times=1, now=clock.now())

    def move(item: int, pool: str) -> None:
        draft = draft_of("b", item, person_id=id_of(WEI), now=clock.now()).draft
        save("b", replace(draft, pool=pool), author_id=id_of(WEI), now=clock.now(), item_id=item)

    for pool in ("exam", ""):  # out of every pool first would be the same way round a corner
        with pytest.raises(ItemFaulty) as caught:
            move(open_one, pool)
        assert [fault.code for fault in caught.value.faults] == ["used_in_practice"]
    with pytest.raises(ItemFaulty) as caught:
        move(secret, "practice")
    assert [fault.code for fault in caught.value.faults] == ["used_in_exam"]
    move(secret, "")
    with pytest.raises(ItemFaulty):
        move(secret, "practice")


def test_comments_and_the_queue(app: Flask, bank: str) -> None:
    author, reviewer = enter(app, WEI), enter(app, RUI)
    item = written(author, action="submit")
    assert author.post(f"/bank/b/items/{item}/comment", data={"comment": "请看看 <i>B</i>"}).status_code == 302
    assert "请看看 &lt;i&gt;B" in reviewer.get(f"/bank/b/items/{item}").text
    assert "有 1 道试题等待审核" in reviewer.get("/").text
    with query_budget(12):
        page = reviewer.get("/bank/b/review").text
    assert "正确答案" in page
    shown = re.search(r'name="version" value="(\d+)"', page)
    assert shown
    assert "已通过 1 题" in reviewer.post("/bank/b/review", data={"version": shown[1]}, follow_redirects=True).text


def test_a_reviewers_own_items_do_not_stand_before_those_she_may_decide_on(app: Flask, bank: str, clock: FixedClock) -> None:
    own, other = written(enter(app, RUI), action="submit"), written(enter(app, WEI), stem="另一个人后来写的一道题", action="submit")
    for limit in (1, 2):
        _bank, shown, total = review.waiting("b", person_id=id_of(RUI), now=clock.now(), limit=limit)
        assert ([version.item_id for version in shown], total) == ([other, own][:limit], 2)


def test_what_a_reviewer_wrote_before_an_approval_waits_for_her_when_another_changed_it(app: Flask, bank: str, clock: FixedClock) -> None:
    author, reviewer = enter(app, WEI), enter(app, RUI)
    item = written(reviewer, action="submit")
    review.approve_all("b", reviewer_id=id_of(WEI), now=clock.now())
    seen = re.search(r'name="seen_version" value="(\d+)"', author.get(f"/bank/b/items/{item}/edit").text)
    assert seen
    assert author.post(f"/bank/b/items/{item}/edit", data=FORM | {"stem": "改过的题干", "seen_version": seen[1], "action": "submit"}).status_code == 302
    assert "有 1 道试题等待审核" in reviewer.get("/").text


def test_a_file_is_staged_mended_and_committed(app: Flask, bank: str) -> None:
    author = enter(app, WEI)
    content = "题型,题干,A,B,C,答案\n单选,第一道题的题干,甲,乙,丙,B\n单选,第二道不一样的题,甲,乙,丙,E\n".encode("gb18030")
    answer = author.post("/bank/b/import", data={"file": (io.BytesIO(content), "题.csv"), "pool": "practice"})
    assert answer.status_code == 302
    page = author.get(answer.location)
    assert "答案指向不存在的选项" in page.text
    with transaction() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM item").scalar_one() == 0
    refused = author.get(f"{answer.location}/refused")
    assert refused.data.startswith(b"PK")
    line = author.get(f"{answer.location}/1")
    assert "第二道不一样的题" in line.text
    still = author.post(f"{answer.location}/1", data={"type": "single", "stem": "第二道不一样的题", "option-0": "甲", "option-1": "乙"})
    assert "缺少答案" in still.text
    mended = {"type": "single", "stem": "第二道不一样的题", "option-0": "甲", "option-1": "乙", "key": "1", "pool": "practice", "action": "next"}
    assert author.post(f"{answer.location}/1", data=mended).location == answer.location, "nothing else is to be mended"
    assert "已写入 2 题" in author.post(f"{answer.location}/commit", follow_redirects=True).text
    assert author.post(f"{answer.location}/commit").status_code == 409
    again = author.post("/bank/b/import", data={"file": (io.BytesIO(content), "题.csv"), "pool": "practice"})
    assert "无变化 1" in author.get(again.location).text
    assert author.post(f"{again.location}/discard").status_code == 302


def test_a_file_larger_than_other_forms_is_taken_of_an_author_alone(app: Flask, bank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    author, large = enter(app, WEI), b" " * 9_000_000
    token = re.search(r'name="csrf_token" value="([^"]+)"', author.get("/bank/b/import").text)
    assert token
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)

    def sent(client: FlaskClient, path: str = "/bank/b/import") -> int:
        return client.post(path, data={"csrf_token": token[1], "file": (io.BytesIO(large), "x.docx")}).status_code

    assert [sent(author), sent(author, "/bank/b/bulk"), sent(enter(app, LIN)), sent(app.test_client())] == [302, 413, 413, 413]


def test_an_answer_is_told_by_its_letters_and_a_topic_by_its_name(app: Flask, bank: str) -> None:
    author = enter(app, WEI)
    row = '{"id": "n-1", "type": "multiple", "stem": "先做什么？", "options": ["倾听", "训斥", "陪伴"], "key": [0, 2]}'
    batch = author.post("/bank/b/import", data={"file": (io.BytesIO(row.encode()), "x.jsonl")}).location
    assert "【AC】" in author.get(batch).text
    author.post(f"{batch}/commit")
    planned = author.post("/bank/b/bulk", data={"action": "topic", "set_topic": "crisis", "every": "yes"}).text
    assert ("危机干预" in planned, "先做什么？" in planned) == (True, True)
    items = html.fromstring(planned).xpath("string(//input[@name='items']/@value)")
    done = author.post("/bank/b/bulk/apply", data={"action": "topic", "value": "crisis", "items": items}, follow_redirects=True).text
    assert "设置知识点 · 危机干预" in done


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"%PDF-1.4", "只是一段文字".encode(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html><script>"])
def test_what_is_no_bank_is_refused_in_words(app: Flask, bank: str, content: bytes) -> None:
    answer = enter(app, WEI).post("/bank/b/import", data={"file": (io.BytesIO(content), "x.xlsx")})
    assert answer.status_code == 422
    assert "field-error" in answer.text


def test_the_template_reads_back(app: Flask, bank: str) -> None:
    author = enter(app, WEI)
    template = author.get("/bank/b/import/template").data
    answer = author.post("/bank/b/import", data={"file": (io.BytesIO(template), "template.xlsx")})
    page = author.get(answer.location).text
    assert "新增 3" in page
    assert "没有导入" not in page


def test_the_preview_answers_what_the_candidate_sees(app: Flask, bank: str) -> None:
    form = {"type": "single", "stem": r"以下<b>错误</b>的是<img src=x onerror=alert(1)> \(x^2\)", "option-0": "甲", "option-1": "以上都是", "key": "1"}
    page = enter(app, WEI).post("/bank/b/items/preview", data=form).text
    assert "以下<b>错误</b>的是&lt;img src=x onerror=alert(1)&gt; <math>" in page
    assert "避免使用“以上都是”" in page
    assert enter(app, WEI).post("/bank/b/items/preview", data={"type": "essay?"}).status_code == 200


TYPED = {
    "fill_in": (
        {"stem": "正常体温约 [[1]] ℃，又称[[2]]。", "blank-1": "37", "tolerance-1": "0.5", "blank-2": "恒温 | 体温恒定"},
        ["37 ± 0.5", "恒温 或 体温恒定"],
    ),
    "matching": (
        {"stem": "配对", "prompt-0": "倾听", "match-0": "1", "prompt-1": "共情", "match-1": "0", "option-0": "感受对方", "option-1": "听完再说"},
        ["B. 听完再说", "A. 感受对方"],
    ),
    "ordering": (
        {
            "stem": "排序<table><tr><td>甲</td></tr></table>",
            "option-0": "评估",
            "option-1": "稳定",
            "option-2": "转介",
            "rank-0": "2",
            "rank-1": "1",
            "rank-2": "3",
            "by_pairs": "on",
        },
        ["B. 稳定", "A. 评估", "相邻两项先后正确得一份分"],
    ),
    "short_text": ({"stem": "简述步骤", "model": "先<b>稳定</b>情绪"}, ["先<b>稳定</b>情绪"]),
}


@pytest.mark.parametrize("kind", TYPED)
def test_an_item_of_every_type_is_written_shown_and_found_unchanged(app: Flask, bank: str, kind: str) -> None:
    fields, shown = TYPED[kind]
    author = enter(app, WEI)
    saved = author.post("/bank/b/items/new", data={"type": kind, "pool": "practice", **fields})
    assert saved.status_code == 302, saved.text
    page = author.get(saved.location).text
    assert [words for words in shown if words not in page] == []
    form = author.get(f"{saved.location}/edit").text
    assert ("<table>" in fields["stem"]) == ("\n&lt;tr&gt;&lt;td&gt;甲" in form), "rows stand on lines of their own"
    again = author.post(f"{saved.location}/edit", data={"type": kind, "pool": "practice", **posted(form)})
    assert again.status_code == 302
    assert "第 1 版" in author.get(again.location).text


def posted(page: str) -> dict[str, str]:
    """Return what a browser would post of a form as it stands."""
    tree = next(form for form in html.document_fromstring(page).forms if form.xpath(".//*[@id='stem']"))
    return {name: value for name, value in tree.form_values() if name not in {"type", "pool", "csrf_token"}}


def test_a_picture_is_kept_shown_to_authors_of_the_bank_and_to_nobody_else(app: Flask, bank: str, clock: FixedClock) -> None:
    banks.create("other", "别的题库", clock.now())
    author = enter(app, WEI)
    out = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, "PNG")
    answer = author.post("/api/bank/b/pictures", data={"picture": (io.BytesIO(out.getvalue()), "x.png")})
    digest = answer.get_json()["digest"]
    served = author.get(f"/bank/b/pictures/{digest}")
    assert (served.status_code, served.mimetype, served.headers["X-Content-Type-Options"]) == (200, "image/png", "nosniff")
    assert "private" in served.headers["Cache-Control"]
    assert author.get(f"/bank/other/pictures/{digest}").status_code == 404
    assert enter(app, LIN).get(f"/bank/b/pictures/{digest}").status_code == 403
    refused = author.post("/api/bank/b/pictures", data={"picture": (io.BytesIO(b"<svg onload=alert(1)>"), "x.png")})
    assert refused.get_json()["code"] == "picture_vector"
    item = {"type": "short_text", "stem": f"看图![红色](picture:{digest})", "pool": "practice"}
    page = author.get(author.post("/bank/b/items/new", data=item).location).text
    assert f'<img data-picture="{digest}" src="/bank/b/pictures/{digest}" loading="lazy" alt="红色">' in page
    lost = author.post("/bank/b/items/new", data=item | {"stem": f"看图![红色](picture:{'0' * 64})"})
    assert (lost.status_code, "题目引用的图片不在文件中，也不在题库中。" in lost.text) == (422, True)
    broken = author.post("/bank/b/items/new", data=item | {"stem": r"求 \(\foo{x}\)"})
    assert (broken.status_code, "公式无法识别" in broken.text) == (422, True)
