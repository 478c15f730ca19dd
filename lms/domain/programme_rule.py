"""How rules are made on a programme: one check, made on its subjects one by one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lms.domain.programme_reading import Finding, UnreadError
from lms.domain.programme_tree import Programme
from lms.domain.programme_walk import nodes

Subjects = Callable[[Programme], Iterable[tuple[str, Any]]]
Check = Callable[[Programme, str, Any], Iterator[Finding]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """Checks, each with the things it is made on."""

    checks: list[tuple[Subjects, Check]] = field(default_factory=list)

    def on(self, subjects: Subjects) -> Callable[[Check], Check]:
        """Keep a check, to be made on each of these subjects."""

        def keep(check: Check) -> Check:
            self.checks.append((subjects, check))
            return check

        return keep

    def broken(self, programme: Programme) -> Iterator[Finding]:
        """Find what breaks a rule; a check that meets an unread value says no more."""
        for subjects, check in self.checks:
            for path, subject in _until_unread(subjects, programme):
                yield from _until_unread(check, programme, path, subject)


def whole(programme: Programme) -> Iterable[tuple[str, Any]]:
    """Take the programme as one subject."""
    yield "", programme


def each(*kinds: type) -> Subjects:
    """Take every table of these kinds."""
    return lambda programme: ((path, node) for path, node in nodes(programme) if isinstance(node, kinds))


def _until_unread(found: Callable[..., Iterable[T]], *arguments: Any) -> Iterator[T]:
    try:
        yield from found(*arguments)
    except UnreadError:
        return
