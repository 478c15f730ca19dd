"""The rules a programme must keep beyond the shape of its keys, and the faults a notice may force."""

from lms.domain import programme_counts, programme_dates
from lms.domain.programme_reading import UNREAD, Finding
from lms.domain.programme_tree import Programme
from lms.domain.programme_walk import nodes

# What a notice can force upon a file; a deviation may accept these, and nothing else.
ACCEPTABLE = frozenset(
    {
        "enrolment_after_learning_starts",
        "exam_before_learning_ends",
        "marking_before_hand_in_ends",
        "outside_programme",
        "outside_stage",
        "quota_total_mismatch",
        "window_outside_stage",
        "window_too_short",
    }
)


def broken(programme: Programme) -> list[Finding]:
    """List every rule this programme breaks."""
    return [*programme_dates.rules.broken(programme), *programme_counts.rules.broken(programme)]


def settle(programme: Programme, findings: list[Finding]) -> list[Finding]:
    """Take away what deviations accept; tell of an acceptance that is impossible or needless."""
    accepted: dict[tuple[str, str], str] = {}
    told = []
    for place, node in nodes(programme):
        code = getattr(node, "accepts", None)
        if not place.startswith("deviations[") or code is None or code is UNREAD or node.path is UNREAD:
            continue
        if code in ACCEPTABLE:
            accepted[node.path, code] = f"{place}.accepts"
        else:
            told.append(Finding(f"{place}.accepts", "acceptance_not_possible", f"「{code}」不能作为偏差接受"))
    left = [one for one in findings if (one.path, one.code) not in accepted]
    met = {(one.path, one.code) for one in findings}
    if not left:  # beside other faults, an absent one may only be hidden
        told += [
            Finding(place, "acceptance_unused", f"文件里没有「{code}」这个问题，无需接受")
            for (path, code), place in accepted.items()
            if (path, code) not in met
        ]
    return left + told
