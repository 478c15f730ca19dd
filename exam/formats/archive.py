"""The archive of an exam as one file: a ZIP of JSON lines whose manifest is signed; written as a stream, checked without a database.

`manifest.json` names every entry with its SHA-256, size and number of lines; `signature.json` holds an Ed25519 signature over the
manifest's bytes. The ZIP's comment is the SHA-256 of all bytes before it, so that a byte of the container counts, too.
"""

import hashlib
import itertools
import json
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from exam.domain.attempt import Answer, LoggedChange, fold
from exam.domain.response import choices_of, texts_of

FORMAT = "exam-archive/1"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
CHUNK = 1 << 20
LARGEST_HEAD = 4 << 20
_COMMENT = 64
_BROKEN = (BadZipFile, zlib.error, OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, EOFError, RuntimeError)
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # entries carry no time of their own: the manifest does

Sign = Callable[[bytes], tuple[str, bytes, bytes]]  # name of the key, public key, signature


class ArchiveWriter:
    """Writes an archive entry by entry; nothing of it is held in memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip = ZipFile(path, "w", ZIP_DEFLATED)
        self._entries: dict[str, dict[str, object]] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Add an entry; `lines` in the manifest are its line feeds."""
        digest, size, lines = hashlib.sha256(), 0, 0
        with self._zip.open(_entry(name), "w", force_zip64=True) as target:
            for chunk in chunks:
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                lines += chunk.count(b"\n")
        self._entries[name] = {"sha256": digest.hexdigest(), "bytes": size, "lines": lines}

    def finish(self, head: dict[str, object], sign: Sign) -> str:
        """Sign and close the file; returns its SHA-256."""
        manifest = json.dumps({"format": FORMAT, **head, "entries": self._entries}, ensure_ascii=False, indent=1).encode()
        key, public, signature = sign(manifest)
        self._zip.writestr(_entry(MANIFEST), manifest)
        self._zip.writestr(_entry(SIGNATURE), json.dumps({"key": key, "public": public.hex(), "ed25519": signature.hex()}))
        self._zip.comment = b"0" * _COMMENT
        self._zip.close()
        before = _digest_before_comment(self._path).encode()
        with self._path.open("r+b") as file:
            file.seek(-_COMMENT, 2)
            file.write(before)
        return _digest(self._path, self._path.stat().st_size)

    def abandon(self) -> None:
        """Close and remove what was begun."""
        self._zip.close()
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and with which entry."""

    entry: str
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found; sound without faults. `key` and `public` say who signed; `compared`: whether that is one of the keys expected."""

    faults: tuple[Fault, ...]
    exam: str = ""
    made_at: str = ""
    entries: int = 0
    lines: int = 0
    attempts: int = 0
    key: str = ""
    public: str = ""
    compared: bool = False


class _Unreadable(Exception):
    """Nothing can be said without this entry."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def check(path: Path, publics: Collection[str] | None = None) -> Checked:
    """Check signature, container, every entry, and that the log of responses adds up to the answers.

    `publics`: the keys of the installation, in hexadecimal. Without them only the key in the file itself can be asked, which anybody could have made.
    """
    try:
        with ZipFile(path) as archive:
            return _checked(path, archive, publics)
    except _Unreadable as error:
        return Checked((error.fault,))
    except _BROKEN as error:
        return Checked((Fault("container", f"is not a whole archive: {error}"),))


def lines_of(archive: ZipFile, name: str) -> Iterator[Any]:
    """Read an entry line by line."""
    with archive.open(name) as source:
        for line in source:
            yield json.loads(line)


def _checked(path: Path, archive: ZipFile, publics: Collection[str] | None) -> Checked:
    signed, raw = json.loads(_head(archive, SIGNATURE)), _head(archive, MANIFEST)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed["public"])).verify(bytes.fromhex(signed["ed25519"]), raw)
    except (InvalidSignature, ValueError):
        return Checked((Fault(MANIFEST, "does not fit its signature"),))
    if publics is not None and signed["public"].lower() not in {public.lower() for public in publics}:
        return Checked((Fault(SIGNATURE, f"is by a key that is none of the installation's: {signed['public']}"),))
    manifest = json.loads(raw)
    entries, names = manifest["entries"], archive.namelist()
    faults = [Fault(name, "is not in the manifest, or there twice") for name in _surplus(names, {*entries, MANIFEST, SIGNATURE})]
    for name, said in entries.items():
        fault = _entry_fault(archive, name, said) if name in names else "is missing"
        if fault:
            faults.append(Fault(name, fault))
    if not faults and archive.comment != _digest_before_comment(path).encode():
        faults.append(Fault("container", "was changed outside its entries"))
    attempts = 0
    if not faults:
        attempts, differing = _fold_faults(archive)
        faults += differing
    total = sum(one["lines"] for one in entries.values())
    return Checked(tuple(faults), manifest["exam"], manifest["made_at"], len(entries), total, attempts, signed["key"], signed["public"], publics is not None)


def _surplus(names: list[str], known: set[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name not in known or names.count(name) > 1]


def _entry_fault(archive: ZipFile, name: str, said: dict[str, Any]) -> str:
    """Read an entry, never more of it than the manifest says; returns what is wrong with it."""
    digest, left = hashlib.sha256(), said["bytes"]
    try:
        with archive.open(name) as source:
            while chunk := source.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
    except _BROKEN as error:
        return f"cannot be read: {error}"
    return "" if left == 0 and digest.hexdigest() == said["sha256"] else "is not what the manifest says"


def _fold_faults(archive: ZipFile) -> tuple[int, list[Fault]]:
    """Fold the log of every attempt and compare it with the answers that stand; both entries are in the order of attempts."""
    faults, count = [], 0
    logs = itertools.groupby(lines_of(archive, "response_event.jsonl"), key=lambda line: line["attempt_id"])
    number, log = next(logs, (None, iter(())))
    for count, attempt in enumerate(lines_of(archive, "attempt.jsonl"), start=1):  # noqa: B007 - the count is returned
        changes = log if number == attempt["id"] else ()
        if rebuilt(changes) != standing(attempt):
            faults.append(Fault("response_event.jsonl", f"attempt {attempt['id']}: the answers are not what the log adds up to"))
        if number == attempt["id"]:
            number, log = next(logs, (None, iter(())))
    if number is not None:
        faults.append(Fault("response_event.jsonl", f"attempt {number}: there is no such attempt"))
    return count, faults


def rebuilt(lines: Iterable[dict[str, Any]]) -> dict[int, Answer]:
    """Return the answers that archived lines of the log add up to."""
    saved = (line for line in lines if line["outcome"] == "saved")
    changes = (LoggedChange(one["position"], one["revision"], choices_of(one["value"]), one["marked"], texts_of(one["value"])) for one in saved)
    return dict(fold(changes))


def standing(attempt: dict[str, Any]) -> dict[int, Answer]:
    """Return the answers of an archived attempt."""
    columns = zip(attempt["answers"], attempt["revisions"], attempt["marks"], strict=True)
    return {at: Answer(choices_of(value), revision, marked, texts_of(value)) for at, (value, revision, marked) in enumerate(columns, 1) if revision}


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _EARLIEST)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _head(archive: ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as source:
            return source.read(LARGEST_HEAD)
    except _BROKEN as error:
        raise _Unreadable(Fault(name, f"cannot be read: {error}")) from None


def _digest_before_comment(path: Path) -> str:
    return _digest(path, path.stat().st_size - _COMMENT)


def _digest(path: Path, length: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            digest.update(chunk)
            length -= len(chunk)
    return digest.hexdigest()
