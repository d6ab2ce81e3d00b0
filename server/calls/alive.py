"""Whether who carries a call is known to be dead: a lock that the kernel ends with its process, however it ends."""

import fcntl
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)
BOOT = Path("/proc/sys/kernel/random/boot_id")
SUFFIX = ".alive"


class Marks:
    """One file a process, which it keeps locked. Only marks of this machine's own kernel are believed: another's
    locks may not be seen here, so that nothing is known of it and its leases run out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: set[str] = set()
        self._dead: set[str] = set()

    def hold(self, process: str) -> None:
        """Before anything carries its name. Without a mark it is as if its machine were another."""
        if process in self._held:
            return
        self._held.add(process)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            boot = BOOT.read_bytes()
            # Never closed: the end of the process does it.
            held = os.open(self._folder / (process + SUFFIX), os.O_CREAT | os.O_WRONLY, 0o600)
            fcntl.flock(held, fcntl.LOCK_EX)  # never waits longer than somebody looks whether it is left
            os.write(held, boot)
        except OSError:
            log.warning("calls of a killed process will wait for its lease: no mark can be kept in %s", self._folder)

    def is_dead(self, process: str) -> bool:
        return process in self._dead or _is_left(self._folder / (process + SUFFIX))

    def _sweep(self) -> None:
        """Those who left a mark are known to be dead from now on without it."""
        for path in self._folder.glob("*" + SUFFIX):
            if _is_left(path):
                self._dead.add(path.stem)
                path.unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    """The lock is asked for in passing: its holder has it before its name stands anywhere."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return file.read() == BOOT.read_bytes()
    except OSError:
        return False
