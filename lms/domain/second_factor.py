"""The second factor: what a code looks like, and why one is refused."""

import re
from dataclasses import dataclass
from datetime import timedelta

from lms.kernel.refusal import N_, Conflict, Unauthenticated

STEP_SECONDS = 30
DRIFT = (0, -1, 1)  # steps by which a phone's clock may be wrong, the likeliest first
RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
RECOVERY_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
HALF_OPEN = timedelta(minutes=10)  # how long one may take from the password to the code


class CodeRefused(Unauthenticated):
    """Neither the present code nor an unused recovery code."""

    code = "second_factor_refused"
    message = N_("验证码不正确或已经用过。请等下一个验证码，或改用一个恢复码。")


class HalfSignInOver(Unauthenticated):
    """The password was entered too long ago, or not at all."""

    code = "second_factor_late"
    message = N_("登录已超时，请重新输入账号和密码。")


class FactorMissing(Conflict):
    """There is nothing to confirm or to turn off."""

    code = "second_factor_missing"
    message = N_("没有正在设置的两步验证，请重新开始设置。")


@dataclass(frozen=True, slots=True)
class Factor:
    """What is shown of somebody's second factor."""

    confirmed: bool
    recovery_left: int


def normal(code: str) -> str:
    """Return a code however it was typed."""
    return re.sub(r"[\s\-—–－]", "", code).upper()
