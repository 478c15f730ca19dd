"""Moodle's XML: each type as the item it is, or the reason why it is none."""

import base64
import io

import pytest
from PIL import Image

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Reading
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank
from question_bank.formats import moodle_xml, reading


def read(kind: str, inside: str, stem: str = "题干") -> Reading:
    return moodle_xml.read(
        f"<quiz><question type='{kind}'><name><text>n</text></name><questiontext format='html'><text>{stem}</text></questiontext>{inside}</question></quiz>"
    )


def only(kind: str, inside: str, stem: str = "题干") -> Draft:
    found = read(kind, inside, stem)
    assert not found.refused
    (draft,) = found.drafts
    assert not faults_of(draft)
    return draft


def answer(words: str, fraction: float, feedback: str = "") -> str:
    return f"<answer fraction='{fraction}'><text>{words}</text><feedback><text>{feedback}</text></feedback></answer>"


def told(found: Reading) -> str:
    return " ".join(loss.what for loss in found.losses)


def test_single_choice_with_feedback() -> None:
    draft = only("multichoice", "<single>true</single>" + answer("甲", 100, "对") + answer("<![CDATA[<p>乙</p>]]>", 0) + answer("丙", 50))
    assert (draft.type, draft.options, draft.key, draft.option_explanations) == ("single", ("甲", "乙", "丙"), (0,), ("对", "", ""))


def test_thirds_are_even_and_what_is_taken_away_is_told() -> None:
    found = read("multichoice", "<single>false</single>" + "".join(answer(words, 33.33333) for words in "甲乙丙") + answer("丁", -50))
    assert (found.drafts[0].type, found.drafts[0].key, told(found)) == ("multiple", (0, 1, 2), "选项权重 -50% 未保留，按题型计分")
    assert "-100%" in told(read("multichoice", "<single>false</single>" + answer("甲", 100) + answer("乙", -100)))
    assert "25%" in told(read("multichoice", "<single>false</single>" + answer("甲", 75) + answer("乙", 25) + answer("丙", 0)))


def test_true_or_false_whatever_comes_first() -> None:
    draft = only("truefalse", answer("false", 100, "没错") + answer("true", 0))
    assert (draft.options, draft.key, draft.option_explanations) == (("正确", "错误"), (1,), ("", "没错"))


def test_short_answers_and_where_the_blank_stands() -> None:
    draft = only("shortanswer", "<usecase>1</usecase>" + answer("Paris", 100) + answer("paris", 100), "首都是 _____ 。")
    assert (draft.stem, draft.blanks) == ("首都是 [[1]] 。", (Blank(("Paris", "paris"), case_matters=True),))
    assert "部分得分的答案“p”（50%）" in told(read("shortanswer", answer("Paris", 100) + answer("p", 50) + answer("*", 0)))


def test_one_number_with_its_tolerance_is_read_and_several_are_refused() -> None:
    inside = "<answer fraction='100'><text>3.14</text><tolerance>0.01</tolerance></answer>"
    assert only("numerical", inside).blanks == (Blank(("3.14",), "0.01"),)
    found = read("numerical", inside + "<answer fraction='100'><text>9</text><tolerance>0</tolerance></answer>")
    assert found.refused[0][1].code == "numbers_unsupported"


def test_pairs_with_an_option_left_over() -> None:
    pairs = "".join(f"<subquestion><text>{a}</text><answer><text>{b}</text></answer></subquestion>" for a, b in (("A", "1 &lt; 2"), ("B", "2"), ("", "3")))
    draft = only("matching", pairs)
    assert (draft.prompts, draft.options, draft.key) == (("A", "B"), ("1 < 2", "2", "3"), (0, 1))


def test_orders_essays_and_embedded_answers() -> None:
    assert only("ordering", answer("先", 1) + answer("后", 1)).key == (0, 1)
    assert only("essay", "<graderinfo format='html'><text>要点</text></graderinfo>").model == "要点"
    draft = only("cloze", "", "<![CDATA[<p>{1:SHORTANSWER:=北京~=Beijing} 与 {:NM:=3:0.1}</p>]]>")
    assert (draft.stem, draft.blanks) == ("[[1]] 与 [[2]]", (Blank(("北京", "Beijing")), Blank(("3",), "0.1")))


def test_gaps_with_one_list_are_pairs() -> None:
    boxes = "".join(f"<selectoption><text>{words}</text><group>1</group></selectoption>" for words in "甲乙丙")
    draft = only("gapselect", boxes, "先[[2]]后[[1]]")
    assert (draft.prompts, draft.options, draft.key) == (("（1）", "（2）"), ("甲", "乙", "丙"), (1, 0))


@pytest.mark.parametrize(
    ("kind", "code"),
    [("calculated", "calculated_item"), ("ddmarker", "graphic_interaction"), ("description", "no_interaction"), ("coderunner", "type_foreign")],
)
def test_what_is_none_of_ours_is_refused_with_its_reason(kind: str, code: str) -> None:
    found = read(kind, "")
    assert ([fault.code for _, fault in found.refused], found.refused[0][0].place) == ([code], "第 1 题（n）")


def test_categories_numbers_tags_points_and_what_is_not_kept() -> None:
    category = "<question type='category'><category><text>$course$/top/心理/危机//干预</text></category></question>"
    question = (
        "<question type='essay'><name><text>标题</text></name><questiontext><text>题</text></questiontext>"
        "<defaultgrade>2.5</defaultgrade><idnumber>E-1</idnumber>"
        "<penalty>0.3333333</penalty><hint><text>提示</text></hint><tags><tag><text>重点</text></tag></tags><coursetag>x</coursetag></question>"
    )
    found = moodle_xml.read(f"<quiz>{category}{question}</quiz>")
    (draft,) = found.drafts
    assert (draft.topic, draft.tags, draft.external_id, draft.source, draft.points) == ("危机/干预", ("重点", "心理"), "E-1", "标题", 250)
    assert all(word in told(found) for word in ("penalty", "hint", "coursetag"))


@pytest.mark.parametrize(
    ("kind", "inside", "stem", "loss"),
    [
        ("cloze", "", "{3:SA:=京}与{1:SA:=沪}", "各空的分值比例（3:1）未保留，分值平分"),
        ("cloze", "", "{1:SA:=colo*r}", "答案中的通配符 * 按原文比较"),
        ("essay", "<minwordlimit>50</minwordlimit><maxwordlimit>0</maxwordlimit>", "题", "最少字数的限制（50）未保留"),
        ("shortanswer", answer("京", 50), "题", "最好的答案只得 50%，按满分计"),
    ],
)
def test_settings_that_the_bank_has_no_place_for_are_told(kind: str, inside: str, stem: str, loss: str) -> None:
    assert [each.what for each in read(kind, inside, stem).losses] == [loss]


def test_pictures_and_formulas_of_the_file() -> None:
    held = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(held, "PNG")
    file = f"<file name='红 图.png' path='/' encoding='base64'>{base64.b64encode(held.getvalue()).decode()}</file>"
    stem = "<![CDATA[<p>看<img src='@@PLUGINFILE@@/%E7%BA%A2%20%E5%9B%BE.png' alt='红'>求 $$x<y$$</p><img src='@@PLUGINFILE@@/lost.png' alt='丢'>]]>"
    words = f"<quiz><question type='essay'><questiontext format='html'><text>{stem}</text>{file}</questiontext></question></quiz>"
    found = moodle_xml.read(words)
    (picture,) = found.pictures
    assert found.drafts[0].stem == f"<p>看![红](picture:{picture.digest})求 \\[x<y\\]</p>[丢]"
    assert "lost.png" in told(found)


def test_statements_in_rows_are_matched_to_their_columns() -> None:
    rows = "".join(f'<row number="{n}"><optiontext format="html"><text>句{n}</text></optiontext></row>' for n in (1, 2))
    columns = "".join(f'<column number="{n}"><responsetext><text>{word}</text></responsetext></column>' for n, word in ((1, "对"), (2, "错")))
    weights = "".join(f'<weight rownumber="{r}" columnnumber="{c}"><value> {v} </value></weight>' for r, c, v in ((1, 1, 0), (1, 2, 1), (2, 1, 1), (2, 2, 0)))
    body = f'<question type="mtf"><questiontext><text>判断</text></questiontext>{rows}{columns}{weights}</question>'
    assert "subpoints" in told(reading.read(f"<quiz>{body.replace('<row ', '<scoringmethod><text>subpoints</text></scoringmethod><row ', 1)}</quiz>".encode()))
    draft = reading.read(f"<quiz>{body}</quiz>".encode()).drafts[0]
    assert (draft.type, draft.prompts, draft.options, draft.key) == ("matching", ("句1", "句2"), ("对", "错"), (1, 0))
    refused = reading.read(f"<quiz>{body.replace(' 1 ', ' 0 ')}</quiz>".encode()).refused
    assert [why.code for _draft, why in refused] == ["pairs_unsupported"]


def test_a_text_with_its_answers_between_delimiters() -> None:
    text = "<questiontext><text>[猫|猫咪]坐在[垫子]上</text></questiontext><answerdisplay>dragdrop</answerdisplay><delimitchars>[]</delimitchars>"
    found = reading.read(f'<quiz><question type="gapfill">{text}</question></quiz>'.encode())
    assert (found.drafts[0].stem, found.drafts[0].blanks) == ("[[1]]坐在[[2]]上", (Blank(("猫", "猫咪")), Blank(("垫子",))))
    assert len(found.losses) == 1
