"""Tables put together from the habits of those who fill them: whatever heading, order, divider and encoding, every row comes with its own key."""

import csv
import io
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.domain.item import ItemType
from question_bank.formats import reading
from tests.question_bank.formats.test_paper_habits import NAMES, WORDS, told

HEADINGS = {
    "type": ("题型", "题目类型", "试题类型", "类型"),
    "stem": ("题干", "题目", "试题内容", "题目内容"),
    "key": ("答案", "正确答案", "参考答案", "标准答案"),
    "explanation": ("解析", "答案解析", "试题解析"),
    "difficulty": ("难度", "难易度", "难度系数"),
    "topic": ("知识点", "考点"),
    "points": ("分值", "分数"),
    "number": ("序号", "题号"),
    "other": ("备注", "出题人", "章节"),
}
JUDGED = (("正确", "错误"), ("对", "错"), ("√", "×"), ("T", "F"), ("是", "否"), ("Y", "N"), ("True", "False"), ("1", "0"))
WITHIN = ("\n", "；", ";", "|", "  ")  # between options in one cell
LETTERS = ("{}", "（{}）", "({})", "{}。")


def table(chance: Random) -> tuple[bytes, list[tuple[ItemType, str]]]:
    """Return a table by somebody with habits, and the type and key of each row."""
    label, within, judged = chance.choice(("选项{}", "{}", "备选项{}", "{}选项")), chance.choice(WITHIN), chance.choice(JUDGED)
    between, written = chance.choice(("", ",", "，", "、", " ", ";", "|", "/")), chance.choice(LETTERS)
    columns = ["stem", "key", "type", *(name for name in HEADINGS if name not in {"stem", "key", "type"} and chance.random() < 0.5)]
    chance.shuffle(columns)
    options = [label.format(letter) for letter in "ABCDE"] if chance.random() < 0.6 else ["选项"]
    at = chance.randint(0, len(columns))
    head = [chance.choice(HEADINGS[name]) for name in columns]
    lines, asked = [head[:at] + options + head[at:]], list[tuple[ItemType, str]]()
    for number in range(1, chance.randint(4, 8)):
        kind, words = chance.choice(list(NAMES)), chance.sample(WORDS, 6)
        offered, key, said, stem = list[str](), words[0], words[0], f"{words[1]}的基础是____。"
        if kind in {ItemType.SINGLE, ItemType.MULTIPLE}:
            offered, stem = words[: chance.randint(3, 5)], f"关于{words[5]}，下列正确的是（ ）"
            key = "".join(sorted(chance.sample("ABCDE"[: len(offered)], 1 if kind is ItemType.SINGLE else chance.randint(2, len(offered)))))
            said = written.format(between.join(key))
        elif kind is ItemType.TRUE_FALSE:
            key = chance.choice("AB")
            said, stem = judged["AB".index(key)], f"{words[0]}有助于{words[1]}。"
        elif kind is ItemType.SHORT_TEXT:
            key = said = f"先{words[0]}，再{words[1]}。"
            stem = f"请简述{words[2]}的要点。"
        cells = {
            "stem": stem,
            "key": said,
            "type": chance.choice(NAMES[kind][:2] if kind is ItemType.SINGLE else NAMES[kind]),
            "explanation": f"因为{words[3]}",
        }
        cells |= {
            "difficulty": chance.choice(("易", "中", "难", "0.6", "3")),
            "topic": words[4],
            "points": chance.choice(("2", "2分", "1.5")),
            "number": str(number),
        }
        row = [cells.get(name, "无") for name in columns]
        shown = [f"{letter}{chance.choice('.、')}{option}" for letter, option in zip("ABCDE", offered, strict=False)]
        held = [*offered, "", "", "", "", ""][:5] if len(options) > 1 else [within.join(shown)]
        lines.append(row[:at] + held + row[at:])
        asked.append((kind, key))
    titles = [["2026年题库"], ["填写说明：题型填写单选题、多选题等"]][: chance.randint(0, 2)]
    target = io.StringIO()
    csv.writer(target, delimiter=chance.choice(",,\t;")).writerows([title + [""] * (len(lines[0]) - 1) for title in titles] + lines)
    return target.getvalue().encode(chance.choice(("utf-8", "utf-8-sig", "gb18030", "utf-16"))), asked


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_every_row_comes_with_its_own_key(seed: int) -> None:
    content, asked = table(Random(seed))
    assert [told(draft) for draft in reading.read(content).drafts] == asked, content
