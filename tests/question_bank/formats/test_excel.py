# ruff: noqa: E501 - XML as other programs write it
"""What an Excel file holds besides its cells' words: pictures, macros, formulas; and what we write into one."""

import io
import zipfile

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from PIL import Image

from question_bank.domain.draft import Draft, tidy
from question_bank.formats import picture, reading, workbook_writing
from question_bank.formats.unreadable import Unreadable
from tests.question_bank.formats.test_archive import repacked, same  # type: ignore[import-not-found]
from tests.question_bank.formats.test_table import HEAD, only  # type: ignore[import-not-found]

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


def test_pictures_that_wps_keeps_inside_cells() -> None:
    rows: list[list[object]] = [HEAD, ["单选", "看图", '=DISPIMG("ID_1",1)', "乙", "丙", "A"]]
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
