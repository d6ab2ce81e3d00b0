"""`python -m server import contacts FILE`: the same import in the foreground."""

import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from server.contacts.fields import CUSTOM, labels
from server.contacts.queries import list_fields
from server.kit.access import Principal
from server.kit.db import Database, Tx
from server.kit.errors import Invalid
from server.kit.text import speaking
from server.offline import first_owner, opened
from server.portability.actions import begin, choose_mapping, create_batch, pause_import
from server.portability.mapping import NEW, NEW_KINDS, OUT, PARTS
from server.portability.models import ImportBatch
from server.portability.queries import list_failures
from server.portability.run import Stopped, run_import
from server.portability.survey import survey
from server.portability.tables import Unreadable
from server.settings import Settings

SHOWN = 10
SHORT = {"email": "emails", "phone": "phones", "mail": "emails", "tag": "tags", "address": "addresses", "role": "title"}
LEFT_OUT = ("", "-", "none", "skip")


async def import_file(settings: Settings, file: Path, mapping: Sequence[str], key: str, workspace: str) -> str:
    """What the command prints at the end."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise Invalid(f"{file} is no file: it is read more than once, so save it to one first")
    try:
        found = await asyncio.to_thread(survey, file)
    except Unreadable as error:
        raise Invalid(str(error)) from None
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror or 'not found'}") from None
    async with opened(settings) as database:
        async with database.transaction() as tx:
            who = await first_owner(tx, workspace)
            with speaking(who.language):
                batch = await create_batch(tx, who, file.name, "", found)
                await _choose(tx, who, batch, mapping, key)
                await begin(tx, who, batch)
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # as Ctrl+C does by itself
        try:
            await run_import(database, batch.id, file, _Teller(), via="cli")
        except (Stopped, asyncio.CancelledError):
            task.uncancel()
            raise Invalid(await _stop(database, who, batch.id)) from None
        return await _sum_up(database, who, batch.id)


async def _stop(database: Database, who: Principal, batch_id: int) -> str:
    """Paused, here or on its page, where it shall not seem to run for ever; the file is here alone."""
    async with database.transaction() as tx:
        batch = await tx.get_one(ImportBatch, batch_id)
        if batch.state == "running":
            await pause_import(tx, who, batch)
        rows = f"{batch.position:,} of {batch.total:,} rows are in"
    return f"Stopped: {rows}. Run it again with --key: what is in is found by it, and does not come twice"


async def _choose(tx: Tx, who: Principal, batch: ImportBatch, mapping: Sequence[str], key: str) -> None:
    headers = [column["header"] for column in batch.survey["columns"]]
    kinds = [column["kind"] for column in batch.survey["columns"]]
    targets = list(batch.options["targets"])
    known = await list_fields(tx, who)
    by_label = {field.label.casefold(): CUSTOM + field.key for field in known.values()}
    for pair in mapping:
        column, equals, target = pair.rpartition("=")
        if not equals or column not in headers:
            raise Invalid(
                f"--map {pair}: there is no column “{column or pair}”. The file has: {', '.join(headers)[:500]}"
            )
        n, wanted = headers.index(column), SHORT.get(target, target)
        if wanted in LEFT_OUT:
            targets[n] = OUT
        elif wanted in (*labels(), *PARTS) or wanted.startswith(CUSTOM):
            targets[n] = wanted
        elif wanted in ("new", *(NEW + kind for kind in NEW_KINDS)):
            targets[n] = NEW + kinds[n] if wanted == "new" else wanted
        else:
            targets[n] = by_label.get(target.casefold(), CUSTOM + target)
        for other, taken in enumerate(targets):  # what was only guessed gives way
            if (
                other != n
                and taken == targets[n]
                and taken in ("name", "title", "company", "owner", "team", "language")
            ):
                targets[other] = NEW + kinds[other]
    await choose_mapping(tx, who, batch, targets, key or "none", "contact")


class _Teller:
    """Progress on the error stream, once a second."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()

    async def __call__(self, done: int, total: int) -> None:
        at = time.monotonic()
        if at - self._told >= 1 or done >= total:
            self._told = at
            speed = done / max(at - self._began, 0.001)
            print(f"{done:,} of {total:,} rows, {speed:,.0f} a second", file=sys.stderr, flush=True)


async def _sum_up(database: Database, who: Principal, batch_id: int) -> str:
    async with database.transaction(read=True) as tx:
        batch = await tx.get_one(ImportBatch, batch_id)
        failures = await list_failures(tx, batch, SHOWN)
    lines = [f"created {batch.created}, updated {batch.updated}, skipped {batch.skipped}, failed {batch.failed}"]
    for one in failures:
        place = f"line {one.line}" + (f", {one.column}" if one.column else "")
        lines.append(f"  {place}: {one.reason}" + (" (the rest is in)" if one.contact_id else ""))
    if (told := batch.failed + batch.flawed) > len(failures):
        lines.append(f"  and {told - len(failures)} more")
    return "\n".join(lines)
