"""Videos' files in a bucket of an S3-compatible store."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import S3Error

CHUNK = 256 * 1024


class Bucket:
    """Files in a bucket of an S3-compatible store."""

    def __init__(self, client: Minio, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, name: str, path: Path) -> None:
        """Upload; an object appears as a whole or not at all."""
        self._client.fput_object(self._bucket, name, str(path))

    def put_folder(self, name: str, folder: Path) -> None:
        """Upload, the playlists last."""
        paths = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: (path.suffix == ".m3u8", path))
        for path in paths:
            self.put(f"{name}/{path.relative_to(folder).as_posix()}", path)

    def size(self, name: str) -> int | None:
        """Ask the store."""
        try:
            found = self._client.stat_object(self._bucket, name).size
        except S3Error as error:
            if error.code in {"NoSuchKey", "NoSuchObject", "ResourceNotFound"}:
                return None
            raise
        return None if found is None else int(found)

    def read(self, name: str, first: int, behind: int) -> Iterator[bytes]:
        """Stream from the store."""
        answer = self._client.get_object(self._bucket, name, offset=first, length=behind - first)
        try:
            yield from answer.stream(CHUNK)
        finally:
            answer.close()
            answer.release_conn()

    def whole(self, name: str) -> bytes | None:
        """Fetch it."""
        size = self.size(name)
        return None if size is None else b"".join(self.read(name, 0, size)) if size else b""

    @contextmanager
    def local(self, name: str) -> Iterator[Path]:
        """Fetch a copy for the time of the work."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(name).name
            self._client.fget_object(self._bucket, name, str(path))
            yield path


def open_bucket(endpoint: str, bucket: str, *, access_key: str, secret_key: str, secure: bool) -> Bucket:
    """Open a bucket; nothing is asked of the store yet."""
    pool = urllib3.PoolManager(maxsize=16, timeout=urllib3.Timeout(connect=5, read=60), retries=urllib3.Retry(total=3, backoff_factor=0.2))
    return Bucket(Minio(endpoint, access_key=access_key, secret_key=secret_key, secure=secure, region="us-east-1", http_client=pool), bucket)
