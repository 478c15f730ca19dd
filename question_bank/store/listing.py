"""The bank as a list: search over Chinese text, filters, pages by key; and the coverage of a bank."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from question_bank.domain.item import EASY_FROM, HARD_BELOW, Band
from question_bank.domain.likeness import grams


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader of the list asked for; empty means everything."""

    words: str = ""
    topic: str = ""
    status: str = ""
    type: str = ""
    pool: str = ""
    band: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list; no key."""

    item_id: int
    external_id: str
    status: str
    type: str
    plain: str
    topic: str
    level: str | None
    difficulty: float
    pool: str | None
    number: int
    author_id: int | None
    changed_at: datetime
    sent_back: bool  # by a reviewer, and not changed since


_DIFFICULTY = "coalesce(m.difficulty, v.difficulty)"  # measured, else the author's estimate
_BANDS = {
    Band.EASY: f"{_DIFFICULTY} >= {EASY_FROM}",
    Band.MEDIUM: f"{_DIFFICULTY} >= {HARD_BELOW} AND {_DIFFICULTY} < {EASY_FROM}",
    Band.HARD: f"{_DIFFICULTY} < {HARD_BELOW}",
}
_FROM = (
    " FROM item i JOIN item_version v ON v.id = i.latest_version_id LEFT JOIN item_measure m ON m.version_id = v.id"
    " LEFT JOIN item_pool p ON p.item_id = i.id WHERE i.bank_id = :bank"
)
SENT_BACK = "sent_back"  # looked for beside the states: drafts that a reviewer sent back and nobody changed since
_LAST_DECISION = "SELECT r.decision FROM item_review r WHERE r.version_id = v.id ORDER BY r.id DESC LIMIT 1"
_SENT_BACK = f"i.status = 'draft' AND coalesce(({_LAST_DECISION}), '') = 'send_back'"
_COLUMNS = f"SELECT i.id, i.external_id, i.status, v.type, i.plain, v.topic, v.level, {_DIFFICULTY}, p.pool, v.number, v.author_id, i.changed_at, {_SENT_BACK}"


def _where(bank_id: int, wanted: Filter) -> tuple[str, dict[str, object]]:
    """Return conditions made of fixed pieces and the values for them."""
    parts: list[str] = []
    values: dict[str, object] = {"bank": bank_id}
    worded: list[str] = []
    for position, word in enumerate(wanted.words.split()[:5]):
        found = grams(word)
        if len(word) > 1 and found:
            worded.append(f"i.grams @> CAST(:grams{position} AS varchar[])")
            values[f"grams{position}"] = list(found)
        worded.append(f"i.plain ILIKE :word{position}")
        values[f"word{position}"] = f"%{_literal(word)}%"
    if worded:
        # A name such as crisis-001 is found as well as the words.
        parts.append(f"(({' AND '.join(worded)}) OR i.external_id ILIKE :name)")
        values["name"] = _literal(wanted.words.strip()) + "%"
    status = "" if wanted.status == SENT_BACK else wanted.status
    if wanted.status == SENT_BACK:
        parts.append(_SENT_BACK)
    for column, value in (("v.topic", wanted.topic), ("i.status", status), ("v.type", wanted.type), ("p.pool", wanted.pool)):
        if value:
            name = column.replace(".", "_")
            parts.append(f"{column} = :{name}")
            values[name] = value
    if wanted.band in set(Band):
        parts.append(_BANDS[Band(wanted.band)])
    return "".join(f" AND {part}" for part in parts), values


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def page(session: Session, bank_id: int, wanted: Filter, *, after: int | None, before: int | None, limit: int) -> list[Listed]:
    """Return one page, newest first: behind the item `after`, or the page that ends ahead of `before`."""
    where, values = _where(bank_id, wanted)
    if before is not None:
        where, values = where + " AND i.id > :before ORDER BY i.id ASC", values | {"before": before}
    else:
        where += (" AND i.id < :after" if after is not None else "") + " ORDER BY i.id DESC"
        values |= {"after": after} if after is not None else {}
    rows = session.execute(text(f"{_COLUMNS}{_FROM}{where} LIMIT :limit"), values | {"limit": limit}).all()
    found = [Listed(*row) for row in rows]
    return found[::-1] if before is not None else found


def count(session: Session, bank_id: int, wanted: Filter) -> int:
    """Return how many items the filter finds."""
    where, values = _where(bank_id, wanted)
    return int(session.execute(text(f"SELECT count(*){_FROM}{where}"), values).scalar_one())


def sent_back(session: Session, bank_id: int) -> frozenset[int]:
    """Return the items of a bank that a reviewer sent back and nobody changed since."""
    return frozenset(session.scalars(text(f"SELECT i.id{_FROM} AND {_SENT_BACK}"), {"bank": bank_id}))


def sent_back_to(session: Session, person_id: int) -> list[tuple[str, str, int]]:
    """Return code and name of each bank in which items that a person wrote last were sent back, and how many."""
    rows = session.execute(
        text(
            "SELECT b.code, b.name, count(*) FROM bank b JOIN item i ON i.bank_id = b.id JOIN item_version v ON v.id = i.latest_version_id"  # noqa: S608
            f" WHERE v.author_id = :person AND {_SENT_BACK} GROUP BY b.id ORDER BY b.id"
        ),
        {"person": person_id},
    )
    return [(code, name, number) for code, name, number in rows]


def statuses(session: Session, bank_id: int) -> Mapping[str, int]:
    """Return how many items stand in each state."""
    rows = session.execute(text("SELECT status, count(*) FROM item WHERE bank_id = :bank GROUP BY status"), {"bank": bank_id})
    return {status: number for status, number in rows}  # noqa: C416 - a Row is no pair for dict()


def statuses_by_bank(session: Session) -> dict[int, dict[str, int]]:
    """Return how many items of each bank stand in each state."""
    found: dict[int, dict[str, int]] = {}
    for bank_id, status, number in session.execute(text("SELECT bank_id, status, count(*) FROM item GROUP BY 1, 2")):
        found.setdefault(bank_id, {})[status] = number
    return found


def key_counts(session: Session, bank_id: int) -> dict[int, int]:
    """Count where the keys of the bank's single-choice items stand, retired ones left out."""
    rows = session.execute(
        text(
            "SELECT CAST(v.key->'options'->>0 AS int), count(*) FROM item i JOIN item_version v ON v.id = i.latest_version_id"
            " WHERE i.bank_id = :bank AND v.type = 'single' AND i.status <> 'retired' GROUP BY 1"
        ),
        {"bank": bank_id},
    )
    return {position: count for position, count in rows}  # noqa: C416 - a Row is no pair for dict()


def topics_used(session: Session, bank_id: int) -> list[str]:
    """Return the topics that items of the bank carry."""
    rows = session.execute(
        text("SELECT DISTINCT v.topic FROM item i JOIN item_version v ON v.id = i.latest_version_id WHERE i.bank_id = :bank ORDER BY 1"), {"bank": bank_id}
    )
    return [topic for (topic,) in rows]


@dataclass(frozen=True, slots=True)
class Cell:
    """How many items cover one topic at one level."""

    topic: str
    level: str | None
    easy: int
    medium: int
    hard: int


def coverage(session: Session, bank_id: int, pool: str, *, approved_only: bool) -> list[Cell]:
    """Return topic × level × difficulty of a bank's items, retired ones left out."""
    rows = session.execute(
        text(
            f"SELECT v.topic, v.level, count(*) FILTER (WHERE {_DIFFICULTY} >= :easy),"  # noqa: S608 - a constant of this file
            f" count(*) FILTER (WHERE {_DIFFICULTY} >= :hard AND {_DIFFICULTY} < :easy), count(*) FILTER (WHERE {_DIFFICULTY} < :hard)"
            " FROM item i JOIN item_version v ON v.id = CASE WHEN :approved THEN i.approved_version_id ELSE i.latest_version_id END"
            " LEFT JOIN item_measure m ON m.version_id = v.id LEFT JOIN item_pool p ON p.item_id = i.id"
            " WHERE i.bank_id = :bank AND i.status <> 'retired' AND (:pool = '' OR p.pool = :pool) GROUP BY v.topic, v.level ORDER BY v.topic, v.level"
        ),
        {"bank": bank_id, "pool": pool, "approved": approved_only, "easy": EASY_FROM, "hard": HARD_BELOW},
    )
    return [Cell(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a version of an item."""

    number: int
    title: str
    purpose: str
    times: int
    at: datetime


def uses(session: Session, item_id: int) -> list[Use]:
    """Return where an item was used, newest first."""
    rows = session.execute(
        text(
            "SELECT v.number, u.title, u.purpose, u.times, u.at FROM item_use u JOIN item_version v ON v.id = u.version_id"
            " WHERE v.item_id = :item ORDER BY u.id DESC LIMIT 100"
        ),
        {"item": item_id},
    )
    return [Use(*row) for row in rows]
