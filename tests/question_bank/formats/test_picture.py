"""Pictures from outside: what is kept, what is refused."""

import io
import zlib
from struct import pack

import pytest
from PIL import Image

from lms.kernel.refusal import Refusal
from question_bank.formats import picture


def made(form: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **more: object) -> bytes:
    shown = Image.effect_noise(size, 60).convert(mode)
    out = io.BytesIO()
    shown.save(out, form, **more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "size"),
    [
        (made("PNG"), "image/png", (60, 40)),
        (made("PNG", mode="1"), "image/png", (60, 40)),
        (made("JPEG"), "image/jpeg", (60, 40)),
        (made("WEBP"), "image/png", (60, 40)),
        (made("BMP"), "image/png", (60, 40)),
        (made("GIF", mode="P", save_all=True, append_images=[Image.new("P", (60, 40))]), "image/png", (60, 40)),
        (made("JPEG", (3200, 800), quality=30), "image/jpeg", (1600, 400)),
        (made("PNG", (1800, 900)), "image/jpeg", (1600, 800)),
    ],
)
def test_what_is_kept_is_written_anew_and_comes_through_a_second_time_unchanged(content: bytes, kind: str, size: tuple[int, int]) -> None:
    kept = picture.read(content)
    assert (kept.media_type, kept.width, kept.height) == (kind, *size)
    assert picture.read(kept.content) == kept


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret place"  # lies on its side; a description
    upright = picture.read(made("JPEG", exif=exif.tobytes(), comment=b"secret remark"))
    assert (upright.width, upright.height) == (40, 60)
    for content in (
        upright.content,
        picture.read(upright.content[:-2] + b"\xff\xfe\x00\x08secret" + b"\xff\xd9").content,
        picture.read(upright.content + b"secret").content,
    ):
        assert b"secret" not in content


BOMB = b"\x89PNG\r\n\x1a\n" + b"".join(
    pack(">I", len(body)) + name + body + pack(">I", zlib.crc32(name + body))
    for name, body in [(b"IHDR", pack(">IIBBBBB", 12_000, 12_000, 1, 0, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(10))), (b"IEND", b"")]
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "picture_vector"),
        (b"\xd7\xcd\xc6\x9a" + bytes(60), "picture_vector"),
        (b"no picture", "picture_unreadable"),
        (b"", "picture_unreadable"),
        (made("PNG")[:200], "picture_unreadable"),
        (BOMB, "picture_too_large"),
        (bytes(picture.MAX_BYTES + 1), "picture_too_large"),
        (made("TIFF"), "picture_unreadable"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_its_reason(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as raised:
        picture.read(content)
    assert raised.value.code == code
