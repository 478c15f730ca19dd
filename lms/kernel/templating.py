"""Templates: strict, with the globals that the layout and the components expect."""

import gzip
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined

from lms.kernel import i18n
from lms.kernel import request as current

_COMPRESSED = {".css", ".js", ".svg", ".json", ".txt", ".vtt"}


def mount(app: Flask, asset: Callable[[str], str]) -> None:
    """Make undefined names an error and add filters and globals."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["instant"] = i18n.format_instant
    app.jinja_env.filters["duration"] = i18n.format_duration
    app.jinja_env.filters["hours"] = i18n.format_hours
    app.jinja_env.filters["points"] = format_points
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["locales"] = i18n.LOCALES

    @app.context_processor
    def every_page() -> dict[str, object]:
        clock = current.clock()
        offset = getattr(clock, "offset", None)
        return {
            "person": current.person_or_none(),
            "locale": i18n.current_locale(),
            "now": current.now(),
            "clock_notice": i18n.gettext("演练时间：%(now)s", now=i18n.format_instant(current.now(), "second")) if offset else None,
        }


def format_points(hundredths: int) -> str:
    """Return integer hundredths as points: 250 → 2.5."""
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)


def build_static(folders: dict[str, Path], target: Path) -> tuple[str, Path]:
    """Gather every package's static files, with gzip twins, in a folder named by their content.

    Returns the content's digest, which is part of every address, and the folder. Files can then be cached for ever, and
    modules that import one another stay consistent.
    """
    files = sorted((f"{prefix}{path.relative_to(folder)}", path) for prefix, folder in folders.items() for path in folder.rglob("*") if path.is_file())
    whole = hashlib.sha256()
    for name, path in files:
        whole.update(name.encode())
        whole.update(path.read_bytes())
    digest = whole.hexdigest()[:12]
    ready = target / digest
    if ready.exists():
        return digest, ready
    target.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=target))
    for name, path in files:
        copy = making / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        if path.suffix in _COMPRESSED:
            copy.with_name(copy.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9))
    making.chmod(0o755)
    try:
        os.rename(making, ready)
    except OSError:  # another worker was faster
        shutil.rmtree(making)
    return digest, ready
