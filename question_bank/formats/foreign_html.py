"""Other systems' HTML in the author's notation: what we know is kept, what goes is told, words are never lost."""

import base64
import binascii
import html
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from lxml import etree

from lms.kernel.refusal import N_
from question_bank.formats import formula, rich_text, text, xml_tree
from question_bank.formats.findings import Place
from question_bank.formats.symbol_font import greek
from question_bank.formats.xml_tree import attribute, local

Source = Callable[[str], bytes | None]  # a file by the name that stands in `src`
Special = Callable[[etree._Element], str | None]  # notation in place of an element; None: go on as usual

_KEPT = frozenset({*rich_text.INLINE, *rich_text.BLOCK})
_ALIAS = {"tt": "code", "kbd": "code", "samp": "code", "var": "i", "dfn": "i", "cite": "i", "del": "s", "strike": "s", "ins": "u", "tfoot": "tbody"}
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NEUTRAL = frozenset(
    "html body span font abbr acronym small big label bdi bdo wbr rb rtc ruby a colgroup col content-body contentBody thing time data mark"  # noqa: SIM905
    " nobr o templateInline".split()
)
_CONTAINERS = frozenset(
    "div section article header footer main nav aside figure figcaption center address dl dt dd fieldset legend details summary caption"  # noqa: SIM905
    " flow hr blockcode picture prompt rubricBlock choiceInteraction orderInteraction matchInteraction associateInteraction"
    " gapMatchInteraction extendedTextInteraction hottextInteraction sliderInteraction".split()
)
_WORDLESS = {
    "audio": N_("声音"),
    "video": N_("视频"),
    "iframe": N_("嵌入的网页"),
    "embed": N_("嵌入的文件"),
    "object": N_("嵌入的文件"),
    "applet": N_("嵌入的程序"),
    "script": N_("脚本（script）"),
    "style": N_("样式表（style）"),
    "link": N_("样式表（link）"),
    "stylesheet": N_("样式表（stylesheet）"),
    "svg": N_("矢量图（svg）"),
    "canvas": N_("画布（canvas）"),
    "map": N_("图片热区（map）"),
    "input": N_("表单"),
    "select": N_("表单"),
    "textarea": N_("表单"),
    "button": N_("表单"),
    "include": N_("引用的外部内容（XInclude）"),
}
_SPOKEN = re.compile(r"\{http://www\.w3\.org/[^}]*/synthesis\}|ssml:", re.IGNORECASE)
_LEFT_OUT = frozenset({"rp", "source", "track", "param", "head", "title"})
_SIGNED = {"br": ("<br>", ""), "rt": ("（", "）"), "q": ("“", "”")}
_STYLED = re.compile(r"(?:^|;)\s*(?:color|background(?:-color)?|text-decoration|font-weight|font-style)\s*:", re.IGNORECASE)
_MATH = re.compile(r"<(?:[\w.-]+:)?math\b(?:[^<]|<(?!/?(?:[\w.-]+:)?math\b))*+</(?:[\w.-]+:)?math\s*>", re.IGNORECASE)
_PREFIX = re.compile(r"(</?)[\w.-]+:")
_NAMESPACES = re.compile(r"\s(?:xmlns(?::\w+)?|xsi:\w+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_PRIVATE = re.compile("[\ue010-\ue01f]")
_TOKEN = re.compile("\ue010(\\d+)\ue011")
_BREAK = "\ue012"
_BARE_WORDS = re.compile("[^<>&$\\\\\\[\u00a0\ue010-\ue01f]*")  # most options of a large bank: nothing in them needs a parser
_BLANKS = r"(?:(?<![ \t\n])[ \t\n]++)?"  # a run of them is gone through once
_BREAKS = re.compile(rf"(?:<br>)?{_BLANKS}{_BREAK}[ \t\n{_BREAK}]*+")
_BR = re.compile(rf"{_BLANKS}<br>[ \t\n]*")
_LONE = re.compile(r"<p>((?:(?!</?(?:" + "|".join(rich_text.BLOCK) + r")>).)*)</p>", re.DOTALL)
_TEX = re.compile(r"\\\(((?:(?!\\[()]).){1,2000}?)\\\)|\\\[((?:(?!\\[\[\]]).){1,2000}?)\\\]|\$\$([^$]{1,2000})\$\$", re.DOTALL)
_TAGGED = re.compile(r"</?(?:br|p|div|span|b|i|em|strong|img|li|td|math)\b", re.IGNORECASE)
_AROUND = re.compile(rf"{_BLANKS}(</?(?:{'|'.join(rich_text.BLOCK)})\b[^>]*>)[ \t\n]*")
_TEX_NAMES = frozenset({"application/x-tex", "tex", "latex", "application/x-latex", "text/x-tex", "snuggletex"})
_TEX_WRAPPED = re.compile(r"\s*(?:\\\[(.*)\\\]|\\\((.*)\\\)|\$+(.*?)\$+)\s*", re.DOTALL)
_DATA_URI = re.compile(r"data:image/[\w.+-]+((?:;[\w=.+-]+)*),(.*)", re.DOTALL)
_SPAN = re.compile(r"[2-9]|[1-9]\d")
MARK = "kept"  # the class our writers put on a paragraph that is meant to stay one


def _in_greek(element: etree._Element) -> None:
    """Write all words of an element of the font Symbol in Greek, but not what has a font of its own."""
    element.text = greek(element.text or "")
    for inner in element:
        if local(inner) and not attribute(inner, "face"):
            _in_greek(inner)
        inner.tail = greek(inner.tail or "")


class Words:
    """Turns one item's markup into notation."""

    def __init__(self, place: Place, source: Source, *, tex: bool = False, is_inner: bool = False) -> None:
        self.is_inner = is_inner
        self.place, self.source, self.tex = place, source, tex  # `tex`: the system shows `\\(…\\)` and `$$…$$` as formulas
        self._tokens: list[str] = []

    def of_plain(self, words: str) -> str:
        """Return the notation of text that holds no markup."""
        words = self._tex(_PRIVATE.sub("\ufffd", words.strip()), str)
        return self._notation(self._text(words, pre=True).replace("\r\n", "\n").replace("\n", "<br>"))

    def of_html(self, source: str) -> str:
        """Return the notation of a piece of HTML."""
        if _BARE_WORDS.fullmatch(source):
            return re.sub(r"[ \t\r\n]+", " ", source.replace("\x00", "\ufffd")).strip()
        source = self._tex(_PRIVATE.sub("\ufffd", source.replace("\x00", "\ufffd")), html.unescape)
        source = _MATH.sub(lambda found: self._token(self._math_source(found[0])), source)
        if not source.strip():
            return ""
        try:
            tree = xml_tree.page(f"<div>{source}</div>")
        except etree.ParserError:
            return self.of_plain(source)
        return self._notation(self._inside(tree, None, pre=False))

    def of_tree(self, element: etree._Element, special: Special | None = None) -> str:
        """Return the notation of what stands inside an element of an XML document."""
        return self._notation(self._inside(element, special, pre=False))

    def _notation(self, markup: str) -> str:
        if _BARE_WORDS.fullmatch(markup):
            return markup.strip()
        markup = _BR.sub("<br>", _BREAKS.sub(_BREAK, markup)).strip(" \t\n" + _BREAK).replace(_BREAK, "<br>")
        if "<pre" not in markup:
            markup = _AROUND.sub(r"\1", markup)
        notation = rich_text.to_notation(rich_text.from_html(markup))
        if lone := _LONE.fullmatch(notation.strip()):
            notation = lone[1]
        notation = notation.replace("\ue013", "")
        return _TOKEN.sub(lambda found: self._tokens[int(found[1])], notation).strip()

    def _tex(self, source: str, read: Callable[[str], str]) -> str:
        """Take the formulas out before anything reads their signs as markup."""

        def taken(found: re.Match[str]) -> str:
            tex = found[1] or found[2] or found[3]
            return found[0] if _TAGGED.search(tex) else self._token(self._latex(read(tex), is_block=not found[1]))

        return _TEX.sub(taken, source) if self.tex else source

    def _token(self, notation: str) -> str:
        """Keep a piece of finished notation out of the cleaner's way."""
        self._tokens.append(notation)
        return f"\ue010{len(self._tokens) - 1}\ue011"

    def _inside(self, element: etree._Element, special: Special | None, *, pre: bool) -> str:
        parts = [self._text(element.text, pre=pre)]
        for child in element:
            parts.append(self._element(child, special, pre=pre))
            parts.append(self._text(child.tail, pre=pre))
        return "".join(parts)

    @staticmethod
    def _text(words: str | None, *, pre: bool) -> str:
        if not words:
            return ""
        words = _PRIVATE.sub(lambda sign: sign[0] if sign[0] in "\ue010\ue011" else "\ufffd", words)
        escaped = html.escape(words, quote=False)
        return escaped if pre else re.sub(r"[ \t\r\n]+", " ", escaped)

    def _element(self, element: etree._Element, special: Special | None, *, pre: bool) -> str:
        name = local(element)
        if not name:  # an entity that nothing declares
            return html.escape(html.unescape(xml_tree.written(element)), quote=False)
        if special and (instead := special(element)) is not None:
            return self._token(instead) if instead else ""
        if _SPOKEN.match(str(element.tag)):  # how a word is read aloud: its <sub> is no index, its <s> a sentence
            name = f"ssml:{name}"
        name = name.lower() if name.lower() in _KEPT or name.isupper() else name
        if name in _LEFT_OUT:
            return ""
        if name in {"math", "img"} or (name == "object" and _is_picture(attribute(element, "type"), attribute(element, "data"))):
            return self._shown(element, name)
        if name in _SIGNED:
            before, behind = _SIGNED[name]
            return f"{before}{self._inside(element, special, pre=pre).strip()}{behind}"
        return self._wrapped(element, name, special, pre=pre)

    def _shown(self, element: etree._Element, name: str) -> str:
        """Return a formula or a picture; Canvas's pictures of formulas carry the formula along."""
        if name == "math":
            return self._token(self._math(element))
        if tex := attribute(element, "data-equation-content"):
            return self._token(self._latex(html.unescape(tex), is_block=False))
        if name == "object":
            return self._picture(attribute(element, "data"), " ".join("".join(map(str, element.itertext())).split()))
        return self._picture(attribute(element, "src"), attribute(element, "alt"))

    def _passage(self, element: etree._Element) -> str:
        """Return the words of a page of the file's own that is shown inside this one; pages in that page stay out."""
        content = self._bytes(attribute(element, "data")) if attribute(element, "type") in {"text/html", "application/xhtml+xml"} else None
        return "" if content is None else Words(self.place, self.source, tex=self.tex, is_inner=True).of_html(text.decode(content))

    def _wrapped(self, element: etree._Element, name: str, special: Special | None, *, pre: bool) -> str:
        if name == "object" and not self.is_inner and (passage := self._passage(element)):
            return f"{_BREAK}{self._token(passage)}{_BREAK}"
        if name in _WORDLESS:
            self.place.lose(f"{_WORDLESS[name]}未保留{_told(attribute(element, 'src') or attribute(element, 'data') or attribute(element, 'href'))}")
            return self._inside_fallback(element, special) if name in {"object", "iframe", "audio", "video"} else ""
        self._styles(element, name)
        if name == "font" and attribute(element, "face").lower() == "symbol":
            _in_greek(element)
        inside = self._inside(element, special, pre=pre or name == "pre")
        kept = _ALIAS.get(name, name)
        if kept in _KEPT:
            stays = "\ue013" if kept == "p" and attribute(element, "class") == MARK else ""
            spans = _spans(element) if kept in {"td", "th"} else ""
            return f"{stays}<{kept}{spans}>{inside}</{kept}>"
        if name in _HEADINGS:
            return f"<p><b>{inside}</b></p>"
        if name in _CONTAINERS:
            return f"{_BREAK}{inside}{_BREAK}"
        if name not in _NEUTRAL:
            self.place.lose(f"标记 <{name[:40]}> 未保留，其中的文字保留")
        return inside

    def _inside_fallback(self, element: etree._Element, special: Special | None) -> str:
        """Words that stand in for what a browser cannot show."""
        return self._inside(element, special, pre=False)

    def _styles(self, element: etree._Element, name: str) -> None:
        if name == "a" and (href := attribute(element, "href")):
            self.place.lose(f"链接未保留，文字保留{_told(href)}")
        if _STYLED.search(attribute(element, "style")) or (name == "font" and (attribute(element, "color") or attribute(element, "face"))):
            self.place.lose("文字样式（颜色、下划线等）未保留")

    def _picture(self, source: str, alternative: str) -> str:
        words = re.sub(r"([\]\\])", r"\\\1", re.sub(r"\s+", " ", alternative).strip())
        content = self._bytes(source)
        if content is None:
            self.place.lose(f"图片未导入：找不到或不在文件中{_told(source)}")
        name = alternative.strip() if source.startswith("data:") else source if len(source) < 80 else ""
        digest = self.place.picture(content, name) if content is not None else None
        return self._token(f"![{words}](picture:{digest})") if digest else html.escape(_stand_in(alternative, source), quote=False)

    def _bytes(self, source: str) -> bytes | None:
        if not (inline := _DATA_URI.match(source)):
            return self.source(source) if source else None
        try:
            raw = unquote_to_bytes(inline[2])
            return base64.b64decode(re.sub(rb"\s+", b"", raw), validate=True) if "base64" in inline[1] else raw
        except (binascii.Error, ValueError):
            return None

    def _math_source(self, source: str) -> str:
        source = html.unescape(source) if "&lt;" in source[:9] else source
        bare = _PREFIX.sub(r"\1", _NAMESPACES.sub("", source))
        try:
            return self._math(xml_tree.fragment(_named(bare)))
        except etree.XMLSyntaxError:
            self.place.lose("有一个公式的 MathML 写法无法识别，按文字保留")
            return rich_text.to_notation(html.escape(re.sub(r"<[^>]*>", " ", source), quote=False))

    def _math(self, element: etree._Element) -> str:
        """Return the LaTeX that a formula carries along, or the formula itself without prefixes."""
        for note in element.iterdescendants():
            if local(note) == "annotation" and attribute(note, "encoding").lower() in _TEX_NAMES and (tex := "".join(map(str, note.itertext())).strip()):
                wrapped = _TEX_WRAPPED.fullmatch(tex)
                return self._latex(next(filter(None, wrapped.groups()), tex) if wrapped else tex, is_block=attribute(element, "display") == "block")
        stored = formula.from_mathml(_bare(element))
        if stored is None:
            self.place.lose("有一个公式的 MathML 写法无法识别，按文字保留")
        words = " ".join("".join(map(str, element.itertext())).split())
        return rich_text.to_notation(stored or html.escape(words, quote=False))

    @staticmethod
    def _latex(tex: str, *, is_block: bool) -> str:
        guarded = rich_text.to_notation(html.escape(" ".join(tex.split()), quote=False))
        return f"\\[{guarded}\\]" if is_block else f"\\({guarded}\\)"


def _bare(element: etree._Element) -> str:
    """Write a formula without namespaces and prefixes."""
    written = "".join(f' {str(key).rpartition("}")[2]}="{html.escape(str(value))}"' for key, value in element.attrib.items() if "}" not in str(key))
    inside = html.escape(re.sub(r"\s+", " ", element.text or "").strip(), quote=False)
    if local(element) == "mfenced":
        return f"<mrow><mo>{_sign(element, 'open', '(')}</mo>{_fenced(element)}<mo>{_sign(element, 'close', ')')}</mo></mrow>"
    inside += "".join((_bare(child) if local(child) else "") + html.escape((child.tail or "").strip(), quote=False) for child in element)
    return f"<{local(element)}{written}>{inside}</{local(element)}>"


def _fenced(element: etree._Element) -> str:
    """Return what stands between brackets, divided as the formula says."""
    parts = [_bare(child) for child in element if local(child)]
    dividers = re.sub(r"\s", "", element.get("separators", ","))
    between = [dividers[min(at, len(dividers) - 1)] if dividers else "" for at in range(len(parts) - 1)] + [""]
    return "".join(part + (f"<mo>{html.escape(sign)}</mo>" if sign else "") for part, sign in zip(parts, between, strict=True))


def _sign(element: etree._Element, name: str, usual: str) -> str:
    return html.escape(element.get(name, usual))


def _spans(element: etree._Element) -> str:
    return "".join(f' {span}="{number}"' for span in ("colspan", "rowspan") if _SPAN.fullmatch(number := attribute(element, span)))


def _named(words: str) -> str:
    return re.sub(r"&(?!(?:lt|gt|amp|quot|apos|#\d+|#x[0-9a-fA-F]+);)(\w*;?)", lambda sign: html.escape(html.unescape(sign[0])), words)


def _is_picture(kind: str, name: str) -> bool:
    return kind.startswith("image/") or bool(re.search(r"\.(?:png|jpe?g|gif|webp|bmp|svg)$", name, re.IGNORECASE))


def _stand_in(alternative: str, source: str) -> str:
    """Return the words that stand where a picture should: its own, or the name of its file."""
    name = "" if source.startswith("data:") else source.rpartition("/")[2][:80]
    words = " ".join(alternative.split()) or (name if _is_picture("", name) else "")
    return f"[{words}]" if words else ""


def _told(name: str) -> str:
    return f"（{name[:100]}）" if name and not name.startswith("data:") else ""
