# ruff: noqa: E501 - XML as other programs write it
"""What an Excel file holds besides its cells' words: pictures, macros, formulas; and what we write into one."""

import contextlib
import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

import pytest
import xlsxwriter
from PIL import Image

from question_bank.domain.draft import Draft, tidy
from question_bank.formats import picture, reading, workbook_writing
from question_bank.formats.unreadable import Unreadable
from tests.question_bank.formats.test_archive import repacked, same
from tests.question_bank.formats.test_table import HEAD, only

RELATION = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="image" Target="media/1.png"/></Relationships>'
CELL_IMAGES = (
    '<etc:cellImages xmlns:etc="http://www.wps.cn/officeDocument/2017/etCustomData" xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><etc:cellImage><xdr:pic>'
    '<xdr:nvPicPr><xdr:cNvPr id="1" name="ID_1"/></xdr:nvPicPr><xdr:blipFill><a:blip r:embed="r1"/></xdr:blipFill></xdr:pic></etc:cellImage></etc:cellImages>'
)


def png(colour: str) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(held, "PNG")
    return held.getvalue()


def test_floating_pictures_join_the_cells_they_stand_on_and_others_are_named() -> None:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = made.add_worksheet("题库")
    for line, row in enumerate([["标题"], [], HEAD, ["单选", "看图", "", "乙", "丙", "A"]]):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell)
    for line, column, colour in ((3, 2, "red"), (3, 1, "blue"), (3, 1, "green"), (0, 4, "black")):
        sheet.insert_image(line, column, f"{colour}.png", {"image_data": io.BytesIO(png(colour)), "description": colour})
    made.close()
    found = reading.read(held.getvalue())
    draft = only(found)
    red, blue, green = (picture.read(png(colour)).digest for colour in ("red", "blue", "green"))
    assert draft.stem == f"看图\n![blue](picture:{blue})\n![green](picture:{green})"
    assert (draft.options, draft.key) == ((f"![red](picture:{red})", "乙", "丙"), (0,))
    assert {each.digest for each in found.pictures} == {red, blue, green}
    assert [(loss.place, loss.what) for loss in found.losses] == [("题库 E1", "这张图片不在试题的单元格里，未导入")]


def test_items_of_hidden_rows_are_told() -> None:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = made.add_worksheet("题库")
    for line, row in enumerate([["说明"], HEAD, *(["单选", f"问{at}", "甲", "乙", "丙", "A"] for at in range(40))]):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell)
    for line in (0, 3, 7, 60):
        sheet.set_row(line, None, None, {"hidden": True})
    made.close()
    found = reading.read(held.getvalue())
    assert len(found.drafts) == 40
    assert [(loss.place, loss.what) for loss in found.losses] == [("题库", "第 4、8 行在 Excel 中是隐藏的，其中的题一并导入，请核对")]


def test_words_far_to_the_right_are_told() -> None:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = made.add_worksheet("题库")
    for line, row in enumerate([HEAD, ["单选", "问", "甲", "乙", "丙", "A"]]):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell)
    sheet.write(2, 16_383, "备注")
    sheet.write(1, 300, " ")
    made.close()
    found = reading.read(held.getvalue())
    assert [draft.stem for draft in found.drafts] == ["问"]
    assert [(loss.place, loss.what) for loss in found.losses] == [("题库", "第 200 列以后有 1 格文字，未导入")]


def test_pictures_that_wps_keeps_inside_cells() -> None:
    rows: list[Sequence[object]] = [HEAD, ["单选", "看图", '=DISPIMG("ID_1",1)', "乙", "丙", "A"]]
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True, "strings_to_formulas": False})
    sheet = made.add_worksheet("s")
    for line, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell)
    made.close()
    with zipfile.ZipFile(held, "a") as packed:
        for name, content in (("xl/cellimages.xml", CELL_IMAGES), ("xl/_rels/cellimages.xml.rels", RELATION)):
            packed.writestr(name, content)
        packed.writestr("xl/media/1.png", png("red"))
    assert only(reading.read(held.getvalue())).options[0] == f"![](picture:{picture.read(png('red')).digest})"


def test_an_exported_picture_comes_back_where_it_was() -> None:
    shown = picture.read(png("red"))
    draft = tidy(Draft(type="single", stem=f"看![红](picture:{shown.digest})图", options=("甲", f"![](picture:{shown.digest})"), key=(1,)))
    found = reading.read(workbook_writing.write_items([draft], pictures={shown.digest: shown}))
    assert (only(found).stem, only(found).options, found.pictures, found.losses) == (draft.stem, draft.options, (shown,), ())


def test_macros_and_links_to_other_files_are_named_and_never_followed() -> None:
    hostile = repacked(same, {"xl/vbaProject.bin": b"x", "xl/externalLinks/externalLink1.xml": b"<x/>"})
    assert [loss.what for loss in reading.read(hostile).losses] == ["宏未导入", "指向其他文件的链接没有打开，使用文件中保存的值"]


def test_a_formula_gives_the_value_that_was_saved() -> None:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = made.add_worksheet("s")
    sheet.write_row(0, 0, HEAD)
    sheet.write_row(1, 0, ["单选", "几？"])
    sheet.write_formula(1, 2, "=15+15", None, 30)
    sheet.write_row(1, 3, ["乙", "丙", "A"])
    made.close()
    assert only(reading.read(held.getvalue())).options[0] == "30"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", "＝", "＋", "－", "＠", '=HYPERLINK("http://x","y")&', "=cmd|' /C calc'!A0"])
def test_nothing_we_write_is_a_formula(begin: str) -> None:
    words = f"{begin}1+1"
    draft = Draft(type="single", stem=words, options=(words, "乙"), key=(0,), explanation=words, topic=words, source=words, external_id=words, tags=(words,))
    with zipfile.ZipFile(io.BytesIO(workbook_writing.write_items([draft], reasons=[words]))) as packed:
        sheet, strings = packed.read("xl/worksheets/sheet1.xml"), packed.read("xl/sharedStrings.xml").decode()
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet
    assert strings.count("1+1") >= 1


def test_entities_in_a_drawing_are_never_expanded() -> None:
    entity = b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><xdr:wsDr xmlns:xdr="x">&x;</xdr:wsDr>'
    rels = RELATION.replace("media/1.png", "../drawings/drawing1.xml").encode()
    hostile = repacked(same, {"xl/worksheets/_rels/sheet1.xml.rels": rels, "xl/drawings/drawing1.xml": entity})
    with pytest.raises(Unreadable):
        reading.read(hostile)


def test_pictures_that_excel_365_keeps_as_values_come_with_their_cells() -> None:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = made.add_worksheet("题库")
    for line, row in enumerate([HEAD, *([["单选", f"哪个红{at}", "", "乙", "丙", "A"] for at in "一二"])]):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell)
    for line, colour in ((1, "red"), (2, "blue")):
        sheet.embed_image(line, 2, f"{colour}.png", {"image_data": io.BytesIO(png(colour)), "description": colour})
    made.close()
    red, blue = (picture.read(png(colour)) for colour in ("red", "blue"))
    read = reading.read(held.getvalue())
    assert [draft.options[0] for draft in read.drafts] == [f"![red](picture:{red.digest})", f"![blue](picture:{blue.digest})"]
    assert (set(read.pictures), read.losses) == ({red, blue}, ())
    unsaid = io.BytesIO()
    with zipfile.ZipFile(held) as old, zipfile.ZipFile(unsaid, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, b"<rvData/>" if entry.filename == "xl/richData/rdrichvalue.xml" else old.read(entry))
    assert len([loss for loss in reading.read(unsaid.getvalue()).losses if "放置在单元格中" in loss.what]) == 2


def looking(*rows: Sequence[object]) -> bytes:
    """Return a workbook; a list as a cell is a rich string in xlsxwriter's way, a pair a figure with its format."""
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = made.add_worksheet("s")
    table: list[Sequence[object]] = [["题型", "题干", "选项A", "选项B", "答案"], *rows]
    for line, row in enumerate(table):
        for column, cell in enumerate(row):
            if isinstance(cell, list):
                sheet.write_rich_string(line, column, *(made.add_format(part) if isinstance(part, dict) else part for part in cell))
            elif isinstance(cell, tuple):
                sheet.write(line, column, cell[0], made.add_format({"num_format": cell[1]}))
            else:
                sheet.write(line, column, cell)
    made.close()
    return held.getvalue()


RAISED, LOWERED, LINED, BOLD = {"font_script": 1}, {"font_script": 2}, {"underline": 1}, {"bold": True}


def test_raised_lowered_and_underlined_signs_of_a_cell_stay() -> None:
    found = reading.read(
        looking(
            ["单选", ["x", RAISED, "2", " 与 H", LOWERED, "2", "O"], ["加", LINED, "线"], "乙", [BOLD, "A", BOLD, "B"]],
            ["填空", ["10", RAISED, "6", " 即____"], "", "", ["10", RAISED, "6", " / 百万"]],
            ["单选", "哪个", ["x", RAISED, "2"], "x2", ["x", RAISED, "2"]],
        )
    )
    first, second, third = found.drafts
    assert (first.stem, first.options) == ("x<sup>2</sup> 与 H<sub>2</sub>O", ("加<u>线</u>", "乙"))
    assert (second.stem, second.blanks[0].accepted) == ("10<sup>6</sup> 即[[1]]", ("10⁶", "百万"))
    assert (third.options, third.key, found.losses) == (("x<sup>2</sup>", "x2"), (0,), ())


def test_rich_strings_inside_the_sheet_are_read_too() -> None:
    cell = '<c r="B3" t="inlineStr"><is><r><t>m</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>2 &amp; n</t></r></is></c>'
    rows = "".join(f'<c r="{name}3" t="inlineStr"><is><t>{words}</t></is></c>' for name, words in zip("ACDEF", ["单选", "甲", "乙", "丙", "A"], strict=True))
    row = f'<row r="3">{rows[: rows.index("<c", 2)]}{cell}{rows[rows.index("<c", 2) :]}</row></sheetData>'.encode()
    found = reading.read(repacked(lambda name, body: body.replace(b"</sheetData>", row) if "worksheets/" in name else body))
    assert [draft.stem for draft in found.drafts] == ["题", "m<sup>2 & n</sup>"]


@pytest.mark.parametrize(
    ("figure", "code", "shown"),
    [
        (0.5, "0%", "50%"),
        (0.125, "0.0%", "12.5%"),
        (7, "000", "007"),
        (3, '0"元"', "3元"),
        (1234.5, "[$¥-804]#,##0.00", "¥1,234.50"),
        (30, "0.00", "30"),
        (1234.5, "#,##0.00", "1234.5"),
        (0.1 + 0.2, "General", "0.3"),
        (5, "0_ ", "5"),
        (2, "@", "2"),
        (-0.5, "0%;(0%)", "-50%"),
    ],
)
def test_a_figure_says_what_its_cell_shows(figure: float, code: str, shown: str) -> None:
    found = reading.read(looking(["单选", "题", (figure, code), "乙", "A"], ["填空", "____", "", "", (figure, code)]))
    assert (found.drafts[0].options[0], found.drafts[1].blanks[0].accepted, found.losses) == (shown, (shown,), ())


@pytest.mark.parametrize(("code", "shown"), [('m"月"d"日"', "1月2日"), ("yyyy/m/d", "2026/1/2"), ("h:mm", "2026-01-02"), ("[$-F800]dddd", "2026-01-02")])
def test_what_excel_made_a_date_is_told(code: str, shown: str) -> None:
    found = reading.read(looking(["单选", "题", (datetime(2026, 1, 2), code), "乙", "B"]))  # noqa: DTZ001 - a cell has no zone
    assert (only(found).options[0], [(loss.place, loss.what.partition("；")[0]) for loss in found.losses]) == (
        shown,
        [("s 第 2 行", f"单元格 C2 是日期，按“{shown}”导入")],
    )


def test_notes_at_cells_are_named() -> None:
    noted = repacked(same, {"xl/comments1.xml": b"<x/>", "xl/threadedComments/threadedComment1.xml": b"<x/>"})
    assert [loss.what for loss in reading.read(noted).losses] == ["批注未导入"]


@pytest.mark.parametrize(
    "run", ["<r><rPr><u/></rPr><t>&bad;</t></r>", "<r><rPr><u/></rPr><t>x", "<r>" * 200 + "<u/>", '<r><rPr><b/></rPr><t a:b="1">x</t></r>']
)
def test_a_string_that_cannot_be_read_has_no_look(run: str) -> None:
    def changed(name: str, body: bytes) -> bytes:
        return body.replace(b"</sst>", f"<si>{run}</si></sst>".encode()) if name == "xl/sharedStrings.xml" else body

    with contextlib.suppress(Unreadable):
        assert only(reading.read(repacked(changed))).stem == "题"


def test_a_look_is_only_given_to_the_words_it_belongs_to() -> None:
    def moved(name: str, body: bytes) -> bytes:  # string 1 belongs to another cell than the look says
        return body.replace("<t>题</t>".encode(), b"<r><rPr><u/></rPr><t>x_x0041_</t></r><r><t>y</t></r>") if name == "xl/sharedStrings.xml" else body

    found = reading.read(repacked(moved))
    assert "<u>" not in only(found).stem
    assert [loss.what for loss in found.losses] == ["文字样式（颜色、下划线等）未保留"]


def of_lines(*sheets: Sequence[str]) -> bytes:
    held = io.BytesIO()
    made = xlsxwriter.Workbook(held, {"in_memory": True})
    for lines in sheets:
        made.add_worksheet().write_column(0, 0, lines)
    made.close()
    return held.getvalue()


def test_a_paper_in_one_column_is_read_line_by_line() -> None:
    found = reading.read(of_lines(["一、单选题", "1. 选哪个（ ）", "A. 甲", "B. 乙", "答案：B"], ["2. 再选", "A. 丙", "B. 丁", "答案：A"]))
    assert (found.format, [(draft.place, draft.options, draft.key) for draft in found.drafts]) == (
        "excel", [("第 1 题（第 2 行）", ("甲", "乙"), (1,)), ("第 2 题（第 6 行）", ("丙", "丁"), (0,))],
    )  # fmt: skip
    with pytest.raises(Unreadable):
        reading.read(of_lines(["本月值班", "周一：赵", "周二：钱"]))
