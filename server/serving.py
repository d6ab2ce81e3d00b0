"""Starts uvicorn: one process, or several on one listening socket; or a worker without a port."""

import asyncio
import gc
import signal
import socket
import sys
from functools import partial

import uvicorn

from realtime.server_protocol import uvicorn_options
from server.kit.domain import discover
from server.kit.logging import set_up_logging
from server.kit.migrate import migrate
from server.kit.processes import Flock
from server.kit.relay import Relay
from server.kit.worker import Worker
from server.main import (
    Keeper,
    build_app,
    build_bus,
    build_calls,
    build_database,
    build_doorway,
    build_mail_keeper,
    build_services,
)
from server.settings import Settings


def listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((settings.host, settings.port))
    except OSError as error:
        print(f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Set HOST or PORT.", file=sys.stderr)
        raise SystemExit(1) from None
    made.listen(2048)
    return made


def serve_forever(settings: Settings, workers: int, jobs: bool) -> None:
    set_up_logging(settings.log_level)
    asyncio.run(migrate(settings.database))
    shared = listen(settings)
    print(f"Tertulia is at {settings.url}", file=sys.stderr)
    if workers == 1:
        return run_one(settings, shared, jobs)
    Flock(workers, partial(run_one, settings, shared, jobs)).run()


def run_one(settings: Settings, shared: socket.socket, jobs: bool) -> None:
    config = uvicorn.Config(
        build_app(settings, jobs=jobs),
        loop="uvloop",
        log_level=settings.log_level.lower(),
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        **uvicorn_options(),
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops in order, then raises the signal again: without this an orderly end would look like a crash.
        signal.signal(number, lambda *_: None)
    spare_the_readers()
    uvicorn.Server(config).run(sockets=[shared])


def spare_the_readers() -> None:
    """A full collection walks all that lives, with a thousand readers a tenth of a second in which no screen changes:
    what is loaded by now is left out of it, and it comes ten times more seldom. What nobody refers to goes without it;
    the collector looks for circles alone."""
    gc.freeze()
    gc.set_threshold(700, 10, 100)


async def work_forever(settings: Settings) -> None:
    """The worker process: jobs, and a drain like every long-lived process has."""
    set_up_logging(settings.log_level)
    await migrate(settings.database)
    discover()
    database, bus = build_database(settings), build_bus(settings)
    services = build_services(settings, database)
    relay, worker, mail = Relay(database, bus), Worker(services), build_mail_keeper(services)
    database.after_commit += [relay.wake, worker.wake, mail.wake]
    stopped = stop_signal()
    await bus.start()
    keepers: list[Keeper] = [relay, worker, mail, *build_doorway(services)]
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
    await stopped.wait()
    for keeper in keepers:
        keeper.stop()
    await asyncio.gather(*tasks)
    await bus.stop()
    await database.dispose()


def stop_signal() -> asyncio.Event:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped


async def carry_calls(settings: Settings) -> None:
    """The process that carries the media of calls, so that it never delays what people read and write."""
    set_up_logging(settings.log_level)
    await migrate(settings.database)
    discover()
    database, bus = build_database(settings), build_bus(settings)
    relay = Relay(database, bus)
    calls, announcer = build_calls(settings, database, bus, owns=True)
    database.after_commit.append(relay.wake)
    stopped = stop_signal()
    await bus.start()
    await calls.start()
    draining = asyncio.create_task(relay.run())
    await stopped.wait()
    await announcer.stop()
    await calls.stop()
    relay.stop()
    await draining
    await bus.stop()
    await database.dispose()
