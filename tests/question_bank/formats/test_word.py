# ruff: noqa: E501 - XML as other programs write it
"""Word files in the habits of Word, WPS and LibreOffice, and Word files that mean harm."""

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from PIL import Image

from question_bank.domain.exchange import Reading
from question_bank.formats import reading, word_formula, xml_tree
from question_bank.formats.unreadable import FileLocked, FileOld, Unreadable
from tests.support import pace

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
NAMES = (
    f'xmlns:w="{W}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)


def png(colour: str = "red") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (6, 4), colour).save(held, "PNG")
    return held.getvalue()


def document(body: str, parts: dict[str, bytes] | None = None, head: str = "") -> bytes:
    """A document of hand-written XML, as other programs write it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", f'<?xml version="1.0" encoding="UTF-8"?>{head}<w:document {NAMES}><w:body>{body}</w:body></w:document>')
        for name, content in (parts or {}).items():
            packed.writestr(name, content)
    return held.getvalue()


def p(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(run if run.startswith('<') else r(run) for run in runs)}</w:p>"


def r(words: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'


def read(*paragraphs: str, parts: dict[str, bytes] | None = None) -> Reading:
    return reading.read(document("".join(each if each.startswith("<w:") else p(each) for each in paragraphs), parts))


def numbered(name: int, level: int = 0) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{name}"/></w:numPr>'


NUMBERING = (
    f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1、"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="upperLetter"/><w:lvlText w:val="%2."/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="%1、"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num></w:numbering>'
).encode()


def test_numbers_and_letters_that_word_writes_itself() -> None:
    found = read(
        p("单选题", properties=numbered(2)),
        *(
            each
            for stem in ("题一", "题二")
            for each in (p(stem, properties=numbered(1)), p("甲", properties=numbered(1, 1)), p("乙", properties=numbered(1, 1)), p("答案：B"))
        ),
        p("多选题", properties=numbered(2)),
        p("题三", properties=numbered(3)),
        *(p(option, properties=numbered(3, 1)) for option in "甲乙丙"),
        p("答案：AC"),
        parts={"word/numbering.xml": NUMBERING},
    )
    assert [(draft.place, draft.type, draft.stem, draft.options, draft.key) for draft in found.drafts] == [
        ("第 1 题（第 2 段）", "single", "题一", ("甲", "乙"), (1,)),
        ("第 2 题（第 6 段）", "single", "题二", ("甲", "乙"), (1,)),
        ("第 1 题（第 11 段）", "multiple", "题三", ("甲", "乙", "丙"), (0, 2)),
    ]


def test_emphasis_lines_to_write_on_and_formulas_keep_their_place() -> None:
    fraction = "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:den></m:f></m:oMath>"
    found = read(
        "<w:p>" + r("填空题", "<w:b/>") + "</w:p>",
        p(
            "1．",
            "若 ",
            fraction,
            " 中 H",
            r("2", '<w:vertAlign w:val="subscript"/>'),
            "O ",
            r("不", "<w:b/>"),
            "为",
            r("        ", '<w:u w:val="single"/>'),
            "。",
        ),
        "【答案】零",
    )
    assert found.drafts[0].stem == r"若 \(\frac{1}{{x}^{2}}\) 中 H<sub>2</sub>O <b>不</b>为[[1]]。"
    assert found.drafts[0].blanks[0].accepted == ("零",)


def test_pictures_come_in_order_and_those_that_cannot_are_named() -> None:
    rels = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="image" Target="media/1.png"/>'
        b'<Relationship Id="r2" Type="image" Target="https://example.com/x.png" TargetMode="External"/><Relationship Id="r3" Type="image" Target="media/3.emf"/></Relationships>'
    )
    drawing = '<w:r><w:drawing><docPr descr="一块[红]"/><a:blip r:embed="{}"/></w:drawing></w:r>'
    old = '<w:r><w:pict><v:imagedata xmlns:v="urn:schemas-microsoft-com:vml" r:id="r1"/></w:pict></w:r>'
    found = read(
        p("1. 看图", drawing.format("r1"), "选择", drawing.format("r2"), drawing.format("r3")),
        p("A. 甲", "<w:r><w:tab/></w:r>", "B. ", old),
        "答案：B",
        parts={"word/_rels/document.xml.rels": rels, "word/media/1.png": png(), "word/media/3.emf": b"\x01\x00\x00\x00emf"},
    )
    (shown,) = found.pictures
    assert found.drafts[0].stem == f"看图![一块 红](picture:{shown.digest})选择"
    assert found.drafts[0].options == ("甲", f"![](picture:{shown.digest})")
    assert [loss.place for loss in found.losses] == ["第 1 段", "第 1 段"]
    assert "https://example.com" in found.losses[0].what
    assert "矢量图" in found.losses[1].what


def test_what_is_not_kept_is_said_with_its_place() -> None:
    found = read(
        p("1. 题", "<w:del><w:r><w:delText>旧</w:delText></w:r></w:del>", "<w:ins>" + r("新") + "</w:ins>", '<w:r><w:commentReference w:id="1"/></w:r>'),
        p("A. 甲", "<w:r><w:object><a:x/></w:object></w:r>"),
        p("B. 乙", "<m:oMath><m:strange><m:r><m:t>z</m:t></m:r></m:strange></m:oMath>", '<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>'),
        "答案：A",
        parts={"word/vbaProject.bin": b"x"},
    )
    assert (found.drafts[0].stem, found.drafts[0].options[1]) == ("题新", "乙z√")
    told = {(loss.place, loss.what[:6]) for loss in found.losses}
    assert told >= {("文档", "宏未导入"), ("第 1 段", "修订中删除的"), ("第 1 段", "批注未导入"), ("第 2 段", "嵌入对象（如"), ("第 3 段", "公式“z”含")}


def test_a_document_that_is_one_table_is_a_bank() -> None:
    rows = (("题目", "选项", "答案"), ("选哪个", "A.甲 B.乙", "B"))
    cells = ("".join(f"<w:tc>{p(cell)}</w:tc>" for cell in row) for row in rows)
    (draft,) = read(f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>").drafts
    assert (draft.stem, draft.options, draft.key) == ("选哪个", ("甲", "乙"), (1,))


def rows_of(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc>{p(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def test_each_item_may_be_a_table_with_its_headings_in_the_first_column() -> None:
    items = [(("题干", f"题{key}"), ("A", "甲"), ("B", "乙"), ("答案", key), ("解析", "因为")) for key in "AB"]
    drafts = read(rows_of(*items[0]), "", rows_of(*items[1])).drafts
    assert [(draft.place, draft.stem, draft.options, draft.key) for draft in drafts] == [
        ("表 1 第 2 列", "题A", ("甲", "乙"), (0,)),
        ("表 2 第 2 列", "题B", ("甲", "乙"), (1,)),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        (("题号", "答案"), ("1", "B"), ("2", "A"), ("3", "√"), ("4", "×")),
        (("题号", "答案", "题号", "答案"), ("1", "B", "3", "√"), ("2", "A", "4", "×")),
        (("题号", "1", "2", "3", "4"), ("答案", "B", "A", "√", "×")),
    ],
)
def test_a_table_of_keys_may_run_down_its_columns(rows: tuple[tuple[str, ...], ...]) -> None:
    paper = [each for number in (1, 2) for each in (f"{number}. 题{number}", "A. 甲", "B. 乙")]
    drafts = read("一、单选题", *paper, "二、判断题", "3. 天", "4. 地", "参考答案", rows_of(*rows)).drafts
    assert [draft.key for draft in drafts] == [(1,), (0,), (0,), (1,)]


def test_tables_are_content_banks_keys_or_mere_layout() -> None:
    paper = docx.Document()

    def table(rows: list[list[str]]) -> None:
        made = paper.add_table(len(rows), len(rows[0]))
        for row, cells in zip(made.rows, rows, strict=True):
            for cell, words in zip(row.cells, cells, strict=True):
                cell.text = words

    table([["题型", "题干", "选项A", "选项B", "答案"], ["单选题", "表中题", "甲", "乙", "B"]])
    paper.add_paragraph("1. 按表回答")
    table([["x", "1"], ["y", "2"]])
    table([["A. 甲", "B. 乙"]])
    paper.add_paragraph("2. 再答")
    paper.add_paragraph("A. 甲\tB. 乙")
    paper.add_paragraph("参考答案")
    table([["题号", "1", "2"], ["答案", "A", "B"]])
    held = io.BytesIO()
    paper.save(held)
    found = reading.read(held.getvalue())
    assert [(draft.place, draft.stem, draft.options, draft.key) for draft in found.drafts] == [
        ("表 1 第 2 行", "表中题", ("甲", "乙"), (1,)),
        ("第 1 题（第 11 段）", "按表回答<table><tr><td>x</td><td>1</td></tr><tr><td>y</td><td>2</td></tr></table>", ("甲", "乙"), (0,)),
        ("第 2 题（第 18 段）", "再答", ("甲", "乙"), (1,)),
    ]


M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def m(words: str) -> str:
    return f"<m:r><m:t>{words}</m:t></m:r>"


FORMULAS = {
    r"\sqrt{x}": f'<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>{m("x")}</m:e></m:rad>',
    r"\sqrt[3]{x}": f"<m:rad><m:deg>{m('3')}</m:deg><m:e>{m('x')}</m:e></m:rad>",
    r"{a}_{1}^{2}": f"<m:sSubSup><m:e>{m('a')}</m:e><m:sub>{m('1')}</m:sub><m:sup>{m('2')}</m:sup></m:sSubSup>",
    r"\sum_{i=1}^{n} i": f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{m("i=1")}</m:sub><m:sup>{m("n")}</m:sup><m:e>{m("i")}</m:e></m:nary>',
    r"\int_{0} x": f"<m:nary><m:sub>{m('0')}</m:sub><m:sup/><m:e>{m('x')}</m:e></m:nary>",
    r"\left[ a,b \right)": f'<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val=")"/></m:dPr><m:e>{m("a,b")}</m:e></m:d>',
    r"\begin{cases} x \\ y \end{cases}": f'<m:d><m:dPr><m:begChr m:val="{{"/><m:endChr m:val=""/></m:dPr><m:e><m:eqArr><m:e>{m("x")}</m:e><m:e>{m("y")}</m:e></m:eqArr></m:e></m:d>',
    r"\begin{matrix} 1 & 0 \\ 0 & 1 \end{matrix}": f"<m:m><m:mr><m:e>{m('1')}</m:e><m:e>{m('0')}</m:e></m:mr><m:mr><m:e>{m('0')}</m:e><m:e>{m('1')}</m:e></m:mr></m:m>",
    r"\vec{v}": f'<m:acc><m:accPr><m:chr m:val="\u20d7"/></m:accPr><m:e>{m("v")}</m:e></m:acc>',
    r"\sin {\alpha }": f"<m:func><m:fName>{m('sin')}</m:fName><m:e>{m('α')}</m:e></m:func>",
    r"\lim_{x\to 0} {x}": f"<m:func><m:fName><m:limLow><m:e>{m('lim')}</m:e><m:lim>{m('x→0')}</m:lim></m:limLow></m:fName><m:e>{m('x')}</m:e></m:func>",
    r"\text{速度}\leq 50\%": m("速度") + m("≤50%"),
}


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_become_latex(latex: str) -> None:
    written = word_formula.to_latex(xml_tree.parse(f"<m:oMath {M}>{FORMULAS[latex]}</m:oMath>").root)
    assert written.replace(" ", "") == latex.replace(" ", "")


GOOD = p("1. 题") + p("A. 甲") + p("B. 乙") + p("答案：A")
BAD: dict[str, Callable[[], bytes]] = {
    "a bomb": lambda: document(GOOD, {"word/media/1.png": b"0" * 60_000_000}),
    "many entries": lambda: document(GOOD, {f"word/{number}.xml": b"" for number in range(30_100)}),
    "a path upwards": lambda: document(GOOD, {"../../x": b"x"}),
    "entities": lambda: document(GOOD.replace("题", "&x;"), head='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
    "laughing entities": lambda: document(GOOD.replace("题", "&b;"), head='<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'),
    "no end of depth": lambda: document("<w:sdt>" * 5000 + "</w:sdt>" * 5000),
    "half a file": lambda: document(GOOD * 50)[:600],
    "no body": lambda: document("").replace(b"w:body", b"w:bodi"),
    "a letter": lambda: document(p("尊敬的老师：") + p("1. 请按时到会") + p("此致敬礼")),
    "an archive in an archive": lambda: zipped({"bank.docx": document(GOOD)}),
}


def zipped(entries: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return held.getvalue()


@pytest.mark.parametrize("name", BAD)
def test_a_hostile_document_is_refused_at_once(name: str) -> None:
    content = BAD[name]()
    with pace.within(2), pytest.raises(Unreadable):
        reading.read(content)


def test_old_and_locked_files_say_what_to_do() -> None:
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    with pytest.raises(FileOld):
        reading.read(container + "WordDocument".encode("utf-16-le"))
    with pytest.raises(FileLocked):
        reading.read(container + "EncryptedPackage".encode("utf-16-le"))


def test_the_good_document_reads() -> None:
    assert [draft.key for draft in reading.read(document(GOOD)).drafts] == [(0,)]


def field(code: str, *result: str, properties: str = "") -> str:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    written = f'<w:r><w:rPr>{properties}</w:rPr><w:instrText xml:space="preserve">{code}</w:instrText></w:r>'
    return mark("begin") + written + (mark("separate") + "".join(result) if result else "") + mark("end")


def said(*runs: str) -> tuple[str, list[str]]:
    found = read(p("1. ", *runs), "A. 甲", "B. 乙", "答案：A")
    return found.drafts[0].stem, [loss.what for loss in found.losses]


@pytest.mark.parametrize(
    ("code", "stem"),
    [
        (r"eq \f(1,2)", r"\(\frac{1}{2}\)"),
        (r"EQ \r(3,x\,y)", r"\(\sqrt[3]{x,y}\)"),
        (r"eq \o\ac(○,11)", "⑪"),
        (r"eq \o\ac(○,三)", "㊂"),
        (r"eq \o\ac(○,印)", "印\u20dd"),
        (r"eq \o\ac(□,A)", "A\u20de"),
        (r'EQ \* jc2 \* "Font:宋体" \* hps10 \o\ad(\s\up 9(pīn),拼)', r"\(\overset{pīn}{\text{拼}}\)"),
        (r"eq \b\lc\{\rc\ (\a\vs4\al\co1(x+y=1,x-y=2))", r"\(\begin{cases} x+y=1 \\ x-y=2 \end{cases}\)"),
        (r"eq \o(=====,\s\up7(点燃))", r"\(\overset{\text{点燃}}{\text{=====}}\)"),
        (r"eq C\o\al(2,n)", r"\(C^{2}_{n}\)"),
        (r"eq \o(a,\s\up6(→))＋\x\to(AB)", r"\(\overrightarrow{a}\text{＋}\overline{AB}\)"),
        (r"eq \i\su(i=1,n,\f(sin x,i))", r"\(\sum_{i=1}^{n} \frac{\sin x}{i}\)"),
        (r'SYMBOL 208 \f "Symbol" \s 12', "∠"),
    ],
)
def test_a_field_that_has_no_result_shows_what_its_code_means(code: str, stem: str) -> None:
    assert said(field(code)) == (stem, [])
    assert said(f'<w:fldSimple w:instr="{code.replace(chr(34), "&quot;")}"/>') == (stem, [])


def test_fields_hold_fields_raised_signs_and_results() -> None:
    root = field(r"eq \f(x", properties="").replace('<w:r><w:fldChar w:fldCharType="end"/></w:r>', "")
    power = '<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:instrText>2</w:instrText></w:r>'
    rest = "<w:r><w:instrText>,</w:instrText></w:r>" + field(r"eq \r(2)") + '<w:r><w:instrText>)</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    assert said(root + power + rest) == (r"\(\frac{x^{2}}{\sqrt{2}}\)", [])
    assert said(field("PAGE", r("7"))) == ("7", [])
    assert said(field('HYPERLINK "https://example.com/"', r("见此"))) == ("见此", ["链接未保留，文字保留（https://example.com/）"])
    assert said("读", field(r"eq \q(1)")) == (r"读eq \q(1)", [r"域“eq \q(1)”没有结果，也不能识别，按文字保留"])
    assert said("读", "<w:r><w:instrText>x</w:instrText></w:r>", '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>eq </w:instrText></w:r>')[
        1
    ] == ["域“eq”未导入"]


def test_dots_below_words_become_a_line_and_signs_of_symbol_themselves() -> None:
    assert said("下列加点的字 ", r("阏", '<w:em w:val="dot"/>')) == ("下列加点的字 <u>阏</u>", ["着重号改为下划线"])
    assert said("旧", r("词", "<w:dstrike/>")) == ("旧<s>词</s>", [])
    assert said(r("\uf061", '<w:rFonts w:ascii="Symbol"/>'), '<w:r><w:sym w:font="Symbol" w:char="F0B0"/></w:r>') == ("α°", [])


def test_colours_are_told_and_those_that_may_mark_the_key_are_pointed_out() -> None:
    red, marked = '<w:color w:val="FF0000"/>', '<w:highlight w:val="yellow"/>'
    found = read(
        p("1. 题"), p("A. 甲", "B. ", r("乙", red)), p("2. ", r("题", '<w:color w:val="262626"/>')), p(r("A. 丙", marked)), "B. 丁", "C. 戊", "答案：B"
    )
    assert [(draft.stem, draft.key) for draft in found.drafts] == [("题", ()), ("题", (1,))]
    assert [(loss.place, loss.what) for loss in found.losses] == [
        ("第 2 段", "文字颜色、底纹未保留"),
        ("第 4 段", "文字颜色、底纹未保留"),
        ("第 1 题（第 1 段）", "选项 B 带颜色或底纹；若以此标出答案，请写明“答案：B”"),
    ]


@pytest.mark.parametrize("look", ["<w:b/>", '<w:u w:val="single"/>'])
def test_options_that_are_bold_or_underlined_where_a_key_lacks_are_pointed_out(look: str) -> None:
    told = "选项 BC 加粗或有下划线；若以此标出答案，请写明“答案：BC”"
    options = ("A. 甲", p(r("B. ", look), r("乙", look)), p("C. ", r("丙", look)), "D. 丁")
    found = read(p("1. 这", r("不", look), "是"), *options, p("2. 题"), *options, "答案：A", p("3. 题"), p(r("A. ", look), "甲"), p(r("B. ", look), "乙"))
    assert [(loss.place, loss.what) for loss in found.losses] == [("第 1 题（第 1 段）", told)]
    assert found.drafts[0].options[2] in {"<b>丙</b>", "<u>丙</u>"}


def test_the_address_of_a_link_is_told() -> None:
    rels = b'<Relationships><Relationship Id="r1" Target="https://example.com/x" TargetMode="External"/></Relationships>'
    found = read(p("1. ", f'<w:hyperlink r:id="r1">{r("题")}</w:hyperlink>'), "A. 甲", "B. 乙", "答案：A", parts={"word/_rels/document.xml.rels": rels})
    assert (found.drafts[0].stem, found.losses[0].what) == ("题", "链接未保留，文字保留（https://example.com/x）")


@pytest.mark.parametrize("code", ["FORMCHECKBOX", "FORMTEXT", 'INCLUDEPICTURE "file:///C:/a/b.png"', "EMBED Equation.DSMT4", "AUTONUM"])
def test_the_code_of_a_field_that_is_no_formula_is_told_and_not_shown(code: str) -> None:
    assert said("读", field(code)) == ("读", [f"域“{code}”未导入"])


def test_a_deep_formula_is_read_once() -> None:
    assert said(field("eq " + r"\x(" * 25 + "a" + ")" * 25))[1] == []


def test_words_behind_a_field_that_is_never_ended_are_kept() -> None:
    begun = '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK</w:instrText></w:r>'
    assert said("见", begun, r("链接文字"))[0] == "见链接文字"
