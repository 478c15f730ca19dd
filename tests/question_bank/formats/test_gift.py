"""GIFT as Moodle and others write it."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain.draft import Draft
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank
from question_bank.formats import gift, gift_writing, reading
from question_bank.formats.unreadable import Unreadable


def only(text: str) -> Draft:
    read = gift.read(text)
    assert not read.refused
    (draft,) = read.drafts
    assert not faults_of(draft)
    return draft


def test_single_choice_with_feedback_for_each_option() -> None:
    draft = only("::Q1:: 谁发明了造纸术？ {=蔡伦 #对 ~毕昇 #印刷术 ~张衡####东汉}")
    assert (draft.type, draft.stem, draft.options, draft.key) == ("single", "谁发明了造纸术？", ("蔡伦", "毕昇", "张衡"), (0,))
    assert (draft.option_explanations, draft.explanation, draft.source) == (("对", "印刷术", ""), "东汉", "Q1")


def test_several_options_with_weights() -> None:
    read = gift.read("选偶数 {~%50%2 ~%-50%3 ~%50%4 ~%-50%5}")
    assert (read.drafts[0].type, read.drafts[0].key) == ("multiple", (0, 2))
    assert "权重 -50%" in read.losses[0].what
    ours = "// [id:a] [scored:whole]\n选偶数 {{~%50%2 ~%-50%3 ~%{}%4}}"
    assert [len(gift.read(ours.format(share)).losses) for share in (50, 40)] == [0, 1]


def test_one_right_option_with_part_points_for_others_names_the_loss() -> None:
    read = gift.read("Q {=a ~%50%b =%25%d ~c}")
    assert (read.drafts[0].type, read.drafts[0].key, len(read.losses)) == ("single", (0,), 1)


@pytest.mark.parametrize(("answer", "key"), [("T", 0), ("TRUE", 0), ("true", 0), ("F", 1), ("FALSE", 1), ("f", 1)])
def test_every_spelling_of_true_and_false_is_a_judgement(answer: str, key: int) -> None:
    draft = only(f"地球是圆的。{{{answer}}}")
    assert (draft.type, draft.options, draft.key) == ("true_false", ("正确", "错误"), (key,))


def test_the_first_feedback_of_a_judgement_is_for_the_wrong_response() -> None:
    assert only("x {T#错了#对了}").option_explanations == ("对了", "错了")
    assert only("x {F#错了#对了}").option_explanations == ("错了", "对了")


def test_escaped_signs_are_words() -> None:
    draft = only(r"2\+2 \= ? 集合 \{1\, 2\} \~ \# \: {=\=4 ~\~5 ~a\nb}".replace(r"\+", "+").replace(r"\,", ","))
    assert draft.stem == "2+2 = ? 集合 {1, 2} ~ # :"
    assert draft.options == ("=4", "~5", "a\nb")


def test_a_blank_takes_any_of_its_answers() -> None:
    draft = only("二加二等于 {=四 =4#对}。")
    assert (draft.type, draft.stem, draft.blanks) == ("fill_in", "二加二等于 [[1]]。", (Blank(("四", "4")),))
    assert only("谁发明了造纸术？{蔡伦}").blanks == (Blank(("蔡伦",)),)


@pytest.mark.parametrize(
    ("answer", "blank"),
    [
        ("#1822", Blank(("1822",), "0")),
        ("#1822:5", Blank(("1822",), "5")),
        ("#3.141..3.142", Blank(("3.1415",), "0.0005")),
        ("#\n =1822:0 #对\n =%50%1822:2 #近", Blank(("1822",), "0")),
    ],
)
def test_a_number_within_its_margin(answer: str, blank: Blank) -> None:
    assert only(f"哪一年？{{{answer}}}").blanks == (blank,)


def test_pairs_and_an_option_that_matches_none() -> None:
    draft = only("首都 {=中国 -> 北京 =日本->东京 = -> 巴黎}")
    assert (draft.type, draft.prompts, draft.options, draft.key) == ("matching", ("中国", "日本"), ("北京", "东京", "巴黎"), (0, 1))


def test_an_essay_is_left_to_people() -> None:
    assert (only("谈谈你的看法。{}").type, only("谈谈。{####要点}").explanation) == ("short_text", "要点")


def test_formulas_are_formulas_whatever_signs_they_hold() -> None:
    draft = only(r"已知 \\(x<y\\)，$$x^2\=4$$ {=a ~b}")
    assert draft.stem == r"已知 \(x<y\)，\[x^2=4\]"


def test_tags_without_a_markup_are_read_as_moodle_reads_them() -> None:
    assert only("第一行<br>第<b>二</b>行 {=a ~b}").stem == "第一行\n第<b>二</b>行"
    assert only("a < b 且 b > c {=对 ~错}").stem == "a < b 且 b > c"


def test_categories_comments_names_and_tags() -> None:
    text = "// 说明\n$CATEGORY: $course$/top/心理健康/危机干预\n\n// [id:crisis-1] [tag:重点]\n::t:: Q {\n// 注释\n=a\n~b\n}\n\n$CATEGORY: 团体\nQ2 {=a ~b}\n"
    first, second = gift.read(text).drafts
    assert (first.topic, first.tags, first.external_id, first.place) == ("危机干预", ("重点", "心理健康"), "crisis-1", "第 5 行")
    assert (second.topic, second.external_id) == ("团体", "")


def test_a_word_missing_in_the_middle_leaves_a_gap() -> None:
    assert only("团体辅导由{=罗杰斯 ~弗洛伊德}提出。").stem == "团体辅导由_____提出。"


def test_html_is_cleaned_and_what_goes_is_named() -> None:
    read = gift.read("[html]<p>选<b>一</b></p><p>&lt;b&gt;</p><script>alert(1)</script><img src\\=x> {=a ~b}")
    assert read.drafts[0].stem == "<p>选<b>一</b></p><p>&lt;b></p>"
    assert ["脚本" in loss.what or "图片" in loss.what for loss in read.losses] == [True, True]


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("多少？{#五}", "block_unreadable"),
        ("多少？{#=4 =9}", "numbers_unsupported"),
        ("谁？{=%50%a}", "no_full_answer"),
        ("配对 {=a -> 1 =b}", "block_unreadable"),
        ("Q {=a ~b", "block_unreadable"),
        ("Q {=a} {=b}", "block_unreadable"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(block: str, code: str) -> None:
    read = gift.read(f"好题 {{=a ~b}}\n\n{block}\n\n另一题 {{=c ~d}}")
    assert [each.code for _, each in read.refused] == [code]
    assert read.refused[0][0].place == "第 3 行"
    assert len(read.drafts) == 2


@pytest.mark.parametrize("after", ["::b:: Q2 {=c ~d}", "Q2 {=c ~d}", "Q2\n{\n=c\n~d\n}", "$CATEGORY: 二\n\nQ2 {=c ~d}"])
def test_a_block_never_closed_swallows_nothing_after_it(after: str) -> None:
    read = gift.read(f"$CATEGORY: 一\n\nQ0 {{\n=a\n\n~b}}\n\n::a:: Q {{=a ~b\n\n{after}\n\nQ3 {{T}}")
    assert [(each.place, fault.code) for each, fault in read.refused] == [("第 8 行", "block_unreadable")]
    assert [(draft.place, draft.type, draft.stem, draft.key) for draft in read.drafts] == [
        ("第 3 行", "single", "Q0", (0,)),
        (f"第 {12 if after[0] == '$' else 10} 行", "single", "Q2", (0,)),
        (f"第 {12 + after.count(chr(10))} 行", "true_false", "Q3", (0,)),
    ]
    assert read.drafts[-1].topic == ("二" if after[0] == "$" else "一")


@pytest.mark.parametrize("words", ["一件 $5，两件呢？ {}", "[html]$ {TRUE ####$}", "值 $5 吗 {T#因为 $6}"])
def test_a_price_before_the_brace_opens_no_formula(words: str) -> None:
    assert reading.read(words.encode()).format == "gift"


def test_braces_between_the_dollars_of_a_formula_are_its_own() -> None:
    assert reading.read("1. 面积 $S {T}$ 是（ ）\nA. 一\nB. 二\n答案：A".encode()).format == "text"


def test_text_without_an_answer_is_a_loss() -> None:
    assert "说明文字" in gift.read("只是说明\n\nQ {=a ~b}").losses[0].what


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_marks_and_encodings(encoding: str) -> None:
    assert reading.read("::é:: Q {=a ~b}".encode(encoding)).format == "gift"


@given(st.text(alphabet=st.sampled_from("ab=~#{}:%/\\\n \t$TF->[]html5中"), max_size=120))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    for draft in gift.read(text).drafts:
        faults_of(draft)
    with contextlib.suppress(Unreadable):
        reading.read(text.encode())


def test_as_many_comments_as_a_large_bank_has_items_hide_nothing() -> None:
    comments = "".join(f"// 试题-{number}：认知层次、难度未写入\n" for number in range(9_000))
    assert reading.read(f"\ufeff{comments}\nQ {{=a ~b}}\n".encode()).format == "gift"
    drafts = [Draft(external_id=f"q{number}", type="single", stem=f"第 {number} 题", options=("甲", "乙"), key=(0,), level="apply") for number in range(50)]
    preface = [line for line in gift_writing.write(drafts).decode().splitlines() if line.startswith("//") and "未写入" in line]
    assert [line.partition("：")[2][:11] for line in preface] == ["50 题，q0、q1、"]
    assert preface[0].endswith("q19等")


def test_remarks_behind_a_title_and_inside_the_braces() -> None:
    draft = reading.read("// [tag:a]\n::题:: // 题名后的说明\n这句话不对。\n{ // 答案前\n  F // 答案后\n}\n".encode()).drafts[0]
    assert (draft.type, draft.stem, draft.key, draft.source, draft.tags) == ("true_false", "这句话不对。", (1,), "题", ("a",))


@pytest.mark.parametrize("answers", ["{#3:2~#Completely wrong}", "{#\n=3:2\n~#Completely wrong}", "{#\n=3:2\n~*#no\n=%0%*#no}"])
def test_what_is_told_of_every_other_number_is_no_answer(answers: str) -> None:
    found = reading.read(f"1 到 5 之间的数？ {answers}\n".encode())
    assert (found.drafts[0].blanks, found.refused) == ((Blank(("3",), "2"),), ())
    assert any("反馈" in loss.what for loss in found.losses)


def test_the_line_to_fill_is_the_blank() -> None:
    assert reading.read("_____ 是首都。{=北京}\n".encode()).drafts[0].stem == "[[1]] 是首都。"


@pytest.mark.parametrize("block", ["q {~" + "=" * 60_000 + "}", "//" + "[id:" * 60_000 + "\nq {T}"], ids=["answers", "names"])
def test_a_block_of_nothing_but_signs_takes_no_longer_than_its_length(block: str) -> None:
    begun = time.process_time()
    gift.read(block)
    assert time.process_time() - begun < 10, "a second at most; with the square of the length, half a minute"
