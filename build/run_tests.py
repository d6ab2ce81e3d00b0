"""Runs the parts of the test suite one after the other, all of them even when one fails, and sums up.

PYTHONPATH=. .venv/bin/python build/run_tests.py [part …]      parts: quick, engines, lasting, browser
"""

import os
import pathlib
import subprocess
import sys
import time
from dataclasses import dataclass, field

from tests import needs

ROOT = pathlib.Path(__file__).resolve().parent.parent
BYTECODE = ROOT / ".scratch" / "bytecode"  # the suite starts a hundred processes: none compiles what one did before
NO_TESTS = 5  # pytest's exit code when nothing was collected


@dataclass
class Part:
    name: str
    title: str
    args: list[str]
    env: dict[str, str] = field(default_factory=dict)
    wants: tuple[str, ...] = ()


# What takes real seconds: calls with real media, mail servers and a Redis of its own, servers that are killed, cut and
# stopped. They wait more than they work, so one more of them runs at once. The first ones know no engine.
WAITING = [
    "tests/realtime/calls",
    "tests/realtime/test_bus_redis.py",
    "tests/realtime/test_conformance.py",
    "tests/realtime/test_memory.py",
    "tests/calls/test_mixes.py",
    "tests/announcer/test_heard.py",
    "tests/channels/test_inbox.py",
    "tests/kit/test_settings.py",
]
LASTING = [
    "tests/calls/test_killed.py",
    "tests/calls/test_processes.py",
    "tests/calls/test_whole.py",
    "tests/announcer/test_whole.py",
    "tests/channels/test_accounts.py",
    "tests/cases/test_mailbox_troubles.py",
    "tests/cases/test_round_trip.py",
    "tests/faults",
]
APART = [f"--ignore={path}" for path in ("tests/browser", *WAITING, *LASTING)]
QUICK = ["-p", "tests.every_fact", "-m", "not browser", "-n", "2", *APART]
AGAIN = ["-p", "tests.second_engine", *QUICK]
SERVERS = ("postgres", "redis-server")
PARTS = [
    Part("quick", "SQLite and memory bus", QUICK),
    Part("engines", "PostgreSQL and Redis", AGAIN, {"ENGINE": "postgres"}, SERVERS),
    Part("lasting", "calls, mail and faults, SQLite", [*WAITING, *LASTING, "-n", "3"]),
    Part("lasting", "calls, mail and faults, PostgreSQL", [*LASTING, "-n", "3"], {"ENGINE": "postgres"}, SERVERS),
    Part("browser", "browsers", ["tests/browser", "-n", "2"], wants=("chromium",)),
]


def main() -> int:
    wanted = sys.argv[1:]
    lines, failed = [], False
    for part in PARTS:
        if wanted and part.name not in wanted:
            continue
        line, good = run_part(part)
        lines.append(line)
        failed = failed or not good
    print("\n" + "\n".join(lines))
    return 1 if failed else 0


def run_part(part: Part) -> tuple[str, bool]:
    missing = [name for name in part.wants if needs.find(name) is None]
    if missing:
        # needs.py has already failed where nothing may be missing (CI=true).
        return f"  left out  {part.title}: no {', '.join(missing)}", True
    print(f"\n== {part.title}", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", *part.args]
    env = os.environ | {"PYTHONPYCACHEPREFIX": str(BYTECODE), "PYTHONDONTWRITEBYTECODE": ""} | part.env
    code = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    good = code in (0, NO_TESTS)
    return f"  {'passed' if good else 'FAILED'}    {part.title} ({time.monotonic() - began:.0f} s)", good


if __name__ == "__main__":
    raise SystemExit(main())
