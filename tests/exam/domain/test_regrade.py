"""What responses are worth under corrections."""

from collections.abc import Sequence

import pytest

from exam.domain.regrade import AnswerUnfit, Correction, Effect, correction, right_keys, worth
from question_bank.domain.item import Blank, ItemType, Key
from question_bank.domain.scoring import MultiplePolicy

KEY = Key(blanks=(Blank(("3.1",), "0.05"), Blank(("恒温",)), Blank(("10",), "1")))


def points(made: Sequence[Correction], *texts: str) -> int | None:
    return worth(ItemType.FILL_IN, KEY, made, (), 300, texts=texts, policy=MultiplePolicy.ALL_OR_NOTHING)


def test_a_further_number_of_a_blank_with_a_tolerance_has_the_tolerance_too_beside_every_other_blank() -> None:
    made = correction(Effect.ACCEPT, "3.2；变温；20|30", ItemType.FILL_IN, KEY, 0)
    assert len(right_keys(KEY, [made])) == 3
    for texts in (("3.20", "变温", "29.5"), ("3.24", "恒温", "10"), ("3.06", "变温", "21")):
        assert points([made], *texts) == 300, texts
    assert points([made], "3.3", "变温", "15") == 100


def test_many_numbers_in_many_blanks_are_judged_one_blank_at_a_time() -> None:
    key = Key(blanks=(Blank(("1",), "0.1"),) * 3)
    made = [Correction(Effect.ACCEPT, blanks=(tuple(str(number) for number in range(at, at + 9)),) * 3) for at in (2, 11)]
    assert len(right_keys(key, made)) == 19, "not 19 to the power of 3"
    for texts, wanted in ((("1", "19.1", "3.05"), 300), (("2", "18", "25"), 200), (("11",), 100)):
        assert worth(ItemType.FILL_IN, key, made, (), 300, texts=texts, policy=MultiplePolicy.ALL_OR_NOTHING) == wanted, texts


def test_a_blank_that_another_key_leaves_as_it_is_keeps_the_further_numbers_it_was_given() -> None:
    made = [correction(effect, written, ItemType.FILL_IN, KEY, 0) for effect, written in ((Effect.ACCEPT, "3.2；；20|30"), (Effect.REPLACE, "；变温；15"))]
    assert points(made, "3.24", "变温", "15") == points(made, "3.1", "变温", "16") == 300
    assert points(made, "3.2", "恒温", "20") == 100, "what was replaced is gone, the further numbers with it"


def test_each_of_several_numbers_has_the_tolerance_whether_they_stand_beside_the_key_or_in_its_place() -> None:
    for effect, first in ((Effect.ACCEPT, 300), (Effect.REPLACE, 200)):
        made = [correction(effect, "3.2|3.4；；", ItemType.FILL_IN, KEY, 0)]
        assert [points(made, text, "恒温", "10") for text in ("3.1", "3.2", "3.24", "3.40", "3.44", "3.5")] == [first, 300, 300, 300, 300, 200], effect


@pytest.mark.parametrize("effect", [Effect.ACCEPT, Effect.REPLACE])
def test_a_blank_with_a_tolerance_takes_numbers_only(effect: Effect) -> None:
    with pytest.raises(AnswerUnfit):
        correction(effect, "abc；变温；", ItemType.FILL_IN, KEY, 0)
    assert correction(effect, "；变温；", ItemType.FILL_IN, KEY, 0).blanks == ((), ("变温",), ())
