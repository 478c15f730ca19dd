"""Export and import again."""

import io
import zipfile
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.domain.draft import Draft, tidy
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank, Criterion, ItemType
from question_bank.formats import reading, workbook_writing

words = st.text(alphabet=st.sampled_from("甲乙丙 =+-@A.1、,;|\n<b>_x0041_'\"&正确错误"), min_size=1, max_size=20)
blank = st.one_of(
    st.builds(
        Blank, st.lists(st.text(alphabet="甲乙3kmh /;；|或±、,\\", min_size=1, max_size=6), min_size=1, max_size=3).map(tuple), case_matters=st.booleans()
    ),
    st.builds(Blank, st.sampled_from([("3.14",), ("-2", "负二")]), st.sampled_from(["0.01", "0"])),
)
criteria = st.builds(Criterion, st.text(alphabet="甲乙3 （）：:.分", min_size=1, max_size=9), st.sampled_from([50, 400, 999_999]))


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    kind = draw(st.sampled_from(list(ItemType)))
    options = draw(st.lists(words, min_size=2, max_size=8)) if kind not in {ItemType.FILL_IN, ItemType.SHORT_TEXT} else []
    options = ["正确", "错误"] if kind is ItemType.TRUE_FALSE else options
    prompts = draw(st.lists(words, min_size=2, max_size=4)) if kind is ItemType.MATCHING else []
    stem, blanks = draw(words), tuple[Blank, ...]()
    if kind is ItemType.FILL_IN:
        blanks = tuple(draw(st.lists(blank, min_size=1, max_size=3)))
        stem += "".join(f"[[{number}]]" for number in range(1, len(blanks) + 1))
    match kind:
        case ItemType.MATCHING:
            key = draw(st.lists(st.integers(0, len(options) - 1), min_size=len(prompts), max_size=len(prompts)))
        case ItemType.ORDERING:
            key = draw(st.permutations(range(len(options))))
        case _:
            key = (
                sorted(draw(st.sets(st.integers(0, len(options) - 1), min_size=1, max_size=len(options) if kind is ItemType.MULTIPLE else 1)))
                if options
                else []
            )
    return tidy(
        Draft(
            external_id=draw(st.sampled_from(["", "crisis-1", "=1+1"])),
            type=kind,
            stem=stem,
            options=tuple(options),
            option_explanations=tuple(draw(st.lists(st.one_of(st.just(""), words), min_size=len(options), max_size=len(options)))),
            key=tuple(key),
            by_pairs=draw(st.booleans()),
            prompts=tuple(prompts),
            blanks=blanks,
            model=draw(words) if kind is ItemType.SHORT_TEXT else "",
            rubric=tuple(draw(st.lists(criteria, max_size=3))) if kind is ItemType.SHORT_TEXT else (),
            explanation=draw(words),
            topic=draw(st.sampled_from(["", "危机", "+topic"])),
            level=draw(st.sampled_from(["", "apply", "remember"])),
            difficulty=draw(st.sampled_from([0.0, 1.0, 0.5, 0.37, 0.1])),
            points=draw(st.sampled_from([None, 50, 200])),
            pool=draw(st.sampled_from(["", "exam", "practice"])),
            tags=tuple(draw(st.lists(words, max_size=2))),
            source=draw(st.one_of(st.just(""), words)),
        )
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(drafts().filter(lambda draft: not faults_of(draft)), min_size=1, max_size=5))
def test_what_is_exported_comes_back_as_it_was(written: list[Draft]) -> None:
    content = workbook_writing.write_items(written)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    found = [replace(draft, place="", key_text="", difficulty_text="") for draft in reading.read(content).drafts]
    assert found == [replace(draft, place="", key_text="", difficulty_text="") for draft in written]


def test_a_cell_beyond_what_excel_holds_stays_empty_and_is_named() -> None:
    accepted = tuple(f"{number:04}" + "长" * 190 for number in range(180))
    long, short = (Draft(external_id=name, type="fill_in", stem="空[[1]]", blanks=(Blank(texts),)) for name, texts in (("长", accepted), ("短", accepted[:2])))
    assert [(loss.place, loss.what) for loss in workbook_writing.losses([long, short])] == [("长", "超过 Excel 单元格 32767 字上限的内容未写入")]
    found = reading.read(workbook_writing.write_items([long, short]))
    assert [[blank.accepted for blank in draft.blanks] for draft in found.drafts] == [[], [accepted[:2]]]
