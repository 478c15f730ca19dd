"""Sheets of rows become drafts, whatever the order of the columns."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from question_bank.domain import notation
from question_bank.domain.draft import DEFAULT_DIFFICULTY, Draft, tidy
from question_bank.domain.exchange import Loss
from question_bank.domain.item import ItemType
from question_bank.formats import headings
from question_bank.formats.headings import Headings
from question_bank.formats.workbook import Sheet

INSTRUCTIONS = frozenset({"填写说明", "说明", "使用说明", "导入说明", "Instructions"})


def read(sheets: Sequence[Sheet]) -> tuple[list[Draft], list[Loss]]:
    """Return the drafts of every sheet that has the headings of a bank, and what was not kept of the others."""
    drafts: list[Draft] = []
    losses: list[Loss] = []
    for sheet in sheets:
        found = headings.find(sheet)
        if found is None and sheet.name.strip() in INSTRUCTIONS:
            continue
        if found is None:
            losses.append(Loss(sheet.name or "文件", "没有题干和答案的表头，这张表未导入"))
            continue
        losses += [Loss(_place(sheet, found.row), f"列“{word}”未导入") for word in found.unknown]
        drafts += _Table(sheet, found).drafts()
    return drafts, losses


def _place(sheet: Sheet, position: int) -> str:
    line = f"第 {sheet.first + position} 行"
    return f"{sheet.name} {line}" if sheet.name else line


class _Table:
    """One sheet with its headings."""

    def __init__(self, sheet: Sheet, found: Headings) -> None:
        self.sheet, self.found = sheet, found
        heading = tuple(cell.strip() for cell in sheet.rows[found.row])
        self.rows = [
            (position, row)
            for position, row in enumerate(sheet.rows[found.row + 1 :], start=found.row + 1)
            if any(cell.strip() for cell in row) and tuple(cell.strip() for cell in row) != heading
        ]
        self.rows = [(position, row) for position, row in self.rows if self._is_item(row)]
        self.sheet_type = notation.read_type(sheet.name) if notation.is_known_type(sheet.name) else ""
        self.codes = self._codes()
        self.as_share = self._figures_are_shares()

    def _is_item(self, row: Sequence[str]) -> bool:
        """A row with nothing but its number, type or score is a left-over of the template, not an item."""
        columns = [self.found.columns[role] for role in ("stem", "key", "options") if role in self.found.columns]
        return any(column < len(row) and row[column].strip() for column in (*columns, *self.found.options.values()))

    def drafts(self) -> list[Draft]:
        """Return a draft for each row."""
        return [self._draft(position, row) for position, row in self.rows]

    def cell(self, row: Sequence[str], role: str) -> str:
        """Return what a row holds in a role's column."""
        column = self.found.columns.get(role)
        return row[column].strip() if column is not None and column < len(row) else ""

    def _options(self, row: Sequence[str]) -> list[str]:
        named = self._by_position(row, self.found.options)
        return named if any(named) else notation.split_options(self.cell(row, "options"))

    @staticmethod
    def _by_position(row: Sequence[str], columns: Mapping[int, int]) -> list[str]:
        texts = [""] * (max(columns) + 1) if columns else []
        for position, column in columns.items():
            texts[position] = row[column].strip() if column < len(row) else ""
        while texts and not texts[-1]:
            texts.pop()
        return texts

    def _guess(self, row: Sequence[str]) -> str:
        """Return the type that the key and the options speak for."""
        key, options = self.cell(row, "key"), self._options(row)
        if notation.looks_like_judgement(key) or (not options and notation.means(key) is not None):
            return ItemType.TRUE_FALSE
        if len(options) == 2 and {notation.means(option) for option in options} == {True, False}:
            return ItemType.TRUE_FALSE
        if not options:
            return ""
        return ItemType.MULTIPLE if len(notation.read_key(key, ItemType.MULTIPLE, options)) > 1 else ItemType.SINGLE

    def _codes(self) -> dict[str, str]:
        """Types written as figures: 0, 1, 2 mean different things in different templates, so the rows themselves decide."""
        guesses: dict[str, list[str]] = defaultdict(list)
        for _, row in self.rows:
            code = self.cell(row, "type")
            if code.isdecimal():
                guesses[code].append(self._guess(row))
        meaning: dict[str, str] = {}
        for code, found in guesses.items():
            if ItemType.MULTIPLE in found:
                meaning[code] = ItemType.MULTIPLE
            else:
                meaning[code] = max(dict.fromkeys(found), key=found.count)
        return meaning

    def _figures_are_shares(self) -> bool:
        """Difficulties between 0 and 1 are shares; whole figures up to 5 are steps. The column as a whole decides."""
        return any("." in self.cell(row, "difficulty") or self.cell(row, "difficulty") == "0" for _, row in self.rows)

    def _type(self, row: Sequence[str]) -> str:
        written = self.cell(row, "type")
        if written.isdecimal():
            return self.codes[written]
        return notation.read_type(written) if written else self.sheet_type or self._guess(row)

    def _draft(self, position: int, row: Sequence[str]) -> Draft:
        kind = self._type(row)
        options = self._options(row)
        explanations = self._by_position(row, self.found.option_explanations)
        key_text = self.cell(row, "key")
        if self.found.right and not key_text:
            marked = [at for at, column in self.found.right.items() if column < len(row) and notation.means(row[column]) is True]
            key: tuple[int, ...] = tuple(sorted(marked))
        else:
            key = notation.read_key(key_text, kind, options)
        difficulty_text = self.cell(row, "difficulty")
        tags = [word for role in ("tags", "section", "subject", "grade") for word in _words(self.cell(row, role))]
        return tidy(
            Draft(
                place=_place(self.sheet, position),
                external_id=self.cell(row, "external_id"),
                type=kind,
                stem=self.cell(row, "stem"),
                options=tuple(options),
                option_explanations=tuple(explanations),
                key=key,
                key_text=key_text,
                explanation=self.cell(row, "explanation"),
                topic=self.cell(row, "topic"),
                level=notation.read_level(self.cell(row, "level")),
                difficulty=notation.read_difficulty(difficulty_text, as_share=self.as_share) if difficulty_text else DEFAULT_DIFFICULTY,
                difficulty_text=difficulty_text,
                points=_points(self.cell(row, "points")),
                pool=notation.read_pool(self.cell(row, "pool")),
                enemies=tuple(_words(self.cell(row, "enemies"))),
                tags=tuple(tags),
                source=self.cell(row, "source"),
            )
        )


def _words(cell: str) -> list[str]:
    return [word for word in cell.replace("，", ",").replace("、", ",").replace("；", ",").replace(";", ",").replace("|", ",").split(",") if word.strip()]


def _points(cell: str) -> int | None:
    """Return hundredths; anything that is no positive figure comes back as 0, which is a fault of the draft."""
    written = cell.strip().removesuffix("分")
    if not written:
        return None
    try:
        value = Decimal(written) * 100
    except InvalidOperation:
        return 0
    return int(value) if value.is_finite() and value == value.to_integral_value() and 0 < value <= 1_000_000 else 0
