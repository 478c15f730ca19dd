"""A teacher's request for a window of her own: verified by her school or county, granted by the province."""

from dataclasses import dataclass
from datetime import datetime

from lms.domain.programme import Programme
from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid

LONGEST = 200  # characters of a reason or an answer


class RequestFaulty(Invalid):
    """The request cannot stand; the facts name what is wrong, by field."""

    code = "window_request_faulty"
    message = N_("申请有几处需要修改。")


class RequestWaiting(Conflict):
    """The request before is not decided yet."""

    code = "window_request_waiting"
    message = N_("您的申请正在等待处理，不用重复提交。")


class RequestNeedless(Conflict):
    """Nothing could be learnt in such a window."""

    code = "window_request_needless"
    message = N_("现在不能申请个人学习时段：本培训不分时段，或已经结束，或您的线上学时已经完成。")


class RequestDecided(Conflict):
    """Somebody else has dealt with it."""

    code = "window_request_decided"
    message = N_("这份申请已由他人处理，请刷新页面。")


class AnswerMissing(Invalid):
    """A refusal without a reason."""

    code = "window_request_answer_missing"
    message = N_("不同意时，请写明理由，本人会看到。")


class OwnRequest(Forbidden):
    """Nobody deals with her own request, nor does one person take both steps."""

    code = "window_request_own"
    message = N_("不能办理自己的申请；核实和批准须由两个人办理。")


class NotVerified(Conflict):
    """The first step is not done."""

    code = "window_request_not_verified"
    message = N_("学校或县还没有核实，不能批准。")


class RequestPast(Conflict):
    """What was asked for is over by now."""

    code = "window_request_past"
    message = N_("申请的日期已经过去。请答复不同意，并请本人重新申请。")


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """One request; `granted` None until it is decided."""

    id: int
    enrolment_id: int
    person_id: int
    opens: datetime
    closes: datetime
    reason: str
    asked_at: datetime
    verified_by: int | None
    granted: bool | None
    answer: str


def may_ask(programme: Programme, *, online_complete: bool, now: datetime) -> bool:
    """Tell whether a window of one's own would help: the programme has windows, it is not over, and there is something left to learn."""
    return bool(programme.windows) and not online_complete and now < programme.closes


def faults(programme: Programme, opens: datetime, closes: datetime, reason: str, now: datetime) -> dict[str, str]:
    """Return what is wrong with a request, by field of its form."""
    reasons = (
        (opens < programme.opens, "first_day", N_("不能早于培训开始的日期。")),
        (closes <= opens, "last_day", N_("最后一天不能早于第一天。")),
        (closes <= now, "last_day", N_("这段日期已经过去。")),
        (closes > programme.closes, "last_day", N_("不能晚于培训结束的日期。")),
        (not 2 <= len(reason.strip()) <= LONGEST, "reason", N_("请写明原因，2 到 200 个字。")),
    )
    return {field: message for wrong, field, message in reversed(reasons) if wrong}


def require_open(request: WindowRequest, actor_id: int) -> None:
    """Refuse who may not deal with a request: it is open, and not her own."""
    if request.granted is not None:
        raise RequestDecided
    if actor_id == request.person_id:
        raise OwnRequest


def require_verification(request: WindowRequest, actor_id: int) -> None:
    """Refuse who may not verify a request: it is not verified yet, and she may deal with it."""
    if request.verified_by is not None:
        raise RequestDecided
    require_open(request, actor_id)


def require_granting(request: WindowRequest, actor_id: int, now: datetime) -> None:
    """Refuse who may not grant a request: it is verified by another, and its days are not over."""
    if request.granted is not None:
        raise RequestDecided
    if request.verified_by is None:
        raise NotVerified
    if actor_id in (request.person_id, request.verified_by):
        raise OwnRequest
    if request.closes <= now:
        raise RequestPast
