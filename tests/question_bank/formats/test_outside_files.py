"""Habits first met in other projects' files: each sample is our own words in the shape of theirs."""

import base64
import io

import docx
import pytest
from PIL import Image

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Reading
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank
from question_bank.domain.written_answer import read_blanks, write_blanks
from question_bank.formats import reading
from question_bank.formats.unreadable import FileTooLarge, ItemsElsewhere


def read(words: str, wanted: str = "") -> Reading:
    found = reading.read(words.encode())
    assert found.format == (wanted or found.format)
    return found


def only(words: str, wanted: str = "") -> Draft:
    found = read(words, wanted)
    assert not found.refused
    (draft,) = found.drafts
    assert not faults_of(draft)
    return draft


def lost(found: Reading) -> list[str]:
    return [each.what for each in found.losses]


# --- Chinese banks


@pytest.mark.parametrize("heading", ["答案(0-3)", "答案（从0开始）", "答案", "答案（索引）"])
def test_keys_that_count_from_zero_are_told_by_the_heading_or_by_zeros(heading: str) -> None:
    found = read(f'题干,选项A,选项B,选项C,{heading}\n首都在哪里,甲城,乙城,丙城,0\n谁在先,赵,钱,孙,1\n哪些对,红,黄,蓝,"0,2"\n', "csv")
    assert [draft.key for draft in found.drafts] == [(0,), (1,), (0, 2)]
    assert lost(found) == ["答案从 0 开始编号，按 0 即 A 换算"]


def test_one_zero_among_the_keys_moves_none_of_them() -> None:
    found = read("题干,选项A,选项B,选项C,答案\n首都在哪里,甲城,乙城,丙城,0\n谁在先,赵,钱,孙,1\n谁在后,赵,钱,孙,B\n", "csv")
    assert [[each.code for each in faults_of(draft)] for draft in found.drafts] == [["key_unreadable"], ["key_unreadable"], []]
    assert [draft.key_text for draft in found.drafts[:2]] == ["0", "1"]
    assert [words[:6] for words in lost(found)] == ["答案里有 0"]


@pytest.mark.parametrize("heading", ["答案（下标从1开始）", "答案（索引1-4）"])
def test_a_heading_that_counts_from_one_is_believed(heading: str) -> None:
    found = read(f"题干,选项A,选项B,选项C,{heading}\n谁在先,赵,钱,孙,2\n谁在后,赵,钱,孙,0\n谁在中,赵,钱,孙,0\n", "csv")
    assert ([draft.key for draft in found.drafts], lost(found)) == ([(1,), (), ()], [])


def test_a_key_beyond_the_second_row_of_headings_is_read() -> None:
    found = read("题干,选项,,,,答案(0-3)\n,A,B,C,D\n题,甲,乙,丙,丁,2\n", "csv")
    assert ([draft.key for draft in found.drafts], found.refused) == ([(2,)], ())
    assert lost(found) == ["答案从 0 开始编号，按 0 即 A 换算"]


def test_keys_that_count_from_one_stay_so() -> None:
    found = read("题型,题干,选项A,选项B,选项C,答案\n单选,谁在先,赵,钱,孙,3\n单选,谁在后,赵,钱,孙,1\n判断,水往低处流,,,,0\n", "csv")
    assert [draft.key for draft in found.drafts] == [(2,), (0,), (1,)]
    assert lost(found) == []


def test_a_row_whose_comma_was_not_quoted_is_refused_not_shifted() -> None:
    found = read("题型,题干,选项A,选项B,答案,解析\n单选,集合{1,2}与{2,3}的交集,{2},{1},A,B\n单选,好的一题,甲,乙,B,有理,\n", "csv")
    assert [(draft.stem, draft.key) for draft in found.drafts] == [("好的一题", (1,))]
    assert [(draft.place, fault.code) for draft, fault in found.refused] == [("第 2 行", "cells_beyond")]


def test_a_remark_beyond_the_headings_is_lost_by_name_and_the_row_kept() -> None:
    found = read("题型,题干,选项A,选项B,答案,解析\n单选,谁在先,赵,钱,A,有理,已审\n单选,好的一题,甲,乙,B,\n判断,水往低处流,,,对,,存疑,再看\n", "csv")
    assert ([draft.key for draft in found.drafts], found.refused) == ([(0,), (1,), (0,)], ())
    assert lost(found) == ["第 7 列没有表头，未导入", "第 8 列没有表头，未导入"]


@pytest.mark.parametrize(
    "row",
    ["单选,几个,是几,1,2,3,C", "单选,几个,是几,1,2,3,3", "单选,谁,在先,A,B,A,B", "填空,一、____,和,,,____,北京", f"单选,{'很长的题干' * 100},在先,甲,乙,丙,C"],
)
def test_a_row_that_may_have_been_shifted_is_refused_with_all_its_words(row: str) -> None:
    found = read(f"题型,题干,选项A,选项B,选项C,答案\n{row}\n", "csv")
    assert [(draft.stem, fault.code) for draft, fault in found.refused] == [(row.replace(",", "，"), "cells_beyond")]


def test_cells_without_a_heading_are_named() -> None:
    found = read("题干,选项A,选项B,答案,,\n谁在先,赵,钱,A,旁注,\n", "csv")
    assert (found.drafts[0].key, lost(found)) == ((0,), ["第 5 列没有表头，未导入"])


def test_latex_in_a_paper_is_no_gift() -> None:
    found = read(
        "一、单项选择题\n1. 最大的数是（ ）\nA. $(5)_{10}$\nB. $(77)_8$\nC. $2^{10}$\nD. $(2\\text{F})_{16}$\n答案：C\n"
        "2. ${}^{2}H$ 是（ ）\nA. 氘\nB. 氚\n答案：A\n",
        "text",
    )
    assert [(len(draft.options), draft.key) for draft in found.drafts] == [(4, (2,)), (2, (0,))]


def test_answers_at_the_end_may_leave_out_numbers() -> None:
    found = read("一、名词解释（每题5分）\n1. 意境\n2. 典型\n二、简答题\n3. 简述\n4. 再述\n参考答案\n1. 情与景。\n3. 先分条，\n后总说。\n4. 略说。\n", "text")
    assert [draft.model for draft in found.drafts] == ["情与景。", "", "先分条，\n后总说。", "略说。"]


def test_answers_to_blanks_may_stand_in_one_line() -> None:
    found = read(
        "一、填空题\n1. 甲是____\n2. 乙在____之间\n二、简答题\n3. 说说丙\n参考答案\n一、填空题\n1. 91.87。2. 0.2～0.8。\n二、简答题\n3. 其一；4、其四\n", "text"
    )
    assert [draft.blanks[0].accepted for draft in found.drafts[:2]] == [("91.87",), ("0.2～0.8",)]
    assert found.drafts[2].model == "其一；4、其四"


def test_a_model_response_may_begin_with_a_letter() -> None:
    found = read("一、单选题\n1. 选（ ）\nA. 甲\nB. 乙\n二、简答题\n2. 说说\n参考答案\n1. B\n因为乙。\n2. A\n再说甲。\n", "text")
    assert (found.drafts[0].explanation, found.drafts[1].model, found.drafts[1].explanation) == ("因为乙。", "A\n再说甲。", "")


def test_a_section_needs_no_sign_behind_its_number() -> None:
    found = read("一名词解释（每题5分）\n1. 齐物\n【答案】万物一体。\n二、简答题\n1. 简述\n【答案】三点。\n", "text")
    assert [(draft.type, draft.points, draft.model) for draft in found.drafts] == [("short_text", 500, "万物一体。"), ("short_text", None, "三点。")]


def test_letters_that_are_talked_of_are_no_options() -> None:
    draft = only("一、单选题\n1. A、B、C、D 四种顺序中正确的是\nA. 丁丙\nB. 甲乙\n答案：B\n", "text")
    assert (draft.stem, draft.options, draft.key) == ("A、B、C、D 四种顺序中正确的是", ("丁丙", "甲乙"), (1,))


LEARNED = """一. 单选题（共2题）
1. (单选题, 10.0分) 研究什么（  ）。
A. 规律
B. 管理
我的答案: B:管理; 正确答案: A:规律;
0分
答案解析：看定义。
2. (单选题, 10.0分) 属于技能的是（  ）。
A. 知道
B. 骑车
我的答案: A 正确答案: B
二. 多选题
3. (多选题, 10.0分) 功能有（  ）。
A. 激活
B. 指向
C. 遗忘
我的答案: A:激活; C:遗忘; 正确答案: A:激活; B:指向;
"""


def test_what_a_learner_answered_is_neither_option_nor_key() -> None:
    found = read(LEARNED, "text")
    assert [(draft.options[-1], draft.key, draft.explanation) for draft in found.drafts] == [
        ("管理", (0,), "看定义。"),
        ("骑车", (1,), ""),
        ("遗忘", (0, 1), ""),
    ]
    assert "学员的作答（我的答案）和得分未导入" in lost(found)


def test_points_in_a_model_response_stay_where_nobody_answered() -> None:
    draft = only("一、简答题\n1. 说说丙\n答案：其一\n5分\n其二\n2.5 分\n", "text")
    assert draft.model == "其一\n5分\n其二\n2.5 分"


def test_options_that_lost_their_pictures_are_no_words_of_the_stem() -> None:
    found = read("一、单选题\n1. 哪一幅对\nA.  B.  C.  D. 以上都对\n答案：D\n", "text")
    assert [(draft.stem, draft.options) for draft in found.drafts] == [("哪一幅对", ("", "", "", "以上都对"))]
    assert "option_empty" in {each.code for each in faults_of(found.drafts[0])}


def test_markdown_around_a_paper() -> None:
    found = read(
        "# 练习\n\n## 一、单项选择题\n\n### 1. 指的是：\n\nA. 甲\n\nB. 乙\n\n**答案：** B\n\n---\n\n**2. 应选：**\n\n- [ ] A. 甲\n- [x] B. 乙\n\n"
        "## 二、判断题\n\n3. 井号开头的行\n# 不是标题\n\n**答案**：对\n",
        "text",
    )
    assert [(draft.type, draft.options, draft.key) for draft in found.drafts] == [
        ("single", ("甲", "乙"), (1,)),
        ("single", ("甲", "乙"), (1,)),
        ("true_false", ("正确", "错误"), (0,)),
    ]
    assert found.drafts[2].stem == "井号开头的行\n# 不是标题"


# --- GIFT and Moodle


def test_feedback_of_gift_names_a_markup_of_its_own() -> None:
    found = read("哪一种？{=青蛙#好 =%0%*#都不是 ####[html]看<b>图</b>。}\n\n对吗？{T#[html]<i>错了</i>}\n", "gift")
    assert (found.drafts[0].explanation, found.drafts[0].blanks[0].accepted) == ("看<b>图</b>。", ("青蛙",))
    assert found.drafts[1].option_explanations == ("", "<i>错了</i>")
    assert lost(found) == ["各答案的反馈未保留"]


def png() -> str:
    held = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


def moodle(kind: str, inside: str, stem: str = "题干") -> str:
    return f"<quiz><question type='{kind}'><name><text>n</text></name><questiontext format='html'><text>{stem}</text></questiontext>{inside}</question></quiz>"


def test_the_picture_beside_an_old_question_comes_along() -> None:
    options = "<answer fraction='100'><text>甲</text></answer><answer fraction='0'><text>乙</text></answer>"
    found = read(moodle("multichoice", f"<image>a.png</image><image_base64>\n{png()}\n</image_base64>{options}"), "moodle")
    assert found.drafts[0].stem == f"题干\n![](picture:{found.pictures[0].digest})"
    assert lost(read(moodle("multichoice", f"<image>a.png</image>{options}"))) == ["旧式题图（image）未导入"]
    cloze = read(moodle("cloze", f"<image>a.png</image><image_base64>{png()}</image_base64>", "首都是{1:SHORTANSWER:=甲}"))
    assert cloze.pictures[0].digest in cloze.drafts[0].stem


@pytest.mark.parametrize("right", ["<answer fraction='100'>", "<answer fraction='0'><correctanswer>1</correctanswer>"])
def test_a_multiple_response_of_either_age_keeps_its_key(right: str) -> None:
    wrong = right.replace("100", "0").replace(">1<", ">0<")
    draft = only(moodle("oumultiresponse", f"{right}<text>甲</text></answer>{wrong}<text>乙</text></answer>{right}<text>丙</text></answer>"), "moodle")
    assert (draft.type, draft.key) == ("multiple", (0, 2))


# --- QTI


def one(presentation: str, rules: str = "", more: str = "", kind: str = "", told: str = "") -> str:
    field = f"<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>" if kind else ""
    return (
        f'<questestinterop><item ident="i"><itemmetadata><qtimetadata>{field}{told}</qtimetadata></itemmetadata><presentation>{presentation}</presentation>'
        f"<resprocessing>{rules}</resprocessing>{more}</item></questestinterop>"
    )


def material(words: str, attributes: str = ' texttype="text/html"') -> str:
    return f"<material><mattext{attributes}>{words}</mattext></material>"


def label(name: str, words: str) -> str:
    return f'<response_label ident="{name}">{material(words)}</response_label>'


def gap(name: str, before: str, *labels: str) -> str:
    return f'<response_lid ident="{name}">{material(before)}<render_choice>{"".join(labels)}</render_choice></response_lid>'


def right(name: str, value: str) -> str:
    return f'<respcondition><conditionvar><varequal respident="{name}">{value}</varequal></conditionvar><setvar action="Add">50</setvar></respcondition>'


def test_gaps_may_be_named_by_the_words_before_their_list() -> None:
    shown = material("花是[c1]，海是[c2]。") + gap("response_1", "c1", label("a", "红")) + gap("response_2", "c2", label("b", "蓝"), label("d", "碧"))
    draft = only(one(shown, right("response_1", "红") + right("response_2", "蓝"), kind="fill_in_multiple_blanks_question"), "qti")
    assert (draft.stem, draft.blanks) == ("花是[[1]]，海是[[2]]。", (Blank(("红",)), Blank(("蓝", "碧"))))


def test_empty_rows_of_a_matching_question_are_left_out() -> None:
    labels = [label("x", "一"), label("y", "二"), label("z", "")]
    shown = material("配对") + gap("response_1", "甲", *labels) + gap("response_2", "乙", *labels) + gap("response_3", "", *labels)
    found = read(one(shown, right("response_1", "x") + right("response_2", "y") + right("response_3", "z"), kind="matching_question"), "qti")
    assert (found.drafts[0].prompts, found.drafts[0].options, found.drafts[0].key) == (("甲", "乙"), ("一", "二"), (0, 1))
    assert lost(found) == ["没有写字的待匹配条目未导入"]


@pytest.mark.parametrize(
    ("low", "high", "written", "margin"),
    [
        ("3.1300000000000003", "3.15", "3.14", "0.01"),
        ("999.995", "1000.005", "1000.00", "0.005"),
        ("1000000000000000", "1000000000000002", "1000000000000001", "1"),
        ("3.141592653589792", "3.141592653589794", "3.141592653589793", "0.000000000000001"),
    ],
)
def test_bounds_that_a_machine_reckoned_come_back_as_people_wrote_them(low: str, high: str, written: str, margin: str) -> None:
    bounds = f'<or><varequal respident="r">{written}</varequal><and><vargte respident="r">{low}</vargte><varlte respident="r">{high}</varlte></and></or>'
    field = '<response_str ident="r"><render_fib fibtype="Decimal"><response_label ident="a"/></render_fib></response_str>'
    draft = only(one(material("多少") + field, f"<respcondition><conditionvar>{bounds}</conditionvar><setvar>100</setvar></respcondition>"), "qti")
    assert draft.blanks == (Blank((written,), margin),)


def test_words_for_markers_become_the_model_response_or_are_named() -> None:
    guide = "<outcomes><interpretvar>" + material("五分：条理清楚", "") + "</interpretvar></outcomes>"
    note = "<qtimetadatafield><fieldlabel>grading_notes</fieldlabel><fieldentry>看要点</fieldentry></qtimetadatafield>"
    essay = '<response_str ident="r" word_limit_enabled="Yes"><render_fib rows="9"><response_label ident="a"/></render_fib></response_str>'
    found = read(one(material("论述") + essay, guide, told=note), "qti")
    assert (found.drafts[0].type, found.drafts[0].model, lost(found)) == ("short_text", "看要点\n五分：条理清楚", ["作答字数的限制未保留"])
    choice = material("选") + gap("r", "", label("a", "甲"), label("b", "乙"))
    assert lost(read(one(choice, guide + right("r", "a")))) == ["给评卷人看的说明未保留"]


def test_labels_beside_an_order_are_named() -> None:
    inside = "".join(label(name, name) for name in "ab")
    shown = f"<render_extension>{material('最早')}<ims_render_object>{inside}</ims_render_object></render_extension>"
    order = f'<response_lid ident="r" rcardinality="Ordered">{shown}</response_lid>'
    found = read(one(material("排序") + order, right("r", "b").replace("</conditionvar>", '<varequal respident="r">a</varequal></conditionvar>')), "qti")
    assert (found.drafts[0].key, lost(found)) == ((1, 0), ["选项前后的说明未保留"])


def test_letters_of_the_font_symbol_are_greek() -> None:
    shown = (
        material("周长是 2", "")
        + material("p", ' charset="greek"')
        + material('r 与 &lt;font face="Symbol"&gt;a&lt;sub&gt;b&lt;/sub&gt;c&lt;/font&gt;')
        + gap("r", "", label("a", "甲"), label("b", "乙"))
    )
    assert only(one(shown, right("r", "a"))).stem.replace("\n", "") == "周长是 2πr 与 α<sub>β</sub>χ"


def test_markup_escaped_in_part_is_markup() -> None:
    shown = material("&lt;p&gt;输出 <code>a &lt; b</code> 吗？&lt;/p&gt;") + gap("r", "", label("a", "甲"), label("b", "乙"))
    assert only(one(shown, right("r", "a"))).stem == "输出 <code>a < b</code> 吗？"


def test_a_picture_that_lacks_leaves_its_name() -> None:
    def picture(name: str) -> str:
        return f'<response_label ident="{name}"><material><matimage uri="signs/{name}.gif"/></material></response_label>'

    found = read(
        one(
            material("哪一个是禁令标志？") + f'<response_lid ident="r"><render_choice>{picture("a")}{picture("b")}</render_choice></response_lid>',
            right("r", "b"),
        ),
        "qti",
    )
    assert (found.drafts[0].options, found.drafts[0].key, len(found.losses)) == (("[a.gif]", "[b.gif]"), (1,), 2)


def formula(inside: str) -> str:
    options = "".join(f'<simpleChoice identifier="{name}">{name}</simpleChoice>' for name in "AB")
    key = "<correctResponse><value>A</value></correctResponse>"
    declared = f'<responseDeclaration identifier="R" cardinality="single" baseType="identifier">{key}</responseDeclaration>'
    math = f'<math xmlns="http://www.w3.org/1998/Math/MathML">{inside}</math>'
    body = f'<itemBody><p>{math}</p><choiceInteraction responseIdentifier="R" maxChoices="1">{options}</choiceInteraction></itemBody>'
    return f'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="i" title="t">{declared}{body}</assessmentItem>'


def test_brackets_of_old_mathml_and_notes_in_tex_are_formulas() -> None:
    fenced = only(formula('<mfenced open="["><mi>x</mi><mi>y</mi></mfenced>')).stem
    assert fenced == "<math><mrow><mo>[</mo><mi>x</mi><mo>,</mo><mi>y</mi><mo>)</mo></mrow></math>"
    noted = formula('<semantics><mi>x</mi><annotation encoding="SnuggleTeX">\\[ \\frac{1}{x} \\]</annotation></semantics>')
    assert only(noted).stem == "\\(\\frac{1}{x}\\)"


@pytest.mark.parametrize("root", ["assessmentTest", "qti-assessment-test", "manifest"])
def test_a_test_without_its_items_says_where_they_are(root: str) -> None:
    with pytest.raises(ItemsElsewhere):
        reading.read(f'<{root} xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1"><a href="items/1.xml"/></{root}>'.encode())


# --- JSON by other people's names of fields


def test_json_of_others_is_read_by_its_names_of_fields() -> None:
    words = """{"单选题": [{"id": "q1", "question": "谁在先", "options": {"A": "赵", "B": "钱", "C": "孙"}, "answer": "B", "analysis": "看年谱", "page": 3},
        {"id": "q2", "question": "谁在后", "options": [{"value": "A", "label": "赵"}, {"value": "B", "label": "钱", "isCorrect": true}]}],
        "判断题": [{"title": "水往低处流", "correct_answer": true}]}"""
    found = read(words, "jsonl")
    assert [(draft.type, draft.stem, draft.options, draft.key) for draft in found.drafts] == [
        ("single", "谁在先", ("赵", "钱", "孙"), (1,)),
        ("single", "谁在后", ("赵", "钱"), (1,)),
        ("true_false", "水往低处流", ("正确", "错误"), (0,)),
    ]
    assert (found.drafts[0].explanation, found.drafts[0].external_id, found.drafts[1].place) == ("看年谱", "q1", "单选题 第 2 题")
    assert [(each.place, each.what) for each in found.losses] == [("单选题", "列“page”未导入")]


@pytest.mark.parametrize(
    ("answers", "keys"),
    [("0 2", [(0,), (2,)]), ("1 3", [(0,), (2,)]), ("1 2", [(), ()]), ("0 3", [(), ()])],
)
def test_an_index_in_json_is_a_key_only_where_the_file_tells_how_it_counts(answers: str, keys: list[tuple[int, ...]]) -> None:
    rows = ",".join(f'{{"question": "谁{figure}", "options": ["赵", "钱", "孙"], "answer": {figure}}}' for figure in answers.split())
    judged = '{"question": "水往低处流", "options": ["正确", "错误"], "answer": 0}'
    assert [draft.key for draft in read(f"[{rows}, {judged}]", "jsonl").drafts] == [*keys, ()]


def test_options_in_json_may_be_pairs_and_a_field_n_is_no_option() -> None:
    found = read('[{"n": 1, "type": "单选题", "stem": "谁在先", "options": [["赵", false], ["钱", true]], "chapter": "一"}]', "jsonl")
    assert [(draft.options, draft.key, draft.topic) for draft in found.drafts] == [(("赵", "钱"), (1,), "一")]
    assert lost(found) == ["列““n””未导入"]


def test_json_with_a_field_of_its_own_in_every_object_is_refused() -> None:
    with pytest.raises(FileTooLarge):
        read("[" + ",".join(f'{{"question": "q", "answer": "A", "f{number}": 1}}' for number in range(3000)) + "]")


# --- Papers and tables in English


def test_items_numbered_q_one_and_keys_in_words() -> None:
    found = read("Q1: Which is salt?\nA) Iron\nB) Halide\nAnswer: Halide\n\nQ2: Which are acids?\nA) HCl\nB) NaCl\nC) HF\nAnswer: A,C\n", "text")
    assert [(draft.stem, draft.key) for draft in found.drafts] == [("Which is salt?", (1,)), ("Which are acids?", (0, 2))]


def test_a_table_with_mcq_and_correct_options() -> None:
    found = read("Question Type,Question Text,Option A,Option B,Correct Options\nMCQ,Which is red?,Mars,Venus,A\nSUBJECTIVE,Explain it.,,,\n", "csv")
    assert [(draft.type, draft.key) for draft in found.drafts] == [("single", (0,)), ("short_text", ())]


def test_gift_may_begin_with_markup() -> None:
    assert only("<b>题名</b><br>\n哪一个对 {\n=甲\n~乙\n#### 因为甲。\n}\n", "gift").key == (0,)


def test_latex_behind_a_blank_line_parts_no_item_of_gift() -> None:
    found = read("哪个小 {\n~ 3\n\n~ $\\frac{1}{2}$\n= 0\n}\n\n对吗？{T}\n", "gift")
    assert ([draft.stem for draft in found.drafts], len(found.refused)) == (["对吗？"], 1)


def test_a_margin_without_its_bounds_is_told() -> None:
    declared = (
        '<responseDeclaration identifier="R" cardinality="single" baseType="float"><correctResponse><value>100</value></correctResponse></responseDeclaration>'
    )
    equal = '<equal toleranceMode="absolute" tolerance="1" includeLowerBound="false"><variable identifier="R"/><correct identifier="R"/></equal>'
    rules = f"<responseProcessing><responseCondition><responseIf>{equal}</responseIf></responseCondition></responseProcessing>"
    body = '<itemBody><p>多少 <textEntryInteraction responseIdentifier="R"/></p></itemBody>'
    found = read(f'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i">{declared}{body}{rules}</assessmentItem>', "qti")
    assert (found.drafts[0].blanks, lost(found)) == ((Blank(("100",), "1"),), ["误差的边界值不算对的设定未保留"])


def test_titles_begin_items_of_gift_without_a_blank_line() -> None:
    found = read("::一::哪一个 {\n=甲\n~乙\n}\n::二::对吗 {TRUE#好}\n::三::只是说明。\n::四::多少 {#42}\n", "gift")
    assert [(draft.stem, draft.key) for draft in found.drafts] == [("哪一个", (0,)), ("对吗", (0,)), ("多少 [[1]]", ())]
    assert "没有答案的说明文字，未导入：只是说明。" in lost(found)


def test_a_key_directly_behind_what_a_learner_answered_and_lines_drawn_between_items() -> None:
    found = read(
        "1. (单选题, 1分) 用哪一种( )。\nA. 甲\nB. 乙\n我的答案:B正确答案:A\n答案解析：\n0.0分\n"
        "2. (单选题, 1分) 用谁( )。\nA. 甲\nB. 乙\n我的答案:正确答案:B\n0.0分\n",
        "text",
    )
    assert [draft.key for draft in found.drafts] == [(0,), (1,)]
    drawn = read("1. 选哪个( )\nA. 甲\nB. 乙\n参考答案：B\n----------\n\n2. 水往高处流( )\n参考答案：❌\n----------\n", "text")
    assert [draft.key for draft in drawn.drafts] == [(1,), (1,)]


def test_two_keys_of_one_item_are_none() -> None:
    found = read("1. 选哪个( )\nA. 甲\nB. 乙\nC. 丙\n正确答案：B\n解析：因为。\n选哪些( )\nA. 丁\nB. 戊\n正确答案：AC\n", "text")
    assert [(draft.key, draft.key_text) for draft in found.drafts] == [((), "B\n答案：AC")]


def test_labels_and_figures_of_json_never_make_another_option_right() -> None:
    rows = """[{"question": "甲在前", "options": [{"key": "B", "text": "两"}, {"key": "A", "text": "三"}], "answer": "A"},
        {"question": "少了乙", "options": {"A": "赵", "C": "孙", "D": "李"}, "answer": "C"},
        {"question": "数字作名", "options": {"0": "赵", "1": "孙"}, "answer": "1"},
        {"question": "从几数起", "A": "赵", "B": "钱", "answer": "1"},
        {"question": "几个空", "answer": [["北京", "京"], ["上海"]]}]"""
    found = read(rows, "jsonl")
    first, *others = found.drafts
    assert (first.options, first.key) == (("三", "两"), (0,))
    assert len(others) == 4
    assert not any((len(draft.options) > 1 and draft.key) or draft.blanks for draft in others), "with fewer than two options, or no key, a row is refused"


def test_two_answers_of_capital_letters_are_two_blanks() -> None:
    (draft,) = read("1. 储存遗传信息的是____，传递它的是____。\n答案：DNA\n答案：RNA", "text").drafts
    assert [blank.accepted for blank in draft.blanks] == [("DNA",), ("RNA",)]


@pytest.mark.parametrize("who", ["您的答案", "我的作答", "考生答案", "你的选择"])
def test_what_a_learner_chose_is_neither_key_nor_part_of_an_option(who: str) -> None:
    found = read(f"1. 选哪个\nA. 甲\nB. 乙\n{who}： B\n正确答案： A\n2. 选谁\nA. 甲\nB. 乙\n{who}： A [正确]\n", "text")
    assert [(draft.options, draft.key) for draft in found.drafts] == [(("甲", "乙"), (0,)), (("甲", "乙"), ())]


def test_keys_in_quoted_lines_are_read() -> None:
    found = read("**1. 选哪个？**\n\n- A. 甲\n- B. 乙\n\n> **答案**：B\n>\n> **解析**：因为\n> 所以\n\n**2. 水往高处流。**\n\n> **答案**：❌\n", "text")
    assert [(draft.options, draft.key, draft.explanation) for draft in found.drafts] == [(("甲", "乙"), (1,), "因为\n所以"), (("正确", "错误"), (1,), "")]


def test_the_rule_of_a_table_in_markdown_is_no_item() -> None:
    draft = only("| 题号 | 题干 | A | B | 答案 |\n|:---|---|---|---|:-:|\n| 1 | 谁在先 | 赵 | 钱 | A |\n", "csv")
    assert (draft.stem, draft.options, draft.key) == ("谁在先", ("赵", "钱"), (0,))


def test_headings_and_figures_of_other_systems_are_known() -> None:
    (first, second) = read("question,option_1,option_2,correct_option\nWho?,Zhao,Qian,1\nWhom?,Zhao,Qian,2\n", "csv").drafts
    assert (first.options, first.key, second.key) == (("Zhao", "Qian"), (0,), (1,))
    (judged, filled) = read("题目类别,题干,选项1,选项2,答案,解析内容\n判断,水往高处流,对,错,2,因为\nFill-in-the-Blank,首都,甲城,,,\n", "csv").drafts
    assert (judged.type, judged.key, judged.explanation) == ("true_false", (1,), "因为")
    assert (filled.stem, filled.blanks, faults_of(filled)) == ("首都 [[1]]", (Blank(("甲城",)),), ())


def test_rows_that_head_those_below_give_their_type_and_points() -> None:
    found = read("题目,A,B,答案\n一、单选题（每题2分）,,,\n谁在先,赵,钱,A\n二、多选题,,,\n谁在后,赵,钱,B\n", "csv")
    assert [(draft.type, draft.points, draft.key) for draft in found.drafts] == [("single", 200, (0,)), ("multiple", None, (1,))]
    own = only("题型,题目,A,B,答案,题目分数\n,一、单选题（每题2分）,,,,\n多选,谁在先,赵,钱,AB,5\n", "csv")
    assert (own.type, own.points) == ("multiple", 500)
    nameless, _item = read("题目,A,B,答案\n一、基础知识,,,\n谁在先,赵,钱,A\n", "csv").drafts
    assert [each.code for each in faults_of(nameless)] == ["no_type"], "told of, since nobody knows what it is"


def test_options_in_the_cell_of_the_stem_are_found_by_a_key_of_letters() -> None:
    found = read(
        '题干,答案\n"谁在先（ ）。A.赵 B.钱",B\n"哪些（ ）\nA、红\nB、黄\nC、蓝",AC\n"有 A. B. 两式，何为真？",甲式\n"谁 A.赵；B.钱；",B\n"A.赵 B.钱",B\n',
        "csv",
    )
    assert [(draft.stem, draft.options, draft.key) for draft in found.drafts] == [
        ("谁在先（ ）。", ("赵", "钱"), (1,)),
        ("哪些（ ）", ("红", "黄", "蓝"), (0, 2)),
        ("有 A. B. 两式，何为真？", (), ()),
        ("谁", ("赵", "钱"), (1,)),
        ("A.赵 B.钱", (), (1,)),
    ]


def test_exports_of_survey_sites_are_known() -> None:
    rows = (
        "试题题型,题目内容,选项1,选项2,选项3,正确答案,试题分数\n多选题,哪些,一,二,三,一┋三,5\n单项填空,首都是____,,,,甲城,5\n填空题,____和____,,,,甲###乙,4\n"
    )
    chosen, one, two = read(rows, "csv").drafts
    assert (chosen.key, chosen.points, one.blanks, two.blanks) == ((0, 2), 500, (Blank(("甲城",)),), (Blank(("甲",)), Blank(("乙",))))
    for first, second in (("A", "B"), ("选项A", "选项B"), ("1", "2")):
        assert only(f"题干,选项A,{first}是否正确,选项B,{second}是否正确\n谁,赵,否,钱,是\n", "csv").key == (1,)
    for heading in ("填空答案", "填空"):
        assert only(f"题目,{heading}1,{heading}2,题型\n（ ）和（ ）,甲,乙,填空\n", "csv").blanks == (Blank(("甲",)), Blank(("乙",)))
    assert only("试题题型,题目,答案\n论述,谈谈,能谈\n", "csv").type == "short_text"


@pytest.mark.parametrize(("key", "right"), [("正确；", 0), ("错误;", 1), ("对，", 0), ("×；", 1)])
def test_a_judgement_may_end_with_a_stop(key: str, right: int) -> None:
    draft = only(f"1．地球绕着太阳转。\n答案：{key}\n", "text")
    assert (draft.type, draft.key) == ("true_false", (right,))


def test_a_figure_with_a_stop_is_no_judgement() -> None:
    assert [draft.type for draft in read("题干,选项A,选项B,选项C,答案\n谁在先,赵,钱,孙,1.\n", "csv").drafts] == ["single"]


def test_what_asks_for_sentences_is_short_text_without_a_section() -> None:
    draft = only("1．简述学习动机的作用。\n答案：激发、维持、指向。\n", "text")
    assert (draft.type, draft.model) == ("short_text", "激发、维持、指向。")


def test_a_column_of_types_may_have_another_heading() -> None:
    found = read("类别,题目,选项A,选项B,答案\n单选,谁在先,赵,钱,A\n多选,谁在场,赵,钱,A\n判断题,水往低处流,,,对\n", "csv")
    assert ([draft.type for draft in found.drafts], lost(found)) == (["single", "multiple", "true_false"], [])
    found = read("类别,题目,选项A,选项B,答案\n安全,谁在先,赵,钱,A\n判断,谁在场,赵,钱,A\n", "csv")
    assert ([draft.type for draft in found.drafts], lost(found)) == (["single", "single"], ["列“类别”未导入"])


def test_english_multiple_choice_says_nothing_of_the_number_of_keys_unless_single_choice_stands_beside_it() -> None:
    rows = 'Type,Question,Option A,Option B,Answer\nMultiple Choice,first,p,q,A\nMultiple Choice,both,p,q,"A,B"\n'
    assert [draft.type for draft in read(rows, "csv").drafts] == ["single", "multiple"]
    assert [draft.type for draft in read(f"{rows}Single Choice,last,p,q,B\n", "csv").drafts] == ["multiple", "multiple", "single"]


def test_the_answers_may_be_headed_as_the_sections_are() -> None:
    found = read("一、单选题\n1．谁在先（ ）\nA．赵\nB．钱\n二、判断题\n2．水往低处流。\n三、答案\n1．B\n2．正确\n", "text")
    assert ([draft.key for draft in found.drafts], lost(found)) == ([(1,), (0,)], [])


def test_letters_alone_below_the_options_are_the_key_where_most_items_have_them() -> None:
    asked = ["1．哪些在场（ ）\nA．赵\nB．钱\nC．孙\n", "2．谁在先（ ）\nA．赵\nB．钱\nC．孙\n"]
    found = read(f"{asked[0]}AC\n{asked[1]}B\n解析：一看便知。\n", "text")
    assert [(draft.type, draft.options[2], draft.key) for draft in found.drafts] == [("multiple", "孙", (0, 2)), ("single", "孙", (1,))]
    found = read(f"{asked[0]}AC\n{asked[1]}", "text")
    assert [(draft.options[2], draft.key) for draft in found.drafts] == [("孙\nAC", ()), ("孙", ())]
    found = read(f"{asked[0]}CA\n", "text")
    assert found.drafts[0].key == ()


def test_options_in_one_cell_may_be_json_or_a_list_of_python() -> None:
    found = read(
        'question,choices,answer\nfirst?,"[""p"",""q""]",A\nsecond?,"[\'p\', ""r\'s""]",B\n'
        'both?,"{""A"":""p"",""B"":""q""}","[""A"",""B""]"\nlast?,A.p B.q,B\n',
        "csv",
    )
    assert [(draft.place, draft.options, draft.key) for draft in found.drafts] == [
        ("第 2 行", ("p", "q"), (0,)),
        ("第 3 行", ("p", "r's"), (1,)),
        ("第 4 行", ("p", "q"), (0, 1)),
        ("第 5 行", ("p", "q"), (1,)),
    ]


def test_figures_beside_options_in_json_are_keys_only_where_the_file_shows_from_where_they_count() -> None:
    row = "first?,\"['p', 'q', 'r']\",1\n"
    assert read(f"question,choices,answer\n{row}", "csv").drafts[0].key == ()
    assert read(f"question,choices,answer\n{row}last?,\"['p', 'q', 'r']\",0\n", "csv").drafts[0].key == (1,)


@pytest.mark.parametrize("cell", ["[x", "{'p', 'q'}", "[" * 5000, "['a\\d']", "{1: 2}", f"[{'1,' * 20_000}1]"])
def test_a_cell_that_only_begins_like_a_list_stays_words(cell: str) -> None:
    found = read(f'题干,选项,答案\n谁,"{cell}",A\n谁在,A.甲 B.乙,A\n', "csv")
    assert [draft.options for draft in found.drafts] == [(cell,), ("甲", "乙")]


def test_an_english_paper_says_its_keys_and_explanations_in_english() -> None:
    numbered = "1. Who is first?\nA. Ann\nB. Bob\nCorrect Answer: B\nExplanation: A.\n2. Who is last?\nA) Ann\nB) Bob\nAnswer: A\nRationale: B.\n"
    recorded = "Question: Who is first?\nA. Ann\nB. Bob\nAnswer: B\nExplanation: A.\n---\nQuestion: Who is last?\nA. Ann\nB. Bob\nAnswer: A\nExplanation: B.\n"
    for paper in (numbered, recorded):
        assert [(draft.stem, draft.options, draft.key, draft.explanation) for draft in read(paper, "text").drafts] == [
            ("Who is first?", ("Ann", "Bob"), (1,), "A."),
            ("Who is last?", ("Ann", "Bob"), (0,), "B."),
        ]


def test_a_stem_may_be_announced_in_brackets() -> None:
    found = read("【题目】谁在先？\n（A）赵\n（B）钱\n【答案】B\n---\n【题目】谁在后？\n（A）赵\n（B）钱\n【答案】A\n", "text")
    assert [(draft.stem, draft.key) for draft in found.drafts] == [("谁在先？", (1,)), ("谁在后？", (0,))]


def test_a_section_may_be_numbered_by_decimals() -> None:
    found = read("### 2.1 单选题\n**1. 谁在先（）**\nA. 赵\nB. 钱\n答案：A\n### 2.2 多选题\n**1. 谁在场（）**\nA. 赵\nB. 钱\n答案：B\n", "text")
    assert [(draft.type, draft.key) for draft in found.drafts] == [("single", (0,)), ("multiple", (1,))]


def test_words_below_a_key_explain_it() -> None:
    first = "1. 谁在先（）\nA. 赵\nB. 钱\n参考答案：B\n"
    found = read(f"{first}钱在先，见史书。\n赵在后。\n2. 谁在后（）\nA. 赵\nB. 钱\n参考答案：A\n", "text")
    assert [(draft.key, draft.explanation) for draft in found.drafts] == [((1,), "钱在先，见史书。\n赵在后。"), ((0,), "")]
    unseen = "①谁在后（）\nA. 赵\nB. 钱\n参考答案：B\n"
    assert [draft.key for draft in read(first + unseen, "text").drafts] == [()]


def test_letters_in_a_bracket_begin_no_option() -> None:
    draft = only("一、多项选择题\n1、常用冷却介质有（A、C） A.低温水 B.蒸汽 C.盐水 D.热油\n", "text")
    assert (draft.options, draft.key) == (("低温水", "蒸汽", "盐水", "热油"), (0, 2))


def test_a_section_of_any_choice_is_no_loss() -> None:
    found = read("一、选择题（每题3分）\n1. 谁在先（）\nA. 赵\nB. 钱\n答案：A\n", "text")
    assert ([draft.points for draft in found.drafts], lost(found)) == ([300], [])


def test_programs_and_essays_are_marked_by_people() -> None:
    found = read("类型,题目,选项A,选项B,答案\nqa,谁在先,,,赵\n编程题,写一个函数,,,print(1)\nchoice,谁在后,赵,钱,A\n", "csv")
    assert [(draft.type, draft.model) for draft in found.drafts] == [("short_text", "赵"), ("short_text", "print(1)"), ("single", "")]


def test_what_is_written_into_an_underlined_gap_is_the_key() -> None:
    document = docx.Document()
    for words in ("一、单选题", "1．首都是| A |。", "A．甲城", "B．乙城", "二、填空题", "2．水是| H2O |，氧是| O2 |。", "3．下列|不是|水果的是。"):
        paragraph = document.add_paragraph()
        for at, run in enumerate(words.split("|")):
            paragraph.add_run(run).underline = at % 2 == 1
    held = io.BytesIO()
    document.save(held)
    choice, blanks, emphasised = reading.read(held.getvalue()).drafts
    assert (choice.stem, choice.key) == ("首都是 ____ 。", (0,))
    assert (blanks.stem.split(), blanks.blanks) == (["水是", "[[1]]", "，氧是", "[[2]]", "。"], (Blank(("H2O",)), Blank(("O2",))))
    assert (emphasised.stem, emphasised.blanks) == ("下列<u>不是</u>水果的是。", ())


@pytest.mark.parametrize("stem", ["点 <u>A</u> 在 <u>B</u> 左边", "点<u>A</u>在左边", "点 <u>A</u> 在（ ）左边", "point <u>A</u> is left"])
def test_an_underlined_letter_that_fills_no_gap_is_no_key(stem: str) -> None:
    assert read(f"1．{stem}\nA．对的\nB．不对的\n", "text").drafts[0].key == ()
    keyed = read(f"1．{stem}\nA．对的\nB．不对的\n答案：A\n", "text").drafts[0]
    assert (keyed.stem, keyed.key) == (stem, (0,))


@pytest.mark.parametrize(
    ("stem", "key", "accepted"),
    [
        ("甲____乙____。", "\n(1) 学记\n(2) 论语；语论", [("学记",), ("论语", "语论")]),
        ("甲____乙____。", "①子 ②丑", [("子",), ("丑",)]),
        ("甲____乙____。", "1、寅 2、卯", [("寅",), ("卯",)]),
        ("甲____乙____。", "1. 1949 2. 1950", [("1949",), ("1950",)]),
        ("甲____。", "（1）大学", [("大学",)]),
        ("甲____。", "（1）", [("（1）",)]),
        ("甲____。", "①③", [("①③",)]),
        ("甲____。", "1. 5", [("1. 5",)]),
        ("甲____乙____。", "1.5；2.5", [("1.5",), ("2.5",)]),
        ("甲____乙____。", "①；②", [("①",), ("②",)]),
    ],
)
def test_numbers_before_the_answers_of_blanks_are_no_part_of_them(stem: str, key: str, accepted: list[tuple[str, ...]]) -> None:
    draft = only(f"一、填空题\n1．{stem}\n答案：{key}\n", "text")
    assert [blank.accepted for blank in draft.blanks] == accepted


@pytest.mark.parametrize("texts", [("(1) 学记",), ("①子", "②丑"), ("1、寅", "卯"), ("甲", "(2) 乙")])
def test_numbers_that_are_part_of_an_answer_stay_through_what_we_write(texts: tuple[str, ...]) -> None:
    blanks = tuple(Blank((text,)) for text in texts)
    assert read_blanks("".join(f"[[{number}]]" for number, _ in enumerate(texts, start=1)), write_blanks(blanks))[1] == blanks


def test_words_for_an_empty_bracket_fill_it_in_and_letters_do_not() -> None:
    found = read("1．安全第一、（  ）、综合治理。\n答案：预防为主\n2．首都是（  ）。\n答案：A\n", "text")
    assert [(draft.type, [blank.accepted for blank in draft.blanks]) for draft in found.drafts] == [("fill_in", [("预防为主",)]), ("", [])]


@pytest.mark.parametrize(("key", "right"), [("AB:启发性; 巩固性;", (0, 1)), ("AC:启发性;随意性", (0, 2)), ("AB:启发性;随意性;", ()), ("AD:启发性;别的;", ())])
def test_several_letters_may_stand_before_the_words_of_their_options(key: str, right: tuple[int, ...]) -> None:
    found = read(f"1. (多选题, 20.0分)教学原则有\nA. 启发性\nB. 巩固性\nC. 随意性\n正确答案: {key}\n", "text")
    assert [draft.key for draft in found.drafts] == [right]


# --- more options than letters


MANY = [f"项{at}" for at in range(30)]
LINES = [f"{chr(65 + at)}. {words}" for at, words in enumerate(MANY[:26])]
NAMED = [f"选项{at}" for at in range(1, 31)]


@pytest.mark.parametrize(
    "words",
    [
        "\n".join(["1. 题（ ）", *LINES, *(f"{chr(65 + at)}. 又（正确答案）" for at in range(4))]),
        "题干,选项,答案\n" + "\n".join(f'题{at},"{"|".join(MANY)}",{at % 29}' for at in range(40)),
        ",".join(["题干,答案", *NAMED, *(f"{each}是否正确" for each in NAMED)]) + "\n题,A," + ",".join(MANY) + "," * 30 + "对",
        "题干,答案,选项" + "," * 30 + "\n,," + ",".join([*map(chr, range(65, 91)), "", "Z"]) + "\n题,A," + ",".join(MANY),
        '题干,选项,答案\n题,"' + " ".join(f"{letter}. 项{letter}" for letter in map(chr, range(65, 91))) + ' A. 又",A',
    ],
    ids=["a paper", "counted from 0", "told one by one", "below one heading", "in a cell"],
)  # fmt: skip
def test_more_options_than_letters_break_nothing(words: str) -> None:
    assert reading.read(words.encode()).drafts or reading.read(words.encode()).refused
