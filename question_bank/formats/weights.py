"""Points of single options, as other systems give them: what is right, and what of the weights is not kept."""

from collections.abc import Sequence

NEARLY = 0.02  # 33.33333 + 33.33333 + 33.33333: shares are written with few digits


def of_single(weights: Sequence[float], *, full: float | None = None) -> tuple[int, ...]:
    """Return the options with full points; without `full`, those with the most."""
    best = max(weights, default=0.0) if full is None else full
    return tuple(at for at, weight in enumerate(weights) if weight > 0 and weight >= best * (1 - NEARLY))


def of_multiple(weights: Sequence[float]) -> tuple[int, ...]:
    """Return the options that give points."""
    return tuple(at for at, weight in enumerate(weights) if weight > 0)


def written(count: int, key: Sequence[int]) -> list[str]:
    """Return the percents that we write for the options of a multiple choice: a wrong one takes away what a right one gives, where others add them up."""
    share = f"{100 / len(key):.5f}".rstrip("0").rstrip(".") if key else "0"
    return [share if at in key else f"-{share}" for at in range(count)]


def lost(weights: Sequence[float], key: Sequence[int], *, unit: str = "%", ours: bool = False) -> str:
    """Return what to say of the weights that are not kept, or nothing: part points, points taken away, uneven shares; none where we wrote them."""
    if ours and list(weights) == [float(share) for share in written(len(weights), key)]:
        return ""
    right, chosen = [weights[at] for at in key], set(key)
    uneven = bool(right) and max(right) - min(right) > max(right) * NEARLY
    told = {weight for at, weight in enumerate(weights) if weight and (uneven or at not in chosen)}
    return f"选项权重 {'、'.join(f'{weight:g}{unit}' for weight in sorted(told))} 未保留，按题型计分" if told else ""
