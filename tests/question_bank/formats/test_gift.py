"""GIFT as Moodle and others write it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain.draft import Draft
from question_bank.domain.fault import faults_of
from question_bank.formats import gift, reading
from question_bank.formats.unreadable import Unreadable


def only(text: str) -> Draft:
    drafts, _losses, refused = gift.read(text)
    assert not refused
    (draft,) = drafts
    assert not faults_of(draft)
    return draft


def test_single_choice_with_feedback_for_each_option() -> None:
    draft = only("::Q1:: 谁发明了造纸术？ {=蔡伦 #对 ~毕昇 #印刷术 ~张衡####东汉}")
    assert (draft.type, draft.stem, draft.options, draft.key) == ("single", "谁发明了造纸术？", ("蔡伦", "毕昇", "张衡"), (0,))
    assert (draft.option_explanations, draft.explanation, draft.source) == (("对", "印刷术", ""), "东汉", "Q1")


def test_several_options_with_weights() -> None:
    drafts, losses, _ = gift.read("选偶数 {~%50%2 ~%-50%3 ~%50%4 ~%-50%5}")
    assert (drafts[0].type, drafts[0].key) == ("multiple", (0, 2))
    assert "权重 -50%" in losses[0].what


def test_one_right_option_with_part_points_for_others_names_the_loss() -> None:
    drafts, losses, _ = gift.read("Q {=a ~%50%b ~c}")
    assert (drafts[0].type, drafts[0].key, len(losses)) == ("single", (0,), 1)


@pytest.mark.parametrize(("answer", "key"), [("T", 0), ("TRUE", 0), ("true", 0), ("F", 1), ("FALSE", 1), ("f", 1)])
def test_judgements(answer: str, key: int) -> None:
    draft = only(f"地球是圆的。{{{answer}}}")
    assert (draft.type, draft.options, draft.key) == ("true_false", ("正确", "错误"), (key,))


def test_the_first_feedback_of_a_judgement_is_for_the_wrong_response() -> None:
    assert only("x {T#错了#对了}").option_explanations == ("对了", "错了")
    assert only("x {F#错了#对了}").option_explanations == ("错了", "对了")


def test_escaped_signs_are_words() -> None:
    draft = only(r"2\+2 \= ? 集合 \{1\, 2\} \~ \# \: {=\=4 ~\~5 ~a\nb}".replace(r"\+", "+").replace(r"\,", ","))
    assert draft.stem == "2+2 = ? 集合 {1, 2} ~ # :"
    assert draft.options == ("=4", "~5", "a\nb")


def test_categories_comments_names_and_tags() -> None:
    text = "// 说明\n$CATEGORY: $course$/top/心理健康/危机干预\n\n// [id:crisis-1] [tag:重点]\n::t:: Q {\n// 注释\n=a\n~b\n}\n\n$CATEGORY: 团体\nQ2 {=a ~b}\n"
    first, second = gift.read(text)[0]
    assert (first.topic, first.tags, first.external_id, first.place) == ("危机干预", ("重点", "心理健康"), "crisis-1", "第 5 行")
    assert (second.topic, second.external_id) == ("团体", "")


def test_a_word_missing_in_the_middle_leaves_a_gap() -> None:
    assert only("团体辅导由{=罗杰斯 ~弗洛伊德}提出。").stem == "团体辅导由 _____ 提出。"


def test_html_is_cleaned_and_what_goes_is_named() -> None:
    drafts, losses, _ = gift.read("[html]<p>选<b>一</b></p><script>alert(1)</script><img src\\=x> {=a ~b}")
    assert drafts[0].stem == "<p>选<b>一</b></p>"
    assert {"img", "script"} <= set(losses[0].what.replace("、", " ").split())


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("作文 {}", "type_unsupported"),
        ("多少？{#5:1}", "type_unsupported"),
        ("谁？{=a =b}", "type_unsupported"),
        ("配对 {=a -> 1 =b -> 2}", "type_unsupported"),
        ("Q {=a ~b", "block_unreadable"),
        ("Q {hello}", "block_unreadable"),
        ("Q {=a} {=b}", "block_unreadable"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(block: str, code: str) -> None:
    drafts, _losses, refused = gift.read(f"好题 {{=a ~b}}\n\n{block}\n\n另一题 {{=c ~d}}")
    assert [each.code for _, each in refused] == [code]
    assert refused[0][0].place == "第 3 行"
    assert len(drafts) == (1 if block == "Q {=a ~b" else 2)


def test_a_block_never_closed_does_not_swallow_the_titled_one_after_it() -> None:
    drafts, _losses, refused = gift.read("::a:: Q {=a ~b\n\n::b:: Q2 {=c ~d}")
    assert (len(refused), [draft.source for draft in drafts]) == (1, ["b"])


def test_text_without_an_answer_is_a_loss() -> None:
    assert "说明文字" in gift.read("只是说明\n\nQ {=a ~b}")[1][0].what


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_marks_and_encodings(encoding: str) -> None:
    assert reading.read("::é:: Q {=a ~b}".encode(encoding)).format == "gift"


@given(st.text(alphabet=st.sampled_from("ab=~#{}:%/\\\n \t$TF->[]html5中"), max_size=120))
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    for draft in gift.read(text)[0]:
        faults_of(draft)
    with contextlib.suppress(Unreadable):
        reading.read(text.encode())
