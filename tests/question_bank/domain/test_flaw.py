"""Warnings for flaws of item writing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain.draft import Draft
from question_bank.domain.flaw import FLAWS, flaws_of

GOOD = Draft(type="single", stem="先做什么？", options=("倾听学生", "批评学生", "通知家长", "不予理会"), key=(0,), explanation="先倾听。")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"explanation": ""}, "no_explanation"),
        ({"option_explanations": ("因为", "", "", "")}, "option_unexplained"),
        ({"options": ("先单独倾听学生并且如实记录他说的话", "批评学生", "通知家长", "不予理会")}, "longest_is_key"),
        ({"options": ("倾听学生", "批评学生", "通知家长", "以上都是")}, "all_of_the_above"),
        ({"options": ("倾听学生", "批评学生", "批评学生。", "不予理会")}, "options_repeated"),
        ({"stem": "下列不正确的是"}, "negative_unmarked"),
        ({"options": ("倾听学生", "一定批评", "通知家长", "不予理会")}, "absolute_words"),
        ({"type": "multiple"}, "one_key_in_multiple"),
        ({"type": "multiple", "key": (0, 1, 2, 3)}, "all_keys"),
        ({"options": ("班主任应当倾听", "班主任应当批评", "班主任应当通知")}, "stem_repeated_in_options"),
    ],
)
def test_each_flaw_is_found_where_it_is(changed: dict[str, object], code: str) -> None:
    assert flaws_of(GOOD) == ()
    assert code in flaws_of(replace(GOOD, **changed))  # type: ignore[arg-type]


def test_a_marked_negative_is_fine() -> None:
    assert "negative_unmarked" not in flaws_of(replace(GOOD, stem="下列<b>不正确</b>的是"))


@given(
    st.builds(
        Draft,
        type=st.sampled_from(["single", "multiple", "true_false", "?"]),
        stem=st.text(),
        options=st.lists(st.text(), max_size=8).map(tuple),
        key=st.lists(st.integers(0, 9), max_size=4).map(tuple),
    )
)
def test_any_draft_can_be_looked_at(draft: Draft) -> None:
    assert set(flaws_of(draft)) <= set(FLAWS)


def test_a_key_where_most_keys_stand_and_a_picture_without_words_are_told() -> None:
    usual = Draft(type="single", stem=f"看![](picture:{'0' * 64})", options=("甲", "乙", "丙", "丁"), key=(2,), explanation="因为")
    assert {"key_often_here", "picture_without_words"} <= set(flaws_of(usual, {0: 5, 1: 5, 2: 20, 3: 5}))
    assert "key_often_here" not in flaws_of(usual, {0: 10, 1: 9, 2: 12, 3: 9})
    assert "key_often_here" not in flaws_of(usual, {2: 8})
    assert "picture_without_words" not in flaws_of(Draft(type="single", stem=f"看![红灯](picture:{'0' * 64})"))
