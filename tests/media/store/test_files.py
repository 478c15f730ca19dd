"""Both stores keep the same promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from media.store.files import Files, StoreAddressError, open_files
from tests.support.s3 import s3


@pytest.fixture(params=["disk", "s3"])
def files(request: pytest.FixtureRequest, folder: Path) -> Iterator[Files]:
    if request.param == "disk":
        yield open_files("", folder / "assets", "", "")
    else:
        with s3() as (address, _objects):
            yield open_files(address, folder, "key", "secret")


@pytest.fixture
def path(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "a.bin"
    path.write_bytes(bytes(range(256)) * 2000)
    return path


def test_a_file_comes_back_whole_and_in_parts(files: Files, path: Path) -> None:
    files.put("v1/original.mp4", path)
    assert files.size("v1/original.mp4") == 512_000
    assert files.whole("v1/original.mp4") == path.read_bytes()
    assert b"".join(files.read("v1/original.mp4", 255, 300_000)) == path.read_bytes()[255:300_000]
    with files.local("v1/original.mp4") as copy:
        assert copy.read_bytes() == path.read_bytes()


def test_what_is_not_there_has_no_size(files: Files) -> None:
    assert files.size("v1/none") is None
    assert files.whole("v1/none") is None


def test_a_folder_is_kept(files: Files, folder: Path) -> None:
    work = folder / "work"
    (work / "720p").mkdir(parents=True)
    (work / "master.m3u8").write_text("#EXTM3U")
    (work / "720p/0.m4s").write_bytes(b"abc")
    files.put_folder("v1/0a1b2c3d", work)
    assert files.whole("v1/0a1b2c3d/720p/0.m4s") == b"abc"
    assert files.size("v1/0a1b2c3d/master.m3u8") == 7


@pytest.mark.parametrize("address", ["http://host/bucket", "s3://host", "s3://host/a/b", "s3:///bucket"])
def test_an_address_that_names_no_bucket_is_refused(folder: Path, address: str) -> None:
    with pytest.raises(StoreAddressError):
        open_files(address, folder, "", "")
