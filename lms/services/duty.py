"""What waits for a person to do it, as the tools know it: told on her first page for as long as it waits."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from lms.kernel.db import Session, reading
from lms.kernel.permissions import Permission


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of work in words, at an address of ours; `is_late`: the day by which it was asked for is over."""

    words: str
    label: str
    url: str
    is_late: bool = False


DutiesOf = Callable[[Session, int, datetime], Iterable[Duty]]

# Filled while the parts are imported, read afterwards.
_DUTIES: list[tuple[Permission, DutiesOf]] = []


def register_duties(permission: Permission, duties: DutiesOf) -> None:
    """Let a tool tell what waits for those who hold a permission."""
    _DUTIES.append((permission, duties))


def duties(person_id: int, permissions: frozenset[Permission], now: datetime) -> tuple[Duty, ...]:
    """Gather what waits for a person; who holds none of the permissions costs nothing."""
    asked = [provider for permission, provider in _DUTIES if permission in permissions]
    if not asked:
        return ()
    with reading() as session:
        return tuple(duty for provider in asked for duty in provider(session, person_id, now))
