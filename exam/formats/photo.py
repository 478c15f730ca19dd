"""A photo from a phone: decoded within bounds and written anew, small, upright, and without anything but its pixels."""

import io
import threading

from PIL import Image, ImageOps

from exam.domain.identity import LONGEST_SIDE, MAX_PIXELS, MAX_PIXELS_JPEG, PhotoUnreadable

_one_at_a_time = threading.Lock()  # a picture unpacks to a hundred times its bytes, in a process that saves answers, too


def read(content: bytes) -> bytes:
    """Return the photo as JPEG; raises PhotoUnreadable."""
    try:
        with _one_at_a_time, Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as opened:
            # Phones write depth beside the picture: such a JPEG is called MPO.
            if opened.width * opened.height > (MAX_PIXELS_JPEG if opened.format in ("JPEG", "MPO") else MAX_PIXELS):
                raise PhotoUnreadable
            opened.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than it is needed
            shown = ImageOps.exif_transpose(opened).convert("RGB")
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError) as broken:
        raise PhotoUnreadable from broken
    bare = Image.new("RGB", shown.size)  # a new image carries no metadata along
    bare.paste(shown)
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=80)
    return out.getvalue()
