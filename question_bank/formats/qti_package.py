"""Packages: a zip with a manifest, items, pictures; or with items alone, as people pack them by hand."""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from lxml import etree

from question_bank.domain.draft import decimal
from question_bank.domain.exchange import Reading
from question_bank.domain.notation import read_level
from question_bank.formats import archive, qti, qti_vocabulary, xml_tree
from question_bank.formats.findings import Findings
from question_bank.formats.foreign_html import Source
from question_bank.formats.qti_body import Known
from question_bank.formats.unreadable import ArchiveHostile, Unreadable, XmlHostile
from question_bank.formats.xml_tree import Document, attribute, every, first, local, text_of

MAX_DOCUMENT = 50 * 1024 * 1024
_JUNK = re.compile(r"(?:^|/)(?:__MACOSX/|\._|\.DS_Store$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"^(?:\$IMS-CC-FILEBASE\$|\$IMS_CC_FILEBASE\$|IMS-CC-FILEBASE)/*", re.IGNORECASE)
_XID = re.compile(r"xid-(\d+_\d+)")
_DIFFICULTY = {"very easy": 0.95, "easy": 0.85, "medium": 0.65, "difficult": 0.4, "hard": 0.4, "very difficult": 0.2}
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_QUIET = frozenset({"manifest", "assessmentStimulus", "qti-assessment-stimulus"})
_STRUCTURES = {
    **dict.fromkeys(("assessmentTest", "qti-assessment-test", "assessmentSection", "qti-assessment-section"), "试卷结构（assessmentTest）"),
    "quiz": "测验的设置",
}


def looks_like(names: frozenset[str]) -> bool:
    """Tell whether an archive may be a package: it holds a manifest or an XML document that is no office file's."""
    kept = [name for name in names if not _JUNK.search(name)]
    return "[Content_Types].xml" not in names and any(name.lower().endswith((".xml", ".dat", ".qti")) for name in kept)


def read(content: bytes) -> Reading:
    """Return what a package holds; raises Unreadable when there is no item in it."""
    archive.check(content)
    found = Findings("qti")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as held:
            any_items = _Package(held, found).read()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise Unreadable from None
    if not any_items:
        raise Unreadable
    return found.reading()


@dataclass(frozen=True, slots=True)
class _Resource:
    """What a manifest says of one document."""

    href: str
    known: Known = field(default_factory=Known)


class _Package:
    """Reads one package."""

    def __init__(self, held: zipfile.ZipFile, found: Findings) -> None:
        self.held, self.found = held, found
        self.names = [name for name in held.namelist() if not name.endswith("/") and not _JUNK.search(name)]
        self.by_folded = {name.replace("\\", "/").casefold(): name for name in self.names}
        self.by_base: dict[str, list[str]] = {}
        for name in self.names:
            self.by_base.setdefault(posixpath.basename(name.replace("\\", "/")).casefold(), []).append(name)

    def read(self) -> bool:
        """Read every document that holds items: first as the manifest lists them, then those it forgets."""
        any_items, done = False, set[str]()
        for resource in self._resources():
            name = self._name(resource.href, "")
            if name is None:
                self.found.at("imsmanifest.xml").lose(f"清单中的文件不存在：{resource.href[:120]}")
            elif name not in done:
                done.add(name)
                any_items |= self._document(name, resource.known)
        for name in self.names:
            if name in done or posixpath.basename(name).lower() == "imsmanifest.xml":
                continue
            if name.lower().endswith((".xml", ".dat", ".qti")):
                any_items |= self._document(name, Known(stimulus=self._stimulus(name)))
            elif name.lower().endswith(".zip"):
                self.found.at(name).lose("压缩包里的压缩包未读取")
        return any_items

    def _document(self, name: str, known: Known) -> bool:
        document = self._parsed(name)
        if document is None:
            return False
        kind = local(document.root)
        if qti.read_into(self.found, document, name, self._files(name), known):
            return True
        if kind not in _QUIET:
            self.found.at(name).lose(f"{_STRUCTURES.get(kind, f'<{kind[:40]}> 文档')}未导入")
        return False

    def _parsed(self, name: str) -> Document | None:
        content = self._content(name, MAX_DOCUMENT)
        if content is None or not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
            return None
        try:
            return xml_tree.parse(xml_tree.decode(content))
        except (ArchiveHostile, XmlHostile):
            raise
        except Unreadable:
            self.found.at(name).refuse("xml_damaged", name)
            return None

    def _content(self, name: str, most: int) -> bytes | None:
        if self.held.getinfo(name).file_size > most:
            raise ArchiveHostile
        return self.held.read(name)

    # Names

    def _name(self, href: str, folder: str) -> str | None:
        """Return the entry that a reference means: below the folder of the one who says it, below the root, or by its bare name."""
        path = unquote(_PLACEHOLDER.sub("", unquote(href.strip()).replace("\\", "/"))).partition("?")[0].partition("#")[0]
        if not path or re.match(r"[a-z][a-z0-9+.-]+:", path, re.IGNORECASE):
            return None
        for whole in (posixpath.join(folder, path), path.lstrip("/")):
            if (name := self.by_folded.get(posixpath.normpath(whole).casefold())) is not None:
                return name
        alike = self.by_base.get(posixpath.basename(path).casefold(), [])
        return alike[0] if len(alike) == 1 else None

    def _files(self, name: str) -> Source:
        folder = posixpath.dirname(name.replace("\\", "/"))

        def file(source: str) -> bytes | None:
            found = self._name(source, folder)
            if found is None and (stub := _XID.search(source)):
                found = next((each for each in self.names if stub[1] in each and each.lower().endswith(_PICTURES)), None)
            return self._content(found, MAX_DOCUMENT) if found else None

        return file

    # The manifest

    def _resources(self) -> Iterator[_Resource]:
        name = min((each for each in self.names if posixpath.basename(each).lower() == "imsmanifest.xml"), key=len, default=None)
        document = self._parsed(name) if name else None
        if document is None:
            return
        if document.damaged:
            self.found.at(str(name)).lose("清单有 XML 错误，可能没有读全")
        folder = posixpath.dirname(str(name))
        for held in every(document.root, "resources"):
            for resource in (each for each in held if local(each) == "resource"):
                base = posixpath.join(folder, attribute(held, "base"), attribute(resource, "base"))
                hrefs = [attribute(resource, "href")] if attribute(resource, "href") else [attribute(each, "href") for each in every(resource, "file")]
                for href in hrefs:
                    if href and self._is_document(resource, href):
                        path = href if base == "" else posixpath.join(base, href)
                        yield _Resource(path, self._known(resource, path))

    @staticmethod
    def _is_document(resource: etree._Element, href: str) -> bool:
        kind = attribute(resource, "type").lower()
        return href.lower().partition("?")[0].endswith((".xml", ".qti", ".dat")) and not ("webcontent" in kind or "stimulus" in kind or "assignment" in kind)

    def _known(self, resource: etree._Element, href: str) -> Known:
        """Return the metadata of an item: keywords, difficulty, topic and level."""
        metadata = first(resource, "metadata")
        stimulus = self._stimulus(unquote(href))
        if metadata is None:
            return Known(stimulus=stimulus)
        words = [_langstring(each) for each in every(metadata, "keyword")]
        level = next((_last_word(each) for each in every(metadata, "difficulty")), "").lower()
        number = decimal(level) if level else None
        purposes = {_purpose(each): _entry(each) for each in every(metadata, "classification")}
        return Known(
            topic=purposes.get("discipline", ""),
            level=read_level(purposes.get("skill level", "")),
            difficulty=float(number) if number is not None and 0 <= number <= 1 else _DIFFICULTY.get(level),
            tags=tuple(filter(None, words)),
            stimulus=stimulus,
        )

    def _stimulus(self, item: str) -> Callable[[str], etree._Element | None]:
        folder = posixpath.dirname(item.replace("\\", "/"))

        def stimulus(href: str) -> etree._Element | None:
            name = self._name(href, folder)
            document = self._parsed(name) if name else None
            if document is None:
                return None
            qti_vocabulary.harmonise(document.root)
            return document.root

        return stimulus


def _langstring(element: etree._Element) -> str:
    return next((text_of(each) for each in every(element, "langstring", "string")), text_of(element))


def _purpose(element: etree._Element) -> str:
    purpose = first(element, "purpose")
    return "" if purpose is None else _last_word(purpose).lower()


def _last_word(element: etree._Element) -> str:
    """Return a vocabulary's word: source and value, each perhaps in a langstring."""
    return next((_langstring(each) for each in every(element, "value")), text_of(element))


def _entry(element: etree._Element) -> str:
    return next((_langstring(each) for each in every(element, "entry")), "")
