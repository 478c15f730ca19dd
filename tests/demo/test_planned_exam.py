"""The exam whose papers are left to whoever looks at the demo."""

from demo import planned_exam
from demo.province import FOLDER
from exam.domain import blueprint as blueprints
from exam.domain.assembly import assemble
from question_bank.domain.item import ItemType, Level, PoolItem
from question_bank.formats import json_lines

PAPERS = 20


def test_papers_can_be_drawn_from_the_bank_that_the_demo_brings() -> None:
    drafts = json_lines.read((FOLDER / "items/makeup/single.jsonl").read_text(encoding="utf-8")).drafts
    pool = [
        PoolItem(number, number, draft.external_id, ItemType(draft.type), draft.topic, Level(draft.level), float(draft.difficulty or 0))
        for number, draft in enumerate(drafts)
    ]
    options = {number: len(draft.options) for number, draft in enumerate(drafts)}
    made = assemble(blueprints.from_mapping(planned_exam.BLUEPRINT), pool, options, papers_wanted=PAPERS, seed=1)
    assert len(made.papers) == PAPERS
