"""Emergency packets: answers that could not be sent before the end, brought later as a sealed file, counted only after a named decision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from exam.domain.attempt import Answer
from exam.domain.response import choices_of, texts_of
from lms.kernel.refusal import N_, Conflict, Invalid, Malformed

OPEN_FOR = timedelta(hours=4)  # after the deadline
HOLDS_FOR = timedelta(days=30)  # after the last bell: a packet on which nobody decides, or nobody may, shuts nothing for ever
LARGEST = 256 * 1024
MOST_CHANGES = 1_000
_NOTHING = Answer((), 0, marked=False)


class PacketBroken(Malformed):
    """The file is no packet of ours, or was changed on the way."""

    code = "packet_broken"
    message = N_("这个文件不是应急包，或已损坏、被改动过。请重新选择考试时下载的原文件。")


class PacketOfOther(Invalid):
    """The packet belongs to another person, exam or paper."""

    code = "packet_of_other"
    message = N_("这个应急包不属于本人的这场考试，不能在这里上交。")


class PacketTooLate(Conflict):
    """The four hours are over."""

    code = "packet_too_late"
    message = N_("截止后 4 小时内可以上交应急包，现在已经超过时间。请联系监考人员说明情况。")


class PacketDecided(Conflict):
    """Somebody else was faster."""

    code = "packet_decided"
    message = N_("这个应急包已经处理过了。")


class AttemptStillOpen(Conflict):
    """The attempt has not ended: the page itself can still send."""

    code = "attempt_still_open"
    message = N_("该考生还在作答，结束后才能处理应急包。")


@dataclass(frozen=True, slots=True)
class Brought:
    """One answer of a packet: the stored form of the value, on top of which revision it was given, and its number on the device."""

    position: int
    seq: int
    revision: int
    value: str
    marked: bool

    @property
    def choices(self) -> tuple[int, ...]:
        """Return the options chosen, as the learner's page showed them."""
        return choices_of(self.value)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what was written."""
        return texts_of(self.value)


@dataclass(frozen=True, slots=True)
class PacketLine:
    """One answer of a packet beside what the server holds; `counts`: would count if the packet is approved."""

    brought: Brought
    held: Answer
    counts: bool


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What may still come of an exam by packets: the last bell of its attempts, and the packets on which nobody has decided."""

    last_bell: datetime | None
    undecided: int

    @property
    def until(self) -> datetime | None:
        """Return until when packets are taken; None where nobody has sat."""
        return self.last_bell and self.last_bell + OPEN_FOR

    def is_settled(self, now: datetime) -> bool:
        """Tell whether no answer can come any more: until then no candidate reads a key, since a packet could be made by it."""
        bell = self.last_bell
        return bell is None or (not in_time(bell, now) and (not self.undecided or now > bell + HOLDS_FOR))


def compare(brought: Iterable[Brought], answers: Mapping[int, Answer]) -> tuple[PacketLine, ...]:
    """Set the answers of a packet beside those the server holds: one given on top of an older answer than stands does not count."""
    newest: dict[int, Brought] = {}
    for one in sorted(brought, key=lambda one: one.seq):
        newest[one.position] = one
    return tuple(PacketLine(one, held := answers.get(at, _NOTHING), one.revision == held.revision) for at, one in sorted(newest.items()))


def in_time(deadline: datetime, arrived: datetime) -> bool:
    """Tell whether a packet may still be handed in."""
    return arrived <= deadline + OPEN_FOR
