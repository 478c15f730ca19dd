"""Players report less often the busier the server is, and before anything is refused."""

from hypothesis import given
from hypothesis import strategies as st

from lms.kernel.permissions import Priority
from lms.kernel.shedding import refused_share
from media.domain.reporting import LONGEST, SECONDS, next_seconds
from media.store.load import JUST_NOW

BUSY = st.floats(0, 1)


@given(busy=BUSY, more=BUSY)
def test_ov_03_the_interval_grows_before_any_class_is_refused(busy: float, more: float) -> None:
    assert next_seconds(min(busy, more)) <= next_seconds(max(busy, more))
    assert next_seconds(0) == SECONDS
    if any(refused_share(one, busy) for one in Priority):
        assert next_seconds(busy) == LONGEST


def test_whoever_reports_as_seldom_as_asked_still_counts_as_watching() -> None:
    assert JUST_NOW.total_seconds() > LONGEST
