"""The JSON shapes of the exam room: what the page sends and what it gets back.

POST /api/exam/start   (entry)                  EnterExam   -> AttemptOpened   starting twice returns the same attempt
POST /api/exam/turn    (ticket)                  AskTurn    -> TurnNow         where a place in the waiting room stands
POST /api/exam/resume  (signed in, CSRF header)  ResumeExam  -> AttemptOpened   same paper, same deadline, answers so far
POST /api/exam/save    (token)                   SaveAnswers -> SavedAnswers    409 stale_revision carries the same shape
POST /api/exam/submit  (token)                   SubmitExam  -> SubmittedExam   identical body for every repetition
POST /api/exam/rest    (token, signed in, CSRF)  AskRest     -> RestNow         lets one's own clock stand, or go on
POST /api/exam/remaining (token)                 AskRemaining -> ExamRemaining  the clock, who leads, what is said; the page is heard of

Positions count from 1. Choices are indexes into the options as the page shows them, counted from 0: those chosen; for matching one
for each prompt, -1 for none; for ordering all of them in the learner's order. Texts are one for each blank, or the one short text.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from exam.domain.response import LONGEST_TEXT, MOST_BLANKS, NONE

DeviceKey = Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
Position = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Sequence = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
Revision = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Choice = Annotated[int, msgspec.Meta(ge=NONE, le=35)]
Choices = Annotated[list[Choice], msgspec.Meta(max_length=36)]
Texts = Annotated[list[Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]], msgspec.Meta(max_length=MOST_BLANKS)]


class EnterExam(msgspec.Struct, forbid_unknown_fields=True):
    """Begin, or come back to, the attempt. The start page hands out the entry; `device` is a random text this tab keeps.

    Whose turn it is not yet gets 409 `waiting` with a ticket and what TurnNow says, and asks again with the ticket when it is.
    """

    entry: str
    device: DeviceKey
    honesty: bool = False
    ticket: str = ""


class AskTurn(msgspec.Struct, forbid_unknown_fields=True):
    """Ask where one stands in the line."""

    ticket: str


class TurnNow(msgspec.Struct):
    """How many are ahead, and how long it takes."""

    ahead: int
    wait_ms: int
    bell_ms: int  # of it until the exam opens


class StartExam(msgspec.Struct, forbid_unknown_fields=True):
    """What a start asks for, once it is known who asks."""

    exam: str
    device: DeviceKey
    honesty: bool = False


class ResumeExam(msgspec.Struct, forbid_unknown_fields=True):
    """Come back; from another device only with `takeover`, said by a person."""

    exam: str
    device: DeviceKey
    takeover: bool = False


class Section(msgspec.Struct):
    """A run of positions with one heading."""

    title: str
    first: int
    last: int
    points: int  # hundredths each


class PaperItem(msgspec.Struct):
    """One item as shown; HTML is already safe."""

    position: int
    type: str
    points: int  # hundredths
    stem: str  # a blank is <span class="blank" data-blank="1">
    prompts: list[str]
    options: list[str]


class PaperContent(msgspec.Struct):
    """The whole paper as shown."""

    sections: list[Section]
    items: list[PaperItem]


class AnswerNow(msgspec.Struct):
    """What the server holds for one position; positions never touched are left out."""

    position: int
    revision: int
    choices: list[int]
    texts: list[str]
    marked: bool


class AttemptOpened(msgspec.Struct):
    """Everything the room needs. New changes take sequence numbers from `seq_from` upwards."""

    token: str
    exam: str
    title: str
    paper_hash: str
    started_at: datetime
    deadline: datetime
    remaining_ms: int
    seq_from: int
    resumed: bool
    answers: list[AnswerNow]
    paper: msgspec.Raw  # PaperContent


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """One changed answer. `revision` is the one the page last saw (0: none); `seq` is new for each change and kept for its retries.

    Emptying an answer needs `clear`, so that no defect of a page can blank one.
    """

    position: Position
    seq: Sequence
    revision: Revision
    choices: Choices = []
    marked: bool = False
    clear: bool = False
    texts: Texts = []


class SaveAnswers(msgspec.Struct, forbid_unknown_fields=True):
    """One or several changed answers."""

    token: str
    changes: Annotated[list[Change], msgspec.Meta(min_length=1, max_length=200)]


class Saved(msgspec.Struct):
    """What became of one change. `status`: saved, stale (the value below is the server's), or clear_not_said."""

    position: int
    seq: int
    status: str
    revision: int
    choices: list[int]
    texts: list[str]
    marked: bool
    late: bool  # arrived in the minute after the deadline: counts, and is marked


class SavedAnswers(msgspec.Struct):
    """The durable acknowledgement."""

    saved: list[Saved]
    deadline: datetime
    remaining_ms: int


class SubmitExam(msgspec.Struct, forbid_unknown_fields=True):
    """Hand in, together with whatever is still unsaved. `key` is random, made once and kept for retries.

    `bell`: nobody has pressed, the time of the page has run out; where there is time left after all, nothing is handed in.
    """

    token: str
    key: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
    changes: Annotated[list[Change], msgspec.Meta(max_length=1000)] = []
    bell: bool = False


class SubmittedExam(msgspec.Struct):
    """The receipt. `by`: learner or deadline."""

    exam: str
    by: str
    submitted_at: datetime
    answered: int
    items: int
    receipt: str


class AskRemaining(msgspec.Struct, forbid_unknown_fields=True):
    """Ask the clock: about once a minute, and when the page comes back to the front or the device has slept."""

    token: str


class MessageNow(msgspec.Struct):
    """What the invigilators say."""

    id: int
    text: str
    sent_at: datetime


class ExamRemaining(msgspec.Struct):
    """The time left; `leads` false: another device has taken over; `open` false: handed in or ended; `paused`: the clock stands."""

    deadline: datetime
    remaining_ms: int
    leads: bool
    open: bool
    paused: bool = False
    messages: list[MessageNow] = []


class AskRest(msgspec.Struct, forbid_unknown_fields=True):
    """Begin or end a rest of one's own, or ask what is left of it."""

    token: str
    act: Literal["look", "begin", "end"]


class RestNow(msgspec.Struct):
    """How the rests of an attempt stand; `left_ms` of all that was granted, `paused` also where the invigilators let the clock stand."""

    resting: bool
    left_ms: int
    deadline: datetime
    remaining_ms: int
    paused: bool


class RehearseSave(msgspec.Struct, forbid_unknown_fields=True):
    """So many changes, rehearsed."""

    changes: Annotated[int, msgspec.Meta(ge=1, le=200)]


class RehearsedSave(msgspec.Struct):
    """They have been to the server and back."""

    changes: int


class AttemptToken(msgspec.Struct, array_like=True):
    """What the attempt token binds: who, which attempt and paper, which sign-in, which turn of leading.

    `shape` has one sign a position, so that a save asks nothing of the paper (exam/domain/response.py); `browser` are the sealed keys of
    Safe Exam Browser that each request must prove, empty where it need not.
    """

    attempt_id: int
    person_id: int
    login_id: int
    epoch: int
    exam: str
    paper_hash: str
    shape: str
    browser: str = ""


class PlaceToken(msgspec.Struct, array_like=True):
    """What a ticket to a place in the line binds: exam, person, since when she waits, her turn and the gap between turns, in microseconds."""

    exam: str
    person_id: int
    since: int
    turn: int
    gap: int
    squeezed: bool


class EntryToken(msgspec.Struct, array_like=True):
    """What an entry to start binds: who, by which sign-in, which exam, until when (seconds since 1970), whether her identity is still asked for.

    `browser` is as in the attempt's.
    """

    person_id: int
    login_id: int
    exam: str
    asks_learning: bool
    ends_at: int
    asks_identity: bool = False
    browser: str = ""
