"""Several processes that do the same, as many as asked for until they are told to stop."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from threading import Thread

from server.kit.logging import log

BREATH = 1.0  # between a death and the next start, so that what cannot start does not spin


class Flock:
    """One that dies, by a kill or for want of memory, is replaced. What is told to stop ends in its own time. When the
    parent is killed all end: whoever stayed would hold the port against the next parent, with the code of yesterday."""

    def __init__(self, count: int, target: Callable[[], None]) -> None:
        self._count, self._target = count, target
        self._alive: list[ForkProcess] = []
        self._stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._fill()
        while self._alive:
            wait([child.sentinel for child in self._alive], timeout=BREATH)
            self._bury()
            if self._stopping:  # again: the signal may have come between the birth of one and its ear for it
                self._end()
            elif len(self._alive) < self._count:
                time.sleep(BREATH)
                self._fill()

    def _fill(self) -> None:
        while len(self._alive) < self._count and not self._stopping:
            child = multiprocessing.get_context("fork").Process(target=self._begin)
            child.start()
            self._alive.append(child)

    def _begin(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)  # the parent's ear would answer for its brothers
        Thread(target=end_with_parent, daemon=True).start()
        self._target()

    def _bury(self) -> None:
        for child in [child for child in self._alive if not child.is_alive()]:
            self._alive.remove(child)
            if not self._stopping:
                log.error("processes.one_died", pid=child.pid, code=child.exitcode)

    def _stop(self, *_: object) -> None:
        self._stopping = True
        self._end()

    def _end(self) -> None:
        for child in self._alive:
            child.terminate()


def end_with_parent() -> None:
    """The pipe that the parent holds breaks, however it dies."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
