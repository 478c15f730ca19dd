"""Who may do what: permissions, roles, and the declaration every route carries."""

from collections.abc import Callable
from enum import IntEnum, StrEnum
from functools import cache
from typing import TypeVar


class Permission(StrEnum):
    """One thing a person may be allowed to do."""

    ANYONE = "anyone"  # no sign-in needed: said aloud, never by leaving it out
    SIGNED_IN = "signed_in"
    LEARN = "learn"
    SIT_EXAM = "sit_exam"
    EDIT_COURSES = "edit_courses"
    WRITE_ITEMS = "write_items"
    REVIEW_ITEMS = "review_items"
    MANAGE_EXAMS = "manage_exams"
    HOLD_KEYS = "hold_keys"  # one of the two whose consent opens an exam's keys
    INVIGILATE = "invigilate"
    MARK = "mark"
    MANAGE_CLASS = "manage_class"
    MANAGE_PEOPLE = "manage_people"
    GRANT_ROLES = "grant_roles"
    MANAGE_PROGRAMMES = "manage_programmes"
    ISSUE_CERTIFICATES = "issue_certificates"
    SEE_REPORTS = "see_reports"
    OPERATE = "operate"
    AUDIT = "audit"


class Priority(IntEnum):
    """Classes of requests under load; the last is given up first, the first never (lms/kernel/shedding.py)."""

    ANSWERS = 0  # saving, handing in, the clock of an exam; its room, pictures and scripts, and coming back to it
    ENTRY = 1  # signing in, starting, invigilating
    LEARNING = 2  # heartbeats, leases, what a learner sends
    BROWSING = 3  # what a learner reads
    REPORTS = 4  # reports, exports, imports, the work of staff


class Role(StrEnum):
    """What a person is, inside one scope of the tree."""

    TEACHER = "teacher"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    EXAMINER = "examiner"
    INVIGILATOR = "invigilator"
    CLASS_ADMINISTRATOR = "class_administrator"
    SCHOOL_MANAGER = "school_manager"
    COUNTY_MANAGER = "county_manager"
    CITY_MANAGER = "city_manager"
    PROVINCE_MANAGER = "province_manager"
    COURSE_EDITOR = "course_editor"
    OPERATOR = "operator"
    AUDITOR = "auditor"


_MANAGER = frozenset({Permission.MANAGE_CLASS, Permission.MANAGE_PEOPLE, Permission.SEE_REPORTS})

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.TEACHER: frozenset({Permission.LEARN, Permission.SIT_EXAM}),
    Role.AUTHOR: frozenset({Permission.WRITE_ITEMS}),
    Role.REVIEWER: frozenset({Permission.WRITE_ITEMS, Permission.REVIEW_ITEMS}),
    Role.EXAMINER: frozenset({Permission.MARK}),
    Role.INVIGILATOR: frozenset({Permission.INVIGILATE}),
    Role.CLASS_ADMINISTRATOR: frozenset({Permission.MANAGE_CLASS}),
    Role.SCHOOL_MANAGER: _MANAGER,
    Role.COUNTY_MANAGER: _MANAGER,
    Role.CITY_MANAGER: _MANAGER,
    Role.PROVINCE_MANAGER: _MANAGER
    | {
        Permission.GRANT_ROLES,
        Permission.MANAGE_PROGRAMMES,
        Permission.MANAGE_EXAMS,
        Permission.HOLD_KEYS,
        Permission.ISSUE_CERTIFICATES,
        Permission.INVIGILATE,
        Permission.MARK,
    },
    Role.COURSE_EDITOR: frozenset({Permission.EDIT_COURSES}),
    Role.OPERATOR: frozenset({Permission.OPERATE, Permission.MANAGE_PROGRAMMES, Permission.SEE_REPORTS, Permission.INVIGILATE}),
    Role.AUDITOR: frozenset({Permission.AUDIT, Permission.HOLD_KEYS, Permission.SEE_REPORTS}),
}


@cache
def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return everything the roles together allow."""
    found = {Permission.ANYONE, Permission.SIGNED_IN}
    for role in roles:
        found |= GRANTS[role]
    return frozenset(found)


View = TypeVar("View", bound=Callable[..., object])


def requires(permission: Permission, priority: Priority | None = None, *, most_bytes: int | None = None) -> Callable[[View], View]:
    """Declare the permission of a route, which the kernel checks before it runs, and its class under load where the permission does not tell it.

    `most_bytes` lets those who have the permission send a larger body than others take.
    """

    def declare(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        view.priority = priority  # type: ignore[attr-defined]
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return declare
