"""Pictures from outside: decoded within bounds and written anew, so that nothing but their pixels is kept.

A picture we wrote comes through unchanged, which is what lets an export be imported again as the same items.
"""

import hashlib
import io
import re

from PIL import Image, ImageOps

from lms.kernel.refusal import N_, Malformed
from question_bank.domain.exchange import Picture

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
LONGEST_SIDE = 1600
_PNG_UP_TO = 400 * 1024  # beyond that an opaque picture is a photograph, and JPEG a tenth of the size
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_WINDOWS_DRAWINGS = (b"\xd7\xcd\xc6\x9a", b"\x01\x00\x09\x00", b"\x01\x00\x00\x00")
_SAYS_MORE = re.compile(rb"\xff[\xe0-\xef\xfe]")  # JPEG's application and comment segments


class PictureUnreadable(Malformed):
    """The bytes are no picture we can show."""

    code = "picture_unreadable"
    message = N_("无法读取这张图片。请另存为 PNG 或 JPEG 后再试。")


class PictureTooLarge(Malformed):
    """The picture is beyond what a page shows, or unpacks out of all proportion."""

    code = "picture_too_large"
    message = N_("图片过大：文件不能超过 10 MB，且不能超过 4000 万像素。请缩小后再试。")


class PictureVector(Malformed):
    """Drawings may hold scripts and references to other places."""

    code = "picture_vector"
    message = N_("不支持 SVG、WMF 和 EMF 矢量图，因为其中可能含有脚本或外部引用。请另存为 PNG 后再试。")


def read(content: bytes) -> Picture:
    """Return the picture as it will be kept: upright, at most 1600 pixels long, without anything but pixels; of a moving one, the first frame."""
    if len(content) > MAX_BYTES:
        raise PictureTooLarge
    if _is_vector(content):
        raise PictureVector
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PictureTooLarge
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than it is needed
            shown = _plain(ImageOps.exif_transpose(opened))
            is_photograph = opened.format == "JPEG"
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise PictureTooLarge from bomb
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError) as broken:
        raise PictureUnreadable from broken
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    kind, written = _written(shown, is_photograph=is_photograph)
    if kind == "image/jpeg" and _is_ours(content, written):
        written = content
    return Picture(hashlib.sha256(written).hexdigest(), kind, written, shown.width, shown.height)


def moves(content: bytes) -> bool:
    """Tell whether a readable picture has more frames than the one that is kept."""
    with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
        return bool(getattr(opened, "is_animated", False))


def _is_vector(content: bytes) -> bool:
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg", *_WINDOWS_DRAWINGS))


def _plain(opened: Image.Image) -> Image.Image:
    """Return the first frame as grey, colour, or colour with transparency that is made use of."""
    has_alpha = opened.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in opened.info
    if not has_alpha:
        return opened.convert("L" if opened.mode in {"1", "L"} else "RGB")
    coloured = opened.convert("RGBA")
    lowest, _highest = coloured.getchannel("A").getextrema()
    return coloured if lowest != 255 else coloured.convert("RGB")


def _written(shown: Image.Image, *, is_photograph: bool) -> tuple[str, bytes]:
    if not is_photograph:
        written = _saved(shown, "PNG")
        if shown.mode == "RGBA" or len(written) <= _PNG_UP_TO:
            return "image/png", written
    return "image/jpeg", _saved(shown, "JPEG")


def _saved(shown: Image.Image, form: str) -> bytes:
    bare = Image.new(shown.mode, shown.size)  # a new image carries no metadata along
    bare.paste(shown)
    out = io.BytesIO()
    bare.save(out, form, optimize=True, **({"quality": 85} if form == "JPEG" else {}))
    return out.getvalue()


def _is_ours(content: bytes, written: bytes) -> bool:
    """Tell whether a JPEG is one of ours: same head and tables, nothing added, nothing behind its end."""
    head = written[: written.index(b"\xff\xc4")]
    rest = content[len(head) :]
    return content.startswith(head) and not _SAYS_MORE.search(rest) and rest.find(b"\xff\xd9") == len(rest) - 2
