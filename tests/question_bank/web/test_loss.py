"""Losses in the reader's language."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import question_bank
from question_bank.domain.exchange import Loss
from question_bank.web.loss import loss_table
from question_bank.web.loss_words import parted

ROOT = Path(question_bank.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]{2}|第 ")
BY_VARIABLE = {
    ("table.py", "told"),
    ("excel.py", "_FOREIGN"),
    ("weights.py", "lost"),
    ("labels.py", "fitted"),
    ("authored.py", "doubts"),
}  # where sentences are made that come by a variable
_FILLED = {"prefix": "x：", "self.unit": "行"}


def sentences(node: ast.expr) -> Iterator[str]:
    """Yield what an argument may say, holes filled with a word."""
    match node:
        case ast.Constant(value=str(words)):
            yield words
        case ast.JoinedStr(values=parts):
            yield "".join(_FILLED.get(ast.unparse(part.value), "x") if isinstance(part, ast.FormattedValue) else ast.literal_eval(part) for part in parts)
        case ast.BoolOp(values=several):
            for each in several:
                yield from sentences(each)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*sentences(body), *sentences(orelse))


def said_in(node: ast.AST) -> Iterator[str]:
    """Yield every sentence inside a function or an assignment."""
    for inner in ast.iter_child_nodes(node):
        yield from sentences(inner) if isinstance(inner, (ast.Constant, ast.JoinedStr)) else said_in(inner)


def told() -> tuple[set[str], set[str]]:
    """Return every loss and every place that the package names in so many words."""
    losses, places = set[str](), set[str]()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in {"lose", "Loss"} and (said := node.args[{"lose": 0, "Loss": 1}[name] :]):
                losses |= set(sentences(said[0]))
            if isinstance(node, ast.Call) and name in {"at", "Loss"} and node.args:
                places |= {words for words in sentences(node.args[0]) if CHINESE.search(words)}
            if (path.name, getattr(node, "name", "") or (ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else "")) in BY_VARIABLE:
                losses |= {words for words in said_in(node) if CHINESE.search(words)}
    return losses, places


def test_every_loss_and_its_place_is_a_sentence_that_can_be_translated() -> None:
    losses, places = told()
    assert (len(losses) > 90, len(places) > 8) == (True, True)
    assert [words for words in sorted(losses | places) if parted(words) is None] == []


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
