"""QTI 1.2 as Canvas, Blackboard, WebCT and the specification write it."""

import pytest

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Reading
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank
from question_bank.formats import reading


def read(presentation: str, rules: str, more: str = "", kind: str = "") -> Reading:
    field = f"<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>"
    points = "<qtimetadatafield><fieldlabel>points_possible</fieldlabel><fieldentry>2.0</fieldentry></qtimetadatafield>"
    return reading.read(
        '<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment><section><item ident="i1" title="标题">'
        f"<itemmetadata><qtimetadata>{field if kind else ''}{points}</qtimetadata></itemmetadata>"
        f"<presentation>{presentation}</presentation><resprocessing>{rules}</resprocessing>{more}</item></section></assessment></questestinterop>".encode()
    )


def only(presentation: str, rules: str, more: str = "", kind: str = "") -> Draft:
    found = read(presentation, rules, more, kind)
    assert (found.format, found.refused) == ("qti", ())
    (draft,) = found.drafts
    assert not faults_of(draft)
    return draft


def words(text: str, kind: str = "text/html") -> str:
    return f'<material><mattext texttype="{kind}"><![CDATA[{text}]]></mattext></material>'


def listed(options: str, cardinality: str = "Single", name: str = "response1", before: str = "") -> str:
    labels = "".join(f'<response_label ident="{option}1">{words(option)}</response_label>' for option in options.split("|"))
    return f'<response_lid ident="{name}" rcardinality="{cardinality}">{before}<render_choice>{labels}</render_choice></response_lid>'


def rule(condition: str, points: str = "100", action: str = "Set", shows: str = "") -> str:
    shown = f'<displayfeedback feedbacktype="Response" linkrefid="{shows}"/>' if shows else ""
    score = f'<setvar action="{action}" varname="SCORE">{points}</setvar>' if points else ""
    return f"<respcondition><conditionvar>{condition}</conditionvar>{score}{shown}</respcondition>"


def equal(value: str, name: str = "response1", attributes: str = "") -> str:
    return f'<varequal respident="{name}"{attributes}>{value}</varequal>'


def feedback(name: str, text: str) -> str:
    return f'<itemfeedback ident="{name}"><flow_mat>{words(text)}</flow_mat></itemfeedback>'


def test_a_choice_with_feedback_for_options_and_for_all() -> None:
    rules = rule("<other/>", "", shows="all") + rule(equal("乙1"), "", shows="b") + rule(equal("甲1"))
    draft = only(words("<div><p>选<b>一</b></p></div>") + listed("甲|乙"), rules, feedback("all", "解析") + feedback("b", "不对"))
    assert (draft.type, draft.stem, draft.options, draft.key, draft.points) == ("single", "选<b>一</b>", ("甲", "乙"), (0,), 200)
    assert (draft.explanation, draft.option_explanations, draft.external_id) == ("解析", ("", "不对"), "i1")


def test_true_or_false_by_its_words() -> None:
    assert only(words("对吗") + listed("True|False"), rule(equal("False1"))).type == "true_false"


@pytest.mark.parametrize(
    "rules",
    [
        rule(f"<and>{equal('甲1')}{equal('丙1')}<not>{equal('乙1')}</not></and>"),
        rule(equal("甲1"), "50", "Add") + rule(equal("丙1"), "50", "Add") + rule(equal("乙1"), "-20", "Add"),
        rule(equal("甲1"), "1", "Add") + rule(equal("丙1"), "1", "Add") + rule(equal("乙1"), "1", "Subtract"),
    ],
)
def test_several_options_whatever_way_they_are_scored(rules: str) -> None:
    draft = only(words("选") + listed("甲|乙|丙", "Multiple"), rules)
    assert (draft.type, draft.key) == ("multiple", (0, 2))


def test_a_blank_below_the_stem_takes_any_of_its_texts() -> None:
    field = '<response_str ident="response1" rcardinality="Single"><render_fib><response_label ident="answer1"/></render_fib></response_str>'
    draft = only(words("首都？") + field, rule(equal("北京") + equal("Beijing")))
    assert (draft.stem, draft.blanks) == ("首都？ [[1]]", (Blank(("北京", "Beijing")),))


def test_blanks_stand_where_they_stood() -> None:
    field = '<response_str ident="F{0}"><render_fib prompt="Dashline"><response_label ident="A"/></render_fib></response_str>'
    rules = rule(equal("Winter", "F1", ' case="Yes"') + equal("York", "F2", ' case="Yes"'), "3", "Add")
    draft = only(f"<flow>{words('Now is the')}{field.format(1)}{words('of our')}{field.format(2)}{words('.')}</flow>", rules)
    assert (draft.stem, draft.blanks) == ("Now is the [[1]] of our [[2]] .", (Blank(("Winter",), case_matters=True), Blank(("York",), case_matters=True)))


def test_a_number_with_its_bounds() -> None:
    field = '<response_str ident="response1"><render_fib fibtype="Decimal"><response_label ident="a"/></render_fib></response_str>'
    bounds = '<and><vargte respident="response1">70.0</vargte><varlte respident="response1">84.0</varlte></and>'
    assert only(words("多少？") + field, rule(f"<or>{equal('77.0')}{bounds}</or>")).blanks == (Blank(("77.0",), "7.0"),)


def test_an_essay_and_pairs() -> None:
    field = '<response_str ident="response1"><render_fib rows="5"><response_label ident="a"/></render_fib></response_str>'
    assert only(words("谈谈。") + field, rule("<other/>", "")).type == "short_text"
    lists = listed("一|二", name="r1", before=words("A")) + listed("一|二", name="r2", before=words("B"))
    draft = only(words("配对") + lists, rule(equal("二1", "r1"), "50", "Add") + rule(equal("一1", "r2"), "50", "Add"))
    assert (draft.prompts, draft.options, draft.key, draft.stem) == (("A", "B"), ("一", "二"), (1, 0), "配对")


def test_blanks_that_canvas_names_in_the_stem() -> None:
    lists = listed("红|赤", name="response_colour") + listed("甜", name="response_taste")
    rules = rule(equal("红1", "response_colour"), "50", "Add") + rule(equal("甜1", "response_taste"), "50", "Add")
    draft = only(words("苹果是[colour]的，味[taste]。") + lists, rules, kind="fill_in_multiple_blanks_question")
    assert (draft.stem, draft.blanks) == ("苹果是[[1]]的，味[[2]]。", (Blank(("红", "赤")), Blank(("甜",))))


def test_an_order() -> None:
    draft = only(words("排序") + listed("甲|乙|丙", "Ordered"), rule("".join(equal(f"{name}1") for name in "丙甲乙"), "5", "Add"))
    assert (draft.type, draft.key) == ("ordering", (2, 0, 1))


def test_what_is_none_of_ours_is_refused_with_its_reason() -> None:
    hotspot = '<response_xy ident="x"><render_hotspot/></response_xy>'
    codes = [
        read(words("题") + inside, "", kind=kind).refused[0][1].code for inside, kind in ((hotspot, ""), ("", ""), (listed("甲|乙"), "calculated_question"))
    ]
    assert codes == ["graphic_interaction", "no_interaction", "calculated_item"]


def test_sounds_and_odd_conditions_are_told() -> None:
    sound = '<material><mataudio uri="a.mp3"/></material>'
    told = " ".join(loss.what for loss in read(words("听") + sound + listed("甲|乙"), rule(equal("甲1") + '<durlte respident="response1">5</durlte>')).losses)
    assert "媒体（mataudio）未保留：a.mp3" in told
    assert "durlte" in told
