"""Many items changed at once: chosen in the list, looked at, done, taken back."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.kernel import request as current
from lms.kernel.i18n import gettext as _
from lms.kernel.part import routes
from lms.kernel.permissions import Permission, requires
from lms.kernel.refusal import Forbidden, Malformed
from question_bank.domain.bulk import ACTION_LABELS, Action
from question_bank.domain.item import LEVEL_LABELS, POOL_LABELS, Level, Pool
from question_bank.formats import rich_text
from question_bank.services import author as authors
from question_bank.services import bulk as service
from question_bank.services.bank import Bank
from question_bank.services.bulk import Plan
from question_bank.store.bulk import BulkChange
from question_bank.store.listing import Filter

bulk = routes("bulk", __name__, url_prefix="/bank/<code>/bulk")
SHOWN = 200
_PAIR = re.compile(r"(\d{1,18}):(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PlanPage:
    """What a change would do, before it is done."""

    plan: Plan
    label: str
    items: str
    words: Mapping[str, str]
    stems: Mapping[int, str]  # of the rows that are shown


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """The changes done, the newest first."""

    bank: Bank
    changes: tuple[BulkChange, ...]
    labels: Mapping[str, str]
    words: Mapping[str, str]
    authors: Mapping[int, str]
    final: frozenset[str]  # what this person may not take back


def _asked() -> tuple[Action, str]:
    form = request.form
    if form.get("action") not in set(Action):
        raise Malformed
    action = Action(form["action"])
    if action.is_review and not current.person().may(Permission.REVIEW_ITEMS):
        raise Forbidden
    fields = {Action.TOPIC: "set_topic", Action.LEVEL: "set_level", Action.TAG: "set_tag", Action.POOL: "set_pool"}
    value = form.get("value", form.get(fields[action], "") if action in fields else "")[:120].replace("\x00", "")
    allowed = {Action.LEVEL: {"", *Level}, Action.POOL: {"", *Pool}}
    if value not in allowed.get(action, {value}):
        raise Malformed
    return action, value


def _words(bank: Bank, topics: Iterable[str]) -> dict[str, str]:
    named = {topic: bank.topic_name(topic) for topic in topics}
    return named | {"": "—"} | {value: _(label) for value, label in [*LEVEL_LABELS.items(), *POOL_LABELS.items()]}


@bulk.post("")
@requires(Permission.WRITE_ITEMS)
def plan(code: str) -> ResponseReturnValue:
    """Show what the change would do."""
    form = request.form
    action, value = _asked()
    if form.get("every"):
        wanted = Filter(form.get("q", "")[:100], *(form.get(name, "") for name in ("topic", "status", "type", "pool", "band")))
        items = service.chosen(code, wanted)
    else:
        items = [int(written) for written in form.getlist("item") if written.isdecimal() and len(written) < 19]
    found = service.plan(code, action, value, items, person_id=current.person().person_id)
    kept = ",".join(f"{each.item_id}:{each.version_id}" for each in found.changes)
    topics = {word for each in found.changes for word in (each.before, each.after)} if action is Action.TOPIC else ()
    stems = {each.item_id: rich_text.to_plain(each.stem_html)[:90] or each.external_id for each in (*found.changes[:SHOWN], *found.refused[:SHOWN])}
    page = PlanPage(found, _(ACTION_LABELS[action]), kept, _words(found.bank, topics), stems)
    return render_template("question_bank/bulk/plan.html", page=page, shown=SHOWN)


@bulk.post("/apply")
@requires(Permission.WRITE_ITEMS)
def apply(code: str) -> ResponseReturnValue:
    """Do what the plan showed, unless one of its items was changed since."""
    action, value = _asked()
    seen = {int(item): int(version) for item, version in _PAIR.findall(request.form.get("items", ""))}
    service.apply(code, action, value, seen, person_id=current.person().person_id, now=current.now())
    flash(_("已完成。之后没有别的改动时，可以在这里整体撤销。"), "success")
    return redirect(url_for("bulk.changes", code=code))


@bulk.get("")
@requires(Permission.WRITE_ITEMS)
def changes(code: str) -> ResponseReturnValue:
    """Show the newest changes."""
    bank, found = service.recent(code)
    labels = {str(action): _(label) for action, label in ACTION_LABELS.items()}
    final = frozenset[str]() if current.person().may(Permission.REVIEW_ITEMS) else frozenset(action for action in Action if action.is_review)
    names = authors.names(each.person_id for each in found)
    words = _words(bank, {each.value for each in found if each.action == Action.TOPIC})
    return render_template("question_bank/bulk/changes.html", page=ChangesPage(bank, found, labels, words, names, final))


@bulk.post("/<int:change_id>/undo")
@requires(Permission.WRITE_ITEMS)
def undo(code: str, change_id: int) -> ResponseReturnValue:
    """Take a change back."""
    person = current.person()
    number = service.undo(code, change_id, person_id=person.person_id, reviews_items=person.may(Permission.REVIEW_ITEMS), now=current.now())
    flash(_("已撤销，%(number)d 题恢复原状。", number=number), "success")
    return redirect(url_for("bulk.changes", code=code))
