"""QTI documents: which kind each one is, and who reads it."""

from lxml import etree

from question_bank.domain.exchange import Reading
from question_bank.formats import moodle_xml, qti_one, qti_vocabulary
from question_bank.formats.findings import Findings
from question_bank.formats.foreign_html import Source
from question_bank.formats.qti_body import Known
from question_bank.formats.qti_item import Item
from question_bank.formats.unreadable import ItemsElsewhere, Unreadable
from question_bank.formats.xml_tree import Document, attribute, every, local, parse

_TESTS = ("assessmentTest", "qti-assessment-test", "manifest")
ROOTS = frozenset({"questestinterop", "assessmentItem", "qti-assessment-item", "item", *_TESTS})


def read(words: str) -> Reading:
    """Return what a single document holds; raises Unreadable when it holds no item."""
    found = Findings("qti")
    document = parse(words)
    if not read_into(found, document, "", lambda _name: None, Known()):
        raise ItemsElsewhere if local(document.root) in _TESTS else Unreadable
    return found.reading()


def items_of(document: Document) -> list[etree._Element]:
    """Return the items of QTI 2 or 3 in a document: the root, or several in one file."""
    names = ("assessmentItem", "qti-assessment-item")
    return [document.root] if local(document.root) in names else every(document.root, *names)


def read_into(found: Findings, document: Document, file: str, files: Source, known: Known) -> bool:
    """Read one document and tell whether it is one that holds items."""
    prefix = f"{file}：" if file else ""
    if document.damaged:
        found.at(f"{prefix}第 {document.damaged[0]} 行").lose("文件从这一行起有 XML 错误，其后的内容可能没有读全")
    root = local(document.root)
    if root == "questestinterop" or (root in qti_one.PARTS and every(document.root, "presentation")):
        qti_one.read_into(found, document, file, files)
        return True
    if root == "quiz" and any(local(each) == "question" for each in document.root):
        moodle_xml.read_into(found, document, file)
        return True
    items = items_of(document)
    for element in items:
        qti_vocabulary.harmonise(element)
        place = found.at(f"{prefix}{attribute(element, 'identifier')[:80] or '第 1 题'}")
        if document.hides_markup and qti_vocabulary.reveal(element):
            place.lose("以文字（CDATA）写入的 HTML 按标记读取")
        item = Item(element, place, files, known)
        if (element is document.root and document.damaged) or document.is_damaged(element):
            item.refuse("xml_damaged")
        else:
            item.read()
    return bool(items)
