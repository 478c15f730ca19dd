"""Lesson quizzes: plain forms that work without scripts, and the explanations after the hand-in."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import escape

from exam.domain.quiz import Given, NoPractice, QuizIncomplete, parted, source_of
from exam.domain.response import LONGEST_BLANK, NONE
from exam.services import quiz as service
from exam.services.quiz import QuizView
from lms.kernel import request as current
from lms.kernel.flashes import flash_refusal
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.api import with_sources
from question_bank.domain.item import LETTERS, TYPE_LABELS, ItemContent, ItemType
from question_bank.domain.scoring import right_parts
from question_bank.domain.share import NotShared

_BLANK = re.compile(r'<span class="blank" data-blank="(\d+)">\d+</span>')
quiz = routes("quiz", __name__)


@dataclass(frozen=True, slots=True)
class OptionLine:
    """One option; what is right and why stays empty until the hand-in."""

    value: int
    letter: str
    html: str
    chosen: bool
    is_key: bool = False
    note_html: str = ""
    place: int = NONE


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One prompt of a matching item, and the option chosen for it."""

    html: str
    chosen: int


@dataclass(frozen=True, slots=True)
class PartLine:
    """One blank, prompt or place of the review: what was given and what is right."""

    name_html: str
    given_html: str
    right_html: str
    right: bool


@dataclass(frozen=True, slots=True)
class ItemBlock:
    """One item of the form or of the review."""

    position: int
    type: ItemType
    kind: str
    stem_html: str
    options: tuple[OptionLine, ...]
    prompts: tuple[PromptLine, ...] = ()
    parts: tuple[PartLine, ...] = ()
    lacking: bool = False
    right: bool | None = None
    explanation_html: str = ""


@dataclass(frozen=True, slots=True)
class QuizPage:
    """What a quiz shows, open or handed in."""

    attempt_id: int
    activity_id: int
    title: str
    number: int
    items: tuple[ItemBlock, ...]
    needed: int
    tries_left: int | None
    lesson_url: str
    lacking: tuple[int, ...] = ()
    right: int = 0
    passed: bool = False


@quiz.post("/manage/courses/lessons/<int:lesson_id>/quiz")
@requires(Permission.EDIT_COURSES)
def attach(lesson_id: int) -> ResponseReturnValue:
    """Give a lesson its quiz."""
    bank_code, topic = source_of(request.form.get("source", ""))
    with flash_refusal(only=(NoPractice, NotShared)):
        service.attach(lesson_id, bank_code, topic, actor_id=current.person().person_id, now=current.now())
        flash(_("小测已配好。"), "success")
    return redirect(url_for("course.lesson", lesson_id=lesson_id))


@quiz.post("/quizzes/<int:activity_id>/attempts")
@requires(Permission.LEARN)
def begin(activity_id: int) -> ResponseReturnValue:
    """Draw a fresh quiz, or come back to the open one."""
    attempt_id = service.begin(current.person().person_id, activity_id, current.now())
    return redirect(url_for("quiz.attempt", attempt_id=attempt_id))


@quiz.get("/quizzes/attempts/<int:attempt_id>")
@requires(Permission.LEARN)
def attempt(attempt_id: int) -> ResponseReturnValue:
    """Show the form of an open try, or the review of one handed in."""
    view = service.view(current.person().person_id, attempt_id, current.now())
    if view.attempt.submitted_at is None:
        return render_template("exam/quiz/form.html", page=_page(view, ()))
    return render_template("exam/quiz/review.html", page=_page(view, ()))


@quiz.post("/quizzes/attempts/<int:attempt_id>")
@requires(Permission.LEARN)
def hand_in(attempt_id: int) -> ResponseReturnValue:
    """Hand in; unanswered items are named and nothing chosen is lost."""
    now = current.now()
    view = service.view(current.person().person_id, attempt_id, now)
    responses = [_given(content, position) for position, content in enumerate(view.contents, start=1)]
    try:
        service.hand_in(view, responses, now)
    except QuizIncomplete as refusal:
        lacking = refusal.facts["items"]
        assert isinstance(lacking, list)
        return render_template("exam/quiz/form.html", page=_page(view, tuple(lacking), responses)), refusal.status
    return redirect(url_for("quiz.attempt", attempt_id=attempt_id))


def _given(content: ItemContent, position: int) -> Given:
    """Return the response to one item; anything that is no number where one belongs is left out and thereby unanswered."""
    name = f"response-{position}"
    match content.type:
        case ItemType.FILL_IN:
            return [request.form.get(f"{name}-{blank}", "")[:LONGEST_BLANK] for blank in range(1, content.blanks + 1)]
        case ItemType.MATCHING:
            return [_number(request.form.get(f"{name}-{at}", "")) for at in range(len(content.prompts_html))]
        case ItemType.ORDERING:
            places = [_number(request.form.get(f"{name}-{at}", "")) for at in range(len(content.options_html))]
            return sorted(range(len(places)), key=places.__getitem__) if sorted(places) == list(range(len(places))) else []
        case _:
            return sorted({number for value in request.form.getlist(name) if (number := _number(value)) != NONE})


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else NONE


def _page(view: QuizView, lacking: tuple[int, ...], responses: Sequence[Given] = ()) -> QuizPage:
    attempt = view.attempt
    chosen: Sequence[Given] = responses or attempt.responses or [[] for _item in attempt.items]
    lesson_id = view.activity.lesson_id
    return QuizPage(
        attempt_id=attempt.id,
        activity_id=attempt.activity_id,
        title=view.activity.title,
        number=attempt.number,
        items=tuple(_block(view, at, chosen[at], lacking=at + 1 in lacking) for at in range(len(attempt.items))),
        needed=view.needed,
        tries_left=view.tries_left,
        lesson_url=url_for("lesson.page", lesson_id=lesson_id),
        lacking=lacking,
        right=attempt.right,
        passed=attempt.passed,
    )


def _block(view: QuizView, at: int, given: Given, *, lacking: bool) -> ItemBlock:
    content, order = view.contents[at], view.attempt.items[at].order
    choices, texts = parted(given)
    keys = view.keys[at].options if view.keys and content.type.chooses else ()
    explanation = view.explanations[at] if view.explanations else None
    notes = explanation.options_html if explanation else ()

    def shown(html: str) -> str:
        return with_sources(html, lambda digest: url_for("exam_picture.in_quiz", attempt_id=view.attempt.id, digest=digest))

    return ItemBlock(
        position=at + 1,
        type=content.type,
        kind=_(TYPE_LABELS[content.type]),
        stem_html=shown(content.stem_html) if view.keys else _with_inputs(shown(content.stem_html), at + 1, texts),
        options=tuple(
            OptionLine(
                value=position,
                letter=LETTERS[position],
                html=shown(content.options_html[original]),
                chosen=position in choices,
                is_key=original in keys,
                note_html=shown(notes[original]) if original < len(notes) else "",
                place=choices.index(position) if content.type is ItemType.ORDERING and position in choices else NONE,
            )
            for position, original in enumerate(order)
        ),
        prompts=tuple(PromptLine(shown(html), choices[index] if index < len(choices) else NONE) for index, html in enumerate(content.prompts_html)),
        parts=tuple(_parts(view, at, given, shown)) if view.keys else (),
        lacking=lacking,
        right=view.right[at] if view.right else None,
        explanation_html=shown(explanation.overall_html) if explanation else "",
    )


def _with_inputs(stem_html: str, position: int, texts: Sequence[str]) -> str:
    """Put a field in the place of each blank."""

    def field(found: re.Match[str]) -> str:
        blank = int(found[1])
        value = texts[blank - 1] if blank <= len(texts) else ""
        return (
            f'<input class="input blank-input" name="response-{position}-{blank}" value="{escape(value)}" maxlength="{LONGEST_BLANK}"'
            f' aria-label="{escape(_("第 %(n)s 空", n=blank))}" autocomplete="off" spellcheck="false">'
        )

    return _BLANK.sub(field, stem_html)


def _parts(view: QuizView, at: int, given: Given, shown: Callable[[str], str]) -> Iterator[PartLine]:
    """Compare part by part what was given with what is right."""
    content, key, order = view.contents[at], view.keys[at], view.attempt.items[at].order
    choices, texts = parted(given)
    originals = [order[choice] for choice in choices]
    match content.type:
        case ItemType.FILL_IN:
            rights = right_parts(content.type, key, (), texts)
            for number, (blank, text, right) in enumerate(zip(key.blanks, texts, rights, strict=True), start=1):
                accepted = _(" 或 ").join(blank.texts())
                yield PartLine(str(escape(_("第 %(n)s 空", n=number))), str(escape(text)), str(escape(accepted)), right)
        case ItemType.MATCHING:
            for prompt, mine, wanted in zip(content.prompts_html, originals, key.options, strict=True):
                yield PartLine(shown(prompt), shown(content.options_html[mine]), shown(content.options_html[wanted]), mine == wanted)
        case ItemType.ORDERING:
            for place, (mine, wanted) in enumerate(zip(originals, key.options, strict=True), start=1):
                yield PartLine(str(place), shown(content.options_html[mine]), shown(content.options_html[wanted]), mine == wanted)
