"""TLS credentials: made for one cluster, kept in files that only this user can read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Security

KEY, CERTIFICATE = "key.pem", "certificate.pem"
ROLES = ("CLIENT", "SCHEDULER", "WORKER")
_PREFIX = "DASK_DISTRIBUTED__COMM__"


class Credentials:
    """A key and its certificate, in files; who has both may use the cluster.

    Parameters
    ----------
    key, certificate : str
        As PEM.
    folder : Path
        Where the files are written. It must be private to this user.
    """

    def __init__(self, key: str, certificate: str, folder: Path) -> None:
        self.key, self.certificate = folder / KEY, folder / CERTIFICATE
        _write(self.key, key)
        _write(self.certificate, certificate)

    @classmethod
    def made(cls, folder: Path) -> Credentials:
        """Make new ones."""
        from distributed import Security

        made = Security.temporary()
        return cls(made.tls_client_key, made.tls_client_cert, folder)

    @classmethod
    def at(cls, folder: Path) -> Credentials:
        """Take those that another process has made."""
        found = cls.__new__(cls)
        found.key, found.certificate = folder / KEY, folder / CERTIFICATE
        return found

    def environment(self) -> dict[str, str]:
        """Return the environment by which the cluster's processes find the credentials."""
        keys = {f"{_PREFIX}TLS__{role}__KEY": str(self.key) for role in ROLES}
        certificates = {f"{_PREFIX}TLS__{role}__CERT": str(self.certificate) for role in ROLES}
        authority = {f"{_PREFIX}TLS__CA_FILE": str(self.certificate)}
        return {**keys, **certificates, **authority, f"{_PREFIX}REQUIRE_ENCRYPTION": "True"}

    def security(self) -> Security:
        """Return them as Dask takes them, as files: those of `Security.temporary()` it copies to others."""
        from distributed import Security

        keys = {f"tls_{role.lower()}_key": str(self.key) for role in ROLES}
        certificates = {f"tls_{role.lower()}_cert": str(self.certificate) for role in ROLES}
        return Security(require_encryption=True, tls_ca_file=str(self.certificate), **keys, **certificates)


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
