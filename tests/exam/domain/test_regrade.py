"""What responses are worth under corrections."""

import pytest

from exam.domain.regrade import AnswerUnfit, Correction, Effect, correction, right_keys, worth
from question_bank.domain.item import Blank, ItemType, Key
from question_bank.domain.scoring import MultiplePolicy

KEY = Key(blanks=(Blank(("3.1",), "0.05"), Blank(("恒温",)), Blank(("10",), "1")))


def points(made: Correction, *texts: str) -> int | None:
    return worth(ItemType.FILL_IN, KEY, [made], (), 300, texts=texts, policy=MultiplePolicy.ALL_OR_NOTHING)


def test_a_further_number_of_a_blank_with_a_tolerance_has_the_tolerance_too_beside_every_other_blank() -> None:
    made = correction(Effect.ACCEPT, "3.2；变温；20|30", ItemType.FILL_IN, KEY, 0)
    assert len(right_keys(KEY, [made])) == 6
    for texts in (("3.20", "变温", "29.5"), ("3.24", "恒温", "10"), ("3.06", "变温", "21")):
        assert points(made, *texts) == 300, texts
    assert points(made, "3.3", "变温", "15") == 100


@pytest.mark.parametrize("effect", [Effect.ACCEPT, Effect.REPLACE])
def test_a_blank_with_a_tolerance_takes_numbers_only(effect: Effect) -> None:
    with pytest.raises(AnswerUnfit):
        correction(effect, "abc；变温；", ItemType.FILL_IN, KEY, 0)
    assert correction(effect, "；变温；", ItemType.FILL_IN, KEY, 0).blanks == ((), ("变温",), ())
