"""The line and the nodes there are, beside what a forecast asks for: go or no-go, and how much room is left."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lms.domain.forecast import StretchForecast
from lms.domain.sizing import BUSY, Capacity, Sizing, cores
from lms.domain.stretch import Stretch


@dataclass(frozen=True, slots=True)
class Limits:
    """What there is, as far as somebody has said."""

    gbits: float | None = None
    nodes: int | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """How many times over the line and the nodes suffice; None where one side is not known."""

    line: float | None
    nodes: float | None

    @property
    def filled(self) -> float | None:
        """Say which share of what there is would be used, of the scarcer; None where nothing is known."""
        return max((1 / one for one in (self.line, self.nodes) if one is not None), default=None)

    @property
    def go(self) -> bool | None:
        """Tell whether all that is known suffices; None where nothing is known."""
        return None if self.filled is None else self.filled <= 1


def fit(needed: Sizing, have: Limits, node_cores: int) -> Fit:
    """Compare what is needed in the worst of 95 % of cases with what there is."""
    return Fit(
        line=(have.gbits / needed.gbits if needed.gbits else math.inf) if have.gbits is not None else None,
        nodes=have.nodes * node_cores / needed.server_cores if have.nodes is not None and needed.server_cores else None,
    )


@dataclass(frozen=True, slots=True)
class NodesTried:
    """So many nodes: the share of them that the stretches which ask most of them would use in the worst of 95 % of cases."""

    nodes: int
    filled: float
    stretches: tuple[Stretch, ...]
    stated: bool  # whether that is how many there are


def nodes_tried(needs: Sequence[tuple[tuple[Stretch, ...], Sizing]], have: Limits, node_cores: int) -> tuple[NodesTried, ...]:
    """Try one node less and one more than there are, or where nobody has said than are needed; nothing where nothing was measured."""
    asked = [(one.server_cores, stretches) for stretches, one in needs if one.server_cores]
    if not asked:
        return ()
    cores, stretches = max(asked, key=lambda one: one[0])
    middle = have.nodes or math.ceil(cores / node_cores)
    return tuple(NodesTried(nodes, cores / (nodes * node_cores), stretches, nodes == have.nodes) for nodes in range(max(1, middle - 1), middle + 2))


@dataclass(frozen=True, slots=True)
class Taken:
    """Which share of the line and of the nodes one of its people takes at a stretch's fullest; 0 where that is not known."""

    line: float
    nodes: float

    @property
    def most_people(self) -> float | None:
        """Say how many may be at it at once (watch, or sit the exam); None where nothing is known."""
        return 1 / most if (most := max(self.line, self.nodes)) else None


def taken(found: StretchForecast, capacity: Capacity | None, node_cores: int, have: Limits) -> Taken:
    """Divide what is asked for at the fullest, in the worst of 95 % of cases, by what there is and by the people."""
    people, egress = float(found.total[found.metric].high.max()), float(found.total["egress"].high.max())
    busy = cores(found.total, capacity.server) / BUSY if capacity else 0.0
    return Taken(
        line=egress / have.gbits / people if have.gbits is not None and people else 0.0,
        nodes=busy / (have.nodes * node_cores) / people if have.nodes is not None and people else 0.0,
    )
