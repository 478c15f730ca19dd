"""The form in a real browser: keyboard, live preview, no script of anybody else's."""

import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Dialog

from lms.kernel.clock import FixedClock
from lms.kernel.db import transaction
from question_bank.services import bank as banks
from tests.support.browser import DESK, opened, serving
from tests.support.cast import RUI, WEI, enter

pytestmark = pytest.mark.browser


@pytest.fixture
def site(app: Flask, clock: FixedClock) -> Iterator[str]:
    banks.create("b", "演示题库", clock.now(), {"crisis": "危机干预"})
    with serving(app) as address:
        yield address


def test_an_item_is_written_by_keyboard_alone(app: Flask, chromium_browser: Browser, site: str) -> None:
    page, complaints = opened(app, chromium_browser, site, WEI, DESK)
    page.goto("/bank/b/items/new")
    for kind, words in (("true_false", "正确"), ("ordering", ""), ("true_false", "正确"), ("single", "")):
        page.check(f"#type-{kind}", force=True)
        assert page.input_value("#option-0") == words, kind
    page.focus("#type-single")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("#type-multiple")
    page.focus("#stem")
    page.keyboard.type("下列不正确的是 <img src=x onerror=window.hacked=1>")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for words in ("甲选项", "乙选项", "丙选项", "丁选项", "以上都是"):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
    page.keyboard.press("Alt+Digit2")
    page.keyboard.press("Alt+Digit4")
    page.locator("[data-preview-stem]").get_by_text("下列不正确的是 <img").wait_for()
    page.locator("[data-flaw-list] li").get_by_text("以上都是").wait_for()
    page.fill("#topic", "危急干预")
    page.locator("[data-flaw-list] li").get_by_text("题库里还没有知识点“危急干预”").wait_for()
    page.fill("#topic", "危机干预")
    page.locator("[data-flaw-list] li").get_by_text("知识点").wait_for(state="detached")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => { location.href = '/bank/b'; }, 0)")
    assert asked == ["beforeunload"], "leaving asks first"
    page.keyboard.press("Control+S")
    page.wait_for_url(re.compile(r"/bank/b/items/\d+$"))
    page.wait_for_selector("text=已保存")
    assert [key[0] for key in page.locator(".option.is-key").all_inner_texts()] == ["B", "D"]
    assert page.evaluate("window.hacked") is None
    assert complaints == []
    with transaction() as session:
        assert session.connection().exec_driver_sql("SELECT key->'options', topic FROM item_version").one() == ([1, 3], "crisis")


PASTED = """<html><head><style>td { color: red }</style></head><body><p class=MsoNormal style='margin:0'>读<b>下表</b>，H<sub>2</sub>O 与 1 &lt;b 有关：</p>
<table><tr><td colspan=2>月份</td></tr><tr><td>一月</td><td>3<o:p></o:p></td></tr></table><img src="file:///C:/a.png">
<script>window.hacked = 1</script></body></html>"""
_PASTE = """([html, plain]) => {
  const data = new DataTransfer();
  data.setData("text/html", html);
  data.setData("text/plain", plain);
  data.items.add(new File(["x"], "cells.png", { type: "image/png" }));
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def test_emphasis_and_tables_are_written_without_tags_and_kept_when_pasted(app: Flask, chromium_browser: Browser, site: str) -> None:
    page, complaints = opened(app, chromium_browser, site, WEI, DESK)
    page.goto("/bank/b/items/new")
    page.focus("#stem")
    page.evaluate(_PASTE, [PASTED, "读下表"])
    assert page.input_value("#stem") == (
        '读<b>下表</b>，H<sub>2</sub>O 与 1 &lt;b 有关：\n<table>\n<tr><td colspan="2">月份</td></tr>\n<tr><td>一月</td><td>3</td></tr>\n</table>'
    )
    page.get_by_text("粘贴的内容里有图片").wait_for()
    page.locator("[data-preview-stem] table td[colspan='2']").get_by_text("月份").wait_for()
    page.keyboard.press("Control+Z")
    assert page.input_value("#stem") == ""
    page.keyboard.type("下列不是重点")
    for _ in "重点":
        page.keyboard.press("Shift+ArrowLeft")
    for keys, words in (("Control+B", "下列不是<b>重点</b>"), ("Control+B", "下列不是重点"), ("Control+Period", "下列不是<sup>重点</sup>")):
        page.keyboard.press(keys)
        assert page.input_value("#stem") == words
    page.focus("#option-0")
    page.keyboard.type("甲|乙")
    page.keyboard.press("Control+A")
    page.get_by_role("button", name="表格").click()
    assert page.input_value("#option-0") == "<table>\n<tr><th>甲</th><th>乙</th></tr>\n</table>"
    page.evaluate("document.querySelector('.more-fields').open = true")
    page.focus("#source")
    page.get_by_role("button", name="加粗").click(force=True)
    assert "<b>" not in page.input_value("#option-0"), "no field is written but the one that has the focus"
    page.focus("#explanation")
    page.get_by_role("button", name="加粗").focus()
    for key in ["ArrowRight"] * 7 + ["ArrowLeft", "Enter"]:
        page.keyboard.press(key)
    assert page.input_value("#explanation") == "<ul>\n<li></li>\n</ul>"
    assert page.evaluate("window.hacked") is None
    assert complaints == []


OF_EXCEL = """<html><head><style><!--table {mso-x:"\\.";} .xl65 {font-weight:700; font-style:italic;} .font5 {vertical-align:sub;}--></style>
</head><body><table><tr><td class=xl65>月</td><td style='text-decoration:underline line-through'>H<font class="font5">2</font>O</td></tr></table>"""
ONE_CELL = """<html><head><style>.xl65 {font-weight:700;}</style></head>
<body><table><tr><td class=xl65 style='height:14pt'>甲<br>乙 style="x"</td></tr></table></body></html>"""
OF_GOOGLE = """<b style="font-weight:normal"><span style="font-weight:700">重</span><span style="font-weight:400">点</span>
<b style="font-weight:bold">一</b></b>"""


OF_KATEX = r"""<p>求 <span class="katex"><span class="katex-mathml"><math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><msup><mi>x</mi>
<mn>2</mn></msup></mrow><annotation encoding="application/x-tex">x^2 + \frac{1}{2}</annotation></semantics></math></span><span class="katex-html"
aria-hidden="true">x2+21</span></span> 的值</p>"""
OF_WIKIPEDIA = r"""<p>即 <math alttext="a"><semantics><mi>a</mi><annotation encoding="application/x-tex">{\displaystyle a&lt;b}</annotation></semantics>
</math><img class="mwe-math-fallback-image-inline" src="https://example.org/a.svg">。</p>"""


@pytest.mark.parametrize(
    ("html", "written"),
    [
        (OF_EXCEL, "<table>\n<tr><td><b><i>月</i></b></td><td><u><s>H<sub>2</sub>O</s></u></td></tr>\n</table>"),
        (ONE_CELL, '<b>甲\n乙 style="x"</b>'),
        (OF_GOOGLE, "<b>重</b>点 <b>一</b>"),
        (OF_KATEX, r"求 \(x^2 + \frac{1}{2}\) 的值"),
        (OF_WIKIPEDIA, r"即 \(a<b\)。"),
        ("<p>设 <math>\n<mi>x</mi> </math> 为</p>", "设 <math> <mi>x</mi> </math> 为"),
        ("<p>甲<del>乙</del></p><blockquote>引</blockquote><svg><title>图</title></svg>", "甲<s>乙</s>\n引"),
    ],
)
def test_emphasis_written_as_css_is_kept_and_one_cell_is_its_words(app: Flask, chromium_browser: Browser, site: str, html: str, written: str) -> None:
    page, complaints = opened(app, chromium_browser, site, WEI, DESK)
    page.goto("/bank/b/items/new")
    page.focus("#stem")
    page.evaluate(_PASTE, [html, "x"])
    assert page.input_value("#stem") == written
    assert complaints == []


def test_enter_in_an_empty_row_leads_on(app: Flask, chromium_browser: Browser, site: str) -> None:
    page, _ = opened(app, chromium_browser, site, WEI, DESK)
    page.goto("/bank/b/items/new")
    page.check("#type-matching", force=True)
    page.focus("#prompt-0")
    for words in ("甲", "乙", "", "一", "二", "三", ""):
        page.keyboard.type(words)
        page.keyboard.press("Enter")
    assert [page.input_value(f"#{name}") for name in ("prompt-1", "prompt-2", "option-0", "option-2", "option-3")] == ["乙", "", "一", "三", ""]
    assert page.evaluate("document.activeElement.id") == "explanation"


def test_a_picture_is_put_where_the_caret_stood(app: Flask, chromium_browser: Browser, site: str) -> None:
    page, _ = opened(app, chromium_browser, site, WEI, DESK)
    page.goto("/bank/b/items/new")
    page.focus("#stem")
    page.keyboard.type("看图回答")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    drawn = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(drawn, "PNG")
    page.set_input_files("[data-picture-file]", {"name": "a.png", "mimeType": "image/png", "buffer": drawn.getvalue()})
    page.locator("[data-picture-words]").fill("红")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#stem').value.includes('picture:')")
    assert re.fullmatch(r"看图!\[红\]\(picture:[0-9a-f]{64}\)回答", page.input_value("#stem"))


def test_what_is_done_to_many_stays_in_sight_and_counts_the_chosen(app: Flask, chromium_browser: Browser, site: str) -> None:
    for number in range(30):
        written = {"type": "true_false", "stem": f"第{number}句话对吗", "option-0": "正确", "option-1": "错误", "key": "0", "action": "submit"}
        assert enter(app, WEI).post("/bank/b/items/new", data=written).status_code == 302
    page, _ = opened(app, chromium_browser, site, RUI, DESK)
    page.goto("/bank/b")
    for at in (0, 29):
        page.locator('input[name="item"]').nth(at).check(force=True)
    page.locator(".bulk-bar summary", has_text="已勾选 2 题").click()
    assert page.evaluate("document.querySelector('.bulk-bar').getBoundingClientRect().top >= 0 && scrollY > 300")
    page.get_by_label("全选本页").check()
    page.locator(".bulk-bar summary", has_text="已勾选 30 题").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.querySelector('.bulk-bar').getBoundingClientRect().height <= innerHeight / 2 + 1")
    page.goto("/bank/b/review")
    page.get_by_label("全选本页").check()
    assert page.locator('input[name="version"]:checked').count() == 30
