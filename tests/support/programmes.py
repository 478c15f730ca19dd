"""The bundled programme's file, whole and damaged, and the page that documents its keys."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8")
DOCS = (ROOT / "docs/programme-files.md").read_text(encoding="utf-8")
WINDOW_2 = 'from = "2023-11-18"\nto = "2023-12-01"'
EXAM = 'title = "线上测试"\nfrom = "2024-01-01"\nto = "2024-01-31"'


def damaged(*replacements: tuple[str, str]) -> str:
    """Return the file with each text replaced, once, by another."""
    text = TEXT
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
