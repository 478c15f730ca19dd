"""Excel files written: the bank's own table, which reads back as it was; every cell is text, never a formula."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import xlsxwriter

from question_bank.domain.draft import PICTURE, Draft
from question_bank.domain.exchange import Loss, Picture
from question_bank.domain.item import LETTERS, TYPE_LABELS, ItemType
from question_bank.domain.notation import labelled
from question_bank.domain.written_answer import PAIRS, write_answer, write_rubric

_MOST_SIGNS = 32_767  # of a cell, in the units of UTF-16 that Excel counts
_PICTURE_ROW = 120  # points
_PICTURE_SIDE = 100  # pixels


@dataclass(frozen=True, slots=True)
class Notes:
    """A sheet of words beside the items, one that no import reads (table.INSTRUCTIONS)."""

    sheet: str
    rows: Sequence[Sequence[str]]


def losses(drafts: Sequence[Draft]) -> list[Loss]:
    """Return what has no room in a cell; there the cell stays empty, since a part of it would say something else."""
    return [
        Loss(draft.external_id, "超过 Excel 单元格 32767 字上限的内容未写入")
        for draft in drafts
        if not all(map(_fits, _row(draft, len(draft.options), len(draft.prompts))))
    ]


def _fits(cell: str) -> bool:
    return len(cell) <= _MOST_SIGNS // 2 or len(cell.encode("utf-16-le")) // 2 <= _MOST_SIGNS


def write_items(
    drafts: Sequence[Draft], *, pictures: Mapping[str, Picture] | None = None, reasons: Sequence[str] | None = None, notes: Notes | None = None
) -> bytes:
    """Return a workbook with one row for each draft; `pictures` stand in the cells that name them, `reasons` adds why each was refused."""
    width = max([4, *(len(draft.options) for draft in drafts)])
    prompts = max([0, *(len(draft.prompts) for draft in drafts)])
    option_letters = LETTERS[:width]
    headings = [
        "试题编号",
        "题型",
        "题干",
        *(f"条目{number}" for number in range(1, prompts + 1)),
        *(f"选项{letter}" for letter in option_letters),
        "答案",
        "解析",
        *(f"选项{letter}解析" for letter in option_letters),
    ]
    headings += ["知识点", "认知层次", "难度", "分值", "用途", "标签", "来源", "互斥试题"]
    rows = [_row(draft, width, prompts) for draft in drafts]
    if any(draft.by_pairs for draft in drafts):
        headings.append("排序计分")
        rows = [[*row, PAIRS if draft.by_pairs else ""] for row, draft in zip(rows, drafts, strict=True)]
    if any(draft.rubric for draft in drafts):
        headings.append("评分标准")
        rows = [[*row, write_rubric(draft.rubric)] for row, draft in zip(rows, drafts, strict=True)]
    headings += ["错误原因"] if reasons is not None else []
    if reasons is not None:
        rows = [[*row, reason] for row, reason in zip(rows, reasons, strict=True)]
    return _workbook("题库", headings, rows, notes, pictures or {})


def _row(draft: Draft, width: int, prompts: int) -> list[str]:
    blank = [""] * max(width, prompts)
    return [
        draft.external_id,
        TYPE_LABELS[ItemType(draft.type)] if draft.type in set(ItemType) else draft.type,
        draft.stem,
        *[*draft.prompts, *blank][:prompts],
        *[*labelled(draft.options), *blank][:width],
        write_answer(draft),
        draft.explanation,
        *[*draft.option_explanations, *blank][:width],
        draft.topic,
        draft.level,
        # A point makes figures shares even in a column of whole ones.
        f"{draft.difficulty:.17g}{'' if draft.difficulty % 1 else '.0'}" if draft.difficulty is not None else draft.difficulty_text,
        f"{draft.points / 100:g}" if draft.points else "",
        {"exam": "考试", "practice": "练习"}.get(draft.pool, draft.pool),
        "、".join(draft.tags),
        draft.source,
        "、".join(draft.enemies),
    ]


def _shown(picture: Picture, at: int, described: str) -> dict[str, object]:
    """Return how a picture stands on its cell, below the words."""
    scale = min(1.0, _PICTURE_SIDE / max(picture.width, picture.height, 1))
    place = {"x_offset": 4 + 12 * at, "y_offset": 40, "x_scale": scale, "y_scale": scale, "object_position": 1}
    return {"image_data": io.BytesIO(picture.content), "description": described, **place}


def _workbook(name: str, headings: Sequence[str], rows: Sequence[Sequence[str]], notes: Notes | None, pictures: Mapping[str, Picture]) -> bytes:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    head, wrapped = (
        book.add_format({"bold": True, "bg_color": "#E4ECF2", "border": 1}),
        book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"}),
    )
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 3)
    for column, heading in enumerate(headings):
        sheet.set_column(column, column, 44 if heading == "题干" else 22 if "选项" in heading or heading == "解析" else 12)
        sheet.write_string(0, column, heading, head)
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if cell and _fits(cell):
                sheet.write_string(line, column, cell, wrapped)
            for at, found in enumerate(PICTURE.finditer(cell)):
                if picture := pictures.get(found["digest"]):
                    sheet.set_row(line, _PICTURE_ROW)
                    sheet.insert_image(line, column, found["digest"], _shown(picture, at, found["alternative"]))
    if notes:
        beside = book.add_worksheet(notes.sheet)
        for line, cells in enumerate(notes.rows):
            for column, words in enumerate(cells):
                beside.set_column(column, column, 100 if column == len(cells) - 1 else 30)
                beside.write_string(line, column, words, wrapped)
    book.close()
    return held.getvalue()
