"""GIFT written: HTML throughout, so that it reads back as it was; what GIFT has no place for is told in comments."""

import re
from collections.abc import Sequence

from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss, by_kind
from question_bank.domain.item import Blank, ItemType
from question_bank.domain.notation import judged
from question_bank.formats import outgoing_html, outgoing_loss, weights

_NAMED = 20  # items that a comment names
_SIGNS = re.compile(r"[\\~=#{}:]")


def losses(drafts: Sequence[Draft]) -> list[Loss]:
    """Return what GIFT cannot carry."""
    fields = (
        "认知层次",
        "难度",
        "分值",
        "用途",
        "互斥试题",
        "题中图片",
        "阅卷参考",
        "评分标准",
        "选项解析",
        "判断题的选项文字",
        "判断题的题型",
        "填空区分大小写",
        "数值题的其他答案",
        "选项的排列次序",
    )
    found = [Loss(draft.external_id, "排序题和多空填空题没有对应的写法，整题未写入") for draft in drafts if not _fits(draft)]
    return [*found, *outgoing_loss.lost([draft for draft in drafts if _fits(draft)], fields)]


def write(drafts: Sequence[Draft]) -> bytes:
    """Return the file."""
    lines = _preface(losses(drafts))
    topic = ""
    for draft in map(judged, drafts):
        if not _fits(draft):
            continue
        if draft.topic != topic:
            topic = draft.topic
            lines += ["", f"$CATEGORY: $course$/top{'/' + _escaped(topic.replace('/', '//')) if topic else ''}"]
        hints = "".join(f" [tag:{_hint(tag)}]" for tag in draft.tags)
        scored = " [scored:whole]" if draft.type == ItemType.MULTIPLE else ""
        lines += ["", f"// [id:{_hint(draft.external_id)}]{hints}{scored}", _item(draft)]
    return ("\n".join(lines) + "\n").encode()


def _preface(lost: Sequence[Loss]) -> list[str]:
    """Return a comment for each kind of loss: a line for each item of a large bank would hide the items."""
    return [f"// {what}：{len(names)} 题，{'、'.join(names[:_NAMED])}{'等' if len(names) > _NAMED else ''}" for what, names in by_kind(lost).items()]


def _fits(draft: Draft) -> bool:
    return draft.type != ItemType.ORDERING and len(draft.blanks) < 2


def _hint(words: str) -> str:
    return re.sub(r"\\$", r"\\ ", words.replace("\n", " ").replace("]", r"\]"))


def _item(draft: Draft) -> str:
    title = f"::{_escaped(draft.source)}::" if draft.source else ""
    answers = " ".join([*_answers(draft), *([f"####{_html(draft.explanation)}"] if draft.explanation else [])])
    if draft.type == ItemType.FILL_IN:
        return f"{title}[html]{_html(draft.stem, gap=f'{{{answers}}}')}"
    return f"{title}[html]{_html(draft.stem)} {{{answers}}}"


def _answers(draft: Draft) -> list[str]:
    match draft.type:
        case ItemType.TRUE_FALSE:
            right = draft.key[0] if draft.key else 0
            explained = [*draft.option_explanations, "", ""][:2]
            # GIFT gives the feedback for the wrong response first.
            notes = [explained[1 - right], explained[right]]
            return [("TRUE" if right == 0 else "FALSE") + ("".join(f"#{_html(note)}" for note in notes) if any(notes) else "")]
        case ItemType.SINGLE | ItemType.MULTIPLE:
            return [f"{_mark(draft, at)}{_option(draft, at)}" for at in range(len(draft.options))]
        case ItemType.MATCHING:
            pairs = [(prompt, draft.options[at]) for prompt, at in zip(draft.prompts, draft.key, strict=True)]
            pairs += [("", option) for at, option in enumerate(draft.options) if at not in draft.key]
            return [f"={_html(left)} -> {_html(right)}" for left, right in pairs]
        case ItemType.FILL_IN:
            return _blank(draft.blanks[0])
        case _:
            return []


def _mark(draft: Draft, at: int) -> str:
    if draft.type == ItemType.SINGLE:
        return "=" if at in draft.key else "~"
    return f"~%{weights.written(len(draft.options), draft.key)[at]}%"


def _option(draft: Draft, at: int) -> str:
    note = draft.option_explanations[at] if at < len(draft.option_explanations) else ""
    return _html(draft.options[at]) + (f"#{_html(note)}" if note else "")


def _blank(blank: Blank) -> list[str]:
    if blank.tolerance:
        return [f"#{blank.accepted[0]}:{blank.tolerance}"]
    # A share is written where the text would otherwise be read as one.
    return [f"={'%100%' if text.startswith('%') else ''}{_escaped(text)}" for text in blank.accepted]


def _html(notation: str, gap: str = "") -> str:
    """Return escaped HTML; the gap is syntax and stays as it is."""
    markup = outgoing_html.written(notation, lambda digest: f"{digest}.png", tex=True, blank=(lambda _number: "\ue014") if gap else None)
    escaped = _escaped(markup).replace("\ue014", gap)
    return re.sub(r"^[%\[]", lambda sign: f"&\\#{ord(sign[0])};", escaped)


def _escaped(words: str) -> str:
    return _SIGNS.sub(lambda sign: f"\\{sign[0]}", words).replace("\n", "\\n")
