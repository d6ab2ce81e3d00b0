"""The verbs on imports: bring a file, say what its columns mean, start, pause, take back."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, update

from server.contacts.custom import change_field, define_field
from server.contacts.fields import CUSTOM
from server.contacts.models import CustomField
from server.contacts.queries import list_fields
from server.kit.access import Principal
from server.kit.clock import now
from server.kit.db import Tx
from server.kit.errors import Conflict, Forbidden, Invalid
from server.kit.jobs import JobRow, enqueue
from server.kit.text import _
from server.portability.mapping import NEW, guess, guess_key, missing_choices, parse_mapping
from server.portability.models import ImportBatch

IMPORT, UNDO = "contacts.import", "contacts.import_undo"


async def create_batch(
    tx: Tx, who: Principal, name: str, file_key: str, survey: dict[str, Any], kind: str = "contact"
) -> ImportBatch:
    """The file is there and looked at; its columns are guessed."""
    if not who.may_write or who.user_id is None:
        raise Forbidden(_("Your role can read here, not write"))
    targets = guess(survey, list((await list_fields(tx, who)).values()), who)
    batch = ImportBatch(
        workspace_id=who.workspace_id,
        creator_id=who.user_id,
        file_key=file_key,
        name=name[:150],
        survey=survey,
        options={"targets": targets, "key": guess_key(targets), "kind": kind},
        state="mapping",
        total=survey["rows"],
        created_at=now(),
        **dict.fromkeys(
            ("position", "created", "updated", "skipped", "failed", "flawed", "undone", "left", "started_from"), 0
        ),
    )
    tx.add(batch)
    await tx.flush()
    return batch


async def choose_mapping(
    tx: Tx, who: Principal, batch: ImportBatch, targets: Sequence[str], key: str, kind: str
) -> ImportBatch:
    _expect(batch, "mapping")
    if kind not in ("contact", "company"):
        raise Invalid(kind=_("No such kind of record"))
    if len(targets) != len(batch.survey["columns"]):
        raise Invalid(mapping=_("The file has other columns"))
    checked, key = parse_mapping(targets, key, kind, await list_fields(tx, who), who)
    batch.options = {"targets": checked, "key": key, "kind": kind}
    return batch


async def read_again(tx: Tx, who: Principal, batch: ImportBatch, survey: dict[str, Any]) -> ImportBatch:
    """The file was looked at with another encoding or delimiter; its columns are guessed anew."""
    _expect(batch, "mapping")
    targets = guess(survey, list((await list_fields(tx, who)).values()), who)
    batch.survey, batch.total = survey, survey["rows"]
    batch.options = {"targets": targets, "key": guess_key(targets), "kind": batch.options["kind"]}
    return batch


def _expect(batch: ImportBatch, *states: str) -> None:
    if batch.state not in states:
        raise Conflict(_("This import has gone on meanwhile"))


def _expect_file(batch: ImportBatch) -> None:
    if not batch.file_key:
        raise Conflict(_("The command line reads this file. Run it there again to go on"))


async def begin(tx: Tx, who: Principal, batch: ImportBatch) -> None:
    """New fields are made, and the rows may come."""
    _expect(batch, "mapping", "paused")
    known = await list_fields(tx, who)
    targets, _key = parse_mapping(batch.options["targets"], batch.options["key"], batch.options["kind"], known, who)
    if batch.state == "mapping":
        columns = zip(targets, batch.survey["columns"], strict=True)
        made = [await _field(tx, who, target, column, known) for target, column in columns]
        fresh = [target.removeprefix(CUSTOM) for target, before in zip(made, targets, strict=True) if target != before]
        batch.options = {**batch.options, "targets": made, "fields": fresh}
        await _add_choices(tx, who, batch, known)
    batch.state, batch.started_at, batch.started_from, batch.finished_at = "running", now(), batch.position, None


async def _field(
    tx: Tx, who: Principal, target: str, column: Mapping[str, Any], known: Mapping[str, CustomField]
) -> str:
    if not target.startswith(NEW):
        return target
    kind = target.removeprefix(NEW)
    choices = column["choices"] or column["shown"]
    made = await define_field(tx, who, column["header"], kind, choices if kind == "choice" else ())
    return CUSTOM + made.key


async def _add_choices(tx: Tx, who: Principal, batch: ImportBatch, known: Mapping[str, CustomField]) -> None:
    """What the file brings beside the choices of a field, when its reader may change fields."""
    if not who.is_at_least("admin"):
        return
    for target, column in zip(batch.options["targets"], batch.survey["columns"], strict=True):
        custom = known.get(target.removeprefix(CUSTOM)) if target.startswith(CUSTOM) else None
        if custom is not None and (fresh := missing_choices(column, custom)):
            await change_field(tx, who, custom, custom.label, [*custom.choices, *fresh])


async def start_import(tx: Tx, who: Principal, batch: ImportBatch) -> JobRow:
    """From the mapping, or on from where it was paused."""
    _expect_file(batch)
    await begin(tx, who, batch)
    return await _queue(tx, who, batch, IMPORT)


async def _queue(tx: Tx, who: Principal, batch: ImportBatch, name: str) -> JobRow:
    job = enqueue(tx, who, name, {"batch": batch.id, "by": who.user_id})
    await tx.flush()
    batch.job_id = job.id
    return job


async def pause_import(tx: Tx, who: Principal, batch: ImportBatch) -> None:
    """What is in stays in; the rest can come later."""
    _expect(batch, "running")
    batch.state, batch.finished_at = "paused", now()
    await _stop_job(tx, batch)


async def _stop_job(tx: Tx, batch: ImportBatch) -> None:
    stopped = update(JobRow).where(JobRow.id == batch.job_id, JobRow.state.in_(("waiting", "running")))
    await tx.execute(stopped.values(state="cancelled", finished_at=now()))


async def undo_import(tx: Tx, who: Principal, batch: ImportBatch) -> JobRow:
    _expect(batch, "running", "paused", "done")
    await _stop_job(tx, batch)
    batch.state = "undoing"
    return await _queue(tx, who, batch, UNDO)


async def retry_job(tx: Tx, who: Principal, batch: ImportBatch) -> JobRow:
    """On with a job that gave up after several tries."""
    _expect(batch, "running", "undoing")
    if batch.state == "running":
        _expect_file(batch)
    return await _queue(tx, who, batch, IMPORT if batch.state == "running" else UNDO)


async def discard_batch(tx: Tx, who: Principal, batch: ImportBatch) -> str:
    """A file that was never started; its key, so that it can be removed after the commit."""
    _expect(batch, "mapping")
    key = batch.file_key
    await tx.execute(delete(ImportBatch).where(ImportBatch.id == batch.id))
    return key
