"""What keeps a draft from becoming an item is told before anything is written."""

from dataclasses import replace

import pytest

from question_bank.domain.draft import MAX_EXPLANATION, MAX_SOURCE, Draft
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank

CHOICE = Draft(external_id="a", type="single", stem="题干", options=("甲", "乙"), key=(0,))
FILL_IN = Draft(external_id="b", type="fill_in", stem="题干[[1]]", blanks=(Blank(("答案",)),))
MATCHING = Draft(external_id="c", type="matching", stem="题干", options=("甲", "乙"), prompts=("一", "二"), key=(0, 1))
SHORT = Draft(external_id="d", type="short_text", stem="题干", model="要点")


@pytest.mark.parametrize(
    ("draft", "codes"),
    [
        (CHOICE, []),
        (replace(CHOICE, source="源" * MAX_SOURCE, explanation="解" * MAX_EXPLANATION), []),
        (replace(CHOICE, source="源" * (MAX_SOURCE + 1)), ["source_too_long"]),
        (replace(CHOICE, explanation="解" * (MAX_EXPLANATION + 1)), ["explanation_too_long"]),
        (replace(CHOICE, option_explanations=("解" * (MAX_EXPLANATION + 1), "")), ["explanation_too_long"]),
        (replace(SHORT, model="解" * (MAX_EXPLANATION + 1)), ["explanation_too_long"]),
        (replace(SHORT, model="要\x00点"), ["control_characters"]),
        (replace(FILL_IN, blanks=(Blank(("答\x01案",)),)), ["control_characters"]),
        (replace(MATCHING, prompts=("一", "二\ud800")), ["control_characters"]),
    ],
)
def test_what_no_column_holds_is_a_fault_with_its_field(draft: Draft, codes: list[str]) -> None:
    assert [each.code for each in faults_of(draft)] == codes
