"""Versions read and written; a version is only ever added."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from question_bank.domain.item import Explanation
from question_bank.domain.likeness import anchors, bounds, grams
from question_bank.domain.review import Status
from question_bank.domain.version import NewVersion, Version
from question_bank.store.item import ItemEnemyRow, ItemRow, ItemVersionRow, PoolMemberRow, read_content, read_key


@dataclass(frozen=True, slots=True)
class Writing:
    """A version about to be written: of the item `item_id`, or of a new one called `name`."""

    name: str
    item_id: int | None
    content_hash: str
    new: NewVersion


_POINT = text(
    "UPDATE item SET latest_version_id = begun.version FROM unnest(CAST(:items AS bigint[]), CAST(:versions AS bigint[])) AS begun (item, version)"
    " WHERE item.id = begun.item"
)


def add_versions(session: Session, bank_id: int, writings: Sequence[Writing], *, author_id: int | None, now: datetime) -> list[int]:
    """Save the next version of each item, as a draft, and return the items' ids; approved versions go on being served."""
    items = [each.item_id or 0 for each in writings]
    fresh = [position for position, each in enumerate(writings) if each.item_id is None]
    rows = [_item(bank_id, writings[position], now) for position in fresh]
    for position, item_id in zip(fresh, _inserted(session, ItemRow, rows), strict=True):
        items[position] = item_id
    counted = select(ItemVersionRow.item_id, func.max(ItemVersionRow.number)).where(ItemVersionRow.item_id.in_(items)).group_by(ItemVersionRow.item_id)
    numbers = {item_id: number for item_id, number in session.execute(counted)}  # noqa: C416 - a Row is no pair for dict()
    versions = [
        _version(item_id, each.new, number=numbers.get(item_id, 0) + 1, author_id=author_id, now=now) for item_id, each in zip(items, writings, strict=True)
    ]
    begun: list[tuple[int, int]] = []
    changes: list[dict[str, object]] = []
    for item_id, version_id, each in zip(items, _inserted(session, ItemVersionRow, versions), writings, strict=True):
        if each.item_id is None:
            begun.append((item_id, version_id))
        else:
            words = {"plain": each.new.plain, "grams": list(grams(each.new.plain))}
            change = {"id": item_id, "latest_version_id": version_id, "status": Status.DRAFT, "changed_at": now, "content_hash": each.content_hash}
            changes.append(change | words)
    if begun:
        session.execute(_POINT, {"items": [item for item, _ in begun], "versions": [version for _, version in begun]})
    if changes:
        session.execute(update(ItemRow), changes)
    return items


def _inserted(session: Session, table: type[ItemRow | ItemVersionRow], rows: Sequence[dict[str, object]]) -> list[int]:
    """Save rows and return their ids, drawn first: to have them returned, the toolkit writes one long statement that the driver takes apart."""
    if not rows:
        return []
    drawing = text("SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)")
    ids = [int(one) for one in session.scalars(drawing, {"name": table.__tablename__, "count": len(rows)})]
    session.execute(insert(table), [{"id": one, **row} for one, row in zip(ids, rows, strict=True)])
    return ids


def _item(bank_id: int, writing: Writing, now: datetime) -> dict[str, object]:
    return {
        "bank_id": bank_id,
        "external_id": writing.name,
        "status": Status.DRAFT,
        "content_hash": writing.content_hash,
        "plain": writing.new.plain,
        "grams": list(grams(writing.new.plain)),
        "created_at": now,
        "changed_at": now,
    }


def _version(item_id: int, new: NewVersion, *, number: int, author_id: int | None, now: datetime) -> dict[str, object]:
    return {
        "item_id": item_id,
        "number": number,
        "author_id": author_id,
        "created_at": now,
        "type": new.content.type,
        "stem_html": new.content.stem_html,
        "options_html": list(new.content.options_html),
        "prompts_html": list(new.content.prompts_html),
        "blanks": new.content.blanks,
        "key": msgspec.to_builtins(new.key),
        "explanation_html": new.explanation.overall_html,
        "option_explanations_html": list(new.explanation.options_html),
        "topic": new.topic,
        "level": new.level,
        "difficulty": new.difficulty,
        "points": new.points,
        "tags": list(new.tags),
        "source": new.source,
        "digest": new.digest,
    }


def place(session: Session, bank_id: int, item_id: int, pool: str | None, now: datetime) -> None:
    """Put an item into one pool, or out of every pool."""
    place_all(session, bank_id, {item_id: pool}, now)


def place_all(session: Session, bank_id: int, pools: Mapping[int, str | None], now: datetime) -> None:
    """Put items into pools, or out of every pool where none is named."""
    out = [item_id for item_id, pool in pools.items() if not pool]
    if out:
        session.execute(text("DELETE FROM item_pool WHERE item_id = ANY(:items)"), {"items": out})
    rows = [{"item_id": item_id, "bank_id": bank_id, "pool": pool, "placed_at": now} for item_id, pool in pools.items() if pool]
    if rows:
        placing = insert(PoolMemberRow)
        session.execute(
            placing.on_conflict_do_update(index_elements=["item_id"], set_={"pool": placing.excluded.pool, "placed_at": placing.excluded.placed_at}), rows
        )


def set_enemies(session: Session, item_id: int, enemy_ids: Sequence[int]) -> None:
    """Replace an item's enemies."""
    session.execute(text("DELETE FROM item_enemy WHERE item_id = :item OR enemy_id = :item"), {"item": item_id})
    add_enemies(session, item_id, enemy_ids)


def add_enemies(session: Session, item_id: int, enemy_ids: Sequence[int]) -> None:
    """Add enemies; those there already stay."""
    pairs = {(min(item_id, enemy), max(item_id, enemy)) for enemy in enemy_ids if enemy != item_id}
    if pairs:
        values = [{"item_id": first, "enemy_id": second} for first, second in sorted(pairs)]
        session.execute(insert(ItemEnemyRow).values(values).on_conflict_do_nothing())


def is_used(session: Session, item_id: int) -> bool:
    """Tell whether any version of the item was ever used."""
    return bool(
        session.scalar(text("SELECT EXISTS (SELECT 1 FROM item_use u JOIN item_version v ON v.id = u.version_id WHERE v.item_id = :item)"), {"item": item_id})
    )


def was_approved(session: Session, item_id: int) -> bool:
    """Tell whether any version of the item was ever approved."""
    approved = "SELECT 1 FROM item_review r JOIN item_version v ON v.id = r.version_id WHERE v.item_id = :item AND r.decision = 'approve'"
    return bool(session.scalar(text(f"SELECT EXISTS ({approved})"), {"item": item_id}))


_ENEMIES = (
    "ARRAY(SELECT o.external_id FROM item_enemy e JOIN item o ON o.id = CASE WHEN e.item_id = item.id THEN e.enemy_id ELSE e.item_id END"
    " WHERE e.item_id = item.id OR e.enemy_id = item.id ORDER BY 1)"
)
_AUTHORS = (
    "ARRAY(SELECT DISTINCT w.author_id FROM item_version w WHERE w.item_id = item.id AND w.author_id IS NOT NULL AND w.id <= item.latest_version_id"
    " AND (w.id > coalesce(item.approved_version_id, 0) OR w.id = item.latest_version_id))"
)


def _joined() -> Select[ItemRow, ItemVersionRow, str, Any, Any]:
    return (
        select(ItemRow, ItemVersionRow, PoolMemberRow.pool, text(_ENEMIES), text(_AUTHORS))
        .join(ItemVersionRow, ItemVersionRow.item_id == ItemRow.id)
        .outerjoin(PoolMemberRow, PoolMemberRow.item_id == ItemRow.id)
        .order_by(ItemRow.id, ItemVersionRow.number)
    )


def _versions(session: Session, query: Select[ItemRow, ItemVersionRow, str, Any, Any]) -> list[Version]:
    return [
        Version(
            item_id=item.id,
            version_id=row.id,
            bank_id=item.bank_id,
            external_id=item.external_id,
            number=row.number,
            status=Status(item.status),
            author_id=row.author_id,
            authors=frozenset(authors),
            created_at=row.created_at,
            is_latest=row.id == item.latest_version_id,
            is_approved=row.id == item.approved_version_id,
            content=read_content(row.type, row.stem_html, row.options_html, row.prompts_html, row.blanks),
            key=read_key(row.key),
            explanation=Explanation(row.explanation_html, tuple(row.option_explanations_html)),
            topic=row.topic,
            level=row.level,
            difficulty=row.difficulty,
            points=row.points,
            tags=tuple(row.tags),
            source=row.source,
            pool=pool,
            enemies=tuple(enemies),
        )
        for item, row, pool, enemies, authors in session.execute(query)
    ]


def latest(session: Session, bank_id: int, item_id: int, *, lock: bool = False) -> Version | None:
    """Return the newest version of an item; `lock` holds the item until the transaction ends."""
    query = _joined().where(ItemRow.bank_id == bank_id, ItemRow.id == item_id, ItemVersionRow.id == ItemRow.latest_version_id)
    found = _versions(session, query.with_for_update(of=ItemRow).execution_options(populate_existing=True) if lock else query)
    return found[0] if found else None


def latest_of_bank(
    session: Session,
    bank_id: int,
    *,
    item_ids: Sequence[int] | None = None,
    version_ids: Sequence[int] | None = None,
    status: Status | None = None,
    lock: bool = False,
) -> list[Version]:
    """Return the newest versions of a bank's items, of some of them, or those of some versions that are the newest; `lock` as for one."""
    query = _joined().where(ItemRow.bank_id == bank_id, ItemVersionRow.id == ItemRow.latest_version_id)
    if item_ids is not None:
        query = query.where(ItemRow.id.in_(item_ids))
    if version_ids is not None:
        query = query.where(ItemVersionRow.id.in_(version_ids))
    if lock:
        query = query.with_for_update(of=ItemRow).execution_options(populate_existing=True)
    if status is not None:
        query = query.where(ItemRow.status == status)
    return _versions(session, query)


def history(session: Session, bank_id: int, item_id: int) -> list[Version]:
    """Return every version of an item, oldest first."""
    return _versions(session, _joined().where(ItemRow.bank_id == bank_id, ItemRow.id == item_id))


def numbers(session: Session, bank_id: int, item_id: int) -> tuple[str, dict[int, int]]:
    """Return an item's external id and the number of each of its versions; nothing of their content."""
    rows = session.execute(
        select(ItemRow.external_id, ItemVersionRow.id, ItemVersionRow.number)
        .join(ItemVersionRow, ItemVersionRow.item_id == ItemRow.id)
        .where(ItemRow.bank_id == bank_id, ItemRow.id == item_id)
    ).all()
    return next((external for external, _id, _number in rows), ""), {version_id: number for _external, version_id, number in rows}


def named(session: Session, bank_id: int, names: Collection[str], contents: Collection[str] = ()) -> dict[str, tuple[int, str, str]]:
    """Return the items of a bank that go by one of the names or hold one of the contents, by external id: id, status, content's hash."""
    rows = session.execute(
        text(
            "SELECT external_id, id, status, content_hash FROM item"
            " WHERE bank_id = :bank AND (external_id = ANY(CAST(:names AS varchar[])) OR content_hash = ANY(CAST(:contents AS varchar[])))"
        ),
        {"bank": bank_id, "names": list(names), "contents": list(contents)},
    )
    return {external: (item_id, status, content) for external, item_id, status, content in rows}


def digests(session: Session, item_ids: Collection[int]) -> set[tuple[int, str]]:
    """Return what was ever written of some items: item id and digest of each version."""
    rows = session.execute(text("SELECT item_id, digest FROM item_version WHERE item_id = ANY(:items)"), {"items": list(item_ids)})
    return {(item_id, digest) for item_id, digest in rows}


def searched(session: Session, bank_id: int, sizes: Sequence[int]) -> list[tuple[str, list[str]]]:
    """Return the external id and the bigrams of every item of a bank that may be the twin of a text with so many bigrams as one of some."""
    likely = func.cardinality(ItemRow.grams).between(bounds(min(sizes))[0], bounds(max(sizes))[1])
    held = func.array_to_string(ItemRow.grams, "\x1f")  # a text is taken apart ten times as fast as an array of the database
    rows = session.execute(select(ItemRow.external_id, held).where(ItemRow.bank_id == bank_id, likely).order_by(ItemRow.id))
    return [(external, found.split("\x1f")) for external, found in rows if found]


# OFFSET 0 keeps the other conditions out of the lookup, which then goes by the index of the search: left the choice, the planner
# compared every item of the bank with every group, a thousand times as dear.
_NEAR = text(
    "SELECT DISTINCT ON (near.id) near.external_id, near.grams FROM unnest(CAST(:anchors AS varchar[])) AS anchor(held), LATERAL"
    " (SELECT * FROM item WHERE grams @> CAST(string_to_array(anchor.held, chr(31)) AS varchar[]) OFFSET 0) AS near"
    " WHERE near.bank_id = :bank AND cardinality(near.grams) BETWEEN :fewest AND :most ORDER BY near.id"
)


def near(session: Session, bank_id: int, text_grams: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the external id and the bigrams of those items of a bank that may be twins of a text, by the index of the search."""
    fewest, most = bounds(len(text_grams))
    values = {"bank": bank_id, "fewest": fewest, "most": most, "anchors": ["\x1f".join(held) for held in anchors(text_grams)]}
    return [(external, found) for external, found in session.execute(_NEAR, values)]


def words(session: Session, bank_id: int, names: Collection[str]) -> dict[str, str]:
    """Return the plain words of some items by external id; no key."""
    rows = session.execute(select(ItemRow.external_id, ItemRow.plain).where(ItemRow.bank_id == bank_id, ItemRow.external_id.in_(names)))
    return {name: plain for name, plain in rows}  # noqa: C416 - a Row is no pair for dict()
