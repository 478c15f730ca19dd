"""The author's notation and the stored HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.formats import formula, rich_text
from tests.support import pace

DIGEST = "0123456789abcdef" * 4
signs = st.text(alphabet=st.sampled_from("ab<>/&;\"' \nlt;gt;amp;正确pubi=#!-"), max_size=60)
tagged = st.lists(
    st.one_of(
        signs,
        st.sampled_from(
            [
                "<b>",
                "</b>",
                "<ul>",
                "<li>",
                "</li>",
                "</ul>",
                "<table>",
                "<tr>",
                "<td>",
                "<p>",
                "</p>",
                "<script>",
                "<img src=x onerror=alert(1)>",
                "<svg/onload=x>",
                "&lt;b>",
                "<BR>",
                "<br/>",
                '<td colspan="2">',
                "[[1]]",
                r"\\(x^2\\)",
                r"\\[\\frac{a}{b}\\]",
                r"\\(",
                r"\\)",
                r"\\foo{",
                "<math>",
                "</math>",
                "<mi>x</mi>",
                "<mtext><style>",
                f"![图\\]](picture:{DIGEST})",
                "![",
            ]
        ),
    ),
    max_size=12,
).map("".join)


@given(tagged, st.booleans())
def test_stored_html_comes_back_the_same_from_its_notation(notation: str, with_blanks: bool) -> None:
    stored = rich_text.to_html(notation, with_blanks=with_blanks)
    assert rich_text.to_html(rich_text.to_notation(stored), with_blanks=with_blanks) == stored
    assert rich_text.to_html(rich_text.on_lines(rich_text.to_notation(stored)), with_blanks=with_blanks) == stored


ATTRIBUTE = re.compile(r' (?:(?:col|row)span="\d+"|alt="[^"<>]*"|data-picture="[0-9a-f]{64}"|class="blank"|data-blank="\d+"|encoding="application/x-tex")')


@given(st.one_of(tagged, st.text(max_size=80)))
def test_nothing_but_listed_tags_and_attributes_is_ever_stored(notation: str) -> None:
    for stored in (rich_text.to_html(notation, with_blanks=True), rich_text.from_html(notation)):
        for tag in re.findall(r"<[^>]*>?", stored):
            bare = ATTRIBUTE.sub("", tag)
            found = re.fullmatch(r'</?([a-z]+)(?: (?:display="block"|[a-z]+="[-a-z0-9.]+"))*>', bare)
            assert found, stored
            assert found[1] in rich_text.ALLOWED | formula.ELEMENTS | {"img", "span"}
            assert "src" not in bare
            assert " on" not in bare


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"))))
def test_plain_words_stay_the_words_they_are(words: str) -> None:
    if not re.search(r"</?[a-zA-Z]+\s*/?>|&(lt|gt|amp);|\\[(\[]", words):  # tags, signs and formulas are no plain words
        assert rich_text.to_plain(rich_text.to_html(words)) == words.strip()


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href=javascript:alert(1)>x</a>",
        "<math><mtext><mglyph><style><img src=x onerror=alert(1)>",
        "<b onclick=x>",
        "{{ 7*7 }}",
        "<svg><script>x</script>",
        "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
        '<math><annotation-xml encoding="text/html"><svg onload=alert(1)></svg></annotation-xml></math>',
        '<img data-picture="x" src=x onerror=alert(1)>',
        "![x](javascript:alert(1))",
    ],
)
def test_attacks_are_words(attack: str) -> None:
    assert "<script" not in rich_text.to_html(attack)
    assert rich_text.to_plain(rich_text.to_html(attack)) == attack


@pytest.mark.parametrize(
    ("notation", "shown", "read"),
    [
        (r"\(x^2\)", "<msup><mi>x</mi><mn>2</mn></msup>", "x^2"),
        (r"\[\frac{1}{2}\]", '<math display="block">', r"\frac{1}{2}"),
        ("<math><mi href='javascript:x' onclick='y'>a</mi></math>", "<math><mi>a</mi></math>", "a"),
        (r"\(\href{javascript:alert(1)}{x}\)", "<mi>x</mi>", r"\href{javascript:alert(1)}{x}"),
        (f"![心率曲线](picture:{DIGEST})", f'<img data-picture="{DIGEST}" alt="心率曲线">', "[心率曲线]"),
        ("甲[[1]]乙", '<span class="blank" data-blank="1">1</span>', "甲____乙"),
    ],
)
def test_formulas_pictures_and_blanks_are_shown_and_come_back(notation: str, shown: str, read: str) -> None:
    stored = rich_text.to_html(notation, with_blanks=True)
    assert shown in stored
    assert "javascript" not in re.sub(r"<annotation.*?</annotation>", "", stored)
    assert rich_text.to_plain(stored) == read
    assert rich_text.unread_formulas(notation) == ()


@pytest.mark.parametrize("notation", [r"\(\foo x\)", r"\({x\)", r"\(\frac{1}\)", "<math><b>x</b></math>", "<math><mi>x</math>", r"\(\)"])
def test_what_is_no_formula_stays_words_and_is_named(notation: str) -> None:
    assert "<math>" not in rich_text.to_html(notation)
    assert rich_text.unread_formulas(notation) == (notation,)


@pytest.mark.parametrize(
    "attack",
    [
        "<math>" * 3_300 + "</math>" * 10,
        r"\(x" * 6_000,
        "![" * 10_000,
        r"\(" + "{" * 1_900 + "x" + "}" * 1_900 + r"\)",
        "<b>" * 6_000,
        "<ul><li>" * 2_500,
        "<pre>" * 4_000,
        "\n" * 9_000 + "<p>" + "\n" * 9_000,
        "<ul></ol>" * 2_200,
    ],
)
def test_a_hostile_text_of_four_times_the_full_length_is_read_in_bounded_time(attack: str) -> None:
    with pace.within(2):  # what takes long with the square of its length would take more
        stored = rich_text.to_html(attack * 4)
    assert rich_text.to_html(rich_text.to_notation(stored)) == stored


def test_a_picture_gets_its_size_and_address_only_where_it_is_shown() -> None:
    stored = rich_text.to_html(f"![图](picture:{DIGEST})")
    shown = rich_text.with_sources(rich_text.with_sizes(stored, {DIGEST: (30, 20)}), lambda digest: f"/bank/甲&乙/{digest}")
    assert shown == f'<img data-picture="{DIGEST}" src="/bank/甲&amp;乙/{DIGEST}" loading="lazy" width="30" height="20" alt="图">'
    assert rich_text.pictures_in([stored, "x"]) == {DIGEST}


@given(st.text(alphabet=st.sampled_from("甲aB 1.,;:~=#{}%/\"'*]()!?-$@`|^→。\n\u3000\u00a0\u200b\r\té😀"), max_size=20))
def test_the_short_way_of_plain_words_says_the_same(words: str) -> None:
    assert rich_text.to_html(words) == rich_text._converted(words, with_blanks=False)
