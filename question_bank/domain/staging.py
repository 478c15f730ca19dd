"""What will become of each row of an import: new, a change, the same as before, or refused."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lms.kernel.refusal import N_, Forbidden
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Loss
from question_bank.domain.fault import Fault
from question_bank.domain.likeness import ALIKE, ANOTHER


class Verdict(StrEnum):
    """What committing the row would do."""

    NEW = "new"
    CHANGE = "change"
    SAME = "same"
    REFUSED = "refused"
    SKIPPED = "skipped"


VERDICT_LABELS = {
    Verdict.REFUSED: N_("有问题"),
    Verdict.NEW: N_("新增"),
    Verdict.CHANGE: N_("更新"),
    Verdict.SAME: N_("无变化"),
    Verdict.SKIPPED: N_("已跳过"),
}


class Choice(StrEnum):
    """What the author wants of a row that is much like an item of the bank."""

    NEW = "new"
    UPDATE = "update"
    SKIP = "skip"


class State(StrEnum):
    """Where an import stands: waiting for a worker to read it, looked at, being written, or over."""

    WAITING = "waiting"
    STAGED = "staged"
    WRITING = "writing"
    COMMITTED = "committed"
    DISCARDED = "discarded"
    FAILED = "failed"

    @property
    def is_busy(self) -> bool:
        """Tell whether a worker has it."""
        return self in {State.WAITING, State.WRITING}


@dataclass(frozen=True, slots=True)
class Line:
    """One row with its verdict; `name` is the external id it goes by in the bank.

    `twin` is an item much like it, or the one that has its number and asks otherwise, however like it is; `twin_row` is an earlier row much like it.
    """

    draft: Draft
    verdict: Verdict
    faults: tuple[Fault, ...] = ()
    name: str = ""
    item_id: int | None = None
    twin: str | None = None
    twin_row: int | None = None
    likeness: int | None = None
    choice: Choice = Choice.NEW

    @property
    def is_namesake(self) -> bool:
        """Tell whether its number is that of another item of the bank."""
        return self.likeness is not None and self.likeness < ANOTHER

    @property
    def has_twins_number(self) -> bool:
        """Tell whether what it is compared with is the item of its number."""
        return self.twin is not None and self.twin == self.draft.external_id

    @property
    def is_renamed(self) -> bool:
        """Tell whether it becomes a new item under another number than the file's."""
        return self.verdict is Verdict.NEW and bool(self.draft.external_id) and self.name != self.draft.external_id

    @property
    def asked(self) -> Draft:
        """Return the draft as it is judged: an update is the next version of the twin."""
        return replace(self.draft, external_id=self.twin) if self.choice is Choice.UPDATE and self.twin else self.draft


class NotYours(Forbidden):
    """An import belongs to whoever uploaded it: its rows show keys, and whoever commits it is their author."""

    code = "import_not_yours"
    message = N_("这个文件由另一位老师上传，只有上传的人可以查看和写入；题目写入题库后您可以在题库中看到。")


@dataclass(frozen=True, slots=True)
class Report:
    """What a file holds and what becomes of it."""

    format: str
    lines: tuple[Line, ...]
    losses: tuple[Loss, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have the verdict."""
        return sum(1 for line in self.lines if line.verdict is verdict)

    @property
    def accepted(self) -> int:
        """Return how many rows are not refused; what is in the bank already counts."""
        return len(self.lines) - self.count(Verdict.REFUSED)

    def alike(self, line: Line) -> str:
        """Return the name of what a new row is much like: an item of the bank, or one that an earlier row becomes."""
        if line.likeness is None or line.likeness < ALIKE or line.verdict is not Verdict.NEW:
            return ""
        return line.twin or ("" if line.twin_row is None else self.lines[line.twin_row].name)

    def as_json(self) -> dict[str, object]:
        """Return the report as the command prints it."""
        return {
            "format": self.format,
            "read": len(self.lines),
            "accepted": self.accepted,
            "refused": [
                {"place": line.draft.place, "code": line.faults[0].code, "message": "".join(each.message for each in line.faults)}
                for line in self.lines
                if line.faults
            ],
            "losses": [{"place": loss.place, "what": loss.what} for loss in self.losses],
            "twins": [{"place": line.draft.place, "item": self.alike(line), "likeness": line.likeness} for line in self.lines if self.alike(line)],
        }
