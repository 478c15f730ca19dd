"""Every icon that a page asks for is drawn: one that is not leaves a gap that nothing complains of."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ASKED = re.compile(r'\bicon(?:=|\()"([a-z-]+)"')


def test_every_icon_that_a_page_asks_for_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (ROOT / "lms/kernel/static/icons.svg").read_text(encoding="utf-8")))
    pages = [path for package in ("lms", "media", "question_bank", "exam") for path in (ROOT / package).rglob("*.html")]
    asked = {(name, str(path)) for path in pages for name in ASKED.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 100
    assert {(name, path) for name, path in asked if name not in drawn} == set()
