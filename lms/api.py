"""Verbs of the platform for tools; whoever calls passes the session of the transaction it is in."""

from lms.services.account import register_personal_export
from lms.services.activity import ActivityKind, activities, activity, add_activity, evidence_of_rehearsal, register_activity_kind, replace_activity
from lms.services.duty import Duty, register_duties
from lms.services.enrolment import facts as enrolment_of
from lms.services.enrolment import rules_for, seats
from lms.services.grade import Posting, post_results, post_score, posted_scores, take_back
from lms.services.grade import hold_all as hold_grades
from lms.services.grade import register_reading as register_grade_reading
from lms.services.lesson import activity_begun, activity_done, activity_done_by, activity_of, courses, every_lesson, lesson, watched
from lms.services.load_source import register_exam_terms, register_load_count, register_load_figures
from lms.services.person import cards as people
from lms.services.person import id_of_account
from lms.services.programme import everything as programmes
from lms.services.programme import in_force, programme, versions
from lms.services.roster import NewPerson, bulk_load
from lms.services.signing_in import register_inside
from lms.services.signing_key import public_keys, sign
from lms.services.unit import Place, holders_of, in_scope, school_path, scope_of
from lms.services.unit import place as unit_place

__all__ = [
    "ActivityKind",
    "Duty",
    "NewPerson",
    "Place",
    "Posting",
    "activities",
    "activity",
    "activity_begun",
    "activity_done",
    "activity_done_by",
    "activity_of",
    "add_activity",
    "bulk_load",
    "courses",
    "enrolment_of",
    "every_lesson",
    "evidence_of_rehearsal",
    "hold_grades",
    "holders_of",
    "id_of_account",
    "in_force",
    "in_scope",
    "lesson",
    "people",
    "post_results",
    "post_score",
    "posted_scores",
    "programme",
    "programmes",
    "public_keys",
    "register_activity_kind",
    "register_duties",
    "register_exam_terms",
    "register_grade_reading",
    "register_inside",
    "register_load_count",
    "register_load_figures",
    "register_personal_export",
    "replace_activity",
    "rules_for",
    "school_path",
    "scope_of",
    "seats",
    "sign",
    "take_back",
    "unit_place",
    "versions",
    "watched",
]
