"""Moodle's embedded answers (Cloze): `{1:SHORTANSWER:=Berlin~%50%Bonn#near}` inside the text."""

import html
import re
from dataclasses import dataclass, replace

from question_bank.domain.draft import Draft
from question_bank.domain.item import Blank, ItemType
from question_bank.formats import gaps, numbers, weights
from question_bank.formats.findings import Place
from question_bank.formats.foreign_html import Words

_FIELD = re.compile(r"\{(\d*):([A-Z_]+):((?:\\.|[^\\}])*)\}", re.DOTALL)
_ANSWER = re.compile(r"(?:^|~)(=|%-?\d+(?:\.\d+)?%)?((?:\\.|[^~\\])*)", re.DOTALL)
_TEXT = frozenset({"SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"})
_NUMBER = frozenset({"NUMERICAL", "NM"})
_LISTS = frozenset(
    {"MULTICHOICE", "MC"} | {f"MULTICHOICE_{form}" for form in ("S", "V", "H", "VS", "HS")} | {f"MC{form}" for form in ("S", "V", "H", "VS", "HS")}
)
_SIGN = "\u2063{}\u2063"  # an invisible sign no text holds, so that gaps survive the reading of HTML
_GAP = re.compile("\u2063(\\d+)\u2063")


@dataclass(frozen=True, slots=True)
class Field:
    """One embedded field: its kind and its answers with their shares in percent."""

    kind: str
    answers: tuple[tuple[str, float], ...]
    explained: bool

    @property
    def right(self) -> tuple[str, ...]:
        """Return the answers with full points."""
        shares = [share for _, share in self.answers]
        return tuple(self.answers[at][0] for at in weights.of_single(shares, full=100))


def fields(source: str) -> tuple[str, list[Field]]:
    """Return the HTML with a sign for each field, and the fields."""
    found: list[Field] = []

    def taken(field: re.Match[str]) -> str:
        answers, explained = [], False
        for share, words in _ANSWER.findall(field[3]):
            text, _, feedback = re.sub(r"\\([~=#{}\\\"/])", lambda sign: _hidden(sign[1]), words).partition("#")
            if not text.strip() and not share:
                continue
            explained = explained or bool(feedback.strip())
            answers.append((_shown(text), 100.0 if share == "=" else float(share.strip("%")) if share else 0.0))
        found.append(Field(field[2], tuple(answers), explained))
        return _SIGN.format(len(found))

    return _FIELD.sub(taken, source.replace("\u2063", "")), found


def _hidden(sign: str) -> str:
    return chr(0xF800 + ord(sign))


def _shown(text: str) -> str:
    return html.unescape("".join(chr(ord(sign) - 0xF800) if 0xF800 <= ord(sign) < 0xF880 else sign for sign in text)).strip()


def keep(place: Place, bare: Draft, words: Words, stem: str, found: list[Field]) -> None:
    """Keep the item or refuse it: fields of text and numbers are blanks, lists are gaps, a mixture is none of ours."""
    kinds = {field.kind for field in found}
    if any(field.explained for field in found):
        place.lose("各答案的反馈未保留")
    if not found:
        place.refuse("no_interaction", stem, bare.external_id)
    elif kinds <= _TEXT | _NUMBER:
        _blanks(place, bare, stem, found)
    elif kinds <= _LISTS:
        if any(len(field.right) != 1 for field in found):
            place.refuse("no_full_answer", _GAP.sub("_____", stem), bare.external_id)
            return
        lists = [[words.of_html(text) for text, _ in field.answers] for field in found]
        gaps.keep(place, bare, _GAP.split(stem)[::2], lists, [words.of_html(field.right[0]) for field in found])
    else:
        place.refuse("several_interactions" if kinds <= _TEXT | _NUMBER | _LISTS else "type_foreign", _GAP.sub("_____", stem), bare.external_id)


def _blanks(place: Place, bare: Draft, stem: str, found: list[Field]) -> None:
    blanks = []
    for field in found:
        for text, share in field.answers:
            if text not in field.right:
                place.lose(f"{'部分得分' if share > 0 else '不得分'}的答案“{text[:60]}”（{share:g}%）未保留")
        ranges = {numbers.read_range(text) for text in field.right} if field.kind in _NUMBER else set()
        if not field.right or None in ranges:
            place.refuse("no_full_answer", _GAP.sub("_____", stem), bare.external_id)
            return
        if len(ranges) > 1:
            place.refuse("numbers_unsupported", _GAP.sub("_____", stem), bare.external_id)
            return
        number = next(iter(ranges), None)
        blanks.append(numbers.blank(*number) if number else Blank(field.right, case_matters=field.kind.endswith("C")))
    place.keep(replace(bare, type=ItemType.FILL_IN, stem=_GAP.sub(r"[[\1]]", stem), blanks=tuple(blanks)))
