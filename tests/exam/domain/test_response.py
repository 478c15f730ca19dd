"""Responses of every type: what a position takes, and how it is stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.domain.response import LONGEST_TEXT, NONE, Shape, choices_of, fits, letter, shape, shape_of, stored, texts_of
from question_bank.domain.item import ItemContent, ItemType

sizes = st.integers(2, 26)
blanks = st.integers(1, 20)
SHAPES = st.one_of(
    st.builds(Shape, st.sampled_from([ItemType.SINGLE, ItemType.MULTIPLE, ItemType.ORDERING]), sizes),
    st.builds(lambda options, prompts: Shape(ItemType.MATCHING, options, prompts), sizes, sizes),
    st.builds(lambda count: Shape(ItemType.FILL_IN, blanks=count), blanks),
    st.just(Shape(ItemType.SHORT_TEXT)),
)


@given(SHAPES)
def test_one_sign_says_what_a_position_takes(taken: Shape) -> None:
    assert len(letter(taken)) == 1
    assert shape(letter(taken)) == taken


def test_choices_keep_the_letters_they_always_had() -> None:
    assert [letter(shape_of(ItemContent(kind, "", ("",) * 4))) for kind in (ItemType.SINGLE, ItemType.MULTIPLE)] == ["D", "d"]
    assert letter(shape_of(ItemContent(ItemType.TRUE_FALSE, "", ("", "")))) == "B"
    assert shape("B") == Shape(ItemType.SINGLE, 2)


@st.composite
def given_to(draw: st.DrawFn) -> tuple[Shape, tuple[int, ...], tuple[str, ...]]:
    taken = draw(SHAPES)
    match taken.type:
        case ItemType.FILL_IN:
            return taken, (), tuple(draw(st.lists(st.text(max_size=20), min_size=taken.blanks, max_size=taken.blanks)))
        case ItemType.SHORT_TEXT:
            return taken, (), (draw(st.text(max_size=200)),)
        case ItemType.MATCHING:
            return taken, tuple(draw(st.lists(st.integers(NONE, taken.options - 1), min_size=taken.prompts, max_size=taken.prompts))), ()
        case ItemType.ORDERING:
            return taken, tuple(draw(st.permutations(range(taken.options)))), ()
    most = taken.options if taken.type is ItemType.MULTIPLE else 1
    return taken, tuple(sorted(draw(st.sets(st.integers(0, taken.options - 1), max_size=most)))), ()


@given(given_to())
def test_a_response_of_any_type_survives_being_stored(drawn: tuple[Shape, tuple[int, ...], tuple[str, ...]]) -> None:
    taken, choices, texts = drawn
    assert fits(taken, choices, texts)
    value = stored(taken, choices, texts)
    says_nothing = not any(text.strip() for text in texts) and all(choice == NONE for choice in choices)
    assert (value == "") is says_nothing
    assert (choices_of(value), texts_of(value)) == (((), ()) if says_nothing else (choices, texts))


@pytest.mark.parametrize(
    ("taken", "choices", "texts"),
    [
        (Shape(ItemType.SINGLE, 4), (4,), ()),
        (Shape(ItemType.SINGLE, 4), (0, 1), ()),
        (Shape(ItemType.SINGLE, 4), (NONE,), ()),
        (Shape(ItemType.SINGLE, 4), (), ("甲",)),
        (Shape(ItemType.MATCHING, 3, 2), (0,), ()),
        (Shape(ItemType.MATCHING, 3, 2), (0, 3), ()),
        (Shape(ItemType.ORDERING, 3), (0, 1), ()),
        (Shape(ItemType.ORDERING, 3), (0, 1, 1), ()),
        (Shape(ItemType.FILL_IN, blanks=1), (), ("甲", "乙")),
        (Shape(ItemType.FILL_IN, blanks=1), (), ("甲" * 201,)),
        (Shape(ItemType.FILL_IN, blanks=1), (0,), ()),
        (Shape(ItemType.SHORT_TEXT), (), ("字" * (LONGEST_TEXT + 1),)),
        (Shape(ItemType.SHORT_TEXT), (), ("甲", "乙")),
    ],
)
def test_what_an_item_does_not_take_is_refused(taken: Shape, choices: tuple[int, ...], texts: tuple[str, ...]) -> None:
    assert not fits(taken, choices, texts)
    assert fits(taken, (), ())
