"""Moodle's XML written: each item as the question type that says the same."""

import base64
import html
import re
from collections.abc import Callable, Mapping, Sequence

from question_bank.domain.draft import BLANK, Draft, pictures_of
from question_bank.domain.exchange import Loss, Picture
from question_bank.domain.item import Blank, ItemType
from question_bank.domain.notation import judged
from question_bank.formats import outgoing_html, outgoing_loss, weights

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_KINDS = {
    ItemType.SINGLE: "multichoice",
    ItemType.MULTIPLE: "multichoice",
    ItemType.TRUE_FALSE: "truefalse",
    ItemType.MATCHING: "matching",
    ItemType.ORDERING: "ordering",
    ItemType.SHORT_TEXT: "essay",
}
_CLOZE = re.compile(r"[\\~#{}=\"/]")


def losses(drafts: Sequence[Draft]) -> list[Loss]:
    """Return what Moodle's XML cannot carry."""
    fields = ("评分标准", "认知层次", "难度", "用途", "互斥试题", "选项解析", "判断题的选项文字", "判断题的题型", "数值题的其他答案", "选项的排列次序")
    return list(outgoing_loss.lost(drafts, fields))


def write(drafts: Sequence[Draft], pictures: Mapping[str, Picture]) -> bytes:
    """Return the file."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>"]
    parts += [f"<!-- {loss.place.replace('-', '_')}：{loss.what} -->" for loss in losses(drafts)]
    topic = ""
    for draft in map(judged, drafts):
        if draft.topic != topic:
            topic = draft.topic
            path = f"$course$/top/{topic.replace('/', '//')}" if topic else "$course$/top"
            parts.append(f'<question type="category"><category><text>{_escaped(path)}</text></category></question>')
        parts.append(_Question(draft, pictures).written())
    return "\n".join([*parts, "</quiz>", ""]).encode()


class _Question:
    """Writes one question."""

    def __init__(self, draft: Draft, pictures: Mapping[str, Picture]) -> None:
        self.draft, self.pictures = draft, pictures

    def written(self) -> str:
        draft = self.draft
        kind = self._blank_kind() if draft.type == ItemType.FILL_IN else _KINDS[ItemType(draft.type)]
        stem = self._text("questiontext", draft.stem, blank=self._cloze if kind == "cloze" else self._line if draft.blanks else None)
        scored = ' scored="whole"' if draft.type == ItemType.MULTIPLE else ""
        parts = [
            f'<question type="{kind}"{scored}>',
            f"<name><text>{_escaped(draft.source or draft.external_id)}</text></name>",
            stem,
            self._text("generalfeedback", draft.explanation),
            f"<defaultgrade>{draft.points / 100:g}</defaultgrade>" if draft.points else "",
            f"<idnumber>{_escaped(draft.external_id)}</idnumber>",
            *self._answers(kind),
            "<tags>" + "".join(f"<tag><text>{_escaped(tag)}</text></tag>" for tag in draft.tags) + "</tags>" if draft.tags else "",
            "</question>",
        ]
        return "\n".join(part for part in parts if part)

    def _text(self, name: str, notation: str, attributes: str = "", blank: Callable[[int], str] | None = None, inside: str = "") -> str:
        if not notation and name == "generalfeedback":
            return ""
        marked = outgoing_html.written(notation, self._file_name, tex=True, blank=blank)
        digests = sorted(pictures_of(Draft(stem=notation)))
        files = "".join(self._file(digest) for digest in digests if digest in self.pictures)
        return f'<{name}{attributes} format="html"><text>{_escaped(marked)}</text>{files}{inside}</{name}>'

    def _file_name(self, digest: str) -> str:
        picture = self.pictures.get(digest)
        return f"@@PLUGINFILE@@/{digest}.{_ENDINGS.get(picture.media_type, 'png') if picture else 'png'}"

    def _file(self, digest: str) -> str:
        name = self._file_name(digest).removeprefix("@@PLUGINFILE@@/")
        return f'<file name="{name}" path="/" encoding="base64">{base64.b64encode(self.pictures[digest].content).decode()}</file>'

    def _blank_kind(self) -> str:
        (blank, *others) = self.draft.blanks
        if others or "___" in BLANK.sub("", self.draft.stem):
            return "cloze"
        return "numerical" if blank.tolerance else "shortanswer"

    @staticmethod
    def _line(_number: int) -> str:
        return "_____"

    def _cloze(self, number: int) -> str:
        blank = self.draft.blanks[number - 1]
        if blank.tolerance:
            return f"{{1:NUMERICAL:={blank.accepted[0]}:{blank.tolerance}}}"
        answers = "~".join("=" + _CLOZE.sub(lambda sign: f"\\{sign[0]}", html.escape(text, quote=False)) for text in blank.accepted)
        return f"{{1:SHORTANSWER{'_C' if blank.case_matters else ''}:{answers}}}"

    def _answers(self, kind: str) -> list[str]:
        draft = self.draft
        blank = draft.blanks[0] if draft.blanks else Blank(())
        answers: dict[str, Callable[[], list[str]]] = {
            "multichoice": self._options,
            "truefalse": lambda: [self._answer(word, 100 if at in draft.key else 0, self._note(at)) for at, word in enumerate(("true", "false"))],
            "shortanswer": lambda: [f"<usecase>{int(blank.case_matters)}</usecase>", *(self._answer(text.replace("*", r"\*"), 100) for text in blank.accepted)],
            "numerical": lambda: [self._answer(blank.accepted[0], 100, inside=f"<tolerance>{_escaped(blank.tolerance)}</tolerance>")],
            "matching": self._pairs,
            "ordering": lambda: (
                [f"<gradingtype>{'RELATIVE_NEXT_EXCLUDE_LAST' if draft.by_pairs else 'ALL_OR_NOTHING'}</gradingtype>"]
                + [self._text("answer", draft.options[at], ' fraction="1"') for at in draft.key]
            ),
            "essay": lambda: [self._text("graderinfo", draft.model)] if draft.model else [],
        }
        return answers[kind]() if kind in answers else []

    def _options(self) -> list[str]:
        single = str(self.draft.type == ItemType.SINGLE).lower()
        return [f"<single>{single}</single>", "<shuffleanswers>1</shuffleanswers>", *map(self._option, range(len(self.draft.options)))]

    def _pairs(self) -> list[str]:
        draft = self.draft
        pairs = [(prompt, draft.options[at]) for prompt, at in zip(draft.prompts, draft.key, strict=True)]
        pairs += [("", option) for at, option in enumerate(draft.options) if at not in draft.key]
        return [self._text("subquestion", left, inside=self._text("answer", right)) for left, right in pairs]

    def _note(self, at: int) -> str:
        return self.draft.option_explanations[at] if at < len(self.draft.option_explanations) else ""

    def _option(self, at: int) -> str:
        single = self.draft.type == ItemType.SINGLE
        fraction = ("100" if at in self.draft.key else "0") if single else weights.written(len(self.draft.options), self.draft.key)[at]
        note = self._text("feedback", self._note(at)) if self._note(at) else ""
        return self._text("answer", self.draft.options[at], f' fraction="{fraction}"', inside=note)

    def _answer(self, words: str, fraction: int, note: str = "", inside: str = "") -> str:
        feedback = self._text("feedback", note) if note else ""
        return f'<answer fraction="{fraction}" format="moodle_auto_format"><text>{_escaped(words)}</text>{feedback}{inside}</answer>'


def _escaped(words: str) -> str:
    return html.escape(words, quote=False)
