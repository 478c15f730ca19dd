"""The author's notation and the stored HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.formats import rich_text

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
            ]
        ),
    ),
    max_size=12,
).map("".join)


@given(tagged)
def test_stored_html_comes_back_the_same_from_its_notation(notation: str) -> None:
    stored = rich_text.to_html(notation)
    assert rich_text.to_html(rich_text.to_notation(stored)) == stored


@given(st.one_of(tagged, st.text(max_size=80)))
def test_nothing_but_listed_tags_without_attributes_is_ever_stored(notation: str) -> None:
    for stored in (rich_text.to_html(notation), rich_text.from_html(notation)):
        for tag in re.findall(r"<[^>]*>?", stored):
            assert re.fullmatch(r"</?([a-z]+)>", tag), stored
            assert tag.strip("</>") in rich_text.ALLOWED


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"))))
def test_plain_words_stay_the_words_they_are(words: str) -> None:
    if not re.search(r"</?[a-zA-Z]+\s*/?>|&(lt|gt|amp);", words):
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
    ],
)
def test_attacks_are_words(attack: str) -> None:
    assert "<script" not in rich_text.to_html(attack)
    assert rich_text.to_plain(rich_text.to_html(attack)) == attack
