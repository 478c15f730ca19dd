"""Web pages and XML workbooks that come under Excel's or Word's name."""

import base64
import io
from time import process_time

import pytest
from PIL import Image

from question_bank.domain.draft import Draft, pictures_of
from question_bank.domain.exchange import Reading
from question_bank.formats import reading, saved_page
from question_bank.formats.unreadable import FileTooLarge, FormatUnsupported, Unreadable, XmlHostile

HEAD = "<tr><th>题型</th><th>题干</th><th>选项A</th><th>选项B</th><th>选项C</th><th>答案</th><th>解析</th></tr>"


def told(found: Reading) -> list[tuple[str, str]]:
    return [(each.place, each.what) for each in found.losses]


def only(found: Reading) -> Draft:
    (draft,) = found.drafts
    return draft


def png() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_a_table_under_the_name_of_excel() -> None:
    page = f"""<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312">
    <style>td {{mso-number-format:"\\@"}}</style></head><body><table border=1>{HEAD}
    <tr><td>单选题</td><td>1+1=？<br>请选择</td><td>1</td><td>H<sub>2</sub>O</td><td>3</td><td>B</td><td><font color=red>因为</font></td></tr>
    <tr><td>判断题</td><td>若 a&lt;b</td><td></td><td></td><td></td><td>对</td><td></td></tr></table></body></html>"""
    found = reading.read(page.encode("gb18030"))
    first, second = found.drafts
    assert (found.format, first.place, first.type, first.stem) == ("excel", "第 2 行", "single", "1+1=？\n请选择")
    assert (first.options, first.key, first.explanation) == (("1", "H<sub>2</sub>O", "3"), (1,), "因为")
    assert (second.place, second.type, second.stem, second.key) == ("第 3 行", "true_false", "若 a<b", (0,))
    assert told(found) == [("第 2 行", "文字样式（颜色、下划线等）未保留")]


def test_what_goes_over_rows_stands_in_each_and_what_goes_over_columns_in_the_first() -> None:
    page = """<table><tr><td colspan="6">某县题库</td></tr>
    <tr><td>章节</td><td>题干</td><td>A</td><td>B</td><td>答案</td><td>解析</td></tr>
    <tr><td rowspan="2">第一章</td><td>问一</td><td>甲</td><td>乙</td><td>A</td><td rowspan="99999">同</td></tr>
    <tr><td>问二</td><td>甲</td><td>乙</td><td>B</td></tr></table>"""
    drafts = reading.read(page.encode()).drafts
    assert [(each.place, each.stem, each.key, each.explanation) for each in drafts] == [("第 3 行", "问一", (0,), "同"), ("第 4 行", "问二", (1,), "同")]
    assert [each.topic for each in drafts] == ["第一章", "第一章"]


def test_rows_that_end_before_the_table_does() -> None:
    page = """<table><tr><td>题型</td><td>题干</td><td>选项</td><td>答案</td></tr><tr><td>单选</td><td>问一</td><td>A.甲</td><td>B</td></tr><tr></tr>
    <tr><td></td><td></td><td>B.乙</td></tr><tr><td>判断</td><td>天蓝</td></tr></table>"""
    drafts = reading.read(page.encode()).drafts
    assert [(each.stem, each.options, each.key) for each in drafts] == [("问一", ("甲", "乙"), (1,)), ("天蓝", ("正确", "错误"), ())]


def test_tables_that_stand_in_one_that_only_places_them() -> None:
    page = f"""<html><body><table><tr><td><table>{HEAD}<tr><td>单选</td><td>问一</td><td>甲</td><td>乙</td><td></td><td>A</td></tr></table></td></tr>
    <tr><td><table><tr><td>题干</td><td>答案</td></tr><tr><td>看表<table><tr><td>年</td></tr></table></td><td>对</td></tr></table></td></tr></table></body></html>"""
    found = reading.read(page.encode())
    assert [(each.place, each.type) for each in found.drafts] == [("表 1 第 2 行", "single"), ("表 2 第 2 行", "true_false")]
    assert "<td>年</td>" in found.drafts[1].stem


def test_what_stands_beside_the_sheets_is_read_as_a_paper_or_told() -> None:
    sheet = f"<table>{HEAD}<tr><td>单选</td><td>表里的题</td><td>甲</td><td>乙</td><td></td><td>A</td></tr></table>"
    both = reading.read(f"<html><body>{sheet}1、表后的题（ ）<br>A、甲<br>B、乙<br>答案：B</body></html>".encode())
    assert [(each.stem, each.key) for each in both.drafts] == [("表里的题", (0,)), ("表后的题（ ）", (1,))]
    words = reading.read(
        f"<html><body><h1>某县<i>题库</i></h1>{sheet}<table><tr><td>章节</td><td>题数</td></tr><tr><td>一</td><td>9</td></tr></table></body></html>".encode()
    )
    assert (len(words.drafts), told(words)) == (1, [("文件", "没有选项和答案的文字，未导入：某县 题库 章节 题数 一 9")])


def test_pictures_inside_a_page_are_kept_and_others_told() -> None:
    page = f"""<table>{HEAD}<tr><td>单选</td><td>图<img src="data:image/png;base64,{png()}"></td><td>甲</td><td>乙</td><td></td><td>A</td></tr>
    <tr><td>单选</td><td>又<img src="x.files/image001.png"></td><td>甲</td><td>乙</td><td></td><td>A</td></tr></table>"""
    found = reading.read(page.encode())
    assert pictures_of(found.drafts[0]) == {found.pictures[0].digest}
    assert found.drafts[1].stem == "又[image001.png]"
    assert told(found) == [("第 3 行", "图片未导入：找不到或不在文件中（x.files/image001.png）")]


def packed(page: str) -> bytes:
    written = base64.b64encode(page.encode()).decode()
    return (
        'MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\nContent-Type: multipart/related;\r\n boundary="=X"\r\n\r\n--=X\r\nContent-Location: file:///C:/a.htm\r\n'
        f'Content-Transfer-Encoding: base64\r\nContent-Type: text/html; charset="us-ascii"\r\n\r\n{written}\r\n--=X\r\nContent-Location: file:///C:/a.files/image%20001.png\r\n'
        f"Content-Transfer-Encoding: base64\r\nContent-Type: image/png\r\n\r\n{png()}\r\n--=X--\r\n"
    ).encode()


def test_a_page_with_its_pictures_in_one_file() -> None:
    row = '<tr><td>单选</td><td>图<img src="a.files/image%20001.png"></td><td>甲</td><td>乙</td><td></td><td>B</td></tr>'
    found = reading.read(packed(f"<html><body><table>{HEAD}{row}</table></body></html>"))
    assert (only(found).key, told(found)) == ((1,), [])
    assert pictures_of(only(found)) == {found.pictures[0].digest}
    with pytest.raises(Unreadable):
        reading.read(b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nhello")


WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><title>t</title><style><!-- p.MsoNormal {margin:0} --></style></head>
<body lang=ZH-CN><div class=Section1><p class=MsoNormal><b>一、单选题</b><o:p></o:p></p>
<p class=MsoNormal><span lang=EN-US>1</span>．下列正确的是（<span>&nbsp; </span>）</p>
<p>A．甲 B．乙</p>
<p>C．丙 D．丁</p><p>答案：B</p><p>解析：因为<sup>2</sup></p><p>2．看表（ ）</p><table><tr><td>年</td><td>数</td></tr><tr><td>1</td><td>2</td></tr></table>
<table><tr><td>A．一</td><td>B．二</td></tr><tr><td>C．三</td><td></td></tr></table><p>答案：C</p></div></body></html>"""


@pytest.mark.parametrize("page", [WORD.encode(), WORD.encode("gb18030"), packed(WORD)], ids=["utf-8", "gb18030", "packed"])
def test_a_paper_under_the_name_of_word(page: bytes) -> None:
    found = reading.read(page)
    first, second = found.drafts
    assert (found.format, first.type, first.options, first.key, first.explanation) == ("word", "single", ("甲", "乙", "丙", "丁"), (1,), "因为<sup>2</sup>")
    assert (second.options, second.key) == (("一", "二", "三"), (2,))
    assert second.stem.startswith("看表")
    assert "<td>年</td>" in second.stem


def test_a_paper_whose_lines_are_broken_and_no_paragraphs() -> None:
    found = reading.read("<html><body>1、问一（ ）<br>A、甲<br>B、乙<br>答案：A<br><br>2、问二（ ）<br>A、甲<br>B、乙<br>答案：B</body></html>".encode())
    assert [(each.stem, each.key) for each in found.drafts] == [("问一（ ）", (0,)), ("问二（ ）", (1,))]


@pytest.mark.parametrize("begin", ["<b>1. 问（ ）</b>", "<details><summary>第一章</summary>\n\n1. 问（ ）", '<font color="red">1. 问（ ）</font>'])
def test_a_paper_in_plain_text_may_begin_with_a_tag(begin: str) -> None:
    found = reading.read(f"{begin}\nA. 甲\nB. 乙\n答案：A\n".encode())
    assert (found.format, only(found).key, only(found).options) == ("text", (0,), ("甲", "乙"))


WORKBOOK = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel"><Worksheet ss:Name="题目"><Table>
<Row><Cell ss:MergeAcross="3"><Data ss:Type="String">题库</Data></Cell><Cell/></Row>
<Row ss:Index="3"><Cell><Data>解析</Data></Cell><Cell><Data>题干</Data></Cell><Cell><Data>A</Data></Cell><Cell><Data>B</Data></Cell>
<Cell><Data>答案</Data></Cell></Row>
<Row><Cell ss:MergeDown="1"><Data>同</Data></Cell><Cell><Data ss:Type="String">问一&#10;第二行</Data><Comment><Data>批</Data></Comment></Cell>
<Cell><Data ss:Type="Number">1</Data></Cell><Cell><Data ss:Type="Number">2</Data></Cell><Cell><Data>B</Data></Cell></Row>
<Row><Cell ss:Index="2"><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">H<Sub>2</Sub>O 是水</ss:Data></Cell>
<Cell ss:Index="5"><Data ss:Type="Boolean">1</Data></Cell></Row></Table>%s</Worksheet></Workbook>"""


def test_a_workbook_in_xml() -> None:
    found = reading.read((WORKBOOK % "").encode())
    first, second = found.drafts
    assert (found.format, first.place, first.stem, first.options, first.key) == ("excel", "题目 第 4 行", "问一\n第二行", ("1", "2"), (1,))
    assert (second.place, second.type, second.stem, second.key, second.explanation) == ("题目 第 5 行", "true_false", "H<sub>2</sub>O 是水", (0,), "同")
    assert told(found) == [("工作簿", "批注未导入")]
    hidden = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    assert ("题目", "这张表在 Excel 中是隐藏的，其中的题一并导入，请核对") in told(reading.read((WORKBOOK % hidden).encode()))


def test_a_workbook_in_xml_with_rows_beyond_any_bank() -> None:
    with pytest.raises(FileTooLarge):
        reading.read((WORKBOOK % "").replace('ss:Index="3"', 'ss:Index="999999"').encode())
    far = (WORKBOOK % "").replace('ss:Index="5"', 'ss:Index="999999"').replace('ss:Index="2"', 'ss:Index="-3"')
    assert reading.read(far.encode()).drafts[0].key == (1,)


def test_a_page_without_items_and_other_xml_are_refused() -> None:
    with pytest.raises(Unreadable):
        reading.read(b"<html><body><p>hello</p></body></html>")
    with pytest.raises(FormatUnsupported):
        reading.read(b"<?xml version='1.0'?><foo><bar>1</bar></foo>")


HOSTILE = {
    "deep": "<html>" + "<table><tr><td>" * 100_000 + "x",
    "spans": f"<table>{HEAD}" + "<tr><td colspan=99999 rowspan=99999>" * 1500,
    "paragraphs": "<html>" + "<p>" * 1_100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_in_a_refusal(name: str) -> None:
    with pytest.raises(Unreadable):
        reading.read(HOSTILE[name].encode())


def test_more_elements_than_any_page_are_refused_before_they_are_read() -> None:
    with pytest.raises(XmlHostile):
        saved_page.read("<b>" * 1_000_001)


def test_hidden_rows_come_in_and_are_told() -> None:
    hidden = "这一行在文件中是隐藏的，其中的题一并导入，请核对"
    row = "<tr{}><td>判断题</td><td>{}</td><td></td><td></td><td></td><td>对</td><td></td></tr>"
    rows = row.format("", "天蓝") + row.format(" style='height:0;DISPLAY: none'", "草绿")
    page = reading.read(f"<table>{HEAD}{rows}</table>".encode())
    assert [(draft.stem, draft.place) for draft in page.drafts] == [("天蓝", "第 2 行"), ("草绿", "第 3 行")]
    assert told(page) == [("第 3 行", hidden)]
    book = reading.read((WORKBOOK % "").replace('<Row><Cell ss:Index="2">', '<Row ss:Hidden="1"><Cell ss:Index="2">').encode())
    assert len(book.drafts) == 2
    assert ("题目 第 5 行", hidden) in told(book)


@pytest.mark.parametrize(
    "body",
    [
        '<ol><li>题一<ol type="A"><li>甲</li><li>乙</li></ol>答案：B</li><li><p>题二</p><ol style="list-style-type: upper-alpha"><li><p>子</p></li>'
        "<li><p>丑</p></li></ol><p>答案：A</p></li></ol>",
        '<p>1. 题一</p><ol type="A"><li>甲</li><li>乙</li></ol><p>答案：B</p><p>2. 题二</p><ol type="a"><li>子</li><li>丑</li></ol><p>答案：A</p>',
        "<ol><li>题一<br>A. 甲<br>B. 乙<br>答案：B</li><li>题二<br>A. 子<br>B. 丑<br>答案：A</li></ol>",
        "<ol><li>题一<ul><li>A. 甲</li><li>B. 乙</li></ul></li><li>题二<ul><li>A. 子</li><li>B. 丑</li></ul></li></ol><p>答案：1. B 2. A</p>",
    ],
)
def test_lists_are_read_with_the_numbers_and_letters_that_a_browser_shows(body: str) -> None:
    drafts = reading.read(f"<html><body>{body}</body></html>".encode()).drafts
    assert [(each.stem, each.options, each.key) for each in drafts] == [("题一", ("甲", "乙"), (1,)), ("题二", ("子", "丑"), (0,))]


def test_lists_of_judgements_are_items_and_lists_of_reasons_are_not() -> None:
    first, second = reading.read('<html><ol start="3"><li>天是蓝的（ √ ）</li><li>地是方的（ × ）</li></ol></html>'.encode()).drafts
    assert (first.type, first.key, second.key) == ("true_false", (0,), (1,))
    page = "<html><p>1. 题</p><p>A. 甲</p><p>B. 乙</p><p>答案：B</p><p>解析：</p><ol><li>因为</li><li>所以</li></ol></html>"
    assert only(reading.read(page.encode())).explanation == "<ol><li>因为</li><li>所以</li></ol>"
    nested = "<ol><li>x" * 200 + "A. 甲<br>" * 20_000
    began = process_time()
    reading.read(f"<html><p>1. 题</p><p>A. 甲</p><p>B. 乙</p>{nested}</html>".encode())
    assert process_time() - began < 5


def test_a_picture_as_large_as_an_attack_is_left_out_and_told() -> None:
    page = f'<html><p>1. 题<img alt="图一" src="data:image/png;base64,{"A" * 12_000_000}"></p><p>A. 甲</p><p>B. 乙</p><p>答案：B</p></html>'
    found = reading.read(page.encode())
    assert (only(found).stem, only(found).key, [what[:10] for _place, what in told(found)]) == ("题[图一]", (1,), ["图片“图一”未导入："])
