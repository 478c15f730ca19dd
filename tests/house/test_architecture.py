"""Direction, layers and purity are tests."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lms.kernel import auth, folding

ROOT = Path(__file__).parents[2]
PACKAGES = ("lms", "media", "question_bank", "exam")


def test_the_import_contracts_hold() -> None:
    done = subprocess.run([Path(sys.executable).parent / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_domain_module_loads_without_flask_or_sqlalchemy() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in (ROOT / package / "domain").glob("*.py")
        if path.name != "__init__.py"
    ]
    assert modules
    code = (
        f"import sys, {', '.join(modules)}\nbad = {{'flask', 'werkzeug', 'sqlalchemy', 'psycopg', 'msgspec'}} & set(sys.modules)\nsys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def imported(module: ast.Module) -> Iterator[str]:
    """Yield the name of every module that one imports, wherever it does."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_every_domain_module_imports_only_what_is_on_the_list() -> None:
    """The standard library, numpy, the rules beside and below it, and two pure modules of the kernel."""
    pure = re.compile(rf"({'|'.join(PACKAGES)})\.domain(\.|$)|numpy(\.|$)|lms\.kernel\.(refusal|permissions)$")
    seen = 0
    for package in PACKAGES:
        for path in (ROOT / package / "domain").rglob("*.py"):
            names = list(imported(ast.parse(path.read_text())))
            seen += len(names)
            assert not [name for name in names if name.split(".")[0] not in sys.stdlib_module_names and not pure.match(name)], path
    assert seen > 100


def test_tables_know_one_another_by_foreign_key_alone() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert not re.search(r"\brelationship\(", path.read_text()), f"{path}: an ORM relationship loads rows nobody asked for, across packages too"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_init_is_a_docstring_and_nothing_else(package: str) -> None:
    for path in (ROOT / package).rglob("__init__.py"):
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        assert len(lines) <= 1, path


def test_only_the_kernel_commits() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.parts[-2] == "kernel":
                continue
            text = path.read_text()
            for forbidden in (".commit()", ".rollback()", "func.now()", 'server_default=text("now'):
                assert forbidden not in text, f"{path}: {forbidden}"


_TREES = ("xml", "lxml", "defusedxml", "xmltodict", "bs4", "html5lib", "feedparser", "openpyxl")
_NAMED = re.compile(rf"\b(?:import|from) +(?:{'|'.join(_TREES)}|docx)\b")
_BUILT = {"lxml.etree", "lxml.etree._Element", "xml.etree.ElementTree.Element"}  # trees are named and built anywhere
_BUILDING = {"_Element", "Element", "SubElement", "tostring", "XMLSyntaxError", "ParserError"}


def test_only_the_hardened_parser_is_imported() -> None:
    """FI-02: whoever needs a tree of what came from outside asks the one module whose parsers expand and fetch nothing."""
    parsers = ROOT / "question_bank/formats/xml_tree.py"
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if not _NAMED.search(text := path.read_text()):
                continue
            for node in ast.walk(ast.parse(text)):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                found += [(path, name) for name in names if name.split(".")[0] in _TREES and name not in _BUILT]
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "etree":
                    found += [(path, node.attr)] if node.attr not in _BUILDING else []
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "docx.Document":
                    found += [(path, "docx.Document")] if node.args or node.keywords else []
    assert {path for path, _name in found} == {parsers}, found


def test_private_names_of_libraries_that_are_overridden_are_still_there() -> None:
    """A renamed one would be called by nobody: pages would be slow and nothing would say why (docs/decisions/0013)."""
    overridden = [(ours, name) for ours in (folding._Template, folding.FoldingEnvironment, auth._Logins) for name in vars(ours) if re.match("_[a-z]", name)]
    assert len(overridden) == 5
    for ours, name in overridden:
        assert hasattr(ours.__base__, name), f"{ours.__base__} has no {name} any more"
