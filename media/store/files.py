"""Where videos' files lie: a local folder or an S3-compatible store, behind one protocol."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

CHUNK = 256 * 1024


class Files(Protocol):
    """A store of files by name, such as `v1a2b/original.mp4`; a name is never written twice with other bytes."""

    def put(self, name: str, path: Path) -> None:
        """Keep a copy of a local file."""
        ...

    def put_folder(self, name: str, folder: Path) -> None:
        """Keep a folder's files (the folder may be gone afterwards); nobody meets a playlist before its segments."""
        ...

    def size(self, name: str) -> int | None:
        """Return a file's size, or None where there is no such file."""
        ...

    def read(self, name: str, first: int, behind: int) -> Iterator[bytes]:
        """Yield the bytes `[first, behind)`."""
        ...

    def whole(self, name: str) -> bytes | None:
        """Return a small file, or None."""
        ...

    def local(self, name: str) -> AbstractContextManager[Path]:
        """Give, for the time of the work, a path where the file can be read; a copy is removed afterwards."""
        ...


class Disk:
    """Files in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, path: Path) -> None:
        """Copy beside the target, then rename."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.{os.getpid()}.part")
        shutil.copyfile(path, half)
        half.replace(target)

    def put_folder(self, name: str, folder: Path) -> None:
        """Rename the folder; it lies below the same `VAR_DIR`, so on the same file system."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(target)

    def size(self, name: str) -> int | None:
        """Ask the file system."""
        try:
            return (self.root / name).stat().st_size
        except OSError:
            return None

    def read(self, name: str, first: int, behind: int) -> Iterator[bytes]:
        """Read in chunks."""
        with (self.root / name).open("rb") as file:
            file.seek(first)
            left = behind - first
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def whole(self, name: str) -> bytes | None:
        """Read it."""
        try:
            return (self.root / name).read_bytes()
        except OSError:
            return None

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """Yield the file itself."""
        yield self.root / name


class StoreAddressError(ValueError):
    """MEDIA_STORE is no address of a store."""


def open_files(address: str, folder: Path, access_key: str, secret_key: str) -> Files:
    """Open the store of `s3://endpoint/bucket` (`s3+http://` without TLS), or the local folder where the address is empty."""
    if not address:
        return Disk(folder)
    parts = urlsplit(address)
    bucket = parts.path.strip("/")
    if parts.scheme not in {"s3", "s3+http"} or not parts.netloc or not bucket or "/" in bucket:
        raise StoreAddressError(f"MEDIA_STORE must look like s3://endpoint/bucket, not {address!r}")
    from media.store.bucket import open_bucket  # noqa: PLC0415 - a quarter of a second that a local folder need not wait for

    return open_bucket(parts.netloc, bucket, access_key=access_key, secret_key=secret_key, secure=parts.scheme == "s3")
