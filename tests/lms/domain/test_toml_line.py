"""Every key of a TOML document is found on its line."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lms.domain.toml_line import error_line, join, lines, nearest

TEXT = (Path(__file__).parents[3] / "lms/programmes/jiangxi-2023.toml").read_text(encoding="utf-8")

AWKWARD = r'''a = """
[no.table]
b = 1 \""" # "quoted"
"""
"key with ] and \u0041" . 'x.y' = 1
c.d = [ # comment ]
  1, [2, 3],
  { e = "}", f = LITERAL }, # trailing
]
[g . h]
i = 2023-11-06T09:00:00Z
[[j]]
k = {}
[[j]]
[j.l]
m = """a""\
  b"""""
[[j.n]]
o = []
[[j.n]]
o = [
]
'''.replace("LITERAL", "'''it's, ]'''")


def paths(value: Any, path: str = "") -> Iterator[str]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from paths(one, join(path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from paths(one, f"{path}[{index}]")


def test_every_key_of_the_bundled_programme_stands_on_its_line() -> None:
    found, rows = lines(TEXT), TEXT.split("\n")
    document = tomllib.loads(TEXT)
    for path in paths(document):
        key = path.rsplit(".", 1)[-1].split("[")[0]
        assert key in rows[found[path] - 1] or path.endswith("]"), path
    assert set(found) == set(paths(document))


def test_awkward_text_is_followed() -> None:
    found = lines(AWKWARD)
    assert set(found) == set(paths(tomllib.loads(AWKWARD)))
    assert {key: found[key] for key in ("a", "c.d[1][0]", "c.d[2].f", "g.h.i", "j[1].l.m", "j[1].n[1].o")} == {
        "a": 1,
        "c.d[1][0]": 7,
        "c.d[2].f": 8,
        "g.h.i": 11,
        "j[1].l.m": 16,
        "j[1].n[1].o": 21,
    }


def test_windows_line_ends_change_nothing() -> None:
    assert lines(TEXT.replace("\n", "\r\n")) == lines(TEXT)


def test_what_is_absent_stands_where_its_table_stands() -> None:
    places = {"a": 3, "a[1]": 7, "a[1].b": 8}
    assert [nearest(places, path) for path in ("a[1].b", "a[1].c", "a[1].c[2].d", "a[4].x", "z", "")] == [8, 7, 7, 3, 1, 1]


def test_an_error_without_a_place_is_at_the_end() -> None:
    assert error_line("a\nb\nc", ValueError("Invalid value (at end of document)")) == 3
    assert error_line("a\nb\nc", ValueError("Invalid value (at line 2, column 1)")) == 2


@given(st.text(alphabet="ab[]{}=.,\"'#\n \\1"))
def test_the_lines_of_any_valid_text_are_those_of_its_keys(text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(paths(document)) <= set(lines(text))
