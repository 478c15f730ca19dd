"""Papers as shown: joined from item fragments that each process keeps as JSON bytes."""

import msgspec

from exam.domain import response as responses
from exam.domain.blueprint import Blueprint
from exam.domain.paper import Paper
from exam.domain.result import ItemPlace
from exam.services.payload import Section
from exam.store import exam as exams
from exam.store import paper as store
from lms.kernel.db import Session
from question_bank import api as bank

MOST_FRAGMENTS = 50_000
MOST_SETS = 200
DIGEST = 64

# Item versions, frozen pools and blueprint versions never change, so what is kept here is never stale.
_fragments: dict[int, tuple[bytes, tuple[bytes, ...], str]] = {}
_places: dict[int, dict[int, ItemPlace]] = {}
_heads: dict[int, tuple[bytes, tuple[int, ...]]] = {}


def forget() -> None:
    """Drop what this process keeps."""
    for kept in (_fragments, _places, _heads):
        kept.clear()


def places(session: Session, assembly_id: int) -> dict[int, ItemPlace]:
    """Return the frozen pool behind a set of papers."""
    found = _places.get(assembly_id)
    if found is None:
        if len(_places) >= MOST_SETS:
            _places.clear()
        found = _places[assembly_id] = store.places(session, assembly_id)
    return found


def content(session: Session, exam_id: int, assembly_id: int, paper: Paper) -> bytes:
    """Return the whole paper as JSON: stems and options in its own order, never a key."""
    head, points = _head(session, exam_id, assembly_id)
    fragments, orders, width = _wanted(session, paper), paper.orders, paper.width
    items = []
    for index, version in enumerate(paper.version_ids):
        begin, options, _sign = fragments[version]
        shown = b",".join([options[original] for original in orders[index * width : index * width + len(options)]])
        items.append(b'{"position":%d,"points":%d,%b[%b]}' % (index + 1, points[index], begin, shown))
    return b'{"sections":%b,"items":[%b]}' % (head, b",".join(items))


def shape(session: Session, paper: Paper) -> str:
    """Return one sign a position that says what it takes."""
    fragments = _wanted(session, paper)
    return "".join(fragments[version][2] for version in paper.version_ids)


def shows(session: Session, paper: Paper, digest: str) -> bool:
    """Tell whether an item of the paper shows a picture."""
    fragments, name = _wanted(session, paper), digest.encode()
    return len(name) == DIGEST and any(
        name in begin or any(name in option for option in options) for begin, options, _sign in map(fragments.__getitem__, paper.version_ids)
    )


def position_points(session: Session, exam_id: int, assembly_id: int) -> tuple[int, ...]:
    """Return the points of each position."""
    return _head(session, exam_id, assembly_id)[1]


def _head(session: Session, exam_id: int, assembly_id: int) -> tuple[bytes, tuple[int, ...]]:
    found = _heads.get(assembly_id)
    if found is None:
        if len(_heads) >= MOST_SETS:
            _heads.clear()
        blueprint = exams.blueprint_of(session, exam_id)
        found = _heads[assembly_id] = (_sections(blueprint), blueprint.position_points)
    return found


def _sections(blueprint: Blueprint) -> bytes:
    return msgspec.json.encode([Section(section.title, first + 1, end, section.points) for section, first, end in blueprint.spans()])


def _wanted(session: Session, paper: Paper) -> dict[int, tuple[bytes, tuple[bytes, ...], str]]:
    lacking = [version for version in paper.version_ids if version not in _fragments]
    if lacking:
        if len(_fragments) > MOST_FRAGMENTS:
            _fragments.clear()
            lacking = list(paper.version_ids)
        for version, item in bank.contents(session, lacking).items():
            parts = tuple(map(msgspec.json.encode, (str(item.type), item.stem_html, item.prompts_html)))
            sign = responses.letter(responses.shape_of(item))
            _fragments[version] = (b'"type":%b,"stem":%b,"prompts":%b,"options":' % parts, tuple(map(msgspec.json.encode, item.options_html)), sign)
    return _fragments
