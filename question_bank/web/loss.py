"""What a file held and could not go on, told once for each kind: a large bank may lose the same thing in every item."""

from collections.abc import Iterable
from dataclasses import dataclass

from lms.kernel.i18n import gettext as _
from question_bank.domain.exchange import Loss, by_kind
from question_bank.web.loss_words import told

MOST_LOSSES = 200
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class LossTable:
    """The kinds of losses; `more` counts those that are not shown."""

    rows: tuple[tuple[str, int, str], ...]  # what, how often, and where for example
    more: int


def loss_table(losses: Iterable[Loss]) -> LossTable:
    """Return the losses by kind, the most frequent first."""
    grouped = sorted(by_kind(losses).items(), key=lambda kind: -len(kind[1]))
    rows = tuple((told(what), len(found), _("、").join(map(told, found[:EXAMPLES]))) for what, found in grouped[:MOST_LOSSES])
    return LossTable(rows, len(grouped) - len(rows))
