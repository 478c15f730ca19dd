"""Captions of a video: checked, written anew, kept under a name that changes with them."""

import hashlib
import tempfile
from datetime import datetime
from pathlib import Path

from lms.kernel import audit
from lms.kernel.db import transaction
from media.domain.asset import Captions, CaptionsRefused
from media.formats import captions as webvtt
from media.services.library import library
from media.store import asset as store

LANGUAGES = {"zh": "中文", "en": "English"}


def checked(content: bytes) -> bytes:
    """Return the captions written anew; raises CaptionsRefused."""
    try:
        return webvtt.write(webvtt.read(content))
    except webvtt.UnreadableError as error:
        raise CaptionsRefused(line=error.line) from None


def keep(code: str, content: bytes, *, actor_id: int | None, now: datetime, language: str = "zh") -> None:
    """Keep checked captions, in the place of former ones of the language."""
    name = f"captions/{language}.{hashlib.sha256(content).hexdigest()[:8]}.vtt"
    with transaction() as session:
        asset = store.asset(session, code)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "captions.vtt"
            path.write_bytes(content)
            library().files.put(f"{code}/{name}", path)
        store.keep_captions(session, asset.id, Captions(language, LANGUAGES[language], name), now)
        audit.record(session, actor_id=actor_id, action="asset.captions", subject=f"asset:{code}", now=now, language=language)
