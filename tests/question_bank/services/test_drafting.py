"""Drafts and stored versions, there and back."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain.draft import Draft, tidy
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank, ItemType
from question_bank.domain.review import Status
from question_bank.domain.version import NewVersion, Version
from question_bank.services.drafting import drafted, stored

words = st.text(alphabet=st.sampled_from("情绪调节abc<>&;.1-"), min_size=1, max_size=8).map(lambda text: f"甲{text}乙")
different = st.lists(words, min_size=2, max_size=5, unique_by=lambda word: word.casefold())
numbers = st.decimals(min_value=-1000, max_value=1000, places=2).map(str)
blanks = st.one_of(
    st.builds(Blank, st.lists(words, min_size=1, max_size=3, unique=True).map(tuple), case_matters=st.booleans()),
    st.builds(lambda number, within: Blank((number,), within), numbers, st.sampled_from(["0", "0.5", "1e-3"])),
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    kind = draw(st.sampled_from(ItemType))
    options: tuple[str, ...] = ("正确", "错误") if kind is ItemType.TRUE_FALSE else tuple(draw(different))
    at = st.integers(0, len(options) - 1)
    stem, more = draw(words), dict[str, Any]()
    match kind:
        case ItemType.FILL_IN:
            more = {"blanks": tuple(draw(st.lists(blanks, min_size=1, max_size=3)))}
            stem += "".join(f"[[{number}]]" for number in range(1, len(more["blanks"]) + 1))
        case ItemType.SHORT_TEXT:
            more = {"model": draw(words)}
        case ItemType.MATCHING:
            prompts = draw(different)
            more = {"options": options, "prompts": tuple(prompts), "key": tuple(draw(st.lists(at, min_size=len(prompts), max_size=len(prompts))))}
        case ItemType.ORDERING:
            more = {"options": options, "key": tuple(draw(st.permutations(range(len(options)))))}
        case ItemType.MULTIPLE:
            more = {"options": options, "key": tuple(draw(st.lists(at, min_size=1, unique=True)))}
        case _:
            more = {"options": options, "key": (draw(at),)}
    draft = tidy(Draft(external_id="x", type=kind, stem=stem, explanation=draw(words), topic="情绪", level="apply", pool="exam", tags=("标签",), **more))
    # The notation as the bank writes it: `&lt;` where a `<` might open a tag.
    return canonical(draft)


def canonical(draft: Draft) -> Draft:
    return drafted(as_version(stored(draft), draft))


def as_version(new: NewVersion, draft: Draft) -> Version:
    return Version(
        item_id=1, version_id=1, bank_id=1, external_id=draft.external_id, number=1, status=Status.DRAFT, author_id=None, authors=frozenset(),
        created_at=datetime(2026, 11, 22, tzinfo=UTC), is_latest=True, is_approved=False, content=new.content, key=new.key, explanation=new.explanation,
        topic=new.topic, level=new.level, difficulty=new.difficulty, points=new.points, tags=new.tags, source=new.source, pool=draft.pool or None,
        enemies=draft.enemies,
    )  # fmt: skip


@given(drafts())
def test_a_stored_draft_of_any_type_comes_back_as_it_was(draft: Draft) -> None:
    assert not faults_of(draft)
    new = stored(draft)
    assert canonical(draft) == draft
    assert stored(canonical(draft)).digest == new.digest
    assert new.content.blanks == len(new.key.blanks)
