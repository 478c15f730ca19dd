"""Moodle's embedded answers (Cloze): `{1:SHORTANSWER:=Berlin~%50%Bonn#near}` inside the text."""

import html
import re
from dataclasses import dataclass

from question_bank.domain.draft import Draft
from question_bank.domain.item import Blank
from question_bank.formats import gaps, numbers, weights
from question_bank.formats.findings import Place
from question_bank.formats.foreign_html import Words

_FIELD = re.compile(r"\{(\d{0,6}):([A-Z_]+):((?:\\.|[^\\}])*)\}", re.DOTALL)
_ANSWER = re.compile(r"(?:^|~)(=|%-?\d+(?:\.\d+)?%)?((?:\\.|[^~\\])*)", re.DOTALL)
_TEXT = frozenset({"SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"})
_NUMBER = frozenset({"NUMERICAL", "NM"})
_LAYOUTS = ("", "_S", "_V", "_H", "_VS", "_HS")
_SEVERAL = frozenset({f"MULTIRESPONSE{layout}" for layout in _LAYOUTS} | {f"MR{layout.lstrip('_')}" for layout in _LAYOUTS})
_LISTS = frozenset({f"MULTICHOICE{layout}" for layout in _LAYOUTS} | {f"MC{layout.lstrip('_')}" for layout in _LAYOUTS}) | _SEVERAL
_SIGN = "\u2063{}\u2063"  # an invisible sign no text holds, so that gaps survive the reading of HTML
_GAP = re.compile("\u2063(\\d+)\u2063")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a field with its share in percent and its feedback."""

    text: str
    share: float
    feedback: str


@dataclass(frozen=True, slots=True)
class Field:
    """One embedded field: its kind and its answers."""

    kind: str
    answers: tuple[Answer, ...]
    weight: int = 1

    @property
    def right(self) -> tuple[int, ...]:
        """Return the positions of what is right: all with a share where several are wanted at once, else those with full points."""
        shares = [answer.share for answer in self.answers]
        return weights.of_multiple(shares) if self.kind in _SEVERAL else weights.of_single(shares, full=100)


def fields(source: str) -> tuple[str, list[Field]]:
    """Return the HTML with a sign for each field, and the fields."""
    found: list[Field] = []

    def taken(field: re.Match[str]) -> str:
        answers = []
        for share, words in _ANSWER.findall(field[3]):
            text, _, feedback = re.sub(r"\\([~=#{}\\\"/])", lambda sign: _hidden(sign[1]), words).partition("#")
            if not text.strip() and not share:
                continue
            answers.append(Answer(_shown(text), 100.0 if share == "=" else float(share.strip("%")) if share else 0.0, _shown(feedback)))
        found.append(Field(field[2], tuple(answers), int(field[1] or 1)))
        return _SIGN.format(len(found))

    return _FIELD.sub(taken, source.replace("\u2063", "")), found


def _hidden(sign: str) -> str:
    return chr(0xF800 + ord(sign))


def _shown(text: str) -> str:
    return html.unescape("".join(chr(ord(sign) - 0xF800) if 0xF800 <= ord(sign) < 0xF880 else sign for sign in text)).strip()


def keep(place: Place, bare: Draft, words: Words, stem: str, found: list[Field]) -> None:
    """Keep what the text asks, or refuse it with the reason."""
    if not found:
        place.refuse("no_interaction", stem, bare.external_id)
        return
    if len({field.weight for field in found}) > 1:
        place.lose(f"各空的分值比例（{':'.join(str(field.weight) for field in found)[:60]}）未保留，分值平分")
    held = [_listed(place, words, field) if field.kind in _LISTS else _blank(place, field) for field in found]
    if reason := next((gap for gap in held if isinstance(gap, str)), ""):
        place.refuse(reason, _GAP.sub("_____", stem), bare.external_id)
    else:
        gaps.keep(place, bare, _GAP.split(stem)[::2], [gap for gap in held if not isinstance(gap, str)])


def _listed(place: Place, words: Words, field: Field) -> gaps.Listed | str:
    """Return the gap of a list, or why it is none."""
    if not field.right:
        return "no_full_answer"
    if told := weights.lost([answer.share for answer in field.answers], field.right):
        place.lose(told)
    explained = tuple(words.of_html(answer.feedback) for answer in field.answers)
    return gaps.Listed(tuple(words.of_html(answer.text) for answer in field.answers), field.right, field.kind in _SEVERAL, explained)


def _blank(place: Place, field: Field) -> Blank | str:
    """Return the gap of a text or a number, or why it is none."""
    if field.kind not in _TEXT | _NUMBER:
        return "type_foreign"
    if any(answer.feedback for answer in field.answers):
        place.lose("各答案的反馈未保留")
    accepted = tuple(dict.fromkeys(field.answers[at].text for at in field.right))
    for answer in field.answers:
        if answer.text not in accepted:
            place.lose(f"{'部分得分' if answer.share > 0 else '不得分'}的答案“{answer.text[:60]}”（{answer.share:g}%）未保留")
    if field.kind in _TEXT and any("*" in text for text in accepted):
        place.lose("答案中的通配符 * 按原文比较")
    ranges = {numbers.read_range(text) for text in accepted} if field.kind in _NUMBER else set()
    if not accepted or None in ranges:
        return "no_full_answer"
    if len(ranges) > 1:
        return "numbers_unsupported"
    number = next(iter(ranges), None)
    return numbers.blank(*number) if number else Blank(accepted, case_matters=field.kind.endswith("C"))
