"""XML from outside: what is hostile is refused at once, what is merely untidy is read."""

import base64
import io
import zipfile

import pytest

from question_bank.formats import reading, xml_tree
from question_bank.formats.unreadable import ArchiveHostile, Unreadable, XmlHostile
from tests.support import pace

ITEM = (
    '<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="{0}" title="t">'
    '<qti-response-declaration identifier="RESPONSE" cardinality="single" base-type="identifier">'
    "<qti-correct-response><qti-value>A</qti-value></qti-correct-response></qti-response-declaration>"
    '<qti-item-body><p>{1}</p><qti-choice-interaction response-identifier="RESPONSE" max-choices="1">'
    '<qti-simple-choice identifier="A">甲</qti-simple-choice><qti-simple-choice identifier="B">乙</qti-simple-choice>'
    "</qti-choice-interaction></qti-item-body></qti-assessment-item>"
)
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
QUIZ = "<quiz><question type='essay'><questiontext><text>{}</text></questiontext></question></quiz>"

MANY = "<b/>" * 3_000_001
HOSTILE = {
    "elements behind a comment that speaks of CDATA": f"<quiz><!-- <![CDATA[ -->{MANY}<!-- ]]> --></quiz>",
    "a billion laughs": f"<!DOCTYPE quiz [{LAUGHS}]>{QUIZ.format('&l9;')}",
    "an entity of a file": f'<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/hostname">]>{QUIZ.format("&x;")}',
    "a parameter entity": f'<!DOCTYPE quiz [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>{QUIZ.format("a")}',
    "endless nesting": "<quiz>" + "<a>" * 100_000,
    "deep nesting in an item": QUIZ.format("<b>" * 150 + "x" + "</b>" * 150),
    "a million attributes": "<quiz " + " ".join(f'a{n}="1"' for n in range(1_000_000)) + "/>",
    "a tag of namespaces, which are no attributes of the tree": "<quiz " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(5_000)) + "/>",
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_refused_at_once(words: str) -> None:
    with pace.within(2), pytest.raises(XmlHostile):
        reading.read(words.encode())


@pytest.mark.parametrize("inside", ['<!DOCTYPE quiz SYSTEM "http://127.0.0.1:9/quiz.dtd">', "<!DOCTYPE quiz [<!ELEMENT quiz ANY>]>"])
def test_a_document_type_is_read_over_and_never_fetched(inside: str) -> None:
    assert reading.read((inside + QUIZ.format("谈谈")).encode()).drafts[0].stem == "谈谈"


def test_a_large_file_is_read_to_its_end() -> None:
    document = xml_tree.parse("<quiz>" + f"<text>{'甲' * 1_000}</text>" * 4_000 + "</quiz>")
    assert (len(document.root), document.damaged) == (4_000, ())


def test_what_is_included_from_elsewhere_stays_out() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    read = reading.read(ITEM.format("1", f"甲{include}").encode())
    assert (read.drafts[0].stem, ["XInclude" in loss.what for loss in read.losses]) == ("甲", [True])


def test_pictures_are_never_fetched_from_an_address() -> None:
    read = reading.read(ITEM.format("1", '题<img src="http://169.254.169.254/a.png" alt="图"/><img src="file:///etc/hostname" alt=""/>').encode())
    assert (read.drafts[0].stem, read.pictures, len(read.losses)) == ("题[图]", (), 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "cp1252"])
def test_encodings_declared_or_not(encoding: str) -> None:
    words = "é" if encoding == "cp1252" else "好é"
    declared = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "gb18030": "GB2312", "cp1252": "ISO-8859-1"}.get(encoding, "UTF-8")
    content = f'<?xml version="1.0" encoding="{declared}"?>\n<!-- c -->\n{QUIZ.format(words)}'.encode(encoding)
    assert reading.read(content).drafts[0].stem == words


def test_names_of_signs_and_other_prefixes_are_understood() -> None:
    words = QUIZ.replace("<", "<m:").replace("<m:/", "</m:").replace("<m:quiz", '<m:quiz xmlns:m="urn:x"', 1).format("甲&nbsp;乙&copy;")
    assert reading.read(words.encode()).drafts[0].stem == "甲 乙©"


def test_a_truncated_file_keeps_what_is_whole_and_says_where_it_ends() -> None:
    question = "<question type='essay'>\n<questiontext><text>题{}</text></questiontext>\n</question>\n"
    words = "<quiz>\n" + "".join(question.format(n) for n in range(3))
    read = reading.read(words[: words.rindex("</text>")].encode())
    assert ([draft.stem for draft in read.drafts], [fault.code for _, fault in read.refused]) == (["题0", "题1"], ["xml_damaged"])
    assert "XML 错误" in read.losses[0].what


def test_a_document_that_is_no_bank_imports_nothing() -> None:
    for words in ("<html><body>hi</body></html>", "<quiz/>", "<?xml version='1.0'?>"):
        with pytest.raises(Unreadable):
            reading.read(words.encode())


def test_depth_and_place_are_told_by_local_names() -> None:
    assert xml_tree.root_name('\ufeff<?xml version="1.0"?><!-- a > b --><!DOCTYPE q [<!ELEMENT q ANY>]>\n<x:assessmentItem>') == "assessmentItem"


# Packages


def package(files: dict[str, bytes | str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


NESTED = package({"inner.xml": ITEM.format("inner", "x")})
BAD_PACKAGES = {
    "a path out of the folder": {"../evil.xml": ITEM.format("1", "x")},
    "an absolute path": {"/etc/evil.xml": ITEM.format("1", "x")},
    "a drive": {"C:\\evil.xml": ITEM.format("1", "x")},
    "a bomb": {"item.xml": ITEM.format("1", "x"), "zeros.bin": b"\x00" * 5_000_000},
    "laughs in an item": {"item.xml": HOSTILE["a billion laughs"]},
}


@pytest.mark.parametrize("files", BAD_PACKAGES.values(), ids=BAD_PACKAGES)
def test_a_hostile_package_is_refused_at_once(files: dict[str, bytes | str]) -> None:
    content = package(files)
    with pace.within(2), pytest.raises((ArchiveHostile, XmlHostile)):
        reading.read(content)


def test_a_packed_package_inside_a_package_is_told_and_not_opened() -> None:
    read = reading.read(package({"a.xml": ITEM.format("1", "x"), "more.zip": NESTED}))
    assert (len(read.drafts), [loss.place for loss in read.losses]) == (1, ["more.zip"])


def test_a_truncated_package_is_no_package() -> None:
    with pytest.raises(Unreadable):
        reading.read(package({"a.xml": ITEM.format("1", base64.b64encode(bytes(range(256)) * 40).decode())})[:-60])


def test_scripts_in_every_field_come_in_as_words_or_not_at_all() -> None:
    payload = '<script>alert(1)</script><svg onload="alert(1)"><circle/></svg><b onclick="x()">b</b><a href="javascript:x()">a</a>'
    payload += '<math><mi href="javascript:x()">y</mi></math><iframe src="data:text/html,x"></iframe>'
    (draft,) = reading.read(ITEM.format("1", payload).encode()).drafts
    assert not {"script", "onload", "onclick", "javascript", "iframe"} & set(draft.stem.replace("=", " ").replace(":", " ").replace("<", " ").split())


def test_html_in_cdata_opens_no_elements_and_everything_behind_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_tree, "MAX_ELEMENTS", 10)
    section = f"<![CDATA[{'<b>甲</b>' * 20}]]>"
    assert "甲" in xml_tree.text_of(xml_tree.parse(f"<quiz><text>{section}</text></quiz>").root)
    with pytest.raises(XmlHostile):
        xml_tree.parse(f"<quiz><text>{section}</text>{'<b>甲</b>' * 20}</quiz>")
    with pytest.raises(XmlHostile):
        xml_tree.parse(f"<quiz><![CDATA[{'<b>甲</b>' * 20}</quiz>")
