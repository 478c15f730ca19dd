"""Where each key of a TOML document stands, because tomllib does not tell."""

import re
import tomllib

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(
    r'"""(?:\\.|(?!""").)*"{3,5}'
    r"|'''(?:(?!''').)*'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_ERROR_PLACE = re.compile(r"at line (\d+)")


def join(path: str, key: str) -> str:
    """Put a key at the end of a path."""
    return f"{path}.{key}" if path else key


def lines(text: str) -> dict[str, int]:
    """Map every key path of a *valid* document to its line, counted from 1."""
    try:
        return _Scan(text.replace("\r\n", "\n")).run()
    except RecursionError:  # nested deeper than any programme; the reader reports it
        return {}


def nearest(places: dict[str, int], path: str) -> int:
    """Find the line of a path, or of the closest thing around it."""
    while path:
        if path in places:
            return places[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return 1


def error_line(text: str, error: Exception) -> int:
    """Find the line a TOML error speaks of; errors without one are at the end."""
    found = _ERROR_PLACE.search(str(error))
    return int(found[1]) if found else text.count("\n") + 1


class _Scan:
    """One pass over the text, keeping the line of every key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[str, int] = {}
        self.lengths: dict[str, int] = {}
        self.counted_to = 0
        self.line = 1

    def run(self) -> dict[str, int]:
        table = ""
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text.startswith("[", self.at):
                table = self._header(1)
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self.places

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            self.at += 1  # only text that is not TOML comes here: move on, never stand still
            return ""
        self.at = found.end()
        return found[0]

    def _mark(self, path: str) -> None:
        self.line += self.text.count("\n", self.counted_to, self.at)
        self.counted_to = self.at
        self.places.setdefault(path, self.line)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            if self.text[self.at : self.at + 1] in {'"', "'"}:
                keys.append(str(tomllib.loads("key = " + self._skip(_STRING))["key"]))
            else:
                keys.append(self._skip(_BARE_KEY))
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _descend(self, path: str, keys: list[str]) -> str:
        for key in keys:
            path = join(path, key)
            self._mark(path)
            if path in self.lengths:
                path = f"{path}[{self.lengths[path] - 1}]"
        return path

    def _header(self, brackets: int) -> str:
        self.at += brackets
        keys = self._keys()
        if brackets == 1:
            path = self._descend("", keys)
        else:
            path = join(self._descend("", keys[:-1]), keys[-1])
            self._mark(path)
            self.lengths[path] = self.lengths.get(path, 0) + 1
            path = f"{path}[{self.lengths[path] - 1}]"
            self._mark(path)
        self.at += brackets
        return path

    def _pair(self, table: str) -> None:
        path = self._descend(table, self._keys())
        self.at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: str) -> None:
        self._mark(path)
        first = self.text[self.at : self.at + 1]
        if first in {'"', "'"}:
            self._skip(_STRING)
        elif first == "[":
            self._members(path, "]")
        elif first == "{":
            self._members(path, "}")
        else:
            self._skip(_BARE_VALUE)

    def _members(self, path: str, end: str) -> None:
        self.at += 1
        self._skip(_BLANK)
        index = 0
        while self.at < len(self.text) and not self.text.startswith(end, self.at):
            if end == "]":
                self._value(f"{path}[{index}]")
            else:
                self._pair(path)
            index += 1
            self._skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                self._skip(_BLANK)
        self.at += 1
