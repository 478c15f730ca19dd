"""What exam brings when it is mounted."""

from pathlib import Path

from exam.cli import exam as exam_command
from exam.cli import quiz as quiz_command
from exam.domain.audit import ACTS
from exam.jobs import JOBS
from exam.services import annulment as annulments
from exam.services import archive, backlog, duty, identity, outage, packet, personal_data, presence, quiz_evidence, token, waiting_room
from exam.services import attempt as attempts
from exam.services import exam as exams
from exam.services import notice as notices
from exam.services import quiz as quizzes
from exam.services.demand import demands
from exam.services.result import note_reading
from exam.services.usage import usage
from exam.services.verification import verify
from exam.store.load import in_exam, starts
from exam.web.adjustment import adjustment
from exam.web.annulment import annulment
from exam.web.archive import exam_archive
from exam.web.blueprint import blueprints
from exam.web.board import exam_board
from exam.web.exam import exams as exam_pages
from exam.web.exam_settings import exam_settings
from exam.web.identity import exam_identity
from exam.web.integrity import integrity
from exam.web.invigilation import invigilation
from exam.web.marking import marking
from exam.web.packet import exam_packet
from exam.web.picture import exam_picture
from exam.web.preflight import preflight
from exam.web.preview import exam_paper
from exam.web.quiz import quiz
from exam.web.receipt import exam_receipt
from exam.web.regrade import regrades
from exam.web.response import HOT_ROUTES, exam_api
from exam.web.result import exam_result
from exam.web.review import exam_review
from exam.web.room import exam_room
from exam.web.safe_exam_browser import mount as mount_browser
from exam.web.timeline import timeline
from lms import api as platform
from lms.kernel.part import NavEntry, Part
from lms.kernel.permissions import Permission
from lms.kernel.refusal import N_
from lms.kernel.settings import Settings
from media import api as media
from question_bank import api as bank

platform.register_activity_kind(
    platform.ActivityKind(
        exams.KIND,
        states=exams.states,
        panel=lambda _session, _person, _activity, _rules, _now: None,  # an exam has a page of its own
        address=lambda activity: f"/exams/{activity.ref}",
        inside=lambda activity: f"/exams/{activity.ref}/room",
    )
)
platform.register_activity_kind(platform.ActivityKind(quizzes.KIND, states=quizzes.states, panel=quizzes.panel, editor=quizzes.editor))
media.register_prompts(presence.prompt)
bank.register_demand(demands)
bank.register_usage(usage)
platform.register_load_count("in_exam", in_exam)
platform.register_load_count("exam_starts", starts)
platform.register_exam_terms(exams.terms)
platform.register_grade_reading(note_reading)
platform.register_inside(attempts.is_inside)
platform.register_personal_export("exams", personal_data.sat)
platform.register_personal_export("exam_decisions", personal_data.decided)
platform.register_duties(Permission.MARK, backlog.to_mark)
platform.register_duties(Permission.MANAGE_EXAMS, backlog.to_decide)
platform.register_duties(Permission.MANAGE_EXAMS, annulments.to_decide)
platform.register_duties(Permission.MANAGE_EXAMS, duty.to_decide)
platform.register_duties(Permission.HOLD_KEYS, duty.to_agree)
platform.register_duties(Permission.SIT_EXAM, notices.of_person)


def _mount(settings: Settings) -> None:
    token.mount(settings)
    packet.mount(settings)
    archive.mount(settings)
    identity.mount(settings)
    waiting_room.mount(settings)
    mount_browser(settings)


part = Part(
    name="exam",
    folder=Path(__file__).parent,
    routes=(
        exam_api,
        exam_pages,
        exam_room,
        exam_receipt,
        exam_result,
        exam_picture,
        exam_packet,
        exam_review,
        quiz,
        exam_board,
        exam_settings,
        exam_archive,
        exam_identity,
        blueprints,
        exam_paper,
        invigilation,
        preflight,
        adjustment,
        annulment,
        timeline,
        regrades,
        integrity,
        marking,
    ),
    commands=(exam_command, quiz_command),
    hot_routes=HOT_ROUTES,
    jobs=JOBS,
    nav=(
        NavEntry(N_("考试"), "exams.everything", "quiz", Permission.SIT_EXAM, 22),
        NavEntry(N_("考试管理"), "exam_board.everything", "settings", Permission.MANAGE_EXAMS, 60, hint=N_("组卷，查看考试进行情况，公布成绩")),
        NavEntry(N_("监考"), "invigilation.everything", "eye", Permission.INVIGILATE, 62, hint=N_("看各单位的作答情况，发通知、加时、暂停、记录情况")),
        NavEntry(N_("阅卷"), "marking.everything", "edit", Permission.MARK, 61, hint=N_("逐份评阅简答题，看不到考生姓名")),
        NavEntry(N_("双向细目表"), "blueprints.everything", "list", Permission.MANAGE_EXAMS, 61, hint=N_("规定一张试卷考什么、考多少，随时看题库够不够")),
        NavEntry(N_("考试答案"), "exam_paper.seals", "lock", Permission.HOLD_KEYS, 62, hint=N_("与另一位同事共同开启封存的答案")),
    ),
    on_mount=_mount,
    on_serving=outage.keep_marking,
    verifiers=(verify, quiz_evidence.verify, backlog.verify),
    acts=ACTS,
)
