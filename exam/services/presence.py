"""Presence questions from the lesson's practice pool, for programmes that ask them."""

import re
from dataclasses import replace
from datetime import datetime
from html import unescape
from random import Random

from exam.domain import quiz as rules
from exam.services.quiz import of_lesson
from exam.store import quiz as store
from lms import api as platform
from lms.kernel.db import Session
from media import api as media
from question_bank import api as bank
from question_bank.domain.item import ItemContent, ItemType

# The question is asked in words alone: what a picture, a table or a formula says would be lost.
_MORE_THAN_WORDS = re.compile(r"<(?!/?(?:p|br|b|strong|i|em|u)\b)")


def prompt(session: Session, person_id: int, activity_id: int, number: int, asked_at: datetime) -> media.Prompt | None:
    """Return one single-choice item, always the same for the same number and instant; None where the lesson has none to ask.

    What lay in an open try of hers at that instant is not asked. What a try has drawn since keeps its key: being there is the answer.
    """
    video = platform.activity(session, activity_id)
    quiz = of_lesson(session, video.lesson_id)
    if quiz is None:
        return None
    bank_code, topic = rules.source_of(quiz.ref)
    tries = store.not_handed_in(session, person_id, asked_at)
    before = rules.drawn(one for one in tries if one.started_at <= asked_at)
    pool = sorted(item.version_id for item in bank.on_topic(session, bank_code, topic) if item.type is ItemType.SINGLE and item.version_id not in before)
    chance = Random(f"{person_id}:{activity_id}:{number}")  # noqa: S311 - which question is asked is no secret
    chance.shuffle(pool)
    found = ((version, bank.contents(session, [version])[version]) for version in pool)  # one by one: nearly always the first will do
    version, content = next((one for one in found if _is_words(one[1])), (0, None))
    if content is None:
        return None
    order = rules.shuffled(content, chance)
    asked = media.Prompt(text=_plain(content.stem_html), options=tuple(_plain(content.options_html[option]) for option in order))
    if version in rules.drawn(one for one in tries if one.submitted_at is None):
        return asked
    (key,) = bank.keys(session, [version])[version].options
    return replace(asked, key=order.index(key), explanation=_plain(bank.explanations(session, [version])[version].overall_html))


def _is_words(content: ItemContent) -> bool:
    return not any(_MORE_THAN_WORDS.search(html) for html in (content.stem_html, *content.options_html))


def _plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html.replace("<br>", " "))).strip()
