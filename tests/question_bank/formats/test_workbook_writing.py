"""Export and import again."""

import io
import zipfile
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.domain.draft import Draft, tidy
from question_bank.domain.fault import faults_of
from question_bank.formats import reading, workbook_writing

words = st.text(alphabet=st.sampled_from("甲乙丙 =+-@A.1、,;|\n<b>_x0041_'\"&正确错误"), min_size=1, max_size=20)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    kind = draw(st.sampled_from(["single", "multiple", "true_false"]))
    options = ["正确", "错误"] if kind == "true_false" else draw(st.lists(words, min_size=2, max_size=8))
    key = draw(st.sets(st.integers(0, len(options) - 1), min_size=1, max_size=len(options) if kind == "multiple" else 1))
    return tidy(
        Draft(
            external_id=draw(st.sampled_from(["", "crisis-1", "=1+1"])),
            type=kind,
            stem=draw(words),
            options=tuple(options),
            option_explanations=tuple(draw(st.lists(st.one_of(st.just(""), words), min_size=len(options), max_size=len(options)))),
            key=tuple(sorted(key)),
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


@settings(max_examples=40, deadline=None)
@given(st.lists(drafts().filter(lambda draft: not faults_of(draft)), min_size=1, max_size=5))
def test_what_is_exported_comes_back_as_it_was(written: list[Draft]) -> None:
    content = workbook_writing.write_items(written)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    found = [replace(draft, place="", key_text="", difficulty_text="") for draft in reading.read(content).drafts]
    assert found == [replace(draft, place="", key_text="", difficulty_text="") for draft in written]
