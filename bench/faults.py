"""P1, P5 and P13 at sizes that take minutes: chaos, page against socket, kill -9."""

from bench.stage import has_second_engine, stage
from bench.table import row
from tests.chaos import Chaos
from tests.race import race
from tests.writers import Writers, assert_dense, make_records, notes_in

EVERY = 20.0  # seconds between faults, at most
PEOPLE = 8


async def chaos_rows(minutes: float, clients: int, records: int) -> None:
    async with stage(2 if has_second_engine() else 1, bus=True) as place:
        outcome = await Chaos(place.servers, place.redis, place.database).run(
            clients, records, minutes * 60, min(EVERY, minutes * 60 / 10)
        )
        row(
            f"chaos, {minutes:g} min, {clients} clients × {records} records, {place.name}: lost",
            f"{outcome.lost}",
            "0 (P1)",
        )
        row(
            "  shown twice · out of order · promised and not saved",
            f"{outcome.twice} · {outcome.disorder} · {outcome.unsaved}",
            "0 · 0 · 0",
        )
        row("  notes · tellings · reloads asked for", f"{outcome.notes} · {outcome.tellings} · {outcome.gaps}")
        row("  seconds until the last listener had all", f"{outcome.catch_up_seconds:.1f}", "≤ 5")
        row("  faults: " + ", ".join(f"{name} {count}" for name, count in sorted(outcome.faults.items())), "")


async def race_rows(tries: int = 500) -> None:
    async with stage() as place:
        server = place.servers[0]
        await server.start()
        outcome = await race(server, await make_records(server, 20), tries)
        row(f"page → commit → socket, {tries} tries: lost", f"{outcome.lost}", "0 (P5)")
        row("  already in the page · by the socket", f"{outcome.in_page} · {outcome.by_socket}")


async def kill_rows(kills: int, writes: int = 200) -> None:
    for processes in (1, 2) if has_second_engine() else (1,):
        async with stage(processes) as place:
            server = place.servers[0]
            await server.start()
            writers = Writers([server], await make_records(server, 20))
            async with writers.at_work(PEOPLE):
                for _ in range(kills):
                    await writers.promised_more(writes)
                    await server.kill()
                    await server.start()
            found = await notes_in(place.database)
            lost = sum(found.get(text) != [id] for text, id in writers.promised.items())
            engine = "PostgreSQL" if processes == 2 else "SQLite"
            row(f"kill -9 × {kills}, {engine}: promised writes lost", f"{lost} of {len(writers.promised)}", "0 (P13)")
            row("  written twice by a try again", f"{sum(len(ids) - 1 for ids in found.values())}", "0")
            await server.stop()
            await assert_dense(place.database)
