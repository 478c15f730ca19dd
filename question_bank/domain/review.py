"""The life of an item: draft → in_review → approved → retired, with four eyes on every approval."""

from dataclasses import dataclass, replace
from enum import StrEnum

from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid


class Status(StrEnum):
    """Where the newest version of an item stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETIRED = "retired"


STATUS_LABELS = {
    Status.DRAFT: N_("草稿"),
    Status.IN_REVIEW: N_("待审"),
    Status.APPROVED: N_("已通过"),
    Status.RETIRED: N_("已停用"),
}


class Decision(StrEnum):
    """What a reviewer decided on one version."""

    APPROVE = "approve"
    SEND_BACK = "send_back"


class WrongState(Conflict):
    """The item is not in a state in which this can be done."""

    code = "item_wrong_state"
    message = N_("试题的状态已变化，不能这样操作，请刷新后查看。")


class OwnItem(Forbidden):
    """Nobody reviews what they wrote themselves, be it in an earlier version that was never approved."""

    code = "reviewer_is_author"
    message = N_("上次通过审核以来您编写过这道题，不能由您审核，请由另一位审题人审核。")


class CommentNeeded(Invalid):
    """An item is sent back only with a reason."""

    code = "comment_needed"
    message = N_("退回试题时请写明修改意见。")


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one item and everybody who wrote at it since it was last approved."""

    status: Status
    authors: frozenset[int]


def submit(standing: Standing) -> Standing:
    """Hand a draft to the reviewers."""
    return _move(standing, {Status.DRAFT}, Status.IN_REVIEW)


def decide(standing: Standing, decision: Decision, reviewer_id: int, comment: str) -> Standing:
    """Approve or send back; the reviewer wrote nothing of what is decided on."""
    if standing.status is not Status.IN_REVIEW:
        raise WrongState
    if reviewer_id in standing.authors:
        raise OwnItem
    if decision is Decision.SEND_BACK and not comment.strip():
        raise CommentNeeded
    return replace(standing, status=Status.APPROVED if decision is Decision.APPROVE else Status.DRAFT)


def rewrite(standing: Standing, author_id: int | None) -> Standing:
    """A new version was written: a draft in which what others wrote since the last approval lives on."""
    if standing.status is Status.RETIRED:
        raise WrongState
    before = frozenset[int]() if standing.status is Status.APPROVED else standing.authors
    return Standing(Status.DRAFT, before | ({author_id} if author_id else set()))


def retire(standing: Standing) -> Standing:
    """Take the item out of every pool; papers already made keep it."""
    return _move(standing, {Status.DRAFT, Status.IN_REVIEW, Status.APPROVED}, Status.RETIRED)


def restore(standing: Standing) -> Standing:
    """Bring a retired item back as a draft."""
    return _move(standing, {Status.RETIRED}, Status.DRAFT)


def _move(standing: Standing, allowed: set[Status], target: Status) -> Standing:
    if standing.status not in allowed:
        raise WrongState
    return replace(standing, status=target)
