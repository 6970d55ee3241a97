"""Every kind of folder keeps the same promises."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from workers.folder import Folder, LocalFolder, folder_at
from workers.spool import Spool

KINDS = ["local", "memory", "s3"]


@pytest.fixture(params=KINDS)
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Folder]:
    """Give the same folder anew, as another process has it."""
    if request.param == "s3":
        url = f"{request.getfixturevalue('bucket')}/{uuid4().hex}"
    else:
        url = {"local": str(tmp_path / "new"), "memory": f"memory://{uuid4().hex}/new"}[request.param]
    return lambda: folder_at(url)


def test_files_come_and_go(again: Callable[[], Folder]) -> None:
    folder = again()
    assert list(folder.names()) == []
    assert not folder.exists("a")
    with pytest.raises(FileNotFoundError):
        folder.read("a")
    folder.replace({"a": b"1", "of/b": b"22"})
    folder.replace({"a": b"333"}, durable=True)
    other = again()
    assert sorted(other.names()) == ["a", "of/b"]
    assert list(other.names(deep=False)) == ["a"]
    assert list(other.below("of").names()) == ["b"]
    assert (other.read("a"), other.read("of/b"), other.exists("of/b")) == (b"333", b"22", True)
    assert abs((other.changed("a") - datetime.now(UTC)).total_seconds()) < 3600
    folder.remove("a", "never there")
    assert list(other.names()) == ["of/b"]


def test_one_creates(again: Callable[[], Folder]) -> None:
    again().create("a", b"1")
    with pytest.raises(FileExistsError):
        again().create("a", b"2")
    assert again().read("a") == b"1"


def test_what_was_removed_is_not_renewed(again: Callable[[], Folder]) -> None:
    folder = again()
    folder.create("a", b"1")
    folder.renew("a", b"2")
    assert again().read("a") == b"2"
    again().remove("a")
    folder.renew("a", b"3")
    assert not again().exists("a")


def test_what_waits_is_there_for_its_writer_and_with_sync_for_all(again: Callable[[], Folder]) -> None:
    folder = again()
    folder.write("of/a", b"1")
    assert folder.read("of/a") == b"1"
    folder.sync()
    assert again().read("of/a") == b"1"
    again().replace({"of/a": b"2"})
    folder.forget()
    assert folder.read("of/a") == b"2"


def test_a_file_is_there_in_whole_or_not_at_all(again: Callable[[], Folder]) -> None:
    folder = again()
    with pytest.raises(TypeError), folder.whole("a") as file:
        file.writelines([b"1", None])  # type: ignore[list-item]
    assert list(folder.names()) == []
    with folder.whole("a") as file:
        file.write(b"1")
        assert not again().exists("a")
        file.write(b"2")
    assert again().read("a") == b"12"
    assert list(again().names()) == ["a"]


def test_a_spool_is_seen_where_its_token_is(again: Callable[[], Folder]) -> None:
    spool = Spool(again().address, "token")
    assert not spool.here()
    again().create("token", b"")
    assert spool.here()


def test_what_cannot_be_reached_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"'s3://no-such-bucket/x': .*bucket does not exist"):
        list(folder_at("s3://no-such-bucket/x").names())
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    folder = folder_at(f"{bucket}/x")
    monkeypatch.setattr(type(folder._files), "_cache", {})  # where there is a session with the key
    with pytest.raises(OSError, match=r"'s3://.*/x' cannot be reached: .*[Cc]redentials"):
        list(folder_at(f"{bucket}/x").names())
    assert not Spool(f"{bucket}/x", "token").here()


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give URLs as strings"):
        folder_at(Path("s3://bucket/x"))
    with pytest.raises(ValueError, match="'abc://x': Protocol not known: abc"):
        folder_at("abc://x")
    assert isinstance(folder_at(f"file://{tmp_path}"), LocalFolder)
    assert not Spool("abc://x", "token").here()


def test_a_path_may_begin_with_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("~/x", Path("~/x")):  # as xarray, too, takes it
        assert folder_at(path).path == tmp_path / "x"


def test_a_full_file_system_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = LocalFolder(tmp_path / "of")
    (tmp_path / "full").symlink_to("/dev/full")
    monkeypatch.setattr("workers.folder.local._opened", lambda path, mode: (tmp_path / "full").open(mode))
    for write in (lambda: folder.write("a", b"1"), lambda: folder.replace({"a": b"1"}, durable=True)):
        with pytest.raises(OSError, match=r"No space left on device; make room and .*/a'") as caught:
            write()
        assert caught.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match="make room and run the sweep again"), folder.whole("a") as file:
        file.write(b"1")
    assert list(folder.names()) == []
