"""What happened in an attempt, in order, with the gaps between."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

GAP = timedelta(minutes=3)  # so long without any sign of who sits is told as a gap


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; which of the facts are there depends on the kind."""

    at: datetime
    kind: str
    position: int | None = None
    value: str | None = ""  # None: not for who reads
    outcome: str = ""
    seconds: int | None = None
    revision: int | None = None
    stored_at: datetime | None = None
    login_id: int | None = None
    device: str = ""
    epoch: int | None = None
    words: str = ""
    digest: str = ""


def told(events: Iterable[Event]) -> Sequence[Event]:
    """Return the events in order, with each gap and each change of sign-in between them.

    The first address is no change; `words` of the others is their number in the order of appearance.
    """
    found: list[Event] = []
    login, address, sits = None, "", False
    numbers: dict[str, int] = {}
    for event in sorted(events, key=lambda one: (one.at, one.kind != "started", one.kind != "save", one.position or 0, one.revision or 0)):
        if event.kind == "address":
            known, address = address, event.digest
            number = numbers.setdefault(address, len(numbers) + 1)
            if known in ("", address):
                continue
            event = replace(event, words=str(number))  # noqa: PLW2901
        if sits and event.at - found[-1].at > GAP:
            found.append(Event(found[-1].at, "gap", seconds=round((event.at - found[-1].at).total_seconds())))
        if event.login_id is not None and event.login_id != login:
            if login is not None:
                found.append(Event(event.at, "login", login_id=event.login_id, device=event.device))
            login = event.login_id
        sits = event.kind in {"started", "reopen"} or (sits and event.kind != "ended")
        found.append(event)
    return found


def withheld(events: Iterable[Event]) -> Sequence[Event]:
    """Return the events without what was answered, and without the signs by which it could be found out."""
    return [replace(event, value=None, digest="") if event.kind == "save" else event for event in events]
