"""Prints a row per promise that can be measured here: what, the figure, the goal.

python -m bench [subject …] [--minutes 10] [--clients 200] [--records 50] [--kills 10] [--storm 1000]
                [--engine postgres]
"""

import argparse
import asyncio
from collections.abc import Callable

import uvloop

from bench.browser import browser_rows
from bench.bus import bus_rows
from bench.desk import desk
from bench.fanout import fanout_rows
from bench.faults import chaos_rows, kill_rows, race_rows
from bench.live import live_rows
from bench.mail import mail_rows
from bench.pages import big_rows, demo_rows
from bench.storm import memory_rows, storm_rows


def subjects(said: argparse.Namespace) -> dict[str, Callable[[], object]]:
    return {
        "start": demo_rows,
        "pages": lambda: big_rows(said.engine),
        "fanout": lambda: asyncio.run(fanout_rows()),
        "desk": lambda: uvloop.run(desk()),
        "mail": lambda: mail_rows(said.engine),
        "live": lambda: uvloop.run(live_rows()),
        "memory": lambda: uvloop.run(memory_rows()),
        "storm": lambda: uvloop.run(storm_rows(said.storm)),
        "bus": lambda: asyncio.run(bus_rows()),
        "race": lambda: asyncio.run(race_rows()),
        "kill": lambda: asyncio.run(kill_rows(said.kills)),
        "chaos": lambda: asyncio.run(chaos_rows(said.minutes, said.clients, said.records)),
        "browser": browser_rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("subject", nargs="*", help="which rows; without any, all of them")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the chaos lasts")
    parser.add_argument("--clients", type=int, default=50, help="listeners in the chaos")
    parser.add_argument("--records", type=int, default=20, help="records in the chaos")
    parser.add_argument("--kills", type=int, default=5, help="how often the server is killed")
    parser.add_argument("--storm", type=int, default=1000, help="clients that come back at once")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="sqlite", help="of the pages and the mail")
    said = parser.parse_args()
    known = subjects(said)
    if strange := set(said.subject) - known.keys():
        parser.error(f"no such subject: {', '.join(sorted(strange))}; there are {', '.join(known)}")
    for name in said.subject or known:
        known[name]()


if __name__ == "__main__":
    main()
