"""Analyses of responses: from a file, or handed in by whoever holds an exam; kept, and shown item by item."""

from dataclasses import asdict, dataclass

import msgspec

from question_bank.domain import analysis as rules
from question_bank.domain.analysis import Analysis, ItemReport
from question_bank.domain.concern import NOTHING, SENTENCES, Concern
from question_bank.formats import responses as reader
from question_bank.formats.responses import ResponseFault


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
            figures, two = item.statistics, item.estimates.get(rules.Model.TWO_PARAMETER)
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


def of_file(content: bytes, key: bytes | None) -> FileReport:
    """Analyse a file of responses; raises Unreadable."""
    read = reader.read(content, key)
    return FileReport(rules.analyse(read.responses), read.faults, read.faulty)
