"""Setting an exam up: by page, by command and for the demo alike; changed until the waiting room opens."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from exam.domain import exam_settings as rules
from exam.domain.blueprint import Blueprint
from exam.domain.exam import Exam
from exam.domain.exam_settings import ExamSettings, SettingsFaulty, SettingsFrozen
from exam.domain.safe_exam_browser import fingerprints
from exam.services import exam as exams
from exam.services.exam import ExamTaken, found, is_frozen
from exam.store import blueprint as blueprints
from exam.store import exam as store
from exam.store import paper as papers
from lms import api as platform
from lms.domain.programme import Programme
from lms.kernel import audit
from lms.kernel.db import Session, transaction
from lms.kernel.refusal import N_
from question_bank import api as bank


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be set: `code` and `programme_code` of a new exam, or of one that is there; `blueprint` is named by code, `code@version` or bundled name."""

    programme_code: str
    code: str
    settings: ExamSettings
    blueprint: str | Blueprint


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong by setting, and which settings are not as the programme's file says."""

    faults: Mapping[str, str]
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen from: programme, banks and blueprints by code, the latter as (title, items, points)."""

    programme: Programme
    banks: Mapping[str, str]
    blueprints: Mapping[str, tuple[str, int, int]]


def programmes() -> dict[str, str]:
    """Return the titles of the programmes that are loaded, by code."""
    with transaction() as session:
        return {one.code: one.title for one in platform.programmes(session)}


def asked(programme_code: str) -> Draft:
    """Return what the programme's file asks, under a code that is free."""
    with transaction() as session:
        programme = platform.programme(session, programme_code)
        stem = f"{programme.code}-{programme.exam.code}".lower()[:57]
        taken = {exam.code for exam in store.all_of(session)}
        code = next(code for code in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if code not in taken)
        return Draft(programme.code, code, rules.asked_by(programme), "")


def chosen(code: str, now: datetime) -> tuple[Draft, bool]:
    """Return how an exam is set, and whether nothing of it may be set any more."""
    with transaction() as session:
        exam = found(session, code)
        return _chosen(session, exam), is_frozen(session, exam, now)


def _chosen(session: Session, exam: Exam) -> Draft:
    settings = ExamSettings(**{one.name: getattr(exam, one.name) for one in fields(ExamSettings)})
    blueprint, version = store.blueprint_ref(session, exam.id)
    return Draft(exam.programme_code, exam.code, settings, f"{blueprint}@{version}")


def choices(programme_code: str, person_id: int) -> Choices:
    """Return what a person can choose from."""
    with transaction() as session:
        kept = [(f"{blueprint.code}@{version}", blueprint) for blueprint, version in blueprints.every_version(session)]
        known = {blueprint for _ref, blueprint in kept}
        bundled = [(name, blueprint) for name, blueprint in exams.bundled_blueprints().items() if blueprint not in known]
        return Choices(
            programme=platform.programme(session, programme_code),
            banks=bank.banks(session, person_id),
            blueprints={ref: (blueprint.title, blueprint.items, blueprint.points) for ref, blueprint in (*kept, *bundled)},
        )


def judge(draft: Draft, *, actor_id: int | None, now: datetime, new: bool) -> Judged:
    """Say what is wrong with a draft, and store nothing."""
    with transaction() as session:
        return _judged(session, draft, actor_id, now, new=new)[0]


def create(draft: Draft, *, actor_id: int | None, now: datetime) -> int:
    """Make an exam; raises SettingsFaulty with every fault."""
    with transaction() as session:
        judged, blueprint = _judged(session, draft, actor_id, now, new=True)
        if blueprint is None or judged.faults:
            raise SettingsFaulty(faults=judged.faults)
        return exams.add(
            session, draft.code, draft.programme_code, draft.settings, blueprint, actor_id=actor_id, now=now, differs=list(judged.differences)
        )  # fmt: skip


def change(draft: Draft, *, actor_id: int | None, now: datetime) -> bool:
    """Set an exam anew while nothing has begun; tells whether papers must be drawn anew. Raises SettingsFrozen, SettingsFaulty."""
    with transaction() as session:
        exam = found(session, draft.code)
        row = store.lock(session, exam.id)
        if is_frozen(session, exam, now):
            raise SettingsFrozen
        judged, blueprint = _judged(session, draft, actor_id, now, new=False)
        if blueprint is None or judged.faults:
            raise SettingsFaulty(faults=judged.faults)
        before = _chosen(session, exam)
        blueprint_id = store.add_blueprint(session, blueprint, created_by=actor_id, now=now)
        stale = (row.blueprint_id, row.bank_code) != (blueprint_id, draft.settings.bank_code)
        store.change(row, draft.settings, blueprint, blueprint_id)
        if stale:
            row.state = "draft"
            papers.drop_untaken(session, exam.id)
        platform.add_activity(session, lesson_id=None, programme_code=exam.programme_code, kind=exams.KIND, ref=exam.code, title=draft.settings.title)
        old, new = _flat(before), _flat(draft)
        changed = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
        audit.record(session, actor_id=actor_id, action="exam.change", subject=f"exam:{exam.id}", now=now, changed=changed, differs=list(judged.differences))
        return stale


def differences(draft: Draft) -> tuple[str, ...]:
    """Name the settings that are not as the programme's file says."""
    with transaction() as session:
        return rules.differences(draft.settings, platform.programme(session, draft.programme_code), _blueprint(session, draft.blueprint))


def _judged(session: Session, draft: Draft, actor_id: int | None, now: datetime, *, new: bool) -> tuple[Judged, Blueprint | None]:
    programme, blueprint = platform.programme(session, draft.programme_code), _blueprint(session, draft.blueprint)
    faults = rules.faults(draft.settings, programme, blueprint, now)
    banks = bank.names(session) if actor_id is None else bank.banks(session, actor_id)
    if draft.settings.bank_code not in banks:
        faults["bank_code"] = N_("没有找到这个题库，或它没有向您的单位开放组卷。")
    if new and (fault := rules.code_fault(draft.code)):
        faults["code"] = fault
    elif new and store.by_code(session, draft.code):
        faults["code"] = ExamTaken.message
    return Judged(faults, rules.differences(draft.settings, programme, blueprint)), blueprint


def _blueprint(session: Session, named: str | Blueprint) -> Blueprint | None:
    if isinstance(named, Blueprint):
        return named
    code, _, number = named.rpartition("@")
    if code and number.isdigit():
        return blueprints.by_version(session, code, int(number)) if int(number) in blueprints.versions(session, code) else None
    numbers = blueprints.versions(session, named)
    return blueprints.by_version(session, named, numbers[-1]) if numbers else exams.bundled_blueprints().get(named)


def _flat(draft: Draft) -> dict[str, str]:
    """Return everything that was chosen, as the audit writes it: of keys only what tells them apart."""
    values = asdict(draft.settings)
    values |= {name: fingerprints(values[name]) for name in ("config_keys", "browser_exam_keys")}
    return {name: str(value) for name, value in (*values.pop("policy").items(), *values.items(), ("blueprint", draft.blueprint))}
