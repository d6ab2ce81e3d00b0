"""The composition root: the one module that knows both the workspace and the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, cast

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from realtime.bus import Bus, BusDown, MemoryBus
from realtime.calls.calls import Calls, ice_of, open_calls
from realtime.calls.ports import MediaSettings, ports_of
from realtime.hub import Hub
from realtime.ports import Doors
from realtime.socket import live_route, public_route
from realtime.tasks import Tasks
from server import __version__
from server.announcer.book import AttendedBook
from server.announcer.desk import Announcer
from server.announcer.speech import find_speech
from server.calls.alive import Marks
from server.cases.delivery import Deliveries
from server.channels.doorway import Doorway
from server.channels.inbox import Inbox, Login
from server.channels.keeper import MailKeeper
from server.identity.actions import write_sightings
from server.identity.doors import LiveDoors, authenticate
from server.identity.passwords import Passwords
from server.identity.throttle import Throttle
from server.kit import housekeeping  # noqa: F401  registers its job
from server.kit.db import Database, Tx
from server.kit.domain import House, discover
from server.kit.errors import DomainError
from server.kit.events import run_reactions
from server.kit.files import Files
from server.kit.guard import BodyLimit, SecurityHeaders
from server.kit.idempotency import KeyLocks
from server.kit.jobs import Services, queue_after_facts
from server.kit.logging import log
from server.kit.mail import mailer
from server.kit.mishaps import on_crash, on_domain_error, on_hang_up, on_http_error, on_outage
from server.kit.numbers import write_quiet
from server.kit.outbound import Outbound
from server.kit.patches import PatchSource
from server.kit.relay import VARIANTS, Relay
from server.kit.web import nav, route
from server.kit.worker import Worker
from server.settings import Settings


class Keeper(Protocol):
    """Works beside the requests until it is told to stop."""

    def run(self) -> Coroutine[Any, Any, None]: ...

    def stop(self) -> None: ...


SIGHTINGS_EVERY = 60.0
LOOK_EVERY = 4.5  # seconds; a hub notices within five what the bus lost
NEVER = 3600.0


class StaticForever(StaticFiles):
    """Built files carry a hash in their name, so they may be kept for ever."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def build_bus(settings: Settings) -> Bus:
    if not settings.redis_url:
        return MemoryBus()
    from realtime.bus_redis import RedisBus

    return RedisBus(settings.redis_url, variants=VARIANTS)


def build_database(settings: Settings) -> Database:
    """With the steps that every transaction takes; shared by the app, the worker and the CLI."""
    database = Database(settings.database)
    database.before_commit += [run_reactions, queue_after_facts, write_quiet]
    return database


def build_services(settings: Settings, database: Database) -> Services:
    return Services(
        database,
        Files(settings.data_dir / "files"),
        mailer(settings.smtp_url, settings.mail_from),
        settings,
        Outbound(settings.outbound_allow),
    )


def build_mail_keeper(services: Services) -> MailKeeper:
    """Runs where jobs run. The mail library is loaded with the first account."""

    def open_inbox(login: Login) -> Inbox:
        from server.channels.imap import ImapInbox

        return ImapInbox(services.outbound, login)

    secret = services.settings.secret
    return MailKeeper(services.database, secret, open_inbox, Deliveries(services.files))


def build_doorway(services: Services) -> list[Doorway]:
    """None when nobody is to bring letters over the network."""
    lmtp, smtp = services.settings.lmtp_address, services.settings.smtp_in
    return [Doorway(services.database, Deliveries(services.files), lmtp=lmtp, smtp=smtp)] if lmtp or smtp else []


def media_settings(settings: Settings) -> MediaSettings:
    return MediaSettings(
        settings.parts_dir,
        settings.media_address,
        ports_of(settings.media_ports),
        settings.media_bind,
        settings.turn_url,
        settings.turn_secret,
    )


def build_calls(settings: Settings, database: Database, bus: Bus, *, owns: bool) -> tuple[Calls, Announcer]:
    """`owns`: this process carries media, and attends to who calls. What verbs did to calls is looked at as soon as
    they are committed."""
    files = Files(settings.data_dir / "files")
    speech = find_speech(settings.data_dir / "speech", files.path, settings.speech)
    announcer = Announcer(database, speech, Passwords())
    book = AttendedBook(database, announcer, Marks(settings.data_dir / "carriers"))
    calls, tasks = open_calls(book, bus, media_settings(settings), owns=owns), Tasks()
    announcer.speak_through(calls)

    def look(tx: Tx) -> None:
        for room in tx.info.get("poked_calls", ()):
            tasks.start(calls.poke(room))
        for room, participant in tx.info.get("left_calls", ()):
            tasks.start(calls.leave(room, participant))

    database.after_commit.append(look)
    return calls, announcer


def build_app(settings: Settings, *, jobs: bool = True, background: bool = True) -> Starlette:
    """`jobs`: run the job table in this process too. `background=False`: tests drain relay and jobs by hand."""
    house = House(discover())
    database, bus = build_database(settings), build_bus(settings)
    services = build_services(settings, database)
    relay, worker = Relay(database, bus), Worker(services)
    doors = cast(Doors, LiveDoors(database, house, settings))
    hub = Hub(PatchSource(database), bus, doors, check_every=LOOK_EVERY if background else NEVER)
    database.after_commit += [relay.wake, worker.wake]
    calls, announcer = build_calls(settings, database, bus, owns=background and settings.carries_calls)
    mail = build_mail_keeper(services)
    database.after_commit.append(mail.wake)
    keepers: list[Keeper] = [relay]
    if jobs:
        keepers += [worker, mail, *build_doorway(services)]
    if database.caretaker is not None:
        keepers.append(database.caretaker)
        database.after_commit.append(database.caretaker.wake)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await bus.start()
        await hub.start()
        await calls.start()
        running = [keeper.run for keeper in keepers] + [lambda: note_sightings(app)]
        tasks = [asyncio.create_task(work()) for work in running] if background else []
        yield
        await announcer.stop()
        await calls.stop()
        await hub.stop()
        for keeper in keepers:
            keeper.stop()
        app.state.stopping.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bus.stop()
        await app.state.throttle.close()
        await database.dispose()

    app = Starlette(
        routes=[
            Mount("/static/dist", StaticForever(directory="static/dist", check_dir=False)),
            Route("/health", health),
            Route("/ready", ready),
            live_route(hub, doors, calls=calls.front(hub.tell, probes=True)),
            public_route(hub, doors, calls=calls.front(hub.tell)),
            route("GET", "/nav/{part}", nav),
            *house.routes,
        ],
        middleware=[
            Middleware(SecurityHeaders, https=settings.is_https),
            Middleware(GZipMiddleware, minimum_size=1024, compresslevel=1),
            Middleware(BodyLimit, most=settings.max_upload_mb * 1024 * 1024),
        ],
        exception_handlers={
            DomainError: on_domain_error,
            HTTPException: on_http_error,
            SQLAlchemyError: on_outage,
            OSError: on_outage,
            ClientDisconnect: on_hang_up,
            Exception: on_crash,
        },
        lifespan=lifespan,
    )
    state = app.state
    state.settings, state.database, state.bus, state.hub = settings, database, bus, hub
    state.relay, state.worker, state.services, state.house = relay, worker, services, house
    state.authenticate, state.passwords, state.throttle = authenticate, Passwords(), Throttle(settings.redis_url)
    state.calls, state.ice = calls, ice_of(media_settings(settings))
    state.key_locks, state.sightings, state.stopping = KeyLocks(), {}, asyncio.Event()
    return app


async def note_sightings(app: Starlette) -> None:
    """Writes when devices were last seen, once a minute for all of them."""
    while not app.state.stopping.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(app.state.stopping.wait(), SIGHTINGS_EVERY)
        seen: dict[int, datetime] = dict(app.state.sightings)
        app.state.sightings.clear()
        try:
            if seen:
                async with app.state.database.transaction() as tx:
                    await write_sightings(tx, seen)
        except (SQLAlchemyError, OSError) as error:  # without them people would be signed out as idle: once more later
            log.error("sightings.failed", error=repr(error))
            app.state.sightings = seen | app.state.sightings


async def health(request: Request) -> Response:
    """Alive, and how well: the bus is probed end to end, the relay says how far behind it is."""
    state = request.app.state
    lag = await state.relay.lag()
    try:
        probe: float | None = round(await state.bus.probe() * 1000, 1)
    except BusDown:
        probe = None
    is_well = probe is not None and lag < 10
    return JSONResponse(
        {
            "status": "ok" if is_well else "degraded",
            "version": __version__,
            "engine": "sqlite" if state.database.is_sqlite else "postgresql",
            "bus": "redis" if state.settings.redis_url else "memory",
            "bus_probe_ms": probe,
            "relay_lag_seconds": round(lag, 3),
            "connections": state.hub.connections,
        }
    )


async def ready(request: Request) -> Response:
    """May this process be sent visitors: the database answers and the relay keeps up."""
    try:
        lag = await request.app.state.relay.lag()
    except Exception:
        return JSONResponse({"ready": False, "why": "The database does not answer"}, 503)
    return JSONResponse({"ready": lag < 60}, 200 if lag < 60 else 503)
