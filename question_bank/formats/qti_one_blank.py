"""The written responses of a QTI 1.2 item: what a blank accepts, and whether it is an essay."""

from decimal import Decimal

from lxml import etree

from question_bank.domain.draft import decimal
from question_bank.domain.item import Blank
from question_bank.formats import numbers, weights
from question_bank.formats.findings import Place
from question_bank.formats.qti_one_facts import name_of
from question_bank.formats.qti_one_scoring import Rule, Rules
from question_bank.formats.xml_tree import attribute, every, local


def is_essay(response: etree._Element, rules: Rules) -> bool:
    """Tell whether a response is judged by people: no rule names an answer, or its field is high."""
    rows = next((attribute(each, "rows") for each in every(response, "render_fib")), "")
    return not any(rule.texts or rule.bounds for rule in _rules(response, rules)) or (rows.isdecimal() and int(rows) > 3)


def blank(response: etree._Element, rules: Rules, place: Place, *, is_number: bool) -> Blank | str:
    """Return what a blank accepts, or the code of its refusal."""
    asked = _rules(response, rules)
    best = max((rule.points for rule in asked), default=0.0)
    full = [rule for rule in asked if rule.points >= best * (1 - weights.NEARLY)]
    for rule in asked:
        if rule not in full:
            place.lose(f"部分得分的答案“{'、'.join(rule.texts)[:60]}”（{rule.points:g}）未保留")
    texts = tuple(dict.fromkeys(text for rule in full for text in rule.texts))
    bounds = [rule.bounds for rule in full if rule.bounds]
    if any(rule.is_part for rule in full):
        place.lose("“包含某些文字即可”的判分改为与答案相同")
    is_number |= any(attribute(each, "fibtype").lower() in {"decimal", "integer", "scientific"} for each in every(response, "render_fib"))
    if not (bounds or is_number or local(response) == "response_num"):
        return Blank(texts, case_matters=bool(full) and all(rule.case_matters for rule in full)) if texts else "scoring_unsupported"
    return _number(texts, [pair for each in bounds for pair in each])


def _rules(response: etree._Element, rules: Rules) -> list[Rule]:
    """Return the rules of a field, which know it by its own name or by that of the label in it (Brightspace)."""
    names = [name_of(response), *(attribute(each, "ident") for each in every(response, "response_label"))]
    return next(filter(None, map(rules.of, names)), [])


def _number(texts: tuple[str, ...], bounds: list[tuple[str, str]]) -> Blank | str:
    """Return the blank of a number: its texts, or the bounds around it."""
    known = {decimal(text) for text in texts} - {None}
    if bounds:
        if len(set(bounds)) > 1 or len(known) > 1:
            return "numbers_unsupported"
        low, high = bounds[0]
        middle = numbers.between(low, high) if low and high else None
        if middle is None:
            return "number_infinite"
        written = next((value for value in known if value == middle[0]), middle[0])  # 1000.00 rather than 1000.000
        return numbers.blank(written, middle[1])
    if len(known) > 1:
        return "numbers_unsupported"
    value = next(iter(known), None)
    if value is None:
        return Blank(texts) if texts else "scoring_unsupported"
    return numbers.blank(value, Decimal(0))
