"""What lms brings when it is mounted."""

from pathlib import Path

from lms.cli import certificates as certificate_commands
from lms.cli import people as people_commands
from lms.cli import programme
from lms.domain.audit import ACTS
from lms.kernel.jobs import Job
from lms.kernel.part import NavEntry, Part
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_
from lms.services import certificate as certificates
from lms.services import grade as grades
from lms.services import hours, lapsed, personal_data, signing_key
from lms.services import window_request as window_requests
from lms.services.account import register_personal_export
from lms.services.duty import register_duties
from lms.services.load import observe
from lms.services.load_source import register_load_count
from lms.services.progress import verify as verify_progress
from lms.store.signing_in import identity_of, sign_ins
from lms.web.account import account
from lms.web.attendance import attendance
from lms.web.audit import audit
from lms.web.certificate import certificate
from lms.web.course import course
from lms.web.enrolment import enrolment
from lms.web.forecast import forecast
from lms.web.grade import grade
from lms.web.home import home
from lms.web.lesson import lesson
from lms.web.load import load
from lms.web.people import people
from lms.web.plan import plan
from lms.web.programme import programme as programme_pages
from lms.web.reminder import reminder
from lms.web.role_grant import role_grant
from lms.web.roster import roster
from lms.web.second_factor import second_factor
from lms.web.signing_in import signing_in
from lms.web.unit import unit
from lms.web.verification import verification
from lms.web.window_request import window_request

register_personal_export("learning", personal_data.learning)
register_load_count("sign_ins", sign_ins)
register_duties(Permission.MANAGE_PEOPLE, window_requests.duties)
register_duties(Permission.ISSUE_CERTIFICATES, lapsed.duties)

part = Part(
    name="lms",
    folder=Path(__file__).parent,
    identity_loader=identity_of,
    routes=(
        home,
        plan,
        lesson,
        programme_pages,
        forecast,
        load,
        course,
        attendance,
        signing_in,
        second_factor,
        account,
        people,
        unit,
        enrolment,
        reminder,
        role_grant,
        roster,
        grade,
        certificate,
        verification,
        window_request,
        audit,
    ),
    commands=(programme, people_commands, certificate_commands),
    jobs=(Job("load.observe", observe, cron="*/15 * * * *"),),
    nav=(
        NavEntry(N_("首页"), "home.page", "home", Permission.SIGNED_IN, 10),
        NavEntry(N_("学习计划"), "plan.page", "calendar", Permission.LEARN, 20, also=("/lessons", "/watching", "/quizzes", "/programmes")),
        NavEntry(N_("成绩单"), "grade.page", "chart", Permission.LEARN, 25),
        NavEntry(N_("证书"), "certificate.page", "award", Permission.LEARN, 26),
        NavEntry(N_("证书登记簿"), "certificate.register", "award", Permission.ISSUE_CERTIFICATES, 65, hint=N_("查看颁发记录，撤销或换发证书")),
        NavEntry(N_("课程管理"), "course.all", "book", Permission.EDIT_COURSES, 30, hint=N_("编排课程和每节课，发布给学员")),
        NavEntry(N_("名单导入"), "attendance.programmes", "upload", Permission.MANAGE_PEOPLE, 50, hint=N_("导入线下签到和作业成绩的签字名单，可以撤销")),
        NavEntry(N_("培训项目"), "programme.all", "book", Permission.MANAGE_PROGRAMMES, 60, hint=N_("查看培训项目的版本和要求")),
        NavEntry(N_("班级"), "unit.page", "school", Permission.MANAGE_CLASS, 40, hint=N_("查看学习进度，发放激活码，重置密码")),
        NavEntry(
            N_("人员"), "people.page", "users", Permission.MANAGE_PEOPLE, 41, hint=N_("查找人员，导入名册，授予角色"), also=("/roles", "/window-requests")
        ),
        NavEntry(N_("审计记录"), "audit.page", "list", Permission.AUDIT, 70, hint=N_("查看谁在什么时候做了什么")),
    ),
    acts=ACTS,
    on_mount=signing_key.mount,
    verifiers=(verify_progress, hours.verify, grades.verify, certificates.verify),
)
