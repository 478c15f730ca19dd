"""Every page: who looks at it, and how a browser looks at one."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Page

from demo.programme import DEMO_CODE
from demo.province import BANK
from tests.support import axe, browser

STRANGER = ""
EXAM = "(SELECT code FROM exam ORDER BY id LIMIT 1)"


@dataclass(frozen=True)
class Sight:
    """One page: who looks at it, and what SQL finds the parts of its address."""

    account: str
    parts: dict[str, str] = field(default_factory=dict)
    status: int = 200


def _id(table: str, where: str = "true") -> str:
    return f"(SELECT min(id) FROM {table} WHERE {where})"


BATCH = {"code": f"'{BANK}'", "batch_id": _id("import_batch")}
PROGRAMME = {"code": f"'{DEMO_CODE}'"}
SIGHTS: dict[str, Sight] = {
    "home.page": Sight("zhou"),
    "plan.page": Sight("lin"),
    "lesson.first": Sight("zhou"),
    "lesson.page": Sight(
        "zhou", {"lesson_id": "(SELECT a.lesson_id FROM activity a JOIN asset s ON s.code = a.ref WHERE s.length_ms > 0 ORDER BY a.id LIMIT 1)"}
    ),
    "playback.losses": Sight("zhou", {"activity_id": _id("activity", "kind = 'video'")}),
    "grade.page": Sight("lin"),
    "certificate.page": Sight("lin"),
    "exams.everything": Sight("lin"),
    "exams.briefing": Sight("zhou", {"code": EXAM}),
    "exam_room.rehearsal": Sight("zhou", {"code": EXAM}),
    "exam_packet.own": Sight("zhou", {"code": EXAM}),
    "programme.page": Sight("zhou", PROGRAMME),
    "account.page": Sight("zhou"),
    "account.password": Sight("zhou"),
    "second_factor.page": Sight("zhou"),
    "second_factor.asked": Sight(STRANGER, status=401),
    "signing_in.consent": Sight("zhou"),
    "unit.page": Sight("tao"),
    "unit.members": Sight("tao", {"unit_id": _id("unit", "kind = 'school'")}),
    "enrolment.page": Sight("tao", {"unit_id": _id("unit", "kind = 'school'"), **PROGRAMME}),
    "people.person": Sight("tao", {"person_id": _id("person", "account = 'lin'")}),
    "grade.of_person": Sight("tao", {"person_id": _id("person", "account = 'lin'")}),
    "appeals.page": Sight("tao"),
    "bank.banks": Sight("wei"),
    "bank.page": Sight("wei", {"code": f"'{BANK}'"}),
    "share.page": Sight("rong", {"code": f"'{BANK}'"}),
    "bank_settings.new": Sight("rong"),
    "bank_settings.page": Sight("rong", {"code": f"'{BANK}'"}),
    "bulk.changes": Sight("wei", {"code": f"'{BANK}'"}),
    "bank.coverage": Sight("wei", {"code": f"'{BANK}'"}),
    "analysis.page": Sight("wei", {"code": f"'{BANK}'"}),
    "analysis.item": Sight(
        "wei", {"code": f"'{BANK}'", "item_id": "(SELECT v.item_id FROM item_measure JOIN item_version v ON v.id = version_id ORDER BY v.id LIMIT 1)"}
    ),
    "responses.upload": Sight("wei", {"code": f"'{BANK}'"}),
    "staging.upload": Sight("wei", {"code": f"'{BANK}'"}),
    "staging.batch": Sight("wei", BATCH),
    "staging.line": Sight("wei", {**BATCH, "position": "(SELECT min(position) FROM import_line)"}),
    "version.compare": Sight("wei", {"code": f"'{BANK}'", "item_id": _id("item")}),
    "version.uses": Sight("wei", {"code": f"'{BANK}'", "item_id": _id("item")}),
    "item.page": Sight("rong", {"code": f"'{BANK}'", "item_id": _id("item", "status = 'in_review'")}),
    "item.edit": Sight("wei", {"code": f"'{BANK}'", "item_id": _id("item")}),
    "item.new": Sight("wei", {"code": f"'{BANK}'"}),
    "review.queue": Sight("rong", {"code": f"'{BANK}'"}),
    "course.all": Sight("kang"),
    "course.page": Sight("kang", {"course_id": _id("course")}),
    "course.lesson": Sight("kang", {"lesson_id": _id("lesson")}),
    "assets.every": Sight("kang"),
    "assets.one": Sight("kang", {"code": "(SELECT code FROM asset WHERE length_ms > 0 ORDER BY id LIMIT 1)"}),
    "assets.new": Sight("kang"),
    "attendance.programmes": Sight("ning"),
    "attendance.lists": Sight("ning", PROGRAMME),
    "attendance.page": Sight("ning", {"list_id": _id("attendance_list")}),
    "programme.all": Sight("ning"),
    "forecast.page": Sight("ning", PROGRAMME),
    "load.page": Sight("ning", PROGRAMME),
    "people.page": Sight("ning"),
    "window_request.page": Sight("xia"),
    "roster.page": Sight("ning"),
    "role_grant.page": Sight("ning"),
    "audit.page": Sight("yan"),
    "certificate.register": Sight("ning"),
    "certificate.lapsed": Sight("ning"),
    "exam_board.everything": Sight("ning"),
    "exam_review.everything": Sight("ning", {"code": EXAM}),
    "exam_packet.everything": Sight("ning", {"code": EXAM}),
    "exam_board.one": Sight("ning", {"code": EXAM}),
    "exam_settings.new": Sight("ning"),
    "exam_settings.edit": Sight("ning", {"code": EXAM}),
    "marking.everything": Sight("ning"),
    "marking.overview": Sight("ning", {"code": EXAM}),
    "exam_paper.page": Sight("ning", {"code": EXAM, "number": "1"}),
    "exam_paper.seals": Sight("ning"),
    "exam_paper.seal": Sight("ning", {"code": EXAM}),
    "exam_archive.page": Sight("ning", {"code": EXAM}),
    "exam_board.fairness_sheet": Sight("ning", {"code": EXAM}),
    "invigilation.everything": Sight("ning"),
    "invigilation.room": Sight("ning", {"code": EXAM}),
    "invigilation.people": Sight("ning", {"code": EXAM}),
    "exam_identity.faces": Sight("ning", {"code": EXAM}),
    "invigilation.incidents": Sight("ning", {"code": EXAM}),
    "preflight.page": Sight("ning", {"code": EXAM}),
    "regrades.everything": Sight("ning", {"code": EXAM}),
    "integrity.page": Sight("ning", {"code": EXAM}),
    "blueprints.everything": Sight("ning"),
    "blueprints.new": Sight("ning"),
    "blueprints.edit": Sight("ning", {"code": "(SELECT min(code) FROM blueprint)"}),
    "signing_in.page": Sight(STRANGER),
    "signing_in.activation": Sight(STRANGER),
    "signing_in.privacy": Sight(STRANGER),
    "exam_receipt.page": Sight(STRANGER),
    "exam_receipt.show": Sight(STRANGER, {"code": "'0000-0000-0000-0000'"}, status=404),
    "verification.page": Sight(STRANGER),
    "verification.show": Sight(STRANGER, {"code": "'7777-7777-7777'"}, status=404),
}
SKIPPED: dict[str, str] = {
    **dict.fromkeys(("picture.show", "exam_picture.in_quiz", "exam_picture.in_room", "exam_review.picture", "marking.picture"), "a picture, not a page"),
    **dict.fromkeys(
        (
            "assets.progress",
            "staging.progress",
            "export.progress",
            "verification.keys",
            "openapi.describe",
            "health.healthz",
            "health.readyz",
            "health.metrics",
            "invigilation.figures",
        ),
        "read by programs, not by people",
    ),
    **dict.fromkeys(
        (
            "exam_archive.file",
            "exam_identity.photo",
            "exam_paper.picture",
            "export.ask",
            "export.file",
            "staging.refused",
            "staging.template",
            "certificate.pdf",
            "attendance.template",
            "roster.template",
            "forecast.workbook",
            "invigilation.incidents_workbook",
            "timeline.file",
        ),
        "a file, not a page",
    ),
    **dict.fromkeys(("exam_room.receipt", "exam_result.sheet", "exam_room.room", "quiz.attempt"), "needs an attempt: test_an_exam_is_for_everyone looks at it"),
    "marking.page": "needs a script of one's own: test_marking looks at it",
    **dict.fromkeys(
        ("exam_identity.own", "timeline.page", "exam_review.page", "export.page", "regrades.one"), "needs more than the demo holds: test_rare_pages looks at it"
    ),
}


def looked_at(page: Page) -> Iterator[str]:
    """Look at a page on a phone and at a desk, light and dark."""
    if page.get_attribute("html", "lang") != "zh-CN":
        yield "has no language"
    if page.locator("h1").count() != 1:
        yield f"has {page.locator('h1').count()} main headings"
    for viewport in (browser.DESK, browser.PHONE):
        page.set_viewport_size(viewport)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wider > 0:
            yield f"is {wider} px wider than {viewport['width']} px"
    yield from axe.serious(page)
    page.emulate_media(color_scheme="dark")
    yield from (f"dark: {finding}" for finding in axe.serious(page, axe.COLOURS))
    page.emulate_media(color_scheme="light")
