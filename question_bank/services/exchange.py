"""Import: a file is read, every row is judged against the bank, and the accepted rows are written in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lms.kernel import audit
from lms.kernel.db import Session, take_time, transaction
from question_bank.domain.draft import Draft, content_hash, name_of, pictures_of, said_key
from question_bank.domain.exchange import Beat, Loss, Reading, quiet
from question_bank.domain.fault import Fault, check_together, fault, faults_of
from question_bank.domain.likeness import Twins, anchors, grams
from question_bank.domain.review import Status
from question_bank.domain.staging import Line, Report, Verdict
from question_bank.domain.version import Version
from question_bank.formats import reading
from question_bank.formats.writing import WRITERS
from question_bank.services import bank as banks
from question_bank.services.drafting import content_of, drafted, formula_faults, plain_of, stored
from question_bank.services.item import Known, Named, known, pool_faults, write
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


def take_in(bank_code: str, read: Reading, *, author_id: int | None, now: datetime, pool: str = "", dry_run: bool = False) -> Report:
    """Bring what was read into a bank (made if there is none of this code) and return what became of each row."""
    read = with_pool(read, pool)
    with transaction() as session:
        row = bank_store.by_code(session, bank_code)
        if row is None and dry_run:
            return judge(session, 0, read)
        bank_id = row.id if row else banks.made(session, bank_code, bank_code, now, {})
        report = judge(session, bank_id, read)
        if not dry_run:
            pictures.keep(session, bank_id, read.pictures, now)
            commit(session, bank_id, report.lines, author_id=author_id, now=now)
            audit.record(session, actor_id=author_id, action="bank.import", subject=f"bank:{bank_code}", now=now, accepted=report.accepted)
        return report


def with_pool(read: Reading, pool: str) -> Reading:
    """Return the reading with a pool for the rows that name none."""
    return replace(read, drafts=tuple(replace(draft, pool=draft.pool or pool) for draft in read.drafts)) if pool else read


def judge(session: Session, bank_id: int, read: Reading, beat: Beat = quiet) -> Report:
    """Return what would become of each row; `beat` is told now and then how many were judged."""
    brought = frozenset(picture.digest for picture in read.pictures)
    lines = tuple(judge_drafts(session, bank_id, read.drafts, brought=brought, beat=beat).values())
    named = [(line, enemy) for line in lines if line.verdict in {Verdict.NEW, Verdict.CHANGE} for enemy in line.draft.enemies]
    names = {line.name for line in lines if line.verdict is not Verdict.REFUSED} | store.named(session, bank_id, {enemy for _, enemy in named}).keys()
    losses = [Loss(line.draft.place, f"互斥试题“{enemy}”不存在，未记录") for line, enemy in named if enemy not in names]
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
    with_twins: bool = True,
) -> dict[int, Line]:
    """Return what would become of each draft, or of those at `only`, by position; `brought` names the pictures that come with them."""
    take_time(session)
    judged = drafts if only is None else [drafts[position] for position in only]
    looked_up = known(session, bank_id, judged)
    together = check_together(drafts)
    unshown = unknown(session, bank_id, drafts, brought=brought)
    matched = {match for draft in judged if (match := _match(draft, looked_up)) is not None}
    before = {version.external_id: version for version in store.latest_of_bank(session, bank_id, item_ids=[looked_up.named[name][0] for name in matched])}
    wanted = None if only is None else frozenset(only)
    lines: dict[int, Line] = {}
    for position, draft in enumerate(drafts):
        if wanted is not None and position not in wanted:
            continue
        if position % BEAT == 0:
            beat(position)
        match = _match(draft, looked_up)
        faults = [*faults_of(draft), *formula_faults(draft), *(found[position] for found in (together, unshown) if position in found)]
        if not faults:
            faults = _faults_in_bank(session, draft, match, looked_up, before.get(match or ""))
        lines[position] = _line(draft, match, faults, looked_up)
    new = [position for position, line in lines.items() if with_twins and line.verdict is Verdict.NEW]
    for position, twin in zip(new, twins_of(session, bank_id, [lines[position].draft for position in new]), strict=True):
        if twin:
            lines[position] = replace(lines[position], twin=twin[0], likeness=twin[1])
    return lines


def twins_of(session: Session, bank_id: int, drafts: Sequence[Draft]) -> list[tuple[str, int] | None]:
    """Return for each draft the most alike item of the bank and the likeness in per cent, if it is alike enough."""
    texts = [grams(plain_of(content_of(draft))) for draft in drafts]
    if sum(len(anchors(held)) for held in texts) <= PROBES:
        return [twin for held in texts for twin in _twins(store.near(session, bank_id, held), [held])]
    return _twins(store.searched(session, bank_id, [len(held) for held in texts]), texts)


def _twins(rows: Sequence[tuple[str, Sequence[str]]], texts: Sequence[Sequence[str]]) -> list[tuple[str, int] | None]:
    return Twins([name for name, _ in rows], [found for _, found in rows]).nearest(texts)


def _match(draft: Draft, looked_up: Known) -> str | None:
    """Return the name of the item that the draft is, if the bank has it."""
    if draft.external_id:
        return draft.external_id if draft.external_id in looked_up.named else None
    return looked_up.contents.get(content_hash(draft))


def _faults_in_bank(session: Session, draft: Draft, match: str | None, looked_up: Known, before: Version | None) -> list[Fault]:
    other = looked_up.contents.get(content_hash(draft))
    if other is not None and other != match:
        return [fault("same_in_bank", "stem")]
    if before is None or _is_known(draft, looked_up.named[before.external_id][0], looked_up):
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


def _line(draft: Draft, match: str | None, faults: Sequence[Fault], looked_up: Known) -> Line:
    name = match or name_of(draft)
    item_id = looked_up.named[match][0] if match else None
    if faults:
        return Line(draft, Verdict.REFUSED, tuple(faults), name, item_id)
    if item_id is not None:
        return Line(draft, Verdict.SAME if _is_known(draft, item_id, looked_up) else Verdict.CHANGE, (), name, item_id)
    return Line(draft, Verdict.NEW, (), name)


def commit(session: Session, bank_id: int, lines: Sequence[Line], *, author_id: int | None, now: datetime) -> dict[str, int]:
    """Write the accepted rows inside the caller's transaction; returns the items written by name."""
    wanted = [line for line in lines if line.verdict in {Verdict.NEW, Verdict.CHANGE}]
    items = write(session, bank_id, [Named(line.draft, line.name, line.item_id) for line in wanted], author_id=author_id, now=now)
    written = {line.name: item_id for line, item_id in zip(wanted, items, strict=True)}
    # A file that names no pool leaves an item where it is.
    store.place_all(session, bank_id, {written[line.name]: line.draft.pool for line in wanted if line.draft.pool}, now)
    # Enemies come last: an item may name one that stands further down in the file.
    named = store.named(session, bank_id, {enemy for line in wanted for enemy in line.draft.enemies})
    names = {name: found[0] for name, found in named.items()}
    for line in lines:
        if line.name in written and line.draft.enemies:
            store.add_enemies(session, written[line.name], [names[enemy] for enemy in line.draft.enemies if enemy in names])
    return written


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
