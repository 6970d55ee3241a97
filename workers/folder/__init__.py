"""Where the files of a store lie: in a folder of a file system, or under a URL of a cloud.

What is written is there in whole or not at all, and is found by whoever looks afterwards. On a file system
that is a file of another name, renamed when it is finished; in a cloud it is one upload, and fsspec, by its
own configuration and that of the cloud's tools, knows how to get there.
"""

from workers.folder.finding import folder_at
from workers.folder.folder import Folder
from workers.folder.local import PARTIAL, LocalFolder

__all__ = ["PARTIAL", "Folder", "LocalFolder", "folder_at"]
