"""Refusals: what the rules say no to, each with a stable code and a sentence that says what to do."""

from typing import ClassVar


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "mark, do not translate yet"
    """Mark a message for translation."""
    return text


class Refusal(Exception):
    """Base of everything the product refuses; never raised itself.

    Plain classes, not frozen dataclasses: Python sets `__traceback__` on exceptions while they travel.
    """

    status: ClassVar[int] = 400
    kind: ClassVar[str] = "malformed"
    code: ClassVar[str] = "refused"
    message: ClassVar[str] = N_("这个操作没有完成。")

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts = facts


class Malformed(Refusal):
    """What was sent cannot be read."""

    code = "malformed"
    message = N_("提交的内容格式不正确，请刷新页面后重试。")


class Invalid(Refusal):
    """What was sent can be read but breaks a rule."""

    status = 422
    kind = "malformed"
    code = "invalid"
    message = N_("提交的内容不符合要求，请按提示修改。")


class Unauthenticated(Refusal):
    """Nobody is signed in."""

    status = 401
    kind = "unauthenticated"
    code = "unauthenticated"
    message = N_("请先登录。")


class Forbidden(Refusal):
    """The person lacks the role."""

    status = 403
    kind = "forbidden"
    code = "forbidden"
    message = N_("您的账号没有这项权限。如有疑问，请联系班级管理员。")


class Missing(Refusal):
    """There is no such thing, or it belongs to somebody else."""

    status = 404
    kind = "missing"
    code = "missing"
    message = N_("没有找到您要的内容。它可能已被移动，或不属于您的账号。")


class Conflict(Refusal):
    """The state of things has moved on."""

    status = 409
    kind = "conflict"
    code = "conflict"
    message = N_("内容已有变化，请刷新后重试。")


class TooMany(Refusal):
    """Too many tries in too short a time."""

    status = 429
    kind = "conflict"
    code = "too_many"
    message = N_("操作过于频繁，请稍后再试。")


class Unavailable(Refusal):
    """The product cannot answer for the moment; nothing was stored."""

    status = 503
    kind = "broken"
    code = "unavailable"
    message = N_("系统暂时繁忙，内容尚未保存，请稍后重试。")
