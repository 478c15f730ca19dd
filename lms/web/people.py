"""People as their managers see them."""

import re
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from lms.domain.person import Person, mask_name
from lms.domain.signing_in import spaced_code
from lms.domain.unit import Unit
from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.services import erasure as erasures
from lms.services import person as service
from lms.services import second_factor
from lms.services import unit as units
from lms.services import window_request as window_requests
from lms.store.erasure import Erasure
from lms.web.signing_in import seal

people = routes("people", __name__)
_NUMBER = re.compile(r"\d{7}|\d{3}[ -]\d{4}")
_STATES = {"activated": True, "waiting": False}


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """What the search page shows."""

    words: str
    state: str
    unit: Unit | None
    found: service.Found
    masked: tuple[str, ...]
    next: str | None
    erasures: tuple[tuple[int, str], ...]
    window_requests: int


@dataclass(frozen=True, slots=True)
class PersonPage:
    """What the page of one person shows; numbers in plain only right after they were asked for."""

    view: service.PersonView
    numbers: service.Numbers
    revealed: bool
    erasure: Erasure | None


@dataclass(frozen=True, slots=True)
class CodePage:
    """What the page with one fresh activation code shows, once."""

    person: Person
    spaced_code: str


@people.get("/people", endpoint="page")
@requires(Permission.MANAGE_PEOPLE)
def page() -> ResponseReturnValue:
    """Search the people of one's scope."""
    return _search(request.args)


@people.post("/people")
@requires(Permission.MANAGE_PEOPLE)
def search() -> ResponseReturnValue:
    """Search without an address that could be logged when the words are a phone or identity number."""
    words, state, unit_id = request.form.get("q", ""), request.form.get("state", ""), request.form.get("unit", type=int)
    if _NUMBER.search(words):
        return _search(request.form)
    return redirect(url_for("people.page", q=words or None, state=state or None, unit=unit_id))


def _search(asked: MultiDict[str, str]) -> ResponseReturnValue:
    me, words, state = current.person().person_id, asked.get("q", "")[:60], asked.get("state", "")
    unit_id = asked.get("unit", type=int)
    unit = units.view(me, Permission.MANAGE_PEOPLE, unit_id).unit if unit_id else None
    found = service.search(
        me,
        Permission.MANAGE_PEOPLE,
        seal=seal(),
        words=words,
        unit_id=unit_id,
        activated=_STATES.get(state),
        after=asked.get("after", type=int),
    )
    shown = PeoplePage(
        words=words,
        state=state,
        unit=unit,
        found=found,
        masked=tuple(mask_name(person.name) for person in found.outside),
        next=url_for("people.page", q=words or None, state=state or None, unit=unit_id, after=found.people[-1].id) if found.more else None,
        erasures=erasures.waiting(me),
        window_requests=window_requests.waiting(me),
    )
    return render_template("lms/people/page.html", page=shown)


@people.get("/people/<int:person_id>", endpoint="person")
@requires(Permission.MANAGE_CLASS)
def person(person_id: int) -> ResponseReturnValue:
    """Show one person of one's scope."""
    return _person(person_id, None)


@people.post("/people/<int:person_id>/reveal")
@requires(Permission.MANAGE_PEOPLE)
def reveal(person_id: int) -> ResponseReturnValue:
    """Show the numbers in plain, against a reason."""
    reason = request.form.get("reason", "")
    me = current.person().person_id
    found = service.reveal(me, Permission.MANAGE_PEOPLE, person_id, reason=reason, seal=seal(), now=current.now())
    return _person(person_id, found)


def _person(person_id: int, numbers: service.Numbers | None) -> ResponseReturnValue:
    view = service.view(current.person().person_id, Permission.MANAGE_CLASS, person_id, seal(), current.now())
    shown = PersonPage(view=view, numbers=numbers or view.masked, revealed=numbers is not None, erasure=erasures.newest(person_id))
    return render_template("lms/people/person.html", page=shown)


@people.post("/people/<int:person_id>/reset")
@requires(Permission.MANAGE_CLASS)
def reset(person_id: int) -> ResponseReturnValue:
    """Make a new activation code and show it once."""
    me = current.person().person_id
    code = service.reset(me, Permission.MANAGE_CLASS, person_id, seal(), current.now())
    found = service.view(me, Permission.MANAGE_CLASS, person_id, seal(), current.now()).person
    return render_template("lms/people/code.html", page=CodePage(person=found, spaced_code=spaced_code(code)))


@people.post("/people/<int:person_id>/second-factor")
@requires(Permission.MANAGE_PEOPLE)
def reset_second_factor(person_id: int) -> ResponseReturnValue:
    """Forget a person's second factor, such as after a lost phone."""
    there = second_factor.reset(current.person().person_id, Permission.MANAGE_PEOPLE, person_id, current.now())
    flash(_("两步验证已重置，对方已退出登录。") if there else _("对方没有设置两步验证。"), "success" if there else "info")
    return redirect(url_for("people.person", person_id=person_id))


@people.post("/people/<int:person_id>/erasure")
@requires(Permission.MANAGE_PEOPLE)
def decide_erasure(person_id: int) -> ResponseReturnValue:
    """Decide somebody's request to have her data erased."""
    granted = request.form.get("granted") == "yes"
    erasures.decide(current.person().person_id, person_id, granted=granted, answer=request.form.get("answer", ""), now=current.now())
    flash(_("已删除个人信息，账号已停用。") if granted else _("已答复，本人会在账号页看到理由。"), "success")
    return redirect(url_for("people.person", person_id=person_id))


@people.post("/people/<int:person_id>/active")
@requires(Permission.MANAGE_PEOPLE)
def set_active(person_id: int) -> ResponseReturnValue:
    """Enable or disable an account."""
    active = request.form.get("active") == "yes"
    service.set_active(current.person().person_id, Permission.MANAGE_PEOPLE, person_id, active=active, now=current.now())
    flash(_("账号已启用。") if active else _("账号已停用，对方已退出登录。"), "success")
    return redirect(url_for("people.person", person_id=person_id))
