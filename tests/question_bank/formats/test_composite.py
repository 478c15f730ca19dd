"""Items that ask several things become several items, and each keeps the words that belong to it."""

from question_bank.domain.exchange import Reading
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank
from question_bank.formats import moodle_xml, reading
from tests.question_bank.formats.test_outside_files import gap, label, lost, one, right
from tests.question_bank.formats.test_qti import item, response
from tests.question_bank.formats.test_xml_tree import package

WORTH = '<outcomeDeclaration identifier="MAXSCORE"><defaultValue><value>3</value></defaultValue></outcomeDeclaration>'


def asks(name: str, prompt: str = "") -> str:
    options = "".join(f'<simpleChoice identifier="{each}">{name}{each}</simpleChoice>' for each in "AB")
    return f'<choiceInteraction responseIdentifier="{name}" maxChoices="1">{prompt}{options}</choiceInteraction>'


def dropdown(name: str) -> str:
    options = "".join(f'<inlineChoice identifier="{each}">{name}{each}</inlineChoice>' for each in "AB")
    return f'<inlineChoiceInteraction responseIdentifier="{name}">{options}</inlineChoiceInteraction>'


def written(name: str) -> str:
    return f'<textEntryInteraction responseIdentifier="{name}"/>'


def read(body: str, *keys: str) -> Reading:
    found = reading.read(item(body, "".join((*keys, WORTH))))
    assert not [code for draft in found.drafts for code in faults_of(draft)]
    return found


def key(name: str, value: str, base_type: str = "identifier") -> str:
    return response(value, name=name, base_type=base_type)


def test_questions_with_prompts_share_what_stands_before_the_first() -> None:
    found = read(f"<p>材料</p>{asks('R', '<prompt>谁？</prompt>')}<p>再看</p>{asks('S', '<prompt>何时？</prompt>')}", key("R", "A"), key("S", "B"))
    assert [draft.stem for draft in found.drafts] == ["<p>材料</p>\n谁？", "<p>材料</p><p>再看</p>\n何时？"]
    assert [(draft.place, draft.external_id, draft.key, draft.points) for draft in found.drafts] == [
        ("i1（1）", "i1-1", (0,), 150),
        ("i1（2）", "i1-2", (1,), 150),
    ]
    assert lost(found) == ["一题有 2 个作答部分，拆成 2 道题，分值平分"]


def test_a_question_right_before_its_options_is_not_asked_again_by_the_next() -> None:
    found = read(f"<p>材料</p><p>谁？</p>{asks('R')}<p>何时？</p>{asks('S')}<p>出处</p>", key("R", "A"), key("S", "B"))
    assert [draft.stem for draft in found.drafts] == ["<p>材料</p><p>谁？</p>\n<p>出处</p>", "<p>材料</p><p>何时？</p>\n<p>出处</p>"]


def test_lists_that_differ_are_one_choice_for_each_gap_behind_the_whole_text() -> None:
    found = read(f"<p>春{dropdown('R')}秋{dropdown('S')}冬{written('T')}</p>", key("R", "A"), key("S", "B"), key("T", "雪", "string"))
    assert [draft.stem for draft in found.drafts] == ["春（1）_____秋（2）…冬（3）…", "春（1）…秋（2）_____冬（3）…", "春（1）…秋（2）…冬[[1]]"]
    assert [(draft.type, draft.options, draft.key) for draft in found.drafts[:2]] == [("single", ("RA", "RB"), (0,)), ("single", ("SA", "SB"), (1,))]
    assert (found.drafts[2].type, found.drafts[2].blanks, found.drafts[2].points) == ("fill_in", (Blank(("雪",), case_matters=True),), 100)


def test_a_part_that_cannot_be_kept_is_refused_by_itself_and_the_others_stay() -> None:
    body = f'<p>造表</p><uploadInteraction responseIdentifier="U"><prompt>上传</prompt></uploadInteraction><p>共{written("T")}箱</p>'
    found = read(body, key("T", "5", "integer"))
    assert [(draft.place, draft.stem, draft.blanks) for draft in found.drafts] == [("i1（2）", "<p>造表</p><p>共[[1]]箱</p>", (Blank(("5",), "0"),))]
    assert [(draft.place, why.code) for draft, why in found.refused] == [("i1（1）", "upload_interaction")]


def test_parts_in_one_table_keep_it_whole() -> None:
    found = read(f"<table><tr><td>左{asks('R')}</td><td>右{asks('S')}</td></tr></table>", key("R", "A"), key("S", "B"))
    assert [draft.stem.replace("\n", "") for draft in found.drafts] == [
        "<table><tbody><tr><td>左</td><td>右（…）</td></tr></tbody></table>",
        "<table><tbody><tr><td>左（…）</td><td>右</td></tr></tbody></table>",
    ]


def test_words_chosen_in_a_text_become_options() -> None:
    words = '<p>猫<hottext identifier="A">吃</hottext>鱼，狗<hottext identifier="B">吃</hottext>草。</p>'
    found = read(f'<p>哪里错了？</p><hottextInteraction responseIdentifier="R" maxChoices="1">{words}</hottextInteraction>', key("R", "B"))
    (draft,) = found.drafts
    assert draft.stem == "<p>哪里错了？</p><p>猫（1）<u>吃</u>鱼，狗（2）<u>吃</u>草。</p>"
    assert (draft.type, draft.options, draft.key) == ("single", ("（1）吃", "（2）吃"), (1,))


def test_a_slider_becomes_a_number_to_be_written() -> None:
    slider = '<sliderInteraction responseIdentifier="R" lowerBound="0" upperBound="10"><prompt>几天？</prompt></sliderInteraction>'
    found = read(slider, key("R", "7", "integer"))
    assert (found.drafts[0].stem, found.drafts[0].blanks) == ("几天？ [[1]]", (Blank(("7",), "0"),))
    assert lost(found) == ["滑块按填数导入，范围（0 到 10）未保留"]


def test_a_video_to_be_watched_is_lost_and_the_question_behind_it_kept() -> None:
    found = read(f'<mediaInteraction responseIdentifier="M"><video src="a.mp4"/></mediaInteraction>{asks("R", "<prompt>谁？</prompt>")}', key("R", "A"))
    assert ([draft.stem for draft in found.drafts], lost(found)) == (["谁？"], ["媒体（mediaInteraction）未保留"])


def test_dropdowns_of_canvas_keep_their_own_lists_and_feedback() -> None:
    presentation = gap("r_a", "甲处", label("1", "红"), label("2", "蓝")) + gap("r_b", "乙处", label("3", "早"), label("4", "晚"))
    feedback = '<itemfeedback ident="f"><material><mattext>不是蓝</mattext></material></itemfeedback>'
    shown = '<respcondition><conditionvar><varequal respident="r_a">2</varequal></conditionvar><displayfeedback linkrefid="f"/></respcondition>'
    stem = "<material><mattext>花[甲处]，[乙处]开</mattext></material>"
    found = read_one(stem + presentation, right("r_a", "1") + right("r_b", "4") + shown, feedback)
    assert [(draft.stem, draft.options, draft.key) for draft in found.drafts] == [
        ("花（1）_____，（2）…开", ("红", "蓝"), (0,)),
        ("花（1）…，（2）_____开", ("早", "晚"), (1,)),
    ]
    assert found.drafts[0].option_explanations == ("", "不是蓝")


def read_one(presentation: str, rules: str, more: str) -> Reading:
    return reading.read(one(presentation, rules, more, kind="multiple_dropdowns_question").encode())


def test_a_text_of_moodle_with_lists_several_answers_and_blanks() -> None:
    stem = "水由{2:MULTIRESPONSE:=氢#对~=氧~%-50%碳}组成，{1:MC:=无色~蓝色}，化学式{1:SA:=H2O}"
    found = moodle_xml.read(f"<quiz><question type='cloze'><questiontext><text>{stem}</text></questiontext><idnumber>w</idnumber></question></quiz>")
    assert [(draft.type, draft.external_id) for draft in found.drafts] == [("multiple", "w-1"), ("single", "w-2"), ("fill_in", "w-3")]
    assert (found.drafts[0].options, found.drafts[0].key, found.drafts[0].option_explanations) == (("氢", "氧", "碳"), (0, 1), ("对", "", ""))
    assert found.drafts[2].stem == "水由（1）…组成，（2）…，化学式[[1]]"


def test_gaps_with_one_list_beside_others_stay_together() -> None:
    both = "".join(f"{{1:MC:{words}}}" for words in ("=猫~狗", "猫~=狗", "=春~秋"))
    found = moodle_xml.read(f"<quiz><question type='cloze'><questiontext><text>叫：{both}{{1:SA:=汪}}</text></questiontext></question></quiz>")
    assert [(draft.type, draft.stem, draft.prompts, draft.key) for draft in found.drafts] == [
        ("matching", "叫：（1）_____（2）_____（3）…（4）…", ("（1）", "（2）"), (0, 1)),
        ("single", "叫：（1）…（2）…（3）_____（4）…", (), (0,)),
        ("fill_in", "叫：（1）…（2）…（3）…[[1]]", (), ()),
    ]


def test_what_has_several_partners_is_a_choice_for_each() -> None:
    sides = [[f'<simpleAssociableChoice identifier="{name}">{name}!</simpleAssociableChoice>' for name in names] for names in ("CD", "MRT")]
    sets = "".join(f"<simpleMatchSet>{''.join(side)}</simpleMatchSet>" for side in sides)
    body = f'<matchInteraction responseIdentifier="RESPONSE"><prompt>归类</prompt>{sets}</matchInteraction>'
    found = reading.read(item(body, response("C R|C M|D M", "multiple", "directedPair")))
    assert [(draft.type, draft.stem, draft.options, draft.key) for draft in found.drafts] == [
        ("multiple", "归类\nC!", ("M!", "R!", "T!"), (0, 1)),
        ("multiple", "归类\nD!", ("M!", "R!", "T!"), (0,)),
    ]


def test_a_thing_without_a_partner_is_left_out_by_name() -> None:
    sides = [[f'<simpleAssociableChoice identifier="{name}">{name}!</simpleAssociableChoice>' for name in names] for names in ("CD", "MRT")]
    sets = "".join(f"<simpleMatchSet>{''.join(side)}</simpleMatchSet>" for side in sides)
    body = f'<matchInteraction responseIdentifier="RESPONSE">{sets}</matchInteraction>'
    found = reading.read(item(body, response("C M|C R", "multiple", "directedPair")))
    assert [(draft.prompts, draft.options, draft.key) for draft in found.drafts] == [(("M!", "R!"), ("C!", "D!"), (0, 0))]
    assert lost(found) == ["没有对应选项的条目“T!”未导入"]


def test_html_written_as_text_around_its_blanks_is_markup() -> None:
    cells = f"<![CDATA[<strong>填表：</strong><br>3 < 4<table class='x'><tr><td> ]]>{written('R')}<![CDATA[ </td><td>440</td></tr></table>]]>"
    found = read(f"<div>{cells}</div>", key("R", "330", "string"))
    assert [draft.stem for draft in found.drafts] == ["<strong>填表：</strong>\n3 < 4<table><tbody><tr><td>[[1]]</td><td>440</td></tr></tbody></table>"]
    assert read("<p>&lt;p&gt;是什么标记？</p>" + asks("R"), key("R", "A")).drafts[0].stem == "&lt;p>是什么标记？"


def test_only_what_an_item_writes_as_cdata_is_markup_and_that_is_told() -> None:
    body = "<p>标记 &lt;br&gt; 的作用是什么？</p>" + asks("R")
    other = '<modalFeedback outcomeIdentifier="F" identifier="x" showHide="show"><![CDATA[<p>别处</p>]]></modalFeedback>'
    found = reading.read(item(body, key("R", "A"), more=other))
    assert ([draft.stem for draft in found.drafts], lost(found)) == (["标记 &lt;br> 的作用是什么？"], [])
    found = reading.read(item(f"<![CDATA[<p>看</p>]]>{body}", key("R", "A")))
    assert [draft.stem for draft in found.drafts] == ["<p>看</p><p>标记 &lt;br> 的作用是什么？</p>"]
    assert lost(found) == ["以文字（CDATA）写入的 HTML 按标记读取"]
    deep = f"<![CDATA[{'<p>' * 130}深{'</p>' * 130}]]>"
    assert len(reading.read(item(deep + asks("R"), key("R", "A"))).drafts) == 1, "one deep text is no reason to leave a file"


def test_one_thing_with_several_partners_is_one_choice_and_nothing_is_divided() -> None:
    one_of = '<simpleAssociableChoice identifier="{0}" matchMax="2">{0}</simpleAssociableChoice>'
    sets = "".join(f"<simpleMatchSet>{''.join(map(one_of.format, side))}</simpleMatchSet>" for side in ("P", "XYZ"))
    declared = response("P X|P Y", "multiple", "directedPair", name="R")
    found = read(f'<matchInteraction responseIdentifier="R" maxAssociations="3">{sets}</matchInteraction>', declared)
    assert [(draft.type, draft.external_id, draft.place, draft.key, draft.points) for draft in found.drafts] == [("multiple", "i1", "i1", (0, 1), 300)]
    assert not [loss for loss in lost(found) if "拆成" in loss]


def test_feedback_by_a_name_that_two_parts_have_is_no_option_s() -> None:
    modal = '<modalFeedback outcomeIdentifier="F" identifier="{0}" showHide="show">{1}</modalFeedback>'
    other = asks("S", "<prompt>何时？</prompt>").replace('identifier="B"', 'identifier="C"')
    more = modal.format("A", "前一问的") + modal.format("C", "后一问的")
    found = reading.read(item(asks("R", "<prompt>谁？</prompt>") + other, key("R", "A") + key("S", "A"), more=more))
    assert [(draft.explanation, draft.option_explanations) for draft in found.drafts] == [("前一问的", ("", "")), ("前一问的", ("", "后一问的"))]
    assert lost(found)[1:] == ["反馈没有写明属于哪一问，拆开后每道题都作为解析保留"] * 2


def test_feedback_inside_words_to_be_chosen_is_theirs() -> None:
    inside = '<feedbackInline outcomeIdentifier="F" identifier="B" showHide="show">不是它</feedbackInline>'
    text = f'<p>点<hottext identifier="A">甲</hottext>或<hottext identifier="B">乙{inside}</hottext></p>'
    found = read(f'<hottextInteraction responseIdentifier="R" maxChoices="1">{text}</hottextInteraction>', key("R", "A"))
    assert [(draft.options, draft.option_explanations) for draft in found.drafts] == [(("甲", "乙"), ("", "不是它"))]


def test_a_passage_in_a_page_of_its_own_stands_before_the_question() -> None:
    shown = '<rubricBlock view="candidate author"><object data="../passages/p.html" type="text/html"/></rubricBlock>'
    page = "<html><head><title>t</title></head><body><h1>鱼</h1><p>一段<object data='p.html' type='text/html'></object></p></body></html>"
    body = item(shown + asks("R", "<prompt>谁？</prompt>"), key("R", "A"))
    found = reading.read(package({"items/i.xml": body, "passages/p.html": page}))
    assert [draft.stem for draft in found.drafts] == ["<p><b>鱼</b></p><p>一段</p>\n谁？"]
    assert lost(found) == ["嵌入的文件未保留（p.html）"]


def test_a_blank_outside_the_words_of_the_stem_is_refused_and_breaks_nothing() -> None:
    hidden = f'<p>写。</p><rubricBlock view="scorer"><p>{written("R")}</p></rubricBlock>'
    signs = f"<p>\u20637\u2063{written('R')}</p>{asks('S')}"
    for body in (hidden, hidden + asks("S"), signs):
        found = reading.read(item(body, key("R", "雪", "string") + key("S", "A")))
        assert [why.code for _draft, why in found.refused] == (["gap_misplaced"] if body is not signs else [])


def test_a_gap_named_twice_is_asked_where_it_stands_first() -> None:
    shown = gap("r_a", "a", label("1", "红"), label("2", "蓝")) + gap("r_b", "b", label("3", "早"), label("4", "晚"))
    found = read_one("<material><mattext>[a]与[a]，[b]</mattext></material>" + shown, right("r_a", "1") + right("r_b", "4"), "")
    assert [draft.stem for draft in found.drafts] == ["（1）_____与[a]，（2）…", "（1）…与[a]，（2）_____"]
