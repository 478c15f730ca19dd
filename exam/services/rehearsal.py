"""A rehearsal: a few practice items in the real room, saved nowhere, with an outage that the page makes itself."""

import hashlib
import random
from datetime import datetime, timedelta

import msgspec

from exam.domain.response import letter, shape_of
from exam.services.exam import found
from exam.services.payload import AttemptOpened, Section
from lms.kernel.db import reading
from lms.kernel.refusal import N_, Missing
from question_bank import api as bank

ITEMS = 5
MINUTES = 10


class NothingToRehearse(Missing):
    """The bank has no practice items."""

    code = "nothing_to_rehearse"
    message = N_("题库里还没有练习题，暂时不能演练。")


def opened(exam_code: str, now: datetime) -> AttemptOpened:
    """Return what the room would get at the start of an attempt: practice items, never one of the exam's, and never a key."""
    with reading() as session:
        exam = found(session, exam_code)
        drawn = [item.version_id for item in bank.pool(session, exam.bank_code, "practice") if item.type.chooses]
        if not drawn:
            raise NothingToRehearse
        chosen = random.sample(drawn, min(ITEMS, len(drawn)))
        contents = bank.contents(session, chosen)
    items = [
        {"position": at, "points": 100, "type": str(one.type), "stem": one.stem_html, "prompts": [], "options": list(one.options_html)}
        for at, one in enumerate((contents[version] for version in chosen), start=1)
    ]
    paper = {"sections": [Section("", 1, len(items), 100)], "items": items}
    return AttemptOpened(
        token="".join(letter(shape_of(contents[version])) for version in chosen),
        exam=exam.code,
        title=exam.title,
        paper_hash=hashlib.sha256(repr(chosen).encode()).hexdigest(),
        started_at=now,
        deadline=now + timedelta(minutes=MINUTES),
        remaining_ms=MINUTES * 60_000,
        seq_from=1,
        resumed=False,
        answers=[],
        paper=msgspec.Raw(msgspec.json.encode(paper)),
    )
