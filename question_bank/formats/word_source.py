r"""What the formulas of a Word file were written in: a part of the file that goes from its writer to its reader.

Its keys are the LaTeX that our reader makes of Word's formula, behind `\(` or `\[`: one that was edited in Word since has another key, and is
read as it stands.
"""

from collections.abc import Mapping

from lxml import etree
from lxml.etree import _Element as Element

from question_bank.formats import rich_text
from question_bank.formats.xml_tree import attribute, local

_ROOT = "formulas"


def write(sources: Mapping[str, str]) -> bytes:
    """Return the part."""
    root = etree.Element(_ROOT)
    for read, source in sources.items():
        etree.SubElement(root, "formula", {"read": read, "source": source})
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def read(root: Element | None) -> dict[str, str]:
    """Return the sources by what is read; nothing of a part of another kind."""
    if root is None or local(root) != _ROOT:
        return {}
    found = {attribute(each, "read"): attribute(each, "source") for each in root if local(each) == "formula"}
    return {key: source for key, source in found.items() if _is_formula(source)}


def _is_formula(source: str) -> bool:
    stored = rich_text.to_html(source)
    return stored.startswith("<math") and stored.endswith("</math>") and stored.count("<math") == 1
