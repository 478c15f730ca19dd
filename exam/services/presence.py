"""Presence questions from the lesson's practice pool, for programmes that ask them."""

import re
from html import unescape
from random import Random

from exam.domain import quiz as rules
from exam.services.quiz import of_lesson
from lms import api as platform
from lms.kernel.db import Session
from media import api as media
from question_bank import api as bank
from question_bank.domain.item import ItemType


def prompt(session: Session, person_id: int, activity_id: int, number: int) -> media.Prompt | None:
    """Return one single-choice item, always the same for the same number; None where the lesson has no quiz."""
    video = platform.activity(session, activity_id)
    quiz = of_lesson(session, video.lesson_id)
    if quiz is None:
        return None
    bank_code, topic = rules.source_of(quiz.ref)
    pool = sorted(item.version_id for item in bank.on_topic(session, bank_code, topic) if item.type is ItemType.SINGLE)
    if not pool:
        return None
    version = Random(f"{person_id}:{activity_id}:{number}").choice(pool)  # noqa: S311 - which question is asked is no secret
    content = bank.contents(session, [version])[version]
    (key,) = bank.keys(session, [version])[version].options
    return media.Prompt(
        text=_plain(content.stem_html),
        options=tuple(_plain(option) for option in content.options_html),
        key=key,
        explanation=_plain(bank.explanations(session, [version])[version].overall_html),
    )


def _plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()
