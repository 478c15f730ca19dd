"""QTI 2.1, 2.2 and 3.0: items as other systems write them."""

import contextlib
import io

import pytest
from PIL import Image

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Reading
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank
from question_bank.formats import qti_vocabulary, reading
from question_bank.formats.unreadable import Unreadable
from tests.question_bank.formats.test_xml_tree import ITEM, package

TEMPLATE = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/{}"/>'


def item(body: str, declared: str, processing: str = TEMPLATE.format("match_correct"), more: str = "", attributes: str = "") -> bytes:
    """Return an item of QTI 2.1."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i1" title="标题" {attributes}>'
        f"{declared}<itemBody>{body}</itemBody>{processing}{more}</assessmentItem>"
    ).encode()


def response(values: str, cardinality: str = "single", base_type: str = "identifier", mapping: str = "", name: str = "RESPONSE") -> str:
    correct = "".join(f"<value>{value}</value>" for value in values.split("|") if value)
    entries = "".join(f'<mapEntry mapKey="{key}" mappedValue="{points}"/>' for key, points in (each.split("=") for each in mapping.split("|") if each))
    inside = (f"<correctResponse>{correct}</correctResponse>" if correct else "") + (f'<mapping defaultValue="0">{entries}</mapping>' if entries else "")
    return f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{base_type}">{inside}</responseDeclaration>'


def choices(kind: str = "choice", attributes: str = 'maxChoices="1"', inside: str = "") -> str:
    options = "".join(
        f'<simpleChoice identifier="{name}">{words}{inside if name == "B" else ""}</simpleChoice>' for name, words in zip("ABC", "甲乙丙", strict=True)
    )
    return f'<p>看图。</p><{kind}Interaction responseIdentifier="RESPONSE" {attributes}><prompt>选哪一个？</prompt>{options}</{kind}Interaction>'


def only(content: bytes) -> Draft:
    found = reading.read(content)
    assert (found.format, found.refused) == ("qti", ())
    (draft,) = found.drafts
    assert not faults_of(draft)
    return draft


def told(found: Reading) -> str:
    return " ".join(loss.what for loss in found.losses)


def test_a_choice_with_its_feedback() -> None:
    inline = '<feedbackInline outcomeIdentifier="F" identifier="B" showHide="show">乙不对</feedbackInline>'
    modal = '<modalFeedback outcomeIdentifier="F" identifier="{}" showHide="show">{}</modalFeedback>'
    draft = only(item(choices(inside=inline), response("A"), more=modal.format("A", "甲对") + modal.format("ok", "总的解析")))
    assert (draft.type, draft.stem, draft.options, draft.key) == ("single", "<p>看图。</p>选哪一个？", ("甲", "乙", "丙"), (0,))
    assert (draft.option_explanations, draft.explanation, draft.external_id, draft.source) == (("甲对", "乙不对", ""), "总的解析", "i1", "标题")


def test_a_key_that_only_the_mapping_tells() -> None:
    found = reading.read(item(choices(attributes='maxChoices="0"'), response("", "multiple", mapping="A=1|B=-2|C=1"), TEMPLATE.format("map_response")))
    assert (found.drafts[0].type, found.drafts[0].key, "-2" in told(found)) == ("multiple", (0, 2), True)
    assert only(item(choices(), response("", mapping="A=0.5|C=1"), TEMPLATE.format("map_response"))).key == (2,)


def test_several_may_be_chosen_though_one_is_right() -> None:
    assert only(item(choices(attributes='maxChoices="0"'), response("B", "multiple"))).type == "multiple"
    assert only(item(choices(attributes='maxChoices="1"'), response("B", "multiple"))).type == "single"


def test_what_the_interaction_sets_and_the_bank_does_not_keep_is_told() -> None:
    body = choices(attributes='shuffle="false" maxChoices="2" minChoices="2"').replace('identifier="C"', 'identifier="C" fixed="true"')
    words = told(reading.read(item(f"{body}<audio src='a.mp3'/>", '<stylesheet href="a.css"/>' + response("A|B", "multiple"))))
    assert all(each in words for each in ("shuffle", "最多选 2 项", "至少选 2 项", "fixed", "声音", "a.css"))


def test_blanks_of_words_and_of_numbers() -> None:
    field = '<textEntryInteraction responseIdentifier="{}"/>'
    declared = response("York", base_type="string", mapping="York=1|york=0.5", name="R1") + response("3.14", base_type="float", name="R2")
    equal = '<equal toleranceMode="absolute" tolerance="0.01 0.01"><variable identifier="R2"/><correct identifier="R2"/></equal>'
    score = '<setOutcomeValue identifier="SCORE"><mapResponse identifier="R1"/></setOutcomeValue>'
    processing = f"<responseProcessing><responseCondition><responseIf>{equal}{score}</responseIf></responseCondition></responseProcessing>"
    found = reading.read(item(f"<p>城市{field.format('R1')}，π 约 {field.format('R2')}。</p>", declared, processing))
    (draft,) = found.drafts
    assert (draft.stem, draft.blanks) == (
        "<p>城市[[1]]，π 约 [[2]]。</p>".removeprefix("<p>").removesuffix("</p>"),
        (Blank(("York",), case_matters=True), Blank(("3.14",), "0.01")),
    )
    assert "york" in told(found)


def test_orders_pairs_and_gaps() -> None:
    assert only(item(choices("order", ""), response("C|A|B", "ordered"))).key == (2, 0, 1)
    sets = "".join(
        "<simpleMatchSet>"
        + "".join(f'<simpleAssociableChoice identifier="{name}" matchMax="4">{name}!</simpleAssociableChoice>' for name in names)
        + "</simpleMatchSet>"
        for names in ("CDL", "MR")
    )
    match = f'<matchInteraction responseIdentifier="RESPONSE"><prompt>配对</prompt>{sets}</matchInteraction>'
    draft = only(item(match, response("C R|D M|L M", "multiple", "directedPair", "C R=1|D M=0.5|L M=0.5"), TEMPLATE.format("map_response")))
    assert (draft.prompts, draft.options, draft.key) == (("C!", "D!", "L!"), ("M!", "R!"), (1, 0, 0))
    words = "".join(f'<gapText identifier="{name}" matchMax="1">{name}</gapText>' for name in ("W", "S", "X"))
    gaps = f'<gapMatchInteraction responseIdentifier="RESPONSE">{words}<p>是<gap identifier="G1"/>的<gap identifier="G2"/></p></gapMatchInteraction>'
    assert only(item(gaps, response("W G1|S G2", "multiple", "directedPair"))).key == (0, 1)
    found = reading.read(item(match, response("C R|C M", "multiple", "directedPair")))
    assert (found.drafts[0].prompts, found.drafts[0].options, found.drafts[0].key) == (("M!", "R!"), ("C!", "D!", "L!"), (0, 0))


def test_an_inline_list_is_a_choice_with_a_gap() -> None:
    options = "".join(f'<inlineChoice identifier="{name}">{name}</inlineChoice>' for name in "GLY")
    draft = only(item(f'<p>荣耀归于<inlineChoiceInteraction responseIdentifier="RESPONSE">{options}</inlineChoiceInteraction>家。</p>', response("Y")))
    assert (draft.type, draft.stem, draft.key) == ("single", "荣耀归于 _____ 家。", (2,))


def test_a_declared_key_that_earns_only_where_it_is_missed_is_none() -> None:
    match = '<match><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></match>'
    score = '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">{}</baseValue></setOutcomeValue>'
    rules = "<responseProcessing><responseCondition>{}</responseCondition></responseProcessing>".format
    missed = reading.read(item(choices(), response("A"), rules(f"<responseIf><not>{match}</not>{score.format(1)}</responseIf>")))
    assert ([draft.key for draft in missed.drafts], "没有采用答案" in told(missed)) == ([()], True)
    named = match.replace('<correct identifier="RESPONSE"/>', '<baseValue baseType="identifier">A</baseValue>')
    chained = f"{named}{score.format(0)}</responseIf><responseIf>{named.replace('>A<', '>B<')}"
    for compared in (match, named, chained):
        missed = reading.read(
            item(choices(), response("A"), rules(f"<responseIf>{compared}{score.format(0)}</responseIf><responseElse>{score.format(1)}</responseElse>"))
        )
        assert ([draft.key for draft in missed.drafts], "没有采用答案" in told(missed)) == ([()], True)
    nothing_then = f"<responseIf><not>{match}</not>{score.format(0)}</responseIf><responseElse>{score.format(1)}</responseElse>"
    and_a_hint = f"<responseIf>{match}{score.format(1)}</responseIf><responseElseIf><not>{match}</not>{score.format(0.5)}</responseElseIf>"
    half_else = f"<responseIf>{match}{score.format(1)}</responseIf><responseElse>{score.format(0.5)}</responseElse>"
    another = f"<responseIf>{named.replace('>A<', '>B<')}{score.format(0)}</responseIf><responseElse>{score.format(1)}</responseElse>"
    most = '<setOutcomeValue identifier="SCORE"><variable identifier="MAXSCORE"/></setOutcomeValue>'
    counted = f"<responseIf>{match}{most}</responseIf><responseElse>{score.format(1).replace('SCORE', 'TRIES')}{score.format(0.5)}</responseElse>"
    for right in (nothing_then, and_a_hint, half_else, another, counted):
        assert only(item(choices(), response("A"), rules(right))).key == (0,)


def test_a_score_that_the_declared_key_takes_away_makes_it_none() -> None:
    match = '<match><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></match>'
    score = '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">{}</baseValue></setOutcomeValue>'
    rules = "<responseProcessing>{}<responseCondition><responseIf>{}</responseIf></responseCondition></responseProcessing>".format
    taken = reading.read(item(choices(), response("A"), rules(score.format(1), match + score.format(0))))
    assert ([draft.key for draft in taken.drafts], "没有采用答案" in told(taken)) == ([()], True)
    for begun, then in (("", match + score.format(0)), (score.format(1), f"<not>{match}</not>{score.format(0)}"), (score.format(1), match + score.format(2))):
        assert only(item(choices(), response("A"), rules(begun, then))).key == (0,)


def test_judgements_with_a_full_stop_are_judgements() -> None:
    options = '<simpleChoice identifier="A">对。</simpleChoice><simpleChoice identifier="B">错。</simpleChoice>'
    draft = only(item(f'<choiceInteraction responseIdentifier="RESPONSE" maxChoices="1"><prompt>圆吗</prompt>{options}</choiceInteraction>', response("B")))
    assert (draft.type, draft.key) == ("true_false", (1,))


def test_an_extended_text_and_what_its_scorers_see() -> None:
    rubric = '<rubricBlock view="scorer"><p>看三点</p></rubricBlock>'
    draft = only(item(f'<p>谈谈。</p><extendedTextInteraction responseIdentifier="RESPONSE"/>{rubric}', response("", base_type="string"), ""))
    assert (draft.type, draft.stem, draft.model) == ("short_text", "谈谈。", "看三点")


def test_a_key_that_only_conditions_tell() -> None:
    equal = '<match><variable identifier="RESPONSE"/><baseValue baseType="identifier">{}</baseValue></match>'
    score = '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">{}</baseValue></setOutcomeValue>'
    branches = f"<responseIf>{equal.format('C')}{score.format(1)}</responseIf><responseElseIf>{equal.format('A')}{score.format(0.5)}</responseElseIf>"
    found = reading.read(item(choices(), response(""), f"<responseProcessing><responseCondition>{branches}</responseCondition></responseProcessing>"))
    assert (found.drafts[0].key, "0.5" in told(found)) == ((2,), True)


@pytest.mark.parametrize(("mapping", "processing"), [("B=1", TEMPLATE.format("map_response")), ("", "")])
def test_a_declared_key_that_earns_nothing_while_another_choice_does_is_none(mapping: str, processing: str) -> None:
    compared = '<match><variable identifier="RESPONSE"/><baseValue baseType="identifier">B</baseValue></match>'
    scored = f'<responseIf>{compared}<setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue></setOutcomeValue></responseIf>'
    rules = processing or f"<responseProcessing><responseCondition>{scored}</responseCondition></responseProcessing>"
    found = reading.read(item(choices(), response("A", mapping=mapping), rules))
    assert [draft.key for draft in found.drafts] == [()]
    assert "标准答案和评分规则说的不是同一个选项，没有采用答案" in told(found)
    besides = rules.replace("<responseIf>", '<responseIf><match><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></match>')
    assert only(item(choices(), response("A"), besides if not mapping else TEMPLATE.format("match_correct"))).key == (0,)


def test_a_formula_stays_a_formula() -> None:
    math = '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML">\n<m:msup>\n<m:mi>c</m:mi><m:mn>2</m:mn></m:msup></m:math>'
    assert only(item(choices().replace("看图。", f"求 {math}"), response("A"))).stem == "<p>求 <math><msup><mi>c</mi><mn>2</mn></msup></math></p>选哪一个？"


FOREIGN = {
    "adaptive_item": item(choices(), response("A"), attributes='adaptive="true"'),
    "template_item": item(choices(), response("A") + '<templateDeclaration identifier="T" cardinality="single" baseType="integer"/>'),
    "no_interaction": item("<p>只有文字</p>", ""),
    **{
        code: item(f'<p>题</p><{name}Interaction responseIdentifier="RESPONSE"/>', response("A"))
        for name, code in (
            ("hotspot", "graphic_interaction"),
            ("upload", "upload_interaction"),
            ("media", "media_interaction"),
            ("drawing", "drawing_interaction"),
            ("custom", "custom_interaction"),
            ("quantum", "unknown_interaction"),
        )
    },
}


@pytest.mark.parametrize(("code", "content"), FOREIGN.items(), ids=FOREIGN)
def test_what_is_none_of_ours_is_refused_with_its_reason(code: str, content: bytes) -> None:
    found = reading.read(content)
    assert ([fault.code for _, fault in found.refused], found.refused[0][0].place, found.drafts) == ([code], "i1", ())


PORTABLE = '<portableCustomInteraction responseIdentifier="RESPONSE"><interactionMarkup>动手</interactionMarkup></portableCustomInteraction>'


@pytest.mark.parametrize("body", [PORTABLE, f"<customInteraction>{PORTABLE}</customInteraction>"], ids=["QTI 3", "QTI 2"])
def test_a_portable_custom_interaction_is_one_thing_that_is_none_of_ours(body: str) -> None:
    alone = reading.read(item(body, response("A")))
    assert ([fault.code for _, fault in alone.refused], alone.drafts) == (["custom_interaction"], ())
    beside = reading.read(item(choices().replace("RESPONSE", "OTHER") + body, response("A", name="OTHER")))
    assert ([fault.code for _, fault in beside.refused], [draft.key for draft in beside.drafts]) == (["custom_interaction"], [(0,)])


MATCHED = (
    "<responseCondition><responseIf><match><variable identifier='B'/><correct identifier='B'/></match>"
    "<setOutcomeValue identifier='SCORE'><sum><variable identifier='SCORE'/><baseValue baseType='float'>{}</baseValue></sum></setOutcomeValue>"
    "</responseIf></responseCondition>"
)


def test_what_a_mapping_sets_besides_points_and_what_gaps_are_worth_is_told() -> None:
    mapped = response("", "multiple", mapping="A=1|C=1").replace('defaultValue="0"', 'defaultValue="-2" lowerBound="-1" upperBound="1"')
    words = told(reading.read(item(choices(attributes='maxChoices="0"'), mapped, TEMPLATE.format("map_response"))))
    assert all(each in words for each in ("-2", "lowerBound -1", "upperBound 1"))
    plain = mapped.replace('defaultValue="-2" lowerBound="-1" upperBound="1"', 'defaultValue="0" lowerBound="0" upperBound="2"')
    assert not told(reading.read(item(choices(attributes='maxChoices="0"'), plain, TEMPLATE.format("map_response"))))
    fields = '<p>首都<textEntryInteraction responseIdentifier="A"/>，河<textEntryInteraction responseIdentifier="B"/></p>'
    two = [response(word, base_type="string", mapping=f"{word}={worth}", name=name) for word, worth, name in (("京", 2, "A"), ("江", 1, "B"))]
    rules = "<responseProcessing><mapResponse identifier='A'/><mapResponse identifier='B'/></responseProcessing>"
    assert told(reading.read(item(fields, "".join(two), rules))) == "各空的分值（2、1）未保留，分值平分"
    told_by_rules = rules.replace("<mapResponse identifier='B'/>", MATCHED.format(1))
    assert told(reading.read(item(fields, "".join(two), told_by_rules))) == "各空的分值（2、1）未保留，分值平分"
    assert not told(reading.read(item(fields, "".join(two), told_by_rules.replace(">1<", ">2<"))))
    assert "maxStrings 3" in told(reading.read(item('<extendedTextInteraction responseIdentifier="R" maxStrings="3"/>', "")))


def test_marks_of_reading_aloud_are_no_looks() -> None:
    spoken = '<s:s xmlns:s="http://www.w3.org/2001/10/synthesis">看 <s:sub alias="水">H2O</s:sub>。</s:s>'
    found = reading.read(item(choices().replace("看图。", spoken), response("A")))
    assert (found.drafts[0].stem, "ssml:sub" in told(found)) == ("<p>看 H2O。</p>选哪一个？", True)


def test_an_item_without_a_key_is_no_item() -> None:
    assert [fault.code for fault in faults_of(reading.read(item(choices(), response(""))).drafts[0])] == ["no_key"]


# Packages


def test_a_package_with_everything_that_real_ones_have() -> None:
    held = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(held, "PNG")
    manifest = (
        '<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><resources>'
        '<resource identifier="r" type="imsqti_item_xmlv2p1" href="items/%E9%A2%98%20one.xml">'
        "<metadata><lom><general><keyword><langstring>重点</langstring></keyword></general><educational><difficulty><source><langstring>LOMv1.0</langstring>"
        "</source><value><langstring>difficult</langstring></value></difficulty></educational></lom></metadata></resource>"
        '<resource identifier="gone" type="imsqti_item_xmlv2p1" href="gone.xml"/></resources></manifest>'
    )
    files: dict[str, bytes | str] = {
        "pack/imsmanifest.xml": "\ufeff" + manifest,
        "pack/items/题 one.xml": ITEM.format("a", "看<img src='../media/red%20one.png' alt='红'/>"),
        "pack/media/red one.png": held.getvalue(),
        "pack/extra.xml": ITEM.format("b", "另一题").replace(' xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"', ""),
        "pack/again.xml": ITEM.format("b", "第三题"),
        "pack/test.xml": '<assessmentTest identifier="t"/>',
        "__MACOSX/pack/items/._one.xml": b"\x00\x05\x16\x07",
    }
    found = reading.read(package(files))
    first, second, third = found.drafts
    assert (first.stem, first.tags, first.difficulty) == (
        f"<p>看![红](picture:{found.pictures[0].digest})</p>".removeprefix("<p>").removesuffix("</p>"),
        ("重点",),
        0.4,
    )
    assert (first.place, second.external_id, third.external_id) == ("pack/items/题 one.xml：a", "b", "b")
    assert all(words in told(found) for words in ("gone.xml", "assessmentTest"))


@pytest.mark.parametrize("damage", ["<qti-", "<qti-1x", '<qti-item-body a-b::="1"', '<qti-prompt tool-name::="x"'])
def test_a_damaged_name_is_no_end_of_the_reading(damage: str) -> None:
    with contextlib.suppress(Unreadable):
        reading.read(f'<qti-assessment-item identifier="a">{damage}><p>x</p></qti-assessment-item>'.encode())


@pytest.mark.parametrize(
    ("options", "kind"),
    [(("对", "错"), "true_false"), (("False", "TRUE"), "true_false"), (("1", "0"), "single"), (("对", "是"), "single"), (("对", "错", "错"), "single")],
)
def test_two_words_that_judge_are_a_judgement_and_figures_are_not(options: tuple[str, ...], kind: str) -> None:
    assert qti_vocabulary.chosen(options) == kind
