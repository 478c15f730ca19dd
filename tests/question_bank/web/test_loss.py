"""Losses in the reader's language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import question_bank
from question_bank.domain.exchange import Loss
from question_bank.web.loss import loss_table
from question_bank.web.loss_words import parted

ROOT = Path(question_bank.__file__).parent


def sentences(node: ast.expr) -> Iterator[str]:
    """Yield what an argument may say, holes filled with a word."""
    match node:
        case ast.Constant(value=str(words)):
            yield words
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*sentences(body), *sentences(orelse))


def told() -> set[str]:
    """Return every loss that the package names in so many words."""
    found = set[str]()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in {"lose", "Loss"} and (said := node.args[{"lose": 0, "Loss": 1}[name] :]):
                found |= set(sentences(said[0]))
    return found


def test_every_loss_is_a_sentence_that_can_be_translated() -> None:
    everything = told()
    assert len(everything) > 80
    assert [words for words in sorted(everything) if parted(words) is None] == []


@pytest.mark.parametrize(
    ("words", "sentence", "holes"),
    [
        ("标记 <h> 未保留，其中的文字保留", "标记 <{}> 未保留，其中的文字保留", ("h",)),
        ("难度、用途未写入", "{}未写入", ("难度、用途",)),
        ("第 3 题（第 12 行）", "第 {} 题（第 {} 行）", ("3", "12")),
        ("部分得分的答案“a（1）”（50%）未保留", "部分得分的答案“{}”（{}）未保留", ("a（1）", "50%")),
        ("一句没有人知道的话", None, ()),
    ],
)
def test_a_sentence_is_told_by_its_words(words: str, sentence: str | None, holes: tuple[str, ...]) -> None:
    assert parted(words) == (sentence and (sentence, holes))


def test_in_chinese_every_loss_stays_as_it_is() -> None:
    losses = [Loss("第 1 行", "声音未保留（a.mp3）"), Loss("第 2 行", "声音未保留（a.mp3）"), Loss("z", "列“甲{乙}”未导入")]
    assert loss_table(losses).rows == (("声音未保留（a.mp3）", 2, "第 1 行、第 2 行"), ("列“甲{乙}”未导入", 1, "z"))
