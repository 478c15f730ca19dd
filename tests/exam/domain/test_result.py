"""What a learner reads of her result."""

from hypothesis import given
from hypothesis import strategies as st

from exam.domain.result import FEWEST, OTHERS, TopicScore, joined

TOPICS = st.lists(st.integers(1, 12), max_size=8).map(lambda sizes: tuple(TopicScore(f"t{at}", size, 2 * size, size, size) for at, size in enumerate(sizes)))


@given(TOPICS)
def test_no_group_of_the_profile_has_few_items_and_none_follows_from_the_others(topics: tuple[TopicScore, ...]) -> None:
    told = joined(topics)
    assert all(one.items >= FEWEST for one in told)
    if told:  # nothing is left over that the whole less the told would tell
        for figure in ("points", "of_points", "right", "items"):
            assert sum(getattr(one, figure) for one in told) == sum(getattr(one, figure) for one in topics)
    assert all(one in topics for one in told if one.topic != OTHERS)
    if all(one.items >= FEWEST for one in topics):
        assert told == topics
