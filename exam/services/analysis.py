"""The items of an exam analysed from its scored attempts, and the figures given to the bank."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from exam.domain.exam import Exam
from exam.domain.regrade import Correction, is_fixed, right_keys
from exam.domain.result import ItemPlace
from exam.services import paper as papers
from exam.services.exam import found
from exam.store import analysis as store
from exam.store import regrade as regrades
from exam.store.analysis import ScoredAttempt
from lms import api as platform
from lms.kernel import audit, jobs
from lms.kernel.db import Session, transaction
from lms.kernel.jobs import Standing
from lms.kernel.refusal import N_, Conflict
from question_bank import api as bank
from question_bank.domain.analysis import analyse as analysed
from question_bank.domain.item import LETTERS, ItemType, Key
from question_bank.domain.responses import MOST_CELLS, NOT_GIVEN, Chosen, Floats, Responses, Right

JOB = "exam.analyse"


class NothingScored(Conflict):
    """Nobody's answers have been scored yet."""

    code = "nothing_scored"
    message = N_("还没有已评分的答卷，评分后才能分析试题。")


class AnalysisRuns(Conflict):
    """The same is being worked out already, for whoever asked first: one figure for all."""

    code = "analysis_runs"
    message = N_("这场考试的这项分析已在排队或进行，完成后人人可见，不必再次申请。不再需要时可以停止。")


class NothingRuns(Conflict):
    """What was to be cancelled is done, or was cancelled before."""

    code = "analysis_not_running"
    message = N_("这项分析已经完成或停止，请刷新页面。")


def request(exam_code: str, job: str = JOB, *, actor_id: int | None, now: datetime) -> None:
    """Have what was answered in an exam looked at in the background, by a job that takes the exam's code. Raises NothingScored and AnalysisRuns."""
    with transaction() as session:
        exam = found(session, exam_code)
        if not store.people(session, exam.id):
            raise NothingScored
        if not jobs.enqueue_once(session, job, {"exam_code": exam.code}, key=key_of(job, exam.code)):
            raise AnalysisRuns
        audit.record(session, actor_id=actor_id, action=job, subject=f"exam:{exam.id}", now=now)


def cancel(exam_code: str, job: str = JOB, *, actor_id: int, now: datetime) -> None:
    """Have it no longer looked at: what waits is taken away, what runs stops at its next beat. Raises NothingRuns."""
    with transaction() as session:
        exam = found(session, exam_code)
        if not jobs.cancel(session, key_of(job, exam.code)):
            raise NothingRuns
        audit.record(session, actor_id=actor_id, action=f"{job}_cancel", subject=f"exam:{exam.id}", now=now)


def key_of(job: str, exam_code: str) -> str:
    """Return by what the one job of a kind and an exam is known."""
    return f"{job}:{exam_code}"


def standing(exam_code: str) -> Standing | None:
    """Return the analysis of an exam's items that waits or runs."""
    with transaction() as session:
        return jobs.standing(session, key_of(JOB, exam_code))


def analyse(exam_code: str, now: datetime, *, beat: Callable[[], None] = lambda: None) -> int:
    """Analyse an exam's items and give the figures to its bank; returns on how many people they rest. What `beat` raises ends it."""
    with transaction() as session:
        exam = found(session, exam_code)
        responses, _who = gathered(session, exam, beat)
    # The estimation takes its time: no transaction waits for it.
    result = analysed(responses)
    beat()
    with transaction() as session:
        bank.keep_analysis(session, exam.bank_code, result, source=f"exam:{exam.code}", title=exam.title, now=now)
    return responses.people


@dataclass(frozen=True, slots=True)
class _Cells:
    """People × versions as they are filled: `columns` by version; `part` holds the share of the points where there are no options, by `parts`."""

    columns: Mapping[int, int]
    parts: Mapping[int, int]
    fixed: Container[int]
    right: Right
    chosen: Chosen
    part: npt.NDArray[np.float32]

    def fill(self, row: int, attempt: ScoredAttempt, worth: tuple[int, ...]) -> None:
        """Write one attempt into its row."""
        for version, share, bits in answered(attempt, worth, self.parts, self.fixed):
            at = self.columns[version]
            self.right[row, at] = share == 1
            if version in self.parts:
                self.part[row, self.parts[version]] = share
            self.chosen[row, at] = bits

    def shares(self, people: int, given: npt.NDArray[np.intp]) -> dict[int, Floats]:
        """Return by place among the given columns the shares of those of which anybody got some of the points, but not all."""
        place = {int(at): number for number, at in enumerate(given)}
        of_column = {place[at]: self.part[:people, self.parts[version]] for version, at in self.columns.items() if version in self.parts and at in place}
        return {at: share.astype(np.float64) for at, share in of_column.items() if ((share > 0) & (share < 1)).any()}


def answered(attempt: ScoredAttempt, worth: tuple[int, ...], parts: Container[int], fixed: Container[int]) -> Iterator[tuple[int, float, int]]:
    """Return each version of a paper with the share of its points and, but for `parts`, the options chosen as bits in canonical order.

    What people have still to mark is left out, and what is `fixed` by a correction: its points say nothing of the answers.
    """
    width = len(attempt.orders) // len(attempt.version_ids)
    for index, version in enumerate(attempt.version_ids):
        points = attempt.item_points[index]
        if points is not None and version not in fixed:
            shown = [] if version in parts else [int(choice) for choice in (attempt.answers[index] or "").split(",") if choice]
            yield version, points / worth[index], sum(1 << attempt.orders[index * width + choice] for choice in shown)


def gathered(session: Session, exam: Exam, beat: Callable[[], None]) -> tuple[Responses, list[int]]:
    """Gather who answered what, and the people behind the rows; of more people than fit, every so-manieth."""
    people = store.people(session, exam.id)
    if not people:
        raise NothingScored
    places = places_of(session, exam)
    versions = store.versions(session, exam.id)
    parts = [version for version in versions if not places[version].type.chooses]
    every = -(-people * (len(versions) + len(parts)) // MOST_CELLS)
    corrections = regrades.in_force(session, exam.id)
    keys = {version: right_keys(key, corrections.get(version, ())) for version, key in bank.keys(session, versions).items()}
    size = (people // every, len(versions))
    cells = _Cells(
        {version: at for at, version in enumerate(versions)}, {version: at for at, version in enumerate(parts)}, fixed_of(corrections),
        np.full(size, NOT_GIVEN, np.int8), np.zeros(size, np.uint32), np.zeros((size[0], len(parts)), np.float32),
    )  # fmt: skip
    who: list[int] = []
    for attempt in jobs.beating(store.scored(session, exam.id, every=every), beat):
        if len(who) < len(cells.right):
            cells.fill(len(who), attempt, papers.position_points(session, exam.id, attempt.assembly_id))
            who.append(attempt.person_id)
    given = np.flatnonzero((cells.right != NOT_GIVEN).any(axis=0))
    responses = Responses(
        items=tuple(str(versions[at]) for at in given),
        right=np.ascontiguousarray(cells.right[: len(who), given]),
        chosen=np.ascontiguousarray(cells.chosen[: len(who), given]),
        options=tuple(_letters(places[versions[at]]) for at in given),
        keys=tuple(_bits(keys[versions[at]], places[versions[at]]) for at in given),
        groups=_groups(session, exam, who),
        shares=cells.shares(len(who), given),
    )
    return responses, who


def places_of(session: Session, exam: Exam) -> dict[int, ItemPlace]:
    """Return the frozen pools of all sets of an exam's papers."""
    return {version: place for assembly in store.assemblies(session, exam.id) for version, place in papers.places(session, assembly).items()}


def _letters(place: ItemPlace) -> tuple[str, ...]:
    return tuple(LETTERS[: place.options]) if place.type.chooses else ()


def fixed_of(corrections: Mapping[int, Sequence[Correction]]) -> set[int]:
    """Return the versions whose points hang on no response."""
    return {version for version, made in corrections.items() if is_fixed(made)}


def _bits(keys: Sequence[Key], place: ItemPlace) -> int:
    """Return the right options as bits: of several right responses each, but for a choice of several options only the first."""
    right = keys[:1] if place.type is ItemType.MULTIPLE else keys
    return sum(1 << option for option in {option for key in right for option in key.options}) if place.type.chooses else 0


def _groups(session: Session, exam: Exam, who: list[int]) -> dict[str, npt.NDArray[np.str_]]:
    """Return each person's city and sector by name, empty for whoever has left the programme."""
    programme = platform.programme(session, exam.programme_code)
    cities = {city.code: city.name for city in programme.quotas.cities}
    sectors = {sector.code: sector.title for sector in programme.sectors}
    seats = platform.seats(session, exam.programme_code)
    found = [seats.get(person, ("", "")) for person in who]
    return {
        "city": np.array([cities.get(city, city) for city, _ in found]),
        "sector": np.array([sectors.get(sector, sector) for _, sector in found]),
    }
