"""Excel and CSV files as authors really send them."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft
from question_bank.domain.exchange import Reading
from question_bank.domain.fault import check_together, faults_of
from question_bank.formats import reading, text
from question_bank.formats.unreadable import Unreadable

Rows = list[Sequence[object]]


def book(sheets: dict[str, Rows], merged: tuple[tuple[int, int, int, int], ...] = (), hidden: str = "") -> bytes:
    held = io.BytesIO()
    found = xlsxwriter.Workbook(held, {"in_memory": True})
    for name, rows in sheets.items():
        sheet = found.add_worksheet(name)
        for line, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(line, column, cell)
        for top, left, bottom, right in merged:
            sheet.merge_range(top, left, bottom, right, rows[top][left])
        if name == hidden:
            sheet.hide()
    found.close()
    return held.getvalue()


def csv(text: str) -> Reading:
    return reading.read(text.encode())


def only(found: Reading) -> Draft:
    (draft,) = found.drafts
    return draft


HEAD = ["题型", "题干", "选项A", "选项B", "选项C", "答案"]


def test_a_title_and_instructions_may_stand_above_the_headings() -> None:
    rows: Rows = [["2026 年心理健康题库"], ["填写说明：一行一题，答案填字母"], HEAD, ["单选题", "题", "甲", "乙", "丙", "B"]]
    draft = only(reading.read(book({"Sheet1": rows}, merged=((0, 0, 0, 5),))))
    assert (draft.place, draft.type, draft.key) == ("Sheet1 第 4 行", "single", (1,))


@pytest.mark.parametrize(
    "heading",
    [
        "题目类型,试题内容,A,B,C,正确答案",
        "type,question,optionA,optionB,optionC,answer",
        "＊题型（必填）,*题干(必填),选项 A,选项 B,选项 C,标准答案【必填】",
        "试题类型,题目内容,AOption,BOption,COption,标答",
        "类型,问题,选项1,选项2,选项3,参考答案",
        "题型,题目描述,答案A,答案B,答案C,正确选项",
        "题型,题目,备选项一,备选项二,备选项三,答案",
        "\ufeff题型,题干,a,b,c,答案：",
    ],
)
def test_headings_have_many_names(heading: str) -> None:
    draft = only(csv(f"{heading}\n多选题,题,甲,乙,丙,A、C\n"))
    assert (draft.type, draft.stem, draft.options, draft.key) == ("multiple", "题", ("甲", "乙", "丙"), (0, 2))


def test_the_columns_may_stand_in_any_order() -> None:
    draft = only(csv("解析,答案,选项B,题干,选项A,难度,知识点,分值,标签,来源,认知层次,用途\n因为,B,乙,题,甲,难,危机,2分,a、b,自编,应用,练习\n"))
    assert (draft.options, draft.key, draft.explanation, draft.difficulty) == (("甲", "乙"), (1,), "因为", 0.4)
    assert (draft.topic, draft.points, draft.tags, draft.source, draft.level, draft.pool) == ("危机", 200, ("a", "b"), "自编", "apply", "practice")


def test_cells_that_are_numbers_read_as_they_look() -> None:
    draft = only(reading.read(book({"s": [HEAD, ["单选", "15+15=?", 30, 30.5, 1e3, "A"]]})))
    assert draft.options == ("30", "30.5", "1000")


def test_true_and_false_as_cells_are_a_judgement() -> None:
    draft = only(reading.read(book({"s": [["题目", "答案"], ["地球是圆的", True]]})))
    assert (draft.type, draft.options, draft.key) == ("true_false", ("正确", "错误"), (0,))


def test_one_sheet_for_each_type() -> None:
    sheets: dict[str, Rows] = {
        "单选题": [["题干", "A", "B", "答案"], ["一", "甲", "乙", "A"]],
        "多选题": [["题干", "A", "B", "答案"], ["二", "甲", "乙", "AB"]],
        "判断题": [["题干", "答案"], ["三", "错"]],
        "目录": [["本文件由教研室整理"]],
    }
    found = reading.read(book(sheets))
    assert [draft.type for draft in found.drafts] == ["single", "multiple", "true_false"]
    assert [draft.key for draft in found.drafts] == [(0,), (0, 1), (1,)]
    assert [loss.place for loss in found.losses] == ["目录"]


def test_options_merged_over_letters_in_a_second_heading_row() -> None:
    rows: Rows = [["题干", "选项", None, None, "答案"], [None, "A", "B", "C", None], ["题", "甲", "乙", "丙", "C"]]
    draft = only(reading.read(book({"s": rows})))
    assert (draft.options, draft.key) == (("甲", "乙", "丙"), (2,))


def test_a_type_merged_down_over_its_rows_holds_for_each() -> None:
    rows: Rows = [HEAD, ["多选题", "一", "甲", "乙", "丙", "A"], [None, "二", "甲", "乙", "丙", "AB"]]
    found = reading.read(book({"s": rows}, merged=((1, 0, 2, 0),)))
    assert [draft.type for draft in found.drafts] == ["multiple", "multiple"]


@pytest.mark.parametrize(("single", "judged", "several"), [("0", "1", "2"), ("1", "3", "2"), ("1", "2", "3")])
def test_types_as_figures_are_told_by_their_rows(single: str, judged: str, several: str) -> None:
    text = f"题型,题干,A,B,C,答案\n{single},一,甲,乙,丙,A\n{judged},二,,,,对\n{several},三,甲,乙,丙,AC\n{several},四,甲,乙,丙,B\n"
    assert [draft.type for draft in csv(text).drafts] == ["single", "true_false", "multiple", "multiple"]


@pytest.mark.parametrize(
    ("cells", "expected"), [(("1", "5", "3"), [0.9, 0.3, 0.6]), (("0.9", "1", "0.3"), [0.9, 1.0, 0.3]), (("易", "中等", "困难"), [0.85, 0.65, 0.4])]
)
def test_difficulty_figures_are_steps_or_shares_as_the_column_says(cells: tuple[str, str, str], expected: list[float]) -> None:
    text = "题干,A,B,答案,难度\n" + "".join(f"题{at},甲,乙,A,{cell}\n" for at, cell in enumerate(cells))
    assert [draft.difficulty for draft in csv(text).drafts] == expected


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("单选,,甲,乙,丙,A", "no_stem"),
        ("单选,题,甲,乙,丙,", "no_key"),
        ("单选,题,甲,乙,丙,D", "key_not_an_option"),
        ("单选,题,甲,乙,丙,见解析", "key_unreadable"),
        ("单选,题,甲,乙,丙,AB", "single_many_keys"),
        ("单选,题,甲,,,A", "too_few_options"),
        ("单选,题,甲,,丙,A", "option_empty"),
        ("单选,题,甲,甲,丙,A", "option_repeated"),
        ("抢答,题,甲,乙,丙,A", "type_unknown"),
        (",题,,,,", "no_type"),
    ],
)
def test_each_fault_has_its_code(row: str, code: str) -> None:
    draft = only(csv(",".join(HEAD) + f"\n{row}\n"))
    assert code in {each.code for each in faults_of(draft)}


def test_options_and_stems_that_differ_for_a_reader_are_not_the_same() -> None:
    rows = ["手机叫什么？,iPhone,Iphone,IPHONE,A", "哪个是平方？,x²,x2,x₂,A", "Which word?,may be,maybe,Maybe,B", "Which Word?,may be,maybe,Maybe,B"]
    found = csv("题干,A,B,C,答案\n" + "\n".join(rows))
    assert [faults_of(draft) for draft in found.drafts] == [()] * 4
    assert not check_together(found.drafts)
    same = csv("题干,A,B,答案\n题一,ＡＢ 甲,AB甲,A\n题 二？,甲,乙,A\n题二？,乙,甲,B\n").drafts
    assert [each.code for each in faults_of(same[0])] == ["option_repeated"]
    assert [each.code for each in check_together(same).values()] == ["same_in_file"]


def test_a_label_that_does_not_fit_is_named_and_the_item_stays() -> None:
    long = "很长的知识点" * 11
    found = csv(f"题干,A,B,答案,知识点,认知层次,难度,分值\n题,甲,乙,A,{long},Beginner,最难,0\n题二,甲,乙,A,短,熟悉,★★★,2\n")
    assert [faults_of(draft) for draft in found.drafts] == [(), ()]
    first, second = found.drafts
    assert (first.topic, first.level, first.difficulty, first.points) == (long[:60], "", DEFAULT_DIFFICULTY, None)
    assert (second.level, second.difficulty, second.points) == ("understand", 0.6, 200)
    assert {(loss.place, loss.what.partition("“")[0][:4]) for loss in found.losses} == {
        ("第 2 行", word) for word in ("知识点超", "认知层次", "难度", "分值不是")
    }
    gift = reading.read(f"$CATEGORY: $course$/{long}\n\n::q1::题{{=甲 ~乙}}\n".encode())
    assert (faults_of(only(gift)), len(only(gift).topic), len(gift.losses)) == ((), 60, 1)


def test_of_one_question_with_two_keys_none_is_taken() -> None:
    found = csv("题干,A,B,答案\n题,甲,乙,A\n题 ,乙,甲,B\n题,甲,乙,B\n题,甲,乙,\n二,甲,乙,A\n二,乙,甲,B\n")
    codes = {at: each.code for at, each in check_together(found.drafts).items()}
    assert codes == {**dict.fromkeys((0, 1, 2), "keys_differ"), 3: "same_other_key", 5: "same_in_file"}
    blanks = csv("题型,题干,答案\n填空,何时____,1822\n填空,何时____,1822±2\n填空,何处____,东\n填空,何处____,西\n").drafts
    assert {at: each.code for at, each in check_together(blanks).items()} == {1: "same_other_key", 2: "keys_differ", 3: "keys_differ"}


def test_left_over_rows_and_repeated_headings_are_no_items() -> None:
    found = csv("序号,题型,题干,A,B,答案\n1,单选,题,甲,乙,A\n2,,,,,\n,,,,,\n序号,题型,题干,A,B,答案\n3,单选,题二,甲,乙,A\n")
    assert [draft.stem for draft in found.drafts] == ["题", "题二"]


def test_columns_that_are_not_kept_are_named() -> None:
    assert [loss.what for loss in csv("题干,A,B,答案,审题人电话\n题,甲,乙,A,1\n").losses] == ["列“审题人电话”未导入"]


def test_a_second_column_of_a_role_is_kept_or_named() -> None:
    found = csv("题干,A,B,答案,章节,知识点,分类,题库,标签,关键字,解析,试题分析\n题,甲,乙,A,第一章,共情,心理,初级,班主任,倾听,理解他人,参见教材\n")
    assert (only(found).topic, only(found).explanation, found.losses) == ("共情", "理解他人\n参见教材", ())
    assert only(found).tags == ("第一章", "班主任", "倾听", "心理", "初级")
    assert only(csv("题干,A,B,答案,章,单元\n题,甲,乙,A,第一章,二\n")).topic == "第一章"
    found = csv("题干,A,B,答案,题目内容,难度,难度系数,答案\n题,甲,乙,A,另一题,易,0.2,B\n")
    assert (only(found).stem, only(found).key, only(found).key_text, only(found).difficulty) == ("题", (), "A / B", 0.85), "two keys are none"
    assert [loss.what for loss in found.losses] == ["列“题目内容（第 5 列）”未导入", "列“难度系数（第 7 列）”未导入", "第 8 列的答案“B”未导入"]


def test_each_row_has_its_key_in_the_first_of_several_columns_that_is_filled() -> None:
    rows = ["单选,一,甲,乙,A,,", "填空,二____,,,,北京,", "简答,三,,,,,要点", "判断,四,,,,,错"]
    found = csv("题型,题干,选项A,选项B,正确选项,填空答案,参考答案\n" + "\n".join(rows) + "\n")
    assert [(draft.key, [blank.accepted for blank in draft.blanks], draft.model) for draft in found.drafts] == [
        ((0,), [], ""),
        ((), [("北京",)], ""),
        ((), [], "要点"),
        ((1,), [], ""),
    ]
    assert found.losses == ()


@pytest.mark.parametrize(
    ("headings", "cells", "stem", "source"),
    [
        ("题目标题,题目内容", "两数,求两数之和", "求两数之和", "两数"),
        ("title,content", "求两数之和,", "求两数之和", ""),
        ("题目,题干", "两数,求两数之和", "求两数之和", "两数"),
        ("题干,来源", "求两数之和,真题", "求两数之和", "真题"),
        ("标题,年级", "求两数之和,一年级", "求两数之和", ""),
        ("所属科目,内容", "数学,求两数之和", "求两数之和", ""),
    ],
)
def test_the_surest_of_several_headings_is_the_stem_and_a_title_its_source(headings: str, cells: str, stem: str, source: str) -> None:
    found = csv(f"{headings},A,B,填写答案,难度级别\n{cells},甲,乙,B,易\n")
    assert (only(found).stem, only(found).source, only(found).key, only(found).difficulty) == (stem, source, (1,), 0.85)
    assert found.losses == ()


@pytest.mark.parametrize("options", ["A.甲,B、乙,（C）丙", "ａ．甲,ｂ．乙,ｃ．丙"])
def test_letters_in_front_of_options_in_their_own_cells_are_not_their_words(options: str) -> None:
    assert only(csv(f"题干,A,B,C,答案\n题,{options},B\n")).options == ("甲", "乙", "丙")


def test_words_that_only_look_like_letters_of_options_stay() -> None:
    assert only(csv("题干,A,B,答案\n谁,A.史密斯,C.布朗,B\n")).options == ("A.史密斯", "C.布朗")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"])
def test_text_in_every_usual_encoding(encoding: str) -> None:
    text = "题型,题干,选项A,选项B,答案\n单选,什么是共情？,理解他人感受,同情,A\n"
    assert only(reading.read(text.encode(encoding))).stem == "什么是共情？"


@pytest.mark.parametrize("words", ["Österreich", "Köln,größer", "Où est la fenêtre d’Hélène ?", "“Übung” macht den Meister – täglich"])
def test_accented_letters_of_windows_are_not_taken_for_chinese(words: str) -> None:
    assert text.decode(f"::q1::{words} {{=yes ~no}}\n".encode("cp1252")) == f"::q1::{words} {{=yes ~no}}\n"


@pytest.mark.parametrize("words", ["镕", "朱镕基", "Who is 朱镕基 (Zhu)?", "學習動機與歸因訓練", "Vitamin 钙 and 锌 in milk", "题,A,√"])
def test_rare_and_lone_characters_stay_chinese(words: str) -> None:
    told = f"题干,A,B,答案\n{words},甲,乙,A\n"
    assert text.decode(told.encode("gb18030")) == told


@pytest.mark.parametrize("told", ["question,answer,a,b\n心理輔導的首要原則是甚麼,A,保密與尊重,公開", "教師應該傾聽學生說話，尊重學生的感受與隱私。", "愛國"])
def test_traditional_characters_are_read_in_their_own_encoding(told: str) -> None:
    assert {text.decode(told.encode(encoding)) for encoding in ("big5", "gb18030", "utf-8")} == {told}
    accented = told.encode("big5") * 9 + b"\x88b"  # Ê̄
    assert text.decode(accented) == accented.decode("big5hkscs")
    assert text.decode("── 对象 ──────── 1–5 × Σ".encode("gb18030")) == "── 对象 ──────── 1–5 × Σ"


def test_gb18030_behind_a_mark_of_another_encoding() -> None:
    text = "题型,题干,选项A,选项B,答案\n单选,什么是共情？,理解他人感受,同情,A\n"
    assert only(reading.read(b"\xef\xbb\xbf" + text.encode("gb18030"))).stem == "什么是共情？"


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_other_delimiters(delimiter: str) -> None:
    text = "题干,A,B,答案\n题,甲,乙,A\n".replace(",", delimiter)
    assert only(csv(text)).options == ("甲", "乙")


def test_quoted_cells_may_hold_lines_and_commas() -> None:
    draft = only(csv('题干,选项,答案\n"第一行\n第二行, ""引用""","A.甲\nB.乙",B\n'))
    assert (draft.stem, draft.options) == ('第一行\n第二行, "引用"', ("甲", "乙"))


def test_marks_beside_the_options_say_which_are_right() -> None:
    draft = only(csv("题干,option1,isCorrect1,option2,isCorrect2,option3,isCorrect3\n题,甲,1,乙,0,丙,是\n"))
    assert draft.key == (0, 2)


@pytest.mark.parametrize("content", ["姓名,学校\n王老师,一小\n", "这是一份会议记录。\n没有试题。", '{"a": 1', "[1, 2]", "<html></html>", "\x00\x01\x02"])
def test_what_is_no_bank_imports_nothing_and_says_so(content: str) -> None:
    with pytest.raises(Unreadable):
        reading.read(content.encode())


def test_an_excel_file_without_items_says_so() -> None:
    with pytest.raises(Unreadable):
        reading.read(book({"名单": [["姓名"], ["王老师"]]}))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("填空题,首都是____，上海在____。,,,,北京;东部/东", ("首都是[[1]]，上海在[[2]]。", (("北京",), ("东部", "东")))),
        ("填空,速度（ ）,,,,60km/h或60公里每小时", ("速度[[1]]", (("60km/h", "60公里每小时"),))),
        ("填空,一半是[[1]],,,,1/2|0.5", ("一半是[[1]]", (("1/2", "0.5"),))),
        ("填空,甲( )乙(),,,,一|二", ("甲[[1]]乙[[2]]", (("一",), ("二",)))),
        ("填空,f()=____,,,,零", ("f()=[[1]]", (("零",),))),
        ('填空,____和____,,,,"一\n二"', ("[[1]]和[[2]]", (("一",), ("二",)))),
        ("填空,____和____,一,二,,", ("[[1]]和[[2]]", (("一",), ("二",)))),
        (",____是首都,,,,北京", ("[[1]]是首都", (("北京",),))),
        ("填空,[填空1]和【填空 2】,,,,北京；上海", ("[[1]]和[[2]]", (("北京",), ("上海",)))),
        ("填空,{}和[ ],,,,北京；上海", ("[[1]]和[[2]]", (("北京",), ("上海",)))),
        ("填空,首都是？,,,,北京", ("首都是？ [[1]]", (("北京",),))),
    ],
)
def test_fill_in_items(row: str, expected: tuple[str, tuple[tuple[str, ...], ...]]) -> None:
    draft = only(csv(",".join(HEAD) + f"\n{row}\n"))
    assert (draft.type, draft.stem, tuple(blank.accepted for blank in draft.blanks)) == ("fill_in", *expected)
    assert not faults_of(draft)


def test_a_stem_without_blanks_asks_for_no_two_answers() -> None:
    assert [each.code for each in faults_of(only(csv(",".join(HEAD) + "\n填空,两个直辖市是？,,,,北京；上海\n")))] == ["no_blanks"]


def test_what_was_read_in_one_of_several_ways_is_told() -> None:
    found = csv(",".join(HEAD) + "\n填空,首都是？,,,,北京\n填空,a{},,,,b\n填空,____,,,,东部/东\n填空,____,,,,TCP/IP\n填空,____,,,,甲 / 乙；3/4\n")
    assert [(loss.place, loss.what[:14]) for loss in found.losses] == [
        ("第 2 行", "题干里没有空，在末尾加了一个"[:14]),
        ("第 3 行", "题干里的空花括号或空方括号当作空"[:14]),
        ("第 4 行", "“东部/东”按 2 个可接受"),
        ("第 5 行", "“TCP/IP”按 1 个可"),
    ]


def test_numbers_may_have_a_tolerance() -> None:
    draft = only(csv(",".join(HEAD) + "\n填空,圆周率____,,,,3.14±0.01\n"))
    assert (draft.blanks[0].accepted, draft.blanks[0].tolerance) == (("3.14",), "0.01")


@pytest.mark.parametrize(
    "text",
    [
        "题型,题干,左1,左2,选项A,选项B,答案\n匹配题,连,一,二,甲,乙,1-B;2-A\n",
        "题型,题干,左列,右列,答案\n连线题,连,一|二,甲|乙,BA\n",
        "题型,题干,选项A,选项B,答案\n配对题,连,一=乙,二=甲,\n",
        '题型,题干,选项A,选项B,答案\n匹配题,连,甲,乙,"一=乙\n二=甲"\n',
    ],
)
def test_matching_items(text: str) -> None:
    draft = only(csv(text))
    assert (draft.prompts, [draft.options[at] for at in draft.key]) == (("一", "二"), ["乙", "甲"])
    assert not faults_of(draft)


@pytest.mark.parametrize("key", ["CAB", "C-A-B", "C→A→B", "3、1、2", "丙；甲；乙"])
def test_ordering_items(key: str) -> None:
    draft = only(csv(",".join(HEAD) + f"\n排序题,排,甲,乙,丙,{key}\n"))
    assert (draft.key, faults_of(draft)) == ((2, 0, 1), ())


def test_short_answers_need_no_key() -> None:
    with_model, without = csv(",".join(HEAD) + "\n简答题,述,,,,要点一\n论述,再述,,,,\n").drafts
    assert (with_model.model, without.type, faults_of(without)) == ("要点一", "short_text", ())


@pytest.mark.parametrize(
    "rows",
    [
        ["1,一,甲,乙,丙,A", "2,二,甲,乙,丙,B"],  # either may be the one with several right options
        ["1,一,甲,乙,丙,A", "1,二,,,,对"],
        ["0,一,甲,乙,丙,"],
    ],
)
def test_figures_of_types_that_say_nothing_are_refused(rows: list[str]) -> None:
    found = csv(",".join(HEAD) + "\n" + "\n".join(rows) + "\n")
    assert all("type_unknown" in {each.code for each in faults_of(draft)} for draft in found.drafts)


def test_a_sheet_as_wide_as_they_come() -> None:
    rows: Rows = [HEAD, ["单选", "题", "甲", "乙", "丙", "A"]]
    rows[0] = [*HEAD, *[None] * (16_384 - len(HEAD) - 1), "末列"]
    assert only(reading.read(book({"s": rows}))).key == (0,)


def test_options_in_one_cell_in_every_habit() -> None:
    for options in ('"A.甲\nB.乙"', "A、甲 B、乙", "甲|乙", "甲###乙", "甲$;$乙", "(A)甲 (B)乙"):
        assert only(csv(f"题干,选项,答案\n题,{options},B\n")).options == ("甲", "乙"), options


def test_what_an_import_wrote_is_ignored() -> None:
    assert csv("题干,A,B,答案,导入结果\n题,甲,乙,A,失败：缺少题型\n").losses == ()


def test_an_old_workbook_reads() -> None:
    path = Path(__file__).parent / "samples" / "old.xls"
    assert [(draft.type, draft.options) for draft in reading.read(path.read_bytes()).drafts] == [("single", ("30", "40")), ("true_false", ("正确", "错误"))]


def test_what_is_no_object_in_a_list_of_json_is_refused_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    one = {"题干": "甲", "A": "1", "B": "2", "答案": "A"}
    whole = json.dumps([one, 5, one | {"题干": "乙"}, None], ensure_ascii=False)
    parsed, loads = list[str](), json.loads

    def counted(words: str, **how: Any) -> Any:
        parsed.append(words)
        return loads(words, **how)

    monkeypatch.setattr(json, "loads", counted)
    read = reading.read(whole.encode())
    assert parsed.count(whole) == 1
    assert [(draft.place, draft.stem, draft.key) for draft in read.drafts] == [("第 1 题", "甲", (0,)), ("第 3 题", "乙", (0,))]
    assert [(draft.place, draft.stem, why.code) for draft, why in read.refused] == [("第 2 题", "5", "line_not_json"), ("第 4 题", "null", "line_not_json")]


def lists(*rows: object) -> list[tuple[int, ...]]:
    return [draft.key for draft in reading.read(json.dumps(rows, ensure_ascii=False).encode()).drafts]


def item(options: object, answer: object, **more: object) -> dict[str, object]:
    return {"question": f"第{options}{answer}题", "options": options, "answer": answer, **more}


def test_a_figure_that_names_one_option_and_counts_to_another_is_no_key() -> None:
    """The words of an option, or the number it has in the file, against its place."""
    from_zero = item(["甲", "乙"], 0)
    assert lists(item(["1", "2", "0", "5"], "0"), item(["2", "1", "3", "5"], "3")) == [(), ()]
    assert lists(item(["1", "2", "0", "5"], "0"), item(["甲", "乙", "丙"], "1")) == [(), ()], "such a 0 tells nothing of another item"
    assert lists(from_zero, item(["4", "3", "2", "1"], 3), item(["甲", "乙"], 1)) == [(0,), (), (1,)]
    numbered = [{"id": 3, "text": "甲"}, {"id": 1, "text": "乙"}, {"id": 2, "text": "丙"}]
    assert lists(from_zero, item(numbered, 2)) == [(0,), ()]
    assert lists(from_zero, item([{"id": 17, "text": "甲"}, {"id": 18, "text": "乙"}], 1)) == [(0,), (1,)], "a number of the database's own"


def test_keys_that_contradict_each_other_are_none() -> None:
    flagged = [{"text": "甲", "isCorrect": True}, {"text": "乙", "isCorrect": False}]
    assert lists(item(flagged, "B"), item(flagged, "A"), item(flagged, "甲"), item(flagged, "")) == [(), (0,), (0,), (0,)]
    assert lists(item(flagged, "见解析")) == [()], "whoever reads one of two keys knows nothing of the other"
    assert lists({"question": "一", "options": ["甲", "乙", "丙"], "correct_answer": "A", "correctAnswer": "C"}) == [()]
    assert lists({"question": "一", "options": ["甲", "乙", "丙"], "answer": "A", "correctAnswer": "B"}) == [()]
    twice = '[{"question": "一", "options": ["甲", "乙"], "answer": "A", "answer": "B"}]'
    assert reading.read(twice.encode()).drafts[0].key == ()


def test_options_are_read_from_the_first_and_by_their_words() -> None:
    found = csv("题干,option_0,option_1,option_2,答案\n题,甲,乙,丙,B\n")
    assert (only(found).options, only(found).key) == (("甲", "乙", "丙"), (1,))
    counted = csv("题干,option_0,option_1,option_2,答案\n题,甲,乙,丙,1\n题二,甲,乙,丙,2\n")
    assert [draft.key for draft in counted.drafts] == [(1,), (2,)]
    (blood,) = reading.read(json.dumps([item([{"key": key, "text": key, "value": at} for at, key in enumerate("AB")], "B")]).encode()).drafts
    assert (blood.options, blood.key) == (("A", "B"), (1,))
    pictured = [{"text": "甲", "explanation": "因为", "image": "a.png"}, {"text": "乙"}]
    told = reading.read(json.dumps([item(pictured, "A")]).encode())
    assert told.drafts[0].option_explanations[0] == "因为"
    assert any("image" in loss.what for loss in told.losses)


def test_each_text_in_a_list_of_a_blank_is_taken() -> None:
    (draft,) = reading.read(json.dumps([{"type": "填空题", "question": "水是____。", "answer": ["H", "氢"]}]).encode()).drafts
    assert draft.blanks[0].accepted == ("H", "氢")


def test_options_may_stand_one_a_row_beside_a_stem_merged_over_them() -> None:
    rows: Rows = [["题型", "题干", "选项", "答案"]]
    rows += [["单选", "谁在先", "A.赵", "B"], ["单选", None, "B.钱；孙", None], ["多选", "谁在场", "A.赵", "AB"], ["多选", None, "B.钱", None]]
    found = reading.read(book({"题库": rows}, merged=((1, 1, 2, 1), (1, 3, 2, 3), (3, 1, 4, 1))))
    assert [(draft.place, draft.options, draft.key) for draft in found.drafts] == [
        ("题库 第 2 行", ("赵", "钱；孙"), (1,)),
        ("题库 第 4 行", ("赵", "钱"), (0, 1)),
    ]
    assert not any(faults_of(draft) for draft in found.drafts)


def test_options_may_stand_alone_in_the_rows_below_their_stem() -> None:
    found = csv("题干,选项,答案\n谁在先,赵,B\n,钱,\n,孙,\n谁在场,A.赵 B.钱,A\n")
    assert [(draft.options, draft.key) for draft in found.drafts] == [(("赵", "钱", "孙"), (1,)), (("赵", "钱"), (0,))]


def test_rows_with_one_option_each_that_ask_the_same_are_no_item_together() -> None:
    found = csv("题干,选项,答案\n谁在先,赵 钱,A\n谁在先,孙 李,A\n")
    assert [draft.options for draft in found.drafts] == [("赵 钱",), ("孙 李",)]


ASKED: Rows = [["序号", "题干", "选项A", "选项B", "选项C"], [1, "谁在先", "赵", "钱", "孙"], [2, "谁在场", "赵", "钱", "孙"]]


def test_the_keys_may_stand_on_a_sheet_of_their_own_told_by_number() -> None:
    found = reading.read(book({"题目": ASKED, "答案": [["题号", "答案", "解析"], [2, "AC", "两人"], [1, "B", ""]]}))
    assert [(draft.type, draft.key, draft.explanation) for draft in found.drafts] == [("single", (1,), ""), ("multiple", (0, 2), "两人")]
    assert found.losses == ()


@pytest.mark.parametrize(
    "sheets",
    [
        {"题目": ASKED, "答案": [["题号", "答案"], [1, "B"]]},
        {"题目": ASKED, "答案": [["题号", "答案"], [1, "B"], [1, "C"], [2, "A"]]},
        {"单选": ASKED, "多选": ASKED, "答案": [["题号", "答案"], [1, "B"], [2, "A"]]},
        {"题目": ASKED, "A卷": [["题号", "答案"], [1, "B"], [2, "A"]], "B卷": [["题号", "答案"], [1, "C"], [2, "A"]]},
    ],
)
def test_keys_on_another_sheet_are_taken_only_where_each_number_means_one_item(sheets: dict[str, Rows]) -> None:
    assert {draft.key for draft in reading.read(book(sheets)).drafts} == {()}


def test_items_of_a_hidden_sheet_are_told() -> None:
    rows: Rows = [["题干", "选项A", "选项B", "答案"], ["谁在先", "甲", "乙", "A"]]
    found = reading.read(book({"题库": rows, "旧题": rows}, hidden="旧题"))
    assert [draft.place for draft in found.drafts] == ["题库 第 2 行", "旧题 第 2 行"]
    assert [(loss.place, loss.what) for loss in found.losses] == [("旧题", "这张表在 Excel 中是隐藏的，其中的题一并导入，请核对")]


@pytest.mark.parametrize(
    "asked",
    [
        "题干,选项A,选项B,选项C,答案\n谁在先,B. 乙,A. 甲,C. 丙,A\n谁在后,甲,乙,丙,A\n",
        "题干,选项A,选项B,选项C,答案\n谁在先,A. 甲,C. 丙,B. 乙,B\n谁在后,甲,乙,丙,A\n",
        '题干,选项,答案\n谁在先,"B. 乙\nA. 甲\nC. 丙",A\n谁在后,甲|乙|丙,A\n',
    ],
)
def test_a_letter_that_may_mean_two_options_is_no_key(asked: str) -> None:
    found = csv(asked)
    assert [draft.key for draft in found.drafts] == [(), (0,)]
    assert [loss.what for loss in found.losses] == ["选项开头的字母与位置不一致，没有采用答案"]


def test_an_option_of_two_lines_moves_none_of_those_below_it() -> None:
    rows: Rows = [["题干", "选项", "答案"], ["谁在先", "甲", "C"], ["", "乙\n（又名丁）", ""], ["", "丙", ""]]
    found = reading.read(book({"题库": rows}))
    assert [(draft.stem, draft.options) for draft in found.drafts] == [("谁在先", ("甲",)), ("", ("乙", "（又名丁）")), ("", ("丙",))]
    assert all(faults_of(draft) for draft in found.drafts)


@pytest.mark.parametrize(
    ("concludes", "differs"),
    [
        ("①对②错，故选 C。", "C"),
        ("故本题正确答案为AB", "AB"),
        ("故选项 A 错误，因此本题选 D", "D"),
        ("故选B。", ""),
        ("因此答案是 B 项", ""),
        ("故不选C，故 C 项错误", ""),
        ("甲在先", ""),
    ],
)
def test_an_explanation_that_concludes_otherwise_than_the_key_is_told(concludes: str, differs: str) -> None:
    found = csv(f"题干,选项A,选项B,选项C,选项D,答案,解析\n谁在先,甲,乙,丙,丁,B,{concludes}\n")
    paper = reading.read(f"1. 谁在先\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案：B\n解析：{concludes}\n".encode())
    told = [f"解析说选“{differs}”，与答案不同：按答案导入，请核对"] if differs else []
    for read in (found, paper):
        assert (only(read).key, [loss.what for loss in read.losses]) == ((1,), told)


@pytest.mark.parametrize(
    ("stem", "key", "kind"),
    [
        ("1+0=____", "1", "fill_in"),
        ("未知数是____", "x", "fill_in"),
        ("一乘一等于几", "1", ""),
        ("谁在先？①赵②钱", "①", ""),
        ("天____是蓝的", "对", "true_false"),
        ("天是蓝的", "1", "true_false"),
        ("几何是数学吗", "T", "true_false"),
    ],
)
def test_a_figure_that_is_asked_for_is_no_judgement(stem: str, key: str, kind: str) -> None:
    paper = reading.read(f"1. {stem}\n答案：{key}\n2. 谁在先\nA. 甲\nB. 乙\n答案：A\n".encode())
    assert (only(csv(f"题干,答案\n{stem},{key}\n")).type, paper.drafts[0].type) == (kind, kind)


def test_headings_and_words_in_traditional_signs_are_read_and_options_stay_apart() -> None:
    drafts = csv("題型,題幹,選項A,選項B,答案,解析,難度,知識點,分值\n單選題,哪個是簡化字,題,题,题,因為,難,字形,2\n判斷題,天是藍的,,,對,,易,,2\n").drafts
    assert [(draft.type, draft.stem, draft.key, draft.explanation, draft.topic, draft.points) for draft in drafts] == [
        ("single", "哪個是簡化字", (1,), "因為", "字形", 200),
        ("true_false", "天是藍的", (0,), "", "", 200),
    ]
    assert [draft.difficulty for draft in drafts] == [0.4, 0.85]


def test_the_template_of_a_platform_that_knows_items_below_items_is_read() -> None:
    found = csv(
        "目录,题型,大题题干,小题题型,小题题干,正确答案,答案解析,难易度,选项数,A,B,C\n"
        "/一,单选题,首都,,,B,略,易,3,上海,北京,天津\n/一,填空题,首都是____，上海在____部,,,,,,2,北京,东,\n"
    )
    assert [(draft.stem, draft.key, [each.accepted for each in draft.blanks]) for draft in found.drafts] == [
        ("首都", (1,), []),
        ("首都是[[1]]，上海在[[2]]部", (), [("北京",), ("东",)]),
    ]
    assert {loss.what for loss in found.losses} == {f"列“{name}”未导入" for name in ("目录", "小题题型", "小题题干", "选项数")}
