"""Which signs part the answers of a blank, and which belong to the answer."""

import pytest

from question_bank.domain.written_answer import close_alternatives, read_blanks, read_pairs


@pytest.mark.parametrize(
    "answer",
    [
        "不可或缺",
        "或多或少",
        "逻辑或",
        "或",
        "与或非",
        "或许",
        "m/s",
        "kJ/mol",
        "mg/kg",
        "J/(kg·℃)",
        "TCP/IP",
        "I/O",
        "1/x",
        "3/4",
        "60km/h",
        "60千米/小时",
        "元/千克",
        "2x/3",
        "kg/m3",
        "mol/L",
        "GB/T",
    ],
)
def test_a_word_or_a_unit_is_one_answer(answer: str) -> None:
    assert read_blanks("____", answer)[1][0].accepted == (answer,)


@pytest.mark.parametrize(
    ("written", "accepted"),
    [
        ("北京或京", ("北京", "京")),
        ("北京 或者 京", ("北京", "京")),
        ("东部/东", ("东部", "东")),
        ("is/was", ("is", "was")),
        ("don't/do not", ("don't", "do not")),
        ("m/s或米每秒", ("m/s", "米每秒")),
        ("上午或下午或晚上", ("上午", "下午", "晚上")),
        ("TCP / IP", ("TCP", "IP")),
        ("公斤/千克", ("公斤", "千克")),
        ("不可或缺/少不了", ("不可或缺", "少不了")),
        ("CO2/CO₂", ("CO2", "CO₂")),
        ("O₂/O2", ("O₂", "O2")),
        ("10/ten", ("10", "ten")),
        ("1m/100cm", ("1m", "100cm")),
        ("5kg/5千克", ("5kg", "5千克")),
        ("0.5m/50cm", ("0.5m", "50cm")),
        ("25℃/298K", ("25℃", "298K")),
        ("1h/60min", ("1h", "60min")),
        ("2/2个", ("2", "2个")),
        ("x=1/x=2", ("x=1", "x=2")),
        ("USA/America", ("USA", "America")),
        ("GDP/gdp", ("GDP", "gdp")),
        ("A/B", ("A", "B")),
    ],
)
def test_words_beside_each_other_are_each_right(written: str, accepted: tuple[str, ...]) -> None:
    assert read_blanks("____", written)[1][0].accepted == accepted


@pytest.mark.parametrize(("written", "told"), [("m/s", [("m/s", 1)]), ("2x/y", [("2x/y", 2)]), ("3/4", []), ("60km/h", []), ("甲", [])])
def test_a_stroke_is_told_unless_it_stands_between_figures(written: str, told: list[tuple[str, int]]) -> None:
    assert close_alternatives(written) == told


@pytest.mark.parametrize("written", ["（1）北京（2）上海", "(1)北京(2)上海", "①北京②上海", "（2）上海（1）北京", "（北京）（上海）", "1、北京 2、上海"])
def test_numbers_of_blanks_are_no_answers(written: str) -> None:
    assert [blank.accepted for blank in read_blanks("____和____。", written)[1]] == [("北京",), ("上海",)]
    assert len(read_blanks("____和____。", "（1）（2）")[1]) == 1  # refused: two are asked for


def test_a_long_answer_is_read_in_no_time() -> None:
    read_blanks("____", "a" * 32_767)
    read_blanks("____", "a" * 32_000 + "/b")


def test_a_pair_names_an_option_without_its_emphasis() -> None:
    assert read_pairs((), ("H<sub>2</sub>O", "CO"), "水=H2O\n气=CO")[2] == (0, 1)
