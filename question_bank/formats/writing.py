"""One door for every format that a bank is given out in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lms.kernel.refusal import N_
from question_bank.domain.draft import Draft
from question_bank.domain.exchange import Beat, Loss, Picture
from question_bank.formats import gift_writing, json_lines, moodle_writing, qti_writing, word_writing, workbook_writing
from question_bank.formats.outgoing_loss import lost

_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True, slots=True)
class Writer:
    """How a bank is written: `write(title, drafts, pictures by digest, beat)`; `losses` names what the format has no place for.

    `beat` is told how many are written by the one format that takes long.
    """

    label: str
    extension: str
    media_type: str
    write: Callable[[str, Sequence[Draft], Mapping[str, Picture], Beat], bytes]
    losses: Callable[[Sequence[Draft]], Sequence[Loss]] = lambda _drafts: ()


def _items_only(write: Callable[[Sequence[Draft], Mapping[str, Picture]], bytes]) -> Callable[[str, Sequence[Draft], Mapping[str, Picture], Beat], bytes]:
    return lambda _title, drafts, pictures, _beat: write(drafts, pictures)


def _of_word(drafts: Sequence[Draft]) -> Sequence[Loss]:
    return list(lost(drafts, ("评分标准", "列表、表头和合并的单元格")))


WRITERS: Mapping[str, Writer] = {
    "excel": Writer(
        "Excel",
        "xlsx",
        f"{_OFFICE}.spreadsheetml.sheet",
        _items_only(lambda drafts, pictures: workbook_writing.write_items(drafts, pictures=pictures)),
        workbook_writing.losses,
    ),
    "word": Writer(N_("Word 试卷与答案"), "docx", f"{_OFFICE}.wordprocessingml.document", word_writing.write_paper, _of_word),
    "gift": Writer("GIFT", "gift.txt", "text/plain", _items_only(lambda drafts, _pictures: gift_writing.write(drafts)), gift_writing.losses),
    "moodle": Writer("Moodle XML", "xml", "application/xml", _items_only(moodle_writing.write), moodle_writing.losses),
    "qti": Writer("QTI 3.0", "zip", "application/zip", _items_only(qti_writing.write), qti_writing.losses),
    "jsonl": Writer(N_("JSON Lines（完整备份）"), "jsonl", "application/x-ndjson", _items_only(json_lines.write)),
}
