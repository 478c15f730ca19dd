"""Bigrams, and what every twin of a text must hold."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.domain.likeness import ALIKE, Twins, anchors, bounds, grams, likeness


@given(st.text("甲乙丙丁 戊己x1", max_size=40), st.text("甲乙丙丁 戊己x1", max_size=12), st.integers(0, 40), st.integers(0, 12))
def test_a_twin_holds_one_of_the_anchors_whole(words: str, more: str, at: int, gone: int) -> None:
    asked, other = grams(words), grams(words[:at] + more + words[at + gone :])
    is_twin = Twins([other, asked]).nearest(1) is not None
    assert not is_twin or any(set(held) <= set(other) for held in anchors(asked))
    assert [gram for held in anchors(asked) for gram in held] == list(asked)


@settings(max_examples=500)
@given(st.integers(1, 60), st.randoms(use_true_random=False))
def test_the_look_up_misses_no_twin_however_its_changes_are_scattered(size: int, draw: Random) -> None:
    asked = [f"已{at}" for at in range(size)]
    gone = {draw.choice(held) for held in anchors(asked)[draw.randrange(2) :]}  # one of every group, or of all but one
    more = [f"新{at}" for at in range(draw.choice([0, draw.randint(0, size * 6 // 10)]))]
    other = draw.choice([[gram for gram in asked if gram not in gone], asked]) + more
    fewest, most = bounds(size)
    is_found = fewest <= len(other) <= most and any(set(held) <= set(other) for held in anchors(asked))
    assert is_found or Twins([other, asked]).nearest(1) is None


@given(st.lists(st.text("甲乙丙丁戊己", max_size=14), min_size=1, max_size=20), st.integers(0, 19))
def test_the_nearest_is_the_one_that_comparing_all_finds(words: list[str], first: int) -> None:
    *before, asked = texts = [grams(each) for each in words]
    alike = [(at < first, likeness(asked, other), -at) for at, other in enumerate(before) if asked]
    best = max((each for each in alike if each[1] >= ALIKE), default=None)
    assert Twins(texts).nearest(len(before), first) == (best and (-best[2], best[1]))
