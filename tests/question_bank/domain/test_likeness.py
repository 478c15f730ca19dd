"""Bigrams, and what every twin of a text must hold."""

from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain.likeness import Twins, anchors, grams


@given(st.text("甲乙丙丁 戊己x1", max_size=40), st.text("甲乙丙丁 戊己x1", max_size=12), st.integers(0, 40), st.integers(0, 12))
def test_a_twin_holds_one_of_the_anchors_whole(words: str, more: str, at: int, gone: int) -> None:
    asked, other = grams(words), grams(words[:at] + more + words[at + gone :])
    is_twin = Twins(["other"], [other]).nearest([asked]) != [None]
    assert not is_twin or any(set(held) <= set(other) for held in anchors(asked))
    assert [gram for held in anchors(asked) for gram in held] == list(asked)
