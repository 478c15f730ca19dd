"""A photo from a phone: decoded within bounds and written anew, small, upright, and without anything but its pixels."""

import io

from PIL import Image, ImageOps

from exam.domain.identity import LONGEST_SIDE, MAX_PIXELS, PhotoUnreadable


def read(content: bytes) -> bytes:
    """Return the photo as JPEG; raises PhotoUnreadable."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise PhotoUnreadable
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            shown = ImageOps.exif_transpose(opened).convert("RGB")
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError) as broken:
        raise PhotoUnreadable from broken
    shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new("RGB", shown.size)  # a new image carries no metadata along
    bare.paste(shown)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=80)
    return out.getvalue()
