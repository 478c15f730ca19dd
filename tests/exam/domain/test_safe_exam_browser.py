"""What proves the keys of Safe Exam Browser (IN-08)."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.domain import safe_exam_browser as rules
from exam.domain.admission import Accommodation
from exam.domain.safe_exam_browser import BrowserKeys, BrowserProof, BrowserRefused, request_hash

URL = "https://exam.example.cn/exams/one/room"
keys = st.text("0123456789abcdef", min_size=64, max_size=64)
lists = st.lists(keys, max_size=3, unique=True).map(tuple)
addresses = st.text(st.characters(codec="utf-8", exclude_characters="#"), max_size=40).map("https://exam.example.cn/".__add__)


def test_in_08_a_hash_is_that_of_the_browser_s_own_description() -> None:
    key = "0321cacbe2e73700407a53ffe4018f79145351086b26791e69cf7563c6657899"
    assert request_hash("https://safeexambrowser.org/exam", key) == hashlib.sha256(f"https://safeexambrowser.org/exam{key}".encode()).hexdigest()
    assert request_hash(f"{URL}#question-3", key) == request_hash(URL, key)


@given(lists, lists, st.data())
def test_in_08_one_key_of_each_kind_proves_and_nothing_else_does(config: tuple[str, ...], exam: tuple[str, ...], data: st.DataObject) -> None:
    asked, url = BrowserKeys(config, exam), data.draw(addresses)
    shown = [data.draw(st.sampled_from(kind) if kind else keys) for kind in (config, exam)]
    right = BrowserProof(url, request_hash(url, shown[0]).upper(), request_hash(url, shown[1]))
    assert right.holds(asked)
    elsewhere, other = data.draw(addresses.filter(url.__ne__)), data.draw(keys.filter(lambda key: key not in (*config, *exam)))
    wrong = [
        BrowserProof(elsewhere, right.config_hash, right.browser_exam_hash),
        *([BrowserProof(url, one, right.browser_exam_hash) for one in ("", "é", shown[0], request_hash(url, other))] if config else []),
        *([BrowserProof(url, right.config_hash, one) for one in ("", "é", shown[1], request_hash(url, other))] if exam else []),
    ]
    assert rules.proved(asked, wrong) is not bool(asked)
    assert rules.proved(asked, [*wrong, right])
    assert rules.proved(Accommodation(any_browser=True).asked(asked), ())
    assert Accommodation().asked(asked) == asked


def test_in_08_who_proves_nothing_is_refused_only_where_something_is_asked_for() -> None:
    rules.require(BrowserKeys(), ())
    with pytest.raises(BrowserRefused):
        rules.require(BrowserKeys(("a" * 64,)), ())


def test_keys_are_read_as_they_are_pasted() -> None:
    one, other = "a" * 64, "0B" * 32
    assert rules.keys_of(f" {one}\r\n\r\n{other}\n{one}\n") == (one, other.lower())
    assert rules.are_keys((one, other.lower()))
    for wrong in ((one[1:],), ("g" * 64,), tuple(f"{number:064x}" for number in range(rules.MOST_KEYS + 1))):
        assert not rules.are_keys(wrong)
    assert rules.fingerprints((one,)) not in one
    assert rules.opening_link("https://school.example.cn/one.seb") == "sebs://school.example.cn/one.seb"
    assert (rules.opening_link("http://school.example.cn/one.seb"), rules.opening_link("")) == ("seb://school.example.cn/one.seb", "")


@given(lists, lists, st.builds(BrowserKeys, lists, lists))
def test_in_08_whoever_proved_a_key_still_does_where_more_are_taken(config: tuple[str, ...], exam: tuple[str, ...], more: BrowserKeys) -> None:
    asked = BrowserKeys(config, exam)
    narrow = bool((more.config_keys and not config) or (more.browser_exam_keys and not exam))
    if narrow or not more:
        with pytest.raises(rules.KeysNarrow if narrow else rules.KeysFaulty):
            asked.widened(more)
        return
    both = asked.widened(more)
    assert set(both.config_keys) == {*config, *more.config_keys}
    assert set(both.browser_exam_keys) == {*exam, *more.browser_exam_keys}
    for one in config or ("",):
        for other in exam or ("",):
            proof = BrowserProof(URL, request_hash(URL, one), request_hash(URL, other))
            assert proof.holds(asked)
            assert proof.holds(both)


@pytest.mark.parametrize(
    ("set_to", "asked_for"),
    [
        ("https://Exam.Example.cn", "https://exam.example.cn"),
        ("https://exam.example.cn:443", "https://exam.example.cn"),
        ("http://exam.example.cn:80", "http://exam.example.cn"),
        ("https://exam.example.cn:8443", "https://exam.example.cn:8443"),
        ("https://exam.example.cn:80/Base", "https://exam.example.cn:80/Base"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_in_08_the_public_address_is_compared_as_browsers_write_it(set_to: str, asked_for: str) -> None:
    assert rules.as_browsers_write(set_to) == asked_for
