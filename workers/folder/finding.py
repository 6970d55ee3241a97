"""Which kind of folder a path or a URL is."""

from __future__ import annotations

from pathlib import Path

from workers.folder.cloud import CloudFolder
from workers.folder.folder import Folder
from workers.folder.local import LocalFolder


def folder_at(path: str | Path | Folder) -> Folder:
    """Give the folder at a path or a URL; it need not be there. A path may begin with ``~``, for the home.

    Raises
    ------
    ValueError, ImportError
        Nothing is known of this kind of URL, or what it needs is not installed.
    """
    if isinstance(path, Folder):
        return path
    if isinstance(path, Path) and path.parts[:1] and path.parts[0].endswith(":"):
        raise ValueError(f"{path!r} is a path that was a URL; give URLs as strings")
    text = str(path)
    if text.startswith("file://"):
        return LocalFolder(Path(text.removeprefix("file://")))
    return CloudFolder(text) if "://" in text else LocalFolder(Path(path).expanduser())
