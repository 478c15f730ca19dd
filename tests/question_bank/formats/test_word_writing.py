"""A paper written for Word, and read again."""

import io
import re
import time
from dataclasses import replace

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from question_bank.domain.draft import Draft, tidy
from question_bank.domain.exchange import Picture
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank, ItemType
from question_bank.formats import formula, picture, reading, word_formula, word_formula_writing, word_writing

OFFICE_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"

# Everything by which papers mark their parts, inside the words.
MARKS = [*"甲乙丙AB1.、（）()：:√ ", "\n", "A．", "1．", "答案：", "【解析】", "一、单选题", "____", "（ B ）", "[多选]", "（2分）", "1-5 ABCDD"]
words = st.lists(st.sampled_from(MARKS), min_size=1, max_size=8).map(lambda parts: re.sub(" +\n", "\n", "".join(parts)))
RICH = [r"若 \(x_1 = \frac{1}{2}\)，则", "是<b>不</b>对的 H<sub>2</sub>O", "a<b 且 b>c & d", "前<table><tr><td>甲</td><td>乙</td></tr></table>"]
rich = st.one_of(words, st.sampled_from(RICH))
one_blank = st.one_of(
    st.sampled_from(["北京", "3/4", "a;b", "或许"]).map(lambda text: Blank((text,))),
    st.sampled_from([("pH",), ("Na", "na+")]).map(lambda accepted: Blank(accepted, case_matters=True)),
    st.sampled_from([("3.14", "0.01"), ("-2", "0"), ("0.5", "0.25")]).map(lambda number: Blank((number[0],), number[1])),
)
blanks_of = st.lists(one_blank, min_size=1, max_size=3).map(tuple)
LISTED = frozenset({ItemType.SINGLE, ItemType.MULTIPLE, ItemType.ORDERING, ItemType.MATCHING})


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    kind = draw(st.sampled_from(list(ItemType)))
    options = draw(st.lists(rich, min_size=2, max_size=5)) if kind in LISTED else []
    options = ["正确", "错误"] if kind is ItemType.TRUE_FALSE else options
    blanks = draw(blanks_of) if kind is ItemType.FILL_IN else ()
    prompts = draw(st.lists(rich, min_size=2, max_size=4)) if kind is ItemType.MATCHING else []
    key: list[int] = []
    if kind is ItemType.ORDERING:
        key = draw(st.permutations(range(len(options))))
    elif prompts:
        key = draw(st.lists(st.integers(0, len(options) - 1), min_size=len(prompts), max_size=len(prompts)))
    elif options:
        key = sorted(draw(st.sets(st.integers(0, len(options) - 1), min_size=1, max_size=len(options) if kind is ItemType.MULTIPLE else 1)))
    return tidy(
        Draft(
            external_id=draw(st.sampled_from(["", "crisis-1"])),
            type=kind,
            stem=draw(rich) + "，".join(f"空[[{number}]]" for number in range(1, len(blanks) + 1)),
            options=tuple(options),
            option_explanations=tuple(draw(st.lists(st.one_of(st.just(""), words), min_size=len(options), max_size=len(options)))) if kind.chooses else (),
            key=tuple(key),
            by_pairs=kind is ItemType.ORDERING and draw(st.booleans()),
            prompts=tuple(prompts),
            blanks=blanks,
            model=draw(rich) if kind is ItemType.SHORT_TEXT else "",
            explanation=draw(st.one_of(st.just(""), rich)),
            topic=draw(st.sampled_from(["", "危机"])),
            level=draw(st.sampled_from(["", "apply"])),
            difficulty=draw(st.sampled_from([0.0, 1.0, 0.37])),
            points=draw(st.sampled_from([None, 50, 200])),
            pool=draw(st.sampled_from(["", "exam", "practice"])),
            tags=tuple(draw(st.lists(st.sampled_from(["标签", "b"]), max_size=2))),
            source=draw(st.sampled_from(["", "自编"])),
        )
    )


def bare(draft: Draft) -> Draft:
    return replace(draft, place="", key_text="", difficulty_text="", type=str(draft.type))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(drafts().filter(lambda draft: not faults_of(draft)), min_size=1, max_size=5, unique_by=lambda draft: draft.content_hash))
def test_a_paper_comes_back_as_it_was(written: list[Draft]) -> None:
    found = reading.read(word_writing.write_paper("题库", written, {}))
    in_order = sorted(written, key=lambda draft: (list(ItemType).index(ItemType(draft.type)), draft.points or 0))
    assert [bare(draft) for draft in found.drafts] == [bare(draft) for draft in in_order]
    assert not found.refused


def red() -> Picture:
    held = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(held, "PNG")
    return picture.read(held.getvalue())


def test_pictures_stand_in_their_places_and_come_back() -> None:
    shown = red()
    draft = tidy(Draft(type="single", stem=f"看图![一块红](picture:{shown.digest})选择", options=(f"![](picture:{shown.digest})", "乙"), key=(1,)))
    found = reading.read(word_writing.write_paper("题库", [draft], {shown.digest: shown}))
    assert (bare(found.drafts[0]), found.pictures) == (bare(draft), (shown,))


def test_the_key_stands_on_a_page_of_its_own() -> None:
    draft = tidy(Draft(type="matching", stem="连线", prompts=("一", "二"), options=("甲", "乙"), key=(1, 0), points=200, explanation="因为"))
    ordered = tidy(Draft(type="ordering", stem="排序", options=("甲", "乙", "丙"), key=(2, 0, 1), by_pairs=True))
    content = word_writing.write_paper("安全 <题库>", [draft, ordered], {})
    lines = [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]
    head = lines.index("参考答案与解析")
    assert lines[:3] == ["安全 <题库>", "一、匹配题（每题2分，共1题）", "1．连线"]
    assert not any("【答案】" in line for line in lines[:head])
    assert lines[head + 2] == "1．【答案】1-B、2-A"
    found = reading.read(content)
    assert [each.by_pairs for each in found.drafts] == [False, True]
    assert [(each.type, each.prompts, each.options, each.key) for each in found.drafts] == [
        ("matching", ("一", "二"), ("甲", "乙"), (1, 0)),
        ("ordering", (), ("甲", "乙", "丙"), (2, 0, 1)),
    ]


FORMULAS = [
    r"x_1",
    r"\frac{a+1}{b}",
    r"\sqrt[3]{x}",
    r"\sum_{i=1}^n i^2",
    r"\int_0^1 f(x)\,dx",
    r"\left( \frac{a}{b} \right]",
    r"\binom{n}{k}",
    r"90^\circ",
    r"50\%",
    r"\begin{cases} 1 & x>0 \\ 0 & x \le 0 \end{cases}",
    r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
    r"\overline{AB}",
    r"\vec{v}",
    r"\hat{x}",
    r"\underbrace{a+b}_{n}",
    r"\lim_{x\to 0} \sin x",
    r"\text{若 } x \ne y",
    r"f'(x)",
    r"\overset{a}{=}",
    r"{n \atop k}",
    r"|x|",
    r"\mathrm{d}x",
    r"a \quad b",
]


def test_formulas_become_those_of_word_and_come_back_as_they_were_written() -> None:
    stems = [rf"求 \({latex}\) 的值" for latex in FORMULAS] + [rf"求\[{latex}\]的值" for latex in FORMULAS]
    written = [tidy(Draft(type="short_text", stem=stem)) for stem in stems]
    content = word_writing.write_paper("题库", written, {})
    document = docx.Document(io.BytesIO(content)).element.body
    assert len(list(document.iter(f"{{{OFFICE_MATH}}}oMath"))) == len(stems)
    assert "\\" not in "".join(document.itertext())
    assert [draft.stem for draft in reading.read(content).drafts] == stems


@pytest.mark.parametrize("latex", FORMULAS)
def test_a_formula_read_from_word_is_the_same_formula(latex: str) -> None:
    markup = formula.from_latex(latex)
    assert markup
    read = word_formula.to_latex(word_formula_writing.from_mathml(markup, is_block=False))
    again = formula.from_latex(read)
    assert again, read
    assert etree.tostring(word_formula_writing.from_mathml(again, is_block=False)) == etree.tostring(word_formula_writing.from_mathml(markup, is_block=False))


def test_a_formula_edited_in_word_is_read_as_it_stands() -> None:
    document = docx.Document(io.BytesIO(word_writing.write_paper("题库", [tidy(Draft(type="short_text", stem=r"求 \(x^2 +  1\)"))], {})))
    next(each for each in document.element.body.iter(f"{{{OFFICE_MATH}}}t") if each.text == "1").text = "7"
    held = io.BytesIO()
    document.save(held)
    assert reading.read(held.getvalue()).drafts[0].stem == r"求 \({x}^{2}+7\)"


@pytest.mark.soak
def test_a_large_bank_becomes_a_paper_in_seconds() -> None:
    draft = Draft(
        type="single",
        stem=r"若 \(x_1\) 成立，第一步最合适的<b>做法</b>是？",
        options=("单独关心", "点名询问", "通知家长", "等待"),
        key=(0,),
        explanation="先倾听。",
    )
    begun = time.process_time()
    word_writing.write_paper("题库", [replace(draft, external_id=f"n{number}", topic="t") for number in range(10_000)], {})
    assert time.process_time() - begun < 30
