"""Verbs of the platform for tools; whoever calls passes the session of the transaction it is in."""

from lms.services.activity import ActivityKind, activities, activity, add_activity, register_activity_kind
from lms.services.enrolment import facts as enrolment_of
from lms.services.enrolment import rules_for
from lms.services.lesson import activity_begun, activity_done, lesson
from lms.services.programme import in_force, programme

__all__ = [
    "ActivityKind",
    "activities",
    "activity",
    "activity_begun",
    "activity_done",
    "add_activity",
    "enrolment_of",
    "in_force",
    "lesson",
    "programme",
    "register_activity_kind",
    "rules_for",
]
