"""Safe Exam Browser at the door: what a request shows, by the browser's own headers or, where it sends none, by its page's script."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from exam.domain import safe_exam_browser as rules
from exam.domain.exam import Exam
from exam.domain.safe_exam_browser import BrowserKeys, BrowserProof, BrowserRefused, as_browsers_write, opening_link
from exam.services import token as tokens
from lms.kernel.settings import Settings

_base: list[str] = []


class Shown(StrEnum):
    """What a page's request shows. Some builds send no headers: their pages' scripts ask the browser, and show it with what they send."""

    RIGHT = "right"
    LATER = "later"
    WRONG = "wrong"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """What stands where the room would; `link` opens the browser, empty where no configuration is known."""

    exam: Exam
    link: str
    code: str


def mount(settings: Settings) -> None:
    """Take the public address: what the browser hashes is what it asked for, whatever proxies stand between."""
    _base[:] = [as_browsers_write(settings.base_url)]


def require(sealed: str, exam: str, environ: dict[str, Any]) -> None:
    """Refuse a request that lacks the proof its token asks for; most ask for none."""
    if sealed:
        rules.require(tokens.browser_keys(sealed), proofs(exam, environ))


def shown(asked: BrowserKeys, exam: str, environ: dict[str, Any]) -> Shown:
    """Tell what a page's request shows of the keys an exam asks for."""
    found = proofs(exam, environ)
    if rules.proved(asked, found):
        return Shown.RIGHT
    if found[0].config_hash or found[0].browser_exam_hash:
        return Shown.WRONG
    return Shown.LATER if "SEB" in environ.get("HTTP_USER_AGENT", "") else Shown.NOTHING


def refused(exam: Exam) -> ResponseReturnValue:
    """Show how to open the exam instead."""
    page = RefusedPage(exam, opening_link(exam.browser_configuration), BrowserRefused.code)
    return render_template("exam/safe_exam_browser/refused.html", page=page), BrowserRefused.status


def proofs(exam: str, environ: dict[str, Any]) -> tuple[BrowserProof, BrowserProof]:
    """Return what the browser shows of this request's address, and what a script shows of its page's, which must be one of the exam's own."""
    sent, query, base = environ.get, environ.get("QUERY_STRING"), _base[0]
    url = f"{base}{environ['PATH_INFO']}{f'?{query}' if query else ''}"
    by_itself = BrowserProof(url, sent("HTTP_X_SAFEEXAMBROWSER_CONFIGKEYHASH", ""), sent("HTTP_X_SAFEEXAMBROWSER_REQUESTHASH", ""))
    page = sent("HTTP_X_EXAM_PAGE", "")
    if page.partition("?")[0] not in (f"{base}/exams/{exam}", f"{base}/exams/{exam}/room"):
        return by_itself, BrowserProof(page)
    return by_itself, BrowserProof(page, sent("HTTP_X_EXAM_CONFIG_KEY_HASH", ""), sent("HTTP_X_EXAM_BROWSER_EXAM_KEY_HASH", ""))
