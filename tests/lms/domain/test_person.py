"""People: masks, numbers, and who stands above whom."""

import pytest

from lms.domain import person as rules
from lms.domain.person import RoleGrant
from lms.domain.unit import lies_in, outermost
from lms.kernel.permissions import Role


def grant(role: Role, path: str) -> RoleGrant:
    return RoleGrant(id=1, role=role, unit_id=1, unit_name="", unit_path=path)


@pytest.mark.parametrize("number", ["110101199003070134", "11010519491231002X"])
def test_an_identity_number_is_right_with_its_check_sign(number: str) -> None:
    assert rules.identity_is_valid(number)


@pytest.mark.parametrize("number", ["110101199003070135", "11010119900307013", "11010519491231002x", "１１0101199003070134", ""])
def test_an_identity_number_is_wrong_otherwise(number: str) -> None:
    assert not rules.identity_is_valid(number)


def test_masks_hide_what_matters() -> None:
    assert rules.mask_name("林晓梅") == "林**"
    assert rules.mask_name("林") == "林*"
    assert rules.mask_phone("13800001234") == "138****1234"
    assert rules.mask_identity("110101199003070134") == "110*************34"
    assert rules.mask_identity("123") == "***"


@pytest.mark.parametrize("text", ["13800001234", "+86 138-0000-1234", "8613800001234", " 138 0000 1234 "])
def test_a_phone_has_one_normal_form(text: str) -> None:
    assert rules.normal_phone(text) == "13800001234"


def test_a_class_administrator_acts_on_teachers_of_her_school_only() -> None:
    own = [grant(Role.CLASS_ADMINISTRATOR, "/1/2/")]
    teacher = [grant(Role.TEACHER, "/1/2/")]
    assert rules.may_act_on(own, "/1/2/", teacher)
    assert rules.may_act_on(own, "/1/2/7/", [])
    assert not rules.may_act_on(own, "/1/3/", teacher)
    assert not rules.may_act_on(own, "/1/2/", [*teacher, grant(Role.SCHOOL_MANAGER, "/1/2/")])
    assert not rules.may_act_on(own, "/1/2/", own)


def test_a_role_held_outside_the_scope_protects_its_holder() -> None:
    own = [grant(Role.COUNTY_MANAGER, "/1/2/")]
    assert rules.may_act_on(own, "/1/2/5/", [grant(Role.SCHOOL_MANAGER, "/1/2/5/")])
    assert not rules.may_act_on(own, "/1/2/5/", [grant(Role.SCHOOL_MANAGER, "/1/3/")])
    assert not rules.may_act_on(own, "/1/2/5/", [grant(Role.AUTHOR, "/1/")])
    assert rules.may_act_on([grant(Role.PROVINCE_MANAGER, "/1/")], "/1/2/5/", [grant(Role.AUTHOR, "/1/")])


def test_a_role_without_power_over_people_gives_none() -> None:
    assert not rules.may_act_on([grant(Role.OPERATOR, "/1/")], "/1/2/", [grant(Role.TEACHER, "/1/2/")])


def test_nobody_grants_her_own_height() -> None:
    assert Role.PROVINCE_MANAGER not in rules.grantable([grant(Role.PROVINCE_MANAGER, "/1/")], "/1/")
    assert Role.OPERATOR in rules.grantable([grant(Role.PROVINCE_MANAGER, "/1/")], "/1/")
    assert rules.grantable([grant(Role.SCHOOL_MANAGER, "/1/2/")], "/1/2/") == [Role.TEACHER, Role.CLASS_ADMINISTRATOR]
    assert rules.grantable([grant(Role.SCHOOL_MANAGER, "/1/2/")], "/1/3/") == []


def test_a_path_lies_in_a_scope_by_whole_steps() -> None:
    assert lies_in("/1/23/", ["/1/23/"])
    assert not lies_in("/1/234/", ["/1/23/"])
    assert not lies_in("/1/", [])
    assert outermost(["/1/2/", "/1/2/3/", "/1/4/", "/1/2/"]) == ("/1/2/", "/1/4/")
