"""Papers as people type them; each sample is one habit seen in real files."""

from time import process_time

import pytest

from question_bank.domain.draft import Draft
from question_bank.domain.fault import faults_of
from question_bank.formats import apart, paper_text, reading, rich_text
from question_bank.formats.paper_item import with_key_taken, without_shown_key
from question_bank.formats.paper_lines import Line
from question_bank.formats.unreadable import Unreadable


def told(draft: Draft) -> str:
    """One line for one item: type, stem, options, key."""
    key = (
        draft.model
        if draft.type == "short_text"
        else "；".join("/".join(blank.accepted) for blank in draft.blanks) or "".join("ABCDEFGH"[at] for at in draft.key)
    )
    return f"{draft.type} {draft.stem} [{'|'.join(draft.options)}] {key}"


ONE = "single 题（ ） [甲|乙|丙] B"
SAMPLES = {
    "dots": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n答案：B", [ONE]),
    "enumeration commas": ("1、题（ ）\nA、甲\nB、乙\nC、丙\n正确答案：B", [ONE]),
    "full-width dots": ("1．题（ ）\nＡ．甲\nＢ．乙\nＣ．丙\n参考答案：Ｂ", [ONE]),
    "numbers in brackets": ("（1）题（ ）\n(A)甲\n(B)乙\n(C)丙\n【答案】B", [ONE]),
    "full-width brackets": ("(1) 题（ ）\n（A）甲\n（B）乙\n（C）丙\n【正确答案】：B", [ONE]),
    "第1题": ("第1题 题（ ）\nA) 甲\nB) 乙\nC) 丙\n标准答案: B", [ONE]),
    "letters and a space": ("1. 题（ ）\nA 甲\nB 乙\nC 丙\n答案：B", [ONE]),
    "options in a line by tabs": ("1. 题（ ）\nA．甲\tB．乙\tC．丙\n答案：B", [ONE]),
    "options in a line by blanks": ("1. 题（ ）\nA.甲  B.乙  C.丙\n答案：B", [ONE]),
    "options run together": ("1. 题（ ）\nA．甲B．乙C．丙\n答案：B", [ONE]),
    "bare letters in a line": ("1. 题（ ）\nA 甲   B 乙   C 丙\n答案：B", [ONE]),
    "two options a line": ("1. 题（ ）\nA. 甲    B. 乙\nC. 丙\n答案：B", [ONE]),
    "everything in one line": ("1. 题（ ） A.甲 B.乙 C.丙 答案：B", [ONE]),
    "key, explanation and difficulty in one line": ("1. 题（ ）\nA.甲 B.乙 C.丙\n答案：B 解析：因为 难度：易", [ONE]),
    "key without a colon": ("1. 题（ ）\nA.甲 B.乙 C.丙\n答案 B", [ONE]),
    "lower case": ("1. 题（ ）\na. 甲\nb. 乙\nc. 丙\n答案：b", [ONE]),
    "blank lines everywhere": ("\n\n1. 题（ ）\n\nA. 甲\n\nB. 乙\n\nC. 丙\n\n答案：B\n\n", [ONE]),
    "the key in the blank": ("1. 题（ B ）\nA. 甲\nB. 乙\nC. 丙", ["single 题（\u3000） [甲|乙|丙] B"]),
    "the key in the blank at the end": ("1. 维生素（A）是（C）。\nA. 甲\nB. 乙\nC. 丙", ["single 维生素（A）是（\u3000）。 [甲|乙|丙] C"]),
    "the key in the middle": ("1. 其中与表达式（C）等价。\nA. 甲\nB. 乙\nC. 丙", ["single 其中与表达式（\u3000）等价。 [甲|乙|丙] C"]),
    "a judgement in the blank": (
        "判断题\n1. 天蓝（√）\n2. 地方（×）\n3. 水湿（对）",
        ["true_false 天蓝（\u3000） [正确|错误] A", "true_false 地方（\u3000） [正确|错误] B", "true_false 水湿（\u3000） [正确|错误] A"],
    ),
    "judgements keyed below": ("1. 天蓝。\n答案：正确\n2. 地方。\n答案：×", ["true_false 天蓝。 [正确|错误] A", "true_false 地方。 [正确|错误] B"]),
    "several right": ("1. 题\nA. 甲\nB. 乙\nC. 丙\n答案：A、C", ["multiple 题 [甲|乙|丙] AC"]),
    "the type at the stem": ("1. [多选题] 题\nA. 甲\nB. 乙\n答案：A", ["multiple 题 [甲|乙] A"]),
    "the type and points behind the stem": ("1. 题（多选，2分）\nA. 甲\nB. 乙\n答案：AB", ["multiple 题 [甲|乙] AB"]),
    "sections": (
        "一、单选题（每题1分，共1题）\n1. 题\nA.甲 B.乙\n答案：A\n二、多项选择题\n1. 题二\nA.甲 B.乙\n答案：A",
        ["single 题 [甲|乙] A", "multiple 题二 [甲|乙] A"],
    ),
    "choice of any number": ("一、选择题\n1. 题\nA.甲 B.乙\n答案：AB", ["multiple 题 [甲|乙] AB"]),
    "blanks": ("填空题\n1. 首都是____，上海在____部。\n答案：北京；东/东部", ["fill_in 首都是[[1]]，上海在[[2]]部。 [] 北京；东/东部"]),
    "blanks as brackets": ("填空题\n1. 首都是（ ）。\n答案：北京", ["fill_in 首都是[[1]]。 [] 北京"]),
    "short answers": (
        "四、简答题\n1. 简述之。\n参考答案：\n1. 甲\n2. 乙\n2. 再述。\n答案：丙",
        ["short_text 简述之。 [] 1. 甲\n2. 乙", "short_text 再述。 [] 丙"],
    ),
    "answers at the end": ("1. 题\nA.甲 B.乙\n2. 题二\nA.甲 B.乙\n参考答案\n1-2 AB", ["single 题 [甲|乙] A", "single 题二 [甲|乙] B"]),
    "answers one by one": ("1. 题\nA.甲 B.乙\n2. 题二\nA.甲 B.乙\n答案\n1、答案：A\n解析：因\n2．B", ["single 题 [甲|乙] A", "single 题二 [甲|乙] B"]),
    "answers in a line": ("1. 题\nA.甲 B.乙\n2. 题二\nA.甲 B.乙\n参考答案：\n1.A 2.AB", ["single 题 [甲|乙] A", "multiple 题二 [甲|乙] AB"]),
    "groups of answers": ("1. 题\nA.甲 B.乙\n2. 题二\nA.甲 B.乙\n【参考答案】\n1~2：A AB", ["single 题 [甲|乙] A", "multiple 题二 [甲|乙] AB"]),
    "numbers begin again in each section": (
        "一、单选题\n1. 题\nA.甲 B.乙\n二、判断题\n1. 天蓝\n2. 地方\n参考答案\n一、单选题\n1. B\n二、判断题：1-2 √×",
        ["single 题 [甲|乙] B", "true_false 天蓝 [正确|错误] A", "true_false 地方 [正确|错误] B"],
    ),
    "numbers begin again without headings": (
        "一、单选题\n1. 题\nA.甲 B.乙\n二、多选题\n1. 题二\nA.甲 B.乙\n参考答案\n1. B\n1. AB",
        ["single 题 [甲|乙] B", "multiple 题二 [甲|乙] AB"],
    ),
    "lists inside explanations": (
        "1. 题\nA.甲 B.乙\n答案：A\n解析：因为\n1. 其一\n2. 其二\n2. 题二\nA.甲 B.乙\n答案：B",
        ["single 题 [甲|乙] A", "single 题二 [甲|乙] B"],
    ),
    "a stem that goes on": ("1. 阅读：\n(1) 甲说\n(2) 乙说\n谁对？\nA.甲 B.乙\n答案：A", ["single 阅读：\n(1) 甲说\n(2) 乙说\n谁对？ [甲|乙] A"]),
    "figures are no numbers": ("1. 增长\n1.5 倍还是 2.5 倍？\nA.1.5 B.2.5\n答案：B", ["single 增长\n1.5 倍还是 2.5 倍？ [1.5|2.5] B"]),
    "a year behind the number": ("1.2023年起？\nA.甲 B.乙\n答案：B", ["single 2023年起？ [甲|乙] B"]),
    "no numbers at all": ("题一\nA.甲\nB.乙\n答案：A\n\n题二\nA.甲\nB.乙\n答案：B", ["single 题一 [甲|乙] A", "single 题二 [甲|乙] B"]),
    "formulas are left alone": (r"1. 求 \(f(A. B)\)" + "\nA. 甲\nB. 乙\n答案：B", [r"single 求 \(f(A. B)\) [甲|乙] B"]),
    "bold marks": ("<b>1.</b> 题\n<b>A.</b> 甲\nB. <b>乙</b>\n<b>答案：</b>B", ["single 题 [甲|<b>乙</b>] B"]),
    "matching": ("匹配题\n1. 连线\n（1）一\n（2）二\nA. 甲\nB. 乙\n答案：1-B 2-A", ["matching 连线 [甲|乙] BA"]),
    "ordering": ("排序题\n1. 排\nA. 甲\nB. 乙\nC. 丙\n答案：C→A→B", ["ordering 排 [甲|乙|丙] CAB"]),
    "the key before the number": (
        "判断题\n（ √ ）1．天蓝\n（ × ）2．地方",
        ["true_false （\u3000）天蓝 [正确|错误] A", "true_false （\u3000）地方 [正确|错误] B"],
    ),
    "letters before the numbers": (
        "( C ) 1. 题 (A) 4 (B) 6 (C) 7\n( A ) 2. 题二：\nA.甲 B.乙",
        ["single （\u3000）题 [4|6|7] C", "single （\u3000）题二： [甲|乙] A"],
    ),
    "options that begin with a number and a comma": ("1. 题\n(A) 1、3\n(B) 2、4\n答案：B", ["single 题 [1、3|2、4] B"]),
    "the number again before the key": (
        "1. 题\nA.甲 B.乙\n1.【答案】B。解析：因为。\n2. 题二\nA.甲 B.乙\n2.【答案】A",
        ["single 题 [甲|乙] B", "single 题二 [甲|乙] A"],
    ),
    "answers below the heading once more": (
        "一、单选题\n1．题\nA.甲 B.乙\n二、多选题\n1．题二\nA.甲 B.乙\n一、单选题\n1．【答案】Ｂ\n【解析】因为\n二、多选题\n1．【答案】AB",
        ["single 题 [甲|乙] B", "multiple 题二 [甲|乙] AB"],
    ),
    "8题": ("8题:题（ ）正确答案:正确\n9题:题二\nA.甲\nB.乙 正确答案:A,B", ["true_false 题（ ） [正确|错误] A", "multiple 题二 [甲|乙] AB"]),
    "题目1": ("题目1：题\n选项：\nA. 甲\nB. 乙\n答案：A\n\n题目2：题二\n选项：\nA. 甲\nB. 乙\n答案：B", ["single 题 [甲|乙] A", "single 题二 [甲|乙] B"]),
    "the type before a colon": (
        "1. 单项选择题：题\nA.甲 B.乙\n正确答案是：A\n2. 判断题：天蓝\n正确答案是：对\n3. 填空题：首都是（  ）。\n答案为：甲",
        ["single 题 [甲|乙] A", "true_false 天蓝 [正确|错误] A", "fill_in 首都是[[1]]。 [] 甲"],
    ),
    "answers in the line of their name": (
        "1. 题（ ）\nA.甲 B.乙\n2. 题二（ ）\nA.甲 B.乙\n参考答案：1.B 2.A\n3. 题三（ ）\nA.甲 B.乙\n答案：B",
        ["single 题（ ） [甲|乙] B", "single 题二（ ） [甲|乙] A", "single 题三（ ） [甲|乙] B"],
    ),
    "answers of each section in a line": (
        "一、单选题\n1. 题\nA.甲 B.乙\n2. 题二\nA.甲 B.乙\n答案：1-2 AB\n二、多选题\n1. 题三\nA.甲 B.乙\n2. 题四\nA.甲 B.乙\n答案：1.AB 2.B",
        ["single 题 [甲|乙] A", "single 题二 [甲|乙] B", "multiple 题三 [甲|乙] AB", "multiple 题四 [甲|乙] B"],
    ),
    "Ans": ("(1) 题\n(A) 甲 (B) 乙\nAns: (B)", ["single 题 [甲|乙] B"]),
    "circles and boxes, as 问卷星 has them": (
        "1. 题 [单选题] *\n○甲\n○乙（正确答案）\n○丙\n2. 题二 [多选题] *\n□甲(正确答案)\n□乙(正确答案)\n□丙\n3. 天蓝。 [判断题] *\n○对（正确答案）\n○错",
        ["single 题 [甲|乙|丙] B", "multiple 题二 [甲|乙|丙] AB", "true_false 天蓝。 [对|错] A"],
    ),
    "boxes before letters": ("1. 题（ ）\n□ A. 甲\n□ B. 乙\n□ C. 丙\n答案：B", [ONE]),
    "stars before letters": ("1. 题（ ）\nA. 甲\n*B. 乙\nC. 丙", [ONE]),
    "ticks behind options": ("1. 题（ ）\nA. 甲\nB. 乙 √\nC. 丙", [ONE]),
    "numbers in brackets before plain ones": (
        "（1）题（ ）\nA. 甲\nB. 乙\nC. 丙\n答案：B\n1. 题二\nA. 甲\nB. 乙\n答案：A\n2. 题三\nA. 甲\nB. 乙\n答案：B",
        [ONE, "single 题二 [甲|乙] A", "single 题三 [甲|乙] B"],
    ),
    "types under numbers in brackets": (
        "（1）单项选择\n1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n答案：B\n（2）多项选择\n1. 题二\nA. 甲\nB. 乙\n答案：A",
        [ONE, "multiple 题二 [甲|乙] A"],
    ),
    "stars before the key's word": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n★答案：B", [ONE]),
    "the key's word in square brackets": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n[答案]B", [ONE]),
    "the key in brackets of its own": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n（答案：B）", [ONE]),
    "a dash behind the key's word": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n标准答案——B", [ONE]),
    "the key in a box of its own": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n\n【B】\n2. 题二\nA. 甲\nB. 乙\n【 A 】", [ONE, "single 题二 [甲|乙] A"]),
    "Correct": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\nCorrect: B", [ONE]),
    "Key": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\nKey: B", [ONE]),
    "the chosen words behind the letter": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n正确答案：B（乙）", [ONE]),
    "选B": ("1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n答案：选B", [ONE]),
    "traditional signs": (
        "一、單選題\n1. 題（ ）\nA. 甲\nB. 乙\nC. 丙\n參考答案：B\n解析：因為\n難度：易\n二、判斷題\n1. 天藍。\n答案：錯",
        ["single 題（ ） [甲|乙|丙] B", "true_false 天藍。 [正确|错误] B"],
    ),
    "the key's word alone in its line": (
        "一、简答题\n1. 题\n参考答案\n甲。\n乙。\n2. 题二\n【参考答案】\n丙。\n二、单选题\n1. 题三\nA. 甲\nB. 乙\n参考答案\nB",
        ["short_text 题 [] 甲。\n乙。", "short_text 题二 [] 丙。", "single 题三 [甲|乙] B"],
    ),
    "blanks by their numbers, in any order": (
        "填空题\n1. ____红，____蓝。\n答案：2. 天；1. 血\n2. ____和____。\n答案：（2）乙 （1）甲\n3. 价____到____元。\n答案：1.5；2.5",
        ["fill_in [[1]]红，[[2]]蓝。 [] 血；天", "fill_in [[1]]和[[2]]。 [] 甲；乙", "fill_in 价[[1]]到[[2]]元。 [] 1.5；2.5"],
    ),
    "everything in lines of its own, as 学习通 is copied": (
        "1\n【单选题】\n题（ ）\nA、\n甲\nB、\n乙\nC、\n丙\n正确答案： B 我的答案：C\n得分： 0.0分\n2\n【判断题】\n天蓝。\n正确答案： √",
        [ONE, "true_false 天蓝。 [正确|错误] A"],
    ),
    "the type in the number's line, as 雨课堂 has it": ("1.单选题 (1分)\n题（ ）\nA\n甲\nB\n乙\nC\n丙\n正确答案：B", [ONE]),
    "figures behind the key, as 粉笔 has them": ("1．题（ ）\nA．甲\nB．乙\nC．丙\n正确答案为：B，全站正确率72%，易错项为C。\n解析：因为", [ONE]),
    "the explanation tells the key, as 菁优网 does": (
        "1.（3分）题（ ）\nA．甲\tB．乙\tC．丙\n【分析】略\n【解答】解：A、错；C、错；\n故选：B．\n【点评】基础题\n2. 题二\nA．甲\tB．乙\n【解答】故选A．",
        [ONE, "single 题二 [甲|乙] A"],
    ),
}


@pytest.mark.parametrize("stem", ["缺乏维生素（C）会怎样（ ）", "维生素（C）有何作用", "属于（C）的是____的一种"])
def test_a_letter_in_brackets_that_belongs_to_the_words_is_no_key(stem: str) -> None:
    (draft,), _, _ = paper_text.read([Line(line, at) for at, line in enumerate(f"1. {stem}\nA. 甲\nB. 乙\nC. 丙".split("\n"), 1)], "行")
    assert (draft.stem, draft.key, [each.code for each in faults_of(draft)]) == (stem, (), ["no_key"])


@pytest.mark.parametrize(
    "paper",
    [
        "1. 题\n* A. 甲\n* B. 乙\n* C. 丙",  # a list
        "1. 题\n*A. 甲\n*B. 乙\n2. 题\nA. 甲\nB. 乙",  # all of them: the first is then no item
        "1. 题\nA. √×\nB. ×√",  # judgements to choose from
        "1. 题\nA. √\nB. ×",
        "1. 题\nA. int*\nB. int",
        "1. 题\nA. 甲\nB. 乙\n解析：甲不对，故选B。乙不全，故不选A。\n故选：A。\n故选：B。",
        "1. 题\nA. 甲\nB. 乙\n解析：故选项B错误。",
    ],
)
def test_what_tells_no_key_is_none(paper: str) -> None:
    (draft,) = paper_text.read_text(paper).drafts
    assert (len(draft.options), draft.key, "正确" in "".join(draft.options)) == (2 + paper.count("C. "), (), False)


def test_lists_in_a_stem_and_an_explanation_are_no_options() -> None:
    drafts = paper_text.read_text("1. 有两点：\n○甲\n○乙\n谁在先\nA. 子\nB. 丑\n答案：A\n解析：\n○因为\n○所以\n2. 题\nA. 子\nB. 丑\n答案：B").drafts
    assert [told(draft) for draft in drafts] == ["single 有两点：\n○甲\n○乙\n谁在先 [子|丑] A", "single 题 [子|丑] B"]
    assert drafts[0].explanation == "○因为\n○所以"


@pytest.mark.parametrize("key", ["答案：B，因为好", "【答案】B。因为好", "答案与解析：B。因为好", "【参考答案及解析】 B 因为好", "答案/解析：B\n因为好"])
def test_the_reason_behind_a_key_is_its_explanation(key: str) -> None:
    first, second = paper_text.read_text(f"1. 题（ ）\nA. 甲\nB. 乙\nC. 丙\n{key}\n2. 何为____？\n答案与解析：甲。乙").drafts
    assert (told(first), first.explanation) == (ONE, "因为好")
    assert (second.blanks[0].accepted, second.explanation) == (("甲。乙",), ""), "words that are no letters are the key"


@pytest.mark.parametrize("habit", SAMPLES)
def test_a_habit_is_understood(habit: str) -> None:
    text, expected = SAMPLES[habit]
    drafts, _, refused = paper_text.read([Line(line, number) for number, line in enumerate(text.split("\n"), 1)], "行")
    assert [told(draft) for draft in drafts] == expected
    assert not refused
    assert not any(faults_of(draft) for draft in drafts)


AB = "\nA.甲 B.乙\n"
KEYED = f"1. 题{AB}答案：A\n2. 题{AB}答案：A\n"
BESIDE = {
    "of two sections": (f"一、单选题\n1. 题{AB}二、多选题\n2. 题{AB}参考答案：1.B 2.AB", ["B", "AB"]),
    "of the section it stands in, in any order": (f"一、单选题\n1. 题{AB}2. 题{AB}二、多选题\n1. 题{AB}2. 题{AB}答案：2.B 1.AB", ["", "", "AB", "B"]),
    "of those behind that have theirs": (f"{KEYED}1. 题{AB}2. 题{AB}参考答案：1.B 2.B", ["A", "A", "B", "B"]),
    "of one alone": (f"1. 题{AB}2. 题{AB}参考答案：1.A", ["A", ""]),
    "of one alone, that is an amount": (f"1. 题{AB}2. 电流是（ ）{AB}参考答案：1A", ["", ""]),
    "of one that is not there": (f"1. 题{AB}2. 题{AB}参考答案：1.B 9.A", ["", ""]),
    "of one that has its own": (f"1. 题{AB}答案：A\n2. 题{AB}参考答案：1.A 2.B", ["A", "B"]),
    "of all that have their own": (f"{KEYED}参考答案：1-2 AA", ["A", "A"]),
    "of one that has another": (f"{KEYED}参考答案：1-2 AB", ["A", ""]),
    "in turn": (f"一、单选题\n1. 题{AB}2. 题{AB}答案：BA\n二、单选题\n1. 题{AB}2. 题{AB}答案：AB", ["B", "A", "A", "B"]),
    "in turn, but one is answered": (f"一、单选题\n1. 题（A）{AB}2. 题{AB}答案：AB", ["A", "AB"]),
    "in turn, but others follow": (f"一、单选题\n1. 题{AB}2. 题{AB}答案：AB\n3. 题{AB}答案：A", ["", "AB", "A"]),
    "of one twice": (f"1. 题{AB}2. 题{AB}参考答案\n1.A\n2.B\n1.A", ["A", "B"]),
    "of one twice, otherwise": (f"1. 题{AB}2. 题{AB}参考答案\n1.A\n2.B\n1.B", ["", "B"]),
}


@pytest.mark.parametrize("words", BESIDE)
def test_a_line_of_answers_among_the_items_gives_each_its_own_or_none(words: str) -> None:
    paper, keys = BESIDE[words]
    found = reading.read(paper.encode())
    assert (["".join("AB"[at] for at in draft.key) for draft in found.drafts], found.losses) == (keys, ())


@pytest.mark.parametrize("head", ["解析：", "【解析】", "答案解析"])
def test_explanations_of_all_items_behind_their_answers(head: str) -> None:
    found = reading.read(f"1. 题{AB}2. 题{AB}答案：\n1. A\n2. B\n{head}\n1. 因为甲\n更因为甲\n2. 因为乙".encode())
    assert ([(draft.key, draft.explanation) for draft in found.drafts], found.losses) == ([((0,), "因为甲\n更因为甲"), ((1,), "因为乙")], ())


def test_a_shorter_list_explains_none_of_them() -> None:
    found = reading.read(f"1. 题{AB}2. 题{AB}3. 题{AB}答案：\n1. A\n2. B\n3. 【答案】B\n解析：\n1. 其一\n2. 其二".encode())
    assert [(draft.key, draft.explanation) for draft in found.drafts] == [((0,), ""), ((1,), ""), ((1,), "")]
    assert [each.what for each in found.losses] == ["第 1 题另有答案“其一”，未导入", "第 2 题另有答案“其二”，未导入"]


@pytest.mark.parametrize("answers", ["对错对", "√×√", "√ × √", "对，错，对"])
def test_judgements_without_numbers_below_as_many_items(answers: str) -> None:
    found = reading.read(f"一、判断题\n1. 天蓝（ ）\n2. 地方（ ）\n3. 水湿（ ）\n答案：{answers}\n二、判断题\n1. 甲（ ）\n答案：错".encode())
    assert ([draft.key for draft in found.drafts], found.losses) == ([(0,), (1,), (0,), (1,)], ())
    fewer = reading.read(f"一、判断题\n1. 天蓝（ ）\n2. 地方（ ）\n答案：{answers}".encode())
    assert [draft.key for draft in fewer.drafts] == [(), ()]


@pytest.mark.parametrize(
    ("paper", "item"),
    [
        ("1. 首要任务是什么？【B】\nA. 甲\nB. 乙", "single 首要任务是什么？（\u3000） [甲|乙] B"),
        ("一、判断题\n1. 可以迟到。【错】", "true_false 可以迟到。（\u3000） [正确|错误] B"),
        ("一、判断题\n1. 要关爱学生。 √", "true_false 要关爱学生。 [正确|错误] A"),
        ("一、填空题\n1. 首都是【北京】，国旗是【五星红旗】。", "fill_in 首都是 [[1]] ，国旗是 [[2]] 。 [] 北京；五星红旗"),
    ],
)
def test_keys_in_square_brackets_or_as_a_sign_behind_the_stem(paper: str, item: str) -> None:
    (draft,) = paper_text.read_text(paper).drafts
    assert told(draft) == item


SECTIONS = (
    "一、选择题\n1．甲（ ）\nA．一 B．二 C．三\n2．乙（ ）\nA．一 B．二 C．三\n二、多选题\n1．丙（ ）\nA．一 B．二 C．三\n2．丁（ ）\nA．一 B．二 C．三\n"
    "三、判断题\n1．戊。（ ）\n2．己。（ ）\n四、填空题\n1．首都是____。\n2．国花是____。\n五、简答题\n1．简述庚。\n2．简述辛。\n参考答案\n"
)


@pytest.mark.parametrize(
    "said",
    [
        "一、1．B 2．A\n二、1．AC 2．BC\n三、1．√ 2．×\n四、1．北京 2．牡丹\n五、1．一言\n2．二言",
        "一、BA\n二、AC、BC\n三、√ ×\n四、1.北京；2.牡丹\n五、\n1．一言\n2．二言",
        "一、选择题 BA 二、多选题 AC BC 三、判断题 √×\n四、填空题（每空2分）：1．北京，2．牡丹。\n五、简答题：1．一言\n2．二言",
        "（一）1-2 BA（二）1-2 AC BC\n（三）1-2：√×\n（四）（1）北京（2）牡丹\n（五）（1）一言\n（2）二言",
        "第一大题 1.B2.A\n第二大题 1.AC2.BC\n第三大题 1.√2.×\n第四大题 1、北京 2、牡丹\n第五大题 1、一言\n2、二言",
        "一、1.B 解析：因为 2.5 大\n2.A\n二、1.AC，2.BC；三、1.√，2.×；四、1.北京；2.牡丹\n五、1.一言\n2.二言",
    ],
)
def test_answers_begin_behind_the_number_or_name_of_their_section(said: str) -> None:
    read = paper_text.read_text(SECTIONS + said)
    assert ([told(draft).rsplit(" ", 1)[1] for draft in read.drafts], [*read.losses], [*read.refused]) == (
        [*"BA", "AC", "BC", *"AB", "北京", "牡丹", "一言", "二言"],
        [],
        [],
    )


@pytest.mark.parametrize(
    "said",
    ["1.B 2.A 3.北京 4.牡丹 5.√ 6.×", "1、B；2、A；3、北京；4、牡丹；5、对；6、错", "1-2 BA\n3.北京 4.牡丹\n5.√ 6.×", "答案：一、BA 二、3.北京 4.牡丹 三、√×"],
)
def test_answers_of_several_types_in_one_line(said: str) -> None:
    paper = (
        "一、单选题\n1．甲（ ）\nA．一 B．二\n2．乙（ ）\nA．一 B．二\n二、填空题\n3．首都是____。\n4．国花是____。\n三、判断题\n5．戊。（ ）\n6．己。（ ）\n"
    )
    read = paper_text.read_text(paper + ("" if said.startswith("答案") else "参考答案\n") + said)
    assert ([told(draft).rsplit(" ", 1)[1] for draft in read.drafts], [*read.losses]) == ([*"BA", "北京", "牡丹", *"AB"], [])


def test_numbers_in_brackets_of_an_item_with_several_blanks_are_those_of_its_blanks() -> None:
    read = paper_text.read_text("一、填空题\n(1) ____和____。\n(2) 国花是____。\n参考答案\n(1)（1）北京（2）上海\n(2) 牡丹")
    assert [told(draft).rsplit(" ", 1)[1] for draft in read.drafts] == ["北京；上海", "牡丹"]


@pytest.mark.parametrize("key", ["错误，应为圆的", "错误。应为圆的", "×：应为圆的", "错（应为圆的）"])
def test_a_judgement_with_its_reason(key: str) -> None:
    (draft,) = reading.read(f"1. 地球是方的（ ）\n答案：{key}\n解析：看照片".encode()).drafts
    assert (draft.type, draft.key, draft.explanation.strip("（）").split("\n")[-1]) == ("true_false", (1,), "看照片")
    assert "应为圆的" in draft.explanation


@pytest.mark.parametrize("key", ["对，错", "对；错；对", "正确答案见上", "对称轴"])
def test_what_only_begins_with_a_judgement_is_none(key: str) -> None:
    assert all(not draft.key for draft in reading.read(f"一、判断题\n1. 地球是方的（ ）\n答案：{key}".encode()).drafts)


def test_a_second_answer_that_is_no_other_key_is_told() -> None:
    found = reading.read(f"1. 题{AB}2. 题{AB}参考答案\n1.A\n2.B\n1. 见书".encode())
    assert ([draft.key for draft in found.drafts], [each.what for each in found.losses]) == ([(0,), (1,)], ["第 1 题另有答案“见书”，未导入"])


def test_what_stands_beside_the_key_is_kept_with_the_place() -> None:
    text = "标题\n一、单选题（每题1.5分，共1题）\n1. 题\nA.甲 B.乙\n【答案】B\n【解析】因为\n所以\n【难度】难\n【知识点】危机干预\n【选项A解析】不全"
    found = reading.read(text.encode("gb18030"))
    (draft,) = found.drafts
    assert (found.format, draft.place, draft.points, draft.explanation, draft.difficulty) == ("text", "第 1 题（第 3 行）", 150, "因为\n所以", 0.4)
    assert (draft.topic, draft.option_explanations) == ("危机干预", ("不全", ""))
    assert [(loss.place, loss.what) for loss in found.losses] == [("第 1 行", "“标题”不属于任何试题，未导入")]


def test_items_without_a_key_are_refused_each_at_its_place() -> None:
    found = reading.read("1. 题\nA.甲 B.乙\n2. 题二\nA.甲 B.乙\n答案：A\n3. 题三\nA.甲 B.乙\n答案：D\n4. 题四\nA.甲\nC.乙\n答案：A".encode())
    assert [(draft.place, [each.code for each in faults_of(draft)]) for draft in found.drafts] == [
        ("第 1 题（第 1 行）", ["no_key"]),
        ("第 2 题（第 3 行）", []),
        ("第 3 题（第 6 行）", ["key_not_an_option"]),
    ]
    assert [(draft.place, why.code) for draft, why in found.refused] == [("第 4 题（第 9 行）", "block_unreadable")]


def test_an_answer_to_no_item_is_named() -> None:
    found = reading.read("1. 题\nA.甲 B.乙\n参考答案\n1. A\n7. B".encode())
    assert [loss.what for loss in found.losses] == ["第 7 题的答案没有对应的试题，未导入"]


@pytest.mark.parametrize(
    "text",
    [
        "关于召开会议的通知\n1. 时间：周三\n2. 地点：会议室\n请准时参加。",
        "一、总则\n1. 为加强管理\n2. 本办法适用于\n二、附则\n3. 自发布之日起施行",
        "你好\n世界",
    ],
)
def test_a_document_that_is_no_bank_imports_nothing(text: str) -> None:
    with pytest.raises(Unreadable):
        reading.read(text.encode())


def test_options_that_say_themselves_which_are_right() -> None:
    paper = """1.下列有效的是 [单选题] *
A.深呼吸(正确答案)
B.压抑

2.哪些是支持？[多选题][分值:5]
A.我在听（正确答案）
B.别想
C.说说吗（正确答案）

3.保密没有例外。 [判断题]
对
错(正确答案)
"""
    one, two, three = reading.read(paper.encode()).drafts
    assert (one.type, one.stem, one.options, one.key) == ("single", "下列有效的是", ("深呼吸", "压抑"), (0,))
    assert (two.type, two.options, two.key, two.points) == ("multiple", ("我在听", "别想", "说说吗"), (0, 2), 500)
    assert (three.type, three.stem, three.options, three.key) == ("true_false", "保密没有例外。", ("正确", "错误"), (1,))


def test_records_of_named_fields() -> None:
    paper = "题型：多选题\n题目：哪些是渠道\n选项A：热线\n选项B：老师\n选项C：独自\n答案：A,B\n解析：略\n\n题型：判断题\n题干：运动减压。\n答案：对\n"
    one, two = reading.read(paper.encode()).drafts
    assert (one.type, one.stem, one.options, one.key, one.explanation) == ("multiple", "哪些是渠道", ("热线", "老师", "独自"), (0, 1), "略")
    assert (two.type, two.stem, two.key) == ("true_false", "运动减压。", (0,))


def test_the_type_before_the_number_and_blanks_by_name() -> None:
    paper = "[单选题] 1. 甲？\nA. 一\nB. 二\n【答案】B\n[填空题] 2. 包括____和____。\n答案：\n第一空：理解\n第二空：表达；传达\n"
    one, two = reading.read(paper.encode()).drafts
    assert (one.type, one.stem, one.key) == ("single", "甲？", (1,))
    assert [blank.accepted for blank in two.blanks] == [("理解",), ("表达", "传达")]


BLANKS = " " * 5_000
SLOW = ["一、{}x", "1{}?", "1-5{}?", "1 A 2{}?", "A. x{}y", "<b>答案：{}x", "<b>第1题{}x", "一{}单" + "x" * 20, "【{}x", "A x{}y", "[题{}y", "1. 题（{}x）"]


def test_no_run_of_blanks_takes_more_than_a_moment() -> None:
    lines = [line.format(BLANKS) for line in SLOW]
    paper = ["1. 题目", "A. 甲", *lines, "\n" * 5_000, *lines, "答案：A", "参考答案", *lines]
    # Where blanks can be shared out in several ways, each of these takes hours; the limit leaves room for a busy machine.
    assert apart.read("\n".join(paper).encode(), seconds=60).format == "text"


@pytest.mark.parametrize(("stem", "key"), [("下列正确的是（ C ）。", "C"), ("下列正确的是（A、C）。", "AC"), ("下列哪组（ C ）是同类项", "C")])
def test_a_bracket_that_shows_the_key_told_below_is_emptied(stem: str, key: str) -> None:
    emptied = with_key_taken(stem)[0]
    assert without_shown_key(stem, key, 3) == (emptied, "") != (stem, "")
    assert without_shown_key(stem, "B", 3)[0] == emptied
    assert without_shown_key(stem, "B", 2) == without_shown_key(stem, "", 3) == without_shown_key(stem, "对", 0) == (stem, "")
    assert without_shown_key("预防的是维生素（C）", "B", 4) == ("预防的是维生素（C）", "")


@pytest.mark.parametrize("stem", ["下列哪组（ C ）是同类项", "属于哪一类（B）的是", "下列（ A ）正确的是____的一项"])
def test_a_letter_behind_a_word_of_the_question_is_the_key(stem: str) -> None:
    assert with_key_taken(stem)[1] in {"A", "B", "C"}
    assert with_key_taken("维生素（C）的作用") == ("维生素（C）的作用", "")


def test_a_bracket_that_tells_another_key_is_told() -> None:
    found = reading.read("1. 题（ C ）\nA. 甲\nB. 乙\nC. 丙\n答案：B\n2. 问（ C ）\nA. 甲\nB. 乙\nC. 丙\n答案：C".encode())
    assert [(draft.stem, draft.key) for draft in found.drafts] == [("题（\u3000）", (1,)), ("问（\u3000）", (2,))]
    assert [loss.what for loss in found.losses] == ["题干的括号里是“C”，与答案不同：按答案导入，请核对"]


def test_a_line_across_the_page_parts_items_and_stays_in_a_text() -> None:
    drawn = reading.read("=====\n1. 12 加 34（ ）\n+ 34\n------\n和是\nA. 46\nB. 56\n---\n答案：A\n*****\n\n2. 问（ ）\nA. 甲\nB. 乙\n答案：B\n-----".encode())
    assert [told(draft) for draft in drawn.drafts] == ["single 12 加 34（ ）\n+ 34\n------\n和是 [46|56] A", "single 问（ ） [甲|乙] B"]
    assert [(loss.place, loss.what) for loss in drawn.losses] == [("第 8 行", "试题中的分隔线“---”未导入")]
    bare = reading.read("一、单选题\n\n甲问\nA. 甲\nB. 乙\n答案：B\n-----\n乙问\nA. 甲\nB. 乙\n答案：A\n".encode())
    assert [draft.stem for draft in bare.drafts] == ["甲问", "乙问"]


def test_a_key_told_twice_is_one_key_and_two_keys_are_none() -> None:
    paper = "1. 甲\nA. 1\nB. 2\n答案：AB\n{}\n2. 乙\nA. 3\nB. 4\n答案：B\n"
    for again, key in (("答案：A、B", (0, 1)), ("正确答案：B,A", (0, 1)), ("答案：B", ())):
        assert paper_text.read_text(paper.format(again)).drafts[0].key == key, again


CODE = "for i in range(3):\n    print(i < 1)\n    if i:\n        break"


@pytest.mark.parametrize("fence", ["```", "```python", "~~~", "   ```"])
def test_fenced_code_is_kept_as_it_stands(fence: str) -> None:
    closed = fence.strip()[:3]
    read = reading.read(f"1. 输出什么？（ ）\n\n{fence}\n{CODE}\n{closed}\n\nA. 0\nB. 1\n答案：A\n\n2. 题（ ）\nA. 甲\nB. 乙\n答案：B".encode())
    assert ("<pre>" + CODE.replace("i < 1", "i &lt; 1") + "</pre>").replace("\n", "<br>") in rich_text.to_html(read.drafts[0].stem)
    assert ([draft.key for draft in read.drafts], read.drafts[0].options, read.losses) == ([(0,), (1,)], ("0", "1"), ())
    assert read.drafts[1].place == "第 2 题（第 14 行）"


def test_a_fence_around_items_or_left_open_hides_none() -> None:
    paper = "```\n1. 题（ ）\nA. 甲\nB. 乙\n答案：B\n{}\n2. 题（ ）\nA. 甲\nB. 乙\n答案：A"
    for words in (paper.format(""), paper.format("解析：因为\n```\n"), f"{paper.format('')}\n```"):
        assert [draft.key for draft in reading.read(words.encode()).drafts] == [(1,), (0,)]


def test_indentation_of_code_that_is_lost_is_told_once_and_of_wrapped_words_not() -> None:
    read = reading.read(f"1. 输出什么？\n{CODE}\nA. 0\nB. 1\n答案：A".encode())
    assert [(loss.place, loss.what) for loss in read.losses if "缩进" in loss.what] == [("第 3 行", "代码行首的缩进未保留")]
    wrapped = "1. What is\n   the meaning\n   of it?\n    A. 甲\n    B. 乙\n  答案：A\n解析：因为\n    所以"
    assert not reading.read(wrapped.encode()).losses


@pytest.mark.parametrize(
    "behind",
    [
        "<details><summary>答案</summary>\n\n**答案：B**\n\n</details>",
        "<details>\n<summary><b>查看答案</b></summary>\n<p>\n\nB\n\n</p>\n</details>",
        "<details><summary>Answer</summary>B</details>",
        "<details>答案：B</details>",
    ],
)
def test_a_key_that_opens_at_a_click_is_read(behind: str) -> None:
    explained = "<details><summary>解析</summary>因为</details>"
    read = reading.read(f"1. <details> 标签（ ）\nA. 甲\nB. </details> 乙\n\n{behind}\n\n2. 题（ ）\nA. 甲\nB. 乙\n答案：A\n{explained}".encode())
    assert [told(draft) for draft in read.drafts] == ["single <details> 标签（ ） [甲|</details> 乙] B", "single 题（ ） [甲|乙] A"]
    assert (read.drafts[1].explanation, read.losses) == ("因为", ())


@pytest.mark.parametrize("mark", ["#### {}", "**{}**", "### **{}**"])
def test_a_heading_alone_in_its_line_names_what_stands_below_it(mark: str) -> None:
    mine, key, why = (mark.format(words) for words in ("我的答案", "参考答案", "解析"))
    asked = f"## 简答题\n### 1. 简述倾听的要点\n{mine}\n- 我觉得先听\n\n{key}\n\n- 要点一\n- 要点二\n\n{why}\n\n见第二讲。\n"
    found = reading.read((f"{asked}## 单选题\n### 2. 谁在先\nA. 甲\nB. 乙\n{key}\nB\n{why}\n乙先到。\n").encode())
    assert [(draft.stem, draft.model, draft.key, draft.explanation) for draft in found.drafts] == [
        ("简述倾听的要点", "- 要点一\n- 要点二", (), "见第二讲。"),
        ("谁在先", "", (1,), "乙先到。"),
    ]
    assert "学员的作答（我的答案）和得分未导入" in {loss.what for loss in found.losses}


@pytest.mark.parametrize("mark", ["### {}", "**{}**"])
def test_a_number_alone_in_a_heading_is_no_part_of_the_stem(mark: str) -> None:
    found = reading.read(("".join(f"{mark.format(f'Question {number}')}\nWho?\nA. p\nB. q\n{mark.format('Answer')}\nB\n\n" for number in (1, 2))).encode())
    assert [(draft.stem, draft.options, draft.key) for draft in found.drafts] == [("Who?", ("p", "q"), (1,))] * 2


def test_a_numbered_list_of_a_learner_makes_no_items() -> None:
    found = reading.read("一、论述题\n1. 论述甲。\n【答案】略。\n\n### 我的答案\n1. 理解一。\n2. 理解二。\n\n2. 论述乙。\n【答案】见书。\n".encode())
    assert [(draft.stem, draft.model) for draft in found.drafts] == [("论述甲。", "略。"), ("论述乙。", "见书。")]


def test_answers_headed_at_the_end_stay_those_of_all_items() -> None:
    found = reading.read(("## 单选题\n1. 谁在先\nA. 甲\nB. 乙\n2. 谁在后\nA. 甲\nB. 乙\n\n**参考答案**\n\n1. B\n2. A\n").encode())
    assert [draft.key for draft in found.drafts] == [(1,), (0,)]


@pytest.mark.parametrize("block", ["1-2 BD", "1.B 2.D", "1. B\n2. D"])
def test_a_key_that_the_answers_at_the_end_contradict_is_none(block: str) -> None:
    asked = "1. 谁在先（ ）\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案：B\n2. 谁在后（ ）\nA. 甲\nB. 乙\nC. 丙\nD. 丁\n答案：C\n参考答案\n"
    assert [draft.key for draft in reading.read(f"{asked}{block}\n".encode()).drafts] == [(1,), ()]
    agreed = reading.read(f"{asked}{block.replace('D', 'C')}\n".encode())
    assert ([draft.key for draft in agreed.drafts], agreed.losses) == ([(1,), (2,)], ())


def test_a_judgement_that_the_answers_at_the_end_contradict_is_none() -> None:
    asked = "一、判断题\n1. 天是蓝的。\n答案：对\n2. 草是红的。\n答案：错\n参考答案\n1. 错\n2. ×\n"
    assert [draft.key for draft in reading.read(asked.encode()).drafts] == [(), (1,)]


def test_explanations_below_the_item_and_at_the_end_are_both_kept() -> None:
    asked = "1. 谁在先（ ）\nA. 甲\nB. 乙\n答案：B\n解析：见书。\n2. 谁在后（ ）\nA. 甲\nB. 乙\n答案：A\n参考答案\n1. B 解析：乙先到。\n2. A\n"
    assert [draft.explanation for draft in reading.read(asked.encode()).drafts] == ["见书。\n乙先到。", ""]


def test_the_english_words_of_a_question_are_no_field_of_it() -> None:
    chosen = "1. Choose the best answer: Who comes first?\nA. p\nB. q Answer: B\n"
    filled = "二、填空题\n2. Write the answer: 2 + 2 = ____\nanswer: 4\n"
    drafts = reading.read((chosen + filled).encode()).drafts
    assert [(draft.stem, draft.options, draft.key) for draft in drafts] == [
        ("Choose the best answer: Who comes first?", ("p", "q"), (1,)),
        ("Write the answer: 2 + 2 = [[1]]", (), ()),
    ]
    assert [blank.accepted for blank in drafts[1].blanks] == [("4",)]


def _sheet(*stems: str) -> str:
    return "".join(f"{number}. {stem}\nA. 甲\nB. 乙\n" for number, stem in enumerate(stems, start=1))


CHAPTERS = (
    ("第一章 倾听", f"一、单选题\n{_sheet('谁在先', '谁在后')}二、判断题\n1. 天是蓝的。（ ）\n"),
    (
        "第二章 提问",
        f"一、单选题\n{_sheet('谁来问', '谁来答')}二、判断题\n1. 草是红的。（ ）\n",
    ),
)
CHAPTERS_KEYED = [("谁在先", (0,)), ("谁在后", (1,)), ("天是蓝的。（ ）", (0,)), ("谁来问", (1,)), ("谁来答", (0,)), ("草是红的。（ ）", (1,))]


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("keys", [("一、单选题\n1-2 AB\n二、判断题\n1. 对\n", "一、单选题\n1. B\n2. A\n二、判断题\n1. 错\n")])
def test_each_chapter_has_its_own_answers_below_it_or_at_the_end(keys: tuple[str, str], *, at_end: bool) -> None:
    told = [f"{name.split()[0]}\n{words}" if at_end else f"参考答案\n{words}" for (name, _asked), words in zip(CHAPTERS, keys, strict=True)]
    asked = [f"{name}\n{words}" for name, words in CHAPTERS]
    paper = "".join((*asked, "参考答案\n", *told)) if at_end else "".join(words for pair in zip(asked, told, strict=True) for words in pair)
    found = reading.read(paper.encode())
    assert [(draft.stem, draft.key) for draft in found.drafts] == CHAPTERS_KEYED
    assert [loss.what for loss in found.losses] == ["“第一章 倾听”不属于任何试题，未导入"]


def test_a_chapter_of_questions_without_blanks_follows_the_answers_to_the_one_above() -> None:
    chapters = zip("一二", ("倾听", "提问"), strict=True)
    parts = [f"第{at}章\n一、简答题\n1. 什么是{what}？\n2. 为何{what}？\n参考答案\n1. {what}一\n2. {what}二\n" for at, what in chapters]
    assert [draft.model for draft in reading.read("".join(parts).encode()).drafts] == ["倾听一", "倾听二", "提问一", "提问二"]


def test_an_answer_that_a_chapter_lacks_is_not_taken_from_the_next() -> None:
    first, second = (f"{name}\n{_sheet('谁先', '谁后')}" for name in ("第一章 倾听", "第二章 提问"))
    below = reading.read(f"{first}参考答案\n1. A\n{second}参考答案\n1. B\n2. B\n".encode())
    at_end = reading.read(f"{first}{second}参考答案\n第一章\n1. A\n第二章\n1. B\n2. B\n".encode())
    assert [draft.key for draft in below.drafts] == [draft.key for draft in at_end.drafts] == [(0,), (), (1,), (1,)]


def test_one_answer_for_two_items_of_its_number_is_none() -> None:
    found = reading.read(f"练习一\n{_sheet('谁先', '谁后')}练习二\n{_sheet('谁问', '谁答')}参考答案\n1. B\n2. A\n".encode())
    assert [draft.key for draft in found.drafts] == [(), (), (), ()]
    assert {loss.what for loss in found.losses} >= {"答案“B”可能属于另一道同号的题，未导入", "答案“A”可能属于另一道同号的题，未导入"}
    both = reading.read(f"{_sheet('谁先', '谁后')}{_sheet('谁问', '谁答')}参考答案\n1-2 BA\n1-2 AA\n".encode())
    assert [draft.key for draft in both.drafts] == [(1,), (0,), (0,), (0,)]
    essays = reading.read(f"一、单选题\n{_sheet('谁先', '谁后')}二、简答题\n1. 为何？\n2. 如何？\n参考答案\n1-2 BA\n".encode())
    assert [draft.key for draft in essays.drafts] == [(1,), (0,), (), ()]


def test_a_list_in_an_answer_is_no_chapter() -> None:
    first, second = "要点：\n一、先听后说\n二、不打断人", "一、先问后答"
    below = f"一、简答题\n1. 论倾听。\n答案：{first}\n2. 论提问。\n答案：{second}\n二、判断题\n1. 天是蓝的。（√）\n"
    at_end = f"一、简答题\n1. 论倾听。\n2. 论提问。\n二、判断题\n1. 天是蓝的。（√）\n参考答案\n一、简答题\n1. {first}\n2. {second}\n"
    for paper in (below, at_end):
        found = reading.read(paper.encode())
        assert [(draft.type, draft.model) for draft in found.drafts] == [("short_text", first), ("short_text", second), ("true_false", "")]
        assert found.losses == ()


def test_a_list_in_a_stem_is_no_chapter() -> None:
    material = "阅读材料：\n一、来访者沉默\n二、来访者迟到\n怎么做？"
    keyed = reading.read(f"一、简答题\n1. {material}\n答案：先等\n二、单选题\n2. {material}\nA. 甲\nB. 乙\n答案：B\n".encode())
    assert [(draft.stem, draft.model, draft.key) for draft in keyed.drafts] == [(material, "先等", ()), (material, "", (1,))]
    at_end = reading.read(f"一、简答题\n1. {material}\n参考答案\n1. 先等\n".encode())
    assert "“一、来访者沉默”不属于任何试题，未导入" in {loss.what for loss in at_end.losses}


def test_a_chapter_is_no_list_in_the_answer_above() -> None:
    chapters = (f"{ordinal}、{name}\n1. 谁在先\nA. 甲\nB. 乙\n答案：B\n解析：乙先到。\n" for ordinal, name in (("一", "倾听"), ("二", "提问")))
    found = reading.read("".join(chapters).encode())
    assert [(draft.key, draft.explanation) for draft in found.drafts] == [((1,), "乙先到。")] * 2


KEYED_ITEM = "A. 甲\nB. 乙\n答案：B\n"


@pytest.mark.parametrize("announced", ["（二）阅读材料，回答2-3题。", "（2～3题共用题干）", "二、根据下面的短文，完成第2至3题", "结合案例。回答 2、3 题"])
def test_a_material_stands_in_the_items_that_share_it_and_in_no_other(announced: str) -> None:
    behind = "".join(f"{number}. {stem}\n{KEYED_ITEM}" for number, stem in ((2, "谁来了"), (3, "[单选题] 谁没来"), (4, "谁在后")))
    found = reading.read(f"1. 谁在先\n{KEYED_ITEM}{announced}\n小明来了。\n{behind}".encode())
    shared = f"{announced}\n小明来了。\n"
    assert [draft.stem for draft in found.drafts] == ["谁在先", f"{shared}谁来了", f"{shared}谁没来", "谁在后"]
    assert {(draft.key, draft.explanation) for draft in found.drafts} == {((1,), "")}
    assert [(loss.place, loss.what) for loss in found.losses] == [("第 5 行", "阅读材料已并入依附于它的各题")]


@pytest.mark.parametrize("announced", ["根据材料回答下列问题。", "阅读材料，回答12-13题。"])
def test_a_material_of_items_that_nobody_knows_is_told_and_explains_nothing(announced: str) -> None:
    found = reading.read(f"1. 谁在先\n{KEYED_ITEM}{announced}\n小明来了。\n2. 谁来了\n{KEYED_ITEM}".encode())
    assert [(draft.stem, draft.explanation) for draft in found.drafts] == [("谁在先", ""), ("谁来了", "")]
    assert [loss.what for loss in found.losses] == [f"“{announced}”不属于任何试题，未导入", "“小明来了。”不属于任何试题，未导入"]


def test_what_an_explanation_says_of_its_material_stays_in_it() -> None:
    found = reading.read(f"1. 谁在先\n{KEYED_ITEM}解析：见图。\n根据材料回答第1题时要看全。\n2. 谁来了\n{KEYED_ITEM}".encode())
    assert [draft.explanation for draft in found.drafts] == ["见图。\n根据材料回答第1题时要看全。", ""]


@pytest.mark.parametrize("heading", ["Answers:", "Answer Key", "ANSWER KEY:"])
def test_answers_at_the_end_may_be_headed_in_english(heading: str) -> None:
    asked = "1. Who is first?\nA. p\nB. q\n2. Who is last?\nA. p\nB. q\n"
    for answers in (f"{heading}\n1. B\n2. A\n", f"{heading} 1. B 2. A\n"):
        assert [(draft.options, draft.key) for draft in reading.read((asked + answers).encode()).drafts] == [(("p", "q"), (1,)), (("p", "q"), (0,))]


def test_each_chapter_may_explain_its_answers_behind_them() -> None:
    parts = [
        f"第{at}章\n一、单选题\n{_sheet('谁先', '谁后')}参考答案\n1. {first}\n2. B\n答案解析\n1. 见{at}。\n2. 见书。\n"
        for at, first in (("一", "A"), ("二", "B"))
    ]
    found = reading.read("".join(parts).encode())
    assert [(draft.key, draft.explanation) for draft in found.drafts] == [((0,), "见一。"), ((1,), "见书。"), ((1,), "见二。"), ((1,), "见书。")]


def test_explanations_behind_all_answers_may_stand_under_the_headings_again() -> None:
    asked = f"一、单选题\n{_sheet('谁先', '谁后')}二、判断题\n1. 天是蓝的。\n参考答案\n一、单选题\n1-2 AB\n二、判断题\n1. 对\n"
    found = reading.read(f"{asked}答案解析\n一、单选题\n1. 见甲。\n2. 见乙。\n二、判断题\n1. 见天。\n".encode())
    assert [(draft.key, draft.explanation) for draft in found.drafts] == [((0,), "见甲。"), ((1,), "见乙。"), ((0,), "见天。")]
    assert found.losses == ()


def test_a_list_below_a_key_alone_in_its_line_opens_no_answers() -> None:
    found = reading.read("一、简答题\n1. 论倾听。\n答案：\n一、先听后说\n二、不打断人\n2. 论提问。\n答案：\n先问后答\n".encode())
    assert [(draft.stem, draft.model) for draft in found.drafts] == [("论倾听。", "一、先听后说\n二、不打断人"), ("论提问。", "先问后答")]


def test_a_remark_may_stand_below_the_heading_of_the_answers() -> None:
    found = reading.read(f"一、单选题\n{_sheet('谁先')}二、简答题\n1. 论倾听。\n参考答案\n（仅供参考）\n一、单选题\n1. B\n二、简答题\n1. 先听\n".encode())
    assert [(draft.stem, draft.key, draft.model) for draft in found.drafts] == [("谁先", (1,), ""), ("论倾听。", (), "先听")]


def test_chapters_below_a_type_are_of_that_type() -> None:
    asked = f"一、多选题\n第一章 倾听\n{_sheet('谁先')}第二章 提问\n{_sheet('谁问')}二、判断题\n第一章 倾听\n1. 天蓝。\n2. 地方。\n第二章 提问\n1. 草红。\n"
    keyed = "一、多选题\n第一章 倾听\n1. A\n第二章 提问\n1. AB\n二、判断题\n第一章 倾听\n1. 对\n2. 错\n第二章 提问\n1. 错\n"
    found = reading.read(f"{asked}参考答案\n{keyed}".encode())
    assert [(draft.type, draft.key) for draft in found.drafts] == [
        ("multiple", (0,)),
        ("multiple", (0, 1)),
        ("true_false", (0,)),
        ("true_false", (1,)),
        ("true_false", (1,)),
    ]


def test_another_answer_at_the_end_is_told() -> None:
    asked = "一、填空题\n1. 天是____的。\n答案：蓝\n2. 草是____的。\n答案：绿\n二、单选题\n1. 谁在先\nA. 甲\nB. 乙\n答案：A\n"
    found = reading.read(f"{asked}参考答案\n一、填空题\n1. 红\n2. 绿。\n二、单选题\n1. A. 甲\n".encode())
    assert [(loss.place, loss.what) for loss in found.losses] == [("第 13 行", "第 1 题另有答案“红”，未导入")]


def test_the_time_for_a_paper_grows_as_its_items_do() -> None:
    def seconds(count: int) -> float:
        paper = "".join(f"{number}. 谁在先\nA. 甲\nB. 乙\n答案：B\n" for number in range(1, count + 1)).encode()
        began = process_time()
        assert len(reading.read(paper).drafts) == count
        return process_time() - began

    least = min(seconds(1_000) for _again in range(3))
    assert min(seconds(9_000) for _again in range(2)) < 16 * least, "nine times as long; with the square of the items, two dozen"
