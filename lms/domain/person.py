"""People: how names and numbers are shown, what a valid number is, and who may act on whom."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lms.domain.unit import lies_in
from lms.kernel.permissions import GRANTS, Permission, Role
from lms.kernel.refusal import N_, Conflict, Forbidden, Invalid


class StandsAbove(Forbidden):
    """The person holds a role that the acting one may not touch."""

    code = "stands_above"
    message = N_("对方担任同级或更高一级的管理职务，请由上级管理员办理。")


class AlreadyGranted(Conflict):
    """The person holds this role for this unit already."""

    code = "already_granted"
    message = N_("对方在该单位已有这个角色。")


class ReasonMissing(Invalid):
    """Personal data is shown only for a reason."""

    code = "reason_missing"
    message = N_("请先说明查看原因，再查看完整信息。")


@dataclass(frozen=True, slots=True)
class PersonCard:
    """What others may see of a person."""

    id: int
    name: str
    unit_name: str
    unit_path: str


@dataclass(frozen=True, slots=True)
class Person:
    """One account with the unit it belongs to; numbers are not part of it."""

    id: int
    account: str
    name: str
    unit_id: int
    unit_name: str
    unit_path: str
    post: str
    active: bool
    activated: bool


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One role for one unit and what lies under it."""

    id: int
    role: Role
    unit_id: int
    unit_name: str
    unit_path: str


# Who stands above whom; roles that are not in the line are appointed by the province.
_RANK = {
    Role.TEACHER: 0,
    Role.CLASS_ADMINISTRATOR: 1,
    Role.SCHOOL_MANAGER: 2,
    Role.COUNTY_MANAGER: 3,
    Role.CITY_MANAGER: 4,
    Role.PROVINCE_MANAGER: 5,
}
_APPOINTED = 4.5


def rank(role: Role) -> float:
    """Return the height of a role."""
    return _RANK.get(role, _APPOINTED)


def may_act_on(actor: Iterable[RoleGrant], target_path: str, target: Iterable[RoleGrant]) -> bool:
    """Tell whether somebody may reset, reveal or disable another: inside the scope and standing strictly above each of her roles.

    Otherwise a class administrator could take over the account of a manager who works at the same school.
    """
    covering = [grant for grant in actor if Permission.MANAGE_CLASS in GRANTS[grant.role] and target_path.startswith(grant.unit_path)]
    if not covering:
        return False
    highest = max(rank(grant.role) for grant in covering)
    scope = [grant.unit_path for grant in covering]
    return all(rank(grant.role) < highest and (grant.role is Role.TEACHER or lies_in(grant.unit_path, scope)) for grant in target)


def grantable(actor: Iterable[RoleGrant], unit_path: str) -> Sequence[Role]:
    """Return the roles that somebody may grant for a unit: those below her own rank there."""
    heights = [rank(grant.role) for grant in actor if unit_path.startswith(grant.unit_path)]
    highest = max(heights, default=0)
    return [role for role in Role if rank(role) < highest]


def normal_account(text: str) -> str:
    """Return an account as stored: no spaces, lower case."""
    return re.sub(r"\s", "", text).lower()


_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


def account_is_valid(account: str) -> bool:
    """Tell whether an account has 3 to 40 letters, digits or the signs dot, dash and underscore."""
    return _ACCOUNT.fullmatch(account) is not None


def normal_phone(text: str) -> str:
    """Return a phone number without spaces, dashes and the country code."""
    digits = re.sub(r"[\s\-()（）]", "", text)
    return re.sub(r"^(\+?86)(?=1\d{10}$)", "", digits)


def phone_is_valid(phone: str) -> bool:
    """Tell whether this is a mobile number of eleven digits."""
    return re.fullmatch(r"1[3-9]\d{9}", phone) is not None


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SIGNS = "10X98765432"


def identity_is_valid(number: str) -> bool:
    """Tell whether an identity number has 18 characters with a right check sign (GB 11643)."""
    if not re.fullmatch(r"\d{17}[\dX]", number, re.ASCII):
        return False
    return _SIGNS[sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True)) % 11] == number[17]


def mask_name(name: str) -> str:
    """Return a name with all but its first character hidden."""
    return name[:1] + "*" * max(1, len(name) - 1)


def mask_phone(phone: str) -> str:
    """Return a phone number with its middle hidden."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "*" * len(phone)


def mask_identity(number: str) -> str:
    """Return an identity number of which only the first three and last two characters are seen."""
    return f"{number[:3]}{'*' * 13}{number[-2:]}" if len(number) == 18 else "*" * len(number)
