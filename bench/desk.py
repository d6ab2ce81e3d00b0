"""The support desk under load: the list of many open cases, and a team that is online while customers write."""

import asyncio
import json
import random
import time
from datetime import timedelta

import psutil
from sqlalchemy import insert

from bench.crowd import Viewer, seat
from bench.live import leave
from bench.stage import Stage, has_second_engine, stage
from bench.table import percentile, row
from server.cases.models import Case
from server.kit.clock import now
from tests.server import OWNER
from tests.writers import make_records

CASES, PEOPLE = 10_000, 200
AGENTS, RATE, SECONDS = 50, 20, 20
ROUNDS = 60


async def desk() -> None:
    async with stage() as place:
        await place.servers[0].start()
        await measure(place)
    if has_second_engine():
        async with stage(2) as place:
            for server in place.servers:
                await server.start()
            await measure(place)


async def measure(place: Stage) -> None:
    records = await make_records(place.servers[0], PEOPLE)
    await open_cases(place, [int(record.partition(":")[2]) for record in records])
    await lists(place)
    await online(place)


async def open_cases(place: Stage, people: list[int]) -> None:
    """As letters would have left them: half of them ours, some due, some waiting."""
    rng = random.Random(7)
    rows = []
    for n in range(1, CASES + 1):
        at, person = now() - timedelta(minutes=n), people[n % len(people)]
        status = rng.choice(("new", "open", "open", "waiting"))
        rows.append(
            {"workspace_id": 1, "number": n, "subject": f"Question {n} about machine {rng.randrange(900)}",
             "status": status, "about": f"contact:{person}", "contact_id": person, "tags": [],
             "created_at": at, "active_at": at, "asked_at": None if status == "waiting" else at,
             "due_at": at + timedelta(hours=4), "due_from": at, "due_kind": "first", "due_plan": "Standard"}
        )  # fmt: skip
    async with place.database.transaction() as tx:
        await tx.execute(insert(Case), rows)


async def lists(place: Stage) -> None:
    async with place.servers[0].browser(OWNER) as client:
        for what, address in (
            ("list", "/cases"),
            ("page 100 of it", "/cases?page=100"),
            ("a case's page", "/cases/5000"),
        ):
            times = []
            for n in range(ROUNDS + 5):
                began = time.perf_counter()
                answer = await client.get(address)
                assert answer.status_code == 200, answer.text[:300]
                if n >= 5:
                    times.append((time.perf_counter() - began) * 1000)
            row(f"{CASES:,} open cases, {what}, {place.name}, p95 ms", f"{percentile(times, 95):.0f}", "≤ 100")


async def online(place: Stage) -> None:
    """Everybody hears the list, their own notices and one case; messages come by the API, each a case of its own."""
    server, heard = place.servers[0], [0]

    def count(viewer: Viewer, payload: bytes) -> None:
        heard[0] += payload.startswith(b'{"t":"p"') and b'"case.noted"' in payload

    viewers = [
        await seat(server.url, server.token, {"cases:1": None, "user:1": None, f"case:{n}:team": None}, count)
        for n in range(1, AGENTS + 1)
    ]
    async with asyncio.timeout(60):
        await asyncio.gather(*(viewer.settled.wait() for viewer in viewers))
    assert server.process is not None
    process = psutil.Process(server.process.pid)
    used, began = sum(process.cpu_times()[:2]), time.perf_counter()
    async with server.program() as api:
        await asyncio.gather(*(_write(api, n) for n in range(RATE)))
    share = (sum(process.cpu_times()[:2]) - used) / (time.perf_counter() - began)
    row(f"{AGENTS} agents online, {RATE} messages/s, {place.name}: web process, cores", f"{share:.2f}", "< 0.5")
    row("  frames with a message that were heard", f"{heard[0]}")
    leave(viewers)


async def _write(api, n: int) -> None:  # type: ignore[no-untyped-def]
    due = time.perf_counter() + n / RATE
    for second in range(SECONDS):
        await asyncio.sleep(max(0.0, due + second - time.perf_counter()))
        body = json.dumps({"body": f"message {n} {second}", "audience": "team"})
        headers = {"content-type": "application/json"}
        answer = await api.post(f"/cases/{1 + n}/messages", content=body, headers=headers)
        assert answer.status_code in (200, 201), answer.text
