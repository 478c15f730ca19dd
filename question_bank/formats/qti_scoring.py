"""What is right by a QTI 2 or 3 item: its declarations, and what its response processing adds to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lxml import etree

from question_bank.domain.draft import decimal
from question_bank.domain.item import Blank
from question_bank.formats import numbers, weights
from question_bank.formats.findings import Place
from question_bank.formats.xml_tree import attribute, every, first, local, text_of

_PLAIN = frozenset(
    "responseCondition responseIf responseElse setOutcomeValue match variable correct baseValue mapResponse isNull sum not and equal"  # noqa: SIM905
    " stringMatch product default exitResponse".split()
)
_COMPARED = frozenset({"match", "equal", "stringMatch", "member", "contains", "substring"})
_RECKONED = ("variable", "mapResponse")  # what a score may be besides a figure
_TEMPLATES = ("match_correct", "map_response", "CC2_match_basic", "CC2_map_response")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value and the points it gives."""

    value: str
    points: float
    case_matters: bool = True


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one response may be and what is right."""

    identifier: str
    is_multiple: bool
    base_type: str
    correct: tuple[str, ...]
    mapped: tuple[Entry, ...]
    otherwise: float = 0.0  # points of a value that the mapping does not name
    bounds: tuple[str, str] = ("", "")  # the least and the most points that the mapping gives


class Scoring:
    """Answers what is right for each response of one item."""

    def __init__(self, item: etree._Element, place: Place) -> None:
        self.place = place
        self.processing = first(item, "responseProcessing")
        self.declarations = {attribute(each, "identifier"): _declaration(each) for each in item if local(each) == "responseDeclaration"}
        self.starts = [each for each in item if local(each) == "outcomeDeclaration" and _is_score(each) and "MAX" not in attribute(each, "identifier").upper()]
        self._name_rules()

    def of(self, interaction: etree._Element) -> Declaration:
        """Return the declaration of an interaction; one that lacks declares nothing."""
        name = attribute(interaction, "responseIdentifier")
        declared = self.declarations.get(name) or Declaration(name, is_multiple=False, base_type="", correct=(), mapped=())
        if declared.mapped and self._uses_mapping(name):
            self._name_limits(declared)
        if declared.correct and self._earns_by_missing(declared):
            self.place.lose("标准答案和评分规则说的不是同一个选项，没有采用答案")
            return replace(declared, correct=())
        return declared

    def _name_limits(self, declared: Declaration) -> None:
        """Name what a mapping gives besides the points of each value; none below zero is our own rule, too."""
        (low, high), most = declared.bounds, sum(entry.points for entry in declared.mapped if entry.points > 0)
        if declared.otherwise:
            self.place.lose(f"未列出的作答得 {declared.otherwise:g} 分的设定（defaultValue）未保留")
        if low and numbers.float_of(low):
            self.place.lose(f"最低得分的设定（lowerBound {low[:20]}）未保留")
        if high and numbers.float_of(high) < most:
            self.place.lose(f"最高得分的设定（upperBound {high[:20]}）未保留")

    def most(self, declared: Declaration) -> float | None:
        """Return the points that a response gives at most by its mapping, else by the conditions that compare it; None where neither says."""
        if self._uses_mapping(declared.identifier):
            return max((entry.points for entry in declared.mapped), default=None)
        return max((points for _compared, points in self._comparisons(declared.identifier)), default=None)

    def _name_rules(self) -> None:
        """Name rules that go beyond “right or wrong” and “points for each value”."""
        if self.processing is None:
            return
        template = attribute(self.processing, "template") or attribute(self.processing, "templateLocation")
        names = {local(each) for each in self.processing.iterdescendants()} - {""}
        if names - _PLAIN:
            self.place.lose(f"评分规则（{'、'.join(sorted(names - _PLAIN)[:6])}）未保留，按标准答案计分")
        elif template and not names and not any(known in template for known in _TEMPLATES):
            self.place.lose(f"评分模板 {template.rpartition('/')[2][:60]} 未保留，按标准答案计分")

    def _uses_mapping(self, identifier: str) -> bool:
        if self.processing is None:
            return False
        template = attribute(self.processing, "template")
        return "map_response" in template or any(attribute(each, "identifier") == identifier for each in every(self.processing, "mapResponse"))

    def _scores_by_value(self, declared: Declaration) -> bool:
        """Tell whether points come from the mapping or from values that conditions name, and nowhere from the declared key."""
        if self.processing is None or "match_correct" in attribute(self.processing, "template"):
            return False
        asks_key = any(attribute(each, "identifier") == declared.identifier for each in every(self.processing, "correct"))
        return not asks_key and (self._uses_mapping(declared.identifier) or any(self._conditions(declared.identifier)))

    def _earns_by_missing(self, declared: Declaration) -> bool:
        """Tell whether points come, or are kept, only where the response is not the declared key."""
        missed = [compared for compared, _points in self._comparisons(declared.identifier, denied=True)]
        missed += self._taking(declared.identifier) if self._starts_above_zero() else []
        named = {text_of(value) for compared in missed for value in every(compared, "baseValue")}
        asks_key = any(list(every(compared, "correct")) for compared in missed) or set(declared.correct) <= named
        return asks_key and not (self._uses_mapping(declared.identifier) or list(self._comparisons(declared.identifier)))

    def _starts_above_zero(self) -> bool:
        """Tell whether a score is there before any condition is asked."""
        processing = [] if self.processing is None else [each for each in _outcomes(self.processing) if _is_score(each)]
        return any(_points(each) > 0 for each in (*self.starts, *processing))

    def _taking(self, identifier: str) -> list[etree._Element]:
        """Return the comparisons of a response that set the score to nothing where they hold."""
        found = list[etree._Element]()
        for branch in every(self.processing, "responseIf", "responseElseIf") if self.processing is not None else ():
            if any(_is_score(each) and every(each, "baseValue") and not every(each, *_RECKONED) and _points(each) <= 0 for each in _outcomes(branch)):
                compared = [each for each in every(branch, *_COMPARED) if not _is_denied(each, branch)]
                found += [each for each in compared if any(attribute(asked, "identifier") == identifier for asked in every(each, "variable"))]
        return found

    def _entries(self, declared: Declaration) -> tuple[Entry, ...]:
        """Return the points of values: the mapping's, else those that conditions give."""
        return declared.mapped or tuple(self._conditions(declared.identifier))

    def _conditions(self, identifier: str) -> Iterator[Entry]:
        for compared, points in self._comparisons(identifier):
            yield from (Entry(text_of(value), points, attribute(compared, "caseSensitive") != "false") for value in every(compared, "baseValue"))

    def _comparisons(self, identifier: str, *, denied: bool = False) -> Iterator[tuple[etree._Element, float]]:
        """Yield the comparisons of a response that lead to points where they hold (`denied`: where they do not), and how many."""
        for branch in every(self.processing, "responseIf", "responseElseIf", "responseElse") if self.processing is not None else ():
            otherwise = local(branch) == "responseElse"  # reached where what the branches before it ask does not hold
            points = [_points(each) for each in _outcomes(branch) if not otherwise or _is_score(each)]
            if not points or max(points) <= 0:
                continue
            before = [each for each in branch.itersiblings(preceding=True) if not any(_is_score(held) and every(held, *_RECKONED) for held in _outcomes(each))]
            for asked in before if otherwise else [branch]:
                for compared in every(asked, *_COMPARED):
                    is_asked = any(attribute(each, "identifier") == identifier for each in every(compared, "variable"))
                    if is_asked and (_is_denied(compared, asked) is not otherwise) is denied:
                        yield compared, max(points)

    def choices(self, declared: Declaration, names: Sequence[str], *, single: bool) -> tuple[int, ...]:
        """Return the positions of the right ones among named choices."""
        entries = {entry.value: entry.points for entry in self._entries(declared)}
        points = [entries.get(name, 0.0) for name in names]
        if declared.correct:
            key = tuple(at for at, name in enumerate(names) if name in declared.correct)
            told = weights.lost(points, key, unit="") if self._uses_mapping(declared.identifier) else ""
            if unknown := [value for value in declared.correct if value not in names]:
                self.place.lose(f"标准答案指向不存在的选项（{'、'.join(unknown)[:80]}）")
                key = ()
            elif key and max(points) > 0 and all(points[at] <= 0 for at in key) and self._scores_by_value(declared):
                self.place.lose("标准答案和评分规则说的不是同一个选项，没有采用答案")
                key, told = (), ""
        else:
            key = weights.of_single(points) if single else weights.of_multiple(points)
            told = weights.lost(points, key, unit="")
        if told:
            self.place.lose(told)
        return key

    def pairs(self, declared: Declaration) -> list[tuple[str, str]]:
        """Return the right pairs."""
        entries = self._entries(declared)
        values = declared.correct or tuple(entry.value for entry in entries if entry.points > 0)
        if (self._uses_mapping(declared.identifier) or not declared.correct) and (
            told := weights.lost([entry.points for entry in entries], [at for at, entry in enumerate(entries) if entry.value in values], unit="")
        ):
            self.place.lose(told)
        return [(pair[0], pair[1]) for value in values if len(pair := value.split()) == 2]

    def blank(self, declared: Declaration) -> Blank | str:
        """Return what fills a blank, or the code of the reason why it cannot be said."""
        entries = self._entries(declared)
        best = max((entry.points for entry in entries), default=0.0)
        full = [entry for entry in entries if entry.points > 0 and entry.points >= best * (1 - weights.NEARLY)]
        used = self._uses_mapping(declared.identifier) or not declared.correct
        if used:
            for entry in entries:
                if entry not in full:
                    self.place.lose(f"{'部分得分' if entry.points > 0 else '不得分'}的答案“{entry.value[:60]}”（{entry.points:g}）未保留")
        accepted = tuple(dict.fromkeys((*declared.correct, *(entry.value for entry in full if used))))
        if declared.base_type in {"float", "integer"} or any(self._compared(declared.identifier, "gte", "gt", "lte", "lt")):
            return self._number(declared.identifier, accepted)
        if not accepted:
            return Blank(())
        return Blank(accepted, case_matters=not (used and full and all(not entry.case_matters for entry in full)))

    def _compared(self, identifier: str, *names: str) -> Iterator[etree._Element]:
        for compared in every(self.processing, *names) if self.processing is not None else ():
            if any(attribute(each, "identifier") == identifier for each in every(compared, "variable")):
                yield compared

    def _number(self, identifier: str, accepted: Sequence[str]) -> Blank | str:
        known = {decimal(value) for value in accepted} - {None}
        if len(known) > 1:
            return "numbers_unsupported"
        value = next(iter(known), None)
        for compared in self._compared(identifier, "equal"):
            margins = [margin for each in attribute(compared, "tolerance").split() if (margin := decimal(each)) is not None]
            if value is None or not margins or attribute(compared, "toleranceMode") not in {"absolute", "relative"}:
                continue
            if len(set(margins)) > 1:
                self.place.lose("上下误差不同，取较小的一个")
            if "false" in {attribute(compared, name) for name in ("includeLowerBound", "includeUpperBound")}:
                self.place.lose("误差的边界值不算对的设定未保留")
            return numbers.blank(value, abs(min(margins) * (value / 100 if attribute(compared, "toleranceMode") == "relative" else 1)))
        bounds = [[text_of(first(each, "baseValue")) for each in self._compared(identifier, *names)] for names in (("gte", "gt"), ("lte", "lt"))]
        if any(bounds):
            if not all(bounds):
                return "number_infinite"
            middle = numbers.between(bounds[0][0], bounds[1][0])
            if any(self._compared(identifier, "gt", "lt")):
                self.place.lose("误差的边界值不算对的设定未保留")
            return numbers.blank(*middle) if middle else "scoring_unsupported"
        return Blank(tuple(accepted)) if value is None else numbers.blank(value, Decimal(0))


def _declaration(element: etree._Element) -> Declaration:
    mapping = first(element, "mapping")
    entries = [] if mapping is None else every(mapping, "mapEntry")
    return Declaration(
        attribute(element, "identifier"),
        attribute(element, "cardinality") in {"multiple", "ordered"},
        attribute(element, "baseType"),
        tuple(text_of(each) for each in _inside(element, "correctResponse")),
        tuple(
            Entry(attribute(each, "mapKey"), numbers.float_of(attribute(each, "mappedValue")), attribute(each, "caseSensitive") != "false") for each in entries
        ),
        0.0 if mapping is None else numbers.float_of(attribute(mapping, "defaultValue")),
        ("", "") if mapping is None else (attribute(mapping, "lowerBound"), attribute(mapping, "upperBound")),
    )


def _inside(element: etree._Element, name: str) -> list[etree._Element]:
    held = first(element, name)
    return [] if held is None else every(held, "value")


def _points(element: etree._Element) -> float:
    return max((numbers.float_of(text_of(each)) for each in every(element, "baseValue", "value")), default=0.0)


def _outcomes(branch: etree._Element) -> list[etree._Element]:
    return [each for each in branch if local(each) == "setOutcomeValue" and "FEEDBACK" not in attribute(each, "identifier").upper()]


def _is_score(outcome: etree._Element) -> bool:
    return "SCORE" in attribute(outcome, "identifier").upper()


def _is_denied(element: etree._Element, within: etree._Element) -> bool:
    above = element.getparent()
    while above is not None and above is not within:
        if local(above) == "not":
            return True
        above = above.getparent()
    return False
