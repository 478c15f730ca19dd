"""The English catalogue: message ids are the Chinese sentences of the source. `python -m lms.kernel.catalogue` updates it."""

import json
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("lms", "media", "question_bank", "exam")
SOURCE = Path(__file__).parent / "translations"
ENGLISH = SOURCE / "en" / "LC_MESSAGES" / "messages.po"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def extract() -> Catalog:
    """Return every message of the source, with the file it stands in."""
    found = Catalog(locale="en")
    for package in PACKAGES:
        rows = extract_from_dir(str(ROOT / package), _METHODS, _OPTIONS, _KEYWORDS)
        for name, _line, message, _comments, _context in rows:
            if message and message != ("",):
                found.add(message, locations=[(f"{package}/{name}", 0)])
    return found


def read() -> Catalog:
    """Return the English catalogue as committed."""
    with ENGLISH.open("rb") as source:
        return read_po(source, locale="en")


def update(translations: dict[str, str]) -> list[str]:
    """Bring the catalogue to the source, filling in what is given; returns the messages still without English."""
    found = extract()
    old = read() if ENGLISH.exists() else Catalog(locale="en")
    missing = []
    for message in found:
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else message.id[0]
        before = old.get(message.id)
        message.string = translations.get(key) or (before.string if before else "") or ""
        if not isinstance(message.id, str) and isinstance(message.string, str):
            message.string = (message.string, message.string)
        if not message.string or message.string == ("", ""):
            missing.append(key)
        message.locations = sorted({(name, 0) for name, _line in message.locations})
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    with ENGLISH.open("wb") as target:
        write_po(target, found, omit_header=True, sort_output=True, width=160, include_lineno=False)
    return missing


def compiled(target: Path) -> Path:
    """Return the folder of compiled catalogues under `target`, compiling what is stale."""
    machine = target / "en" / "LC_MESSAGES" / "messages.mo"
    if ENGLISH.exists() and (not machine.exists() or machine.stat().st_mtime < ENGLISH.stat().st_mtime):
        machine.parent.mkdir(parents=True, exist_ok=True)
        making = machine.with_suffix(f".{id(machine)}")
        with making.open("wb") as sink:
            write_mo(sink, read())
        making.rename(machine)
    return target


if __name__ == "__main__":
    given: dict[str, str] = {}
    for path in sys.argv[1:]:
        given |= json.loads(Path(path).read_text())
    for key in update(given):
        sys.stdout.write(f"{key}\n")
