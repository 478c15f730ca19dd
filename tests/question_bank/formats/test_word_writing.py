"""A paper written for Word, and read again."""

import io
import re
from dataclasses import replace

import docx
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from question_bank.domain.draft import Draft, content_hash, tidy
from question_bank.domain.exchange import Picture
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank, ItemType
from question_bank.formats import picture, reading, word_writing

# Everything by which papers mark their parts, inside the words.
MARKS = [*"甲乙丙AB1.、（）()：:√ ", "\n", "A．", "1．", "答案：", "【解析】", "一、单选题", "____", "（ B ）", "[多选]", "（2分）", "1-5 ABCDD"]
words = st.lists(st.sampled_from(MARKS), min_size=1, max_size=8).map(lambda parts: re.sub(" +\n", "\n", "".join(parts)))
RICH = [r"若 \(x_1 = \frac{1}{2}\)，则", "是<b>不</b>对的 H<sub>2</sub>O", "a<b 且 b>c & d", "前<table><tr><td>甲</td><td>乙</td></tr></table>"]
rich = st.one_of(words, st.sampled_from(RICH))
blanks_of = st.lists(st.sampled_from(["北京", "3/4", "a;b", "或许"]).map(lambda text: Blank((text,))), min_size=1, max_size=3).map(tuple)
KINDS = (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.TRUE_FALSE, ItemType.FILL_IN, ItemType.SHORT_TEXT)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    kind = draw(st.sampled_from(KINDS))
    options = draw(st.lists(rich, min_size=2, max_size=5)) if kind in {ItemType.SINGLE, ItemType.MULTIPLE} else []
    options = ["正确", "错误"] if kind is ItemType.TRUE_FALSE else options
    blanks = draw(blanks_of) if kind is ItemType.FILL_IN else ()
    key = draw(st.sets(st.integers(0, len(options) - 1), min_size=1, max_size=len(options) if kind == "multiple" else 1)) if options else set()
    return tidy(
        Draft(
            external_id=draw(st.sampled_from(["", "crisis-1"])),
            type=kind,
            stem=draw(rich) + "，".join(f"空[[{number}]]" for number in range(1, len(blanks) + 1)),
            options=tuple(options),
            option_explanations=tuple(draw(st.lists(st.one_of(st.just(""), words), min_size=len(options), max_size=len(options)))),
            key=tuple(sorted(key)),
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


@settings(max_examples=20, deadline=None)
@given(st.lists(drafts().filter(lambda draft: not faults_of(draft)), min_size=1, max_size=5, unique_by=content_hash))
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
    ordered = tidy(Draft(type="ordering", stem="排序", options=("甲", "乙", "丙"), key=(2, 0, 1)))
    content = word_writing.write_paper("安全 <题库>", [draft, ordered], {})
    lines = [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs]
    head = lines.index("参考答案与解析")
    assert lines[:3] == ["安全 <题库>", "一、匹配题（每题2分，共1题）", "1．连线"]
    assert not any("【答案】" in line for line in lines[:head])
    assert lines[head + 2] == "1．【答案】1-B、2-A"
    found = reading.read(content)
    assert [(each.type, each.prompts, each.options, each.key) for each in found.drafts] == [
        ("matching", ("一", "二"), ("甲", "乙"), (1, 0)),
        ("ordering", (), ("甲", "乙", "丙"), (2, 0, 1)),
    ]
