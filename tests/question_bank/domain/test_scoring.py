"""Key and response give points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain.item import ItemType, Key
from question_bank.domain.scoring import MultiplePolicy, is_right, score

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


@pytest.mark.parametrize("kind", [ItemType.FILL_IN, ItemType.MATCHING, ItemType.ORDERING, ItemType.SHORT_TEXT])
def test_a_type_without_a_rule_is_never_scored_as_nothing(kind: ItemType) -> None:
    with pytest.raises(ValueError, match="no scoring rule"):
        score(kind, Key(), {0}, 100)
