"""The certificate as a PDF: typst, with the bundled Chinese fonts and a QR code."""

import io
import json
import threading
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import segno
import typst
from PIL import ImageFont

from lms.domain.certificate import Statement
from lms.kernel.refusal import N_, Conflict

TEMPLATE = Path(__file__).with_suffix(".typ")
_one_at_a_time = threading.Lock()


class SignMissing(Conflict):
    """The fonts lack a sign of the name; a certificate with a box in it must not be printed."""

    code = "sign_missing"
    message = N_("证书字体中缺少姓名里的某个字，暂不能生成 PDF。请联系班级管理员，我们会补上字体。")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed: the signed statement, the code, and the address under which it is checked."""

    statement: Statement
    code: str
    address: str
    link: str


def pdf(sheet: Sheet) -> bytes:
    """Return the PDF (PDF/UA-1, identical bytes for identical input); raises SignMissing."""
    if lacking(sheet.statement.name):
        raise SignMissing
    data, qr = _inputs(sheet)
    with _one_at_a_time:  # the compiler is one per process and not made for two threads
        made = _compiler().compile(format="pdf", sys_inputs={"data": data, "qr": qr}, pdf_standards="ua-1", timestamp=0)
    assert isinstance(made, bytes)
    return made


def lacking(text: str) -> str:
    """Return the signs that the fonts cannot draw."""
    font = _face()
    empty = bytes(font.getmask("\U0010fffd"))
    return "".join(sign for sign in text if not sign.isspace() and bytes(font.getmask(sign)) == empty)


def _inputs(sheet: Sheet) -> tuple[str, str]:
    statement = sheet.statement
    year, month, day = (int(part) for part in statement.day.split("-"))
    code = "-".join(sheet.code[place : place + 4] for place in range(0, len(sheet.code), 4))
    data = {
        "title": statement.title,
        "title_size": 34 if len(statement.title) <= 14 else 27 if len(statement.title) <= 22 else 22,
        "programme_line": statement.issuer,
        "name": statement.name,
        "body": f"参加“{statement.programme}”，完成全部培训内容，计 {statement.hours} 学时，经考核成绩合格。",
        "serial": statement.serial,
        "code": code,
        "address": sheet.address,
        "issuer": statement.issuer,
        "date": f"{year} 年 {month} 月 {day} 日",
        "year": year,
        "month": month,
        "day_of_month": day,
        "sample": statement.sample,
    }
    drawn = io.BytesIO()
    segno.make(sheet.link, error="m", micro=False).save(drawn, kind="svg", border=0, dark="#26221c", light=None, xmldecl=False)
    return json.dumps(data, ensure_ascii=False), drawn.getvalue().decode()


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, font_paths=[_fonts()], ignore_system_fonts=True)


@cache
def _face() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_fonts() / "NotoSerifSC-Regular.otf"), 24)


@cache
def _fonts() -> Path:
    """Find the bundled fonts; importing their package would load twenty megabytes."""
    spec = find_spec("pylopdf_fonts_zh_cn")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent
