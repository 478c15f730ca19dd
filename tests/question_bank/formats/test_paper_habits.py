"""Papers put together from the habits of those who type them: whatever goes with whatever, every item comes with its own key."""

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from question_bank.domain.draft import Draft
from question_bank.domain.item import ItemType
from question_bank.formats import reading

ORDINALS = "一二三四五"
NAMES = {
    ItemType.SINGLE: ("单选题", "单项选择题", "单项选择", "选择题"),
    ItemType.MULTIPLE: ("多选题", "多项选择题"),
    ItemType.TRUE_FALSE: ("判断题", "判断", "是非题"),
    ItemType.FILL_IN: ("填空题", "填空"),
    ItemType.SHORT_TEXT: ("简答题", "问答题"),
}
WORDS = ("倾听学生", "尊重差异", "及时报告", "保密原则", "情绪调节", "家校合作", "危机干预", "团体辅导", "积极关注", "共情理解", "发展阶段", "行为习惯")
ASIDES = ("（3.5分）", "2.0版", "（如维生素C）", "，即A类人", "1次")
NUMBERS = ("{}. ", "{}.", "{}、", "{}．", "（{}）", "({}) ", "第{}题 ")
LABELS = ("{}. ", "{}.", "{}、", "{}．", "({})", "（{}）", "{}) ")
TITLES = ("2026年度中小学心理健康教育教师测试题", "姓名：________  单位：________  得分：________", "（考试时间：90分钟，满分100分）")
ENDS = ("参考答案", "参考答案：", "【参考答案】", "答案", "参考答案及解析", "试题答案")


@dataclass
class Asked:
    """One item: its type, number and section, its key as the bank has it and as the paper says it."""

    kind: ItemType
    number: int
    section: int
    key: str
    said: str


class Paper:
    """A paper by somebody with habits, drawn once for the whole of it."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.lines, self.asked = chance, list[str](), list[Asked]()
        self.number, self.label, self.behind = chance.choice(NUMBERS), chance.choice(LABELS), chance.choice(("", "；", "。"))
        self.between, self.across = chance.choice(("", "、", ",", "，", " ")), chance.choice(("", "   ", "\t"))
        self.told, self.explains = chance.choice(("答案：", "【答案】", "in brackets", "at the end", "at the end", "at the end")), chance.random() < 0.3
        self.kinds, again = chance.sample(list(NAMES), chance.randint(2, 5)), chance.random() < 0.5
        self.heads = again or chance.random() < 0.8
        self.lines += [title for title in TITLES if chance.random() < 0.4]
        number = 0
        for section, kind in enumerate(self.kinds):
            if self.heads:
                self.lines.append(self.head(section) + chance.choice(("", "（每题2分，共20分）")))
            number = 0 if again else number
            for _ in range(chance.randint(2, 5)):
                number += 1
                self.ask(kind, number, section)
        if self.told == "at the end":
            self.answer()

    def head(self, section: int) -> str:
        """Return a section's heading."""
        return f"{ORDINALS[section]}、{self.chance.choice(NAMES[self.kinds[section]])}"

    def ask(self, kind: ItemType, number: int, section: int) -> None:
        """Write an item, with its key where the key stands at the item."""
        chance, in_brackets = self.chance, self.told == "in brackets"
        words = chance.sample(WORDS, 6)
        options, key, said = list[str](), words[0], words[0]
        if kind in {ItemType.SINGLE, ItemType.MULTIPLE}:
            count = chance.randint(3, 5)
            key = "".join(sorted(chance.sample("ABCDE"[:count], 1 if kind is ItemType.SINGLE else chance.randint(2, count))))
            options = [f"{word}{chance.choice(ASIDES) if chance.random() < 0.1 else ''}{self.behind}" for word in words[:count]]
            said = self.between.join(key)
            stem = f"关于{words[5]}，下列正确的是（{said if in_brackets else chance.choice((' ', '　　'))}）"
        elif kind is ItemType.TRUE_FALSE:
            key = chance.choice("AB")
            said = chance.choice(("√×", "对错"))["AB".index(key)]
            stem = f"{words[0]}有助于{words[1]}。（{said if in_brackets else '  '}）"
        elif kind is ItemType.FILL_IN:
            stem = f"{words[1]}的基础是____。"
            if chance.random() < 0.4:
                key, stem = f"{words[0]}；{words[2]}", f"{words[1]}的基础是____和____。"
                said = chance.choice(("{}；{}", "{}、{}", "（1）{}（2）{}", "(1) {} (2) {}", "①{}②{}", "①{}；②{}")).format(words[0], words[2])
        else:
            key = said = f"先{words[0]}，再{words[1]}。"
            stem = f"请简述{words[2]}的要点。"
        labelled = [self.label.format("ABCDE"[at]) + option for at, option in enumerate(options)]
        self.lines += [self.number.format(number) + stem, *([self.across.join(labelled)] if self.across and labelled else labelled)]
        self.asked.append(Asked(kind, number, section, key, said))
        if self.told in {"答案：", "【答案】"} or (in_brackets and kind in {ItemType.FILL_IN, ItemType.SHORT_TEXT}):
            self.lines.append(("【答案】" if in_brackets else self.told) + said)
            self.lines += [self.why()] if self.explains else []

    def why(self) -> str:
        """Return an explanation, with signs that might be taken for others."""
        word = self.chance.choice(WORDS)
        return "解析：" + self.chance.choice(
            (f"因为{word}。", f"A项错误，B项正确；{word}见教材第3.5节。", f"①{word}；②其他。", f"本题考查{word}。\n要求见2022年版指南。")
        )

    def answer(self) -> None:
        """Write the answers at the end."""
        chance, number = self.chance, self.chance.choice(("{}. ", "{}.", "{}、", "{}．"))
        self.lines.append(chance.choice(ENDS))
        how = chance.choice(("by lines", "below heads", "behind heads", "in ranges", "in one line"))
        if how == "in one line" and (ItemType.SHORT_TEXT in self.kinds or self.heads):
            how = "below heads"
        if not self.heads and how in {"below heads", "behind heads"}:
            how = "by lines"
        if how == "by lines":
            self.lines += [line for one in self.asked for line in (number.format(one.number) + one.said, *([self.why()] if self.explains else []))]
            return
        if how == "in one line":
            self.lines.append(chance.choice(("  ", " ", "；", "　")).join(number.format(one.number) + one.said for one in self.asked))
            return
        for section, kind in enumerate(self.kinds):
            mine = [one for one in self.asked if one.section == section]
            between = "\n" if kind is ItemType.SHORT_TEXT else chance.choice(("  ", " ", "；", "\n"))
            said = between.join(number.format(one.number) + one.said for one in mine)
            if how == "in ranges" and kind in {ItemType.SINGLE, ItemType.TRUE_FALSE}:
                said = f"{mine[0].number}-{mine[-1].number}{chance.choice((' ', '：', '. '))}{''.join(one.said for one in mine)}"
            if how == "behind heads":
                self.lines.append(chance.choice((f"{self.head(section)}：", f"{ORDINALS[section]}、")) + said)
            else:
                self.lines += [self.head(section), said] if self.heads else [said]


def told(draft: Draft) -> tuple[str, str]:
    """Return the type of an item and its key."""
    return draft.type, "".join("ABCDE"[at] for at in draft.key) or "；".join("/".join(blank.accepted) for blank in draft.blanks) or draft.model


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_every_item_of_a_paper_comes_with_its_own_key(seed: int) -> None:
    paper = Paper(Random(seed))
    words = "\n".join(paper.lines)
    assert [told(draft) for draft in reading.read(words.encode()).drafts] == [(one.kind, one.key) for one in paper.asked], words
