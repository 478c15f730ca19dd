"""Lesson quizzes: plain forms that work without scripts, and the explanations after the hand-in."""

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from exam.domain.quiz import QuizIncomplete
from exam.services import quiz as service
from exam.services.quiz import QuizView
from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from question_bank.domain.item import LETTERS, TYPE_LABELS, ItemType

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


@dataclass(frozen=True, slots=True)
class ItemBlock:
    """One item of the form or of the review."""

    position: int
    kind: str
    multiple: bool
    stem_html: str
    options: tuple[OptionLine, ...]
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
    person_id, now = current.person().person_id, current.now()
    view = service.view(person_id, attempt_id, now)
    responses = [_chosen(position) for position in range(1, len(view.contents) + 1)]
    try:
        service.hand_in(person_id, attempt_id, responses, now)
    except QuizIncomplete as refusal:
        lacking = refusal.facts["items"]
        assert isinstance(lacking, list)
        return render_template("exam/quiz/form.html", page=_page(view, tuple(lacking), responses)), refusal.status
    return redirect(url_for("quiz.attempt", attempt_id=attempt_id))


def _chosen(position: int) -> list[int]:
    """Return the choices of one item; anything that is no number is left out and thereby unanswered."""
    return sorted({int(value) for value in request.form.getlist(f"response-{position}") if value.isascii() and value.isdigit() and len(value) < 4})


def _page(view: QuizView, lacking: tuple[int, ...], responses: list[list[int]] | None = None) -> QuizPage:
    attempt = view.attempt
    chosen = responses or [list(given) for given in attempt.responses] or [[] for _item in attempt.items]
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


def _block(view: QuizView, at: int, chosen: list[int], *, lacking: bool) -> ItemBlock:
    content, order = view.contents[at], view.attempt.items[at].order
    keys = view.keys[at].options if view.keys else ()
    explanation = view.explanations[at] if view.explanations else None
    notes = explanation.options_html if explanation else ()
    return ItemBlock(
        position=at + 1,
        kind=_(TYPE_LABELS[content.type]),
        multiple=content.type is ItemType.MULTIPLE,
        stem_html=content.stem_html,
        options=tuple(
            OptionLine(
                value=shown,
                letter=LETTERS[shown],
                html=content.options_html[original],
                chosen=shown in chosen,
                is_key=original in keys,
                note_html=notes[original] if original < len(notes) else "",
            )
            for shown, original in enumerate(order)
        ),
        lacking=lacking,
        right=view.right[at] if view.right else None,
        explanation_html=explanation.overall_html if explanation else "",
    )
