"""Analyses of responses: from a file, or handed in by whoever holds an exam; kept, and shown item by item."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

import msgspec

from lms.kernel.db import Session, transaction
from question_bank.domain import analysis as rules
from question_bank.domain.analysis import Analysis, ItemReport
from question_bank.domain.concern import NOTHING, SENTENCES, Concern, drifts
from question_bank.domain.latent_trait import Model
from question_bank.domain.responses import MOST_CELLS
from question_bank.formats import responses as reader
from question_bank.formats.responses import ResponseFault
from question_bank.services import bank as banks
from question_bank.services import item as items
from question_bank.services.bank import Bank
from question_bank.services.item import ItemView
from question_bank.store import analysis as store
from question_bank.store.analysis import Measured, Run

PAGE = 50


def sentence(concern: Concern) -> str:
    """Return what to do, in the source language."""
    return SENTENCES[concern.code][1] % {"option": concern.option, "group": concern.group, "direction": concern.direction, "figure": concern.figure}


@dataclass(frozen=True, slots=True)
class FileReport:
    """What `flask bank analyse` prints."""

    analysis: Analysis
    faults: tuple[ResponseFault, ...]
    faulty: int

    def as_json(self) -> str:
        """Return one JSON object; what does not exist is null."""
        found = {
            "people": self.analysis.people,
            "complete": self.analysis.complete,
            "reliability": self.analysis.reliability,
            "models": self.analysis.models,
            "items": [_told(item) for item in self.analysis.items],
            "refused": [{"place": fault.place, "code": fault.code, "message": fault.message} for fault in self.faults],
            "refused_in_all": self.faulty,
        }
        return msgspec.json.encode(found).decode()

    def as_text(self) -> str:
        """Return a table for a terminal."""
        found = self.analysis
        lines = [f"{found.people} people, {len(found.items)} items, {'complete' if found.complete else 'items missing by design'}"]
        if found.reliability:
            what = "alpha (KR-20)" if found.reliability.kind == "alpha" else "empirical reliability of the model (papers differ, so there is no alpha)"
            lines.append(f"{what} {found.reliability.value:.3f}, standard error of measurement {found.reliability.standard_error:.2f} items")
        lines += [f"{one.model}: log-likelihood {one.log_likelihood:.3f}{'' if one.converged else ' NOT CONVERGED'}" for one in found.models]
        lines.append("item\tanswers\tp\tr\tD\tslope\tdifficulty\tlook at")
        for item in sorted(found.items, key=lambda one: -one.severity):
            figures, two = item.statistics, item.estimates.get(Model.TWO_PARAMETER)
            model = f"{two.slope:.2f}\t{two.difficulty:.2f}" if two else f"{item.left_out}\t"
            words = " ".join(sentence(concern) for concern in item.concerns)
            lines.append(
                f"{figures.item}\t{figures.answers}\t{figures.difficulty:.3f}\t{figures.point_biserial:.3f}\t{figures.discrimination:.3f}\t{model}\t{words}"
            )
        lines += [f"{fault.place}: {fault.code} {fault.message}" for fault in self.faults]
        return "\n".join(lines)


def _told(item: ItemReport) -> dict[str, object]:
    """Return an item as JSON tells it."""
    return asdict(item.statistics) | {
        "models": item.estimates,
        "left_out": item.left_out,
        "differential": item.differential,
        "concerns": [concern.code for concern in item.concerns],
        "advice": [sentence(concern) for concern in item.concerns] or [NOTHING],
    }


def of_file(content: bytes, key: bytes | None, *, most_cells: int = MOST_CELLS) -> FileReport:
    """Analyse a file of responses; raises Unreadable."""
    read = reader.read(content, key, most_cells=most_cells)
    return FileReport(rules.analyse(read.responses), read.faults, read.faulty)


def keep(session: Session, bank_code: str, analysis: Analysis, *, source: str, title: str, now: datetime) -> int:
    """Keep an analysis whose items are named by their version ids; what drifted since the last one is flagged; returns its id."""
    bank = banks.existing(session, bank_code)
    logits = {item.statistics.item: item.logit for item in analysis.items if item.logit}
    for item, moved in drifts(logits, store.logits_before(session, bank.id, source, [int(item) for item in logits])).items():
        analysis = analysis.with_concern(item, Concern("drifted", figure=f"{moved:+.2f}"))
    return store.add(session, bank.id, analysis, source=source, title=title, now=now)


@dataclass(frozen=True, slots=True)
class AnalysisPage:
    """One page of what was measured in a bank, the gravest first."""

    bank: Bank
    items: tuple[Measured, ...]
    severities: Mapping[int, int]
    runs: tuple[Run, ...]
    number: int

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return max(1, -(-sum(self.severities.values()) // PAGE))


def page(bank_code: str, number: int = 1) -> AnalysisPage:
    """Return a page of a bank's measured items."""
    with transaction() as session:
        bank = banks.existing(session, bank_code)
        found = store.gravest(session, bank.id, skip=(number - 1) * PAGE, limit=PAGE)
        return AnalysisPage(bank, tuple(found), store.severities(session, bank.id), tuple(store.runs(session, bank.id)), number)


def of_item(bank_code: str, item_id: int, *, person_id: int, now: datetime) -> tuple[ItemView, tuple[Measured, ...]]:
    """Return an item and what was measured of its versions, newest first; its key is seen, so that is recorded."""
    view = items.view(bank_code, item_id, person_id=person_id, now=now)
    with transaction() as session:
        return view, tuple(store.of_item(session, view.bank.id, item_id))


def measured(bank_id: int, item_id: int) -> tuple[Measured, ...]:
    """Return what was measured of an item's versions, newest first."""
    with transaction() as session:
        return tuple(store.of_item(session, bank_id, item_id))
