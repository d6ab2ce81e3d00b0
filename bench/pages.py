"""Start, memory and pages: the product with its demo workspace, and with 100,000 contacts."""

import asyncio
import contextlib
import csv
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx

from bench.house import House, open_house
from bench.table import percentile, row
from tests.own_postgres import postgres_server

CONTACTS = 100_000
ROUNDS = 60
FIRST = [
    "Lucía",
    "Harriet",
    "Oliver",
    "Carmen",
    "Daniel",
    "Nuria",
    "Jonas",
    "Grace",
    "Rafael",
    "Elin",
    "Pilar",
    "Henry",
]
LAST = ["Ferrer", "Cole", "Banks", "Ibáñez", "Osei", "Cabrales", "Lindqvist", "Mbeki", "Soto", "Winther", "Gamboa"]


def write_contacts(path: Path, count: int) -> None:
    """A file like those of real moves: names, mails, phones, companies, cities, three fields of one's own."""
    rng = random.Random(7)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["Name", "Email", "Phone", "Company", "City", "Tenure", "Since", "Plan"])
        for n in range(count):
            name = f"{rng.choice(FIRST)} {rng.choice(LAST)} {n}"
            since = f"20{rng.randrange(10, 26)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
            plan = rng.choice(["Basic", "Plus", "Pro"])
            company, city = f"Company {rng.randrange(5000)}", rng.choice(["Cádiz", "Leeds", "Sevilla"])
            out.writerow([name, f"p{n}@example.org", f"+34 6{n:08}", company, city, rng.randrange(72), since, plan])


def p95(act: Callable[[], httpx.Response], rounds: int = ROUNDS) -> float:
    """Milliseconds that 95 of 100 calls take at most, after a few to warm up."""
    times = []
    for n in range(rounds + 5):
        began = time.perf_counter()
        answer = act()
        assert answer.status_code < 400, answer.text[:300]
        if n >= 5:
            times.append((time.perf_counter() - began) * 1000)
    return percentile(times, 95)


def demo_rows() -> None:
    with open_house(("demo", "--workspace", "Bench")) as house:
        row("cold start with the demo workspace, seconds", f"{house.seconds_to_ready:.2f}", "≤ 2.5")
        house.client.get("/contacts")
        row("resident memory after the first page, MiB", f"{house.megabytes:.0f}", "≤ 150")


def page_rows(house: House) -> None:
    client = house.client
    queries = [f"{first.lower()[:4]} {last.lower()[:4]}" for first in FIRST for last in LAST]
    row("list, p95 ms", f"{p95(lambda: client.get('/contacts')):.1f}", "≤ 40")
    row("list, page 500, p95 ms", f"{p95(lambda: client.get('/contacts?page=500')):.1f}", "≤ 60")
    row("search, p95 ms", f"{p95(lambda: client.get('/contacts', params={'q': random.choice(queries)})):.1f}", "≤ 40")
    row("sort by an own field, p95 ms", f"{p95(lambda: client.get('/contacts?sort=x.tenure'), 20):.1f}", "≤ 300")
    record = first_record(client)
    about = record.strip("/").replace("contacts/", "contact:")
    for n in range(200):
        client.post(f"/timeline/{about}/notes", data={"text": f"note {n}"})
    row("record page with 200 facts, p95 ms", f"{p95(lambda: client.get(record)):.1f}", "≤ 50")
    note = p95(lambda: client.post(f"/timeline/{about}/notes", data={"text": "one more"}))
    row("note created, p95 ms", f"{note:.1f}", "≤ 25")
    row("list pages a second with 8 clients", f"{asyncio.run(pages_a_second(house)):.0f}", "≥ 100")


def first_record(client: httpx.Client) -> str:
    found = re.search(r'href="(/contacts/\d+)"', client.get("/contacts").text)
    assert found is not None
    return found[1]


async def pages_a_second(house: House, seconds: float = 8.0, clients: int = 8) -> float:
    cookies = dict(house.client.cookies)
    done = 0

    async def one() -> None:
        nonlocal done
        async with httpx.AsyncClient(base_url=house.url, cookies=cookies, timeout=60) as client:
            while time.perf_counter() < end:
                assert (await client.get("/contacts")).status_code == 200
                done += 1

    end = time.perf_counter() + seconds
    await asyncio.gather(*(one() for _ in range(clients)))
    return done / seconds


def big_rows(engine: str) -> None:
    """A file of 100,000 rows through the command line, then its pages."""
    with contextlib.ExitStack() as stack:
        env, name = {}, "SQLite"
        if engine == "postgres":
            env, name = {"DATABASE_URL": stack.enter_context(postgres_server())}, "PostgreSQL"
        house = stack.enter_context(open_house(**env))
        path = house.folder / "contacts.csv"
        write_contacts(path, CONTACTS)
        began = time.perf_counter()
        print(house.cli("import", "contacts", str(path)).strip())
        rate = CONTACTS / (time.perf_counter() - began)
        row(f"rows a second into {name} by the command line", f"{rate:.0f}", "≥ 3000 (BottleCRM 323, Tryton 397)")
        page_rows(house)
