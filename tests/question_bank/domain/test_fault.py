"""What keeps a draft from becoming an item is told before anything is written."""

from dataclasses import replace

import pytest

from question_bank.domain.draft import MAX_EXPLANATION, MAX_SOURCE, Draft, said_key
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


@pytest.mark.parametrize(
    ("draft", "stored"),
    [
        (
            Draft(type="single", stem="Which WORD　is right… ①?", options=("iPhone 15", "x² + 1", "最大。")),
            "89d8a6a99fd7d0848042b204eb1b50d5ea4c42b80f8851b6297710156b5d783a",
        ),
        (
            Draft(type="matching", stem="配 对", options=("Ａ b", "c"), prompts=("Ⅳ", "may be")),
            "6bba1a95bda5dbc08de9e007e173714415f42b7b95242928941f257cc3295b9c",
        ),
    ],
)
def test_a_filled_bank_knows_its_items_again_by_the_hashes_it_holds(draft: Draft, stored: str) -> None:
    assert draft.content_hash == stored
    assert draft.content_hash is draft.content_hash  # a large import asks for it often


def test_options_that_differ_by_case_or_height_only_are_told_apart_and_so_are_their_keys() -> None:
    draft = replace(CHOICE, options=("x²", "x2", "X2"))
    assert faults_of(draft) == ()
    assert draft.content_hash != replace(draft, options=("x²", "x₂", "X2")).content_hash
    assert said_key(draft) != said_key(replace(draft, key=(1,)))
    assert said_key(replace(CHOICE, options=("iphone", "乙"))) == said_key(replace(CHOICE, options=("iPhone", "乙")))
