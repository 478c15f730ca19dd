"""How authors write keys, types and difficulties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from question_bank.domain import notation
from question_bank.domain.item import LETTERS, ItemType

FIVE = ("甲", "乙", "丙", "丁", "戊")


@pytest.mark.parametrize(
    "written",
    [
        "ABD",
        "A,B,D",
        "A，B，D",
        "A、B、D",
        "A;B;D",
        "A；B；D",
        "A B D",
        "abd",
        "ＡＢＤ",
        "A|B|D",
        "A/B/D",
        "DBA",
        "1,2,4",
        "【答案】ABD",
        "答案：A、B、D",
        "甲,乙,丁",
        "A和B和D",
        " ABD。",
        "A\nB\nD",
        "A,B,D,",
        "A;B;D；",
        "(A)(B)(D)",
        "（A）、（B）、（D）",
        "选项A、选项B、选项D",
        "A选项，B选项，D选项",
        "（ABD）",
        "【A、B、D】",
        "A.甲；B.乙；D.丁",
        "A、甲\nB、乙\nD、丁",
    ],
)
def test_a_key_of_several_letters_is_read_however_it_is_written(written: str) -> None:
    assert notation.read_key(written, "multiple", FIVE) == (0, 1, 3)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("对", "错"),
        ("正确", "错误"),
        ("√", "×"),
        ("T", "F"),
        ("true", "FALSE"),
        ("是", "否"),
        ("1", "0"),
        ("A", "B"),
        ("Y", "N"),
        ("✓", "✗"),
        ("（√）", "(X)"),
        ("A.", "(B)"),
        ("A选项", "选项B"),
        ("A.正确", "B、错误"),
        ("同意", "不同意"),
    ],
)
def test_a_judgement_is_read_however_it_is_written(true: str, false: str) -> None:
    assert notation.read_key(true, "true_false", ()) == (0,)
    assert notation.read_key(false, "true_false", ()) == (1,)


def test_a_judgement_follows_the_options_when_they_stand_the_other_way_round() -> None:
    assert notation.read_key("正确", "true_false", ("错误", "正确")) == (1,)
    assert notation.read_key("×", "true_false", ("错误", "正确")) == (0,)
    assert notation.read_key("A", "true_false", ("错误", "正确")) == (0,)


@pytest.mark.parametrize(
    ("options", "right", "wrong"),
    [
        (("不是", "是"), "是", "不是"),
        (("错的", "对的"), "对", "错"),
        (("错误。", "正确。"), "正确", "×"),
        (("有误", "正确"), "√", "错"),
        (("此说不确", "此说确"), "此说确", "此说不确"),
    ],
)
def test_a_judgement_is_found_among_options_in_other_words(options: tuple[str, str], right: str, wrong: str) -> None:
    assert (notation.read_key(right, "true_false", options), notation.read_key(wrong, "true_false", options)) == ((1,), (0,))


def test_a_judgement_of_options_that_say_neither_is_not_guessed() -> None:
    assert notation.read_key("对", "true_false", ("甲说", "乙说")) == ()


@given(st.lists(st.sampled_from(["A. 甲", "B、乙", "甲", "（A）", "A.B.", "C:c", ""]), max_size=4))
def test_options_that_begin_with_their_letters_come_back_as_they_were_written(options: list[str]) -> None:
    assert notation.unlabelled(notation.labelled(options)) == options
    assert not notation.are_mislabelled(notation.labelled(options))


@pytest.mark.parametrize("written", ["", "  ", "见解析", "AB丙", "。", "-1", "A.乙", "A.甲；乙", "选项", "()"])
def test_what_is_no_key_is_not_guessed(written: str) -> None:
    assert notation.read_key(written, "single", FIVE) == ()


def test_a_key_beyond_the_options_is_kept_so_that_it_can_be_refused() -> None:
    assert notation.read_key("E", "single", FIVE[:3]) == (4,)


@given(st.text(max_size=40), st.sampled_from(["single", "multiple", "true_false", "fill_in", ""]), st.lists(st.text(max_size=5), max_size=5))
def test_any_text_gives_positions_in_order_and_never_an_error(written: str, kind: str, options: list[str]) -> None:
    found = notation.read_key(written, kind, options)
    assert list(found) == sorted(set(found))
    assert all(0 <= position < len(LETTERS) for position in found)


@pytest.mark.parametrize(
    "cell",
    [
        "A.甲 B.乙 C.丙",
        "A、甲\nB、乙\nC、丙",
        "甲\n乙\n丙",
        "甲|乙|丙",
        "甲###乙###丙",
        "甲$;$乙$;$丙",
        "（A）甲 （B）乙 （C）丙",
        "A．甲\tB．乙\tC．丙",
        "甲；乙；丙",
        "(a) 甲\n(b) 乙\n(c) 丙",
        "Ａ．甲 Ｂ．乙 Ｃ．丙",
    ],
)
def test_options_in_one_cell_are_parted(cell: str) -> None:
    assert notation.split_options(cell) == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("written", "as_share", "expected"),
    [
        ("易", False, 0.85),
        ("较难", False, 0.4),
        ("极难", False, 0.4),
        ("3", False, 0.6),
        ("0.35", True, 0.35),
        ("85%", False, 0.85),
        ("1.0", True, 1.0),
        ("７", False, None),
        ("?", False, None),
        ("★★★", False, 0.6),
        ("★★☆☆☆", True, 0.75),
        ("一级", False, 0.9),
        ("4级", False, 0.45),
        ("5星", True, 0.3),
        ("★★★★★★", False, None),
        ("1.5", True, None),
    ],
)
def test_difficulties_in_words_steps_and_shares(written: str, as_share: bool, expected: float | None) -> None:
    assert notation.read_difficulty(written, as_share=as_share) == expected


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("单项选择题", "single"),
        ("一、单选题（每题1分，共39题）", "single"),
        ("不定项", "multiple"),
        ("单项填空题", "fill_in"),
        ("多项填空", "fill_in"),
        ("多项填空题", "fill_in"),
        ("是非题", "true_false"),
        ("多选题 ", "multiple"),
        ("Judge", "true_false"),
        ("简答", "short_text"),
        ("计算题", "short_text"),
        ("三、解答题（共20分）", "short_text"),
        ("案例分析", "short_text"),
        ("辨析题", "short_text"),
        ("？？", "？？"),
    ],
)
def test_types_by_their_names(written: str, kind: str) -> None:
    assert notation.read_type(written) == kind


@pytest.mark.parametrize("options", [("符合", "不符合"), ("可以", "不可以"), ("合法", "违法"), ("有", "无")])
def test_a_judgement_of_words_in_no_list_is_told_by_its_denial(options: tuple[str, str]) -> None:
    assert [notation.read_key(key, ItemType.TRUE_FALSE, options) for key in ("对", "错")] == [(0,), (1,)]
    assert notation.read_key("对", ItemType.TRUE_FALSE, ("红", "蓝")) == ()


def test_a_key_is_compared_with_options_without_their_emphasis() -> None:
    assert notation.read_key("H2O", ItemType.SINGLE, ("H<sub>2</sub>O", "CO")) == (0,)
    assert notation.read_key("A.北京", ItemType.SINGLE, ("<b>北</b>京", "南京")) == (0,)
    assert notation.read_key("x2", ItemType.SINGLE, ("x<sup>2</sup>", "x<sub>2</sub>")) == ()


def test_letters_that_belong_to_the_words_are_no_labels() -> None:
    assert notation.unlabelled(["A.D. 100", "B.C. 200"]) == ["A.D. 100", "B.C. 200"]
    assert notation.unlabelled(["A. 甲", "B. 乙"]) == ["甲", "乙"]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("B. bed", (1,)),
        ("B、bed", (1,)),
        ("B（bed）", (1,)),
        ("D. dad", (3,)),
        ("B.bed；D.dad", (1, 3)),
        ("A. be", (0,)),
        ("B. bad", ()),  # no words of that option
        ("C. dead", ()),
        ("A、BC", (0, 1, 2)),
        ("DB", (1, 3)),
        ("选B", (1,)),
    ],
)
def test_words_behind_a_letter_are_no_letters_of_the_key(written: str, key: tuple[int, ...]) -> None:
    options = ("be", "bed", "face", "dad", "egg")
    assert (notation.read_key(written, "multiple", options), notation.read_key(written, "", options)) == (key, key)
