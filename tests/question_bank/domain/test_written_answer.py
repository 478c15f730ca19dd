"""Which signs part the answers of a blank, and which belong to the answer."""

import pytest

from question_bank.domain.written_answer import read_blanks


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
    ],
)
def test_words_beside_each_other_are_each_right(written: str, accepted: tuple[str, ...]) -> None:
    assert read_blanks("____", written)[1][0].accepted == accepted
