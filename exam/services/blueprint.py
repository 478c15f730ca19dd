"""Blueprints: written and versioned apart from exams, measured against a pool, and taken into use by an exam."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exam.domain.blueprint import Blueprint
from exam.domain.exam import Exam
from exam.domain.exam_settings import SettingsFrozen
from exam.domain.feasibility import Supply, supplies
from exam.services.exam import ExamMismatch, found, is_frozen
from exam.store import blueprint as store
from exam.store import exam as exams
from exam.store import paper as papers
from exam.store.blueprint import BlueprintCard
from lms.kernel import audit
from lms.kernel.db import transaction
from lms.kernel.refusal import N_, Missing
from question_bank import api as bank


class BlueprintMissing(Missing):
    """There is no such blueprint."""

    code = "blueprint_missing"
    message = N_("没有找到这份双向细目表。")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One version of a blueprint with its standing: `versions` counts all, `exams` may take it into use."""

    blueprint: Blueprint
    version: int
    versions: int
    before: Blueprint | None  # the version before
    exams: tuple[Exam, ...]


def cards() -> Sequence[BlueprintCard]:
    """Return every blueprint in its newest version."""
    with transaction() as session:
        return store.cards(session)


def sheet(code: str, version: int | None, now: datetime) -> Sheet:
    """Return one version of a blueprint, the newest unless said, with the one before."""
    with transaction() as session:
        numbers = store.versions(session, code)
        wanted = version or max(numbers, default=0)
        if wanted not in numbers:
            raise BlueprintMissing
        blueprint = store.by_version(session, code, wanted)
        before = store.by_version(session, code, wanted - 1) if wanted > 1 else None
        fitting = [exam for exam in exams.all_of(session) if (exam.items, exam.points) == (blueprint.items, blueprint.points) and now < exam.opens]
        return Sheet(blueprint, wanted, len(numbers), before, tuple(fitting))


def banks(person_id: int) -> Mapping[str, str]:
    """Return the names of the banks a person may draw papers from, by their codes."""
    with transaction() as session:
        return bank.banks(session, person_id)


def topics(bank_code: str) -> Mapping[str, str]:
    """Return the names of a bank's topics by their codes."""
    with transaction() as session:
        return bank.topics(session, bank_code)


def supply(blueprint: Blueprint, bank_code: str) -> tuple[Supply, ...]:
    """Return what a bank's exam pool has for each cell."""
    with transaction() as session:
        return supplies(blueprint, bank.pool(session, bank_code, "exam"))


def save(blueprint: Blueprint, *, actor_id: int, now: datetime) -> int:
    """Store a blueprint as the next version of its code (none where nothing changed); returns the version's number."""
    with transaction() as session:
        blueprint_id = exams.add_blueprint(session, blueprint, created_by=actor_id, now=now)
        number = max(store.versions(session, blueprint.code))
        audit.record(session, actor_id=actor_id, action="blueprint.save", subject=f"blueprint:{blueprint_id}", now=now, code=blueprint.code, version=number)
        return number


def adopt(exam_code: str, code: str, version: int, *, actor_id: int, now: datetime) -> None:
    """Have an exam use a version of a blueprint; its untaken papers go, so that it is assembled anew. Raises SettingsFrozen."""
    with transaction() as session:
        exam = found(session, exam_code)
        row = exams.lock(session, exam.id)
        if is_frozen(session, exam, now):
            raise SettingsFrozen
        blueprint = store.by_version(session, code, version)
        if (blueprint.items, blueprint.points) != (exam.items, exam.points):
            raise ExamMismatch(items=exam.items, points=exam.points)
        row.blueprint_id = store.id_of(session, code, version)
        row.state = "draft"
        papers.drop_untaken(session, exam.id)
        audit.record(session, actor_id=actor_id, action="exam.blueprint", subject=f"exam:{exam.id}", now=now, code=code, version=version)
