"""Aiken: letters, a key line, and little else."""

from question_bank.domain.fault import faults_of
from question_bank.formats import reading


def test_stems_of_several_lines_and_either_sign_behind_the_letter() -> None:
    read = reading.read("谁发明了\r\n造纸术？\r\nA) 蔡伦\r\nB) 毕昇\r\nANSWER: A\r\n\r\n地球是圆的吗？\r\nA. 是\r\nB. 否\r\nANSWER: A".encode())
    assert read.format == "aiken"
    assert [(draft.stem, draft.options, draft.key, draft.place) for draft in read.drafts] == [
        ("谁发明了\n造纸术？", ("蔡伦", "毕昇"), (0,), "第 1 行"),
        ("地球是圆的吗？", ("是", "否"), (0,), "第 7 行"),
    ]


def test_a_block_without_a_key_is_refused_and_swallows_no_other() -> None:
    read = reading.read(b"One?\nA. a\nB. b\n\nTwo?\nA. c\nB. d\nANSWER: B\n\nThree?\nA. e\nB. f\nANSWER: D\n")
    assert [[fault.code for fault in faults_of(draft)] for draft in read.drafts] == [["no_key"], [], ["key_not_an_option"]]
