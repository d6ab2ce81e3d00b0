"""Processes that do the same: one that is killed is replaced, all end when they are told to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

SAYS = """
import os, signal, sys
from server.kit import processes

def work():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.write(1, b"born %d\\n" % os.getpid())  # in one piece: both write to one pipe
    while True:
        signal.pause()

processes.BREATH = 0.05
processes.Flock(2, work).run()
"""


@pytest.fixture
def flock() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", SAYS], stdout=subprocess.PIPE, text=True) as parent:
        yield parent
        parent.kill()


def born(flock: subprocess.Popen[str]) -> int:
    """The next one's number; the log stands between."""
    assert flock.stdout is not None
    return next(int(line.split()[1]) for line in flock.stdout if line.startswith("born"))


def test_one_that_is_killed_is_replaced(flock: subprocess.Popen[str]) -> None:
    first, second = born(flock), born(flock)
    os.kill(first, signal.SIGKILL)
    third = born(flock)
    assert third not in (first, second)
    flock.terminate()
    assert flock.wait(10) == 0
    for pid in (second, third):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_one_that_was_just_born_is_told_too(flock: subprocess.Popen[str]) -> None:
    first = born(flock)
    flock.terminate()
    assert flock.wait(10) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def test_nobody_outlives_a_parent_that_is_killed(flock: subprocess.Popen[str]) -> None:
    """The next one could not listen on their port. The pipe ends when the last of them has let it go."""
    children = born(flock), born(flock)
    flock.kill()
    try:
        flock.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        raise
