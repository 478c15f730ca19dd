"""What is written out reads back as the same items, in every format that can carry them."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from question_bank.domain import notation
from question_bank.domain.draft import Draft, clean, decimal, normalised, said_key, tidy
from question_bank.domain.exchange import Picture
from question_bank.domain.fault import faults_of
from question_bank.domain.item import Blank, Criterion, ItemType
from question_bank.formats import gift_writing, json_lines, moodle_writing, picture, qti_writing, reading, rich_text
from question_bank.formats.writing import WRITERS


def _picture() -> Picture:
    held = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(held, "PNG")
    return picture.read(held.getvalue())


PICTURE = _picture()
PICTURES = {PICTURE.digest: PICTURE}
SIGNS = "甲乙aBz09 .,;:~=#{}%\\/<>&\"'*[]()!?_-$@`|^+→，。"
words = st.text(alphabet=st.sampled_from(SIGNS), min_size=1, max_size=24).map(str.strip).filter(lambda text: text and "\\[" not in text and "\\(" not in text)
pieces = st.one_of(
    words,
    words.map(lambda text: f"<b>{text}</b>"),
    st.sampled_from(["\n", "  ", "[[1]]", r"\(x^2 < \frac{a}{b}\)", r"\[\sum_{i=1}^n i\]", "<p>一</p><p>二</p>", "<ul><li>甲</li><li>乙</li></ul>"]),
    st.just("![示 [意\\] 图]" + f"(picture:{PICTURE.digest})"),
    st.just('<table><tbody><tr><td colspan="2">a</td></tr><tr><td>1</td><td>2</td></tr></tbody></table>'),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Return a text in the author's notation, as the bank would give it back."""
    return clean(rich_text.to_notation(rich_text.to_html("".join(draw(st.lists(pieces, min_size=1, max_size=3)))))) or "空"


numbers = st.decimals(min_value=-1000, max_value=1000, places=2).map(str)


@st.composite
def drafts(draw: st.DrawFn, kind: ItemType) -> Draft:
    """Return a faultless item of a type."""
    several = st.lists(texts(), min_size=2, max_size=4, unique_by=normalised)
    options = () if kind in {ItemType.FILL_IN, ItemType.SHORT_TEXT} else tuple(draw(several))
    key: tuple[int, ...] = ()
    if kind is ItemType.TRUE_FALSE:
        options, key = ("正确", "错误"), (draw(st.integers(0, 1)),)
    elif kind is ItemType.SINGLE:
        key = (draw(st.integers(0, len(options) - 1)),)
    elif kind is ItemType.MULTIPLE:
        key = tuple(sorted(draw(st.sets(st.integers(0, len(options) - 1), min_size=1))))
    elif kind is ItemType.ORDERING:
        key = tuple(draw(st.permutations(range(len(options)))))
    prompts = tuple(draw(several)) if kind is ItemType.MATCHING else ()
    if prompts:
        key = tuple(draw(st.lists(st.integers(0, len(options) - 1), min_size=len(prompts), max_size=len(prompts))))
    accepted = st.lists(words.filter(lambda text: "*" not in text), min_size=1, max_size=3, unique=True).map(tuple)
    one = st.one_of(accepted.map(Blank), st.builds(lambda value, margin: Blank((value,), margin.lstrip("-")), numbers, numbers))
    blanks = tuple(draw(st.lists(one, min_size=1, max_size=2))) if kind is ItemType.FILL_IN else ()
    # The sign of a blank is one only in a stem with blanks.
    stem = draw(texts().filter(lambda text: not blanks or "[[" not in text)) + "".join(f" [[{number}]] 后" for number in range(1, len(blanks) + 1))
    return tidy(
        Draft(
            external_id=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,12}", fullmatch=True)),
            type=kind,
            stem=stem,
            options=options,
            option_explanations=tuple(draw(st.one_of(st.just(""), texts())) for _ in options) if kind.chooses else (),
            key=key,
            by_pairs=kind is ItemType.ORDERING and draw(st.booleans()),
            prompts=prompts,
            blanks=blanks,
            model=draw(texts()) if kind is ItemType.SHORT_TEXT else "",
            rubric=(Criterion("要点", 400), Criterion("表达 3", 50)) if kind is ItemType.SHORT_TEXT and draw(st.booleans()) else (),
            explanation=draw(st.one_of(st.just(""), texts())),
            topic=draw(st.sampled_from(["", "危机/干预", "A & B"])),
            tags=tuple(draw(st.sets(st.sampled_from(["重点", "2026", "a<b", "[期末]", "a\\"])))),
            source=draw(st.sampled_from(["", "教材 <第1章>: {a}"])),
        )
    )


def said(draft: Draft) -> object:
    """Return everything that must come back; the order of options where the format keeps none does not count."""
    blanks = [(each.accepted, decimal(each.tolerance or "0")) for each in draft.blanks]
    in_order = draft.type not in {ItemType.MATCHING, ItemType.ORDERING}
    return (
        draft.external_id,
        draft.type,
        rich_text.to_html(draft.stem, with_blanks=bool(draft.blanks)),
        [rich_text.to_html(option) for option in draft.options] if in_order else draft.content_hash,
        [rich_text.to_html(note) for note in draft.option_explanations] if in_order else [],
        said_key(replace(draft, blanks=())) if draft.type != ItemType.SHORT_TEXT else rich_text.to_html(draft.model),
        blanks,
        rich_text.to_html(draft.explanation),
        (draft.topic, set(draft.tags), draft.source),
    )


def read_back(content: bytes, form: str) -> Draft:
    """Return the one item of a file."""
    read = reading.read(content)
    assert (read.format, read.refused, read.losses) == (form, (), ())
    (draft,) = read.drafts
    assert not faults_of(draft), content.decode("utf-8", "replace")
    return draft


GIFT_KEEPS_NO_PICTURES = st.sampled_from([kind for kind in ItemType if kind is not ItemType.ORDERING])


@settings(max_examples=15, deadline=None)
@given(GIFT_KEEPS_NO_PICTURES.flatmap(drafts).filter(lambda draft: "picture:" not in repr(draft) and len(draft.blanks) < 2))
def test_what_gift_can_hold_comes_back_but_for_the_model(draft: Draft) -> None:
    assert said(read_back(gift_writing.write([draft]), "gift")) == said(replace(draft, model=""))
    assert ("阅卷参考" in gift_writing.write([draft]).decode()) == bool(draft.model)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(ItemType)).flatmap(drafts))
def test_every_type_goes_out_as_moodle_xml_and_comes_back(draft: Draft) -> None:
    back = read_back(moodle_writing.write([draft], PICTURES), "moodle")
    assert (said(back), back.by_pairs) == (said(draft), draft.by_pairs)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(ItemType)).flatmap(drafts), st.sampled_from([(None, 0.7, ""), (250, 0.35, "apply")]))
def test_every_type_goes_out_as_qti_and_comes_back_with_its_facts(draft: Draft, facts: tuple[int | None, float, str]) -> None:
    draft = replace(draft, points=facts[0], difficulty=facts[1], level=facts[2])
    back = read_back(qti_writing.write([draft], PICTURES), "qti")
    assert said(back) == said(draft)
    assert (back.options, back.key, back.prompts, (back.points, back.difficulty, back.level)) == (draft.options, draft.key, draft.prompts, facts)
    assert [each.case_matters for each in back.blanks if not each.tolerance] == [each.case_matters for each in draft.blanks if not each.tolerance]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(ItemType)).flatmap(drafts), st.sampled_from([(None, 0.7, "", "", ()), (250, 0.35, "apply", "exam", ("x", "y"))]))
def test_json_lines_carry_everything(draft: Draft, facts: tuple[int | None, float, str, str, tuple[str, ...]]) -> None:
    points, difficulty, level, pool, enemies = facts
    draft = replace(draft, points=points, difficulty=difficulty, level=level, pool=pool, enemies=enemies)
    read = reading.read(json_lines.write([draft, replace(draft, external_id="b")], PICTURES))
    assert [replace(each, place="", key_text="", difficulty_text="") for each in read.drafts] == [draft, replace(draft, external_id="b")]
    assert read.pictures == ((PICTURE,) if "picture:" in repr(draft) else ())
    assert not read.losses


@pytest.mark.parametrize("content", [gift_writing.write, lambda drafts: moodle_writing.write(drafts, {})], ids=["gift", "moodle"])
@pytest.mark.parametrize("key", [(0,), (0, 2), (0, 1, 2)])
def test_the_weights_of_our_own_multiple_choice_are_no_loss(content: Callable[[list[Draft]], bytes], key: tuple[int, ...]) -> None:
    draft = Draft(external_id="m", type="multiple", stem="选哪些", options=("甲", "乙", "丙", "丁"), key=key)
    read = reading.read(content([draft]))
    assert (read.drafts[0].key, read.losses) == (key, ())


def test_a_picture_under_a_false_name_is_found_all_the_same() -> None:
    draft = Draft(external_id="a", type="short_text", stem=f"![红](picture:{PICTURE.digest})")
    content = json_lines.write([draft], PICTURES).replace(PICTURE.digest.encode(), b"0" * 64)
    read = reading.read(content)
    assert (read.drafts[0].stem, read.pictures) == (draft.stem, (PICTURE,))


@pytest.mark.parametrize(("losses", "count"), [(gift_writing.losses, 2), (moodle_writing.losses, 1), (qti_writing.losses, 1)])
def test_what_a_format_has_no_place_for_is_told(losses: object, count: int) -> None:
    ordering = Draft(external_id="o", type="ordering", stem="s", options=("a", "b"), key=(1, 0))
    single = Draft(external_id="s", type="single", stem="s", options=("a", "b"), key=(1,), pool="exam", points=200)
    assert callable(losses)
    assert len(losses([ordering, single])) == count
    matching = Draft(external_id="m", type="matching", stem="s", options=("a", "b"), prompts=("x", "y"), key=(1, 0))
    told = any("次序" in loss.what for loss in losses([matching]))
    assert told is (losses is not qti_writing.losses)


@pytest.mark.parametrize("form", list(WRITERS))
@pytest.mark.parametrize("options", [("正确", "错误"), ("错误", "正确"), ("不合适", "合适"), ("甲说", "乙说")])
@pytest.mark.parametrize("key", [0, 1])
def test_no_order_and_no_words_of_a_judgement_turn_its_key(form: str, options: tuple[str, str], key: int) -> None:
    draft = tidy(Draft(type="true_false", stem="判断", options=options, key=(key,), option_explanations=("一", "二"), external_id="t"))
    writer = WRITERS[form]
    (back,) = reading.read(writer.write("题库", [draft], {}, lambda _done: None)).drafts
    lost = " ".join(loss.what for loss in writer.losses([draft]))
    right = back.key[0]
    if "判断题的选项文字" in lost:
        assert notation.means(back.options[right] if back.options else ("正确", "错误")[right]) is (options[key] in {"正确", "合适"})
    else:
        assert (back.options or ("正确", "错误"))[right] == options[key]
    assert back.option_explanations[right] == ("一", "二")[key]
    assert back.type == "true_false" or "判断题的题型" in lost or form == "qti"


def test_words_behind_a_list_begin_a_line_of_their_own_in_word() -> None:
    draft = tidy(Draft(type="single", stem="<ul><li>一</li><li>二</li></ul>哪个", options=("甲", "乙"), key=(0,)))
    assert [loss.what for loss in WRITERS["word"].losses([draft])] == ["列表、表头和合并的单元格未写入"]
    (back,) = reading.read(WRITERS["word"].write("题库", [draft], {}, lambda _done: None)).drafts
    assert back.stem == "一\n二\n哪个"
