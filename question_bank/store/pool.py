"""What other packages read of approved items, and the use they report."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lms.kernel.statement import Statement
from question_bank.domain.item import Explanation, ItemContent, ItemType, Key, Level, PoolItem, PracticeItem
from question_bank.store.item import ItemUseRow, ItemVersionRow, read_content, read_key

_ENEMIES = "ARRAY(SELECT enemy_id FROM item_enemy WHERE item_id = i.id UNION ALL SELECT item_id FROM item_enemy WHERE enemy_id = i.id)"
_POOL_ITEM = f"SELECT v.id, i.id, i.external_id, v.type, v.topic, v.level, coalesce(m.difficulty, v.difficulty), v.points, {_ENEMIES}"
_ON_TOPIC = Statement(
    text(
        f"SELECT v.id AS version, i.id AS item, v.type, {_ENEMIES} AS enemies"  # noqa: S608 - constants
        " FROM bank b JOIN item_pool p ON p.bank_id = b.id JOIN item i ON i.id = p.item_id JOIN item_version v ON v.id = i.approved_version_id"
        " WHERE b.code = :bank AND p.pool = 'practice' AND i.status <> 'retired' AND v.topic = :topic ORDER BY i.id"
    )
)


def pool(session: Session, bank_code: str, name: str) -> list[PoolItem]:
    """Return the approved items of one pool, in the order of their ids; a measured difficulty takes the place of the author's estimate."""
    rows = session.execute(
        text(
            f"{_POOL_ITEM} FROM item_pool p JOIN bank b ON b.id = p.bank_id JOIN item i ON i.id = p.item_id JOIN item_version v ON v.id = i.approved_version_id"
            " LEFT JOIN item_measure m ON m.version_id = v.id"
            " WHERE b.code = :bank AND p.pool = :pool AND i.status <> 'retired' ORDER BY i.id"
        ),
        {"bank": bank_code, "pool": name},
    )
    return list(map(_pool_item, rows))


def frozen(session: Session, version_ids: Sequence[int]) -> list[PoolItem]:
    """Return versions as they were once drawn from, whether their items are still offered or not, in the order of their items' ids."""
    query = (
        f"{_POOL_ITEM} FROM item_version v JOIN item i ON i.id = v.item_id LEFT JOIN item_measure m ON m.version_id = v.id WHERE v.id = ANY(:ids) ORDER BY i.id"
    )
    return list(map(_pool_item, session.execute(text(query), {"ids": list(version_ids)})))


def _pool_item(row: Sequence[Any]) -> PoolItem:
    version, item, external, kind, topic, level, difficulty, points, enemies = row
    return PoolItem(
        version_id=version, item_id=item, external_id=external, type=ItemType(kind), topic=topic,
        level=Level(level) if level else None, difficulty=difficulty, points=points, enemies=frozenset(enemies),
    )  # fmt: skip


def on_topic(session: Session, bank_code: str, topic: str) -> list[PracticeItem]:
    """Return the approved practice items of a topic, in the order of their ids."""
    rows = _ON_TOPIC.rows(session, bank=bank_code, topic=topic)
    return [PracticeItem(version, item, ItemType(kind), frozenset(enemies)) for version, item, kind, enemies in rows]


def practice(session: Session) -> dict[str, dict[str, int]]:
    """Return how many approved practice items that a machine can score each bank has, by bank and topic."""
    rows = session.execute(
        text(
            "SELECT b.code, v.topic, count(*) FROM item_pool p JOIN bank b ON b.id = p.bank_id JOIN item i ON i.id = p.item_id"
            " JOIN item_version v ON v.id = i.approved_version_id WHERE p.pool = 'practice' AND i.status <> 'retired' AND v.type <> ALL(:by_people)"
            " GROUP BY b.id, b.code, v.topic ORDER BY b.id, v.topic"
        ),
        {"by_people": [str(kind) for kind in ItemType if kind.marked_by_people]},
    )
    found: dict[str, dict[str, int]] = {}
    for code, topic, count in rows:
        found.setdefault(code, {})[topic] = count
    return found


def contents(session: Session, version_ids: Sequence[int]) -> Mapping[int, ItemContent]:
    """Return what candidates see of the versions; the key is not even read."""
    rows = session.execute(
        select(
            ItemVersionRow.id,
            ItemVersionRow.type,
            ItemVersionRow.stem_html,
            ItemVersionRow.options_html,
            ItemVersionRow.prompts_html,
            ItemVersionRow.blanks,
        ).where(ItemVersionRow.id.in_(version_ids))
    )
    return {version: read_content(kind, stem, options, prompts, blanks) for version, kind, stem, options, prompts, blanks in rows}


def keys(session: Session, version_ids: Sequence[int]) -> Mapping[int, Key]:
    """Return the keys of the versions."""
    rows = session.execute(select(ItemVersionRow.id, ItemVersionRow.key).where(ItemVersionRow.id.in_(version_ids)))
    return {version: read_key(key) for version, key in rows}


def external_ids(session: Session, version_ids: Sequence[int]) -> dict[int, str]:
    """Return the external ids of the items behind versions."""
    found = text("SELECT v.id, i.external_id FROM item_version v JOIN item i ON i.id = v.item_id WHERE v.id = ANY(:ids)")
    return {row.id: row.external_id for row in session.execute(found, {"ids": list(version_ids)})}


def versions_of(session: Session, bank_code: str, external_id: str) -> list[int]:
    """Return every version of the item of this name."""
    rows = session.scalars(
        text("SELECT v.id FROM item_version v JOIN item i ON i.id = v.item_id JOIN bank b ON b.id = i.bank_id WHERE b.code = :bank AND i.external_id = :name"),
        {"bank": bank_code, "name": external_id},
    )
    return list(rows)


def explanations(session: Session, version_ids: Sequence[int]) -> Mapping[int, Explanation]:
    """Return the explanations of the versions."""
    rows = session.execute(
        select(ItemVersionRow.id, ItemVersionRow.explanation_html, ItemVersionRow.option_explanations_html).where(ItemVersionRow.id.in_(version_ids))
    )
    return {version: Explanation(overall, tuple(options)) for version, overall, options in rows}


def record_use(session: Session, version_ids: Sequence[int], *, purpose: str, title: str, times: int, now: datetime) -> None:
    """Write one line of use for each version."""
    session.add_all(ItemUseRow(version_id=version, purpose=purpose, title=title, times=times, at=now) for version in version_ids)
    session.flush()
