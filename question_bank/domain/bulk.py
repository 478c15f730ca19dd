"""What can be done to many items at once."""

from dataclasses import dataclass
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Invalid


class Action(StrEnum):
    """One thing done to each of the chosen items."""

    SUBMIT = "submit"
    APPROVE = "approve"
    RETIRE = "retire"
    TOPIC = "topic"
    LEVEL = "level"
    TAG = "tag"
    POOL = "pool"

    @property
    def is_review(self) -> bool:
        """Tell whether only a reviewer may do it."""
        return self in {Action.APPROVE, Action.RETIRE}

    @property
    def rewrites(self) -> bool:
        """Tell whether each item gets a new version, which has to be reviewed again."""
        return self in {Action.TOPIC, Action.LEVEL, Action.TAG}


ACTION_LABELS = {
    Action.SUBMIT: N_("提交审核"),
    Action.APPROVE: N_("审核通过"),
    Action.RETIRE: N_("停用"),
    Action.TOPIC: N_("设置知识点"),
    Action.LEVEL: N_("设置认知层次"),
    Action.TAG: N_("添加标签"),
    Action.POOL: N_("设置用途"),
}


class NothingChosen(Invalid):
    """No item was chosen, or the value is missing."""

    code = "bulk_nothing_chosen"
    message = N_("请先勾选试题，并选择要做的操作和内容。")


class NotAsBefore(Conflict):
    """Somebody touched the items after the change."""

    code = "bulk_touched_since"
    message = N_("其中有试题在这次操作之后又有改动、审核或使用，不能整体撤销，请逐题处理。")


class AlreadyUndone(Conflict):
    """The change was taken back already."""

    code = "bulk_undone"
    message = N_("这次操作已经撤销。")


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one item: from what to what, or the reason why nothing does."""

    item_id: int
    version_id: int
    external_id: str
    stem_html: str
    before: str
    after: str
    reason: str = ""
