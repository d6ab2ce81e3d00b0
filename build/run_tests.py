"""Runs the parts of the test suite, all of them even when one fails, and sums up.

Two lanes run beside each other: what works all the time and what mostly waits. Browsers have the machine to themselves.

PYTHONPATH=. .venv/bin/python build/run_tests.py [part …]      parts: quick, engines, lasting, browser
"""

import os
import pathlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
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


@dataclass(frozen=True)
class Result:
    line: str
    good: bool


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
LANES = (("quick", "engines"), ("lasting",), ("browser",))  # the first two beside each other


def main() -> int:
    wanted = [part for part in PARTS if part.name in sys.argv[1:] or not sys.argv[1:]]
    working, waiting, alone = ([part for part in wanted if part.name in names] for names in LANES)
    with ThreadPoolExecutor() as pool:
        beside = pool.submit(run_lane, waiting, quietly=bool(working))
        results = run_lane(working) + beside.result()
    results += run_lane(alone)
    print("\n" + "\n".join(result.line for result in results))
    return 0 if all(result.good for result in results) else 1


def run_lane(parts: list[Part], *, quietly: bool = False) -> list[Result]:
    """`quietly`: what a part says comes when it has ended, for lines of two lanes would mix."""
    return [run_part(part, quietly) for part in parts]


def run_part(part: Part, quietly: bool) -> Result:
    missing = [name for name in part.wants if needs.find(name) is None]
    if missing:
        # needs.py has already failed where nothing may be missing (CI=true).
        return Result(f"  left out  {part.title}: no {', '.join(missing)}", True)
    title, began = f"\n== {part.title}", time.monotonic()
    if not quietly:
        print(title, flush=True)
    command = [sys.executable, "-m", "pytest", "-q", *part.args]
    env = os.environ | {"PYTHONPYCACHEPREFIX": str(BYTECODE), "PYTHONDONTWRITEBYTECODE": ""} | part.env
    done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=quietly)
    if quietly:
        print(f"{title}\n{(done.stdout + done.stderr).decode(errors='replace')}", flush=True)
    good = done.returncode in (0, NO_TESTS)
    return Result(f"  {'passed' if good else 'FAILED'}    {part.title} ({time.monotonic() - began:.0f} s)", good)


if __name__ == "__main__":
    raise SystemExit(main())
