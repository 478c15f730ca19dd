"""Who may do what with a bank that belongs to an organisation."""

from collections.abc import Collection
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Forbidden


class Right(StrEnum):
    """What a unit and everybody under it may do with a bank."""

    READ = "read"
    DRAW = "draw"
    WRITE = "write"
    OWN = "own"


RIGHT_LABELS = {
    Right.READ: N_("查看试题和答案"),
    Right.DRAW: N_("用于组卷（不看答案）"),
    Right.WRITE: N_("编写和审核"),
    Right.OWN: N_("所有，可再共享"),
}
_IMPLIED = {Right.READ: {Right.READ}, Right.DRAW: {Right.DRAW}, Right.WRITE: {Right.READ, Right.WRITE}, Right.OWN: set(Right)}


class NotShared(Forbidden):
    """The bank belongs to another organisation, which has not given this right."""

    code = "bank_not_shared"
    message = N_("这个题库属于其他单位，没有向您的单位开放这项权限，请联系题库的所有单位。")


class LastOwner(Conflict):
    """A bank that is shared needs an owner."""

    code = "bank_last_owner"
    message = N_("还有其他单位在使用这个题库，所有单位不能先撤销。")


def allows(rights: Collection[Right], wanted: Right) -> bool:
    """Tell whether rights held include the one wanted."""
    return any(wanted in _IMPLIED[right] for right in rights)
