"""Key and response give points."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain.item import Blank, ItemType, Key
from question_bank.domain.scoring import MultiplePolicy, fits, is_right, score, shares

positions = st.sets(st.integers(0, 7))
keys = st.sets(st.integers(0, 7), min_size=1).map(lambda chosen: Key(tuple(sorted(chosen))))
kinds = st.sampled_from([ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE])


@given(kinds, keys, positions, st.integers(0, 10_000), st.sampled_from(MultiplePolicy))
def test_points_are_whole_and_between_nothing_and_everything(kind: ItemType, key: Key, response: set[int], points: int, policy: MultiplePolicy) -> None:
    found = score(kind, key, response, points, policy)
    assert isinstance(found, int)
    assert 0 <= found <= points
    if is_right(kind, key, response):
        assert found == points
    elif policy is MultiplePolicy.ALL_OR_NOTHING or kind is not ItemType.MULTIPLE:
        assert found == 0


@given(keys, positions, st.integers(1, 10_000), st.sampled_from([MultiplePolicy.HALF_WHEN_INCOMPLETE, MultiplePolicy.SHARE_WHEN_INCOMPLETE]))
def test_a_wrong_option_takes_everything_where_only_incomplete_responses_count(key: Key, response: set[int], points: int, policy: MultiplePolicy) -> None:
    if response - set(key.options):
        assert score(ItemType.MULTIPLE, key, response, points, policy) == 0


@given(keys, positions, st.integers(0, 10_000))
def test_the_order_of_the_response_does_not_count(key: Key, response: set[int], points: int) -> None:
    assert score(ItemType.MULTIPLE, key, sorted(response), points) == score(ItemType.MULTIPLE, key, sorted(response, reverse=True), points)


@pytest.mark.parametrize(
    ("policy", "response", "expected"),
    [
        (MultiplePolicy.ALL_OR_NOTHING, {0, 1}, 0),
        (MultiplePolicy.HALF_WHEN_INCOMPLETE, {0, 1}, 100),
        (MultiplePolicy.SHARE_WHEN_INCOMPLETE, {0, 1}, 133),
        (MultiplePolicy.RIGHT_MINUS_WRONG, {0, 1, 4}, 66),
        (MultiplePolicy.RIGHT_MINUS_WRONG, {3, 4}, 0),
        (MultiplePolicy.SHARE_WHEN_INCOMPLETE, set(), 0),
    ],
)
def test_incomplete_responses_follow_the_policy(policy: MultiplePolicy, response: set[int], expected: int) -> None:
    assert score(ItemType.MULTIPLE, Key((0, 1, 2)), response, 200, policy) == expected


NUMBER = Blank(("3.14", "π"), "0.005")


@pytest.mark.parametrize(
    ("blank", "text", "right"),
    [
        (Blank(("心理 健康", "精神健康")), "心理健康", True),
        (Blank(("心理健康",)), "心里健康", False),
        (Blank(("DNA",)), "ｄｎａ ", True),
        (Blank(("DNA",), case_matters=True), "dna", False),
        (Blank(("DNA",), case_matters=True), " ＤＮＡ", True),
        (Blank(("0",)), "", False),
        (NUMBER, "3.145", True),
        (NUMBER, "3.1450000000000000000000000000000000001", False),
        (NUMBER, "3.135", True),
        (NUMBER, "３．１４", True),
        (NUMBER, "Π", True),
        (NUMBER, "约3.14", False),
        (Blank(("-1,000",), "0"), "−1000.0", True),
        (Blank(("1e3",), "0"), "1000", True),
    ],
)
def test_a_blank_takes_what_means_the_same(blank: Blank, text: str, right: bool) -> None:
    assert fits(blank, text) is right


def test_the_tolerance_is_shown_behind_the_number_that_has_it() -> None:
    assert NUMBER.texts() == ("3.14 ± 0.005", "π")
    exact = Blank(("3", "三"), "0")
    assert (exact.texts(), exact.texts(exact=True), Blank(("三",)).texts(exact=True)) == (("3", "三"), ("3 ± 0", "三"), ("三",))


@given(st.integers(0, 100_000), st.integers(1, 30))
def test_shares_add_up_exactly_and_differ_by_a_hundredth_at_most(points: int, parts: int) -> None:
    found = shares(points, parts)
    assert sum(found) == points
    assert max(found) - min(found) <= 1


matched = st.integers(2, 6).flatmap(lambda width: st.tuples(*[st.lists(st.integers(low, width - 1), min_size=width, max_size=width) for low in (0, -1)]))


@given(matched, st.integers(0, 10_000))
def test_matching_gives_the_shares_of_the_right_pairs(drawn: tuple[list[int], list[int]], points: int) -> None:
    wanted, given_options = drawn
    key = Key(tuple(wanted))
    found = score(ItemType.MATCHING, key, given_options, points)
    assert found == sum(part for part, one, other in zip(shares(points, len(wanted)), wanted, given_options, strict=True) if one == other)
    assert score(ItemType.MATCHING, key, wanted, points) == points
    assert is_right(ItemType.MATCHING, key, given_options) is (wanted == given_options)
    assert score(ItemType.MATCHING, key, (), points) == 0


@given(st.permutations(range(5)), st.permutations(range(5)), st.integers(0, 10_000))
def test_ordering_is_all_or_nothing_unless_neighbours_count(wanted: list[int], response: list[int], points: int) -> None:
    key = Key(tuple(wanted))
    assert score(ItemType.ORDERING, key, response, points) == (points if wanted == response else 0)
    neighbours = replace(key, by_pairs=True)
    by_pairs = score(ItemType.ORDERING, neighbours, response, points)
    assert by_pairs is not None
    assert 0 <= by_pairs <= points
    assert score(ItemType.ORDERING, neighbours, wanted, points) == points
    assert score(ItemType.ORDERING, neighbours, response[:4], points) == 0
    assert is_right(ItemType.ORDERING, key, response) is (wanted == response)


def test_the_last_two_swapped_keep_two_pairs_of_four() -> None:
    assert score(ItemType.ORDERING, Key((0, 1, 2, 3, 4), by_pairs=True), (0, 1, 2, 4, 3), 400) == 200


def test_fill_in_gives_a_share_for_each_blank() -> None:
    key = Key(blanks=(Blank(("甲",)), Blank(("乙",)), Blank(("丙",))))
    assert score(ItemType.FILL_IN, key, (), 100, texts=("甲", "", "丙")) == 34 + 33
    assert score(ItemType.FILL_IN, key, (), 100, texts=("甲",)) == 34
    assert is_right(ItemType.FILL_IN, key, (), ("甲", "乙", "丙")) is True
    assert is_right(ItemType.FILL_IN, key, (), ()) is False


def test_a_short_text_awaits_people_unless_it_is_empty() -> None:
    assert score(ItemType.SHORT_TEXT, Key(), (), 500, texts=("先倾听，再……",)) is None
    assert is_right(ItemType.SHORT_TEXT, Key(), (), ("先倾听",)) is None
    assert score(ItemType.SHORT_TEXT, Key(), (), 500, texts=(" \n",)) == 0
    assert is_right(ItemType.SHORT_TEXT, Key(), (), ()) is False
