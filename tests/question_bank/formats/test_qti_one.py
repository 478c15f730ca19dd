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


def test_a_blank_below_the_stem_stands_on_the_line_that_is_left_for_it() -> None:
    fields = "".join(f'<response_str ident="{name}"><render_fib/></response_str>' for name in "ab")
    rules = rule(equal("frog", "a")) + rule(equal("newt", "b"))
    assert only(words("Name ___ and _____.") + fields, rules).stem == "Name [[1]] and [[2]]."
    assert only(words("Name two: _____.") + fields, rules).stem == "Name two: _____. [[1]] [[2]]"


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


def test_the_options_of_an_ordering_stand_in_the_order_of_its_rule() -> None:
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


def labels(*names: str, group: str = "") -> str:
    attributes = f' match_group="{group}"' if group else ""
    return "".join(f'<response_label ident="{name}"{attributes}>{words("词" + name)}</response_label>' for name in names)


@pytest.mark.parametrize("group", ["", "x,y,z"])
@pytest.mark.parametrize("together", [True, False])
def test_pairs_inside_one_group(group: str, together: bool) -> None:
    subsets = [f'<varsubset respident="g">{pair}</varsubset>' for pair in ("a,y", "b,x")]
    rules = rule(f"<and>{''.join(subsets)}</and>") if together else "".join(rule(each, "4", "Add") for each in subsets)
    draft = only(
        words("连线") + f'<response_grp ident="g" rcardinality="Multiple">{labels("a", "b", group=group)}{labels("x", "y", "z")}</response_grp>', rules
    )
    assert (draft.type, draft.stem, draft.prompts, draft.options, draft.key) == ("matching", "连线", ("词a", "词b"), ("词x", "词y", "词z"), (1, 0))


def test_a_group_without_a_partner_for_each_is_refused() -> None:
    group = f'<response_grp ident="g" rcardinality="Multiple">{labels("a", "b", group="x,y")}{labels("x", "y")}</response_grp>'
    found = read(words("连线") + group, rule('<varsubset respident="g">a,y</varsubset>', "4"))
    assert [why.code for _draft, why in found.refused] == ["pairs_unsupported"]


def test_matching_as_brightspace_writes_it() -> None:
    settings = "<response_extension><grading_type>2</grading_type></response_extension>"
    groups = "".join(
        f'<response_grp respident="r{side}" rcardinality="Single">{words("左" + side)}<render_choice>{labels("x", "y")}</render_choice></response_grp>'
        for side in "ab"
    )
    verdicts = {("ra", "y"): "Correct", ("ra", "x"): "Incorrect", ("rb", "x"): "Correct", ("rb", "y"): "Incorrect"}
    rules = "".join(rule(equal(value, name), "1", "Add").replace("SCORE", f"D2L_{verdict}") for (name, value), verdict in verdicts.items())
    draft = only(words("连线") + settings + groups, rules)
    assert (draft.type, draft.stem, draft.prompts, draft.options, draft.key) == ("matching", "连线", ("左a", "左b"), ("词x", "词y"), (1, 0))


def test_choices_orders_and_blanks_as_brightspace_writes_them() -> None:
    several = rule(equal("甲1"), "1", "Add").replace("SCORE", "D2L_Correct") + rule(equal("乙1"), "1", "Add").replace("SCORE", "D2L_Incorrect")
    found = read(words("选") + listed("甲|乙", "Multiple"), several)
    assert (found.drafts[0].key, found.losses) == ((0,), ())
    group = f'<response_grp ident="o" rcardinality="Ordered"><render_choice>{labels("o1", "o2", "o3")}</render_choice></response_grp>'
    ordered = only(words("排序") + group, "".join(rule(equal(place, f"o{at}"), "1", "Add") for at, place in ((1, "2"), (2, "3"), (3, "1"))))
    assert (ordered.type, ordered.key) == ("ordering", (2, 0, 1))
    field = '<response_str ident="s"><render_fib><response_label ident="ans"/></render_fib></response_str>'
    assert only(words("填") + field, rule(equal("北京", "ans"))).blanks == (Blank(("北京",)),)


def test_matching_as_blackboard_writes_it() -> None:
    def side(text: str, inner: str = "") -> str:
        return f'<flow class="Block"><flow class="FORMATTED_TEXT_BLOCK">{words(text)}</flow>{inner}</flow>'

    def answers(name: str) -> str:
        places = "".join(f'<response_label ident="{name}{at}"/>' for at in range(3))
        return f'<response_lid ident="{name}" rcardinality="Single"><render_choice><flow_label>{places}</flow_label></render_choice></response_lid>'

    question = f'<flow class="QUESTION_BLOCK">{words("归类")}</flow>'
    left = f'<flow class="RESPONSE_BLOCK">{side("猫", answers("p"))}{side("蛙", answers("q"))}</flow>'
    right = f'<flow class="RIGHT_MATCH_BLOCK">{side("虫")}{side("兽")}{side("两栖")}</flow>'
    rules = rule(equal("p1", "p"), "", shows="correct") + rule(equal("q2", "q"), "", shows="correct") + rule("<other/>", "0")
    draft = only(f'<flow class="Block">{question}{left}{right}</flow>', rules, kind="Matching")
    assert (draft.type, draft.stem, draft.prompts, draft.options, draft.key) == ("matching", "归类", ("猫", "蛙"), ("虫", "兽", "两栖"), (1, 2))


def test_blanks_named_in_the_stem() -> None:
    fields = "".join(f'<response_str ident="{name}"><render_fib/></response_str>' for name in "ab")
    rules = rule(f"<and><or>{equal('红', 'a')}{equal('赤', 'a')}</or>{equal('蓝', 'b')}</and>")
    draft = only(words("天是[b]，花是[a]。") + fields, rules, kind="Fill in the Blank Plus")
    assert (draft.stem, draft.blanks) == ("天是[[1]]，花是[[2]]。", (Blank(("蓝",)), Blank(("红", "赤"))))


def test_one_blank_and_one_pair_of_canvas_are_no_choice() -> None:
    blank = only(words("鸟是[b]") + listed("词", name="response_b", before=words("b")), "", kind="fill_in_multiple_blanks_question")
    assert (blank.type, blank.stem, blank.blanks) == ("fill_in", "鸟是[[1]]", (Blank(("词",)),))
    found = read(words("连线") + listed("甲|乙", name="response_1", before=words("左")), rule(equal("乙1", "response_1")), kind="matching_question")
    assert [(draft.type, draft.prompts, draft.options, draft.key) for draft in found.drafts] == [("matching", ("左",), ("甲", "乙"), (1,))]


def test_accepted_texts_of_a_blank_that_is_nowhere_are_no_wrong_options() -> None:
    lists = listed("红|赤", name="response_a", before=words("a")) + listed("蓝", name="response_b", before=words("b"))
    found = read(words("花是什么色？") + lists, rule(equal("红1", "response_a")), kind="fill_in_multiple_blanks_question")
    assert (found.drafts, [reason.code for _draft, reason in found.refused]) == ((), ["gap_misplaced"])


def test_feedback_belongs_to_the_gap_whose_response_it_names() -> None:
    lists = listed("甲|乙", name="response_a") + listed("甲|乙|丙", name="response_b")
    rules = rule(equal("甲1", "response_a")) + rule(equal("甲1", "response_b")) + rule(equal("乙1", "response_b"), "", shows="f")
    found = read(words("[a]和[b]") + lists, rules, feedback("f", "后一空"), "multiple_dropdowns_question")
    assert [draft.option_explanations for draft in found.drafts] == [("", ""), ("", "后一空", "")]


def test_how_a_blank_is_compared_elsewhere_is_told() -> None:
    label = f'<response_label ident="r" scoring_algorithm="TextRegex">{words("^红$")}</response_label>'
    lists = "".join(f'<response_lid ident="response_{name}"><render_choice>{label}</render_choice></response_lid>' for name in "ab")
    found = read(words("[a] [b]") + lists, "", kind="fill_in_multiple_blanks_question")
    assert ["TextRegex" in loss.what for loss in found.losses] == [True]


def test_things_sorted_into_categories_are_matched() -> None:
    lists = "".join(listed("猫|鱼|石", "Multiple", name, words(name)) for name in ("兽", "水族"))
    found = read(words("归类") + lists, rule(equal("猫1", "兽"), "50", "Add") + rule(equal("鱼1", "水族"), "50", "Add"), kind="categorization_question")
    (draft,) = found.drafts
    assert (draft.type, draft.stem, draft.prompts, draft.options, draft.key) == ("matching", "归类", ("猫", "鱼"), ("兽", "水族"), (0, 1))
    assert ["石" in loss.what for loss in found.losses] == [True]


def test_a_text_is_brought_to_the_items_that_hang_on_it() -> None:
    parent = "<qtimetadatafield><fieldlabel>parent_stimulus_item_ident</fieldlabel><fieldentry>s</fieldentry></qtimetadatafield>"
    stimulus = f'<item ident="s"><presentation>{words("材料")}</presentation></item>'
    child = f"<presentation>{words('问')}{listed('甲|乙')}</presentation><resprocessing>{rule(equal('乙1'))}</resprocessing>"
    item = f'<item ident="c"><itemmetadata><qtimetadata>{parent}</qtimetadata></itemmetadata>{child}</item>'
    found = reading.read(f"<questestinterop><assessment>{stimulus}{item}</assessment></questestinterop>".encode())
    assert ([draft.stem for draft in found.drafts], found.refused, len(found.losses)) == (["材料\n问"], (), 1)


def test_an_order_told_place_by_place() -> None:
    group = '<response_lid ident="q" rcardinality="Ordered"><render_choice>' + labels("0", "1", "2") + "</render_choice></response_lid>"
    rules = "".join(rule(equal(value, "q", f' index="{place}"'), "1", "Add") for place, value in enumerate("201"))
    draft = only(words("排序") + group, rules)
    assert (draft.type, draft.key) == ("ordering", (2, 0, 1))


def test_a_blank_that_only_denies_is_judged_by_people_and_told() -> None:
    denies = '<respcondition><conditionvar><not><varequal respident="r">上海</varequal></not></conditionvar><setvar action="Set">1</setvar></respcondition>'
    found = read(f'{words("首都不是")}<response_str ident="r"><render_fib rows="1"><response_label ident="l"/></render_fib></response_str>', denies)
    assert [draft.type for draft in found.drafts] == ["short_text"]
    assert [loss.what for loss in found.losses] == ["“不是这些答案即得分”的判分未保留，改为人工评阅"]
