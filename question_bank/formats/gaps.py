"""Texts with gaps: a list of its own is a choice, gaps with one list are a matching item, gaps to be written a fill-in; a mixture becomes several items."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from question_bank.domain.draft import Draft
from question_bank.domain.item import Blank, ItemType
from question_bank.domain.scoring import shares
from question_bank.formats.findings import Place


@dataclass(frozen=True, slots=True)
class Listed:
    """A gap that is filled from a list: what it offers, with an explanation of each, and the positions of what is right."""

    options: tuple[str, ...]
    key: tuple[int, ...]
    is_multiple: bool = False
    explained: tuple[str, ...] = ()


def keep(place: Place, bare: Draft, parts: Sequence[str], gaps: Sequence[Blank | Listed]) -> None:
    """Keep what a text asks. `parts`: the stem cut at its gaps."""
    if len(parts) != len(gaps) + 1:  # one stands where no words of the stem are kept
        place.refuse("gap_misplaced", "_____".join(parts), bare.external_id)
        return
    groups: dict[object, list[int]] = {}
    for at, gap in enumerate(gaps):
        groups.setdefault(_group(gap, at), []).append(at)
    doors = [(place, bare)] if len(groups) == 1 else divided(place, bare, len(groups))
    for (door, begun), asked in zip(doors, groups.values(), strict=True):
        stem = parts[0] + "".join(mark + part for mark, part in zip(_marks(gaps, asked), parts[1:], strict=True))
        _keep(door, replace(begun, stem=stem), [gaps[at] for at in asked], asked)


def _group(gap: Blank | Listed, at: int) -> object:
    """Return what gaps have in common that one item can ask: to be written, or the same list with one thing right for each."""
    if isinstance(gap, Blank):
        return None
    return frozenset(gap.options) if len(gap.key) == 1 and not gap.is_multiple else at


def _marks(gaps: Sequence[Blank | Listed], asked: Sequence[int]) -> list[str]:
    """Return what stands at each gap in the item that asks some of them: the others are only shown."""
    if len(gaps) == 1 and isinstance(gaps[0], Listed):
        return [" _____ "]
    written = [at for at in asked if isinstance(gaps[at], Blank)]
    return [f"[[{written.index(at) + 1}]]" if at in written else f"（{at + 1}）{'_____' if at in asked else '…'}" for at in range(len(gaps))]


def _keep(place: Place, bare: Draft, gaps: Sequence[Blank | Listed], asked: Sequence[int]) -> None:
    lists = [gap for gap in gaps if isinstance(gap, Listed)]
    if not lists:
        place.keep(replace(bare, type=ItemType.FILL_IN, blanks=tuple(gap for gap in gaps if isinstance(gap, Blank))))
    elif len(lists) == 1:
        _choice(place, bare, lists[0])
    else:
        place.lose("文中选词填空按匹配题导入，各空编号为（1）（2）…")
        options = tuple(dict.fromkeys(lists[0].options))
        key = tuple(options.index(gap.options[gap.key[0]]) for gap in lists)
        explanation = "\n".join(dict.fromkeys(filter(None, (bare.explanation, *(words for gap in lists for words in gap.explained)))))
        prompts = tuple(f"（{at + 1}）" for at in asked)
        place.keep(replace(bare, type=ItemType.MATCHING, options=options, prompts=prompts, key=key, explanation=explanation))


def _choice(place: Place, bare: Draft, gap: Listed) -> None:
    """Keep a list as a choice: a text that stands in it twice stands in the item once."""
    options = tuple(dict.fromkeys(gap.options))
    explained = [next((words for option, words in zip(gap.options, gap.explained, strict=False) if option == each), "") for each in options]
    kind = ItemType.MULTIPLE if gap.is_multiple else ItemType.SINGLE
    key = tuple(options.index(gap.options[at]) for at in gap.key)
    place.keep(replace(bare, type=kind, options=options, key=key, option_explanations=tuple(explained)))


def divided(place: Place, bare: Draft, number: int) -> list[tuple[Place, Draft]]:
    """Return where each of the items stands that one item becomes, with what it begins from: they share its points."""
    place.lose(f"一题有 {number} 个作答部分，拆成 {number} 道题，分值平分")
    points = [None] * number if bare.points is None else [each or None for each in shares(bare.points, number)]
    names = [f"{bare.external_id}-{at}" if bare.external_id else "" for at in range(1, number + 1)]
    return [(place.part(at), replace(bare, external_id=name, points=worth)) for at, (name, worth) in enumerate(zip(names, points, strict=True), start=1)]
