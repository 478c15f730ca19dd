"""Import: a file is read, every row is judged against the bank, and the accepted rows are written in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from lms.kernel import audit
from lms.kernel.db import Session, take_time, transaction
from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, pictures_of, said_key, topic_code
from question_bank.domain.exchange import Beat, Loss, Reading, quiet
from question_bank.domain.fault import Fault, check_together, fault, faults_of
from question_bank.domain.likeness import ANOTHER, Twins, anchors, grams, likeness
from question_bank.domain.review import Status
from question_bank.domain.staging import Choice, Line, Report, Verdict
from question_bank.domain.version import Version
from question_bank.formats import reading
from question_bank.formats.writing import WRITERS
from question_bank.services import bank as banks
from question_bank.services.drafting import content_of, drafted, formula_faults, plain_of, stored
from question_bank.services.item import AT_ONCE, Known, Named, known, pool_faults, write
from question_bank.services.picture import unknown
from question_bank.store import bank as bank_store
from question_bank.store import picture as pictures
from question_bank.store import version as store

BEAT = 250  # rows between two signs of life
PROBES = 300  # of the index, to look for twins one by one; for more the bigrams of all items of such lengths are loaded once


def import_file(
    bank_code: str,
    content: bytes,
    *,
    author_id: int | None,
    now: datetime,
    pool: str = "",
) -> Report:
    """Read a file of our own into a bank (made if there is none of this code) and return what became of each row."""
    return take_in(bank_code, reading.read(content), author_id=author_id, now=now, pool=pool)


def take_in(bank_code: str, read: Reading, *, author_id: int | None, now: datetime, pool: str = "", dry_run: bool = False, as_updates: bool = False) -> Report:
    """Bring what was read into a bank (made if there is none of this code) and return what became of each row; `as_updates` as judge has it."""
    read = with_pool(read, pool)
    with transaction() as session:
        row = bank_store.by_code(session, bank_code)
        if row is None and dry_run:
            return judge(session, 0, read, as_updates=as_updates)
        bank_id = row.id if row else banks.made(session, bank_code, bank_code, now, {})
        report = judge(session, bank_id, read, as_updates=as_updates)
        if not dry_run:
            pictures.keep(session, bank_id, read.pictures, now)
            commit(session, bank_id, report.lines, author_id=author_id, now=now)
            audit.record(session, actor_id=author_id, action="bank.import", subject=f"bank:{bank_code}", now=now, accepted=report.accepted)
        return report


def with_pool(read: Reading, pool: str) -> Reading:
    """Return the reading with a pool for the rows that name none."""
    return replace(read, drafts=tuple(replace(draft, pool=draft.pool or pool) for draft in read.drafts)) if pool else read


def judge(session: Session, bank_id: int, read: Reading, beat: Beat = quiet, *, as_updates: bool = False) -> Report:
    """Return what would become of each row; `beat` is told now and then how many were judged.

    With `as_updates` every row is the next version of the item that has its number, however little alike.
    """
    brought = frozenset(picture.digest for picture in read.pictures)
    chosen = dict.fromkeys(range(len(read.drafts)), Choice.UPDATE) if as_updates else {}
    lines = tuple(judge_drafts(session, bank_id, read.drafts, brought=brought, beat=beat, chosen=chosen).values())
    named = [(line, enemy) for line in lines if line.verdict in {Verdict.NEW, Verdict.CHANGE} for enemy in line.draft.enemies]
    names = {line.draft.external_id or line.name for line in lines if line.verdict is not Verdict.REFUSED}
    names |= store.named(session, bank_id, {enemy for _, enemy in named}).keys()
    losses = [Loss(line.draft.place, f"互斥试题“{enemy}”不存在，未记录") for line, enemy in named if enemy not in names]
    losses += [Loss(line.draft.place, "编号在题库中属于另一道题，按新题写入时编号后加字母区别") for line in lines if line.is_renamed]
    refused = tuple(Line(draft, Verdict.REFUSED, (why,)) for draft, why in read.refused)
    return Report(read.format, (*lines, *refused), (*read.losses, *losses))


def judge_drafts(
    session: Session,
    bank_id: int,
    drafts: Sequence[Draft],
    *,
    brought: Collection[str] = (),
    beat: Beat = quiet,
    only: Collection[int] | None = None,
    chosen: Mapping[int, Choice] = MappingProxyType({}),
    with_twins: bool = True,
) -> dict[int, Line]:
    """Return what would become of each draft, or of those at `only`, by position.

    `brought` names the pictures that come with them. Where an item of the bank goes by a draft's number, `chosen` says of its position
    whether it is the next version or a new item; without that the likeness of both decides.
    """
    take_time(session)
    drafts = _filed(session, bank_id, drafts)
    wanted = range(len(drafts)) if only is None else sorted(only)
    looked_up = known(session, bank_id, [drafts[position] for position in wanted])
    together = check_together(drafts)
    unshown = unknown(session, bank_id, drafts, brought=brought)
    matches = {position: _match(drafts[position], looked_up, chosen.get(position)) for position in wanted}
    items = {looked_up.named[name][0] for name in matches.values() if name}
    before = {version.external_id: version for version in store.latest_of_bank(session, bank_id, item_ids=list(items))}
    lines: dict[int, Line] = {}
    for position in wanted:
        if position % BEAT == 0:
            beat(position)
        draft, version = drafts[position], before.get(matches[position] or "")
        faults = [*faults_of(draft), *formula_faults(draft), *(found[position] for found in (together, unshown) if position in found)]
        alike = None if faults or version is None else _alike(draft, version, looked_up)
        choice = Choice.UPDATE if alike is None else chosen.get(position) or (Choice.NEW if alike < ANOTHER else Choice.UPDATE)
        version = version if choice is Choice.UPDATE else None
        faults = faults or _faults_in_bank(session, draft, looked_up, version)
        name = version.external_id if version else draft.names[0 if alike is None else -1]
        line = Line(draft, _verdict(draft, faults, version, looked_up), tuple(faults), name, version.item_id if version else None)
        lines[position] = line if alike is None or faults else replace(line, twin=draft.external_id, likeness=alike, choice=choice)
    new = [position for position, line in lines.items() if with_twins and line.verdict is Verdict.NEW]
    for position, (twin, row, likeness_of_both) in twins_of(session, bank_id, drafts, new).items():
        if row is not None and row in lines and lines[row].verdict is Verdict.REFUSED:
            continue  # it will not be there: nothing may be left out for its sake
        if twin or lines[position].twin is None:
            lines[position] = replace(lines[position], twin=twin, twin_row=row, likeness=likeness_of_both)
    return lines


def _filed(session: Session, bank_id: int, drafts: Sequence[Draft]) -> list[Draft]:
    """Return drafts under the codes of their topics: files from outside call topics by their names."""
    topics = banks.topics_in(session, bank_id, bank_store.topics(session, bank_id))
    codes = {words: topic_code(words, topics) for words in {draft.topic for draft in drafts}}
    return [draft if codes[draft.topic] == draft.topic else replace(draft, topic=codes[draft.topic]) for draft in drafts]


def twins_of(session: Session, bank_id: int, drafts: Sequence[Draft], wanted: Sequence[int]) -> dict[int, tuple[str | None, int | None, int]]:
    """Return what the drafts at `wanted` are much like: the name of an item, or else the position of an earlier draft, and by how many per cent."""
    if not wanted:
        return {}
    texts = [grams(plain_of(content_of(draft))) for draft in drafts]
    asked = [texts[position] for position in wanted]
    if sum(len(anchors(held)) for held in asked) <= PROBES:
        rows = {name: found for held in asked for name, found in store.near(session, bank_id, held)}
    else:
        rows = dict(store.searched(session, bank_id, [len(held) for held in asked]))
    names = tuple(rows)
    twins = Twins([*rows.values(), *texts])
    found: dict[int, tuple[str | None, int | None, int]] = {}
    for position in wanted:
        if nearest := twins.nearest(len(names) + position, len(names)):
            at, alike = nearest
            found[position] = (names[at], None, alike) if at < len(names) else (None, at - len(names), alike)
    return found


def _match(draft: Draft, looked_up: Known, choice: Choice | None) -> str | None:
    """Return the name of the item that the draft is, if the bank has it: an update means the item with its very number."""
    if not draft.external_id:
        return looked_up.contents.get(draft.content_hash)
    return next((name for name in (draft.names if choice is Choice.UPDATE else reversed(draft.names)) if name in looked_up.named), None)


def _alike(draft: Draft, before: Version, looked_up: Known) -> int | None:
    """Return by how many per cent a draft is like the item of its number, where it asks otherwise: files from outside number theirs 1, 2, 3."""
    asks_the_same = looked_up.contents.get(draft.content_hash) == before.external_id
    if before.external_id != draft.external_id or asks_the_same or _is_known(draft, before.item_id, looked_up):
        return None
    return likeness(grams(plain_of(content_of(draft))), grams(plain_of(before.content)))


def _faults_in_bank(session: Session, draft: Draft, looked_up: Known, before: Version | None) -> list[Fault]:
    other = looked_up.contents.get(draft.content_hash)
    if other is not None and (before is None or other != before.external_id):
        return [fault("same_in_bank", "stem")]
    if before is None or _is_known(draft, before.item_id, looked_up):
        return []
    if before.status is Status.RETIRED:
        return [fault("retired", "external_id")]
    if not draft.external_id and said_key(drafted(before)) != said_key(draft):
        return [fault("same_other_key", "key")]
    # A file that names no pool leaves an item where it is.
    return pool_faults(session, before, draft) if draft.pool else []


def _is_known(draft: Draft, item_id: int, looked_up: Known) -> bool:
    """Tell whether this was ever written: then a re-import neither changes anything nor takes back a later edit."""
    return (item_id, stored(draft).digest) in looked_up.digests


def _verdict(draft: Draft, faults: Sequence[Fault], before: Version | None, looked_up: Known) -> Verdict:
    if faults:
        return Verdict.REFUSED
    if before is None:
        return Verdict.NEW
    return Verdict.SAME if _is_known(draft, before.item_id, looked_up) or _is_same(draft, drafted(before)) else Verdict.CHANGE


def _is_same(draft: Draft, before: Draft) -> bool:
    return stored(completed(draft, before)).digest == stored(before).digest


def completed(draft: Draft, before: Draft) -> Draft:
    """Return an update with what its file says nothing of, often because its format has no place for it, as it is in the bank.

    Rows are kept as they were read: what they leave as it is may change until they are written.
    """
    says_difficulty = bool(draft.difficulty_text) or draft.difficulty != DEFAULT_DIFFICULTY
    return replace(
        draft,
        topic=draft.topic or before.topic,
        level=draft.level or before.level,
        difficulty=draft.difficulty if says_difficulty else before.difficulty,
        points=draft.points or before.points,
        pool=draft.pool or before.pool,
        enemies=tuple(dict.fromkeys((*before.enemies, *draft.enemies))),  # a file only adds to them
        tags=draft.tags or before.tags,
        source=draft.source or before.source,
        model=draft.model or (before.model if draft.type == before.type else ""),
        rubric=draft.rubric or (before.rubric if draft.type == before.type else ()),
    )


def commit(session: Session, bank_id: int, lines: Sequence[Line], *, author_id: int | None, now: datetime) -> dict[str, int]:
    """Write the accepted rows inside the caller's transaction; returns the items written by name."""
    wanted = [line for line in lines if line.verdict in {Verdict.NEW, Verdict.CHANGE}]
    items: list[int] = []
    for begin in range(0, len(wanted), AT_ONCE):
        items += write(session, bank_id, _named(session, bank_id, wanted[begin : begin + AT_ONCE]), author_id=author_id, now=now)
    written = {line.name: item_id for line, item_id in zip(wanted, items, strict=True)}
    # A file that names no pool leaves an item where it is.
    store.place_all(session, bank_id, {written[line.name]: line.draft.pool for line in wanted if line.draft.pool}, now)
    # Enemies come last: an item may name one that stands further down in the file, under the number it has there.
    renamed = {line.draft.external_id: line.name for line in lines if line.verdict not in {Verdict.REFUSED, Verdict.SKIPPED}}
    enemies = {line.name: {renamed.get(enemy, enemy) for enemy in line.draft.enemies} for line in wanted if line.draft.enemies}
    named = store.named(session, bank_id, set().union(*enemies.values()))
    for name, others in enemies.items():
        store.add_enemies(session, written[name], [named[other][0] for other in others if other in named])
    return written


def _named(session: Session, bank_id: int, lines: Sequence[Line]) -> list[Named]:
    """Return rows as they are to be written, updates completed from their items as they stand now."""
    updated = [line.item_id for line in lines if line.item_id]
    before = {each.item_id: drafted(each) for each in store.latest_of_bank(session, bank_id, item_ids=updated)} if updated else {}
    return [Named(completed(line.draft, before[line.item_id]) if line.item_id else line.draft, line.name, line.item_id) for line in lines]


@dataclass(frozen=True, slots=True)
class Exported:
    """A bank written out."""

    content: bytes
    extension: str
    media_type: str
    losses: tuple[Loss, ...]  # what the format has no place for


def export(bank_code: str, *, person_id: int | None, now: datetime, form: str = "excel", beat: Beat = quiet) -> Exported:
    """Return the bank in one of the formats it can be written in; that its keys were seen is recorded. `beat` is told now and then how many are written."""
    writer = WRITERS[form]
    with transaction() as session:
        take_time(session)
        bank = banks.existing(session, bank_code)
        found = [version for version in store.latest_of_bank(session, bank.id) if version.status is not Status.RETIRED]
        drafts = [drafted(version) for version in found]
        shown = pictures.of_bank(session, bank.id, frozenset().union(*map(pictures_of, drafts)))
        items = [version.item_id for version in found]
        audit.record(session, actor_id=person_id, action="bank.export", subject=f"bank:{bank_code}", now=now, form=form, items=items)
    content = writer.write(bank.name, drafts, {picture.digest: picture for picture in shown}, beat)
    return Exported(content, writer.extension, writer.media_type, tuple(writer.losses(drafts)))
