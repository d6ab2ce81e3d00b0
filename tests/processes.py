"""Processes of the product. Most begin as forks of one that has loaded it, which is nine tenths of what a start costs."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from server import serving  # noqa: F401  with the domains, all that `serve` loads
from server.cli import app
from server.kit.domain import discover
from tests.warm import keep_templates

PATIENCE = 60.0
forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload([__name__])
discover()
keep_templates()


class Process(Protocol):
    """What one may do with either kind."""

    pid: int

    @property
    def exitcode(self) -> int | None: ...

    def kill(self) -> None: ...

    def terminate(self) -> None: ...

    def wait(self) -> int: ...


class Fork(multiprocessing.context.ForkServerProcess):
    def wait(self) -> int:
        self.join(PATIENCE)
        assert self.exitcode is not None, "it does not end"
        return self.exitcode


class Launched(subprocess.Popen[bytes]):
    @property
    def exitcode(self) -> int | None:
        return self.poll()

    def wait(self, timeout: float | None = PATIENCE) -> int:
        return super().wait(timeout)


def fork(words: list[str], env: Mapping[str, str], log: Path) -> Process:
    """`python -m server` with these words in this environment; what it says goes to the end of the log."""
    process = Fork(target=run, args=(words, dict(env), log), daemon=True)
    process.start()
    return process


def launch(words: list[str], env: Mapping[str, str], log: Path, before: str = "") -> Process:
    """The same with an interpreter of its own. `before`: Python that it runs first."""
    begin = ["-c", f"{before}\nfrom server.cli import app\napp()"] if before else ["-m", "server"]
    with log.open("ab") as out:
        return Launched([sys.executable, *begin, *words], env=env, stdout=out, stderr=out)


def run(words: list[str], env: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(env)
    with log.open("ab") as out:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(out.fileno(), stream.fileno())
    sys.argv = ["server", *words]
    app()
