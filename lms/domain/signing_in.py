"""Signing in: what a password must be, what an activation code is, and why one is refused."""

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.kernel.refusal import N_, Conflict, Invalid, TooMany, Unauthenticated

CONSENT_VERSION = "2026-11b"
ACTIVATION_VALID = timedelta(days=30)
# No 0 O 1 I L: codes are read from paper and typed on phones. 31 signs, 12 places: 59 bits.
ACTIVATION_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
ACTIVATION_LENGTH = 12
PASSWORD_LEAST = 8
PASSWORD_MOST = 128


class SignInRefused(Unauthenticated):
    """The account is unknown or the password wrong: never told apart."""

    code = "sign_in_refused"
    message = N_("账号或密码不正确。首次登录请先激活账号；忘记密码请联系班级管理员重置。")


class AccountDisabled(Unauthenticated):
    """The password was right but the account is disabled."""

    code = "account_disabled"
    message = N_("账号已停用，请联系学校管理员。")


class TooManySignIns(TooMany):
    """Too many tries for this account from unknown devices, or from this address."""

    code = "too_many_sign_ins"
    message = N_("尝试次数过多，请 15 分钟后再试，或换用您登录过的设备。")


class ActivationRefused(Invalid):
    """Account and code do not belong together, or the code is used or over: never told apart."""

    code = "activation_refused"
    message = N_("账号或激活码不正确，或激活码已失效。请核对后重试，或联系班级管理员重新获取。")


class ConsentMissing(Conflict):
    """The present text on personal information has not been accepted."""

    code = "consent_missing"
    message = N_("请先阅读并同意个人信息保护说明。")


class WeakPassword(Invalid):
    """The password is too easy to guess."""

    code = "weak_password"
    message = N_("这个密码太容易被猜到，请换一个。")


class ShortPassword(WeakPassword):
    """The password is too short or too long."""

    code = "short_password"
    message = N_("密码须为 8 到 128 个字符。")


class CommonPassword(WeakPassword):
    """The password is one that everybody uses."""

    code = "common_password"
    message = N_("这是常见密码，很容易被猜到，请换一个。")


class TellingPassword(WeakPassword):
    """The password contains the account or the phone number."""

    code = "telling_password"
    message = N_("密码中不能包含账号或手机号。")


class SamePassword(WeakPassword):
    """The new password is the old one."""

    code = "same_password"
    message = N_("新密码不能与原密码相同。")


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in comes from: `key` is the hash of a random mark in the browser, nothing about its owner."""

    key: bytes
    address: str
    description: str


@dataclass(frozen=True, slots=True)
class Login:
    """One sign-in, as its owner sees it."""

    id: int
    device: str
    created_at: datetime
    ends_at: datetime


def check_password(password: str, *, account: str, phone: str, common: Container[str]) -> None:
    """Raise the refusal that says what is wrong with a new password."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise ShortPassword
    lowered = password.lower()
    if (len(account) >= 4 and account.lower() in lowered) or (phone and (phone in lowered or phone[-8:] in lowered)):
        raise TellingPassword
    if lowered in common or _is_pattern(lowered):
        raise CommonPassword


_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm")


def _is_pattern(password: str) -> bool:
    if len(set(password)) <= 3:
        return True
    if any(password in row * 2 or password in row[::-1] * 2 for row in _ROWS):
        return True
    if re.fullmatch(r"1[3-9]\d{9}", password):  # a phone number, whoever's
        return True
    return re.fullmatch(r"(19|20)\d\d[-./]?(0[1-9]|1[0-2])[-./]?(0[1-9]|[12]\d|3[01])", password) is not None  # a birthday


def normal_code(text: str) -> str:
    """Return an activation code as it was made, however it was typed."""
    return re.sub(r"[\s\-—–－]", "", text).upper()


def spaced_code(code: str) -> str:
    """Return an activation code in groups of four, for reading."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("Windows", "Windows"),
            ("Mac OS", "Mac"), ("Linux", "Linux"))  # fmt: skip
_BROWSERS = (("MicroMessenger", "微信"), ("QQBrowser", "QQ 浏览器"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))


def device_name(agent: str) -> str:
    """Return what a device's owner would call it, out of what the browser says of itself; empty where unknown."""
    system = next((name for sign, name in _SYSTEMS if sign in agent), "")
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    return " · ".join(part for part in (system, browser) if part)
