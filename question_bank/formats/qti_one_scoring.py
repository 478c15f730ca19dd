"""What is right by QTI 1.2's response processing: conditions that set a score, conditions that show feedback."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from question_bank.domain.draft import decimal
from question_bank.formats.findings import Place
from question_bank.formats.xml_tree import attribute, every, local, text_of

FULL = 100.0
_COMPARED = ("varequal", "varsubset", "varsubstring")
_KNOWN = frozenset("and or not other unanswered varequal varsubset varlt varlte vargt vargte varsubstring".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class Rule:
    """What one condition accepts for one response, and the points it gives."""

    points: float
    texts: tuple[str, ...] = ()
    bounds: tuple[tuple[str, str], ...] = ()
    case_matters: bool = False
    is_part: bool = False


class Rules:
    """The response processing of one item."""

    def __init__(self, item: etree._Element, place: Place) -> None:
        self.conditions = every(item, "respcondition")
        foreign = {local(each) for held in every(item, "conditionvar") for each in held.iterdescendants()} - _KNOWN - {""}
        if foreign:
            place.lose(f"评分条件（{'、'.join(sorted(foreign)[:6])}）未保留")

    def of(self, name: str) -> list[Rule]:
        """Return the rules that give points for a response."""
        rules = []
        for condition in self.conditions:
            points = _score(condition)
            if points <= 0:
                continue
            values = list(_values(condition, name))
            bounds = _bounds(condition, name)
            if values or bounds:
                rules.append(
                    Rule(
                        points,
                        tuple(text for text, _case, _part in values),
                        bounds,
                        case_matters=any(case for _text, case, _part in values),
                        is_part=any(part for _text, _case, part in values),
                    )
                )
        return rules

    def denies(self, name: str) -> bool:
        """Tell whether a condition gives points for anything but some values of a response."""
        compared = (each for held in self.conditions if _score(held) > 0 for each in every(held, *_COMPARED))
        return any(attribute(each, "respident") == name and _is_denied(each) for each in compared)

    def points(self, name: str) -> dict[str, float]:
        """Return the points that each value of a response gives, positive or negative."""
        found: dict[str, float] = {}
        for condition in self.conditions:
            points = _score(condition)
            if not points:
                continue
            values = [text for text, _case, _part in _values(condition, name)]
            for value in values:
                found[value] = max(found.get(value, points), points) if points > 0 else found.get(value, points)
        return found

    def pairs(self, name: str) -> Iterator[str]:
        """Yield what the conditions that give points accept of a group, `left,right` together."""
        for condition in self.conditions:
            if _score(condition) > 0:
                yield from (
                    text_of(each) for each in every(condition, "varequal", "varsubset") if attribute(each, "respident") == name and not _is_denied(each)
                )

    def order(self, name: str, labels: Sequence[str]) -> list[str]:
        """Return the values of the condition with the most points, as they stand; or the labels by the place that each is given (Brightspace)."""
        places = {label: max(self.points(label), key=self.points(label).__getitem__, default="") for label in labels}
        indexed = {attribute(each, "index"): text_of(each) for each in _accepted(self.conditions) if attribute(each, "respident") == name}
        if indexed and all(index.isdecimal() for index in indexed):  # ILIAS says of each place what stands there
            return [indexed[index] for index in sorted(indexed, key=int)]
        if labels and all(place.isdecimal() for place in places.values()):
            return sorted(labels, key=lambda label: int(places[label]))
        best = max(self.conditions, key=lambda each: (_score(each), len(list(_values(each, name)))), default=None)
        if best is None or _score(best) <= 0:
            return []
        return [text for text, _case, _part in _values(best, name)]

    def shown_for(self, feedback: str) -> set[tuple[str, str]]:
        """Return the responses and their values for which a feedback is shown."""
        shown: set[tuple[str, str]] = set()
        for condition in self.conditions:
            if any(attribute(each, "linkrefid") == feedback for each in every(condition, "displayfeedback")):
                names = {attribute(each, "respident") for each in every(condition, *_COMPARED)}
                shown |= {(name, text) for name in names for text, _case, _part in _values(condition, name)} or {("", "")}
        return shown


def _accepted(conditions: Sequence[etree._Element]) -> Iterator[etree._Element]:
    """Yield the values that conditions which give points compare with."""
    for condition in conditions:
        if _score(condition) > 0:
            yield from (each for each in every(condition, "varequal") if not _is_denied(each))


def _score(condition: etree._Element) -> float:
    """Return the points a condition gives: `Set` and `Add` alike; a figure that cannot be read is full points."""
    total = 0.0
    scores = [each for each in condition if local(each) == "setvar"]
    if not scores and any(attribute(each, "linkrefid") == "correct" for each in every(condition, "displayfeedback")):
        return FULL  # Blackboard says of a pair only that it is right
    for each in scores:
        if attribute(each, "varname") == "D2L_Incorrect":  # counts what is wrong
            continue
        words = text_of(each)
        number = decimal(words)
        value = float(number) if number is not None else FULL if "max" in words.lower() else 0.0
        total += -value if attribute(each, "action").lower() == "subtract" else value
    return total


def _values(condition: etree._Element, name: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield text, whether case matters, whether a part of the response is enough; what is denied is left out."""
    for each in every(condition, *_COMPARED):
        if attribute(each, "respident") != name or _is_denied(each):
            continue
        for text in text_of(each).split(",") if local(each) == "varsubset" else (text_of(each),):
            if text.strip():
                yield text.strip(), attribute(each, "case").lower() == "yes", local(each) == "varsubstring"


def _bounds(condition: etree._Element, name: str) -> tuple[tuple[str, str], ...]:
    low = [text_of(each) for each in every(condition, "vargte", "vargt") if attribute(each, "respident") == name and not _is_denied(each)]
    high = [text_of(each) for each in every(condition, "varlte", "varlt") if attribute(each, "respident") == name and not _is_denied(each)]
    count = max(len(low), len(high))
    return tuple((low[at] if at < len(low) else "", high[at] if at < len(high) else "") for at in range(count))


def _is_denied(element: etree._Element) -> bool:
    above = element.getparent()
    while above is not None and local(above) != "conditionvar":
        if local(above) == "not":
            return True
        above = above.getparent()
    return False
